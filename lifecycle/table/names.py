"""The names that a table says, each with those that it could be: what the lint of names looks at."""

from collections.abc import Iterable, Iterator
from typing import Any

from lifecycle.bodies.formats import FORMATS
from lifecycle.bodies.schema import ANY as ANY_TYPE
from lifecycle.bodies.schema import BASIC
from lifecycle.engine.checks import CALLER, JUDGES
from lifecycle.table import statements
from lifecycle.table.body import Body
from lifecycle.table.compile import ANY, SAME
from lifecycle.table.kept import Records
from lifecycle.table.model import Recall, Requires, Row, Table, Variant, When
from lifecycle.table.source import Path_
from lifecycle.table.words import NO_TASK, Choice


def parts(table: Table) -> Iterator[tuple[Path_, Any]]:
    """Every row, variant, change, difference, outcome and event, each with its path."""
    yield ("rows", "all"), table.rows.all
    yield ("rows", "reads"), table.rows.reads
    for path, row in requests(table):
        yield from _parts(path, row)
        for variant, holder in (row.variants or {}).items():
            yield from _parts((*path, "variants", variant), holder)
    for name, event in table.events.items():
        yield ("events", name), event


def requests(table: Table) -> Iterator[tuple[Path_, Row]]:
    """Every action and read, with its path."""
    for name, row in table.actions.items():
        yield ("actions", name), row
    for name, row in table.reads.items():
        yield ("reads", name), row


def _parts(path: Path_, holder: Variant) -> Iterator[tuple[Path_, Any]]:
    overlays: list[tuple[Path_, Any]] = [(path, holder)]
    overlays += [((*path, "changes", number), change) for number, change in enumerate(holder.changes or ())]
    overlays += [
        ((*path, "differs", key, "nova"), difference.nova)
        for key, difference in (holder.differs or {}).items()
        if difference.nova
    ]
    for where, overlay in overlays:
        yield where, overlay
        for number, outcome in enumerate(overlay.outcomes or ()):
            yield (*where, "outcomes", number), outcome


Node = tuple[Path_, Body]


def bodies(table: Table) -> Iterator[Node]:
    """Every type, request, answer and header, each with its path."""
    for name, body in table.types.items():
        yield ("types", name), body
    for path, part in parts(table):
        for field in ("body", "response"):
            said = getattr(part, field, None)
            if said is not None:
                yield (*path, field), said
        for name, fields in (getattr(part, "headers", None) or {}).items():
            for number, header in enumerate(fields):
                yield (*path, "headers", name, number), header


def nodes(path: Path_, body: Body) -> Iterator[Node]:
    """A body and all that is said within it, each with its path."""
    yield path, body
    for name, fields in (body.properties or {}).items():
        for number, field in enumerate(fields):
            yield from nodes((*path, "properties", name, number), field)
    for pattern, inner in (body.pattern_properties or {}).items():
        yield from nodes((*path, "patternProperties", pattern), inner)
    if body.items is not None:
        yield from nodes((*path, "items"), body.items)


Named = tuple[Path_, str, str, Iterable[str]]


def names(table: Table) -> Iterator[Named]:
    """Every name that the table says: where, what kind of name, the name, and those that there are."""
    states, tasks, checks = {*table.states}, {*table.tasks, *table.other_tasks}, {*table.checks}
    yield ("usual", "state"), "state", table.usual.state, states
    yield ("usual", "caller"), "caller", table.usual.caller, table.callers
    for name, state in table.states.items():
        yield from ((("states", name, "implies", fact), "fact", fact, table.facts) for fact in state.implies or ())
    for name, shown in table.statuses.items():
        yield from _each(("statuses", name, "state"), "state", shown.state, states)
        yield from _each(("statuses", name, "task"), "task", shown.task, tasks)
    for name, caller in table.callers.items():
        path: Path_ = ("callers", name)
        yield from _one((*path, "like"), "caller", caller.like, table.callers)
        yield from _one((*path, "holds"), "lock holder", caller.holds, table.lock_holders)
        yield from _one((*path, "fails"), "check", caller.fails, checks)
    for name, check in table.checks.items():
        yield from _one(("checks", name, "asks"), "check or fact", check.asks, {*JUDGES, *table.facts})
        if check.asks is None:
            yield ("checks", name), "check or fact", name, {*JUDGES, *table.facts}
    yield from _document_names(table)
    yield from _policy_names(table)
    yield from _requires_names(table, ("rows", "where_states_are_named"), table.rows.where_states_are_named)
    memories = {effects.remembers for _, effects in parts(table) if effects.remembers}
    for path, part in parts(table):
        yield from _part_names(table, path, part, memories)
    yield from statements.names(table)
    known = {*BASIC, ANY_TYPE, *table.types}
    for path, body in bodies(table):
        for where, node in nodes(path, body):
            yield from _each((*where, "type"), "type", node.type or (), known)
            yield from _one((*where, "format"), "format", node.format, FORMATS)
            yield from _one((*where, "by"), "caller", getattr(node, "by", None), table.callers)
            yield from _each((*where, "statuses"), "status", getattr(node, "statuses", None) or (), {*states, *table.statuses})


