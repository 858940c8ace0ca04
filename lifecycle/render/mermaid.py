"""Mermaid, which many web pages draw by themselves."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lifecycle.render import palette
from lifecycle.render.letters import clean
from lifecycle.render.picture import COLUMNS, ROWS, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.render.picture import EdgeKind, Mark, Node, Picture

ARROWS = {"action": "-->", "admin": "-.->", "event": "-.->", "failure": "--x", "work": "==>"}
MESSAGES = {"action": "->>", "admin": "-->>", "event": "--)", "failure": "--x", "work": "-->>"}
SHAPES = {"start": '(("{}"))', "state": '("{}")', "task": '[["{}"]]', "end": '(["{}"])', "any": '["{}"]'}
CLASSES = {
    "here": f"fill:{palette.HERE},stroke:{palette.INK},color:{palette.INK},stroke-width:3px",
    "way": f"stroke:{palette.BLUE},stroke-width:3px",
    "added": f"stroke:{palette.GREEN},stroke-width:3px",
    "gone": f"stroke:{palette.RED},stroke-width:3px",
    "unseen": f"stroke:{palette.RED},stroke-width:3px",
}
TURNED = str.maketrans({character: f"#{ord(character)};" for character in '&"<>#;\\`%'})


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart, sequence diagram or, for a matrix, block diagram."""
    draw = {"graph": _graph, "sequence": _sequence, "matrix": _matrix}[picture.form]
    notes = (f"  %% {clean(note)}".replace("\n", " ").replace("{", "(").replace("}", ")") for note in picture.notes)
    return "\n".join([*draw(picture), *notes]) + "\n"


def _graph(picture: Picture) -> Iterator[str]:
    names = {node.name: f"n{number}" for number, node in enumerate(picture.nodes)}
    known = {group.name for group in picture.groups}
    yield "flowchart LR"
    for number, group in enumerate(picture.groups):
        yield f'  subgraph g{number}["{_text(group.label) or " "}"]'
        yield from (f"    {names[node.name]}{_node(node)}" for node in picture.in_group(group.name))
        yield "  end"
    yield from (f"  {names[node.name]}{_node(node)}" for node in picture.nodes if node.group not in known)
    edges = grouped(picture.edges)
    for (source, target, kind, mark), labels in edges.items():
        yield f"  {names[source]} {ARROWS[kind]}{_label(kind, mark, labels)} {names[target]}"
    for name, style in CLASSES.items():
        marked = [names[node.name] for node in picture.nodes if node.mark == name]
        if marked:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(marked)} {name}"
    yield from _styles([(kind, mark) for _, _, kind, mark in edges])


def _styles(edges: list[tuple[EdgeKind, Mark]]) -> Iterator[str]:
    """The colour of the links that have one: marks, and failures."""
    found: dict[str, list[str]] = {}
    for number, (kind, mark) in enumerate(edges):
        colour = palette.MARKS.get(mark) or (palette.RED if kind == "failure" else "")
        dotted = ",stroke-dasharray:2 4" if kind == "event" else ""
        if colour or dotted:
            found.setdefault(f"{f'stroke:{colour}' if colour else ''}{dotted}".strip(","), []).append(str(number))
    yield from (f"  linkStyle {','.join(numbers)} {style}" for style, numbers in found.items())


def _node(node: Node) -> str:
    small = "".join(f"<br/><small>{_text(note)}</small>" for note in node.notes)
    return SHAPES.get(node.kind, SHAPES["any"]).format((" " if node.kind == "start" else _text(node.text) or " ") + small)


def _label(kind: EdgeKind, mark: Mark, labels: Iterable[str]) -> str:
    sign = palette.sign(kind, mark)
    if sign:
        labels = [sign + label for label in labels]
    label = "<br/>".join(map(_text, labels))
    return f'|"{label}"|' if label else ""


def _sequence(picture: Picture) -> Iterator[str]:
    names = {node.name: f"p{number}" for number, node in enumerate(picture.nodes)}
    yield "sequenceDiagram"
    yield from (f"  participant {names[node.name]} as {_text(node.text) or ' '}" for node in picture.nodes)
    for edge in picture.edges:
        text = "<br/>".join(map(_text, edge.labels)) or " "
        if edge.source == edge.target:
            yield f"  Note over {names[edge.source]}: {text}"
        else:
            yield f"  {names[edge.source]}{MESSAGES[edge.kind]}{names[edge.target]}: {text}"


def _matrix(picture: Picture) -> Iterator[str]:
    rows, columns = picture.in_group(ROWS), picture.in_group(COLUMNS)
    cells = {(edge.source, edge.target): edge for edge in picture.edges}
    yield "block-beta"
    yield f"  columns {len(columns) + 1}"
    yield f'  corner["{_text(picture.title) or " "}"]'
    yield from (f'  c{number}["{_text(node.text) or " "}"]' for number, node in enumerate(columns))
    for number, row in enumerate(rows):
        yield f'  r{number}["{_text(row.text) or " "}"]'
        for place, column in enumerate(columns):
            edge = cells.get((row.name, column.name))
            yield f'  x{number}_{place}["{_text(" ".join(edge.labels)) or " "}"]' if edge else "  space"


@lru_cache(4096)  # labels are few, and the same over and over
def _text(text: str) -> str:
    """Text in quotes; what means something to Mermaid is written by its number."""
    return clean(text).translate(TURNED).replace("\n", "<br/>")
