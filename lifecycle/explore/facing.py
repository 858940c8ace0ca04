"""Two tables face to face: what one has and the other lacks, and what they say of themselves otherwise."""

from __future__ import annotations

from lifecycle.engine import microversion
from lifecycle.engine.situation import sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from lifecycle.engine.rules import Data, Rules

    Change = tuple[str, Any, Any]


def rule_meaning(rule: Data | None) -> Any:
    """All of a rule but where it stands: where it is equal rules answer alike, in tables of one `context` and checks."""
    if rule is None:
        return None
    said = {key: value for key, value in rule.items() if key not in WHERE}
    return {**said, "outcomes": [row_meaning(row) for row in rule["outcomes"]]}


def row_meaning(row: Data) -> Any:
    """All of one outcome but where it stands."""
    return {key: value for key, value in row.items() if key not in WHERE}


WHERE = ("at", "lines")


def context(rules: Rules) -> Any:
    """All that the effects of a request may depend on besides its row; the order of locks counts."""
    data = rules.data
    states = {name: (state["vm_state"], state["implies"], state["end"]) for name, state in rules.states.items()}
    named = [set(rules.facts), set(rules.options), set(rules.tasks), list(rules.holders)]
    return [states, named, *(data[key] for key in ("callers", "shows", "recalls"))]


def shared(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """The names that both have, in the order of the first."""
    names = set(other)
    return [name for name in one if name in names]


def facing(left: Rules, right: Rules) -> Iterator[Change]:
    """What two tables say of themselves otherwise: what it is about, what the left says, and what the right says."""
    for kind in ("states", "tasks", "callers", "holders", "facts", "options", "actions", "events"):
        one, other = getattr(left, kind), getattr(right, kind)
        word = {"holders": "holder of a lock"}.get(kind, kind.removesuffix("s"))
        yield from ((f"{word} {name}", "there", "not there") for name in one if name not in other)
        yield from ((f"{word} {name}", "not there", "there") for name in other if name not in one)
    yield from _told(_words(left), _words(right))


def _told(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Change]:
    """What both speak of, and not in the same way."""
    yield from ((what, one[what], other[what]) for what in one if what in other and one[what] != other[what])


def _words(rules: Rules) -> dict[str, Any]:
    """All that a table says of itself and that no single answer shows, by what it is about."""
    ends = (rules.oldest, rules.newest)
    words: dict[str, Any] = {
        "microversions": "none" if None in ends else " to ".join(microversion.text(end) for end in ends if end),
        "usual state": rules.usual_state,
        "usual caller": rules.usual_caller,
    }
    for name, state in rules.states.items():
        words[f"vm_state of {name}"] = state["vm_state"]
        words[f"{name} implies"] = dict(sorted(state["implies"].items()))
        words[f"{name} is an end"] = state["end"]
        words |= {f"status of {name} during {task}": rules.status(name, task) for task in rules.tasks}
    for status, pairs in rules.by_status.items():
        words |= {f"{status} of a {state} stands for the task": task for state, task in reversed(pairs)}
        words[f"{status} stands for the state"] = pairs[0][0]
    for name, fact in rules.facts.items():
        words[f"usual {name}"] = fact["usual"]
    for name, usual in rules.options.items():
        words[f"default of {name}"] = sign(usual)
    for check in rules.checks:
        words[f"{check.name} ends the checks"] = check.ends
    for name, row in rules.actions.items():
        words[f"address of {name}"] = row["address"]
        words[f"variants of {name}"] = sorted(filter(None, row["variants"]))
        words[f"usual variant of {name}"] = next(iter(row["variants"]), None)
        words[f"field of the variant of {name}"] = row["variant_in"]
    return {**words, **_document(rules.data["document"])}


def _document(document: Mapping[str, Any] | None) -> dict[str, Any]:
    if document is None:
        return {"document": "none"}
    keys = {f"{key} in the document": field for key, field in document["keys"].items()}
    return {"document": "told", "envelope of the document": document["within"], "keys of the document": sorted(keys), **keys}
