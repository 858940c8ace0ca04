"""A checked table into the plain rules that the engine decides by.

Each action becomes editions: one rule for each variant, reading and run of microversions in which
nothing about it changes. What all rows share, changes and differences are laid over each other here,
once, so that a decision never has to.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lifecycle.engine import microversion
from lifecycle.engine.microversion import Microversion
from lifecycle.engine.rules import NOTHING, READINGS
from lifecycle.table.body import Body
from lifecycle.table.kept import Records
from lifecycle.table.load import Loaded
from lifecycle.table.model import Clauses, Effects, Event, Recall, Requires, Row, Table, Variant, When
from lifecycle.table.source import Path_
from lifecycle.table.statements import stated
from lifecycle.table.words import NO_TASK, Choice, choose

ANY = "any"
SAME = "same"
EFFECTS = tuple(Effects.model_fields)
CLAUSES = tuple(name for name in Clauses.model_fields if name not in ("note", "outcomes"))
ROWS = ("types", "actions", "reads", "events")
MERGED = ("requires", "codes", "messages", "headers")

Layer = tuple[Path_, Clauses]


def compile_table(loaded: Loaded) -> dict[str, Any]:
    """The rules of a table without mistakes, as JSON can hold them."""
    table = loaded.table
    if table is None:
        raise ValueError("only a table without mistakes is compiled")
    versions = table.microversions
    data: dict[str, Any] = {
        "name": table.name,
        "title": table.title,
        "thing": table.thing,
        "service": table.service,
        "service_type": table.service_type or table.name,
        "action_path": table.action_path,
        "microversions": versions and [microversion.parse(versions.oldest), microversion.parse(versions.newest)],
        "callers": _callers(table),
        "usual_caller": table.usual.caller,
        "usual_state": table.usual.state,
        "holders": table.lock_holders,
        "facts": {
            name: {"usual": fact.usual, "turns": fact.turns, "says": {"true": fact.yes, "false": fact.no}}
            for name, fact in table.facts.items()
        },
        "options": table.options,
        "checks": [{"name": name, **check.model_dump()} for name, check in table.checks.items()],
        "states": {
            name: {
                "vm_state": state.vm_state or name,
                "implies": state.implies or {},
                "end": state.end,
                "says": state.says,
                "at": loaded.at(("states", name)),
            }
            for name, state in table.states.items()
        },
        "tasks": [*table.tasks, *table.other_tasks],
        "shows": shows(table),
        "errors": {str(code): {"name": name, "says": error.says} for name, error in table.errors.items() for code in error.code},
        "document": table.document and table.document.model_dump(),
        "wire": table.wire and table.wire.model_dump(),
        "policies": table.policies and table.policies.model_dump(),
        **{group: {name: compile_row(loaded, table, group, name) for name in getattr(table, group)} for group in ROWS},
    }
    data["recalls"] = recalls(data)
    data["properties"] = {name: stated(loaded, table, name, said) for name, said in table.properties.items()}
    data["explored"] = table.explored.model_dump(exclude_none=True)
    return data


def compile_row(loaded: Loaded, table: Table, group: str, name: str) -> dict[str, Any]:
    """One row as it stands among the rules: an action, a read, an event or a type."""
    if group == "types":
        return plain(table.types[name])
    if group == "events":
        return _event(loaded, table, name, table.events[name])
    return _action(loaded, table, (group, name), getattr(table, group)[name])


def _event(loaded: Loaded, table: Table, name: str, event: Event) -> dict[str, Any]:
    """An event as an action that nobody asks for: it requires what its `when` says, options included."""
    path: Path_ = ("events", name)
    when = _when(table, event.when)
    facts = {key: values[0] if key in table.facts else values for key, values in when.items()}
    rule = {
        **NOTHING,
        "at": loaded.at(path),
        "lines": {key: loaded.at((*path, "when", key)) for key in when},
        "requires": {**_requires(table, (event.requires,)), **facts},
        "outcomes": [_outcome(loaded, table, [(path, event)], None)],
    }
    keys = {"title": event.title, "at": loaded.at(path), "cite": event.cite, "note": event.note}
    edition = {"variant": None, "reading": None, "since": None, "until": None, "rule": rule}
    return {**keys, "variants": [], "given": {}, "editions": [edition]}


def _callers(table: Table) -> dict[str, Any]:
    ranks = {name: rank for rank, name in enumerate(table.callers)}
    return {
        name: {
            "rank": ranks[caller.like or name],
            "holds": caller.holds,
            "passes_lock": caller.passes_lock,
            "fails": caller.fails,
        }
        for name, caller in table.callers.items()
    }


def shows(table: Table) -> dict[str, dict[str, str]]:
    """For each state the status that it shows while a task is under way, where that is not the state itself."""
    shown: dict[str, dict[str, str]] = {}
    for status, row in table.statuses.items():
        for state in row.state:
            shown.setdefault(state, {}).update(dict.fromkeys(row.task, status))
    return shown


def _action(loaded: Loaded, table: Table, path: Path_, row: Row) -> dict[str, Any]:
    given = {name: variant.given for name, variant in (row.variants or {}).items() if variant.given}
    variants: list[tuple[str | None, Variant | None]] = [] if row.variants and not given else [(None, None)]
    variants += [*(row.variants or {}).items()]
    return {
        "title": row.title,
        "at": loaded.at(path),
        "cite": row.cite,
        "note": row.note,
        "address": row.address,
        "body": None if row.address else path[-1],
        "variants": [name for name, _ in variants] if row.variants else [],
        "given": given,
        "variant_in": row.variant_in,
        "differs": {
            key: {"why": difference.why, "at": loaded.at((*where, "differs", key)), "variant": variant}
            for variant, (where, holder) in _holders(path, row).items()
            for key, difference in (holder.differs or {}).items()
        },
        "editions": [edition for variant, holder in variants for edition in _editions(loaded, table, path, row, variant, holder)],
    }


def _holders(path: Path_, row: Row) -> dict[str | None, tuple[Path_, Variant]]:
    holders: dict[str | None, tuple[Path_, Variant]] = {None: (path, row)}
    for name, variant in (row.variants or {}).items():
        holders[name] = ((*path, "variants", name), variant)
    return holders


def _editions(
    loaded: Loaded, table: Table, path: Path_, row: Row, variant: str | None, holder: Variant | None
) -> Iterator[dict[str, Any]]:
    """The rules of one variant: for each run of microversions, one for both readings or one for each."""
    parts: list[tuple[Path_, Variant]] = [(path, row)]
    if holder is not None:
        parts.append(((*path, "variants", str(variant)), holder))
    for since, until in runs(table, parts):
        rules = [_rule(loaded, table, parts, reading, since) for reading in READINGS]
        same = rules[0] == rules[1]
        for reading, rule in zip((None,) if same else READINGS, rules, strict=False):
            yield {"variant": variant, "reading": reading, "since": since, "until": until, "rule": rule}


def runs(table: Table, parts: Iterable[tuple[Path_, Variant]]) -> list[tuple[Microversion | None, Microversion | None]]:
    """The runs of microversions in which nothing about an action changes, the first to the last."""
    if table.microversions is None:
        return [(None, None)]
    first, last = microversion.parse(table.microversions.oldest), microversion.parse(table.microversions.newest)
    cuts = {first}
    for _, part in parts:
        first = max(first, microversion.parse(part.since)) if part.since else first
        last = min(last, microversion.parse(part.until)) if part.until else last
        for bounded in _bounded(part):
            if bounded.since:
                cuts.add(microversion.parse(bounded.since))
            if bounded.until:
                cuts.add(_next(microversion.parse(bounded.until)))
    starts = sorted({first, *(cut for cut in cuts if first < cut <= last)})
    ends = [(cut[0], cut[1] - 1) for cut in starts[1:]] + [last]
    return list(zip(starts, ends, strict=True))


def _bounded(part: Variant) -> Iterator[Any]:
    """All that a part says of some microversions only."""
    yield from part.changes or ()
    overlays = [part, *(part.changes or ()), *(difference.nova for difference in (part.differs or {}).values())]
    for overlay in overlays:
        for outcome in (overlay.outcomes if overlay else None) or ():
            if outcome.when:
                yield outcome.when


def _next(version: Microversion) -> Microversion:
    return version[0], version[1] + 1


def _within(version: Microversion | None, since: str | None, until: str | None) -> bool:
    bounds = since and microversion.parse(since), until and microversion.parse(until)
    return version is None or microversion.within(version, bounds[0] or None, bounds[1] or None)


def layers(table: Table, parts: Iterable[tuple[Path_, Variant]], reading: str, version: Microversion | None) -> list[Layer]:
    """The clauses that hold at a microversion under a reading, the later ones laid over the earlier."""
    found: list[Layer] = [(("rows", "all"), table.rows.all)]
    parts = list(parts)
    if parts[0][0][0] == "reads":
        found.append((("rows", "reads"), table.rows.reads))
    for path, part in parts:
        found.append((path, part))
        for number, change in enumerate(part.changes or ()):
            if _within(version, change.since, change.until):
                found.append(((*path, "changes", number), change))
        for name, difference in (part.differs or {}).items():
            if reading == "nova" and difference.nova:
                found.append(((*path, "differs", name, "nova"), difference.nova))
    return found


def _rule(
    loaded: Loaded, table: Table, parts: list[tuple[Path_, Variant]], reading: str, version: Microversion | None
) -> dict[str, Any]:
    """One rule: all layers in one, and for each check the line that asks for it."""
    stack = layers(table, parts, reading, version)
    values: dict[str, Any] = {name: {} for name in MERGED}
    for _, clauses in stack:
        for name in CLAUSES:
            said = getattr(clauses, name)
            if said is not None and name not in MERGED:
                values[name] = said
            elif said:
                values[name] = {**values[name], **(said if isinstance(said, dict) else {})}
    outcomes = next(((path, clauses.outcomes) for path, clauses in reversed(stack) if clauses.outcomes is not None), ((), []))
    base: list[tuple[Path_, Effects]] = list(stack)
    rows: list[Any] = [
        _outcome(loaded, table, [*base, ((*outcomes[0], "outcomes", number), outcome)], outcome.when)
        for number, outcome in enumerate(outcomes[1])
        if outcome.when is None or _within(version, outcome.when.since, outcome.when.until)
    ]
    if not rows or rows[-1]["when"]:
        rows.append(_outcome(loaded, table, base, None))
    return {
        "at": loaded.at(parts[-1][0]),
        "lines": _lines(loaded, table, stack),
        "requires": _requires(table, [clauses.requires for _, clauses in stack]),
        "lock": values.get("lock", "ignored"),
        "by": values.get("by"),
        "policy": values.get("policy"),
        "target": values.get("target"),
        "override": values.get("override"),
        "called": values.get("called"),
        "command": values.get("command"),
        "example": values.get("example"),
        "keeps": {
            field: keep.model_dump(by_alias=True, exclude_unset=True) for field, keep in (values.get("keeps") or {}).items()
        },
        "repeats": values["repeats"].model_dump() if values.get("repeats") else None,
        "finds_gone": bool(values.get("finds_gone")),
        "body": _body(values.get("body")),
        "response": _body(values.get("response")),
        "headers": {name: [plain(field) for field in fields] for name, fields in values["headers"].items()},
        "codes": values["codes"],
        "messages": values["messages"],
        "fails_instead": values.get("fails_instead") or {},
        "removed": values.get("removed"),
        "outcomes": rows,
    }


def _body(body: Body | None) -> dict[str, Any] | None:
    return None if body is None else plain(body)


def plain(body: Body) -> dict[str, Any]:
    """A body as plain data: only what is said of it."""
    return body.model_dump(by_alias=True, exclude_unset=True)


def asked(table: Table, said: Iterable[Requires | None]) -> dict[str, Any]:
    """What is asked of the server, as the rows say it: the later layers over the earlier."""
    found: dict[str, Any] = {}
    for requires in said:
        if requires is not None:
            found.update(_asked(requires))
    if found.get("state", ANY) != ANY:
        found = {**_asked(table.rows.where_states_are_named), **found}
    return found


def _requires(table: Table, said: Iterable[Requires | None]) -> dict[str, Any]:
    """The same by key of a situation; what a later layer calls `any` is not asked."""
    wanted: dict[str, Any] = {}
    for name, value in asked(table, said).items():
        check = table.checks.get(name)
        kind = (check and check.asks) or name
        if value == ANY:
            continue
        if kind == "state":
            wanted[name] = choose(value, table.states)
        else:
            wanted[name] = tasks(value, table) if kind == "task" else value
    return wanted


def _asked(requires: Requires) -> dict[str, Any]:
    asked: dict[str, Any] = {**(requires.model_extra or {}), "exists": requires.exists}
    for name, choice in (("state", requires.state), ("task", requires.task)):
        asked[name] = ANY if choice and choice.of == [ANY] else choice
    return {name: value for name, value in asked.items() if value is not None}


def tasks(choice: Choice, table: Table) -> list[str | None]:
    """The tasks that a choice names, None for no task."""
    return [None if name == NO_TASK else name for name in choose(choice, [NO_TASK, *table.tasks, *table.other_tasks])]


def _outcome(loaded: Loaded, table: Table, parts: list[tuple[Path_, Any]], when: When | None) -> dict[str, Any]:
    """One outcome with all that the row says besides, and the line that it comes from."""
    said: dict[str, Any] = dict.fromkeys(EFFECTS)
    for _, effects in parts:
        said |= {name: value for name in EFFECTS if (value := getattr(effects, name)) is not None}
    at_once = said["at_once"]
    becomes = _ends(said["becomes"])
    return {
        "at": loaded.at(parts[-1][0]),
        "when": _when(table, when),
        "answers": said["answers"] or 200,
        "tasks": [task for task in said["task"] or [] if task != NO_TASK],
        "at_once": _at_once(at_once) if at_once is not None else None,
        "becomes": becomes,
        "fails": _ends(said["fails"]) or (becomes and ["same"]),
        "failed": said["failed"] or {},
        "loses": said["loses"] or [],
        "lock": said["locks"],
        "remembers": said["remembers"],
        "gives_back": said["gives_back"],
        "makes": {kind: made.model_dump() for kind, made in (said["makes"] or {}).items()},
        "records": said["records"].model_dump() if isinstance(said["records"], Records) else None,
    }


def _at_once(at_once: Any) -> dict[str, Any]:
    changed = {"state": at_once.state, "task": at_once.task}
    return {key: None if value == NO_TASK else value for key, value in changed.items() if value is not None}


def _ends(said: list[str | Recall] | None) -> list[Any] | None:
    return None if said is None else [end if isinstance(end, str) else {"recall": end.recall} for end in said]


def _when(table: Table, when: When | None) -> dict[str, list[Any]]:
    """The conditions of an outcome as lists of the values that they allow."""
    if when is None:
        return {}
    conditions: dict[str, list[Any]] = {name: [value] for name, value in (when.model_extra or {}).items()}
    if when.state:
        conditions["state"] = choose(when.state, table.states)
    if when.before:
        conditions["before"] = choose(when.before, table.states)
    if when.task:
        conditions["task_state"] = tasks(when.task, table)
    return conditions


def _lines(loaded: Loaded, table: Table, stack: list[Layer]) -> dict[str, str]:
    """For each check the line that asks for it, or gives it its code: the last layer that speaks of it."""
    lines: dict[str, str] = {}
    whole = {"lock": "lock", "policy": "by", "removed": "removed", "body": "body"}
    for path, clauses in stack:
        for check, field in whole.items():
            if getattr(clauses, field) is not None:
                lines[check] = loaded.at((*path, field))
        for name in _asked(clauses.requires) if clauses.requires else ():
            lines[name] = loaded.at((*path, "requires", name))
    for name in _asked(table.rows.where_states_are_named):
        if name not in lines and "state" in lines:
            lines[name] = loaded.at(("rows", "where_states_are_named", name))
    return lines


def recalls(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each name that something is remembered under, the states that may stand there, the usual one first."""
    found: dict[str, dict[str, None]] = {}
    for action in data["actions"].values():
        for edition in action["editions"]:
            rule = edition["rule"]
            for outcome in rule["outcomes"]:
                if outcome["remembers"]:
                    states = outcome["when"].get("state") or rule["requires"].get("state") or list(data["states"])
                    found.setdefault(outcome["remembers"], {}).update(dict.fromkeys(states))
    usual = data["usual_state"]
    return {name: sorted(states, key=lambda state: (state != usual, state)) for name, states in found.items()}
