"""A way that was taken, or is to be taken: a plan, what a server did, a counterexample; and where it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lifecycle.engine.rules import Rules
    from lifecycle.render.picture import EdgeKind, Mark


@dataclass(frozen=True, slots=True)
class Leg:
    """One step: what was asked or happened, the status before it and after it, and a remark, such as what was expected."""

    label: str
    source: str
    target: str
    kind: EdgeKind = "action"
    remark: str = ""


def way(rules: Rules, legs: Sequence[Leg], here: str, title: str, notes: Iterable[str] = ()) -> Picture:
    """The legs in their order, each with its number; `here` is the status where it ends, and stands out."""
    places = dict.fromkeys(end for leg in legs for end in (leg.source, leg.target))
    places[here] = None
    nodes = tuple(node(rules, name, "here" if name == here else "") for name in places)
    edges = tuple(_edge(number, leg) for number, leg in enumerate(legs, 1))
    return Picture(f"{rules.name} way", title, nodes, edges, notes=tuple(notes))


def node(rules: Rules, name: str, mark: Mark = "") -> Node:
    """The node of a status, whether a state's own or one that tasks show."""
    if name == START:
        return Node(name, "start", mark=mark)
    if name not in rules.states:
        return Node(name, "task", mark=mark)
    return Node(name, "end" if rules.states[name]["end"] else "state", mark=mark)


def _edge(number: int, leg: Leg) -> Edge:
    remark = (leg.remark,) if leg.remark else ()
    return Edge(leg.source, leg.target, (f"{number} {leg.label}", *remark), leg.kind, "" if leg.kind == "failure" else "way")
