"""The answer to "may this be done now?": the checks of one rule, then its outcome."""

from __future__ import annotations

from lifecycle.engine.checks import Gate, Refusal, Request, absent, gates
from lifecycle.engine.situation import SIGNS, Situation
from lifecycle.errors import listed

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from lifecycle.engine.outcome import Outcome

PLACE = frozenset(("state", "task_state"))
ALLOWED = {
    "works": "{action} is allowed: the {thing} becomes {ends} ({tasks}) ({row})",
    "becomes": "{action} is allowed: the {thing} becomes {ends} ({row})",
    "stays": "{action} is allowed: the {thing} stays {ends} ({row})",
}
"""The reason of an allowance: where work runs through tasks, where the answer itself changes it, where nothing does."""
REMEMBERED = 10_000  # answers to what was assumed that a ruling keeps


class Decision:
    """Allowed or refused, with the code, the rule and the words that a real service gives first.

    `allowed`, `code` and `rule` (what refused, or None) are at hand; the rest is worked out when read,
    from the `ruling` that was asked, the `situation` that it was asked about, and the `refusals` or the `outcome`.
    """

    __slots__ = ("allowed", "code", "outcome", "refusals", "rule", "ruling", "situation")

    def __init__(self, ruling: Ruling, situation: Situation, refusals: tuple[Refusal, ...], outcome: Outcome | None) -> None:
        self.ruling = ruling
        self.situation = situation
        self.refusals = refusals
        self.outcome = outcome
        self.allowed: bool = outcome is not None
        self.code: int = outcome.answers if outcome else refusals[0].code
        self.rule: str | None = None if outcome else refusals[0].rule

    @property
    def action(self) -> str:
        """The key of the action that was asked for."""
        return self.ruling.request.action

    @property
    def variant(self) -> str | None:
        """The variant of the action, the usual one where none was told; None where it has none."""
        return self.ruling.request.variant

    @property
    def reason(self) -> str:
        """One sentence for a person: what was refused and why, or what follows; with the file and line."""
        if self.outcome is None:
            return self.refusals[0].reason
        what = "works" if self.tasks else "stays" if self.becomes == [self.shown_before] else "becomes"
        told = {"ends": listed(self.becomes, "or"), "tasks": ", ".join(self.tasks), "thing": self.ruling.request.rules.thing}
        return ALLOWED[what].format(action=self.action, row=self.row, **told)

    @property
    def row(self) -> str:
        """The file and line of the table that decided."""
        return self.outcome.row if self.outcome else self.refusals[0].row

    @property
    def message(self) -> str | None:
        """The service's own words where they were seen; {id} and the like are left for who knows them."""
        return None if self.outcome else self.refusals[0].message

    @property
    def document(self) -> dict[str, dict[str, Any]] | None:
        """The document that the service answers a refusal with: its own words where they were seen, else ours."""
        if self.outcome:
            return None
        refusal = self.refusals[0]
        return self.ruling.request.rules.error(self.code, refusal.message or refusal.sentence)

    @property
    def shown_before(self) -> str:
        """The status that was shown when the request came."""
        values = self.situation.values
        return self.ruling.request.rules.status(values["state"], values["task_state"])

    @property
    def _after(self) -> tuple[str, str | None]:
        if self.outcome and self.outcome.shown:
            return self.outcome.shown
        values = self.situation.values
        return values["state"], values["task_state"]

    @property
    def status(self) -> str:
        """The status that is shown right after the answer."""
        return self.ruling.request.rules.status(*self._after)

    @property
    def task_state(self) -> str | None:
        """The task that is shown right after the answer."""
        return self._after[1]

    @property
    def locked_by(self) -> str | None:
        """Who holds the lock right after the answer."""
        holder: str | None = self.situation.values["locked_by"]
        if self.outcome is None or self.outcome.lock is None:
            return holder
        if not self.outcome.lock:
            return None
        request = self.ruling.request
        ranks = list(request.rules.holders)
        return max(filter(None, (holder, request.caller.holds)), key=ranks.index, default=None)

    @property
    def tasks(self) -> list[str]:
        """All the tasks that the server runs through, in order."""
        return list(self.outcome.tasks) if self.outcome else []

    @property
    def becomes(self) -> list[str]:
        """The statuses that it can end in when the work settles; the same where nothing changes."""
        return self._ends(self.outcome.becomes) if self.outcome else []

    @property
    def on_failure(self) -> list[str]:
        """The statuses that it can end in when the work fails."""
        return self._ends(self.outcome.fails) if self.outcome else []

    def _ends(self, states: tuple[str, ...] | None) -> list[str]:
        return [self.shown_before] if states is None else list(states)

    @property
    def loses(self) -> list[str]:
        """What cannot be had back once this was done: `disk`, `memory`, `server` …."""
        return list(self.outcome.loses) if self.outcome else []

    @property
    def also(self) -> list[dict[str, str]]:
        """The other rules that would refuse, in the order of the checks, each with its reason."""
        return [{"rule": refusal.rule, "reason": refusal.reason} for refusal in self.refusals[1:]]

    @property
    def to_allow(self) -> list[dict[str, Any]]:
        """What would make it allowed, fewest changes first, in the keys of a case and `by`, who can bring it about."""
        return [] if self.allowed else self.ruling.request.advise(self)

    @property
    def assumed(self) -> list[str]:
        """The keys of the case that the decision depends on, that were not told and that the state does not imply."""
        return list(self.ruling.assumed(self))

    @property
    def verdict(self) -> tuple[object, ...]:
        """All that makes two decisions different, whatever is merely shown of the server."""
        return self.outcome.verdict if self.outcome else self.refusals[:1]

    def as_dict(self) -> dict[str, Any]:
        """The decision in the keys that `check --json` and `check --cases` write."""
        return {key: getattr(self, key) for key in KEYS}

    def _repr_svg_(self) -> str | None:
        """How a notebook shows it, where something is installed that draws."""
        return self.ruling.request.draw(self)

    def __repr__(self) -> str:
        return f"<Decision {self.code} {self.rule or 'allowed'}: {self.reason}>"


