"""Every row that fires, for whoever may or for one caller at one microversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.engine.microversion import text
from lifecycle.errors import listed
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import BEFORE, ENDS, START, domain, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lifecycle.render.rows import Scene


def everything(scene: Scene) -> Picture:
    """An edge for each row that fires in each state, and for each other state that its work can fail in."""
    found = rows(scene)
    edges = [edge for row in found for edge in (*row.edges(), *row.failures())]
    return of_edges(scene, "all", edges)


def of_edges(scene: Scene, name: str, edges: Iterable[Edge], states: Iterable[str] | None = None) -> Picture:
    """A picture of states (None: all) and edges between them; where nothing is made, it starts with the usual state."""
    rules, edges = scene.rules, list(edges)
    shown = list(rules.states if states is None else states)
    if any(edge.source == START for edge in edges):
        nodes = [Node(START, "start")]
    elif rules.usual_state in shown:
        nodes, edges = [Node(START, "start")], [Edge(START, rules.usual_state, ()), *edges]
    else:
        nodes = []
    nodes += [state(scene, one) for one in shown]
    return Picture(f"{rules.name} {name}", title(scene), tuple(nodes), tuple(edges), data=data(scene, edges), live=live(scene))


def live(scene: Scene) -> tuple[str, ...]:
    """The states that something may happen in."""
    return tuple(name for name, one in scene.rules.states.items() if not one["end"])


def state(scene: Scene, name: str) -> Node:
    """The node of a state."""
    return Node(name, "end" if scene.rules.states[name]["end"] else "state")


def title(scene: Scene, what: str = "") -> str:
    """What a picture is called: the table's title, what is shown of it, for whom and as of when."""
    rules, version = scene.rules, scene.version
    parts = [what, f"as {scene.caller}" if scene.caller else ""]
    parts.append(f"at {text(version)}" if version and version != rules.newest else "")
    parts.append(f"as {rules.service or 'the service'} does" if scene.reading != "reference" else "")
    return ": ".join(filter(None, (rules.title, ", ".join(filter(None, parts)))))


def data(scene: Scene, edges: Iterable[Edge]) -> tuple[tuple[str, object], ...]:
    """The keys that the conditions of edges look at, each with its usual value."""
    keys = sorted({key for edge in edges for key, _ in edge.when})
    return tuple((key, None if key in {BEFORE, ENDS} else domain(scene.rules, key)[0]) for key in keys)


def words(when: Iterable[tuple[str, tuple[object, ...]]]) -> str:
    """Conditions in words: `host, not host_up, task_state none`."""
    return ", ".join(_said(key, values) for key, values in when)


def _said(key: str, values: tuple[object, ...]) -> str:
    if values in {(True,), (False,)}:
        return key if values[0] else f"not {key}"
    return f"{key} {listed(('none' if value is None else value for value in values), 'or')}"
