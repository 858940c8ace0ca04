"""Formats that run: SCXML of the W3C, and the JSON of XState. Every edge is a transition, with its conditions.

The data that conditions look at are the keys of a case. What fails is an event of its own: `fail.os-stop` is the
work of os-stop that fails. Of the transitions of one event the first that fits is taken, as in the table.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from lifecycle.errors import LifecycleError
from lifecycle.render.letters import clean, identifiers, line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.render.picture import Edge, Node, Picture, When

FAIL = "fail."
NAMESPACE = "http://www.w3.org/2005/07/scxml"
SPACES = re.compile(r"\s+")


def xstate(picture: Picture) -> str:
    """A machine of XState 5 as JSON: its guards are called `fits`, and their `params` are by key the values that fit.

    A transition a line, so that it reads and differs well.
    """
    nodes, edges, initial = _machine(picture, "xstate")
    names = identifiers([node.name for node in nodes])
    states = []
    for node in nodes:
        on: dict[str, list[str]] = {}
        for edge in edges.get(node.name, ()):
            guard = {"guard": {"type": "fits", "params": {key: list(values) for key, values in edge.when}}} if edge.when else {}
            on.setdefault(_event(edge), []).append(_json({"target": names[edge.target], **guard}))
        called = {"description": clean(node.text)} if names[node.name] != node.text else {}
        words = {**called, **({"type": "final"} if node.kind == "end" and not on else {})}
        told = [f"{_json(key)}: {_json(value)}" for key, value in words.items()]
        transitions = (f"{_json(event)}: [\n    {f',{NEXT}    '.join(some)}]" for event, some in on.items())
        told += [f'"on": {{\n   {f",{NEXT}   ".join(transitions)}}}'] if on else []
        states.append(f"{_json(names[node.name])}: {{{', '.join(told)}}}")
    head = {
        "id": identifiers([picture.name])[picture.name],
        "description": clean(picture.title),
        "context": dict(picture.data),
        "initial": names[initial],
    }
    lines = [*(f"{_json(key)}: {_json(value)}" for key, value in head.items()), f'"states": {{\n  {f",{NEXT}  ".join(states)}}}']
    return f"{{\n {f',{NEXT} '.join(lines)}}}\n"


NEXT = "\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def scxml(picture: Picture) -> str:
    """A state chart of SCXML with ECMAScript's data model."""
    nodes, edges, initial = _machine(picture, "scxml")
    names = identifiers([node.name for node in nodes])
    title = quoteattr(clean(picture.name))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<scxml xmlns="{NAMESPACE}" version="1.0" datamodel="ecmascript" name={title} initial="{names[initial]}">',
    ]
    if picture.data:
        lines += [
            "  <datamodel>",
            *(f'    <data id="{_variable(key)}" expr={quoteattr(_literal(value))}/>' for key, value in picture.data),
        ]
        lines.append("  </datamodel>")
    for node in nodes:
        out = [*_transitions(edges.get(node.name, []), names)]
        called = f"<!-- {_comment(node.text)} -->" if names[node.name] != node.text else ""
        word = "final" if node.kind == "end" and not out else "state"
        head = f'  <{word} id="{names[node.name]}"'
        lines += [f"{head}>{called}", *out, f"  </{word}>"] if out or called else [f"{head}/>"]
    return "\n".join([*lines, "</scxml>"]) + "\n"


def _machine(picture: Picture, form: str) -> tuple[list[Node], dict[str, list[Edge]], str]:
    """The states, by state what leads out of it, and the first of them. What leads out of every state leads out of each."""
    if picture.form != "graph":
        raise LifecycleError(
            f"{form} is a machine, and this view is a {picture.form}; take another view, such as all, or another format"
        )
    anywhere = {node.name for node in picture.nodes if node.kind == "any"}
    starts = {edge.source: edge.target for edge in picture.edges if not edge.labels and picture.node(edge.source).kind == "start"}
    nodes = [node for node in picture.nodes if node.name not in anywhere and node.name not in starts]
    edges: dict[str, list[Edge]] = {}
    for edge in picture.edges:
        sources = [node.name for node in nodes if node.kind == "state"] if edge.source in anywhere else [edge.source]
        for source in sources:
            edges.setdefault(source, []).extend(replace(edge, labels=(label,)) for label in edge.labels)
    if not nodes:
        raise LifecycleError(f"{form} is a machine, and this view shows no state")
    first = next(iter(starts.values()), None) or next((node.name for node in nodes if node.mark == "here"), nodes[0].name)
    return nodes, edges, first


def _event(edge: Edge) -> str:
    """The name of an event has no spaces, and a dot means something only after `fail`."""
    name = SPACES.sub(":", clean(edge.trigger or edge.labels[0]).strip()) or "_"
    return f"{FAIL}{name}" if edge.kind == "failure" else name


def _transitions(edges: list[Edge], names: dict[str, str]) -> Iterator[str]:
    for edge in edges:
        condition = f" cond={quoteattr(_condition(edge.when))}" if edge.when else ""
        yield f'    <transition event={quoteattr(_event(edge))}{condition} target="{names[edge.target]}"/>'


def _condition(when: When) -> str:
    """All must hold; of the values of a key any."""
    parts = (" || ".join(f"{_variable(key)} == {_literal(value)}" for value in values) for key, values in when)
    return " && ".join(f"({part})" if " || " in part else part for part in parts)


def _variable(key: str) -> str:
    return re.sub(r"\W", "_", key)


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + clean(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return json.dumps(value)


def _comment(text: str) -> str:
    return escape(re.sub("-+", "-", line(text)))
