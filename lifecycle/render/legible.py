"""A picture of every row made fit for people: what most states allow is said once, what changes nothing is a note."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.errors import listed
from lifecycle.render.palette import SIGNS
from lifecycle.render.picture import ANY, Edge, Node, merged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lifecycle.render.picture import EdgeKind, Mark, Picture

    Way = tuple[str, str, EdgeKind, Mark]
    """A label, where it leads, how, and what is marked."""
    Found = dict[Way, dict[str, None]]
    """By way the states that it leads out of, in the order of the table."""

MOST, LEAST = 0.6, 3  # of the states, and how many at least: what so many allow is drawn from all of them at once
FAILED = "work that fails"
HERE = "·"  # as a target: the state itself


def legible(picture: Picture) -> Picture:
    """The picture with parallel edges merged, and what nearly every state allows drawn from all of them at once."""
    wide = _wide(picture)
    failing = _failing(picture)
    edges: list[Edge] = []
    stays: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.kind == "failure":
            edges += [] if (edge.target, edge.mark) in failing else [edge]
            continue
        left = tuple(label for label in edge.labels or ("",) if (label, _target(edge), edge.kind, edge.mark) not in wide)
        if _target(edge) == HERE and not edge.mark:
            stays.setdefault(edge.source, []).extend(left)
        elif left:
            edges.append(replace(edge, labels=tuple(filter(None, left))))
    edges += [Edge(ANY, way[1], tuple(filter(None, way[:1])), way[2], way[3]) for way in wide if way[1] != HERE]
    edges += [Edge(ANY, target, (FAILED,), "failure", mark) for target, mark in failing]
    nodes = [replace(node, notes=(*node.notes, *_stays(stays.get(node.name, [])))) for node in picture.nodes]
    if any(edge.source == ANY for edge in edges) and not any(node.name == ANY for node in nodes):
        nodes.append(Node(ANY, "any"))
    notes = (*picture.notes, *_said(picture, wide))
    return replace(picture, nodes=_touched(picture, nodes, edges), edges=merged(edges), notes=notes)


def _target(edge: Edge) -> str:
    return HERE if edge.source == edge.target else edge.target


def _wide(picture: Picture) -> Found:
    """What most states allow, with the states that do."""
    sources: Found = {}
    for edge in picture.edges:
        for label in edge.labels or ("",):
            if edge.kind != "failure" and edge.source in picture.live:
                sources.setdefault((label, _target(edge), edge.kind, edge.mark), {})[edge.source] = None
    return {way: found for way, found in sources.items() if len(found) >= max(MOST * len(picture.live), LEAST)}


def _touched(picture: Picture, nodes: list[Node], edges: list[Edge]) -> tuple[Node, ...]:
    """The nodes without those that had edges and have none any more, nor anything to say."""
    before, after = ({end for edge in some for end in (edge.source, edge.target)} for some in (picture.edges, edges))
    return tuple(node for node in nodes if node.name in after or node.name not in before or node.mark or node.notes)


def _failing(picture: Picture) -> list[tuple[str, Mark]]:
    """The states that work of most other states ends in when it fails, each with what is marked."""
    found: dict[tuple[str, Mark], set[str]] = {}
    for edge in picture.edges:
        if edge.kind == "failure" and edge.source in picture.live:
            found.setdefault((edge.target, edge.mark), set()).add(edge.source)
    return [way for way, sources in found.items() if len(sources) >= max(MOST * (len(picture.live) - 1), LEAST)]


def _stays(labels: Iterable[str]) -> tuple[str, ...]:
    names = list(dict.fromkeys(labels))
    return (f"it stays so: {', '.join(names)}",) if names else ()


def _said(picture: Picture, wide: Found) -> list[str]:
    """What nearly every state allows, by the states that do not."""
    groups: dict[tuple[bool, tuple[str, ...]], dict[str, None]] = {}
    for (label, target, _, mark), found in wide.items():
        but = tuple(state for state in picture.live if state not in found and state != target)
        if target == HERE or but:
            text = SIGNS.get(mark, "") + (label or picture.node(target).text)
            groups.setdefault((target == HERE, but), {})[text] = None
    return [_sentence(stays, but, list(labels)) for (stays, but), labels in groups.items()]


def _sentence(stays: bool, but: tuple[str, ...], labels: list[str]) -> str:
    where = f"In every state but {listed(but)}" if but else "In every state"
    return f"{where}{', and it stays so' if stays else ''}: {', '.join(labels)}."
