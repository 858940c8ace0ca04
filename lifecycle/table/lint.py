"""Lint over a whole table: names that nothing is called, rows that contradict each other, states that lead nowhere.

One function a lint; each yields the mistakes it finds. Those of `WHOLE` look at what is *not* said,
and are asked only when every file could be read.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from lifecycle.engine import microversion
from lifecycle.engine.checks import JUDGES
from lifecycle.errors import listed
from lifecycle.table import bodies, statements
from lifecycle.table.compile import ANY, SAME
from lifecycle.table.load import Loaded, there
from lifecycle.table.model import Effects, Event, Outcome, Recall, Row, Table, Variant
from lifecycle.table.names import bodies as all_bodies
from lifecycle.table.names import names, nodes, parts, requests
from lifecycle.table.source import MAX_MISTAKES, Mistake, Path_, meant
from lifecycle.table.words import NO_TASK, choose

Lint = Callable[[Loaded, Table], Iterator[Mistake]]


def lint(loaded: Loaded, table: Table, *, whole: bool) -> list[Mistake]:
    """All mistakes of a table that has the right shape; without `whole` only those of what is said."""
    large = list(too_large(loaded, table))
    if large:  # looking at every pair of its parts would take for ever
        return large
    found = _first(unknown_names, loaded, table)
    lints = (*SAID, *WHOLE) if whole and not found else SAID  # who is misspelt is also missed elsewhere
    return found + [mistake for check in lints for mistake in _first(check, loaded, table)]


def _first(check: Lint, loaded: Loaded, table: Table) -> list[Mistake]:
    return list(islice(check(loaded, table), MAX_MISTAKES))


def too_large(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """More states, tasks, actions … than any lifecycle has."""
    for field in Table.model_fields:
        group = getattr(table, field)
        if isinstance(group, (dict, list)) and len(group) > MAX_GROUP:
            yield loaded.mistake((field,), f"has {len(group):,} entries; a table has at most {MAX_GROUP:,}", key=True)
    for path, part in parts(table):
        for field in ("changes", "outcomes", "variants"):
            if len(getattr(part, field, None) or ()) > MAX_OF_A_ROW:
                yield loaded.mistake((*path, field), f"has more than {MAX_OF_A_ROW} entries; a row has fewer", key=True)


MAX_GROUP = 1_000
MAX_OF_A_ROW = 100


def unknown_names(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A name of a state, task, fact, option, caller, check or holder that the table does not have."""
    yield from _unknown(loaded, table, lambda kind: kind != "memory")


