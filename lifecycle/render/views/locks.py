"""Who may ask what under which lock: a matrix of callers and locks for each kind of action."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.errors import listed
from lifecycle.render.picture import COLUMNS, ROWS, Edge, Node, Picture
from lifecycle.render.views.everything import title

if TYPE_CHECKING:
    from lifecycle.engine.decide import Ruling
    from lifecycle.render.rows import Scene

    Cells = tuple[tuple[str, bool], ...]

MAY = "✓"
WHO = frozenset(("token", "exists", "policy", "lock"))  # what the caller and the lock alone may be refused for
FEW = 3  # actions that the head of a row names


def locks(scene: Scene) -> Picture:
    """A row for all actions that answer alike, a column for each caller; a cell has an answer for each lock, or one for all."""
    rules = scene.rules
    alike: dict[Cells, list[str]] = {}
    for name, data in rules.actions.items():
        for variant in data["variants"] or (None,):
            rulings = [replace(scene, caller=caller).ruling(name, variant) for caller in rules.callers]
            cells = tuple(_cell(ruling, tuple(rules.holders)) for ruling in rulings)
            if not any(ruling.rule.get("absent") or ruling.rule["removed"] for ruling in rulings):
                alike.setdefault(cells, []).append(f"{name} {variant}" if variant else name)
    kinds = sorted(alike.items(), key=lambda kind: -len(kind[1]))
    heads = [Node(f"row {number}", "head", _head(names), group=ROWS) for number, (_, names) in enumerate(kinds)]
    columns = [Node(f"column {caller}", "head", caller, group=COLUMNS) for caller in rules.callers]
    edges = tuple(
        Edge(head.name, column.name, (text,), "action" if may else "failure")
        for head, (cells, _) in zip(heads, kinds, strict=True)
        for column, (text, may) in zip(columns, cells, strict=True)
    )
    told = ", ".join(["no lock", *(f"a lock of {says}" for says in rules.holders.values())])
    several = f"; several answers are for {told}, in this order" if rules.holders else ""
    notes = [f"{MAY} may, a code refuses{several}."]
    notes += [f"{_head(names)}: {', '.join(names)}." for _, names in kinds if len(names) > FEW]
    about = title(scene, "who may, under which lock")
    return Picture(f"{rules.name} locks", about, (*heads, *columns), edges, notes=tuple(notes), form="matrix")


def _cell(ruling: Ruling, holders: tuple[str, ...]) -> tuple[str, bool]:
    """The answers for each lock, one where they are all the same, and whether there is one that may."""
    answers = [_answer(ruling, holder) for holder in (None, *holders)]
    texts = answers[:1] if len(set(answers)) == 1 else answers
    return " ".join(texts), MAY in answers


def _answer(ruling: Ruling, holder: str | None) -> str:
    """What is answered for the caller and the lock, whatever else might refuse."""
    for gate in ruling.gates:
        if gate.check.asks in WHO and (refusal := gate[{"locked_by": holder}.get(gate.key, True)]) is not None:
            return str(refusal.code)
    return MAY


def _head(names: list[str]) -> str:
    more = len(names) - FEW
    return f"{', '.join(names[:FEW])} and {more} more" if more > 0 else listed(names)
