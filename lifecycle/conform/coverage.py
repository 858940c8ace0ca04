"""What a request shows of a table: each thing that its decision looked at, and what it makes of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.engine.checks import JUDGES

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from lifecycle.conform.judge import Asked
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.rules import Rules

Feature = tuple[Any, ...]
Check = tuple[str, str, str]
"""Its name, what it asks, and the key of a situation that it looks at."""
Features = tuple[list[Feature], ...]
"""By tier."""
EACH, STATES, EDITIONS, BUSY, CELLS = range(5)
TIERS = ("each action", "each action in each state", "each edition of a row", "while a task is under way", "every cell")
RUN = "run"
PERSONS = ("policy", "token")  # checks that look at the caller alone
ONCE = ("removed", "microversion", "envelope", "body")


class Coverage:
    """What has been seen, in tiers: what tells the most first."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.seen: set[Feature] = set()
        self.cells: set[Feature] = set()
        self._asks: dict[int, tuple[Ruling, list[Check]]] = {}
        self._editions: dict[int, tuple[Any, int]] = {}
        self._checks = [(check.name, check.asks, JUDGES.get(check.asks, (check.asks, None))[0]) for check in rules.checks]

    def _edition(self, ruling: Ruling) -> int:
        found = self._editions.setdefault(id(ruling.rule), (ruling.rule, len(self._editions)))
        return found[1]

    def of(self, asked: Asked, decision: Decision) -> Features:
        """The features of a request that meets this decision, by tier."""
        return self.at(asked, decision, self.met(decision))

    def at(self, asked: Asked, decision: Decision, met: Features) -> Features:
        """The features of a decision, and that it was met at a microversion."""
        request = decision.ruling.request
        here: Feature = (request.action, request.variant, "at", asked.request.microversion, decision.allowed)
        tier = BUSY if decision.situation.values["task_state"] is not None else EDITIONS
        return (*met[:tier], [*met[tier], here], *met[tier + 1 :])

    def met(self, decision: Decision, tier: int = CELLS) -> Features:
        """The features of a decision up to a tier, the same for all requests that meet it."""
        ruling, values = decision.ruling, decision.situation.values
        request, busy = ruling.request, values["task_state"] is not None
        here, edition = (request.action, request.variant), self._edition(ruling)
        each: list[Feature] = [(*here, "ends", decision.rule or (decision.outcome and decision.outcome.row))]
        each = [] if busy and decision.allowed else each
        if tier == EACH:
            persons = (what for what in self._looked(ruling, decision, PERSONS) if not busy)
            return [*each, *((*here, *what) for what in persons)], [], [], [], []
        looked = [(*here, *what) for what in self._looked(ruling, decision)]
        if decision.outcome is not None:
            looked.append((*here, "becomes", decision.outcome.row, values["state"]))
        further: list[Feature] = [(edition, *what) for what in looked]
        further += [(*here, "before", decision.rule, other.rule) for other in decision.refusals[1:]]
        if decision.outcome is not None:
            before = values["before"] if "before" in ruling.outcomes.keys else None
            further.append((*here, "becomes", decision.outcome.row, values["state"], before))
        status = self.rules.status(values["state"], values["task_state"])
        cell: Feature = ("cell", status, *here, request.caller.name, values["locked_by"])
        if busy:
            return each, [], [], [*looked, *further], [cell]
        runs = [self.run(decision)] if decision.outcome is not None and decision.outcome.tasks else []
        return [*each, *(what for what in looked if what[2] in PERSONS)], looked, further, runs, [cell]

    def run(self, decision: Decision) -> Feature:
        """That something was asked at each task of what was accepted; whoever does so notes it."""
        return RUN, decision.outcome and decision.outcome.row, decision.situation.values["state"]

    def _looked(self, ruling: Ruling, decision: Decision, only: Container[str] | None = None) -> Iterator[Feature]:
        """What the decision looked at, up to the check that refused; `only` in checks of these kinds."""
        values, caller = decision.situation.values, ruling.request.caller
        stop = _refused_by(ruling, decision)
        for name, asks, key in self._asked(ruling):
            if only is not None and asks not in only:
                pass
            elif asks == "policy":
                yield asks, caller.name
            elif asks == "token":
                yield asks, caller.fails == asks
            elif asks == "lock":
                held = values["locked_by"]
                yield asks, held, *((caller.passes_lock, caller.holds) if held else ())
            elif asks not in ONCE and not (key == "task_state" and values[key] is None and name != stop):
                yield asks, values[key]
            if name == stop:
                return

    def _asked(self, ruling: Ruling) -> list[Check]:
        """The checks of a rule, in its order; of several in different places that ask for the same, the one that it has."""
        found = self._asks.get(id(ruling))
        if found is None:
            has = {gate.check.name: gate.check.asks for gate in ruling.gates}
            own = [one for one in self._checks if one[0] in has or (one[0] == one[1] and one[1] not in has.values())]
            found = self._asks[id(ruling)] = ruling, own
        return found[1]

    def new(self, features: Features, tier: int) -> bool:
        """Whether any of these, up to a tier, has not been seen."""
        return not all(map(self.seen.issuperset, features[: tier + 1]))

    def note(self, features: Features) -> None:
        """These have been seen."""
        self.seen.update(what for part in features for what in part if what[0] != RUN)
        self.cells.update(features[CELLS])


def _refused_by(ruling: Ruling, decision: Decision) -> str | None:
    if decision.allowed:
        return None
    first, values = decision.refusals[0], decision.situation.values
    return next((gate.check.name for gate in ruling.gates if gate[values[gate.key]] is first), None)
