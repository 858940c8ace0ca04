"""What is drawn, in no format: nodes, edges, groups and notes.

A view makes a Picture, a renderer writes it down. Three forms share the model: in a `graph` nodes are places and edges
lead between them; in a `sequence` nodes are parties and edges are messages, the first at the top; in a `matrix` nodes
are the rows and the columns (by their group) and edges are the cells.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import Literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Form = Literal["graph", "sequence", "matrix"]
NodeKind = Literal["start", "state", "task", "end", "any", "party", "head"]
EdgeKind = Literal["action", "admin", "event", "failure", "work"]
Mark = Literal["", "here", "way", "added", "gone", "unseen"]
When = tuple[tuple[str, tuple[object, ...]], ...]

ANY = "every state"
ROWS, COLUMNS = "rows", "columns"  # the groups of a matrix


@dataclass(frozen=True, slots=True)
class Node:
    """A place: a state, a task on the way, the start, or `any`, every state at once; a party, or the head of a row or column.

    `name` is its own; `label` is what is written where that is something else, `notes` what stands small below it.
    """

    name: str
    kind: NodeKind = "state"
    label: str = ""
    notes: tuple[str, ...] = ()
    group: str = ""
    mark: Mark = ""

    @property
    def text(self) -> str:
        """What is written in it."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow, message or cell. What leads the same way may share it, each with a label.

    `admin` is what the usual caller may not ask for, `work` is how work goes on and ends. Of an edge that one row made,
    `trigger` is what it is asked by (`reboot:HARD`), `when` all that must hold besides the state, as values by key,
    and `row` its file and line.
    """

    source: str
    target: str
    labels: tuple[str, ...]
    kind: EdgeKind = "action"
    mark: Mark = ""
    trigger: str = ""
    when: When = ()
    row: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that are drawn together."""

    name: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a renderer needs; the order is kept, so that the same table gives the same text.

    `data` are the keys that edges' conditions look at, each with its usual value; `live` the states that something may
    happen in, also those that are not shown: what nearly all of them allow is drawn once.
    """

    name: str
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    form: Form = "graph"
    data: tuple[tuple[str, object], ...] = ()
    live: tuple[str, ...] = ()

    def node(self, name: str) -> Node:
        """The node of this name; KeyError where there is none."""
        return {node.name: node for node in self.nodes}[name]

    def in_group(self, group: str) -> tuple[Node, ...]:
        """The nodes of a group, or of none (`""`)."""
        return tuple(node for node in self.nodes if node.group == group)


def grouped(edges: Iterable[Edge]) -> dict[tuple[str, str, EdgeKind, Mark], tuple[str, ...]]:
    """By source, target, kind and mark all the labels of the edges that have these, each once: parallel edges are one line."""
    found = defaultdict[tuple[str, str, EdgeKind, Mark], list[tuple[str, ...]]](list)
    for edge in edges:
        found[edge.source, edge.target, edge.kind, edge.mark].append(edge.labels)
    return {
        key: labels[0] if len(labels) == 1 else tuple(dict.fromkeys(chain.from_iterable(labels))) for key, labels in found.items()
    }


def merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges with one for all that lead the same way in the same manner."""
    return tuple(Edge(source, target, labels, kind, mark) for (source, target, kind, mark), labels in grouped(edges).items())
