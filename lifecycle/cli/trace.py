"""A trace: the requests and events that a server went through, as a machine's history has them, run once more."""

from __future__ import annotations

import json

from lifecycle.api import Server
from lifecycle.errors import LifecycleError, listed, shown
from lifecycle.machine.model import WORK
from lifecycle.machine.plant import FAILED, NotUnderWay, Refused, UnknownTrigger
from lifecycle.render.rows import START, makes
from lifecycle.render.views.way import Leg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation
    from lifecycle.machine.model import Machine

PLACE = ("status", "state", "vm_state", "task_state")


class Trace:
    """What a trace came to: the legs of the way, and the situation where it ends."""

    __slots__ = ("legs", "situation")

    def __init__(self, legs: list[Leg], situation: Situation) -> None:
        self.legs = legs
        self.situation = situation


def read_trace(text: str, name: str) -> list[str]:
    """The names in a file: a JSON array of them, or one a line; `#` begins a remark. Raises LifecycleError."""
    if text.lstrip().startswith("["):
        try:
            names = json.loads(text)
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise LifecycleError(
                f"{shown(name)} must be a JSON array of texts, or a name a line, as a machine's history has them"
            )
        return names
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def replay(
    lifecycle: Lifecycle, names: list[str], told: Mapping[str, Any], caller: str | None, microversion: str | None
) -> Trace:
    """The trace run from the first place, in the order of the table, that it can be run from, to where `told` says it ends.

    Raises LifecycleError where there is none; its sentence is about the place where it went furthest.
    """
    rules = lifecycle.rules
    caller = caller or next(iter(rules.callers))
    others = {key: value for key, value in told.items() if key not in PLACE}
    end = _status(rules, lifecycle.situation(Server(**told))) if len(others) < len(told) else None
    failed: list[tuple[int, str]] = []
    for begin in _begins(lifecycle, names, caller, microversion):
        machine = lifecycle.machine(Server(**{**others, **begin}), caller, microversion)
        legs, wrong = _run(rules, machine, names, START if begin.get("exists") is False else machine.status)
        if wrong:
            failed.append((len(legs), wrong))
        elif end in {None, machine.status}:
            return Trace(legs, machine.situation)
        else:
            failed.append((len(names), f"the trace ends {machine.status}, and the {rules.thing} is {end}"))
    raise LifecycleError(max(failed, key=lambda one: one[0])[1])


def _begins(lifecycle: Lifecycle, names: list[str], caller: str, microversion: str | None) -> Iterator[dict[str, Any]]:
    """Where a trace may begin: with nothing where it makes the thing, else in any state, the usual one first."""
    rules = lifecycle.rules
    action, _, variant = names[0].partition(":") if names else ("", "", "")
    if action in rules.actions and makes(lifecycle.ruling(action, variant or None, caller, microversion)):
        yield {"exists": False}
        return
    yield from ({"state": state} for state in dict.fromkeys([rules.usual_state, *rules.states]) if not rules.states[state]["end"])


def _run(rules: Rules, machine: Machine, names: list[str], begin: str) -> tuple[list[Leg], str]:
    """The legs as far as they go, and what stopped them."""
    legs: list[Leg] = []
    before = begin
    for number, name in enumerate(names, 1):
        try:
            if name in WORK:
                getattr(machine, name)()
            else:
                machine.trigger(name)
        except UnknownTrigger as error:
            raise LifecycleError(f"step {number} of the trace: {error}; or {listed(WORK, 'or')}") from None
        except (Refused, NotUnderWay) as error:
            return legs, f"step {number} of the trace: {error}"
        kind = "failure" if name == FAILED else "work" if name in WORK else "event" if name in rules.events else "action"
        legs.append(Leg(name, before, machine.status, kind))  # type: ignore[arg-type]
        before = machine.status
    return legs, ""


def _status(rules: Rules, situation: Situation) -> str:
    return rules.status(situation.values["state"], situation.values["task_state"])
