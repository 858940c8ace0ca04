"""Every deviation that a table has room for, some of them drawn by chance, and the table that has them."""

from __future__ import annotations

import random
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter, ValidationError

from lifecycle import Lifecycle
from lifecycle.deviate.rows import of_row
from lifecycle.deviate.words import GROUPS, Words, plain
from lifecycle.engine.rules import Rules
from lifecycle.errors import LifecycleError, UnknownName, listed, shown
from lifecycle.explore.facing import rule_meaning
from lifecycle.table.body import Bodied
from lifecycle.table.bundled import find
from lifecycle.table.compile import compile_row, recalls
from lifecycle.table.load import load_table
from lifecycle.table.model import Event, Row
from lifecycle.table.names import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lifecycle.deviate.deviation import Deviation
    from lifecycle.table.load import Loaded
    from lifecycle.table.model import Table
    from lifecycle.table.source import Path_

    Places = dict[Path_, list[Deviation]]

MODELS: Mapping[str, TypeAdapter[Any]] = {
    "actions": TypeAdapter(Row),
    "reads": TypeAdapter(Row),
    "events": TypeAdapter(Event),
    "types": TypeAdapter(Bodied),
}
TRIES = 50  # draws for each deviation that is wanted


class UnknownDeviation(LifecycleError):
    """The table has no such row or no such word, or could not say what the deviation says."""


class UnknownRow(UnknownName):
    """The table has no such row."""

    kind = "row"


class Deviant:
    """A table as its files say it, in which words may be others."""

    def __init__(self, rules: Rules, loaded: Loaded) -> None:
        self.rules = rules
        self.loaded = loaded
        self._places: dict[tuple[str, str, str], dict[str | int, Places]] = {}

    @cached_property
    def table(self) -> Table:
        """What the files say."""
        if self.loaded.table is None:
            raise UnknownDeviation("only a table without mistakes has deviations")
        return self.loaded.table

    @cached_property
    def words(self) -> Words:
        """The words that the table offers."""
        return Words(self.table)

    def rows(self) -> list[tuple[str, str]]:
        """All rows, each by its group and its name."""
        return [(group, name) for group in GROUPS for name in getattr(self.table, group)]

    def places(self, group: str, name: str, reading: str) -> dict[str | int, Places]:
        """The words of a row that may be others, by the key under which they stand, each with all that may stand there."""
        found = self._places.get((group, name, reading))
        if found is None:
            found = self._places[group, name, reading] = {}
            every = (one for one in of_row(self.words, group, name, reading) if one.before != one.after)
            for deviation in {one.as_json(): one for one in every}.values():
                found.setdefault(deviation.path[2], {}).setdefault(deviation.path, []).append(deviation)
        return found

    def changed(self, deviations: Iterable[Deviation]) -> dict[tuple[str, str], Any]:
        """The rows that deviations are in, as they say them. Raises UnknownDeviation."""
        found: dict[tuple[str, str], Any] = {}
        for deviation in deviations:
            group, name = row = deviation.row
            if group not in GROUPS:
                raise UnknownDeviation(str(UnknownRow(group, GROUPS)))
            if name not in getattr(self.table, group):
                raise UnknownDeviation(str(UnknownRow(name, getattr(self.table, group))))
            content = plain(found.get(row, getattr(self.table, group)[name]))
            try:
                found[row] = MODELS[group].validate_python(_put(content, deviation.path[2:], deviation.after))
            except (ValidationError, LookupError, TypeError) as error:
                why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "there is no such word"
                raise UnknownDeviation(f"{'.'.join(map(str, deviation.path))}: {why}") from None
        return found

    def data(self, deviations: Iterable[Deviation]) -> dict[str, Any]:
        """The rules with the deviations in them. Raises UnknownDeviation."""
        rows = self.changed(deviations)
        table, only = self.table, self.table.model_copy(update={group: {} for group in GROUPS if group != "types"})
        for (group, name), row in rows.items():
            table, only = (one.model_copy(update={group: {**getattr(one, group), name: row}}) for one in (table, only))
        for path, kind, word, known in names(only):
            if kind != "memory" and path[:2] in rows and word not in known:
                raise UnknownDeviation(f"{'.'.join(map(str, path))}: no {kind} is called {shown(word)}")
        data = dict(self.rules.data)
        for group, name in rows:
            try:
                data[group] = {**data[group], name: compile_row(self.loaded, table, group, name)}
            except (LookupError, ValueError) as error:
                raise UnknownDeviation(f"{group}.{name} cannot be so: {error}") from None
        data["recalls"] = recalls(data)
        unknown = {name for group, row in rows if group in ("actions", "events") for name in _recalled(data[group][row])}
        lost = sorted((self.rules.recalls.keys() | unknown) - data["recalls"].keys())
        if lost:
            raise UnknownDeviation(f"nothing remembers {listed(lost)}")
        return data

    def differs(self, deviation: Deviation, reading: str) -> bool:
        """Whether the table can say so, and its rules are others then."""
        try:
            data = self.data([deviation])
        except UnknownDeviation:
            return False
        group, name = deviation.row
        one, other = self.rules.data[group][name], data[group][name]
        if group == "types":
            return bool(one != other)
        return bool(_meaning(one, reading) != _meaning(other, reading))


