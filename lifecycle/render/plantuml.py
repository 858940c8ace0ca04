"""PlantUML: a state diagram, a sequence diagram, or for a matrix a table in a legend."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lifecycle.render import palette
from lifecycle.render.letters import clean
from lifecycle.render.picture import COLUMNS, ROWS, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.render.picture import Edge, Node, Picture

LINES = {"action": "", "admin": "dashed", "event": "dotted", "failure": "bold", "work": "bold"}
MESSAGES = {"action": "->", "admin": "-->", "event": "->>", "failure": "-[#{red}]->x", "work": "-->"}
PLAIN = re.compile(r"[\w ().,:;?+/-]|[^\x00-\x7f]")
SIGNS = "_.,:;+/-"
BLANK = "<U+00A0>"
FILLS = {"state": palette.STATE, "task": palette.TASK, "end": palette.END, "any": palette.PAPER, "party": palette.STATE}


def plantuml(picture: Picture) -> str:
    """The picture as PlantUML text."""
    draw = {"graph": _graph, "sequence": _sequence, "matrix": _matrix}[picture.form]
    title = [f"title {_text(picture.title)}"] if picture.form != "matrix" else []
    lines = ["@startuml", *title, "skinparam shadowing false", *draw(picture)]
    notes = [*picture.notes, *filter(None, [palette.legend(picture)])]
    if notes:
        lines += ["footer", *map(_text, notes), "endfooter"]
    return "\n".join([*lines, "@enduml"]) + "\n"


def _graph(picture: Picture) -> Iterator[str]:
    names = {node.name: f"n{number}" for number, node in enumerate(picture.nodes)}
    known = {group.name for group in picture.groups}
    yield "hide empty description"
    yield "left to right direction"
    for number, group in enumerate(picture.groups):
        yield f'state "{_text(group.label)}" as g{number} {{'
        for node in picture.in_group(group.name):
            yield from _node(names[node.name], node)
        yield "}"
    for node in picture.nodes:
        if node.group not in known:
            yield from _node(names[node.name], node)
    for edge in merged(picture.edges):
        yield _edge(names, edge)


def _node(name: str, node: Node) -> Iterator[str]:
    """The state, its notes, and for an end what shows it."""
    if node.kind == "start":
        yield f"state {name} <<start>>"
        return
    border = palette.MARKS.get(node.mark, "")
    fill = palette.HERE if node.mark == "here" else FILLS.get(node.kind, palette.PAPER)
    yield f'state "{_text(node.text)}" as {name} {fill}{f";line:{border[1:]};line.bold" if border else ""}'
    yield from (f"{name} : {_text(note)}" for note in node.notes)
    if node.kind == "end":
        yield f"{name} --> [*]"


def _edge(names: dict[str, str], edge: Edge) -> str:
    colour = palette.MARKS.get(edge.mark, palette.RED if edge.kind == "failure" else "")
    style = ",".join(filter(None, (colour, LINES[edge.kind])))
    arrow = f"-[{style}]->" if style else "-->"
    sign = palette.sign(edge.kind, edge.mark)
    label = "\\n".join(_text(sign + label) for label in edge.labels)
    return f"{names[edge.source]} {arrow} {names[edge.target]}{f' : {label}' if label else ''}"


def _sequence(picture: Picture) -> Iterator[str]:
    names = {node.name: f"p{number}" for number, node in enumerate(picture.nodes)}
    yield from (f'participant "{_text(node.text)}" as {names[node.name]}' for node in picture.nodes)
    for edge in picture.edges:
        text = "\\n".join(map(_text, edge.labels))
        if edge.source == edge.target:
            yield f"rnote over {names[edge.source]} : {text}"
        else:
            arrow = MESSAGES[edge.kind].replace("{red}", palette.RED[1:])
            yield f"{names[edge.source]} {arrow} {names[edge.target]} : {text}"


def _matrix(picture: Picture) -> Iterator[str]:
    rows, columns = picture.in_group(ROWS), picture.in_group(COLUMNS)
    cells = {(edge.source, edge.target): " ".join(edge.labels) for edge in picture.edges}
    yield "legend"
    yield "".join(f"|= {_cell(text)} " for text in (picture.title, *(node.text for node in columns))) + "|"
    for row in rows:
        texts = (row.text, *(cells.get((row.name, column.name), "") for column in columns))
        yield "".join(f"| {_cell(text)} " for text in texts) + "|"
    yield "endlegend"


def _cell(text: str) -> str:
    return _text(text.replace("\n", " "))


@lru_cache(4096)  # labels are few, and the same over and over
def _text(text: str) -> str:
    """Text with what PlantUML's own markup could take for its own written by number; a blank one is a space that stays."""
    parts = [_safe(part) for part in clean(text).split("\n")]
    return "\\n".join(parts) if any(part.strip() for part in parts) else BLANK


def _safe(line: str) -> str:
    pairs = zip(f"\n{line}", line, strict=False)
    return "".join(
        letter if PLAIN.match(letter) and not _marks(before, letter) else f"<U+{ord(letter):04X}>" for before, letter in pairs
    )


def _marks(before: str, letter: str) -> bool:
    """Whether a letter could begin markup: a sign at the start of a line, or twice the same."""
    return letter in SIGNS and before in {"\n", letter}
