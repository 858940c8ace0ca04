"""The words of a row that may be others: those that it says, and those that it leaves to what all rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from pydantic import BaseModel

from lifecycle.deviate.deviation import Deviation
from lifecycle.deviate.words import OTHER_WORDS, UNSEEN, plain
from lifecycle.engine.checks import JUDGES, UNCONDITIONAL
from lifecycle.table.compile import ANY, CLAUSES, EFFECTS, MERGED, asked, layers, runs
from lifecycle.table.model import Clauses, Row, Variant
from lifecycle.table.words import Choice, Code, Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.deviate.words import Words
    from lifecycle.table.compile import Layer
    from lifecycle.table.source import Path_

DOES = {*EFFECTS} - {"answers"}  # which no read does
OK = 200  # what is answered where no row says otherwise


def of_row(words: Words, group: str, name: str, reading: str) -> Iterator[Deviation]:
    """All that one row may say otherwise, under a reading."""
    row = getattr(words.table, group)[name]
    path: Path_ = (group, name)
    yield from words.within(row, path)
    if isinstance(row, Row):
        for held in _holders(path, row):
            yield from _left_out(words, held, reading)


def _holders(path: Path_, row: Row) -> Iterator[list[tuple[Path_, Variant]]]:
    """The parts that make each of a row's requests; the last is the one to say more."""
    if not row.variants or any(variant.given for variant in row.variants.values()):
        yield [(path, row)]
    for name, variant in (row.variants or {}).items():
        yield [(path, row), ((*path, "variants", name), variant)]


def _left_out(words: Words, held: list[tuple[Path_, Variant]], reading: str) -> Iterator[Deviation]:
    """What is so of a request although the last of its parts does not say it."""
    table = words.table
    there = runs(table, held)
    if not there:
        return
    path, own = held[-1]
    stack = layers(table, held, reading, there[-1][0])
    requires = asked(table, [clauses.requires for _, clauses in stack])
    said = {*(plain(own.requires) if own.requires else {})}
    kind = get_type_hints(type(own.requires or table.rows.where_states_are_named))["__pydantic_extra__"]
    for name, value in {"state": Choice(of=[ANY]), **requires}.items():
        if name not in said:
            at = (*path, "requires", name)
            yield from words.others(get_args(kind)[-1], Choice(of=[ANY]) if value == ANY and name in WORDS else value, at)
            if name in requires and value != ANY:
                yield Deviation(at, plain(value), ANY)
    gates = [name for name, check in table.checks.items() if _asked_by(name, check.asks or name, held, stack, requires)]
    yield from _answers(words, path, stack, gates)
    yield from _unsaid(words, path, own, stack)


WORDS = ("state", "task")


def _asked_by(name: str, asks: str, held: list[tuple[Path_, Variant]], stack: list[Layer], requires: dict[str, Any]) -> bool:
    """Whether a request can be refused by a check."""
    if asks == "removed":
        return any(clauses.removed for _, clauses in stack)
    if asks == "microversion":
        return any(part.since or part.until for _, part in held)
    if asks == "lock":
        return next((clauses.lock for _, clauses in reversed(stack) if clauses.lock), None) not in (None, "ignored")
    return name in requires or (asks in JUDGES and JUDGES[asks][0] in UNCONDITIONAL)


def _answers(words: Words, path: Path_, stack: list[Layer], gates: list[str]) -> Iterator[Deviation]:
    """Another code, or other words, of each check that is asked."""
    for name in gates:
        check = words.table.checks[name]
        told = [(clauses.codes or {}).get(name) for _, clauses in stack]
        code = next((code for code in reversed(told) if code), check.code)
        yield from words.others(Code, code, (*path, "codes", name))
        texts = [(clauses.messages or {}).get(name) for _, clauses in stack]
        text = next((text for text in reversed(texts) if text), check.message)
        if (check.asks or name) != "token":  # who has no token is told so in the check's own words
            yield Deviation((*path, "messages", name), text, OTHER_WORDS)


def _unsaid(words: Words, path: Path_, own: Variant, stack: list[Layer]) -> Iterator[Deviation]:
    """What other rows, or all of them, say for it; and what nobody says and anyone may."""
    hints = get_type_hints(Clauses, include_extras=True)
    for name in CLAUSES:
        if name in UNSEEN or name in MERGED or name in own.model_fields_set or (path[0] == "reads" and name in DOES):
            continue
        at = (*path, name)
        value = next((value for _, clauses in reversed(stack) if (value := getattr(clauses, name)) is not None), None)
        if value is None and name == "answers":
            value = OK
        if value is not None and not isinstance(value, (BaseModel, dict)):
            yield from words.others(hints[name], value, at)
        elif value is None:
            yield from (Deviation(at, None, other) for other in _fresh(words, hints[name], name))


def _fresh(words: Words, kind: Any, name: str) -> Iterator[Any]:
    """What may stand where nothing is said: yes and no, any text; a name only where all that may stand there are known."""
    options = get_args(kind)
    if bool in options:
        yield from (True, False)
    elif Text in options:
        yield OTHER_WORDS
    elif Name in options and name == "by":
        yield from words.known.get(name, ())
    elif name in ("becomes", "fails"):
        yield from ([state] for state in words.table.states)
