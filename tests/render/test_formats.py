"""Renderers: text that a stranger's names cannot break."""

import shutil

import pytest

from lifecycle.render.dot import dot
from lifecycle.render.formats import draw
from lifecycle.render.mermaid import mermaid
from lifecycle.render.picture import Edge, Node, Picture

NASTY = 'a "b" <c> #d & \\e\nf'
PICTURE = Picture(
    NASTY,
    NASTY,
    (Node("start", "start"), Node(NASTY), Node("gone", "end"), Node("any", "any")),
    (Edge("start", NASTY, (NASTY, "two")), Edge(NASTY, "gone", ("x",), "admin"), Edge("any", "gone", ("y",), "failure")),
    notes=(NASTY,),
)


def test_dot_escapes_what_it_must() -> None:
    text = dot(PICTURE)
    assert r'"a \"b\" <c> #d & \\e\nf" -> "gone" [label="x"' in text
    assert "style=dashed" in text


def test_mermaid_escapes_what_it_must() -> None:
    text = mermaid(PICTURE)
    assert 'n1("a #quot;b#quot; #lt;c#gt; #35;d #amp; \\e<br/>f")' in text
    assert 'n1 -.->|"x"| n2' in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("form", ["svg", "png"])
def test_graphviz_takes_it(form: str) -> None:
    assert len(draw(dot(PICTURE), form)) > 500
