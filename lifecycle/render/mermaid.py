"""Mermaid, which many web pages draw by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.render import palette
from lifecycle.render.letters import clean
from lifecycle.render.picture import COLUMNS, ROWS, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.render.picture import Edge, Node, Picture

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
    edges = merged(picture.edges)
    for edge in edges:
        yield f"  {names[edge.source]} {ARROWS[edge.kind]}{_label(edge)} {names[edge.target]}"
    for mark, style in CLASSES.items():
        marked = [names[node.name] for node in picture.nodes if node.mark == mark]
        if marked:
            yield f"  classDef {mark} {style}"
            yield f"  class {','.join(marked)} {mark}"
    yield from _styles(edges)


def _styles(edges: tuple[Edge, ...]) -> Iterator[str]:
    """The colour of the links that have one: marks, and failures."""
    found: dict[str, list[str]] = {}
    for number, edge in enumerate(edges):
        colour = palette.MARKS.get(edge.mark) or (palette.RED if edge.kind == "failure" else "")
        dotted = ",stroke-dasharray:2 4" if edge.kind == "event" else ""
        if colour or dotted:
            found.setdefault(f"{f'stroke:{colour}' if colour else ''}{dotted}".strip(","), []).append(str(number))
    yield from (f"  linkStyle {','.join(numbers)} {style}" for style, numbers in found.items())


def _node(node: Node) -> str:
    small = "".join(f"<br/><small>{_text(note)}</small>" for note in node.notes)
    return SHAPES.get(node.kind, SHAPES["any"]).format((" " if node.kind == "start" else _text(node.text) or " ") + small)


def _label(edge: Edge) -> str:
    sign = palette.sign(edge)
    label = "<br/>".join(_text(sign + label) for label in edge.labels)
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


def _text(text: str) -> str:
    """Text in quotes; what means something to Mermaid is written by its number."""
    return clean(text).translate(TURNED).replace("\n", "<br/>")
