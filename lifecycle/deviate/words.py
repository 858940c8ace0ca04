"""What may stand in place of a word, by the type that the table's model gives it; nothing here knows what a word means."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from lifecycle.bodies.schema import ANY as ANY_TYPE
from lifecycle.bodies.schema import BASIC
from lifecycle.deviate.deviation import Deviation
from lifecycle.engine import microversion
from lifecycle.table.body import Body
from lifecycle.table.compile import ANY
from lifecycle.table.kept import Keep
from lifecycle.table.model import Effects, Recall, Requires, When
from lifecycle.table.names import names, parts
from lifecycle.table.words import NO_TASK, Choice, Code, Name, Text, Version, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.table.model import Table
    from lifecycle.table.source import Path_

GROUPS = ("actions", "reads", "events", "types")
REFUSALS = 400  # the first code of a refusal
OTHER_WORDS = "This cannot be done now."
UNSEEN = frozenset(
    (
        *("title", "cite", "note", "why", "command", "example", "default", "description", "loses"),  # for readers and plans
        *("address", "variant_in", "given", "target", "override"),  # say which request or policy a row is about
    )
)
NEEDED = ("becomes", "variants")  # without one of them a row would be another
KEPT = ("variants", "patternProperties")  # without a part of one of them it would be another row, or no object
ANSWERS = frozenset(("since", "until", "by", "statuses", "properties", "items"))
"""What shows in an answer of all that is said of a body: the rest says what may stand there."""
OF_A_FIELD = frozenset(("type", "required", "since", "until", "by", "statuses", "description"))


class Words:
    """The words that a table offers, by the field in which they stand."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.known: dict[str, dict[str, None]] = {}
        for path, _, name, known in names(table):
            if path[0] in GROUPS and path[-1] != name:
                field = next(str(part) for part in reversed(path) if isinstance(part, str))
                self.known.setdefault(field, {}).update(dict.fromkeys(sorted(known)))
        for _, part in parts(table):
            for field, value in part:
                if isinstance(value, str) and field not in self.known.keys() & {"by", "gives_back"}:
                    self.known.setdefault(field, {})[value] = None
        codes = {effects.answers for _, effects in parts(table) if isinstance(effects, Effects)}
        self.codes = sorted({*(code for code in codes if code), *(check.code for check in table.checks.values())})
        self.answering = _answering(table)

    def others(self, kind: Any, value: Any, path: Path_) -> Iterator[Deviation]:
        """All that may stand in place of a value of this kind; of what has parts, all that may stand in place of a part."""
        if isinstance(value, Choice):
            yield from self._choices(value, path)
        elif isinstance(value, BaseModel):
            yield from self.within(value, path)
        elif isinstance(value, dict):
            inner = next(reversed(get_args(_bare(kind))), Any)
            for name, part in value.items():
                yield from self.others(inner, part, (*path, name))
                if path[-1] not in KEPT:
                    yield Deviation((*path, name), plain(part), None)
        elif isinstance(value, list):
            yield from self._lists(kind, value, path)
        else:
            yield from (Deviation(path, value, other) for other in self._leaves(kind, value, path) if other != value)

    def within(self, model: BaseModel, path: Path_) -> Iterator[Deviation]:
        """The same for all that a part of a row says."""
        if isinstance(model, Keep):
            return
        fields = type(model).model_fields
        for name, kind in get_type_hints(type(model), include_extras=True).items():
            field = fields.get(name)
            key = (field and field.alias) or name
            if field is None or key in UNSEEN or not self._shows(model, key, path):
                continue
            value, at = getattr(model, name), (*path, key)
            if value is not None and (name in model.model_fields_set or isinstance(value, bool)):
                yield from self.others(kind, value, at)
            if name in model.model_fields_set and value is not None and not field.is_required() and key not in NEEDED:
                yield Deviation(at, plain(value), None)
        if isinstance(model, Body) and model.properties and model.additional_properties is None and not self.answer(path):
            yield Deviation((*path, "additionalProperties"), None, True)
        extra = type(model).__annotations__.get("__pydantic_extra__")
        for name, value in (model.model_extra or {}).items():
            yield from self.others(get_args(extra)[-1], value, (*path, name))
            yield Deviation((*path, name), plain(value), ANY if isinstance(model, Requires) else None)

    def _shows(self, model: BaseModel, key: str, path: Path_) -> bool:
        return not isinstance(model, Body) or not self.answer(path) or key in ANSWERS

    def answer(self, path: Path_) -> bool:
        """Whether a part of a table is about an answer, and of no request."""
        within = next((part for part in path if part in ("body", "response", "headers")), None)
        return path[1] in self.answering if path[0] == "types" else within in ("response", "headers")

    def _choices(self, choice: Choice, path: Path_) -> Iterator[Deviation]:
        """One state or task more, or one less."""
        field = str(path[-1])
        every = self._chosen_among(field)
        chosen = every if choice.of == [ANY] else choose(choice, every)
        less = [[one for one in chosen if one != name] for name in chosen] if len(chosen) > 1 else []
        more = [[*chosen, name] for name in every if name not in chosen]
        for other in (*less, *more):
            yield Deviation(path, plain(choice), other if field in When.model_fields else {"of": other})

    def _chosen_among(self, field: str) -> list[str]:
        check = self.table.checks.get(field)
        kind = (check and check.asks) or field
        return [NO_TASK, *self.table.tasks, *self.table.other_tasks] if kind == "task" else [*self.table.states]

    def _lists(self, kind: Any, value: list[Any], path: Path_) -> Iterator[Deviation]:
        """A list without one of its entries, with one more, or with another one."""
        inner = next(iter(get_args(_bare(kind))), str)
        said_ = [plain(one) for one in value]
        for number, one in enumerate(value):
            if isinstance(one, BaseModel) and not isinstance(one, Recall):
                yield from self.others(inner, one, (*path, number))
            if len(value) > 1:
                yield Deviation(path, said_, [*said_[:number], *said_[number + 1 :]])
        if value and isinstance(value[0], Body):
            return
        if path[-1] == "type":
            yield from self._types(said_, path)
            return
        more = [name for name in self.known.get(str(path[-1]), ()) if name not in said_]
        if len(value) == 1:
            yield from (Deviation(path, said_, [name]) for name in more)
        yield from (Deviation(path, said_, [*said_, name]) for name in more)

    def _types(self, said_: list[str], path: Path_) -> Iterator[Deviation]:
        """Of what a field holds: anything at all, or null as well."""
        yield Deviation(path, said_, [ANY_TYPE])
        if not {"null", ANY_TYPE} & {*said_}:
            yield Deviation(path, said_, [*said_, "null"])
        yield from (
            Deviation(path, said_, [name]) for name in BASIC if [name] != said_ and name in ("string", "integer", "boolean")
        )

    def _leaves(self, kind: Any, value: Any, path: Path_) -> Iterator[Any]:
        options = list(_options(kind))
        for option in options:
            if get_origin(option) is Literal:
                yield from get_args(option)
        if isinstance(value, bool):
            yield not value
        elif Code in options:
            yield from (code for code in self.codes if (code < REFUSALS) == (value < REFUSALS))
        elif isinstance(value, int):
            yield from (value - 1, value + 1) if value else (value + 1,)
        elif Version in options:
            yield from self._versions(value)
        elif Name in options:
            yield from self.known.get(str(path[-1]), ())
        elif Text in options and path[-1] != "pattern":
            yield OTHER_WORDS

    def _versions(self, value: str) -> Iterator[str]:
        """The microversion before, and the one after."""
        known = self.table.microversions
        major, minor = microversion.parse(value)
        for moved in ((major, minor - 1), (major, minor + 1)):
            if known and microversion.parse(known.oldest) <= moved <= microversion.parse(known.newest):
                yield microversion.text(moved)


