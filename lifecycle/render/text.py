"""Unicode text for a terminal: what leads out of each place; the lanes of a sequence; a matrix in a frame."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from lifecycle.render.letters import line, wrapped
from lifecycle.render.palette import SIGNS
from lifecycle.render.picture import COLUMNS, ROWS, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.render.picture import Edge, Picture

WIDTH = 100  # columns
LANE = 34  # columns between two parties
CELL = 22  # columns of a cell's text
WIDEST = 40  # columns for the name of a target; a longer one pushes its labels to the right
LINES = {"action": "──", "admin": "╌╌", "event": "┄┄", "failure": "─✗", "work": "══"}
HERE = "◉"
SIGN = {"state": "○", "task": "▹", "end": "◎", "start": "●", "any": "✱"}
LEGEND = {"admin": "╌╌▶ takes more than the usual caller", "event": "┄┄▶ without a caller", "failure": "─✗▶ where the work fails"}


def text(picture: Picture) -> str:
    """The picture as text, in lines of 100 columns where its names allow."""
    draw = {"graph": _graph, "sequence": _sequence, "matrix": _matrix}[picture.form]
    kinds = {edge.kind for edge in picture.edges}
    legend = "   ".join(said for kind, said in LEGEND.items() if kind in kinds and picture.form == "graph")
    notes = [line for note in [*picture.notes, legend] if note for line in _folded(note, WIDTH)]
    return "\n".join([line(picture.title), "", *draw(picture), *([""] if notes else []), *notes]) + "\n"


def _graph(picture: Picture) -> Iterator[str]:
    """Each place with what leads out of it; where several lead the same way, they share a line."""
    out: dict[str, list[Edge]] = {}
    for edge in merged(picture.edges):
        out.setdefault(edge.source, []).append(edge)
    texts = {node.name: line(node.text) for node in picture.nodes}
    width = min(max((wide(texts[edge.target]) for edges in out.values() for edge in edges), default=0), WIDEST)
    for node in picture.nodes:
        sign = HERE if node.mark == "here" else SIGN.get(node.kind, "○")
        yield f"{sign} {SIGNS.get(node.mark, '')}{texts[node.name]}"
        for note in node.notes:
            yield from (f"│   {part}" for part in _folded(note, WIDTH - 4))
        edges = out.get(node.name, [])
        for number, edge in enumerate(edges):
            last = number + 1 == len(edges)
            labels = ", ".join(SIGNS.get(edge.mark, "") + line(label) for label in edge.labels)
            first, *rest = _folded(labels, WIDTH - width - 10) or [""]
            yield f"{'└' if last else '├'}{LINES[edge.kind]}▶ {padded(texts[edge.target], width)}  {first}".rstrip()
            yield from (f"{' ' if last else '│'}    {' ' * width}  {part}" for part in rest)


def _sequence(picture: Picture) -> Iterator[str]:
    """A column for each party; a message is an arrow under its words."""
    columns = {node.name: number * LANE + LANE // 4 for number, node in enumerate(picture.nodes)}
    places = list(columns.values())
    yield _placed([(column, line(node.text)) for column, node in zip(places, picture.nodes, strict=True)], centred=True)
    rail = _rail(places)
    for edge in picture.edges:
        one, other = columns[edge.source], columns[edge.target]
        labels = [part for label in edge.labels for part in _folded(label, LANE - 4)]
        for part in labels:
            yield _over(rail, min(one, other) + 2, part) if one != other else _over(rail, one, f"▌ {part}")
        if one != other:
            low, high = sorted((one, other))
            dash = LINES[edge.kind][0]
            head = "✗" if edge.kind == "failure" else ("▶" if other > one else "◀")
            bar = dash * (high - low - 2)
            yield _over(rail, low + 1, f"{bar}{head}" if other > one else f"{head}{bar}")
        else:
            yield rail.rstrip()


def _rail(places: list[int]) -> str:
    return _placed([(place, "│") for place in places])


def _placed(parts: list[tuple[int, str]], *, centred: bool = False) -> str:
    found = ""
    for place, part in parts:
        start = max(place - wide(part) // 2, 0) if centred else place
        found += " " * max(start - wide(found), 1 if found else 0) + part
    return found


def _over(rail: str, place: int, part: str) -> str:
    """The rail with a text laid over it."""
    return (padded(rail[:place], place) + part + rail[place + wide(part) :]).rstrip()


def _matrix(picture: Picture) -> Iterator[str]:
    columns, rows = picture.in_group(COLUMNS), picture.in_group(ROWS)
    cells = {(edge.source, edge.target): " ".join(edge.labels) for edge in picture.edges}
    table = [["", *(node.text for node in columns)]]
    table += [[row.text, *(cells.get((row.name, column.name), "") for column in columns)] for row in rows]
    folded = [[_folded(cell, CELL) or [""] for cell in row] for row in table]
    widths = [max(wide(part) for cell in column for part in cell) for column in zip(*folded, strict=True)]
    bars = ["─" * (width + 2) for width in widths]
    yield f"┌{'┬'.join(bars)}┐"
    for number, row in enumerate(folded):
        if number:
            yield f"├{'┼'.join(bars)}┤"
        for height in range(max(map(len, row))):
            parts = (padded(cell[height] if height < len(cell) else "", width) for cell, width in zip(row, widths, strict=True))
            yield f"│ {' │ '.join(parts)} │"
    yield f"└{'┴'.join(bars)}┘"


def _folded(text: str, width: int) -> list[str]:
    return wrapped(line(text), width) if text else []


def wide(text: str) -> int:
    """The columns that a text takes: East Asian letters take two, marks on letters and isolates none."""
    return sum(
        0
        if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf"
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def padded(text: str, width: int) -> str:
    """The text with spaces up to a width in columns."""
    return text + " " * (width - wide(text))
