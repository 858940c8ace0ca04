"""DOT, the language of Graphviz; the same picture gives the same text, and the same layout.

A sequence is drawn as columns of points that messages lead between, a matrix as one node that is a table.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from lifecycle.render import palette
from lifecycle.render.letters import clean, wrapped
from lifecycle.render.picture import COLUMNS, ROWS, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.render.picture import Edge, EdgeKind, Mark, Node, Picture

PLAIN = re.compile(r"[\w ./:-]+", re.ASCII)
TURNED = str.maketrans({"&": "&amp;", "\\": "\\\\", '"': '\\"', "\n": "\\n"})
FONT = 'fontname="Helvetica"'
LABEL, NOTE, WIDE = 34, 46, 110  # characters of a line of a label, of a note in a node, of a note of all
NEW_LINE = "\\n"
REMEMBERED = 4096  # labels
NOTED = 9  # points: the letters of notes
STYLES = {"action": "solid", "admin": "dashed", "event": "dotted", "failure": "solid", "work": "solid"}
HEADS = {"failure": "normaltee", "event": "empty"}
SHAPES = {
    "start": f'shape=circle width=0.16 height=0.16 fixedsize=true style=filled fillcolor="{palette.INK}" color="{palette.INK}"',
    "state": f'fillcolor="{palette.STATE}" color="{palette.BLUE}"',
    "task": f'shape=box style=filled fillcolor="{palette.TASK}" color="{palette.QUIET}"',
    "end": f'fillcolor="{palette.END}" color="{palette.QUIET}" peripheries=2',
    "any": f'shape=box style="rounded,dashed" color="{palette.QUIET}"',
    "party": f'shape=box style=filled fillcolor="{palette.STATE}" color="{palette.BLUE}"',
    "head": "shape=plain",
}


def dot(picture: Picture) -> str:
    """The picture as DOT text."""
    draw = {"graph": _graph, "sequence": _sequence, "matrix": _matrix}[picture.form]
    notes = "".join(
        f"{line}\\l"
        for note in (*picture.notes, *filter(None, [palette.legend(picture)]))
        for line in map(_escaped, wrapped(note, WIDE))
    )
    lines = [
        f"digraph {_quoted(picture.name)} {{",
        f"  graph [rankdir={'LR' if picture.form == 'graph' else 'TB'} bgcolor=transparent pad=0.15 {FONT}]",
        f'  graph [label="{notes}" labeljust=l fontsize=10 fontcolor="{palette.QUIET}"]' if notes else None,
        f'  node [shape=box style="rounded,filled" {FONT} fontsize=12 fontcolor="{palette.INK}" margin="0.12,0.06" height=0.4]',
        f'  edge [{FONT} fontsize=10 fontcolor="{palette.INK}" arrowsize=0.7]',
        *draw(picture),
        "}",
    ]
    return "\n".join(line for line in lines if line is not None) + "\n"


def _graph(picture: Picture) -> Iterator[str]:
    names = _names(picture)
    yield "  graph [nodesep=0.3 ranksep=0.6]"
    for group in picture.groups:
        yield f"  subgraph {_quoted(f'cluster {group.name}')} {{"
        colours = f'color="{palette.QUIET}" fontcolor="{palette.QUIET}"'
        yield f'    graph [label="{_escaped(group.label)}" style="rounded,dashed" {colours}]'
        yield from (f"    {names[node.name]} [{_node(node)}]" for node in picture.in_group(group.name))
        yield "  }"
    known = {group.name for group in picture.groups}
    yield from (f"  {names[node.name]} [{_node(node)}]" for node in picture.nodes if node.group not in known)
    for (source, target, kind, mark), labels in grouped(picture.edges).items():
        yield f"  {names[source]} -> {names[target]} [{_edge(kind, mark, labels)}]"


def _names(picture: Picture) -> dict[str, str]:
    """What each node is called: its own name where that is plain, so that the text reads well."""
    plain = all(PLAIN.fullmatch(node.name) for node in picture.nodes)
    return {node.name: _quoted(node.name if plain else f"n{number}") for number, node in enumerate(picture.nodes)}


def _node(node: Node) -> str:
    text = [""] if node.kind == "start" else wrapped(node.text, LABEL)
    label = f'label="{_lines(text)}"'
    if node.notes:
        notes = [line for note in node.notes for line in wrapped(note, NOTE)]
        small = f'<FONT POINT-SIZE="{NOTED}" COLOR="{palette.QUIET}">{_html(notes)}</FONT>'
        label = f"label=<{_html(text)}<BR/>{small}>"
    marked = f' color="{palette.MARKS[node.mark]}" penwidth=2' if node.mark in palette.MARKS else ""
    here = f' fillcolor="{palette.HERE}" penwidth=2.5' if node.mark == "here" else ""
    return f"{label} {SHAPES[node.kind]}{marked}{here}"


def _edge(kind: EdgeKind, mark: Mark, labels: Iterable[str]) -> str:
    sign = palette.sign(kind, mark)
    if sign:
        labels = [sign + label for label in labels]
    return f'label="{NEW_LINE.join(map(_label, labels))}" {_line(kind, mark)}'


@lru_cache(REMEMBERED)
def _label(text: str) -> str:
    """The lines of one label of an edge; labels are few, and the same over and over."""
    return _lines(wrapped(text, LABEL))


@lru_cache
def _line(kind: EdgeKind, mark: Mark) -> str:
    """How the line of an edge is drawn."""
    colour = palette.MARKS.get(mark, palette.ROLES[kind])
    words = [f'color="{colour}"', f"style={STYLES[kind]}"]
    words += [f'fontcolor="{colour}"'] if kind == "failure" or mark in palette.MARKS else []
    words += [f"arrowhead={HEADS[kind]}"] if kind in HEADS else []
    words += ["penwidth=2"] if mark in palette.MARKS else []
    return " ".join(words)


def _sequence(picture: Picture) -> Iterator[str]:
    """Each party is a column: its head, then a point for each message, or a box for what it does by itself."""
    columns = {node.name: number for number, node in enumerate(picture.nodes)}
    yield "  graph [nodesep=1.7 ranksep=0.3 splines=line]"
    yield "  edge [arrowhead=none]"
    yield f"  {{ rank=same; {' '.join(f'h{number} [{_node(node)}]' for number, node in enumerate(picture.nodes))} }}"
    if len(columns) > 1:  # which keeps the columns in their order
        yield f"  {{ rank=same; {' -> '.join(f'h{number}' for number in columns.values())} [style=invis] }}"
    for step, edge in enumerate(picture.edges):
        own = columns[edge.source] if edge.source == edge.target else None
        points = (f"s{step}_{column} [{_box(edge) if column == own else _POINT}]" for column in columns.values())
        yield f"  {{ rank=same; {' '.join(points)} }}"
        if len(columns) > 1:
            yield f"  {{ rank=same; {' -> '.join(f's{step}_{number}' for number in columns.values())} [style=invis] }}"
    for column in columns.values():
        chain = " -> ".join([f"h{column}", *(f"s{step}_{column}" for step in range(len(picture.edges)))])
        yield f'  {chain} [style=dashed color="{palette.QUIET}" weight=100]'
    for step, edge in enumerate(picture.edges):
        if edge.source != edge.target:
            ends = (f"s{step}_{columns[edge.source]}", f"s{step}_{columns[edge.target]}")
            head = "" if edge.kind in HEADS else " arrowhead=normal"
            yield f"  {ends[0]} -> {ends[1]} [{_edge(edge.kind, edge.mark, edge.labels)} constraint=false{head}]"


_POINT = 'shape=point width=0.02 color="' + palette.QUIET + '"'


def _box(edge: Edge) -> str:
    text = _lines([line for label in edge.labels for line in wrapped(label, NOTE)])
    colour = palette.ROLES[edge.kind] if edge.kind == "failure" else palette.QUIET
    return f'label="{text}" shape=box style=filled fontsize=10 fillcolor="{palette.TASK}" color="{colour}"'


def _matrix(picture: Picture) -> Iterator[str]:
    rows, columns = picture.in_group(ROWS), picture.in_group(COLUMNS)
    cells = {(edge.source, edge.target): edge for edge in picture.edges}
    corner = _cell(wrapped(picture.title, LABEL), palette.END)
    head = corner + "".join(_cell(wrapped(node.text, LABEL), palette.STATE) for node in columns)
    lines = [f"<TR>{head}</TR>"]
    for row in rows:
        filled = (cells.get((row.name, column.name)) for column in columns)
        body = "".join(_cell(wrapped(" ".join(edge.labels), LABEL), None, edge.kind) if edge else "<TD></TD>" for edge in filled)
        lines.append(f"<TR>{_cell(wrapped(row.text, LABEL), palette.STATE)}{body}</TR>")
    table = f'<TABLE BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="5" COLOR="{palette.QUIET}">{"".join(lines)}</TABLE>'
    yield f'  matrix [shape=plain style="" label=<{table}>]'


def _cell(lines: list[str], colour: str | None, kind: str = "") -> str:
    fill = f' BGCOLOR="{colour}"' if colour else ""
    text = _html(lines)
    return f"<TD{fill}>{f'<FONT COLOR={chr(34)}{palette.RED}{chr(34)}>{text}</FONT>' if kind == 'failure' else text}</TD>"


def _html(lines: list[str]) -> str:
    """Lines in a label that is HTML."""
    return "<BR/>".join(escape(line) or " " for line in lines)


def _lines(lines: list[str]) -> str:
    return "\\n".join(map(_escaped, lines))


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text in a quoted string: Graphviz reads entities in it, and escapes of its own after a backslash."""
    return clean(text).translate(TURNED)
