"""Mermaid, which many web pages draw by themselves."""

from lifecycle.render.picture import Edge, Picture

ARROWS = {"action": "-->", "admin": "-.->", "event": "-.->", "failure": "-.->"}
ENTITIES = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "\n": "<br/>"}


def mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart."""
    names = {node.name: f"n{number}" for number, node in enumerate(picture.nodes)}
    shapes = {"start": '(("{}"))', "state": '("{}")', "end": '(["{}"])', "any": '["{}"]'}
    lines = ["flowchart LR"]
    for node in picture.nodes:
        label = " " if node.kind == "start" else _escaped(node.name)
        lines.append(f"  {names[node.name]}{shapes[node.kind].format(label)}")
    lines += [_edge(names, edge) for edge in picture.edges]
    lines += [f"  %% {note}" for note in picture.notes]
    return "\n".join(lines) + "\n"


def _edge(names: dict[str, str], edge: Edge) -> str:
    label = "<br/>".join(map(_escaped, edge.labels))
    return f'  {names[edge.source]} {ARROWS[edge.kind]}|"{label}"| {names[edge.target]}'


def _escaped(text: str) -> str:
    return "".join(ENTITIES.get(character, character) for character in text)
