"""Pictures whose names a stranger chose."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from lifecycle.render.picture import COLUMNS, ROWS, Edge, Group, Node, Picture

NASTY = (
    'a "b" <c> #d & \\e\nf',
    "end",
    "שלום עולם",
    "مرحبا <x>",
    "x" * 300,
    "a;b|c]d[e}f{g(h)i",
    "`code` *bold* _it_ %% -->",
    "&lt;b&gt; &amp; #35; &quot;",
    "日本語 表",
    "tab\tand\rcr",
    "\x00\x1b[31m\ud800",
    "",
    " ",
    "state",
    "subgraph",
    "%%{init}%%",
    '"""',
    "a:b",
    "<U+0041>",
    "\\n",
    "\\l",
    "\\",
    "-- ..",
    "@startuml",
    "--><!--",
    "]]>",
    "<script>alert(1)</script>",
    "click n0 call x()",
    "|||",
)
texts = st.text(max_size=40) | st.sampled_from(NASTY)


def graph(names: Sequence[str]) -> Picture:
    """Each name as a node, its note, a label, in a group and as a note of all."""
    nodes = tuple(Node(name, "state", notes=(name,), group="" if number % 2 else "g") for number, name in enumerate(names))
    edges = tuple(Edge(one, other, (one, other)) for one, other in pairwise(names))
    edges += (Edge(names[0], names[-1], (names[0],), "failure"), Edge(names[-1], names[0], (names[0],), "event", "added"))
    return Picture(names[0], names[0], nodes, edges, (Group("g", names[0]),), tuple(names))


def sequence(names: Sequence[str]) -> Picture:
    parties = tuple(Node(f"p{number}", "party", name) for number, name in enumerate(names[:3]))
    ends = [(one.name, other.name) for one in parties for other in parties]
    edges = tuple(Edge(*ends[number % len(ends)], (name,)) for number, name in enumerate(names))
    return Picture(names[0], names[0], parties, edges, notes=tuple(names), form="sequence")


def matrix(names: Sequence[str]) -> Picture:
    rows = tuple(Node(f"r{number}", "head", name, group=ROWS) for number, name in enumerate(names))
    columns = tuple(Node(f"c{number}", "head", name, group=COLUMNS) for number, name in enumerate(names[:3]))
    edges = tuple(Edge(row.name, column.name, (row.text,)) for row in rows for column in columns[:2])
    return Picture(names[0], names[0], (*rows, *columns), edges, notes=tuple(names), form="matrix")


FORMS = (graph, sequence, matrix)
