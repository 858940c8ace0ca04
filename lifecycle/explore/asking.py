"""What may be asked where: every rule of a table, cut into the values of each key that it lets through.

A gate looks at one key, so what a rule allows is a set of values for each key. Those of a deployment are one set of
deployments; those of a situation are looked up; whom a lock lets through is one set of callers.
"""

from __future__ import annotations

from lifecycle.engine.checks import ASKED, Request
from lifecycle.engine.decide import Ruling
from lifecycle.explore.deployments import meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.explore.deployments import Deployments

    Allowed = dict[str, frozenset[Any]]
    """By key of a situation the values that a rule lets through; a key that is not there is free."""

SAYS = ("tasks", "at_once", "becomes", "remembers")
RIGHT = {"envelope": True, "body": True}


class Asking:
    """One action and variant, or event, by one rule: where it is allowed, in which deployments and to whom.

    `name` is that of a trigger (`reboot:HARD`). `callers` holds by lock the bits of those who may, in the order of
    `rules.callers`; an event has none and happens where it is allowed. `creates`: it needs no thing; `idle`: whatever its
    outcome, it changes nothing.
    """

    __slots__ = ("allowed", "callers", "creates", "event", "guard", "idle", "name", "rule")

    def __init__(
        self, action: str, variant: str | None, rule: Data, allowed: Allowed, guard: int, *, creates: bool = False
    ) -> None:
        self.name = f"{action}:{variant}" if variant else action
        self.rule = rule
        self.allowed = allowed
        self.guard = guard
        self.event = False
        self.creates = creates
        self.idle = all(not any(row[word] for word in SAYS) and row["lock"] is None for row in rule["outcomes"])
        self.callers: dict[str | None, int] = {}


def askings(rules: Rules, reading: str, deployments: Deployments) -> list[Asking]:
    """All that may be asked or may happen, rule by rule."""
    cutter = _Cutter(rules, reading, deployments)
    return [*cutter.actions(), *cutter.events()]


class _Cutter:
    def __init__(self, rules: Rules, reading: str, deployments: Deployments) -> None:
        self.rules = rules
        self.reading = reading
        self.deployments = deployments
        self.domains: dict[str, tuple[Any, ...]] = {
            "state": tuple(rules.states),
            "task_state": (None, *rules.tasks),
            "before": (None, *rules.states),
            "locked_by": (None, *rules.holders),
        }
        self._passed: dict[tuple[int, str], frozenset[Any]] = {}

    def actions(self) -> Iterator[Asking]:
        for action, row in self.rules.actions.items():
            for variant in row["variants"] or (None,):
                for rule, version, guard in self._rules(action, variant):
                    yield from self._asked(action, variant, rule, version, guard)

    def _rules(self, action: str, variant: str | None) -> Iterator[tuple[Data, Microversion | None, int]]:
        """The rules of an action that mean different things, each with one of its microversions and its deployments."""
        found: list[tuple[Any, Data, Microversion | None, int]] = []
        for (_, last), mask in self.deployments.each():
            rule = self.rules.edition(action, variant, self.reading, last)
            if rule is None:
                continue
            means = meaning(rule)
            number = next((number for number, other in enumerate(found) if other[0] == means), None)
            if number is None:
                found.append((means, rule, last, mask))
            else:
                found[number] = (*found[number][:3], found[number][3] | mask)
        yield from (one[1:] for one in found)

    def _asked(self, action: str, variant: str | None, rule: Data, version: Microversion | None, guard: int) -> Iterator[Asking]:
        """One rule for all callers; those are together whom it lets through at the same places."""
        found: dict[Any, Asking] = {}
        creates = self.rules.makes(rule)
        for number, caller in enumerate(self.rules.callers.values()):
            ruling = Ruling(Request(self.rules, action, variant, caller, version, self.reading))
            cut = self._cut(ruling, guard)
            if cut is None:
                continue
            allowed, left = cut
            locks = allowed.pop("locked_by", frozenset(self.domains["locked_by"]))
            key = (left, frozenset(allowed.items()))
            asking = found.setdefault(key, Asking(action, variant, rule, allowed, left, creates=creates))
            for lock in locks:
                asking.callers[lock] = asking.callers.get(lock, 0) | 1 << number
        yield from found.values()

    def events(self) -> Iterator[Asking]:
        for name in self.rules.events:
            caller = self.rules.caller(None)
            ruling = Ruling(Request(self.rules, name, None, caller, self.rules.newest, self.reading))
            cut = self._cut(ruling, self.deployments.every)
            if cut is not None:
                asking = Asking(name, None, ruling.rule, *cut)
                asking.event = True
                yield asking

    def _cut(self, ruling: Ruling, guard: int) -> tuple[Allowed, int] | None:
        """What a caller's rule lets through of a thing that is there, or that it creates; None where it is nothing."""
        allowed: Allowed = {}
        for gate in ruling.gates:
            key = gate.key
            if key == ASKED or key in RIGHT or key == "exists":
                if gate[True] is not None:
                    return None
            elif key in self.deployments.values:
                values = [cell[0] for cell in self.deployments.values[key]]
                guard &= self.deployments.where(key, [value for value in values if gate[value] is None])
            else:
                passed = self._through(ruling, gate)
                allowed[key] = allowed[key] & passed if key in allowed else passed
            if not guard:
                return None
        return allowed, guard

    def _through(self, ruling: Ruling, gate: Any) -> frozenset[Any]:
        """The values that a gate lets through; all but the lock's are alike for all callers of a rule."""
        known = (id(ruling.rule), gate.check.name)
        if gate.key == "locked_by" or known not in self._passed:
            passed = frozenset(value for value in self.domains.get(gate.key, (True, False)) if gate[value] is None)
            if gate.key == "locked_by":
                return passed
            self._passed[known] = passed
        return self._passed[known]
