"""Pictures drawn by Graphviz: the official `dot` where it is installed, else the one of a wheel."""

from __future__ import annotations

import shutil
import sysconfig
from typing import TYPE_CHECKING

from lifecycle.errors import LifecycleError
from lifecycle.render import palette
from lifecycle.render.dot import dot

if TYPE_CHECKING:
    from lifecycle.render.picture import Picture

OFFICIAL, WHEEL = "dot", "graphviz-pure"
MOST = 400  # arrows: more take long, and nobody could read them


def draw(picture: Picture, form: str) -> bytes:
    """A picture as `svg` or `png`. Raises LifecycleError where nothing draws it, or it is too large to be read."""
    if len(picture.edges) > MOST:
        raise LifecycleError(
            f"{len(picture.nodes)} places and {len(picture.edges):,} arrows are too many for a picture; "
            "take --view overview or --view status NAME, or --format text"
        )
    drawn = run(dot(picture), form)
    return _turned(drawn) if form == "svg" else drawn


def run(source: str, form: str) -> bytes:
    """DOT text drawn in one of Graphviz's formats by whichever there is. Raises LifecycleError."""
    if shutil.which(OFFICIAL) is not None:
        return _official(source, form)
    wheel = shutil.which(WHEEL) or shutil.which(WHEEL, path=sysconfig.get_path("scripts"))
    if wheel is not None:
        return _by_wheel(wheel, source, form)
    raise LifecycleError(
        f"{form} takes Graphviz, and there is none: pip install 'server-lifecycle[diagrams]' brings one, "
        "and so do apt install graphviz and brew install graphviz; --format text, mermaid and others need nothing"
    )


def _official(source: str, form: str) -> bytes:
    try:
        import graphviz  # an extra
    except ImportError:
        raise LifecycleError(f"{form} takes the graphviz package: pip install 'server-lifecycle[diagrams]'") from None
    try:
        drawn: bytes = graphviz.Source(source).pipe(format=form)
    except graphviz.CalledProcessError as error:
        raise _failed(error.stderr) from None
    return drawn


def _by_wheel(wheel: str, source: str, form: str) -> bytes:
    import subprocess  # only where something is drawn

    done = subprocess.run([wheel, f"-T{form}"], input=source.encode(), capture_output=True, check=False)  # noqa: S603 - our own text
    if done.returncode:
        raise _failed(done.stderr)
    return done.stdout


def _failed(errors: bytes) -> LifecycleError:
    return LifecycleError(f"Graphviz could not draw the picture: {errors.decode(errors='replace').strip()}")


def _turned(svg: bytes) -> bytes:
    """The SVG with the colours of the dark beside those of the light."""
    start = svg.index(b"<svg")
    end = svg.index(b">", start) + 1
    head = svg[start:end].replace(b"<svg", b'<svg class="lifecycle"', 1)
    return svg[:start] + head + b"\n<style>" + palette.style().encode() + b"</style>" + svg[end:]
