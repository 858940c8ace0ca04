"""All that a cloud is while a thing lives on it: the microversion that is asked at, the options, the facts that do not change.

Each combination is one deployment, and a set of deployments is the bits of one integer, so that all of them are explored
at once. What no rule tells apart is one: equal neighbouring microversions, and signs of an option that no row names apart.
"""

from __future__ import annotations

from lifecycle.engine.microversion import text
from lifecycle.engine.rules import bounds
from lifecycle.engine.situation import SIGNS, sign
from lifecycle.errors import LifecycleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

    Run = tuple[Microversion | None, Microversion | None]
    """The first and the last of microversions that are all alike."""

MOST = 1 << 16
VERSION = "microversion"


class TooMany(LifecycleError):
    """The facts and options of a table make more deployments than can be explored."""


class Deployments:
    """The deployments of a table, numbered from the most usual one (0): the newest microversion, all else as it is usual.

    `runs` are the runs of microversions, `values` by key what a fact can be, or how the signs of an option are told
    apart; `every` is the set of all of them.
    """

    __slots__ = ("_cells", "every", "rules", "runs", "size", "values")

    def __init__(self, rules: Rules, runs: Sequence[Run], values: Mapping[str, Sequence[Collection[Any]]]) -> None:
        """`values`: for each key its cells, the usual one first. Raises TooMany."""
        self.rules = rules
        self.runs = tuple(runs)
        self.values = {key: tuple(map(tuple, cells)) for key, cells in values.items()}
        sizes = {VERSION: len(self.runs), **{key: len(cells) for key, cells in self.values.items()}}
        self.size = 1
        for size in sizes.values():
            self.size *= size
        if self.size > MOST:
            told = ", ".join(f"{size} of {key}" for key, size in sizes.items() if size > 1)
            raise TooMany(f"the {rules.name} table has {self.size:,} kinds of deployment ({told}); at most {MOST:,} are explored")
        self.every = (1 << self.size) - 1
        self._cells: dict[tuple[str, int], int] = {}
        stride = 1
        for key, size in sizes.items():
            for number in range(size):
                block = ((1 << stride) - 1) << (number * stride)
                self._cells[key, number] = block * (self.every // ((1 << stride * size) - 1))
            stride *= size

    def where(self, key: str, wanted: Collection[Any]) -> int:
        """The deployments where a fact or an option is one of these values."""
        cells = self.values[key]
        return sum(self._cells[key, number] for number, cell in enumerate(cells) if cell[0] in wanted)

    def at(self, since: Microversion | None, until: Microversion | None) -> int:
        """The deployments that are asked at a microversion within these bounds, which end no run in its midst."""
        found = 0
        for number, (first, last) in enumerate(self.runs):
            if not (since and last and last < since) and not (until and first and first > until):
                found |= self._cells[VERSION, number]
        return found

    def each(self) -> Iterator[tuple[Run, int]]:
        """Each run of microversions with its deployments."""
        return ((run, self._cells[VERSION, number]) for number, run in enumerate(self.runs))

    def first(self, some: int) -> int:
        """The most usual of some deployments, as a set of its own."""
        return some & -some

    def told(self, one: int) -> dict[str, Any]:
        """A deployment in the keys of a case: `microversion`, the facts, and `options` by their number."""
        last = next(run[1] for run, mask in self.each() if mask & one)
        found: dict[str, Any] = {VERSION: text(last)} if last else {}
        options = {}
        for key, cells in self.values.items():
            value = next(cell[0] for number, cell in enumerate(cells) if self._cells[key, number] & one)
            if key in self.rules.options:
                usual = self.rules.options[key]
                options[key] = usual if sign(usual) == value else SIGNS.index(value) - 1
            else:
                found[key] = value
        return {**found, "options": options}

    def unusual(self, one: int) -> dict[str, Any]:
        """What of a deployment is not as it is usual, in the keys of a case; the options flat."""
        told = self.told(one)
        facts = {key: value for key, value in told.items() if key in self.rules.facts and value != self.rules.facts[key]["usual"]}
        version = {VERSION: told[VERSION]} if VERSION in told and not self._cells[VERSION, 0] & one else {}
        options = {key: value for key, value in told["options"].items() if sign(value) != sign(self.rules.options[key])}
        return {**version, **facts, **options}


def deployments(
    rules: Rules, reading: str, version: Microversion | None = None, *, usual: bool = False, apart: Iterable[tuple[str, Any]] = ()
) -> Deployments:
    """The deployments that the rules tell apart under a reading; only those at `version` or the `usual` ones where asked.

    `apart`: more that is to be told apart, a key of an option or `microversion` with a value. Raises TooMany.
    """
    apart = list(apart)
    values: dict[str, list[list[Any]]] = {}
    asked = _asked(rules, reading)
    for name, fact in rules.facts.items():
        if (name in asked or any(key == name for key, _ in apart)) and name not in lasting(rules):
            values[name] = [[fact["usual"]], [not fact["usual"]]]
    for name, number in rules.options.items():
        marks = [*asked.get(name, ()), *((value,) for key, value in apart if key == name)]
        if marks:
            values[name] = _alike(marks, sign(number))
    runs: Sequence[Run] = (
        [(version, version)] if version else _runs(rules, reading, {value for key, value in apart if key == VERSION})
    )
    if usual:
        runs, values = runs[:1], {key: cells[:1] for key, cells in values.items()}
    return Deployments(rules, runs, values)


def lasting(rules: Rules) -> list[str]:
    """The facts that belong to a thing's situation: some state implies them, or they turn by themselves."""
    implied = {fact for state in rules.states.values() for fact in state["implies"]}
    return [name for name, fact in rules.facts.items() if fact["turns"] or name in implied]


def _alike(marks: Iterable[Collection[Any]], usual: str) -> list[list[Any]]:
    """The signs of an option, those together that no mark tells apart; the usual one first."""
    cells: dict[tuple[bool, ...], list[Any]] = {}
    marks = list(marks)
    for value in sorted(SIGNS, key=lambda value: (value != usual, SIGNS.index(value))):
        cells.setdefault(tuple(value in mark for mark in marks), []).append(value)
    return list(cells.values())


def _asked(rules: Rules, reading: str) -> dict[str, list[Collection[Any]]]:
    """The facts and options that any rule looks at, each with the values that are named together."""
    found: dict[str, list[Collection[Any]]] = {}
    for _, _, edition in _editions(rules, reading):
        rule = edition["rule"]
        for key, value in rule["requires"].items():
            check = next((check.asks for check in rules.checks if check.name == key), key)
            if check in rules.facts or check in rules.options:
                found.setdefault(check, []).append([value] if isinstance(value, bool) else value)
        for row in rule["outcomes"]:
            for key, wanted in row["when"].items():
                found.setdefault(key, []).append(wanted)
    return found


def _editions(rules: Rules, reading: str) -> Iterator[tuple[str, str | None, Data]]:
    for name in (*rules.actions, *rules.events):
        for variant in (rules.actions[name]["variants"] or (None,)) if name in rules.actions else (None,):
            yield from ((name, variant, edition) for edition in rules.editions(name, variant, reading))


def _runs(rules: Rules, reading: str, cuts: Collection[Microversion]) -> Sequence[Run]:
    """The runs of microversions in which nothing changes that a step depends on, the newest first."""
    if rules.oldest is None or rules.newest is None:
        return [(None, None)]
    starts = {rules.oldest, *cuts}
    known: dict[tuple[str, str | None], dict[Microversion, Any]] = {}
    for name, variant, edition in _editions(rules, reading):
        since, until = bounds(edition)
        begins = known.setdefault((name, variant), {})
        begins[since or rules.oldest] = meaning(edition["rule"])
        if until:
            begins.setdefault((until[0], until[1] + 1), None)
    for begins in known.values():
        before = None
        for start, means in sorted(begins.items(), key=lambda pair: pair[0]):
            if means != before:
                starts.add(start)
            before = means
    within = sorted(start for start in starts if rules.oldest <= start <= rules.newest)
    ends = [*((start[0], start[1] - 1) for start in within[1:]), rules.newest]
    return list(zip(within, ends, strict=True))[::-1]


def meaning(rule: Data) -> Any:
    """All of a rule that a step depends on: who may, from where, and what follows; not its words, codes and bodies."""
    return {key: rule.get(key) for key in MATTER}, [
        {key: value for key, value in row.items() if key not in ("at", "answers")} for row in rule["outcomes"]
    ]


MATTER = ("requires", "lock", "by", "policy", "target", "override", "fails_instead", "removed")
