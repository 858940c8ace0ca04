"""The lifecycle at a glance: understood in ten seconds, so at most 15 arrows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lifecycle.errors import listed
from lifecycle.render.legible import FAILED, LEAST, MOST
from lifecycle.render.picture import ANY, Edge, Node, Picture
from lifecycle.render.rows import START, Row, Scene, rows
from lifecycle.render.views.everything import of_edges, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lifecycle.render.picture import EdgeKind

ARROWS = 15


def overview(scene: Scene) -> Picture:
    """Every state that is met with the usual options, and the plain way between them.

    An action is drawn from the state that its row names first; what nearly every state allows is drawn once.
    """
    plain = _plain(scene)
    known = _reached(scene, plain, lambda row: (*row.ends, *_fails(row)))
    failed = known - _reached(scene, plain, lambda row: row.ends)
    live = [state for state in scene.rules.states if state in known and not scene.rules.states[state]["end"]]
    widely = _widely(plain, live)
    edges = _Edges()
    seen: set[str] = set()
    for row in plain:
        if row.label in seen or row.label in widely or row.source in failed or row.source not in {START, *known}:
            continue
        seen.add(row.label)
        edges.add(row.source, row.ends[0], row.kind, row.label)
    for state in sorted(failed, key=list(scene.rules.states).index):
        edges.add(ANY, state, "failure", FAILED)
    for action, row in widely.items():
        if any(scene.rules.states[end]["end"] for end in row.ends):
            edges.add(ANY, row.ends[0], row.kind, action)
    return _picture(scene, edges, known, widely, [_ways_out(state, plain, widely) for state in failed])


@dataclass(slots=True)
class _Edges:
    """Edges that are merged as they come."""

    found: dict[tuple[str, str, EdgeKind], list[str]] = field(default_factory=dict)

    def add(self, source: str, target: str, kind: EdgeKind, label: str) -> None:
        self.found.setdefault((source, target, kind), []).append(label)

    def few(self, starts: Iterable[str]) -> tuple[list[Edge], int]:
        """As many as are legible, those first by which new states are reached; and how many are left out."""
        todo = [Edge(source, target, tuple(labels), kind) for (source, target, kind), labels in self.found.items()]
        if len(todo) <= ARROWS:
            return todo, 0
        reached, chosen = {ANY, *starts}, list[Edge]()
        while more := [edge for edge in todo if edge.source in reached and edge.target not in reached]:
            chosen.append(more[0])
            reached.add(more[0].target)
        rest = [edge for edge in todo if edge not in chosen]
        kept = [*chosen, *rest][:ARROWS]
        return [edge for edge in todo if edge in kept], len(todo) - ARROWS


def _plain(scene: Scene) -> list[Row]:
    """What the usual caller may with the usual options; and of what takes more, where it alone leads, and out of there."""
    found = [row for row in rows(scene) if row.usual and row.source not in row.ends and not _by_a_field(scene, row)]
    usual = [row for row in found if row.kind == "action"]
    known = _reached(scene, usual, lambda row: (*row.ends, *_fails(row)))
    others = [row for row in found if row.kind == "admin" and not {row.source, *row.ends} <= {START, *known}]
    return [row for row in found if row in usual or row in others]


def _fails(row: Row) -> tuple[str, ...]:
    """Where its work ends first of all when it fails, if that is another state."""
    return tuple(end for end in (row.outcome.fails or ())[:1] if end != row.source)


def _by_a_field(scene: Scene, row: Row) -> bool:
    """Whether it is a variant that a field makes, which goes the way of the row itself."""
    return row.action in scene.rules.actions and row.variant in scene.rules.action(row.action)["given"]


def _reached(scene: Scene, plain: list[Row], ends: Callable[[Row], tuple[str, ...]]) -> set[str]:
    """The states that can come of what is made, or else of the usual state."""
    made = {end for row in plain if row.source == START for end in ends(row)}
    known = made or {scene.rules.usual_state}
    while more := {end for row in plain if row.source in known for end in ends(row)} - known:
        known |= more
    return known


def _widely(plain: list[Row], live: list[str]) -> dict[str, Row]:
    """The actions that most states allow, each with one of its rows."""
    found: dict[str, dict[str, Row]] = {}
    for row in plain:
        if row.source in live:
            found.setdefault(row.label, {})[row.source] = row
    return {label: next(iter(some.values())) for label, some in found.items() if len(some) >= max(MOST * len(live), LEAST)}


def _ways_out(state: str, plain: list[Row], widely: Iterable[str]) -> str:
    ways = [f"{row.label} ({listed(row.ends, 'or')})" for row in plain if row.source == state and row.label not in widely]
    return f"Out of {state}: {listed(ways)}." if ways else ""


def _picture(scene: Scene, edges: _Edges, known: set[str], widely: dict[str, Row], notes: list[str]) -> Picture:
    rules = scene.rules
    drawn, left_out = edges.few([START, rules.usual_state])
    touched = {end for edge in drawn for end in (edge.source, edge.target)} | ({rules.usual_state} & known)
    states = [state for state in rules.states if state in touched]
    picture = of_edges(scene, "overview", drawn, sorted(states, key=lambda state: rules.states[state]["end"]))
    nodes = (*picture.nodes, Node(ANY, "any")) if ANY in touched else picture.nodes
    unseen = [state for state in rules.states if state not in known and state in _ends(scene)]
    elsewhere = [action for action in widely if not any(action in edge.labels for edge in drawn)]
    said = [f"Met only with other options: {listed(unseen)}." if unseen else ""]
    said += [f"Allowed nearly everywhere: {listed(elsewhere)}." if elsewhere else ""]
    said += [*notes, f"The view all has {left_out} more." if left_out else ""]
    about = title(scene, "the lifecycle at a glance")
    return replace(picture, nodes=nodes, notes=tuple(filter(None, said)), title=about, live=())


def _ends(scene: Scene) -> set[str]:
    """The states that work can end in, with whatever options."""
    return {end for row in rows(scene) if row.source != START for end in row.ends if end != row.source}
