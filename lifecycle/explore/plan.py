"""Advice: the fewest requests to a status, and what would have to change for an action to be allowed."""

from __future__ import annotations

from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import bounds
from lifecycle.errors import LifecycleError, UnknownStatus, listed
from lifecycle.explore.ways import Map, Way, shortest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation

MOST = 8  # requests: no way of the table is longer
WHY_NOT = {
    "lossless": "no requests of {caller} bring a {thing} from {start} to {target} without a loss",
    "losing": "no requests of {caller} bring a {thing} from {start} to {target} without losing more than {losses}",
    "with_loss": "; {names} would, and lose {losses}",
    "other": "; {other} could: {names}",
    "nobody": ", and of nobody else",
}
"""Why there is no plan: how the sentence begins, and how it ends."""
STEPS = {
    "wait": "wait until it is {status}",
    "at_once": "{name}: it is {status}",
    "then": "{name}, then wait until it is {status}",
}
"""A step of a plan: a wait, a request whose answer is the end of it, and one whose work has to settle."""
NEAR = 3  # requests that one would make for the sake of another


class NoPlan(LifecycleError):
    """No requests of this caller bring the server there; the sentence says what stands in the way and who could help."""


class Plan:
    """The requests that bring a server to a status, in order; a wait is a way with no decision.

    `draw` gives its SVG, where it can be drawn; whoever can draw gives it.
    """

    __slots__ = ("draw", "target", "ways")

    def __init__(self, target: str, ways: Sequence[Way]) -> None:
        self.target = target
        self.ways = ways
        self.draw: Callable[[Plan], str | None] = lambda _: None

    def steps(self) -> Iterator[str]:
        """Each step in words."""
        for way in self.ways:
            what = "wait" if way.decision is None else "at_once" if way.shown is way.end else "then"
            yield STEPS[what].format(name=way.decision and called(way.decision), status=way.status)

    @property
    def requests(self) -> list[Decision]:
        """The decisions on the requests, in order."""
        return [way.decision for way in self.ways if way.decision is not None]

    @property
    def loses(self) -> list[str]:
        """What is lost on the way."""
        return list(dict.fromkeys(loss for decision in self.requests for loss in decision.loses))

    def _repr_svg_(self) -> str | None:
        """How a notebook shows it, where something is installed that draws."""
        return self.draw(self)

    def __repr__(self) -> str:
        names = [f"{way.decision.action}" if way.decision else "wait" for way in self.ways]
        return f"<Plan to {self.target}: {', '.join(names) or 'nothing to do'}>"


def plan(found: Map, start: Situation, target: str, caller: str, losses: Collection[str] = ()) -> Plan:
    """The fewest requests of this caller to a status, losing nothing but `losses`.

    Raises UnknownStatus, and NoPlan where there is none.
    """
    rules = found.rules
    if target not in rules.by_status:
        raise UnknownStatus(target, rules.by_status)
    start = found.one(start)
    key = (start, target, caller, frozenset(losses))
    known = found.plans.get(key)
    if known is None:
        ways = shortest(found, start, (caller,), _shows(rules, target), losses, MOST)
        known = found.plans[key] = _why_not(found, start, target, caller, losses) if ways is None else tuple(ways)
    if isinstance(known, str):
        raise NoPlan(known)
    return Plan(target, known)


def _shows(rules: Rules, target: str) -> Callable[[Situation], bool]:
    """Whether a situation is the target: idle where it is a state, else showing the status."""

    def goal(situation: Situation) -> bool:
        state, task = situation.values["state"], situation.values["task_state"]
        if target in rules.states:
            return bool(state == target and task is None)
        return rules.status(state, task) == target

    return goal


def _why_not(found: Map, start: Situation, target: str, caller: str, losses: Collection[str]) -> str:
    rules, goal = found.rules, _shows(found.rules, target)
    here = rules.status(start.values["state"], start.values["task_state"])
    form = WHY_NOT["losing" if losses else "lossless"]
    sentence = form.format(caller=_a(caller), thing=rules.thing, start=here, target=target, losses=listed(sorted(losses)))
    everything = all_losses(rules)
    with_loss = shortest(found, start, (caller,), goal, everything, MOST)
    if with_loss is not None:
        return sentence + WHY_NOT["with_loss"].format(names=_names(with_loss), losses=listed(Plan(target, with_loss).loses))
    for other in rules.callers:
        if other != caller and (ways := shortest(found, start, (other,), goal, losses, MOST)) is not None:
            return sentence + WHY_NOT["other"].format(other=_a(other), names=_names(ways))
    return sentence + WHY_NOT["nobody"]


