"""One status: how one gets there, and all that may happen to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.errors import UnknownStatus, listed
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import START, rows
from lifecycle.render.views.everything import data, live, state, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.render.rows import Row, Scene


def status(scene: Scene, name: str) -> Picture:
    """All rows that fire in a status, and all that lead to it. Raises UnknownStatus.

    For a status that tasks show (REBOOT): the work that runs through it, and what is allowed meanwhile.
    """
    pairs = scene.rules.by_status.get(name)
    if pairs is None:
        raise UnknownStatus(name, scene.rules.by_status)
    found = rows(scene)
    idle = name in scene.rules.states
    edges = list(_around(name, found) if idle else _through(name, pairs, found))
    stays = dict.fromkeys(label for edge in edges if edge.source == edge.target for label in edge.labels)
    edges = [edge for edge in edges if edge.source != edge.target]
    touched = {name} | {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [Node(START, "start")] if START in touched else []
    nodes += [state(scene, one) for one in scene.rules.states if one in touched]
    kind = "end" if idle and scene.rules.states[name]["end"] else "state" if idle else "task"
    notes = (f"it stays so: {', '.join(stays)}",) if stays else ()
    here = Node(name, kind, notes=notes, mark="here")  # type: ignore[arg-type]
    nodes = [here if node.name == name else node for node in nodes] + ([] if idle else [here])
    said = () if idle else (_shown_by(pairs),)
    return Picture(
        f"{scene.rules.name} {name}",
        title(scene, name),
        tuple(nodes),
        tuple(edges),
        notes=said,
        data=data(scene, edges),
        live=live(scene),
    )


def _around(name: str, found: list[Row]) -> Iterator[Edge]:
    """All that leads out of a state, and into it."""
    for row in found:
        for edge in (*row.edges(), *row.failures()):
            if name in {edge.source, edge.target}:
                yield edge


def _through(name: str, pairs: list[tuple[str, str | None]], found: list[Row]) -> Iterator[Edge]:
    """The work that shows a status on its way, and what is allowed while it is shown."""
    for row in found:
        shown = row.outcome.shown[0] if row.outcome.shown else row.source
        if any((shown, task) in pairs for task in row.outcome.tasks):
            yield Edge(row.source, name, (row.label,), row.kind)
            yield from (replace(edge, source=name, kind="work", labels=(f"{row.label} settles",)) for edge in row.edges())
            yield from (replace(edge, source=name) for edge in row.failures())
        asked = dict(row.when).get("task_state")
        if any(row.source == state and (asked is None or task in asked) for state, task in pairs):
            stays = row.outcome.becomes is None
            yield from (replace(edge, source=name, target=name if stays else edge.target) for edge in row.edges())


def _shown_by(pairs: list[tuple[str, str | None]]) -> str:
    states: dict[str, list[str]] = {}
    for one, task in pairs:
        states.setdefault(one, []).append(str(task))
    parts = (f"{one} with the task {listed(tasks, 'or')}" for one, tasks in states.items())
    return f"Shown for {listed(parts)}."
