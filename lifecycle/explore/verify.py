"""Whether the properties of a table hold: in every situation that can be come to, in every deployment, for every caller.

What is proved of runs takes one thing for granted: work under way ends, well or not, unless other work takes its place.
Nobody has to ask for anything, and no event has to happen; a fact may turn as often as it likes.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property

from lifecycle.engine import microversion
from lifecycle.engine.rules import READINGS
from lifecycle.errors import UnknownName
from lifecycle.explore.graph import graph
from lifecycle.explore.moves import ADVANCE, REQUEST, SETTLE
from lifecycle.explore.patterns import Way, Where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from lifecycle.engine.rules import Data, Rules
    from lifecycle.explore.deployments import Run
    from lifecycle.explore.graph import Graph, Node, Step
    from lifecycle.explore.refusals import Refusal
    from lifecycle.explore.trace import Trace

    Bits = dict[Node, int]
    """By node the deployments in which something is so."""


class UnknownProperty(UnknownName):
    """The table has no such property."""

    kind = "property"


class Verdict:
    """What became of one property. `broken` holds by node the deployments in which it is; `ends` what shows it there.

    `vacuous`: the microversions at which nothing is so of what it speaks; such a property does not hold.
    """

    def __init__(self, found: Graph, name: str, said: Data) -> None:
        self.graph = found
        self.name = name
        self.said = said
        self.spoken = 0
        self.broken: Bits = {}
        self.ends: dict[Node, list[tuple[Step | Refusal, int]]] = {}
        self.stays: Bits = {}
        self.vacuous: list[Run] = []

    @property
    def kind(self) -> str:
        """`always`, `never`, `sometimes`, `leads_to` or `reachable`."""
        kind: str = self.said["kind"]
        return kind

    @property
    def by(self) -> int:
        """The callers whom it speaks of, as bits; 0 where it speaks of none in particular."""
        wants, by = self.said["wants"], self.said["by"]
        names = by if by is not None else wants.get("by") if self.kind in ("never", "sometimes") else None
        order = list(self.graph.rules.callers)
        return sum(1 << order.index(name) for name in names or () if name in order)

    @cached_property
    def trace(self) -> Trace | None:
        """The shortest run that breaks it; None where it holds, and where only something is missing."""
        from lifecycle.explore.trace import trace

        return trace(self)

    @property
    def holds(self) -> bool:
        """Whether it is so, and of something."""
        return not self.broken and not self.vacuous

    def __repr__(self) -> str:
        return f"<Verdict {self.name}: {'holds' if self.holds else 'vacuous' if not self.broken else 'broken'}>"


def verify(
    rules: Rules, reading: str, names: Collection[str] = (), done: Callable[[int, int], object] = lambda *_: None
) -> tuple[Graph, list[Verdict]]:
    """The graph of a table and the verdicts on its properties, all of them or those of these names.

    `done` is told how much of how much is done. Raises UnknownProperty and TooMany.
    """
    for name in names:
        if name not in rules.properties:
            raise UnknownProperty(name, rules.properties)
    asked = {name: said for name, said in rules.properties.items() if not names or name in names}
    found = graph(
        rules, reading, apart=_apart(rules, asked.values()), done=lambda part, whole: done(part, whole * (len(asked) + 1))
    )
    verdicts = []
    for number, (name, said) in enumerate(asked.items()):
        verdicts.append(judge(found, name, said))
        done(len(found.nodes) * (number + 2), len(found.nodes) * (len(asked) + 1))
    return found, verdicts


def pinned(found: Graph) -> Mapping[str, int] | None:
    """How many situations and steps the table says it has under this reading; where they are alike one stands for both."""
    return found.rules.explored.get(found.reading) or found.rules.explored.get(READINGS[0])


def _apart(rules: Rules, properties: Collection[Data]) -> Iterator[tuple[str, object]]:
    """What properties tell apart that no row may: signs of options, facts, and the microversions that they are for."""
    for said in properties:
        if said["since"]:
            yield "microversion", microversion.parse(said["since"])
        if said["until"]:
            major, minor = microversion.parse(said["until"])
            yield "microversion", (major, minor + 1)
        wants = said["wants"]
        for where in (said["when"], wants, wants.get("from") or {}, wants.get("to") or {}):
            for key, values in where.items():
                if key in rules.options or key in rules.facts:
                    yield from ((key, value) for value in values)


def judge(found: Graph, name: str, said: Data) -> Verdict:
    """The verdict on one property, of a graph that tells its deployments apart."""
    verdict = Verdict(found, name, said)
    bounds = (said[end] and microversion.parse(said[end]) for end in ("since", "until"))
    scope = found.deployments.at(*bounds)
    JUDGES[verdict.kind](verdict, scope)
    verdict.vacuous = [run for run, mask in found.deployments.each() if mask & scope and not mask & scope & verdict.spoken]
    return verdict


def _spoken(verdict: Verdict, scope: int) -> Iterator[tuple[Node, int]]:
    """The situations that a property speaks of, which is noted."""
    when = Where(verdict.graph, verdict.said["when"])
    for node in verdict.graph.nodes:
        bits = when(node) & node.deployments & scope
        if bits:
            verdict.spoken |= bits
            yield node, bits


def _always(verdict: Verdict, scope: int) -> None:
    wants = Where(verdict.graph, verdict.said["wants"])
    for node, bits in _spoken(verdict, scope):
        if bits & ~wants(node):
            verdict.broken[node] = bits & ~wants(node)


def _never(verdict: Verdict, scope: int) -> None:
    way = Way(verdict.graph, verdict.said["wants"])
    for node in verdict.graph.nodes:
        verdict.spoken |= way.among(node) & scope
        ends: list[tuple[Step | Refusal, int]] = [(step, bits & scope) for step, bits in way.steps(node) if bits & scope]
        ends += [(one, one.deployments & scope) for one in way.refusals(node) if one.deployments & scope]
        if ends:
            verdict.ends[node] = ends
            for _, bits in ends:
                verdict.broken[node] = verdict.broken.get(node, 0) | bits


def _sometimes(verdict: Verdict, scope: int) -> None:
    way = Way(verdict.graph, verdict.said["wants"])
    for node in verdict.graph.nodes:
        for _, bits in way.steps(node):
            verdict.spoken |= bits & scope
        for refusal in way.refusals(node):
            verdict.spoken |= refusal.deployments & scope


def _reachable(verdict: Verdict, scope: int) -> None:
    found, by = verdict.graph, callers_that_count(verdict)
    wants = Where(found, verdict.said["wants"])

    def usable(step: Step) -> bool:
        return step.kind in (ADVANCE, SETTLE) or (step.kind == REQUEST and bool(step.callers & by))

    reached = {node: bits for node in found.nodes if (bits := wants(node) & node.deployments)}
    back(reached, _before(found, usable), found.deployments.every)
    for node, bits in _spoken(verdict, scope):
        if bits & ~reached.get(node, 0):
            verdict.broken[node] = bits & ~reached.get(node, 0)


def _leads_to(verdict: Verdict, scope: int) -> None:
    """A run never comes there that rests elsewhere with nothing under way, or goes on elsewhere by ever new work.

    What can do so is a greatest fixed point: what leads, elsewhere, to rest or to work that begins where it still can.
    """
    found, by = verdict.graph, callers_that_count(verdict)
    wants = Where(found, verdict.said["wants"])
    stays = {node: bits for node in found.nodes if (bits := node.deployments & ~wants(node))}
    before = _before(found, lambda step: step.kind != REQUEST or bool(step.callers & by))
    begins = [step for steps in before.values() for step in steps if step.move.begins and step.outcome]
    while True:
        aims = {node: bits for node, bits in stays.items() if node.work is None}
        for step in begins:
            bits = step.move.guard & stays.get(step.source, 0) & stays.get(step.target, 0)
            if bits:
                aims[step.source] = aims.get(step.source, 0) | bits
        back(aims, before, stays)
        if aims == stays:
            break
        stays = aims
    verdict.stays = stays
    for node, bits in _spoken(verdict, scope):
        if bits & stays.get(node, 0):
            verdict.broken[node] = bits & stays[node]


def callers_that_count(verdict: Verdict) -> int:
    """The callers, as bits, whose requests count for `reachable` and `leads_to`: anybody's and nobody's where it is not said."""
    return verdict.by if verdict.said["by"] is not None else -1 if verdict.kind == "reachable" else 0


def _before(found: Graph, usable: Callable[[Step], bool]) -> dict[Node, list[Step]]:
    """By node the steps that lead to it, those only that can be used."""
    before: dict[Node, list[Step]] = {}
    for node in found.nodes:
        for step in node.steps:
            if usable(step):
                before.setdefault(step.target, []).append(step)
    return before


def back(reached: Bits, before: dict[Node, list[Step]], within: Bits | int) -> None:
    """Adds to some situations all that lead to them, staying within others."""
    queue = deque(reached)
    waiting = set(reached)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        bits = reached[node]
        for step in before.get(node, ()):
            source = step.source
            limit = within if isinstance(within, int) else within.get(source, 0)
            new = bits & step.move.guard & source.deployments & limit & ~reached.get(source, 0)
            if new:
                reached[source] = reached.get(source, 0) | new
                if source not in waiting:
                    waiting.add(source)
                    queue.append(source)


JUDGES: dict[str, Callable[[Verdict, int], None]] = {
    "always": _always,
    "never": _never,
    "sometimes": _sometimes,
    "leads_to": _leads_to,
    "reachable": _reachable,
}
