"""The shortest request that tells two sides apart: a case for each, with as little told as possible."""

from __future__ import annotations

from lifecycle.engine.microversion import text
from lifecycle.engine.situation import SIGNS, sign
from lifecycle.explore.boxes import WRONG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle.explore.diff import Diff, Group, Side

    Case = dict[str, Any]


def example(found: Diff, group: Group) -> tuple[Case, Case] | None:
    """A case for the left and one for the right; None where no case can ask it: events, bodies that cannot be told."""
    if group.action in found.left.rules.events:
        return None
    states = group.box.get("state") or frozenset(found.domain("state"))
    server = min((_server(found, group, state) for state in found.domain("state") if state in states), key=len)
    body = _body(found, group)
    if body is False:
        return None
    cases = [
        {
            "action": group.action,
            **_asked(side, found, group, number),
            **_optioned(server, side),
            **({"body": body} if body is not None else {}),
        }
        for number, side in enumerate((found.left, found.right))
    ]
    return cases[0], cases[1]


def _server(found: Diff, group: Group, state: str) -> Case:
    """What must be told of a server in this state, options as signs, to be in the group's box."""
    sides, box = (found.left.rules, found.right.rules), group.box
    told: Case = {}
    here = {rules.usual_state for rules in sides}
    task = _choice(box.get("task_state"), {None}, found.domain("task_state"))
    if here != {state} and task is None:
        told["status"] = state
    elif task is not None:
        words = {rules.states[state]["vm_state"] for rules in sides}
        told |= {"vm_state": words.pop()} if len(words) == 1 else {"state": state}
        told["task_state"] = task
    for key, plain in (("locked_by", None), ("before", None), ("exists", True)):
        value = _choice(box.get(key), {plain}, found.domain(key))
        if value != plain:
            told[key] = value
    for key in dict.fromkeys(name for rules in sides for name in (*rules.facts, *rules.options)):
        usual_here = {usual(side.rules, key, state) for side in (found.left, found.right)} - {None}
        value = _choice(box.get(key), usual_here, found.domain(key))
        if key in box and {value} != usual_here:
            told[key] = value
    return told


def usual(rules: Any, key: str, state: str) -> Any:
    """The value that a fact, or the sign that an option, has where it is not told; None where the table has no such thing."""
    if key in rules.options:
        return sign(rules.options[key])
    fact = rules.facts.get(key)
    return fact and rules.states[state]["implies"].get(key, fact["usual"])


def _choice(values: Any, usual: set[Any], domain: tuple[Any, ...]) -> Any:
    """What is usual where the box allows it, else the first that it allows."""
    allowed = [value for value in domain if values is None or value in values]
    return next((value for value in allowed if {value} == usual), allowed[0])


def _optioned(server: Case, side: Side) -> Case:
    """What is told of a server on one side: the options as numbers, among them those that this side fixes."""
    known = side.rules.options
    numbers = {key: SIGNS.index(value) - 1 for key, value in server.items() if key in known} | side.options
    rest = {key: value for key, value in server.items() if key not in known}
    return {**rest, **({"options": numbers} if numbers else {})}


def _asked(side: Side, found: Diff, group: Group, number: int) -> Case:
    """Who asks, for which variant, at which microversion, where that is not the usual."""
    rules, variant = side.rules, group.variants[number]
    asked: Case = {}
    if variant is not None and any(other.rules.variants(group.action)[:1] != (variant,) for other in (found.left, found.right)):
        asked["variant"] = variant
    callers = group.box.get("caller")
    plain = (found.left.rules.usual_caller, found.right.rules.usual_caller)
    if callers:
        pair = plain if plain in callers else min(callers)
        asked |= {} if pair == plain and plain[0] == plain[1] else {"caller": pair[number]}
    elif side.caller or plain[0] != plain[1]:
        asked["caller"] = side.caller or rules.usual_caller
    versions = group.box.get("microversion")
    run = max(versions, key=repr_of)[number] if versions else side.version
    if run and (
        run != rules.newest or found.left.rules.newest != found.right.rules.newest or found.left.version != found.right.version
    ):
        asked["microversion"] = text(run)
    return asked


def repr_of(run: tuple[Any, Any]) -> tuple[Any, ...]:
    """What runs of microversions are ordered by; a side without any comes first."""
    return tuple(version or () for version in run)


def _body(found: Diff, group: Group) -> Any:
    """A body that is wrong as the box wants it; None for none, False where none can be told."""
    keys = {side.rules.actions[group.action]["body"] for side in (found.left, found.right)}
    fields = {side.rules.actions[group.action]["variant_in"] for side in (found.left, found.right)}
    if group.box.get("envelope") == frozenset((WRONG,)):
        return {} if None not in keys else False
    if group.box.get("body") == frozenset((WRONG,)):
        return {keys.pop(): {}} if None not in keys | fields and len(keys) == 1 else False
    return None
