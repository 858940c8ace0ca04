"""Promises: exploring takes a 25th of driving `transitions` through the graph, and half of building and walking it in networkx.

The graph is that of one deployment at one microversion, for all callers; all three must come to the same steps before any
is timed. `transitions` is asked for every trigger of every caller in a situation, as an explorer must that does not know
yet what is allowed; its guards are look-ups in a dictionary, the cheapest there are. networkx is told the steps.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import networkx as nx
from transitions import Machine

from bench.harness import Line, Row, measure
from bench.questions import MICROVERSION, RULES
from lifecycle import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifecycle.explore.graph import Graph, Node

    Way = tuple[str, str, int]
    """What a step is by: its trigger and its caller (none where nobody asks); and the number of the node that it leads to."""

ROUNDS = 3
FEW = 50  # situations that `transitions` is driven through: all of them would take a quarter of a minute
OURS, THEIRS = "Lifecycle.graph(microversion, usual=True), a step", "transitions: every trigger, a step"
NETWORKX = "networkx: build and walk, a step"


def lines() -> list[Line]:
    """What a step takes that was found, side by side; and what all of `lifecycle verify` takes."""
    found = _explored()
    ways = {node: _ways(node, found) for node in found.nodes}
    count, few = sum(map(len, ways.values())), found.nodes[:: len(found.nodes) // FEW]
    right = {node.number: sorted(ways[node]) for node in few}
    rows = [
        Row(OURS, lambda: _explored().counts(), {"situations": len(found.nodes), "steps": count}, count),
        Row(THEIRS, _driven(found, few, ways), right, sum(map(len, right.values()))),
        Row(NETWORKX, _walked(found, ways), len(found.nodes), count),
    ]
    times = measure(rows, ROUNDS)
    began = time.thread_time_ns()
    verdicts = Lifecycle(RULES).verify()
    taken = time.thread_time_ns() - began
    assert all(verdict.holds for verdict in verdicts)
    deployments = verdicts[0].graph.deployments.size
    return [
        Line(f"explored: {len(found.nodes):,} situations, {count:,} steps", ""),
        *(Line(name, times.of(name)) for name in (THEIRS, NETWORKX)),
        Line(OURS, times.of(OURS), f"{THEIRS}, less by", times.ratio(THEIRS, OURS), 25, at_least=True),
        Line(OURS, times.of(OURS), f"{NETWORKX}, less by", times.ratio(NETWORKX, OURS), 2, at_least=True),
        Line(f"Lifecycle.verify(): {len(verdicts)} properties, {deployments:,} deployments", taken),
    ]


def _explored() -> Graph:
    return Lifecycle(RULES).graph(MICROVERSION, usual=True)


def _ways(node: Node, found: Graph) -> list[Way]:
    """All steps of a node, once for each caller who may."""
    return [
        (
            f"{step.kind} {step.name}" if step.callers else f"{step.kind} {step.name} {step.target.place.state}",
            caller,
            step.target.number,
        )
        for step in (*node.steps, *node.loops)
        for caller in found.callers(step.callers) or [""]
    ]


def _walked(found: Graph, ways: dict[Node, list[Way]]) -> Callable[[], int]:
    """The same graph in networkx, and how many nodes a search from its starts comes to."""
    edges = [(node.number, target, f"{name} {caller}") for node, some in ways.items() for name, caller, target in some]

    def run() -> int:
        graph = nx.MultiDiGraph()
        graph.add_edges_from(edges)
        reached: set[int] = set()
        for start in found.starts:
            reached |= {start.number, *(target for _, target in nx.bfs_edges(graph, start.number))}
        return len(reached)

    return run


class Model:
    """A model of `transitions`, which adds the state and the triggers; `asked` is what a guard looks at."""

    asked: tuple[int, str, str]
    state: str
    trigger: Callable[[str], bool]


def _driven(found: Graph, few: list[Node], ways: dict[Node, list[Way]]) -> Callable[[], dict[int, list[Way]]]:
    """The steps out of some situations as a flat machine finds them: its states are those of the table with their tasks."""
    model, leads = Model(), {(node.number, name, caller): target for node in few for name, caller, target in ways[node]}
    places = [f"{node.place.state}/{node.place.task_state}" for node in found.nodes]
    moves = {(name, places[node], places[target]) for (node, name, _), target in leads.items()}
    machine = Machine(
        model,
        states=sorted({*places}),
        transitions=[
            {"trigger": name, "source": source, "dest": dest, "conditions": _guard(model, leads, places, dest)}
            for name, source, dest in sorted(moves)
        ],
        initial=places[0],
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    names = sorted(machine.events)
    requests = [(name, caller) for name in names if name.startswith("request ") for caller in RULES.callers]
    others = [(name, "") for name in names if not name.startswith("request ")]
    asked = {node: [*requests, *((name, "") for name, _ in others if _may_be(node, name))] for node in few}

    def run() -> dict[int, list[Way]]:
        steps: dict[int, list[Way]] = {}
        for node, questions in asked.items():
            number, here = node.number, places[node.number]
            taken: list[Way] = []
            for name, caller in questions:
                model.state, model.asked = here, (number, name, caller)
                if model.trigger(name):
                    taken.append((name, caller, leads[model.asked]))
            steps[number] = sorted(taken)
        return steps

    return run


def _guard(model: Model, leads: dict[tuple[int, str, str], int], places: list[str], dest: str) -> Callable[[], bool]:
    """Whether what is asked leads to this state."""

    def guard() -> bool:
        target = leads.get(model.asked)
        return target is not None and places[target] == dest

    return guard


def _may_be(node: Node, name: str) -> bool:
    """Whether an event, or the end of this work, is a question here at all."""
    return name.startswith(("event ", "turn ")) or (node.work is not None and name.split(" ")[1] == node.work.name)
