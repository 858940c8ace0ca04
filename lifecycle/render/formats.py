"""The formats by name: text of our own, or what Graphviz draws from it."""

import shutil
from collections.abc import Callable

from lifecycle.errors import LifecycleError
from lifecycle.render.dot import dot
from lifecycle.render.mermaid import mermaid
from lifecycle.render.picture import Picture

TEXTS: dict[str, Callable[[Picture], str]] = {"dot": dot, "mermaid": mermaid}
DRAWN = ("svg", "png")
FORMATS = (*TEXTS, *DRAWN)


def render(picture: Picture, form: str) -> bytes:
    """The picture in a format. Raises LifecycleError where what draws it is not installed."""
    if form in TEXTS:
        return TEXTS[form](picture).encode()
    return draw(dot(picture), form)


def draw(source: str, form: str) -> bytes:
    """DOT text drawn by Graphviz."""
    try:
        import graphviz  # an extra
    except ImportError:
        raise LifecycleError(f"{form} takes the graphviz package: pip install 'server-lifecycle[diagrams]'") from None
    if shutil.which("dot") is None:
        raise LifecycleError(
            f"{form} takes Graphviz's dot, which is not installed (apt install graphviz, brew install graphviz); "
            "--format dot or mermaid needs nothing"
        )
    try:
        drawn: bytes = graphviz.Source(source).pipe(format=form)
    except graphviz.CalledProcessError as error:
        raise LifecycleError(f"Graphviz could not draw the picture: {error.stderr.decode(errors='replace').strip()}") from None
    return drawn