def _put(content: Any, path: Path_, value: Any) -> Any:
    """Content with another value at a path; None takes away what is there. Raises LookupError and TypeError."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(content, list) and isinstance(key, int):
        inner = _put(content[key], rest, value)
        return [*content[:key], *([] if inner is None else [inner]), *content[key + 1 :]]
    if not isinstance(content, dict) or not isinstance(key, str):
        raise TypeError(key)
    inner = _put(content.get(key, {}), rest, value)
    if inner is not None:
        return {**content, key: inner}
    if key not in content:
        raise KeyError(key)
    return {name: part for name, part in content.items() if name != key}


def _recalled(row: Mapping[str, Any]) -> Iterator[str]:
    """The names under which a row looks for what was remembered."""
    for edition in row["editions"]:
        for outcome in edition["rule"]["outcomes"]:
            ends = (*(outcome["becomes"] or ()), *(outcome["fails"] or ()))
            yield from (end["recall"] for end in ends if not isinstance(end, str))


def _meaning(row: Mapping[str, Any], reading: str) -> Any:
    """What a row says to whoever asks, under a reading; not where it stands."""
    editions = [edition for edition in row["editions"] if edition["reading"] in (None, reading)]
    said = [(edition["variant"], edition["since"], edition["until"], rule_meaning(edition["rule"])) for edition in editions]
    return said, row["variants"]


_known: WeakKeyDictionary[Rules, Deviant] = WeakKeyDictionary()


def _deviant(lifecycle: Lifecycle) -> Deviant:
    """The files of a lifecycle's table, read once. Raises TableError and UnknownTable."""
    found = _known.get(lifecycle.rules)
    if found is None:
        found = _known[lifecycle.rules] = Deviant(lifecycle.rules, load_table(*find(lifecycle.table)))
    return found


def deviations(lifecycle: Lifecycle) -> Iterator[Deviation]:
    """Every deviation of a table that changes its rules under the reading of this lifecycle, row by row: some ten thousand."""
    deviant, reading = _deviant(lifecycle), lifecycle.reading
    for group, name in deviant.rows():
        for places in deviant.places(group, name, reading).values():
            for place in places.values():
                yield from (deviation for deviation in place if deviant.differs(deviation, reading))


def draw(lifecycle: Lifecycle, number: int, seed: int) -> list[Deviation]:
    """So many different deviations by chance, the same for the same seed: each row, and each of its keys, is as likely as any.

    Fewer where the table has no more. Raises LifecycleError where the table's files cannot be read any more.
    """
    deviant, reading = _deviant(lifecycle), lifecycle.reading
    chance = random.Random(seed)  # noqa: S311 - no secret
    rows = deviant.rows()
    found: dict[str, Deviation] = {}
    for _ in range(number * TRIES):
        if len(found) >= number:
            break
        if places := deviant.places(*chance.choice(rows), reading):
            some = places[chance.choice([*places])]
            deviation = chance.choice(some[chance.choice([*some])])
            if deviation.as_json() not in found and deviant.differs(deviation, reading):
                found[deviation.as_json()] = deviation
    return [*found.values()]


def deviated(lifecycle: Lifecycle, wanted: Iterable[Deviation]) -> Lifecycle:
    """A lifecycle that is wrong in just these words; the one that is given stays as it is.

    Raises UnknownDeviation where the table has no such row or word, or could not say so.
    """
    data = _deviant(lifecycle).data(wanted)
    return Lifecycle(Rules(data), lifecycle.reading, lifecycle.table, lifecycle.policy)
