"""Properties as plain data, every choice written out; and what is wrong with them besides their shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.errors import listed
from lifecycle.table.properties import KINDS, Property, Way, Where
from lifecycle.table.words import NO_TASK, Choice, choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.table.load import Loaded
    from lifecycle.table.model import Table
    from lifecycle.table.names import Named
    from lifecycle.table.source import Mistake, Path_

NOBODY = NO_TASK
ANYTHING = "any"
KEYS = {"task": "task_state"}
"""How a situation calls what a property calls otherwise."""
OF_SITUATIONS = ("always", "leads_to", "reachable")
OF_REQUESTS = ("leads_to", "reachable")


def stated(loaded: Loaded, table: Table, name: str, said: Property) -> dict[str, Any]:
    """One property: its `kind`, what it says (`wants`), of what (`when`), and whose requests count (`by`)."""
    kind = said.kinds[0]
    wants = getattr(said, kind)
    return {
        **{key: getattr(said, key) for key in ("title", "cite", "note", "since", "until")},
        "at": loaded.at(("properties", name)),
        "kind": kind,
        "when": _where(table, said.when),
        "by": None if said.by is None else [name for name in choose(said.by, table.callers) if name != NOBODY],
        "wants": _way(table, wants) if isinstance(wants, Way) else _where(table, wants),
    }


def _where(table: Table, where: Where | None) -> dict[str, list[Any]]:
    """By key of a situation, or `status`, the values that are meant."""
    found: dict[str, list[Any]] = {}
    if where is None:
        return found
    for field, names in _domains(table).items():
        choice = getattr(where, field)
        if choice is not None:
            found[KEYS.get(field, field)] = [None if one == NO_TASK else one for one in choose(choice, names)]
    if where.exists is not None:
        found["exists"] = [where.exists]
    return {**found, **{name: [value] for name, value in (where.model_extra or {}).items()}}


def _domains(table: Table) -> dict[str, list[str]]:
    tasks = [NO_TASK, *table.tasks, *table.other_tasks]
    return {
        "state": [*table.states],
        "task": tasks,
        "status": [*table.states, *table.statuses],
        "locked_by": [NO_TASK, *table.lock_holders],
        "before": [NO_TASK, *table.states],
    }


def _way(table: Table, way: Way) -> dict[str, Any]:
    """The steps that are meant: names of triggers, events and callers written out, None where all are."""
    return {
        "action": None if way.action is None else _chosen(way.action, triggers(table)),
        "event": None if way.event is None else choose(way.event, table.events),
        "by": None if way.by is None else choose(way.by, table.callers),
        "how": way.how,
        "from": _where(table, way.origin),
        "to": _where(table, way.to),
        "changes": way.changes and [KEYS.get(name, name) for name in way.changes],
        "loses": way.loses,
    }


def triggers(table: Table) -> dict[str, str]:
    """The name of each action, of each variant (`reboot:HARD`), and the action that it is of."""
    found = {}
    for action, row in table.actions.items():
        found[action] = action
        found |= {f"{action}:{variant}": action for variant in row.variants or ()}
    return found


def _chosen(choice: Choice, known: dict[str, str]) -> list[str]:
    """Triggers: who names an action means all its variants."""
    named = set(choice.of or choice.but or ())
    return [name for name, action in known.items() if (not named.isdisjoint((name, action))) == bool(choice.of)]


def names(table: Table) -> Iterator[Named]:
    """Every name that the properties say, for the lint of names."""
    for name, said in table.properties.items():
        path: Path_ = ("properties", name)
        yield from _choice((*path, "by"), "caller", said.by, {*table.callers, NOBODY})
        for field in ("when", "always", "leads_to", "reachable"):
            yield from _where_names(table, (*path, field), getattr(said, field))
        for field in ("never", "sometimes"):
            yield from _way_names(table, (*path, field), getattr(said, field))


def _way_names(table: Table, path: Path_, way: Way | None) -> Iterator[Named]:
    if way is None:
        return
    yield from _choice((*path, "action"), "action", way.action, triggers(table))
    yield from _choice((*path, "event"), "event", way.event, table.events)
    yield from _choice((*path, "by"), "caller", way.by, table.callers)
    yield from _where_names(table, (*path, "from"), way.origin)
    yield from _where_names(table, (*path, "to"), way.to)
    changing = {"state", "task", "locked_by", "before", ANYTHING, *table.facts}
    for number, name in enumerate(way.changes or ()):
        yield (*path, "changes", number), "key of a situation", name, changing
    for number, name in enumerate(way.loses or ()):
        yield (*path, "loses", number), "loss", name, {ANYTHING, *losses(table)}


def losses(table: Table) -> Iterator[str]:
    """All that a row says it loses."""
    from lifecycle.table.names import parts

    for _, part in parts(table):
        yield from part.loses or ()


def _where_names(table: Table, path: Path_, where: Where | None) -> Iterator[Named]:
    if where is None:
        return
    for field, known in _domains(table).items():
        kind = {"locked_by": "lock holder", "before": "state"}.get(field, field)
        yield from _choice((*path, field), kind, getattr(where, field), known)
    for name, value in (where.model_extra or {}).items():
        kind, there = ("fact", table.facts) if isinstance(value, bool) else ("option", table.options)
        yield (*path, name), kind, name, there


def _choice(path: Path_, kind: str, choice: Choice | None, known: Iterable[str]) -> Iterator[Named]:
    if choice is None:
        return
    where = path if choice.of else (*path, "not")
    for number, name in enumerate(choice.of or choice.but or ()):
        yield (*where, number), kind, name, known


def one_word(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A property that says none of the five words or several, or a word beside one that it does not go with."""
    for name, said in table.properties.items():
        path: Path_ = ("properties", name)
        kinds = said.kinds
        if len(kinds) != 1:
            told = f"says {listed(kinds)}" if kinds else "says nothing"
            yield loaded.mistake(path, f"{told}; a property says just one of {listed(KINDS, 'or')}", key=True)
            continue
        for field, goes_with in (("when", OF_SITUATIONS), ("by", OF_REQUESTS)):
            if getattr(said, field) is not None and kinds[0] not in goes_with:
                hint = (
                    f"{field} goes with {listed(goes_with, 'or')}; say `{kinds[0]}: {{{'from' if field == 'when' else 'by'}: …}}`"
                )
                yield loaded.mistake((*path, field), hint, key=True)
        way = said.never or said.sometimes
        if way is not None and way.action is not None and way.event is not None:
            yield loaded.mistake((*path, kinds[0], "event"), "a step is of an action or of an event, not of both", key=True)
