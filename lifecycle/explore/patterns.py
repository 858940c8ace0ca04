"""Which situations and steps of a graph a property speaks of, and in which deployments."""

from __future__ import annotations

from lifecycle.explore.moves import ADVANCE, EVENT, FAIL, REQUEST, SETTLE, TURN
from lifecycle.explore.refusals import REFUSED, Refusal, changed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from lifecycle.engine.rules import Data
    from lifecycle.explore.graph import Graph, Node, Step
    from lifecycle.explore.moves import Move, Place

KIND = {"accepted": REQUEST, "happens": EVENT, "advances": ADVANCE, "settles": SETTLE, "fails": FAIL, "turns": TURN}
WORK = (ADVANCE, SETTLE, FAIL)
ANYTHING = "any"


class Where:
    """Some situations, as `lifecycle.table.statements` writes them out."""

    __slots__ = ("_known", "_locks", "_mask", "_wanted", "told")

    def __init__(self, graph: Graph, told: Data) -> None:
        self.told = told
        self._mask = graph.deployments.every
        self._locks: list[Any] | None = told.get("locked_by")
        self._wanted: dict[str, Any] = {}
        for key, values in told.items():
            if key in graph.deployments.values:
                self._mask &= graph.deployments.where(key, values)
            elif key != "locked_by":
                self._wanted[key] = values
        self._known: dict[Place, bool] = {}

    def __call__(self, node: Node) -> int:
        """The deployments in which a node is so; it may not be come to in all of them."""
        if self._locks is not None and node.locked_by not in self._locks:
            return 0
        place = node.place
        fits = self._known.get(place)
        if fits is None:
            fits = self._known[place] = all(_value(place, key) in values for key, values in self._wanted.items())
        return self._mask if fits else 0


def _value(place: Place, key: str) -> Any:
    return place.status if key == "status" else place.situation.values[key]


class Way:
    """Some steps, as `lifecycle.table.statements` writes them out."""

    def __init__(self, graph: Graph, told: Mapping[str, Any]) -> None:
        self._graph = graph
        hows: list[str] = told["how"] or [how for how in KIND if _goes_with(how, told)]
        self.kinds = {KIND[how] for how in hows if how in KIND}
        self.refused = REFUSED in hows
        self.names: list[str] | None = told["event"] if told["action"] is None else told["action"]
        self.by = -1 if told["by"] is None else sum(1 << list(graph.rules.callers).index(name) for name in told["by"])
        self.origin, self.to = Where(graph, told["from"]), Where(graph, told["to"])
        self.changes: list[str] | None = told["changes"]
        self.loses: list[str] | None = told["loses"]
        callers = [1 << number for number in range(len(graph.rules.callers))]
        named = [name for name in graph.triggers if self.names is None or name in self.names]
        self._every = [(name, bit) for name in named for bit in callers if bit & self.by]
        self._asked: dict[str, list[tuple[str, int]]] = {}
        self._known: dict[Move, bool] = {}

    def among(self, node: Node) -> int:
        """The deployments in which a property speaks of a node at all: such a step could be, or be refused, here."""
        start = self.origin(node) & node.deployments
        if not start or REQUEST in self.kinds or self.refused:
            return start
        found = 0
        for step in (*node.steps, *node.loops):
            if self._named(step.move):
                found |= step.move.guard
        return found & start

    def steps(self, node: Node) -> Iterator[tuple[Step, int]]:
        """The steps of a node that are meant, each with the deployments in which they are."""
        start = self.origin(node) & node.deployments
        if not start:
            return
        loops = node.loops if not self.changes and not self.kinds.isdisjoint((REQUEST, EVENT)) else ()
        for step in (*node.steps, *loops):
            if self._named(step.move) and (not step.callers or step.callers & self.by) and self._changes(step):
                bits = start & step.move.guard & self.to(step.target)
                if bits:
                    yield step, bits

    def _named(self, move: Move) -> bool:
        """Whether a move is of the kind and name that are meant, and loses what is."""
        known = self._known.get(move)
        if known is None:
            named = move.kind in self.kinds and (self.names is None or move.name in self.names)
            named = named and (move.kind == REQUEST or self.by == -1)
            if named and self.loses is not None:
                lost = move.outcome.loses if move.outcome else ()
                named = bool(lost) and (ANYTHING in self.loses or not set(lost).isdisjoint(self.loses))
            known = self._known[move] = named
        return known

    def _changes(self, step: Step) -> bool:
        """Whether a step changes what is meant, at once or when its work ends."""
        if self.changes is None:
            return True
        found = changed_by(step, self._graph.moves.keys)
        return bool(found) if ANYTHING in self.changes else not found.isdisjoint(self.changes)

    def refusals(self, node: Node) -> Iterator[Refusal]:
        """The requests that are refused at a node and are meant; whether one changes anything is asked once in each state."""
        start = self.origin(node) & node.deployments & self.to(node) if self.refused else 0
        asked = self._asked.setdefault(node.place.state, self._every)
        if not start or not asked:
            return
        accepted: dict[str, list[Step]] = {}
        for step in (*node.steps, *node.loops):
            if step.move.kind == REQUEST:
                accepted.setdefault(step.move.name, []).append(step)
        changing = []
        for name, bit in asked:
            left = start
            for step in accepted.get(name, ()):
                left &= ~step.move.guard if step.callers & bit else -1
            refusal = Refusal(node, name, bit, left)
            if not left or self.changes is None or changed(self._graph, refusal, self.changes):
                changing.append((name, bit))
                if left:
                    yield refusal
        self._asked[node.place.state] = changing


def _goes_with(how: str, told: Mapping[str, Any]) -> bool:
    """Whether steps of this kind are meant where nothing says which: callers ask, an event happens, work is of an action."""
    if told["event"] is not None:
        return how == "happens"
    if told["by"] is not None:
        return how == "accepted"
    return told["action"] is None or how in ("accepted", "advances", "settles", "fails")


def changed_by(step: Step, keys: Iterable[str]) -> set[str]:
    """The keys of a situation that a step changes: at once, or where its work can end."""
    before, after = step.source.place.situation.values, step.target.place.situation.values
    found = {key for key in keys if before[key] != after[key]}
    if step.source.locked_by != step.target.locked_by:
        found.add("locked_by")
    begun = step.move.begins if step.outcome else None
    if begun is not None:
        outcome = begun.work.outcome
        ends = (*(outcome.becomes or ()), *(outcome.fails or ()))
        found |= {"state"} if any(end != before["state"] for end in ends) else set()
        found |= {"task_state"} if outcome.tasks else set()
    return found
