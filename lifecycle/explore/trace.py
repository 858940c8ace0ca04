"""The shortest way to where a property is broken, in the most usual deployment where it is; a lasso where it never ends."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from lifecycle.explore.moves import ADVANCE, REQUEST, SETTLE
from lifecycle.explore.refusals import Refusal
from lifecycle.explore.verify import callers_that_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from typing import Any

    from lifecycle.explore.graph import Node, Step
    from lifecycle.explore.verify import Verdict

    Ways = Callable[[Any], Iterable[tuple[Any, Step]]]
    """What leads on from where a search is, and by which step."""

STEP, ODD = 1_000, 1  # what a step counts, and what it counts besides where it is not the plainest


class Trace:
    """A run that breaks a property: the steps from `start`, in one `deployment`.

    A lasso goes on for ever from `loop`, the number of a step; where that is the number of all steps it rests there, with
    nothing under way. `refusal` is a request that is refused at the end.
    """

    __slots__ = ("deployment", "loop", "refusal", "start", "steps", "verdict")

    def __init__(self, verdict: Verdict, deployment: int, start: Node, steps: list[Step]) -> None:
        self.verdict = verdict
        self.deployment = deployment
        self.start = start
        self.steps = steps
        self.loop: int | None = None
        self.refusal: Refusal | None = None

    @property
    def end(self) -> Node:
        """Where it ends."""
        return self.steps[-1].target if self.steps else self.start

    def caller(self, step: Step | Refusal) -> str | None:
        """The caller of those who may that a step is told of: the usual one, else who may the least; None for nobody.

        The step that must never be is one of those of whom the property speaks.
        """
        wrong = self.verdict.kind == "never" and bool(self.steps) and step is self.steps[-1]
        names = self.verdict.graph.callers((step.callers & self.verdict.by if wrong else 0) or step.callers)
        usual = self.verdict.graph.rules.usual_caller
        return usual if usual in names else names[-1] if names else None


def trace(verdict: Verdict) -> Trace | None:
    """The shortest run that breaks a property; None where it holds, and where only something is missing.

    Work that goes on from task to task counts nothing. Of equally short runs it is the plainest: work settles rather than
    fails, and who asks is the usual caller.
    """
    if not verdict.broken:
        return None
    some = 0
    for bits in verdict.broken.values():
        some |= bits
    one = verdict.graph.deployments.first(some)
    return _lasso(verdict, one) if verdict.kind == "leads_to" else _straight(verdict, one)


def _straight(verdict: Verdict, one: int) -> Trace:
    """To the nearest situation where it is broken, and for `never` the step that is."""
    found = verdict.graph
    usual = 1 << list(found.rules.callers).index(found.rules.usual_caller)
    search = _Search(found.starts, lambda node: ((step.target, step) for step in node.steps if step.move.guard & one), usual)
    node = next(node for node in search if verdict.broken.get(node, 0) & one)
    start, steps = search.way(node)
    made = Trace(verdict, one, start, steps)
    ends = [last for last, bits in verdict.ends.get(node, ()) if bits & one]
    last = min(ends, key=lambda last: not last.callers & usual, default=None)
    if isinstance(last, Refusal):
        made.refusal = last
    elif last is not None:
        made.steps.append(last)
    return made


class _Search:
    """All that is come to from some starts, the nearest first."""

    def __init__(self, starts: Iterable[Hashable], ways: Ways, usual: int) -> None:
        self.cost: dict[Any, int] = {}
        self._came: dict[Any, tuple[Any, Step | None]] = {}
        self._ways = ways
        self._usual = usual
        self._order = count()
        self._heap: list[tuple[int, int, Any, Any, Step | None]] = [(0, next(self._order), start, None, None) for start in starts]

    def __iter__(self) -> _Search:
        return self

    def __next__(self) -> Any:
        while self._heap:
            cost, _, place, before, step = heappop(self._heap)
            if place in self.cost:
                continue
            self.cost[place] = cost
            self._came[place] = before, step
            for target, further in self._ways(place):
                if target not in self.cost:
                    heappush(self._heap, (cost + self.price(further), next(self._order), target, place, further))
            return place
        raise StopIteration

    def price(self, step: Step) -> int:
        """What a step counts."""
        if step.kind == ADVANCE:
            return 0
        plain = step.kind == SETTLE or step.callers & self._usual
        return STEP + ODD * (not plain) + ODD * (step.outcome is not None and step.source.work is not None)

    def way(self, place: Any) -> tuple[Any, list[Step]]:
        """The start of the shortest way to a place, and its steps."""
        steps: list[Step] = []
        while (came := self._came[place])[0] is not None:
            place, step = came
            if step is not None:
                steps.append(step)
        return place, steps[::-1]


def _lasso(verdict: Verdict, one: int) -> Trace:
    """To where a property is owed, and on to where it is never paid: a rest, or a circle in which ever new work begins."""
    run = _Owing(verdict, one)
    found = verdict.graph
    usual = 1 << list(found.rules.callers).index(found.rules.usual_caller)
    search = _Search([(node, run.owes(node)) for node in found.starts], run.ways, usual)
    best: tuple[int, Any, list[Step]] | None = None
    for place in search:
        cost = search.cost[place]
        if best is not None and cost >= best[0]:
            break
        for circle in run.rests(place, usual):
            whole = cost + sum(map(search.price, circle))
            if best is None or whole < best[0]:
                best = whole, place, circle
    if best is None:
        raise AssertionError("what can stay for ever has a rest or a circle")
    start, steps = search.way(best[1])
    made = Trace(verdict, one, start[0], [*steps, *best[2]])
    made.loop = len(steps)
    return made


class _Owing:
    """Runs on which something is owed: a search's places are a node, and whether it is, from where the property speaks of it."""

    def __init__(self, verdict: Verdict, one: int) -> None:
        self._verdict = verdict
        self._one = one
        self._by = callers_that_count(verdict)

    def owes(self, node: Node) -> bool:
        """Whether it is owed from here on, and may never be paid."""
        return bool(self._verdict.broken.get(node, 0) & self._one)

    def ways(self, place: tuple[Node, bool]) -> Iterable[tuple[tuple[Node, bool], Step]]:
        """What leads on from a place."""
        node, owed = place
        if owed:
            yield from (((target, True), step) for target, step in self.unpaid(node))
        else:
            yield from (((step.target, self.owes(step.target)), step) for step in node.steps if step.move.guard & self._one)

    def unpaid(self, node: Node) -> Iterable[tuple[Node, Step]]:
        """The steps of those whose requests count that lead to where it may still never be paid."""
        for step in node.steps:
            stays = step.move.guard & self._one & self._verdict.stays.get(step.target, 0)
            if stays and (step.kind != REQUEST or step.callers & self._by):
                yield step.target, step

    def rests(self, place: tuple[Node, bool], usual: int) -> Iterable[list[Step]]:
        """How it can go on for ever from a place: by no step at all, where nothing is under way, or round in a circle."""
        node, owed = place
        if owed and node.work is None:
            yield []
        for _, step in self.unpaid(node) if owed else ():
            if step.outcome and step.move.begins:
                search = _Search([step.target], self.unpaid, usual)
                if any(other is node for other in search):
                    yield [step, *search.way(node)[1]]
