"""What changed between two tables, or two microversions or callers of one: rows that were added, and rows that are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.errors import listed
from lifecycle.render.legible import FAILED
from lifecycle.render.picture import Picture
from lifecycle.render.rows import START
from lifecycle.render.views.everything import everything

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.render.picture import Edge, Mark, When
    from lifecycle.render.rows import Scene

    Key = tuple[str, str, tuple[str, ...], str]

FEW = 8  # names that a note lists


def changes(left: Scene, right: Scene, names: tuple[str, str]) -> Picture:
    """The rows of the actions and events that both sides know, and that only one of them has; and the states that only one has.

    `names` are what the sides are called. What differs in its conditions alone is a note.
    """
    one, other = everything(left), everything(right)
    shared = _known(left) & _known(right)
    before, after = ({_key(edge): edge for edge in _compared(picture, shared)} for picture in (one, other))
    edges = [replace(edge, mark="gone") for key, edge in before.items() if key not in after]
    edges += [replace(edge, mark="added") for key, edge in after.items() if key not in before]
    nodes = {node.name: node for picture in (one, other) for node in picture.nodes}
    states = {name: _in(name in left.rules.states, name in right.rules.states) for name in nodes if name != START}
    touched = {end for edge in edges for end in (edge.source, edge.target)} | {name for name, mark in states.items() if mark}
    shown = tuple(replace(node, mark=states.get(name, "")) for name, node in nodes.items() if name in touched)
    notes = [_legend(names) if shown else f"No row that fires differs between {names[0]} and {names[1]}."]
    notes += [f"Only in {name}: {_few(some)}." for name, some in zip(names, _alone(left, right), strict=True) if some]
    conditional = _conditional(one.edges, other.edges, shared)
    notes += [f"Under other conditions: {_few(conditional)}."] if conditional else []
    states_of = tuple(dict.fromkeys((*one.live, *other.live)))
    title = f"{names[0]} → {names[1]}"
    return Picture(f"{right.rules.name} changes", title, shown, tuple(edges), notes=tuple(notes), live=states_of)


def _legend(names: tuple[str, str]) -> str:
    return f"− only in {names[0]}, + only in {names[1]}."  # noqa: RUF001 - as the signs of the picture


def _few(names: list[str]) -> str:
    return listed(names) if len(names) <= FEW else f"{len(names)} actions and events"


def _known(scene: Scene) -> set[str]:
    return {*scene.rules.actions, *scene.rules.events}


def _alone(left: Scene, right: Scene) -> list[list[str]]:
    """The actions and events that only the one table has, and those that only the other has."""
    one, other = _known(left), _known(right)
    return [sorted(one - other), sorted(other - one)]


def _compared(picture: Picture, shared: set[str]) -> Iterator[Edge]:
    """The edges of what both sides know; of work that fails it counts whether any does, not which."""
    for edge in picture.edges:
        if edge.trigger.partition(":")[0] in shared:
            yield replace(edge, labels=(FAILED,)) if edge.kind == "failure" else edge


def _key(edge: Edge) -> Key:
    return edge.source, edge.target, edge.labels, edge.kind


def _in(left: bool, right: bool) -> Mark:
    return "" if left and right else "gone" if left else "added"


def _conditional(one: Iterable[Edge], other: Iterable[Edge], shared: set[str]) -> list[str]:
    """The labels of what both sides have, between the same states, under other conditions."""
    sides: list[dict[Key, set[When]]] = [{}, {}]
    for side, edges in zip(sides, (one, other), strict=True):
        for edge in edges:
            side.setdefault(_key(edge), set()).add(edge.when)
    both = [key for key in sides[0] if key in sides[1] and sides[0][key] != sides[1][key]]
    labels = (str(label) for key in both for label in key[2])
    return [label for label in dict.fromkeys(labels) if label.partition(" ")[0] in shared]
