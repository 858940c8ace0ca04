"""Renderers: names that a stranger chose come out as they are, in every format, and break none."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render.hostile import FORMS, NASTY, graph, matrix, sequence, texts

from lifecycle.render.dot import dot
from lifecycle.render.drawn import run
from lifecycle.render.formats import FOR_PEOPLE, TEXTS, render
from lifecycle.render.letters import clean, identifiers, line, wrapped
from lifecycle.render.machines import scxml, xstate
from lifecycle.render.markdown import markdown
from lifecycle.render.mermaid import mermaid
from lifecycle.render.picture import Edge, Node, Picture, merged
from lifecycle.render.plantuml import plantuml
from lifecycle.render.text import text, wide

Make = Callable[[Sequence[str]], Picture]
names = st.lists(texts, min_size=2, max_size=6, unique=True)
makes = st.sampled_from(FORMS)


@pytest.mark.parametrize("form", sorted(FOR_PEOPLE))
@given(names, makes)
@settings(max_examples=25)
def test_the_same_picture_gives_the_same_text(form: str, some: list[str], make: Make) -> None:
    picture = make(some)
    first = render(picture, form)
    assert first == render(make(list(some)), form)
    assert not re.search("[\x00\x1b]", first.decode())


@given(names, makes)
@settings(max_examples=40)
def test_a_line_of_text_holds_what_it_was_given(some: list[str], make: Make) -> None:
    found = "".join(text(make(some)).split())
    for name in some:
        assert "".join(line(name).split())[:8] in found


@given(names)
@settings(max_examples=40)
def test_a_table_of_markdown_has_as_many_cells_in_each_row(some: list[str]) -> None:
    for make in (sequence, matrix):
        rows = [row for row in markdown(make(some)).splitlines() if row.startswith("|")]
        counts = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows}
        assert len(counts) == 1
    assert "<script>" not in markdown(graph([*some, "<script>"]))


@given(names)
@settings(max_examples=40)
def test_mermaid_leaves_nothing_that_ends_a_label(some: list[str]) -> None:
    for make in FORMS:
        for row in mermaid(make(some)).splitlines()[1:]:
            if row.startswith("  %% "):
                continue
            assert row.count('"') in {0, 2, 4}, row
            label = re.search(r'"(.*)"', row)
            shown = label.group(1).replace("<br/>", "\n") if label and "<small>" not in row else ""
            assert not re.search(r'[<>"`\\]', shown), row


def read_mermaid(label: str) -> str:
    """What Mermaid shows for a label of ours."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found.group(1))), label.replace("<br/>", "\n"))


@given(texts)
def test_mermaid_shows_the_name(name: str) -> None:
    source = mermaid(Picture("p", "p", (Node("x", "state", name or "x"),), ()))
    label = re.search(r'n0\("(.*)"\)', source, re.DOTALL)
    assert label
    assert read_mermaid(label.group(1)) == clean(name or "x")


@given(texts)
def test_plantuml_shows_the_name(name: str) -> None:
    source = plantuml(Picture("p", "p", (Node("x", "state", name or "x"),), ()))
    label = re.search(r'state "(.*)" as n0', source)
    assert label
    shown = re.sub(r"<U\+([0-9A-F]+)>", lambda found: chr(int(found.group(1), 16)), label.group(1).replace("\\n", "\n"))
    assert shown.strip("\n \t\xa0") == clean(name or "x").strip("\n \t\xa0") or not clean(name).strip()


@given(names)
@settings(max_examples=25)
def test_the_machines_are_well_formed_and_lose_no_state(some: list[str]) -> None:
    picture = graph(some)
    config = json.loads(xstate(picture))
    assert len(config["states"]) == len(some)
    chart = ET.fromstring(scxml(picture).encode())  # noqa: S314 - our own text
    states = [state for state in chart if state.tag.endswith(("state", "final"))]
    assert [state.attrib["id"] for state in states] == list(config["states"])
    targets = [edge.attrib["target"] for state in states for edge in state]
    assert set(targets) <= set(config["states"])
    assert len(targets) == sum(len(edge.labels) for edge in picture.edges)


@given(st.lists(texts, unique=True))
def test_identifiers_are_names_and_differ(some: list[str]) -> None:
    found = identifiers(some)
    assert list(found) and set(found) == set(some) if some else not found
    assert len(set(found.values())) == len(some)
    assert all(re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) for name in found.values())


@given(texts, st.integers(3, 50))
def test_wrapping_loses_nothing_but_spaces(name: str, width: int) -> None:
    lines = wrapped(name, width)
    assert all(len(part) <= width for part in lines)
    assert "".join("".join(lines).split()) == "".join(clean(name).split())


def texts_of(svg: bytes) -> list[str]:
    """The texts of an SVG, as they are shown."""
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("make", FORMS)
def test_graphviz_shows_every_name(make: Make) -> None:
    shown = "".join("".join(texts_of(run(dot(make(NASTY)), "svg"))).split()).replace("\xa0", "")
    for name in NASTY:
        for part in wrapped(name, 34):
            assert "".join(part.split()) in shown, name


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@given(st.lists(st.text(max_size=12), min_size=2, max_size=8, unique=True))
@settings(max_examples=5)
def test_graphviz_takes_any_name(some: list[str]) -> None:
    for make in FORMS:
        assert texts_of(run(dot(make(some)), "svg")) is not None


def test_what_reads_from_right_to_left_turns_nothing_around_it() -> None:
    assert line("שלום\nעולם") == "\u2068שלום עולם\u2069"
    assert wide(line("שלום")) == 4
    assert wide("日本") == 4


def test_parallel_edges_merge_and_keep_their_order() -> None:
    edges = (Edge("a", "b", ("x",)), Edge("a", "b", ("y", "x")), Edge("a", "b", ("z",), "event"), Edge("b", "a", ("x",)))
    assert [(edge.source, edge.target, edge.labels, edge.kind) for edge in merged(edges)] == [
        ("a", "b", ("x", "y"), "action"),
        ("a", "b", ("z",), "event"),
        ("b", "a", ("x",), "action"),
    ]


LINES = Picture(
    "lines",
    "lines",
    (Node("a"), Node("b", "end")),
    (
        Edge("a", "b", ("x",)),
        Edge("a", "b", ("y",), "admin"),
        Edge("a", "b", ("z",), "event"),
        Edge("a", "b", ("w",), "failure"),
        Edge("b", "a", ("v",), mark="gone"),
    ),
)


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        ("dot", ['label="y" color="#57606a" style=dashed', "style=dotted", 'label="× w" color="#b3400a"', "penwidth=2"]),
        ("mermaid", ['n0 -.->|"y"| n1', 'n0 --x|"× w"| n1', "stroke-dasharray:2 4", 'n1 -->|"− v"| n0']),
        ("plantuml", ["n0 -[dashed]-> n1 : y", "n0 -[dotted]-> n1 : z", "n0 -[#b3400a,bold]-> n1 : × w"]),
        ("markdown", ["x<br>y (admin)<br>z (event)<br>w (fails)", "− v"]),
        ("text", ["├╌╌▶ b  y", "├┄┄▶ b  z", "└─✗▶ b  w", "└──▶ a  − v"]),
    ],
)
def test_kinds_are_told_by_more_than_colour(form: str, parts: list[str]) -> None:
    shown = TEXTS[form](LINES)
    assert [part for part in parts if part not in shown] == []
