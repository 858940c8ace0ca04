"""Which rows some requests went through, and which none did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.render.views.everything import everything

if TYPE_CHECKING:
    from collections.abc import Collection

    from lifecycle.render.picture import Edge, Picture
    from lifecycle.render.rows import Scene

    Seen = Collection[tuple[str, str]]
    """The states and triggers (`reboot:HARD`) that were met, as pairs; `START` is the state of what makes the thing."""


def coverage(scene: Scene, seen: Seen) -> Picture:
    """Every row that fires, those marked that none of `seen` is, and how many those are."""
    picture = everything(scene)
    edges = tuple(_marked(edge, seen) for edge in picture.edges if edge.kind != "failure")
    rows = {(edge.source, edge.trigger): edge.mark for edge in edges if edge.trigger}
    met = sum(not mark for mark in rows.values())
    notes = (f"{met} of {len(rows)} pairs of a state and what is allowed there were seen; ? was not.",)
    return replace(picture, name=f"{scene.rules.name} coverage", edges=edges, notes=notes)


def _marked(edge: Edge, seen: Seen) -> Edge:
    return edge if not edge.trigger or (edge.source, edge.trigger) in seen else replace(edge, mark="unseen")
