"""The formats by name: text of our own, or what Graphviz draws from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.render.dot import dot
from lifecycle.render.drawn import draw
from lifecycle.render.legible import legible
from lifecycle.render.machines import scxml, xstate
from lifecycle.render.markdown import markdown
from lifecycle.render.mermaid import mermaid
from lifecycle.render.plantuml import plantuml
from lifecycle.render.text import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifecycle.render.picture import Picture

FOR_PEOPLE: dict[str, Callable[[Picture], str]] = {
    "dot": dot,
    "mermaid": mermaid,
    "plantuml": plantuml,
    "markdown": markdown,
    "text": text,
}
FOR_MACHINES: dict[str, Callable[[Picture], str]] = {"scxml": scxml, "xstate": xstate}
TEXTS = {**FOR_PEOPLE, **FOR_MACHINES}
DRAWN = ("svg", "png")
FORMATS = (*TEXTS, *DRAWN)


def render(picture: Picture, form: str) -> bytes:
    """The picture in a format, made legible where it is for people. Raises LifecycleError where nothing is there that draws."""
    if form in FOR_MACHINES:
        return FOR_MACHINES[form](picture).encode()
    fit = legible(picture) if picture.form == "graph" else picture
    if form in FOR_PEOPLE:
        return FOR_PEOPLE[form](fit).encode()
    return draw(fit, form)
