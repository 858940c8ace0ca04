"""The graph of a table: all situations that a thing can come to, and the steps between them.

A `Node` is a situation and the work that is under way in it; a `Step` is a request of some callers, an event, work that
goes on or ends, or a fact that turns. All deployments are explored at once: a step knows in which of them it can be taken.

    found = graph(compute.rules, usual=True)
    for node in found.nodes:
        for step in node.steps:
            print(node.status, step.kind, step.name, step.callers, step.target.status)
"""

from __future__ import annotations

import gc
from collections import deque

from lifecycle.explore.deployments import deployments
from lifecycle.explore.moves import EVENT, REQUEST, Moves, locking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.outcome import Outcome
    from lifecycle.engine.rules import Rules
    from lifecycle.explore.deployments import Deployments
    from lifecycle.explore.moves import Move, Place, UnderWay

    Way = tuple[Move, int, str | None, UnderWay | None]
    """What can happen at a node: a move, the callers who may, and the lock and the work that there are after it."""


class Node:
    """A situation that can be come to, in the `deployments` of these bits; `number` counts nodes from 0, as they were found.

    `work` is what is under way, `steps` lead on from here; `loops` are requests and events that change nothing.
    """

    __slots__ = ("deployments", "fresh", "locked_by", "number", "place", "steps", "waiting", "work")

    def __init__(self, place: Place, locked_by: str | None, work: UnderWay | None, number: int) -> None:
        self.place = place
        self.locked_by = locked_by
        self.work = work
        self.number = number
        self.deployments = 0
        self.fresh = 0
        self.steps: list[Step] = []
        self.waiting: list[Way] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The situation in the keys of a case: `state`, `task_state`, `locked_by`, `before`, `exists`, and each fact."""
        return {
            key: value
            for key, value in {**self.place.situation.values, "locked_by": self.locked_by}.items()
            if key not in NO_CASE
        }

    @property
    def loops(self) -> Iterator[Step]:
        """The requests that are accepted here, and the events that happen, and that change nothing."""
        return (Step(self, self, move, callers) for move, callers in self.asked_still())

    def asked_still(self) -> Iterator[tuple[Move, int]]:
        """The same, as moves with the callers who may."""
        lock, there = self.locked_by, self.deployments
        for move in self.place.still:
            callers = move.callers.get(lock, 0)
            if move.guard & there and (callers or move.kind == EVENT):
                yield move, callers

    @property
    def status(self) -> str:
        """The status that is shown."""
        return self.place.status

    def __repr__(self) -> str:
        return f"<Node {self.number}: {self.status}{f', {self.work.name} under way' if self.work else ''}>"


NO_CASE = ("asked", "envelope", "body")


class Step:
    """One way from a node to another. `callers` are the bits of those who may ask, in the order of `rules.callers`.

    Where they are 0 nobody asks.
    """

    __slots__ = ("callers", "move", "source", "target")

    def __init__(self, source: Node, target: Node, move: Move, callers: int) -> None:
        self.source = source
        self.target = target
        self.move = move
        self.callers = callers

    @property
    def kind(self) -> str:
        """`request`, `event`, `advance`, `settle` or `fail` (of the work that `name` began), or `turn` (of the fact `name`)."""
        return self.move.kind

    @property
    def name(self) -> str:
        """The action (`reboot:HARD` for a variant), event or fact."""
        return self.move.name

    @property
    def outcome(self) -> Outcome | None:
        """What follows a request or an event."""
        return self.move.outcome

    @property
    def deployments(self) -> int:
        """The deployments in which it can be taken."""
        return self.move.guard & self.source.deployments

    def __repr__(self) -> str:
        return f"<Step {self.source.number} {self.kind} {self.name} {self.target.number}>"


class Graph:
    """All that can be come to: `nodes`, those in `starts` first, with the `steps` between them."""

    def __init__(self, rules: Rules, moves: Moves) -> None:
        self.rules = rules
        self.moves = moves
        self.reading = moves.reading
        self.deployments: Deployments = moves.deployments
        creating = {asking.name for asking in moves.askings if asking.creates}
        self.triggers = [name for name in _triggers(rules) if name not in creating]
        self.nodes: list[Node] = []
        self.starts: list[Node] = []
        self.rulings: dict[tuple[str, int, Microversion | None], Ruling] = {}
        self._known: dict[tuple[Place, str | None, UnderWay | None], Node] = {}

    @property
    def steps(self) -> Iterator[Step]:
        """All steps, node by node, those that change nothing included."""
        return (step for node in self.nodes for step in (*node.steps, *node.loops))

    def callers(self, bits: int) -> list[str]:
        """The callers of these bits, by name."""
        return [name for number, name in enumerate(self.rules.callers) if bits >> number & 1]

    def counts(self) -> dict[str, int]:
        """How many situations there are, and how many steps: a request counts once for each caller who may."""
        steps = sum(step.callers.bit_count() or 1 for node in self.nodes for step in node.steps)
        steps += sum(callers.bit_count() or 1 for node in self.nodes for _, callers in node.asked_still())
        return {"situations": len(self.nodes), "steps": steps}

    def node(self, place: Place, locked_by: str | None, work: UnderWay | None) -> Node:
        """The one node of a situation and its work."""
        key = (place, locked_by, work)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = Node(place, locked_by, work, len(self.nodes))
            self.nodes.append(node)
        return node

    def ways(self, node: Node) -> Iterator[Way]:
        """All that can happen at a node, in any deployment."""
        lock, work = node.locked_by, node.work
        for move in self.moves.of(node.place):
            after = work if move.keeps else move.begins
            if move.kind != REQUEST:
                yield move, 0, lock, after
            elif callers := move.callers.get(lock):
                if move.locks is None:
                    yield move, callers, lock, after
                else:
                    for holder, who in locking(self.rules, move.locks, lock, callers):
                        yield move, who, holder, after
        for move in self.moves.ends(node.place, work) if work else ():
            yield move, 0, lock, move.begins


def _triggers(rules: Rules) -> Iterator[str]:
    """All that can be asked of a thing: the actions, a variant as `reboot:HARD`."""
    for action, row in rules.actions.items():
        yield from (f"{action}:{variant}" if variant else action for variant in row["variants"] or (None,))


def graph(
    rules: Rules,
    reading: str = "reference",
    version: Microversion | None = None,
    *,
    usual: bool = False,
    apart: Iterable[tuple[str, Any]] = (),
    done: Callable[[int, int], object] = lambda *_: None,
) -> Graph:
    """The graph of a table under a reading: at all microversions or at one, in all deployments or in the `usual` one only.

    `apart` is more that deployments are told apart by; `done` is told how many nodes of how many known ones are explored.
    Raises TooMany.
    """
    found = Graph(rules, Moves(rules, reading, deployments(rules, reading, version, usual=usual, apart=apart)))
    queue: deque[Node] = deque()
    for place in found.moves.starts():
        node = found.node(place, None, None)
        node.deployments = node.fresh = found.deployments.every
        found.starts.append(node)
        queue.append(node)
    explored, collects = 0, gc.isenabled()
    gc.disable()  # nothing that is made here is garbage, and to look for some takes a third of the time
    try:
        while queue:
            _expand(found, queue.popleft(), queue)
            explored += 1
            if explored % OFTEN == 0:
                done(min(explored, len(found.nodes)), len(found.nodes))
    finally:
        if collects:
            gc.enable()
    return found


OFTEN = 256  # nodes between two reports


def _expand(found: Graph, node: Node, queue: deque[Node]) -> None:
    """Follows all steps of a node in the deployments in which it was come to since it was looked at last."""
    fresh, node.fresh = node.fresh, 0
    waiting = found.ways(node) if node.waiting is None else node.waiting
    node.waiting = []
    for way in waiting:
        move, callers, lock, work = way
        if move.guard & fresh:
            node.steps.append(Step(node, found.node(move.to, lock, work), move, callers))
        else:
            node.waiting.append(way)
    for step in node.steps:
        target = step.target
        new = step.move.guard & fresh & ~target.deployments
        if new:
            if not target.fresh:
                queue.append(target)
            target.deployments |= new
            target.fresh |= new
