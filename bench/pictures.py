"""Promises: DOT text 20 times and Mermaid 6 times faster than `transitions`' own, SVG within 1.15 of `dot` alone.

The same machine in both: the states and tasks of the compute table and all that leads between them, 5,021 transitions.
Both start from lists of these, as they are before any machine is made of them, and end with the text. The SVG is of the
overview, and counts what `dot` itself takes.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transitions.extensions import GraphMachine

from bench.harness import Line, Row, children_clock, human, measure, thread_clock
from bench.questions import RULES
from lifecycle import Lifecycle
from lifecycle.render.dot import dot
from lifecycle.render.formats import render
from lifecycle.render.mermaid import mermaid
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import Scene
from lifecycle.render.views.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS, DRAWN, LEAST = 7, 5, 100_000_000
OURS = {"graphviz": "dot(picture)", "mermaid": "mermaid(picture)"}
THEIRS = {"graphviz": "transitions: GraphMachine(…), its DOT text", "mermaid": "transitions: GraphMachine(…), its Mermaid text"}
SVG, ALONE = "render(picture, 'svg')", "dot -Tsvg"
STATES, MOST = 300, 5e9


def lines() -> list[Line]:
    """Text, side by side; then a picture, against what draws it; then a table of many states."""
    states, edges = _machine()
    picture = Picture(
        "compute", "compute", tuple(map(Node, states)), tuple(Edge(source, dest, (name,)) for name, source, dest in edges)
    )
    rows = [Row(OURS["graphviz"], lambda: dot(picture)), Row(OURS["mermaid"], lambda: mermaid(picture))]
    rows += [Row(name, _theirs(states, edges, engine)) for engine, name in THEIRS.items()]
    times = measure(rows, ROUNDS)
    limits = {"graphviz": 20, "mermaid": 6}
    return [
        *(Line(name, times.of(name)) for name in THEIRS.values()),
        *(
            Line(
                OURS[engine],
                times.of(OURS[engine]),
                f"{theirs}, less by",
                times.ratio(theirs, OURS[engine]),
                limits[engine],
                at_least=True,
            )
            for engine, theirs in THEIRS.items()
        ),
        *_svg(),
        _many(),
    ]


def _machine() -> tuple[list[str], list[tuple[str, str, str]]]:
    machine = Lifecycle(RULES).transitions()
    steps = (
        (event.name, source, step.dest)
        for event in machine.events.values()
        for source, some in event.transitions.items()
        for step in some
    )
    return list(machine.states), list(steps)


def _theirs(states: list[str], edges: list[tuple[str, str, str]], engine: Any) -> Callable[[], None]:
    moves = [{"trigger": name, "source": source, "dest": dest} for name, source, dest in edges]

    class Server:
        """A model, to which `transitions` adds its graph."""

        get_graph: Any

    def run() -> None:
        server = Server()
        GraphMachine(server, states=states, transitions=moves, initial=states[0], auto_transitions=False, graph_engine=engine)
        assert server.get_graph().source

    return run


def _svg() -> Iterator[Line]:
    """What drawing adds to `dot`, in all processes; nothing where there is no `dot`."""
    if shutil.which("dot") is None:
        return
    picture = overview(Scene(RULES))
    source = dot(picture).encode()
    rows = [
        Row(SVG, lambda: render(picture, "svg")),
        Row(ALONE, lambda: subprocess.run(["dot", "-Tsvg"], input=source, capture_output=True, check=True)),  # noqa: S607 - any dot
    ]
    times = measure(rows, DRAWN, lambda: thread_clock() + children_clock(), LEAST)
    yield Line(ALONE, times.of(ALONE))
    yield Line(SVG, times.of(SVG), ALONE, times.ratio(SVG, ALONE), 1.15)


def _many() -> Line:
    """From the file of a table of many states to its picture, all in all."""
    states = ", ".join(f"S{number}: {{}}" for number in range(STATES))
    actions = (
        f"  go{number}: {{title: On, requires: {{state: S{number}}}, becomes: S{(number + 1) % STATES}, cite: here}}\n"
        for number in range(STATES)
    )
    head = "name: ring\ntitle: A ring\nthing: token\nusual: {state: S0, caller: anyone}\n"
    head += "callers: {anyone: {}}\nchecks: {state: {code: 409}}\nrows: {all: {answers: 200}}\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ring.yaml"
        path.write_text(f"{head}states: {{{states}}}\nactions:\n{''.join(actions)}", encoding="utf-8")
        started = time.thread_time_ns() + children_clock()
        render(overview(Scene(Lifecycle.load(path).rules)), "svg" if shutil.which("dot") else "dot")
        taken = time.thread_time_ns() + children_clock() - started
    return Line(f"a table of {STATES} states, from file to picture", taken, human(MOST), taken / MOST, 1)