def all_losses(rules: Rules) -> set[str]:
    """All that any action of the table can lose."""
    editions = (edition for action in rules.actions.values() for edition in action["editions"])
    return {loss for edition in editions for outcome in edition["rule"]["outcomes"] for loss in outcome["loses"]}


def _names(ways: list[Way]) -> str:
    return ", ".join(called(way.decision) for way in ways if way.decision is not None)


def called(decision: Decision) -> str:
    """The action that a decision is about, with its variant."""
    return f"{decision.action} {decision.variant}" if decision.variant else decision.action


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def to_allow(found: Map, decision: Decision) -> list[dict[str, Any]]:
    """What would make a refused action allowed, fewest changes first, each with who can bring it about.

    In the keys of a case: `state`, `task_state`, `locked_by`, `caller`, `microversion`. Never through a loss.
    """
    key = (decision.ruling, found.one(decision.situation))
    advice = found.advice.get(key)
    if advice is None:
        advice = found.advice[key] = _other_version(decision) if decision.rule == "microversion" else _changes(found, decision)
    return [dict(one) for one in advice]


def _changes(found: Map, decision: Decision) -> list[dict[str, Any]]:
    advice: list[dict[str, Any]] = []
    helped: set[tuple[str, ...]] = set()
    request = decision.ruling.request
    for caller in _askers(found.rules, request.caller.name):
        refusals = found.rule(request.action, request.variant, caller).decide(decision.situation).refusals
        refused = tuple(refusal.rule for refusal in refusals)
        if refused in helped:
            continue  # whom the same stands in the way of, the same would help
        one = _advice(found, decision, caller)
        if one and not any(_within(other, one) for other in advice):
            advice.append(one)
            helped.add(refused)
    return sorted(advice, key=len)


def _other_version(decision: Decision) -> list[dict[str, Any]]:
    """The nearest microversion that has the action, where it would be allowed."""
    request = decision.ruling.request
    rules, here = request.rules, request.version
    ends = [bounds(edition) for edition in rules.editions(request.action, request.variant, request.reading)]
    later = [since for since, _ in ends if since and here and since > here]
    earlier = [until for _, until in ends if until and here and until < here]
    for version in [*sorted(later)[:1], *sorted(earlier)[-1:]]:
        there = Request(rules, request.action, request.variant, request.caller, version, request.reading)
        if Ruling(there).decide(decision.situation).allowed:
            return [{"microversion": text(version), "by": request.caller.name}]
    return []


def _within(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether one advice asks for nothing that the other does not ask for as well."""
    return all(key == "by" or (key in other and other[key] == value) for key, value in one.items())


def _askers(rules: Rules, caller: str) -> list[str]:
    """The caller, and those who may more, from the least to the most; with a policy file each may what others may not."""
    rank = rules.callers[caller].rank
    above = [
        name
        for name, other in rules.callers.items()
        if other.fails is None and (other.rank < rank if rules.policy is None else name != caller)
    ]
    return [caller, *reversed(above)]


def _advice(found: Map, decision: Decision, caller: str) -> dict[str, Any] | None:
    """What must change if this caller asks: brought about by the caller itself, or by who may more."""
    request, start = decision.ruling.request, found.one(decision.situation)
    ruling = found.rule(request.action, request.variant, caller)
    asked = {"caller": caller} if caller != request.caller.name else {}
    for helper in _askers(found.rules, caller):
        if found.rules.callers[helper].fails is not None:
            continue
        ways = shortest(found, start, (helper,), lambda situation: ruling.decide(situation).allowed, (), NEAR)
        if ways is not None:
            end = ways[-1].end if ways else start
            reached = ways[-1].shown if ways and ruling.decide(ways[-1].shown).allowed else end
            return {**asked, **_changed(start, reached), "by": helper}
    return None


def _changed(start: Situation, end: Situation) -> dict[str, Any]:
    keys = ("locked_by", "state", "task_state")
    return {key: end.values[key] for key in keys if start.values[key] != end.values[key]}
