"""Where a rule gives which answer: the space of situations cut into boxes, and boxes laid together again.

A box holds for each key of a situation the values that it allows; a key that it does not name is
free. A gate looks at one key, so the rules of a table cut their space into few boxes, whatever its
size: what differs between two of them is found by laying one cut over the other.
"""

from __future__ import annotations

from lifecycle.engine.checks import ASKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from lifecycle.engine.checks import Gate
    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.rules import Data

    Box = dict[str, frozenset[Any]]
    Domain = Callable[[str], tuple[Any, ...]]
    """The values that a key can have."""

WRONG = "wrong"  # the verdict on a body, or on its envelope, that is not right


class Refused:
    """A refusal as another can be compared with it; `form` is its words before the state or the task was filled in."""

    __slots__ = ("code", "form", "message", "rule")

    def __init__(self, gate: Gate, value: Any) -> None:
        refusal = gate[value]
        self.code, self.rule, self.message = refusal.code, refusal.rule, refusal.message
        words = gate.rule["messages"].get(gate.check.name) or gate.check.message or ""
        filled = any(word in words for word in ("{vm_state}", "{task_state}"))
        called = gate.rule["called"] or gate.request.action
        self.form = words.replace("{action}", called) if filled else self.message


class Piece:
    """A box and what a rule answers in it: a refusal, or the row of an outcome."""

    __slots__ = ("box", "refused", "row")

    def __init__(self, box: Box, refused: Refused | None, row: Data | None) -> None:
        self.box = box
        self.refused = refused
        self.row = row


def pieces(ruling: Ruling, domain: Domain, fixed: Mapping[str, Any]) -> Iterator[Piece]:
    """The whole space as one rule cuts it, each situation in one piece; `fixed` keys have just one value."""
    left: Box = {}
    for gate in ruling.gates:
        free = gate.key == ASKED or gate.key in fixed
        every = (fixed.get(gate.key, True),) if free else domain(gate.key)
        values = [value for value in every if free or gate.key not in left or value in left[gate.key]]
        alike: dict[object, list[Any]] = {}
        for value in values:
            refusal = gate[value]
            alike.setdefault(refusal and (refusal.code, refusal.message), []).append(value)
        passing = frozenset(alike.pop(None, ()))
        for refused in alike.values():
            yield Piece(left if free else {**left, gate.key: frozenset(refused)}, Refused(gate, refused[0]), None)
        if not passing:
            return
        if not free and len(passing) < len(every):
            left = {**left, gate.key: passing}
    yield from _outcomes(ruling.rule["outcomes"], left, domain, fixed)


def _outcomes(rows: Iterable[Data], box: Box, domain: Domain, fixed: Mapping[str, Any]) -> Iterator[Piece]:
    """What is left when all gates are passed, by the first row that fits."""
    left = [box]
    for row in rows:
        when = row["when"]
        if any(fixed[key] not in wanted for key, wanted in when.items() if key in fixed):
            continue
        outside: list[Box] = []
        for part in left:
            inside: Box | None = part
            for key, wanted in when.items():
                if key not in fixed and inside is not None:
                    values = inside.get(key) or frozenset(domain(key))
                    if values - set(wanted):
                        outside.append({**inside, key: values - set(wanted)})
                    inside = {**inside, key: values & set(wanted)} if values & set(wanted) else None
            if inside is not None:
                yield Piece(inside, None, row)
        left = outside


def common(one: Box, other: Box) -> Box | None:
    """The situations that are in both boxes; None where there are none."""
    box = {**one, **other}
    for key in one.keys() & other.keys():
        box[key] = one[key] & other[key]
        if not box[key]:
            return None
    return box


def joined(boxes: Iterable[Box], order: Iterable[str], domain: Domain) -> list[Box]:
    """Disjoint boxes laid together where that makes one box of several; keys are tried in this order."""
    found, order = [dict(box) for box in boxes], list(order)
    while True:
        before = len(found)
        for key in order:
            found = _along(found, key, frozenset(domain(key)))
        if len(found) == before:
            return found


def _along(boxes: list[Box], key: str, whole: frozenset[Any]) -> list[Box]:
    """Boxes that differ in one key only are one."""
    rows: dict[object, tuple[Box, set[Any]]] = {}
    for box in boxes:
        rest = {name: values for name, values in box.items() if name != key}
        rows.setdefault(frozenset(rest.items()), (rest, set()))[1].update(box.get(key, whole))
    return [rest if values == whole else {**rest, key: frozenset(values)} for rest, values in rows.values()]
