"""What is drawn, in no format: nodes, edges and notes."""

from dataclasses import dataclass, field
from typing import Literal

NodeKind = Literal["start", "state", "end", "any"]
EdgeKind = Literal["action", "admin", "event", "failure"]


@dataclass(frozen=True, slots=True)
class Node:
    """A state, the start, or `any`: every state at once."""

    name: str
    kind: NodeKind = "state"


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow; what leads the same way shares it."""

    source: str
    target: str
    labels: tuple[str, ...]
    kind: EdgeKind = "action"


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a renderer needs; the order is kept, so that the same table gives the same text."""

    name: str
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = field(default=())
