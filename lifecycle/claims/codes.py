"""All codes that an action can answer, each with the smallest case that is answered so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.cases import Cases
from lifecycle.engine import microversion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.api import Lifecycle

    Case = dict[str, Any]


def codes_of(lifecycle: Lifecycle, action: str) -> dict[int, tuple[Case, bool]]:
    """For each code a case that is answered so, and whether that allows; by the fewest things told.

    One thing at a time is not as usual, in each state: a check looks at one thing, so that no code needs more.
    """
    cases = Cases(lifecycle)
    found: dict[int, tuple[Case, bool]] = {}
    for case in sorted(_cases(lifecycle, action), key=len):
        decision = cases.decide(case)
        found.setdefault(decision.code, (case, decision.allowed))
    return found


def _cases(lifecycle: Lifecycle, action: str) -> Iterator[Case]:
    rules = lifecycle.rules
    for variant in rules.variants(action) or (None,):
        request: Case = {"action": action, **({"variant": variant} if variant else {})}
        for version in _versions(lifecycle, action, variant):
            for state in rules.states:
                for odd in _odd(lifecycle):
                    yield {**request, **version, **({"state": state} if state != rules.usual_state else {}), **odd}


def _versions(lifecycle: Lifecycle, action: str, variant: str | None) -> Iterator[Case]:
    """The newest microversion, and the last of each rule that the action had before."""
    yield {}
    for edition in lifecycle.rules.editions(action, variant, lifecycle.reading):
        last = edition["until"] and tuple(edition["until"])
        if last and last != lifecycle.rules.newest:
            yield {"microversion": microversion.text(last)}


def _odd(lifecycle: Lifecycle) -> Iterator[Case]:
    """What can be not as usual, one thing at a time."""
    rules = lifecycle.rules
    yield {}
    yield {"exists": False}
    yield {"body": {}}
    yield from ({"caller": caller} for caller in rules.callers if caller != rules.usual_caller)
    yield from ({"locked_by": holder} for holder in rules.holders)
    yield from ({"task_state": task} for task in rules.tasks)
    yield from ({name: not fact["usual"]} for name, fact in rules.facts.items())
