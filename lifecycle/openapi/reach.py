"""What an action can answer: every refusal that can be the first one, and every outcome, whoever asks and of whatever server."""

from __future__ import annotations

from lifecycle.engine.situation import SIGNS

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from lifecycle.engine.checks import Gate, Refusal
    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.rules import Data, Rules

    Left = dict[str, list[Any]]
    """By key of a situation the values that no gate has refused."""

WRONG = "it does not fit the schema"


def refusals(rulings: Iterable[Ruling]) -> Iterator[tuple[Gate, Any, Refusal]]:
    """Each refusal that can speak first, with its gate and the value that it refuses."""
    for ruling in rulings:
        left: Left = {}
        for gate in ruling.gates:
            passed = []
            for value in _left(left, ruling, gate.key):
                refusal = gate[value]
                if refusal is None:
                    passed.append(value)
                else:
                    yield gate, value, refusal
            left[gate.key] = passed
            if not passed:
                break


def outcomes(rulings: Iterable[Ruling]) -> list[Data]:
    """The rows of the outcomes that an accepted request can have, each once, in their order."""
    found: dict[str, Data] = {}
    for ruling in rulings:
        left: Left = {}
        for gate in ruling.gates:
            left[gate.key] = [value for value in _left(left, ruling, gate.key) if gate[value] is None]
        if all(left.values()):
            for row in _reached(ruling, left):
                found.setdefault(row["at"], row)
    return list(found.values())


def _reached(ruling: Ruling, left: Left) -> Iterator[Data]:
    """The rows up to one that fits whatever is left."""
    for row in ruling.outcomes.rows:
        wanted = {key: [value for value in _left(left, ruling, key) if value in values] for key, values in row["when"].items()}
        if all(wanted.values()):
            yield row
            if all(len(values) == len(_left(left, ruling, key)) for key, values in wanted.items()):
                return


def _left(left: Left, ruling: Ruling, key: str) -> Sequence[Any]:
    if key in left:
        return left[key]
    return [True] if key in ("envelope", "body") and not _can_be_wrong(ruling, key) else domain(ruling.request.rules, key)


def _can_be_wrong(ruling: Ruling, key: str) -> bool:
    """Whether anything is asked of a body: of its only key, or of what the table says that it holds."""
    action = ruling.request.rules.action(ruling.request.action)
    return bool(action["body"] if key == "envelope" else action["variant_in"]) or (key == "body" and bool(ruling.rule["body"]))


def domain(rules: Rules, key: str) -> Sequence[Any]:
    """All values that a key of a situation can have; of what is wrong with a body, one sentence."""
    known: dict[str, Sequence[Any]] = {
        "state": [*rules.states],
        "before": [None, *rules.states],
        "task_state": [None, *rules.tasks],
        "locked_by": [None, *rules.holders],
        "envelope": [True, WRONG],
        "body": [True, WRONG],
        "exists": [True, False],
        "asked": [True],
    }
    if key in known:
        return known[key]
    return SIGNS if key in rules.options else (True, False)
