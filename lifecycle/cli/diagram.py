"""lifecycle diagram: the table as a picture."""

from __future__ import annotations

import sys

import click

from lifecycle.cli.commands import examples, load, table_options
from lifecycle.errors import LifecycleError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lifecycle.engine.rules import Rules
    from lifecycle.render.picture import Picture

VIEW_NAMES = ("overview",)
FORMAT_NAMES = ("dot", "mermaid", "svg", "png")


@click.command(
    "diagram",
    epilog=examples(
        "lifecycle diagram --format mermaid",
        "lifecycle diagram --view overview --format svg --output overview.svg",
        "lifecycle diagram --table door.yaml --format png -o door.png",
    ),
)
@click.option("--view", type=click.Choice(VIEW_NAMES), default="overview", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="Default: what the name of the output says, else dot.")
@click.option("--output", "-o", metavar="FILE", help="Default: standard output.")
@table_options
def command(view: str, form: str | None, output: str | None, as_json: bool, **options: Any) -> None:
    """Draw the lifecycle: as text (dot, mermaid) or, with Graphviz, as a picture (svg, png)."""
    from lifecycle.render.formats import render
    from lifecycle.render.views import VIEWS

    lifecycle = load(options["table"], options["reading"], options["policy"])
    draw: Callable[[Rules, str], Picture] = VIEWS[view]
    picture = draw(lifecycle.rules, lifecycle.reading)
    if as_json:
        import dataclasses
        import json

        data = json.dumps(dataclasses.asdict(picture), ensure_ascii=False, indent=2).encode() + b"\n"
    else:
        data = render(picture, form or _form(output))
    if output is None:
        if form == "png" and sys.stdout.isatty():
            raise LifecycleError("a terminal shows no png; name a file with --output")
        sys.stdout.buffer.write(data)
        return
    try:
        with open(output, "wb") as file:
            file.write(data)
    except OSError as error:
        raise LifecycleError(f"cannot write {shown(output)}: {error.strerror or error}") from None


def _form(output: str | None) -> str:
    suffix = output.rpartition(".")[2].lower() if output else ""
    return {"mmd": "mermaid", "gv": "dot"}.get(suffix, suffix if suffix in FORMAT_NAMES else "dot")
