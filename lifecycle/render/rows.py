"""The rows that fire: what a table lets happen in which state, with its conditions and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from lifecycle.engine.checks import ASKED, Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.outcome import fits
from lifecycle.engine.situation import SIGNS, sign
from lifecycle.render.picture import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.outcome import Outcome
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.render.picture import EdgeKind, When

    Values = Mapping[str, tuple[Any, ...]]

START = "start"
BEFORE, ENDS = "before", "ends"  # of several ends: the one that is recalled; one that cannot be told apart from here
ELSEWHERE = frozenset(("state", "exists", "envelope", "body"))  # keys of gates that are no condition of a row


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose picture of which table it is: a caller (None: whoever may) at a microversion under a reading."""

    rules: Rules
    reading: str = "reference"
    caller: str | None = None
    version: Microversion | None = None

    def ruling(self, name: str, variant: str | None) -> Ruling:
        """The rule of an action or event as its caller meets it: where none is named, the usual one if it may, else who may."""
        rules, version = self.rules, self.version or self.rules.newest
        caller = self.caller
        if caller is None:
            rule = rules.edition(name, variant, self.reading, version)
            caller = _whoever_may(rules, rule) if rule else rules.usual_caller
        return Ruling(Request(rules, name, variant, rules.caller(caller), version, self.reading))


