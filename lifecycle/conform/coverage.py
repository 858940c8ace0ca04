"""What a request shows of a table: each thing that its decision looked at, and what it makes of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.bodies.schema import parts
from lifecycle.conform.belief import looked_at
from lifecycle.engine.checks import JUDGES

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from lifecycle.conform.judge import Asked
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.rules import Rules

Feature = tuple[Any, ...]
Check = tuple[str, str, str]
"""Its name, what it asks, and the key of a situation that it looks at."""
EACH, STATES, EDITIONS, BUSY, CELLS = range(5)
TIERS = ("each action", "each action in each state", "each edition of a row", "while a task is under way", "every cell")
RUN = "run"
PERSONS = ("policy", "token")  # checks that look at the caller alone
PLACE = ("exists", "state", "task_state", "locked_by")  # what each feature may tell of a situation
ONCE = ("removed", "microversion", "envelope", "body")
ASIDE = (*PERSONS, *ONCE)  # checks that do not look at the server


class Coverage:
    """What has been seen, in tiers: what tells the most first."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.seen: set[Feature] = set()
        self.cells: set[Feature] = set()
        self._asks: dict[int, tuple[Ruling, list[Check]]] = {}
        self._shown: dict[int, tuple[Ruling, tuple[str, ...]]] = {}
        self._editions: dict[int, tuple[Any, int]] = {}
        self._met = (self._by_action, self._by_state, self._by_row, self._of_work, self._by_cell)
        self._met_busy = (self._refusals, None, None, self._under_way, self._by_cell)
        self._checks = [(check.name, check.asks, JUDGES.get(check.asks, (check.asks, None))[0]) for check in rules.checks]

    def _sees(self, ruling: Ruling) -> tuple[str, ...]:
        """Of the callers that fields of an answer are for, those who may do no more than who asks."""
        found = self._shown.get(id(ruling))
        if found is None:
            rank, callers = ruling.request.caller.rank, self.rules.callers
            least = {str(part["by"]) for part in parts(self.rules.types, ruling.rule["response"] or {}) if part.get("by")}
            found = self._shown[id(ruling)] = ruling, tuple(sorted(one for one in least if rank <= callers[one].rank))
        return found[1]

    def _edition(self, ruling: Ruling) -> int:
        found = self._editions.setdefault(id(ruling.rule), (ruling.rule, len(self._editions)))
        return found[1]

    def keys(self, ruling: Ruling, tier: int) -> list[str]:
        """The keys of a situation that the features of a rule depend on."""
        asks = [key for _, asks, key in self._asked(ruling) if asks not in ASIDE]
        return [*dict.fromkeys(PLACE if tier == CELLS else (*PLACE, *asks, *looked_at(ruling)))]

    def of(self, asked: Asked, decision: Decision, tier: int) -> list[Feature]:
        """The features that a request which meets this decision has in a tier."""
        return [*self.met(decision, tier), *self.at(asked, decision, tier)]

    def at(self, asked: Asked, decision: Decision, tier: int) -> list[Feature]:
        """In its tier: that a decision was met at a microversion."""
        request, busy = decision.ruling.request, decision.situation.values["task_state"] is not None
        if tier != (BUSY if busy else EDITIONS):
            return []
        shown = self._sees(decision.ruling) if decision.allowed else None
        return [(request.action, request.variant, "at", asked.request.microversion, shown)]

    def met(self, decision: Decision, tier: int) -> list[Feature]:
        """The features of a decision in a tier, the same for all requests that meet it."""
        busy = decision.situation.values["task_state"] is not None
        features = (self._met_busy if busy else self._met)[tier]
        return [*features(decision)] if features else []

    def _by_action(self, decision: Decision) -> Iterator[Feature]:
        """How it ends, and as whom."""
        yield from self._ends(decision)
        here = _here(decision)
        yield from ((*here, *what) for what in self._looked(decision, PERSONS))

    def _ends(self, decision: Decision) -> Iterator[Feature]:
        yield *_here(decision), "ends", decision.rule or (decision.outcome and decision.outcome.row)

    def _refusals(self, decision: Decision) -> Iterator[Feature]:
        return self._ends(decision) if not decision.allowed else iter(())

    def _by_state(self, decision: Decision) -> Iterator[Feature]:
        """All that it looks at, and what it makes of a state."""
        here = _here(decision)
        yield from ((*here, *what) for what in self._looked(decision))
        if decision.outcome is not None:
            yield *here, "becomes", decision.outcome.row, decision.situation.values["state"]

    def _by_row(self, decision: Decision) -> Iterator[Feature]:
        """The same by each row that says it; what else would refuse; where the server has come from."""
        ruling, values, here = decision.ruling, decision.situation.values, _here(decision)
        edition = self._edition(ruling)
        yield from ((edition, *what) for what in self._by_state(decision))
        yield from ((*here, "before", decision.rule, other.rule) for other in decision.refusals[1:])
        if decision.outcome is not None:
            before = values["before"] if "before" in ruling.outcomes.keys else None
            yield *here, "becomes", decision.outcome.row, values["state"], before

    def _of_work(self, decision: Decision) -> Iterator[Feature]:
        """Work to be asked at; and all that its end, or a request meanwhile, first leads to."""
        yield from self._under_way(decision)
        if decision.outcome is not None and decision.outcome.tasks:
            yield self.run(decision)

    def _under_way(self, decision: Decision) -> Iterator[Feature]:
        yield from self._by_state(decision)
        yield from self._by_row(decision)

    def _by_cell(self, decision: Decision) -> Iterator[Feature]:
        values = decision.situation.values
        status = self.rules.status(values["state"], values["task_state"])
        yield "cell", status, *_here(decision), decision.ruling.request.caller.name, values["locked_by"]

    def run(self, decision: Decision) -> Feature:
        """That something was asked at each task of what was accepted; whoever does so notes it."""
        return RUN, decision.outcome and decision.outcome.row, decision.situation.values["state"]

    def _looked(self, decision: Decision, only: Container[str] | None = None) -> Iterator[Feature]:
        """What the decision looked at, up to the check that refused; `only` in checks of these kinds."""
        ruling, values = decision.ruling, decision.situation.values
        caller = ruling.request.caller
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

    def new(self, features: Iterable[Feature]) -> bool:
        """Whether any of these has not been seen."""
        return not self.seen.issuperset(features)

    def note(self, asked: Asked, decision: Decision) -> None:
        """From now on this has been asked, and met."""
        for tier in range(len(TIERS)):
            self.seen.update(what for what in self.of(asked, decision, tier) if what[0] != RUN)
        self.cells.update(self.met(decision, CELLS))


def _here(decision: Decision) -> Feature:
    request = decision.ruling.request
    return request.action, request.variant


def _refused_by(ruling: Ruling, decision: Decision) -> str | None:
    if decision.allowed:
        return None
    first, values = decision.refusals[0], decision.situation.values
    return next((gate.check.name for gate in ruling.gates if gate[values[gate.key]] is first), None)
