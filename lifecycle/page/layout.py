"""Where the states stand on the page.

A few stand in a ring around the one that most ways touch, so that every page looks alike, whatever is installed, and fits
a wide screen and a tall one. Many stand as Graphviz puts them; where there is none, in layers.
"""

from __future__ import annotations

import shlex
from itertools import combinations
from typing import TYPE_CHECKING

from lifecycle.errors import LifecycleError
from lifecycle.render.drawn import MOST as MOST_ARROWS
from lifecycle.render.drawn import run
from lifecycle.render.legible import LEAST, MOST
from lifecycle.render.rows import START, Scene, rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lifecycle.engine.rules import Rules

    Pairs = dict[tuple[str, str], int]
    """By the two states that ways lead between, how many do."""

RING = 20  # states that a ring has room for
INCH = 80.0  # pixels
HEIGHT, LETTER, MARGIN = 0.5, 0.12, 0.4  # inches: of a state; of a letter; what a state is wider than its name
APART = (3.0, 1.1)  # inches between layers, and within one


def layout(rules: Rules, reading: str) -> dict[str, Any]:
    """A `middle` and who stands `around` it, in order; or by state its `places`, in pixels."""
    pairs = _pairs(rules, reading)
    made = [START] if any(source == START for source, _ in pairs) else []
    if len(rules.states) <= RING:
        return ring([*made, *rules.states], pairs, rules.usual_state)
    try:
        lines = run(_dot(rules, pairs), "plain").decode().splitlines() if len(pairs) <= MOST_ARROWS else []
    except LifecycleError:  # nothing is installed that draws
        lines = []
    return {"places": _read(list(rules.states), lines) if lines else layers(list(rules.states), pairs, rules.usual_state)}


def _pairs(rules: Rules, reading: str) -> Pairs:
    """The ways that change the state, but for those that nearly every state allows."""
    found = [(row.source, end, row.label) for row in rows(Scene(rules, reading)) for end in row.ends if end != row.source]
    live = sum(not state["end"] for state in rules.states.values())
    sources: dict[tuple[str, str], set[str]] = {}
    for source, end, label in found:
        if source != START:
            sources.setdefault((end, label), set()).add(source)
    pairs: Pairs = {}
    for source, end, label in found:
        if source == START or len(sources[end, label]) < max(MOST * live, LEAST):
            pairs[source, end] = pairs.get((source, end), 0) + 1
    return pairs


def ring(states: Sequence[str], pairs: Pairs, usual: str) -> dict[str, Any]:
    """The usual state in the middle, and the others in such an order that what belongs together stands together."""
    around = [state for state in states if state != usual]
    length, better = _length(around, pairs), True
    while better:
        better = False
        for one, other in combinations(range(len(around)), 2):
            tried = [*around]
            tried[one], tried[other] = tried[other], tried[one]
            if (found := _length(tried, pairs)) < length:
                around, length, better = tried, found, True
    return {"middle": usual, "around": around}


def _length(around: Sequence[str], pairs: Pairs) -> int:
    """How far all the ways around a ring are together."""
    at = {state: number for number, state in enumerate(around)}
    steps = (abs(at[source] - at[end]) for source, end in pairs if source in at and end in at)
    return sum(min(step, len(around) - step) for step in steps)


def layers(states: Sequence[str], pairs: Pairs, usual: str) -> dict[str, list[int]]:
    """Each state in the layer of the fewest ways that lead to it from the usual one."""
    columns, placed = [[usual]], {usual}
    while more := list(dict.fromkeys(end for source, end in pairs if source in columns[-1] and end not in placed)):
        columns.append(more)
        placed.update(more)
    columns += [rest] if (rest := [state for state in states if state not in placed]) else []
    tall = max(map(len, columns))
    return {
        state: [_pixels((column + 0.5) * APART[0]), _pixels((row + 0.5) * tall / len(some) * APART[1])]
        for column, some in enumerate(columns)
        for row, state in enumerate(some)
    }


def _dot(rules: Rules, pairs: Pairs) -> str:
    """DOT text in which states are numbers, as wide as their names."""
    number = {state: place for place, state in enumerate(rules.states)}
    nodes = (f"{place} [width={len(state) * LETTER + MARGIN:.2f}]" for state, place in number.items())
    edges = (f"{number[source]} -> {number[end]}" for source, end in pairs if source in number)
    head = f"graph [rankdir=LR nodesep=0.5 ranksep=1.5] node [shape=box fixedsize=true height={HEIGHT}]"
    return f"digraph {{ {head} {' '.join(nodes)} {' '.join(edges)} }}"


def _read(states: Sequence[str], lines: Sequence[str]) -> dict[str, list[int]]:
    """The places in what Graphviz calls plain: a line for each node, in inches from the lower left."""
    words = [shlex.split(line) for line in lines]
    height = float(next(line[3] for line in words if line[0] == "graph"))
    nodes = (line for line in words if line[0] == "node")
    return {states[int(line[1])]: [_pixels(float(line[2])), _pixels(height - float(line[3]))] for line in nodes}


def _pixels(inches: float) -> int:
    return round(inches * INCH)
