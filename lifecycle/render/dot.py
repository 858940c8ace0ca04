"""DOT, the language of Graphviz; colours that colour-blind readers can tell apart, on light and on dark."""

from lifecycle.render.picture import Edge, Node, Picture

STYLES = {
    "action": 'color="#4a5568"',
    "admin": 'color="#4a5568" style=dashed',
    "event": 'color="#4a5568" style=dotted',
    "failure": 'color="#c2410c" fontcolor="#c2410c"',
}
SHAPES = {
    "start": 'shape=circle width=0.15 label="" style=filled fillcolor="#4a5568"',
    "state": 'fillcolor="#e6f0fa" color="#2b6cb0"',
    "end": 'fillcolor="#e2e8f0" color="#4a5568" peripheries=2',
    "any": 'shape=plaintext style="" fontname="Helvetica-Oblique"',
}


def dot(picture: Picture) -> str:
    """The picture as DOT text; the same picture gives the same text."""
    notes = "\\l".join(map(_escaped, picture.notes))
    lines = [
        f"digraph {_quoted(picture.name)} {{",
        f'  graph [label="{notes}\\l" labeljust=l fontsize=10 fontname="Helvetica"]',
        "  graph [rankdir=LR nodesep=0.35 ranksep=0.7 bgcolor=white]",
        '  node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=12 margin="0.12,0.06"]',
        '  edge [fontname="Helvetica" fontsize=10 arrowsize=0.7]',
        *(f"  {_quoted(node.name)} [{_node(node)}]" for node in picture.nodes),
        *(f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [{_edge(edge)}]" for edge in picture.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _node(node: Node) -> str:
    return SHAPES[node.kind]


def _edge(edge: Edge) -> str:
    label = "\\n".join(map(_escaped, edge.labels))
    return f'label="{label}" {STYLES[edge.kind]}'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