def plain(value: Any) -> Any:
    """A value as a row says it."""
    if isinstance(value, Choice):
        return {"not": value.but} if value.of is None else ANY if value.of == [ANY] else value.of
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        own = {fields[name].alias or name: plain(getattr(value, name)) for name in fields if name in value.model_fields_set}
        more = value.model_extra or {}
        return own | {name: {"of": one.of} if isinstance(one, Choice) and one.of else plain(one) for name, one in more.items()}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def _bare(kind: Any) -> Any:
    """A kind without what is noted beside it, and without None."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return _bare(next(option for option in get_args(kind) if option is not type(None)))
    return kind


def _options(kind: Any) -> Iterator[Any]:
    """All that a kind may be."""
    if get_origin(kind) in (Union, UnionType):
        for option in get_args(kind):
            yield from _options(option)
    else:
        yield kind


def _answering(table: Table) -> set[str]:
    """The types that stand in answers only."""
    from lifecycle.table.names import bodies, nodes

    named: dict[str, set[str]] = {}
    asked: set[str] = set()
    for path, body in bodies(table):
        found = {name for _, node in nodes(path, body) for name in node.type or () if name in table.types}
        if path[0] == "types":
            named[str(path[1])] = found
        elif "response" not in path and "headers" not in path:
            asked |= found
    while more := {inner for name in asked for inner in named[name]} - asked:
        asked |= more
    return {*table.types} - asked
