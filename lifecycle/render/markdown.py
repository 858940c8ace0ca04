"""Markdown: a graph as the matrix of what leads from where to where, a sequence as a table of its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.render.letters import line
from lifecycle.render.palette import SIGNS
from lifecycle.render.picture import COLUMNS, ROWS, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.render.picture import Edge, Picture

TURNED = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>|#~"} | {"&": "&amp;"})
SAID = {"action": "", "admin": " (admin)", "event": " (event)", "failure": " (fails)", "work": ""}


def markdown(picture: Picture) -> str:
    """The picture as a table in Markdown."""
    draw = {"graph": _graph, "sequence": _sequence, "matrix": _matrix}[picture.form]
    notes = [f"- {_text(note)}" for note in picture.notes]
    parts = [f"## {_text(picture.title)}", "\n".join(draw(picture)), "\n".join(notes)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _graph(picture: Picture) -> Iterator[str]:
    """A row for each place that something leads out of, a column for each that something leads to."""
    edges = merged(picture.edges)
    texts = {node.name: _text(node.text) for node in picture.nodes}
    sources = [node.name for node in picture.nodes if any(edge.source == node.name for edge in edges)]
    targets = [node.name for node in picture.nodes if any(edge.target == node.name for edge in edges)]
    cells: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        cells.setdefault((edge.source, edge.target), []).extend(_labels(edge))
    yield from _table(
        ["from \\ to", *(texts[name] for name in targets)],
        ([texts[source], *("<br>".join(cells.get((source, target), [])) for target in targets)] for source in sources),
    )
    for node in picture.nodes:
        if node.notes:
            yield ""
            yield f"**{texts[node.name]}**: {'; '.join(map(_text, node.notes))}"


def _labels(edge: Edge) -> list[str]:
    sign = SIGNS.get(edge.mark, "")
    return [f"{_text(sign + label)}{SAID[edge.kind]}" for label in edge.labels] or ["→"]


def _sequence(picture: Picture) -> Iterator[str]:
    texts = {node.name: _text(node.text) for node in picture.nodes}
    rows = (
        [str(number), texts[edge.source], "" if edge.source == edge.target else texts[edge.target], "<br>".join(_labels(edge))]
        for number, edge in enumerate(picture.edges, 1)
    )
    yield from _table(["", "from", "to", "what"], rows)


def _matrix(picture: Picture) -> Iterator[str]:
    columns = picture.in_group(COLUMNS)
    cells = {(edge.source, edge.target): _text(" ".join(edge.labels)) for edge in picture.edges}
    yield from _table(
        ["", *(_text(node.text) for node in columns)],
        ([_text(row.text), *(cells.get((row.name, column.name), "") for column in columns)] for row in picture.in_group(ROWS)),
    )


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _text(text: str) -> str:
    """Text on one line, with what Markdown reads as its own escaped."""
    return line(text).translate(TURNED)