KEYS = (
    "allowed",
    "code",
    "rule",
    "reason",
    "row",
    "message",
    "status",
    "task_state",
    "locked_by",
    "tasks",
    "becomes",
    "on_failure",
    "also",
    "assumed",
)


class Ruling:
    """One action's rule as one caller meets it at one microversion: gates to pass, then an outcome."""

    __slots__ = ("_assumed", "_steps", "gates", "outcomes", "request", "rule")

    def __init__(self, request: Request) -> None:
        self._assumed: dict[tuple[object, ...], tuple[str, ...]] = {}
        rules = request.rules
        rule = rules.edition(request.action, request.variant, request.reading, request.version) or absent(request)
        self.request = request
        self.rule = rule
        self.gates: tuple[Gate, ...] = gates(request, rule)
        self._steps = tuple((gate.key, gate) for gate in self.gates)
        self.outcomes = rules.outcomes(rule["outcomes"])

    @property
    def wire(self) -> tuple[str, str, Any]:
        """The method, the path and the least body of the request; a body of None is none."""
        action = self.request.rules.action(self.request.action)
        if action["address"]:
            method, path = action["address"].split(" ", 1)
            return method, path, self.rule["example"]
        return "POST", self.request.rules.data["action_path"], {action["body"]: self.rule["example"]}

    def decide(self, situation: Situation) -> Decision:
        """The decision for a situation; every gate is asked, the first that refuses speaks."""
        values = situation.values
        refusals: list[Refusal] = []
        for key, gate in self._steps:
            refusal = gate[values[key]]
            if refusal is not None:
                refusals.append(refusal)
                if gate.check.ends:
                    break
        if refusals:
            return Decision(self, situation, tuple(refusals), None)
        return Decision(self, situation, (), self.outcomes.of(values))

    def assumed(self, decision: Decision) -> tuple[str, ...]:
        """The keys of a case that were not told, and of which another value would bring another decision."""
        known, values = decision.situation.known, decision.situation.values
        place = None if known >= PLACE else (values["state"], values["task_state"])
        key = (known, place, decision.verdict)
        found = self._assumed.get(key)
        if found is None:
            if len(self._assumed) >= REMEMBERED:
                self._assumed.clear()
            found = self._assumed[key] = tuple(self._depends(decision))
        return found

    def _depends(self, decision: Decision) -> Iterator[str]:
        """The gates up to the one that refused, or all of them and the outcome, look at what it depends on."""
        known, options = decision.situation.known, self.request.rules.options
        names: dict[str, bool] = {}
        for key in dict.fromkeys(self._looked_at(decision)):
            if key not in known:
                name = "status" if key == "state" else "options" if key in options else key
                names[name] = names.get(name, False) or self._turns(decision, key)
        return (name for name, turns in names.items() if turns)

    def _looked_at(self, decision: Decision) -> Iterator[str]:
        values = decision.situation.values
        for gate in self.gates:
            yield gate.key
            if decision.refusals and gate[values[gate.key]] is not None:
                return
        yield from self.outcomes.keys

    def _turns(self, decision: Decision, key: str) -> bool:
        """Whether another value of a key, given what was told, would bring another verdict."""
        values, first = decision.situation.values, decision.refusals[:1]
        for value in self._others(key, decision.situation):
            for gate in self.gates:
                refusal = gate[value if gate.key == key else values[gate.key]]
                if refusal is not None:
                    if (refusal,) != first:
                        return True
                    break
            else:
                if first or self.outcomes.of({**values, key: value}).verdict != decision.verdict:
                    return True
        return False

    def _others(self, key: str, situation: Situation) -> Iterator[object]:
        """The other values that a key could have, given what was told."""
        rules, known, values = self.request.rules, situation.known, situation.values
        domain: Iterable[object] = ()
        if key in rules.facts or key == "exists":
            domain = (True, False)
        elif key in rules.options:
            domain = SIGNS
        elif key == "state":
            domain = rules.states
        elif key == "locked_by":
            domain = rules.holders if "locked" in known else (None, *rules.holders)
        elif key == "task_state":
            state, status = values["state"], rules.status(values["state"], values["task_state"])
            domain = (task for task in (None, *rules.tasks) if "status" not in known or rules.status(state, task) == status)
        return (value for value in domain if value != values[key])