def _document_names(table: Table) -> Iterator[Named]:
    document = table.document
    if document is None:
        return
    for name in document.keys:
        yield ("document", "keys", name), "key of a case", name, {*table.facts, *DOCUMENT_KEYS}
    yield from _one(("document", "named"), "fact", document.named, table.facts)


def _policy_names(table: Table) -> Iterator[Named]:
    policies, path = table.policies, "policies"
    if policies is None:
        return
    for word in ("tokens", "by"):
        yield from (((path, word, name), "caller", name, table.callers) for name in getattr(policies, word))
    yield (path, "any_role"), "token", policies.any_role, policies.tokens
    for name, keys in policies.targets.items():
        yield from _each((path, "targets", name), "word of the thing", keys, policies.thing)
    yield (path, "admin", "finds_by"), "word of the thing", policies.admin.finds_by, policies.thing
    yield (path, "admin", "rule"), "policy rule", policies.admin.rule, policies.rules
    yield (path, "admin", "others_fail"), "check", policies.admin.others_fail, table.checks


DOCUMENT_KEYS = ("status", "vm_state", "task_state", "locked", "locked_by", "before")


def _part_names(table: Table, path: Path_, part: Any, memories: set[str]) -> Iterator[Named]:
    states, tasks = {*table.states}, {*table.tasks, *table.other_tasks, NO_TASK}
    yield from _requires_names(table, (*path, "requires"), getattr(part, "requires", None))
    yield from _when_names(table, (*path, "when"), getattr(part, "when", None))
    yield from _one((*path, "by"), "caller", getattr(part, "by", None), table.callers)
    targets = (*(table.policies.targets if table.policies else ()), CALLER)
    yield from _one((*path, "target"), "target", getattr(part, "target", None), targets)
    rules = table.policies.rules if table.policies else ()
    yield from _one((*path, "override"), "policy rule", getattr(part, "override", None), rules)
    for field in ("codes", "messages", "fails_instead"):
        for name in getattr(part, field, None) or ():
            yield (*path, field, name), "check", name, table.checks
    yield from _each((*path, "task"), "task", part.task or (), tasks)
    yield from _one((*path, "gives_back"), "memory", getattr(part, "gives_back", None), memories)
    yield from _kept_names(table, path, part, tasks)
    if part.at_once:
        yield from _one((*path, "at_once", "state"), "state", part.at_once.state, states)
        yield from _one((*path, "at_once", "task"), "task", part.at_once.task, tasks)
    for field in ("becomes", "fails"):
        for number, end in enumerate(getattr(part, field) or ()):
            if isinstance(end, Recall):
                yield (*path, field, number, "recall"), "memory", end.recall, memories
            else:
                yield (*path, field, number), "state", end, {*states, SAME}


def _kept_names(table: Table, path: Path_, part: Any, tasks: Iterable[str]) -> Iterator[Named]:
    """The names in what is kept of a request."""
    if isinstance(part.records, Records):
        for name, task in part.records.events.items():
            yield from _one((*path, "records", "events", name), "task", task, tasks)
    for fact in part.failed or ():
        yield (*path, "failed", fact), "fact", fact, table.facts
    for field, keep in (getattr(part, "keeps", None) or {}).items():
        yield from _one((*path, "keeps", field, "as"), "type", keep.type, table.types)


def _requires_names(table: Table, path: Path_, requires: Requires | None) -> Iterator[Named]:
    if requires is None:
        return
    yield from _choice(table, path, "state", requires.state)
    yield from _choice(table, path, "task", requires.task)
    known = {*table.facts, *(name for name, check in table.checks.items() if check.asks)}
    for name, value in (requires.model_extra or {}).items():
        yield (*path, name), "fact or check", name, known
        if isinstance(value, Choice) and name in table.checks:
            yield from _choice(table, path, name, value, str(table.checks[name].asks))


def _choice(table: Table, path: Path_, name: str, choice: Choice | None, kind: str | None = None) -> Iterator[Named]:
    kind = kind or name
    known = {*table.states} if kind == "state" else {*table.tasks, *table.other_tasks, NO_TASK}
    if choice is not None and choice.of != [ANY]:
        where = (*path, name) if choice.of else (*path, name, "not")
        yield from _each(where, kind, choice.of or choice.but or (), known)


def _when_names(table: Table, path: Path_, when: When | None) -> Iterator[Named]:
    if when is not None:
        yield from _choice(table, path, "state", when.state)
        yield from _choice(table, path, "task", when.task)
        yield from _choice(table, path, "before", when.before, "state")
        for name, value in (when.model_extra or {}).items():
            known = table.facts if isinstance(value, bool) else table.options
            yield (*path, name), "fact" if isinstance(value, bool) else "option", name, known


def _one(path: Path_, kind: str, name: str | None, names: Iterable[str]) -> Iterator[Named]:
    if name is not None:
        yield path, kind, name, names


def _each(path: Path_, kind: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Named]:
    for number, name in enumerate(names):
        yield (*path, number), kind, name, known
