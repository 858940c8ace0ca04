"""What a caller told of a server, checked against the table and completed with what is usual."""

from __future__ import annotations

from lifecycle.errors import CaseError, UnknownKey, UnknownName, UnknownStatus, shown

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lifecycle.engine.rules import Rules

FEW = 4  # tasks that an error names
SIGNS = ("negative", "zero", "positive")
SERVER_KEYS = ("status", "state", "vm_state", "task_state", "locked_by", "locked", "exists", "before", "options")


class UnknownOption(UnknownName):
    """The deployment has no such option."""

    kind = "option"


class Situation:
    """All that a decision may depend on: `values` by key, and the keys that were told or that the state implies.

    The keys: asked, envelope, body, exists, state, task_state, locked_by, before, each fact and each option (as its
    sign: `negative`, `zero` or `positive`). Frozen by convention, and shared.
    """

    __slots__ = ("known", "values")

    def __init__(self, values: Mapping[str, Any], known: frozenset[str]) -> None:
        self.values = values
        self.known = known

    def but(self, **changed: object) -> Situation:
        """The same situation with other values."""
        return Situation({**self.values, **changed}, self.known)


def situate(rules: Rules, told: Mapping[str, Any]) -> Situation:
    """The situation that `told`, a case's keys of the server, describes.

    Raises UnknownKey, UnknownStatus or another LifecycleError for names the table does not have,
    and CaseError where a type is wrong or two keys contradict each other.
    """
    for key in told:
        if key not in SERVER_KEYS and key not in rules.facts:
            raise UnknownKey(key, (*SERVER_KEYS, *rules.facts))
    state, task = _place(rules, told)
    implied = rules.states[state]["implies"]
    known = set(told) - {"options"} | set(implied)
    if not told.keys().isdisjoint(("status", "state", "vm_state")):
        known |= {"state", "exists"}
    values: dict[str, Any] = {"state": state, "task_state": task, "asked": True, "envelope": True, "body": True}
    values["exists"] = _boolean("exists", told.get("exists", True))
    values["locked_by"] = _holder(rules, told)
    values["before"] = _before(rules, told)
    for name, fact in rules.facts.items():
        values[name] = _boolean(name, told.get(name, implied.get(name, fact["usual"])))
    _options(rules, told.get("options", {}), values, known)
    if told.get("locked") is False:
        known.add("locked_by")
    return Situation(values, frozenset(known))


def _place(rules: Rules, told: Mapping[str, Any]) -> tuple[str, str | None]:
    """The state and the task of a server, from any of status, vm_state and task_state."""
    status, vm_state = told.get("status"), told.get("vm_state")
    task = told.get("task_state")
    if task is not None and task not in rules.tasks:
        raise UnknownStatus(task, rules.tasks, "task_state")
    if vm_state is not None and vm_state not in tuple(rules.by_vm_state):
        raise UnknownStatus(vm_state, rules.by_vm_state, "vm_state")
    if told.get("state") is not None:
        vm_state = _vm_state(rules, told)
    if status is None:
        return (rules.usual_state if vm_state is None else rules.by_vm_state[vm_state]), task
    pairs = rules.by_status.get(status) if isinstance(status, str) else None
    if pairs is None:
        raise UnknownStatus(status, rules.by_status)
    for state, shown_task in pairs:
        if vm_state is not None and rules.states[state]["vm_state"] != vm_state:
            continue
        if "task_state" not in told or task == shown_task:
            return state, shown_task
    disagreeing = [f"{key} {told[key]}" for key in ("vm_state", "task_state") if key in told]
    raise CaseError(f"status {status} does not go with {' and '.join(disagreeing)}: {_what_shows(rules, pairs)}")


def _vm_state(rules: Rules, told: Mapping[str, Any]) -> str:
    """The vm_state of a state told by its own name, the idle status."""
    state, vm_state = told["state"], told.get("vm_state")
    if not isinstance(state, str) or state not in rules.states:
        raise UnknownStatus(state, rules.states, "state")
    found: str = rules.states[state]["vm_state"]
    if vm_state is not None and vm_state != found:
        raise CaseError(f"state {state} does not go with vm_state {vm_state}: its vm_state is {found}")
    return found


def _what_shows(rules: Rules, pairs: list[tuple[str, str | None]]) -> str:
    vm_states = dict.fromkeys(rules.states[state]["vm_state"] for state, _ in pairs)
    tasks = dict.fromkeys(str(task).replace("None", "null") for _, task in pairs)
    few = list(tasks)[:FEW] + ["…"] * (len(tasks) > FEW)
    return f"it is shown for vm_state {' or '.join(vm_states)} with task_state {', '.join(few)}"


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise CaseError(f"{key} must be true or false, not {shown(value)}")
    return value


def _holder(rules: Rules, told: Mapping[str, Any]) -> str | None:
    """Who locked the server; where only `locked` is told, the one whose lock is the easiest to undo."""
    locked = told.get("locked")
    if locked is not None:
        _boolean("locked", locked)
    if "locked_by" in told:
        holder: Any = told["locked_by"]
        if holder is not None and (not isinstance(holder, str) or holder not in rules.holders):
            raise CaseError(f"locked_by must be null or {' or '.join(rules.holders)}, not {shown(holder)}")
        if locked is not None and locked != (holder is not None):
            raise CaseError(f"locked is {str(locked).lower()}, but locked_by is {holder or 'null'}")
        found: str | None = holder
        return found
    return next(iter(rules.holders)) if locked else None


def _before(rules: Rules, told: Mapping[str, Any]) -> str | None:
    before: Any = told.get("before")
    if before is not None and (not isinstance(before, str) or before not in rules.states):
        raise UnknownStatus(before, rules.states, "state")
    found: str | None = before
    return found


def _options(rules: Rules, told: object, values: dict[str, Any], known: set[str]) -> None:
    if not isinstance(told, dict):
        raise CaseError(f"options must be an object, not {shown(told)}")
    for name, value in told.items():
        if name not in rules.options:
            raise UnknownOption(name, rules.options)
        if isinstance(value, bool) or not isinstance(value, int):
            raise CaseError(f"options.{name} must be an integer, not {shown(value)}")
    for name, usual in rules.options.items():
        values[name] = sign(told.get(name, usual))
    known |= set(told)


def sign(number: int) -> str:
    """What the table's conditions look at in an option: `negative`, `zero` or `positive`."""
    return SIGNS[(number > 0) - (number < 0) + 1]