def unknown_memories(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Something recalled that no row remembers."""
    yield from _unknown(loaded, table, lambda kind: kind == "memory")


def _unknown(loaded: Loaded, table: Table, wanted: Callable[[str], bool]) -> Iterator[Mistake]:
    for path, kind, name, known in names(table):
        if wanted(kind) and name not in known:
            hint = _status_hint(table, kind, name) or meant(name, sorted(known)) or _all(known)
            yield loaded.mistake(path, f"no {kind} is called {name}{hint}", key=path[-1] == name)


def _status_hint(table: Table, kind: str, name: str) -> str:
    """For a status or a vm_state where a state is wanted: the state that it belongs to."""
    if kind == "state" and name in table.statuses:
        shown = table.statuses[name]
        return f"; {name} is what {listed(shown.state, 'or')} shows during {shown.task[0]}"
    state = next((state for state, row in table.states.items() if kind == "state" and row.vm_state == name.lower()), None)
    return f"; the vm_state {name.lower()} is called {state} here" if state else ""


def _all(known: Iterable[str]) -> str:
    """The names that there are, where they are few enough to be read."""
    few = sorted(name for name in known if name != SAME)
    return f"; {there(few)}" if len(few) <= FEW else ""


FEW = 12  # names that a message lists


def said_twice(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A state, or a task that is asked for, that stands twice in one list; a server may run through a task twice."""
    seen: set[tuple[Path_, str]] = set()
    for path, kind, name, _ in names(table):
        if kind in LISTED and isinstance(path[-1], int) and path[-2] != "task":
            if (path[:-1], name) in seen:
                yield loaded.mistake(path, f"{name} stands here twice")
            seen.add((path[:-1], name))


LISTED = ("state", "task")


def statuses(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A state and task that are shown as two statuses, and two states of one vm_state."""
    shown: dict[tuple[str, str], str] = {}
    for status, row in table.statuses.items():
        for state in row.state:
            for task in row.task:
                other = shown.setdefault((state, task), status)
                if other != status:
                    message = f"{state} during {task} is shown as {other} already; a state and a task show one status"
                    yield loaded.mistake(("statuses", status), message, key=True)
    named: dict[str, str] = {}
    for name, meaning in table.states.items():
        vm_state = meaning.vm_state or name
        other = named.setdefault(vm_state, name)
        if other != name:
            yield loaded.mistake(
                ("states", name, "vm_state"), f"the vm_state {vm_state} is called {other} already; each state has its own"
            )


def bounds(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Microversions that end before they begin, that the table does not know, or where it knows none."""
    versions = table.microversions
    if versions and _parse(versions.oldest) > _parse(versions.newest):
        message = f"the oldest, {versions.oldest}, is newer than the newest, {versions.newest}"
        yield loaded.mistake(("microversions", "oldest"), message)
        return
    for where, bounded in _bounded(table):
        since, until = getattr(bounded, "since", None), getattr(bounded, "until", None)
        for field, text in (("since", since), ("until", until)):
            if text is None:
                continue
            if versions is None:
                yield loaded.mistake((*where, field), "the table has no microversions; say which in `microversions`")
            elif not _parse(versions.oldest) <= _parse(text) <= _parse(versions.newest):
                known = f"{versions.oldest} to {versions.newest}"
                yield loaded.mistake((*where, field), f"{text} is not a microversion of this table, which knows {known}")
        if since and until and _parse(since) > _parse(until):
            yield loaded.mistake((*where, "until"), f"ends at {until}, before it begins at {since}")


def _bounded(table: Table) -> Iterator[tuple[Path_, Any]]:
    """All that can be there at some microversions only."""
    for path, part in parts(table):
        yield path, part
        yield (*path, "when"), getattr(part, "when", None)
    for name, said in table.properties.items():
        yield ("properties", name), said
    for path, body in all_bodies(table):
        yield from nodes(path, body)


def _parse(text: str) -> microversion.Microversion:
    return microversion.parse(text)


def overlaps(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Outcomes that are never reached, changes of one word at one microversion, two actions of one address."""
    for path, part in parts(table):
        seen: list[Any] = []
        for number, outcome in enumerate(getattr(part, "outcomes", None) or ()):
            where = (*path, "outcomes", number)
            earlier = next((index for index, when in enumerate(seen) if when is None or when == outcome.when), None)
            if earlier is not None:
                line = loaded.place((*path, "outcomes", earlier)).line
                yield loaded.mistake(where, f"is never reached: the outcome on line {line} fits whenever this one does")
            seen.append(outcome.when)
        yield from _changes(loaded, path, getattr(part, "changes", None) or ())
    addresses: dict[str, str] = {}
    for path, row in requests(table):
        name = str(path[-1])
        other = addresses.setdefault(row.address or name, name)
        if other != name:
            yield loaded.mistake((*path, "address"), f"{row.address} is the address of {other} already")
        if path[0] == "reads" and name in table.actions:
            yield loaded.mistake(path, "is the name of an action already", key=True)


def errors(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A code whose documents have two names."""
    named: dict[object, str] = {}
    for name, error in table.errors.items():
        for code in error.code:
            other = named.setdefault(code, name)
            if other != name:
                message = f"{code} is called {other} already; the documents of a code have one name"
                yield loaded.mistake(("errors", name, "code"), message)


def _changes(loaded: Loaded, path: Path_, changes: Iterable[Any]) -> Iterator[Mistake]:
    rows = list(changes)
    for number, change in enumerate(rows):
        for earlier, before in enumerate(rows[:number]):
            if not _overlap(before, change):
                continue
            for field in sorted(before.model_fields_set & change.model_fields_set - {"since", "until", "note"}):
                if getattr(before, field) != getattr(change, field):
                    line = loaded.place((*path, "changes", earlier, field)).line
                    message = f"{field} is changed to something else on line {line}, at some of the same microversions"
                    yield loaded.mistake((*path, "changes", number, field), message)


def _overlap(one: Any, other: Any) -> bool:
    low = max((_parse(part.since) for part in (one, other) if part.since), default=(0, 0))
    high = min((_parse(part.until) for part in (one, other) if part.until), default=(99999, 99999))
    return low <= high


def asked_nowhere(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Something required that no check of the table asks."""
    for path, part in parts(table):
        requires = getattr(part, "requires", None)
        for name in (requires.model_fields_set | {*(requires.model_extra or {})}) if requires else ():
            if name not in table.checks and name in {*table.facts, *JUDGES}:
                yield loaded.mistake(
                    (*path, "requires", name), f"{name} is required, but no check asks it; add it to `checks`", key=True
                )


def never_allowed(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A row that requires of all its states what these states rule out."""
    for path, part in parts(table):
        requires = getattr(part, "requires", None)
        if requires is None or requires.state is None or requires.state.of == [ANY]:
            continue
        chosen = choose(requires.state, table.states)
        for fact, wanted in (requires.model_extra or {}).items():
            implied = [(table.states[state].implies or {}).get(fact) if state in table.states else None for state in chosen]
            if isinstance(wanted, bool) and implied and all(value is (not wanted) for value in implied):
                implies = f"{listed(chosen)} {'implies' if len(chosen) == 1 else 'imply'} `{fact}: {str(not wanted).lower()}`"
                yield loaded.mistake((*path, "requires", fact), f"can never be: {implies}")


def unfinished(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A task that is started and of which nothing says how it ends."""
    for name, row in table.actions.items():
        for path, part, base in _effects(("actions", name), row):
            task = part.task or next((layer.task for layer in base if layer.task), None)
            becomes = part.becomes or next((layer.becomes for layer in base if layer.becomes), None)
            if task and task != [NO_TASK] and not becomes:
                yield loaded.mistake(
                    (*path, "task"), "starts a task, and nothing says what becomes of it; add `becomes`", key=True
                )


def _effects(path: Path_, row: Row) -> Iterator[tuple[Path_, Effects, list[Variant]]]:
    """Every place of a row that effects can be read at, with the parts that it takes the rest from."""
    holders: list[tuple[Path_, Variant, list[Variant]]] = [(path, row, [row])]
    for name, variant in (row.variants or {}).items():
        holders.append(((*path, "variants", name), variant, [variant, row]))
    for where, holder, base in holders:
        for number, outcome in enumerate(holder.outcomes or ()):
            yield (*where, "outcomes", number), outcome, base
        falls_through = not holder.outcomes or holder.outcomes[-1].when is not None
        own = not row.variants or any(variant.given for variant in row.variants.values())  # the row is a request by itself
        if falls_through and (holder is not row or own):
            yield where, holder, base[1:]


def idle_tasks(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A task that no action or event runs through, and so nothing ends."""
    run = {task for _, part in parts(table) for task in part.task or ()}
    for number, task in enumerate(table.tasks):
        if task not in run:
            yield loaded.mistake(
                ("tasks", number), f"no action or event runs through {task}; one that is only shown belongs in other_tasks"
            )


def reach(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A state that nothing leads to, or that nothing leads out of and that is no end."""
    moves = list(_moves(table))
    reached = {table.usual.state, *(end for sources, ends in moves if sources is None for end in ends)}
    while True:
        more = {end for sources, ends in moves if sources and sources & reached for end in ends} - reached
        if not more:
            break
        reached |= more
    for name, state in table.states.items():
        if name not in reached:
            yield loaded.mistake(("states", name), f"nothing leads to {name}; no action or event becomes it", key=True)
        elif not state.end and not any(sources and name in sources and ends - {name} for sources, ends in moves):
            yield loaded.mistake(("states", name), f"nothing leads out of {name}; say `end: true` if that is meant", key=True)


def _moves(table: Table) -> Iterator[tuple[set[str] | None, set[str]]]:
    """From which states (None: from nothing) a row or event can lead where."""
    for name, row in table.actions.items():
        for _, part, base in _effects(("actions", name), row):
            layers = [part, *base]
            yield _sources(table, layers), set(_targets(table, layers))
    for event in table.events.values():
        yield _sources(table, [event]), set(_targets(table, [event]))


def _sources(table: Table, layers: list[Any]) -> set[str] | None:
    required = [layer.requires for layer in layers if isinstance(layer, (Variant, Event)) and layer.requires]
    if any(requires.exists == ANY for requires in required):
        return None
    chosen = {*table.states}
    choices = [requires.state for requires in required]
    choices += [layer.when.state for layer in layers if isinstance(layer, (Outcome, Event)) and layer.when]
    for choice in choices:
        if choice and choice.of != [ANY]:
            chosen &= {*choose(choice, table.states)}
    return chosen


def _targets(table: Table, layers: list[Any]) -> Iterator[str]:
    for field in ("becomes", "fails"):
        ends = next((getattr(layer, field) for layer in layers if getattr(layer, field)), ())
        yield from (end for end in ends if isinstance(end, str) and end in table.states)
        if any(isinstance(end, Recall) for end in ends):
            yield from table.states  # some state that is reached anyway
    at_once = next((layer.at_once for layer in layers if layer.at_once), None)
    if at_once and at_once.state:
        yield at_once.state


SAID: tuple[Lint, ...] = (
    said_twice,
    statuses,
    bounds,
    overlaps,
    errors,
    asked_nowhere,
    never_allowed,
    statements.one_word,
    bodies.addresses,
    *bodies.SAID,
)
WHOLE: tuple[Lint, ...] = (unknown_memories, unfinished, idle_tasks, reach, bodies.examples)
