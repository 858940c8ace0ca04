"""The ways between situations: the requests that a caller may make, each with where its work settles."""

from __future__ import annotations

from lifecycle.engine.step import begun, settled, works

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.engine.situation import Situation

    Rule = Callable[[str, str | None, str], Ruling]
    """The rule of an action and variant as a caller of this name meets it."""


class Way:
    """One request, or a wait (no decision), and the situation that it leads to when its work has settled."""

    __slots__ = ("caller", "decision", "end", "shown", "status")

    def __init__(self, rules: Rules, caller: str, decision: Decision | None, shown: Situation, end: Situation) -> None:
        self.caller = caller
        self.decision = decision
        self.shown = shown
        self.end = end
        self.status = rules.status(end.values["state"], end.values["task_state"])


class Map:
    """All ways between the situations of one server; what was explored once is kept."""

    def __init__(self, rules: Rules, rule: Rule) -> None:
        self.rules = rules
        self._rule = rule
        self._rulings: dict[tuple[str, str | None, str], Ruling] = {}
        self._requests: dict[str, list[tuple[str, str | None]]] = {}
        self._ones: dict[tuple[object, ...], Situation] = {}
        self.advice: dict[tuple[Ruling, Situation], list[dict[str, Any]]] = {}
        self.plans: dict[tuple[Situation, str, str, frozenset[str]], tuple[Way, ...] | str] = {}
        self._ways: dict[tuple[Situation, str], tuple[Way, ...]] = {}

    def rule(self, action: str, variant: str | None, caller: str) -> Ruling:
        """The rule of an action and variant as a caller of this name meets it."""
        key = (action, variant, caller)
        ruling = self._rulings.get(key)
        if ruling is None:
            ruling = self._rulings[key] = self._rule(action, variant, caller)
        return ruling

    def requests(self, state: str) -> list[tuple[str, str | None]]:
        """The actions and variants on a server that exists that some edition of the table allows in a state."""
        found = self._requests.get(state)
        if found is None:
            found = self._requests[state] = [
                (action, variant)
                for action, row in self.rules.actions.items()
                if any(self._open(edition["rule"], state) for edition in row["editions"])
                for variant in row["variants"] or (None,)
            ]
        return found

    def _open(self, rule: Data, state: str) -> bool:
        return not self.rules.makes(rule) and state in rule["requires"].get("state", (state,))

    def one(self, situation: Situation) -> Situation:
        """The one object for all situations with these values."""
        values = situation.values
        if len(self._ones) >= REMEMBERED:
            self._ones.clear()
            self._ways.clear()
            self.advice.clear()
            self.plans.clear()
        return self._ones.setdefault(tuple(values[key] for key in sorted(values)), situation)

    def ways(self, situation: Situation, caller: str) -> tuple[Way, ...]:
        """The ways out of a situation for a caller, those that lose nothing first."""
        key = (situation, caller)
        found = self._ways.get(key)
        if found is None:
            found = self._ways[key] = tuple(self._explore(situation, caller))
        return found

    def _explore(self, situation: Situation, caller: str) -> Iterator[Way]:
        waited = self._waited(situation)
        if waited is not None:
            yield Way(self.rules, caller, None, situation, waited)
        for action, variant in self.requests(situation.values["state"]):
            decision = self.rule(action, variant, caller).decide(situation)
            if decision.outcome is None:
                continue
            after, work = begun(self.rules, decision)
            if work is None:
                end = after
            elif work.outcome.becomes is not None and len(work.outcome.becomes) == 1:
                end = settled(self.rules, after, work, work.outcome.becomes[0])
            else:
                continue  # where it ends cannot be known
            end = self.one(end)
            if end is not situation:
                yield Way(self.rules, caller, decision, self.one(after), end)

    def _waited(self, situation: Situation) -> Situation | None:
        """Where a server with a task under way settles, if that can be known."""
        ends = {
            self.one(settled(self.rules, situation, work, end))
            for work in works(self.rules, situation)
            for end in work.outcome.becomes or ()
        }
        return ends.pop() if len(ends) == 1 else None


REMEMBERED = 50_000  # situations that a map keeps


def shortest(
    found: Map, start: Situation, callers: Collection[str], goal: Callable[[Situation], bool], losses: Collection[str], most: int
) -> list[Way] | None:
    """The fewest requests of these callers from a start to a goal, losing nothing but `losses`; None where there are none.

    A request counts one and a wait nothing; of several the table's first is taken. `most` bounds the requests.
    """
    start = found.one(start)
    if goal(start):
        return []
    before: dict[Situation, tuple[Situation, Way] | None] = {start: None}
    edge = [start]
    for _ in range(most):
        edge, reached = _further(found, edge, callers, goal, losses, before)
        if reached is not None:
            return _trace(before, *reached)
    return None


def _further(
    found: Map,
    edge: list[Situation],
    callers: Collection[str],
    goal: Callable[[Situation], bool],
    losses: Collection[str],
    before: dict[Situation, tuple[Situation, Way] | None],
) -> tuple[list[Situation], tuple[Situation, Way] | None]:
    """All that one more request leads to, and the way that reaches the goal, if one does."""
    queue = list(edge)
    further: list[Situation] = []
    for situation in queue:
        for caller in callers:
            for way in found.ways(situation, caller):
                if way.decision is not None and not set(way.decision.loses) <= set(losses):
                    continue
                if goal(way.shown) or goal(way.end):
                    return further, (situation, way)
                if way.end not in before:
                    before[way.end] = (situation, way)
                    (queue if way.decision is None else further).append(way.end)
    return further, None


def _trace(before: dict[Situation, tuple[Situation, Way] | None], situation: Situation, last: Way) -> list[Way]:
    ways, step = [last], before[situation]
    while step is not None:
        situation, way = step
        ways.append(way)
        step = before[situation]
    return ways[::-1]