def _whoever_may(rules: Rules, rule: Data) -> str:
    may = [name for name in rules.may(rule) if rules.callers[name].fails is None]
    return rules.usual_caller if rules.usual_caller in may or not may else may[-1]


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome of an action or event in one state: where it can end, and where it can end when the work fails.

    `source` is `START` for what makes the thing; `when` is all that must hold besides the state; `usual` says
    whether it is what happens with the usual facts (but those that it asks for) and options; `recalls`, whether where
    it ends, and where it fails, is what the thing was before.
    """

    action: str
    variant: str | None
    source: str
    outcome: Outcome
    kind: EdgeKind
    when: When
    usual: bool
    recalls: tuple[bool, bool]
    title: str

    @property
    def trigger(self) -> str:
        """What a machine calls it: `os-stop`, `reboot:HARD`."""
        return f"{self.action}:{self.variant}" if self.variant else self.action

    @property
    def label(self) -> str:
        """What is written at its arrow."""
        return f"{self.action} {self.variant}" if self.variant else self.action

    @property
    def ends(self) -> tuple[str, ...]:
        """The states that it can end in; the one that it begins in where nothing changes."""
        return self.outcome.becomes or (self.source,)

    @property
    def fails(self) -> tuple[str, ...]:
        """The other states that it can end in when its work fails."""
        over = self.outcome.fails or () if self.outcome.becomes is not None else ()
        return tuple(end for end in over if end != self.source)

    def edges(self) -> Iterator[Edge]:
        """An edge for each state that it can end in."""
        return self._edges(self.ends, self.kind, recalls=self.recalls[0])

    def failures(self) -> Iterator[Edge]:
        """An edge for each other state that it can end in when its work fails."""
        return self._edges(self.fails, "failure", recalls=self.recalls[1])

    def _edges(self, ends: tuple[str, ...], kind: EdgeKind, *, recalls: bool) -> Iterator[Edge]:
        for end in ends:
            which = ((BEFORE if recalls else ENDS, (end,)),) if len(ends) > 1 else ()
            yield Edge(
                self.source, end, (self.label,), kind, trigger=self.trigger, when=(*self.when, *which), row=self.outcome.row
            )


def rows(scene: Scene) -> list[Row]:
    """All rows that fire, in the order of the table."""
    rules = scene.rules
    found: list[Row] = []
    for name, data in (*rules.actions.items(), *rules.events.items()):
        for variant in data["variants"] or (None,):
            found += of_ruling(scene, scene.ruling(name, variant))
    return found


def of_ruling(scene: Scene, ruling: Ruling) -> Iterator[Row]:
    """The rows of one action or event and variant, state by state."""
    rules, name = scene.rules, ruling.request.action
    if any(gate.key == ASKED for gate in ruling.gates):
        return
    title, kind, made = (rules.actions.get(name) or rules.events[name])["title"], kind_of(ruling), makes(ruling)
    asked: dict[str, tuple[Any, ...]] = {}
    for gate in ruling.gates:
        if gate.key not in ELSEWHERE:
            asked[gate.key] = tuple(value for value in asked.get(gate.key, domain(rules, gate.key)) if gate[value] is None)
    wanted = [gate.wanted for gate in ruling.gates if gate.key == "state" and gate.wanted is not None]
    for state in (rules.usual_state,) if made else (one for one, data in rules.states.items() if not data["end"]):
        if all(state in states for states in wanted):
            yield from _in_state(ruling, START if made else state, state, asked, kind, title)


def makes(ruling: Ruling) -> bool:
    """Whether an action makes the thing: it asks for no thing that exists, in a table where others do."""
    rules, rule = ruling.request.rules, ruling.rule
    return ruling.request.action in rules.actions and "state" not in rule["requires"] and rules.makes(rule)


def kind_of(ruling: Ruling) -> EdgeKind:
    """How it is drawn: an event, what the usual caller may ask for, or what takes more."""
    rules = ruling.request.rules
    if ruling.request.action in rules.events:
        return "event"
    return "action" if rules.usual_caller in rules.may(ruling.rule) else "admin"


def domain(rules: Rules, key: str) -> tuple[Any, ...]:
    """The values that a key of a situation can have, the usual one first."""
    if key in rules.facts:
        usual = rules.facts[key]["usual"]
        return usual, not usual
    if key in rules.options:
        usual = sign(rules.options[key])
        return usual, *(other for other in SIGNS if other != usual)
    if key == "locked_by":
        return None, *rules.holders
    return (None, *(rules.tasks if key == "task_state" else rules.states))


def _in_state(ruling: Ruling, source: str, state: str, asked: Values, kind: EdgeKind, title: str) -> Iterator[Row]:
    """The outcomes that can follow in a state, the first that fits first."""
    rules, outcomes = ruling.request.rules, ruling.rule["outcomes"]
    implied = rules.states[state]["implies"]
    asked = {key: tuple(value for value in values if implied.get(key, value) == value) for key, values in asked.items()}
    looked_at = dict.fromkeys(key for row in outcomes for key in row["when"] if key != "state")
    possible = [_possible(rules, key, asked, implied, outcomes) for key in looked_at]
    if not all(asked.values()) or not all(possible):
        return
    usual = {key: values[0] for key, values in asked.items()}
    plain = all(usual[key] == sign(rules.options[key]) for key in asked if key in rules.options)
    first: dict[
        int, dict[str, Any]
    ] = {}  # the first situation that each outcome follows in; that of the usual values is the very first
    for some in product(*possible):
        values = {"state": state, **dict(zip(looked_at, some, strict=True))}
        first.setdefault(next(number for number, row in enumerate(outcomes) if fits(row["when"], values)), values)
    request, usually = ruling.request, next(iter(first), None)
    for number, values in sorted(first.items()):
        row = outcomes[number]
        outcome = ruling.outcomes.of({"task_state": None, "before": None, **usual, **values})
        when = _when(rules, asked, row["when"], implied)
        recalls = (_recalls(row["becomes"]), _recalls(row["fails"]))
        yield Row(request.action, request.variant, source, outcome, kind, when, plain and number == usually, recalls, title)


def _recalls(forms: Any) -> bool:
    return any(not isinstance(form, str) for form in forms or ())


def _possible(rules: Rules, key: str, asked: Values, implied: Data, outcomes: list[Data]) -> tuple[Any, ...]:
    """The values of a key that outcomes look at, as far as the row and the state let it have them."""
    named = {value for row in outcomes for value in row["when"].get(key, ())}
    values = asked.get(key) or domain(rules, key)
    values = tuple(value for value in values if implied.get(key, value) == value)
    others = [value for value in values if value not in named]
    return tuple(value for value in values if value in named or value in others[:1])


def _when(rules: Rules, asked: Values, when: Data, implied: Data) -> When:
    """The conditions in the order of their keys; what holds for all values, or follows from the state, is none."""
    found: dict[str, tuple[Any, ...]] = dict(asked)
    for key, values in when.items():
        if key != "state":
            found[key] = tuple(value for value in found.get(key, domain(rules, key)) if value in values)
    return tuple((key, found[key]) for key in sorted(found) if key not in implied and found[key] != domain(rules, key))
