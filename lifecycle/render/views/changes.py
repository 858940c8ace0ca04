"""What changed between two tables, or two microversions or callers of one: rows that were added, and rows that are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.errors import listed
from lifecycle.render.picture import Picture
from lifecycle.render.rows import START
from lifecycle.render.views.everything import everything

if TYPE_CHECKING:
    from lifecycle.render.picture import Edge, Mark
    from lifecycle.render.rows import Scene

    Key = tuple[object, ...]


def changes(left: Scene, right: Scene, names: tuple[str, str]) -> Picture:
    """The rows that only the one side has, and the states between which they lead; `names` are what the sides are called."""
    one, other = everything(left), everything(right)
    known = ({_key(edge): edge for edge in picture.edges} for picture in (one, other))
    before, after = known
    edges = [replace(edge, mark="gone") for key, edge in before.items() if key not in after and edge.labels]
    edges += [replace(edge, mark="added") for key, edge in after.items() if key not in before and edge.labels]
    nodes = {node.name: node for picture in (one, other) for node in picture.nodes}
    states = {name: _in(name in left.rules.states, name in right.rules.states) for name in nodes if name != START}
    touched = {end for edge in edges for end in (edge.source, edge.target)} | {name for name, mark in states.items() if mark}
    shown = tuple(replace(node, mark=states.get(name, "")) for name, node in nodes.items() if name in touched)
    told = f"+ only in {names[1]}, − only in {names[0]}."  # noqa: RUF001 - as the signs of the picture
    notes = [told if shown else "No row that fires differs."]
    conditional = _conditional(edges)
    notes += [f"Under other conditions: {listed(conditional)}."] if conditional else []
    notes.append("lifecycle diff tells every answer that differs, codes and words too.")
    return Picture(
        f"{right.rules.name} changes", f"{right.rules.title}: {names[0]} and {names[1]}", shown, tuple(edges), notes=tuple(notes)
    )


def _key(edge: Edge) -> Key:
    return edge.source, edge.target, edge.labels, edge.kind, edge.when


def _in(left: bool, right: bool) -> Mark:
    return "" if left and right else "gone" if left else "added"


def _conditional(edges: list[Edge]) -> list[str]:
    """The labels of what both sides have, between the same states, under other conditions."""
    sides: dict[tuple[object, ...], set[str]] = {}
    for edge in edges:
        sides.setdefault((edge.source, edge.target, edge.labels, edge.kind), set()).add(edge.mark)
    return list(dict.fromkeys(str(key[2][0]) for key, marks in sides.items() if len(marks) > 1))  # type: ignore[index]
