"""Colours that colour-blind readers can tell apart (after Okabe and Ito), each with what stands for it in the dark.

What a colour says is said a second time: failures have another arrowhead, events and admins another line.
"""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lifecycle.render.picture import EdgeKind, Mark, Picture

INK = "#24292f"
QUIET = "#57606a"
BLUE = "#0b62a8"
RED = "#b3400a"
GREEN = "#05714f"
STATE = "#e3effa"
TASK = "#fdf3d8"
END = "#e4e7eb"
HERE = "#ffe7a3"
PAPER = "#ffffff"

DARK = {
    INK: "#e6edf3",
    QUIET: "#9aa5b1",
    BLUE: "#6cb6ff",
    RED: "#ff9566",
    GREEN: "#4fd1a1",
    STATE: "#12304d",
    TASK: "#3d3312",
    END: "#30363d",
    HERE: "#5c4500",
}
"""By the colour on light: the colour on dark."""

ROLES = {"action": QUIET, "admin": QUIET, "event": QUIET, "failure": RED, "work": BLUE}
MARKS = {"added": GREEN, "gone": RED, "way": BLUE, "unseen": RED}
SIGNS = {"added": "+ ", "gone": "− ", "unseen": "? ", "failure": "× "}  # noqa: RUF001 - signs of mathematics
LEGEND = {
    "admin": "Dashed: takes more than the usual caller.",
    "event": "Dotted: happens without a caller.",
    "failure": "×: where the work fails.",  # noqa: RUF001
}


@lru_cache
def sign(kind: EdgeKind, mark: Mark) -> str:
    """What stands before each label of an edge, so that its colour is not all that tells."""
    return SIGNS.get(mark, "") + SIGNS.get(kind, "")


def legend(picture: Picture) -> str:
    """What the lines of a picture of rows mean, as far as it has them."""
    kinds = {edge.kind for edge in picture.edges} if picture.live else set()
    return " ".join(said for kind, said in LEGEND.items() if kind in kinds)


def style() -> str:
    """CSS that turns the colours of an SVG over where the reader prefers the dark."""
    rules = [
        f'.lifecycle [{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    ]
    return "@media (prefers-color-scheme:dark){" + "".join(rules) + "}"
