"""A table as the page has it: every answer that a gate can give is worked out here, so the page knows no rule.

A gate becomes a dictionary from the values of one key to a sentence. What is the same is said once, and called by its number.
"""

from __future__ import annotations

import json

from lifecycle.engine.checks import REFUSED, Request, absence
from lifecycle.engine.decide import ALLOWED, Ruling
from lifecycle.engine.rules import READINGS
from lifecycle.engine.situation import SIGNS
from lifecycle.explore.plan import MOST, STEPS, WHY_NOT
from lifecycle.explore.ways import Map
from lifecycle.openapi.reach import domain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle.engine.checks import Gate
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

HERE, VALUE = "{microversion}", "{value}"  # stand in a sentence for the microversion and the value that are asked about
PLACE = ("state", "task_state")
BODIES = ("envelope", "body")  # the page asks with no body, so it is taken to be right
OUTCOME = ("when", "tasks", "at_once", "becomes", "fails", "loses", "lock", "remembers")


def compiled(rules: Rules, reading: str) -> dict[str, Any]:
    """All that the page answers from, as plain JSON."""
    made = Compiled(rules, reading)
    requests = [(action, variant) for action in rules.actions for variant in rules.variants(action) or (None,)]
    told = {
        **{word: getattr(rules, word) for word in ("name", "title", "thing", "service")},
        "reading": reading,
        "versions": [rules.oldest, rules.newest] if rules.oldest else None,
        "runs": made.starts if rules.oldest else [],
        "usual": {"caller": rules.usual_caller, "state": rules.usual_state},
        "callers": {
            name: {"a": _a(name), "holds": caller.holds, "fails": caller.fails} for name, caller in rules.callers.items()
        },
        "holders": rules.holders,
        "facts": {name: {"usual": fact["usual"], **fact["says"]} for name, fact in rules.facts.items()},
        "options": rules.options,
        "signs": SIGNS,
        "states": {name: {word: state[word] for word in ("vm_state", "implies", "end")} for name, state in rules.states.items()},
        "tasks": rules.tasks,
        "shows": rules.shows,
        "recalls": rules.recalls,
        "requests": [made.request(*asked) for asked in requests],
        "events": [made.event(name) for name in rules.events],
        "open": _open(rules, requests),
        "works": list(made.works()),
        "sentences": {"refused": REFUSED, **ALLOWED, "why_not": WHY_NOT, "steps": STEPS},
        "most": MOST,
    }
    return {**told, **{name: pool.things for name, pool in made.pools.items()}}


class Pool:
    """Things by number, each once."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._known: dict[str, int] = {}

    def number(self, thing: Any) -> int:
        """The number of a thing."""
        key = json.dumps(thing)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.things)
            self.things.append(thing)
        return found


class Compiled:
    """What the parts of the data share."""

    def __init__(self, rules: Rules, reading: str) -> None:
        self.rules = rules
        self.reading = reading
        self.pools = {name: Pool() for name in ("texts", "says", "gates", "outcomes", "rulings", "met")}
        newest = rules.newest
        starts = [start for start in rules.starts() if newest is None or start <= newest]
        self.starts: list[Microversion | None] = [*starts] or [rules.oldest]
        self._rulings: dict[tuple[object, ...], int] = {}

    def text(self, words: str | None) -> int:
        """The number of a text."""
        return self.pools["texts"].number(words or "")

    def request(self, action: str, variant: str | None) -> dict[str, Any]:
        """One action and variant, and for each run of microversions the number of what each caller meets."""
        about = self.rules.actions[action]
        said = {"action": action, **({"variant": variant} if variant else {}), "title": about["title"], "cite": about["cite"]}
        wire = about["address"] or f"POST {self.rules.data['action_path']}"
        met = [self._met(action, variant, version) for version in self.starts]
        if all(self.rules.makes(edition["rule"]) for edition in about["editions"]):
            said["makes"] = 1  # it is about no thing that is there
        return {**said, "wire": self.text(wire), "met": met[0] if len(set(met)) == 1 else met}

    def event(self, name: str) -> dict[str, Any]:
        """An event, and its ruling, which is everybody's."""
        about = self.rules.events[name]
        ruling = self._ruling(name, None, self.rules.usual_caller, self.rules.newest)
        return {"event": name, "title": about["title"], "cite": about["cite"], "ruling": ruling}

    def works(self) -> Iterator[tuple[list[str] | None, int]]:
        """What a task can be the work of: the states of a rule, if it names some, and its outcomes."""
        rules = self.rules
        for name in (*rules.actions, *rules.events):
            for variant in rules.actions[name]["variants"] or (None,) if name in rules.actions else (None,):
                rule = rules.edition(name, variant, READINGS[0], rules.newest)
                if rule is not None and any(row["tasks"] for row in rule["outcomes"]):
                    yield rule["requires"].get("state"), self._outcomes(rule)

    def _met(self, action: str, variant: str | None, version: Microversion | None) -> int:
        return self.pools["met"].number([self._ruling(action, variant, caller, version) for caller in self.rules.callers])

    def _ruling(self, name: str, variant: str | None, caller: str, version: Microversion | None) -> int:
        """The number of a ruling: its gates, its outcomes, the client's command, and whether it is there at all."""
        rule = self.rules.edition(name, variant, self.reading, version)
        key = (name, variant, caller, version if rule is None else id(rule))
        found = self._rulings.get(key)
        if found is None:
            ruling = Ruling(Request(self.rules, name, variant, self.rules.caller(caller), version, self.reading))
            gates = [number for gate in ruling.gates if (number := self._gate(gate)) is not None]
            made = [gates, self._outcomes(ruling.rule), self.text(ruling.rule["command"]), int(rule is not None)]
            found = self._rulings[key] = self.pools["rulings"].number(made)
        return found

    def _gate(self, gate: Gate) -> int | None:
        """The number of a gate: its key, whether it ends the asking, the code, rule and row, the words, the sentences."""
        values = () if gate.key in BODIES else domain(self.rules, gate.key)
        refused = {value: refusal for value in values if (refusal := gate[value]) is not None}
        if not refused:
            return None
        first = next(iter(refused.values()))
        told = _sentences(gate, {value: refusal.sentence for value, refusal in refused.items()})
        says = {_key(value): self.text(sentence) for value, sentence in told.items()}
        words = {_key(value): self.text(_words(gate, value)) for value in refused}
        made = [gate.key, int(gate.check.ends), first.code, self.text(first.rule), self.text(first.row)]
        passing = [_key(value) for value in values if value not in refused]
        return self.pools["gates"].number([*made, _short(words, []), self.pools["says"].number(_short(says, passing))])

    def _outcomes(self, rule: Data) -> int:
        return self.pools["outcomes"].number([self._outcome(row) for row in rule["outcomes"]])

    def _outcome(self, row: Data) -> dict[str, Any]:
        """An outcome without what it does not say; an empty `at_once` says that the answer changes nothing."""
        kept = {word: row[word] for word in OUTCOME if row[word] is not None and (row[word] not in ([], {}) or word == "at_once")}
        return {**kept, "answers": row["answers"], "at": self.text(row["at"])}


def _sentences(gate: Gate, said: dict[Any, str]) -> dict[Any, str]:
    """The sentences by value; where they differ by nothing but the value or the microversion, a placeholder stands for it."""
    if gate.rule.get("absent") and gate.check.asks == "microversion":
        return dict.fromkeys(said, absence(gate.request, HERE) or "")
    if gate.key not in PLACE:
        return said
    form = gate.judge(gate.request, gate.rule, gate.wanted, VALUE) or ""
    return {value: form if form.replace(VALUE, str(value)) == sentence else sentence for value, sentence in said.items()}


def _short(numbers: dict[str, int], passing: list[str]) -> Any:
    """By value a number: one for all; or, where that is shorter, the few values that have none, and one for all others."""
    alike = set(numbers.values())
    if len(alike) > 1 or len(passing) >= len(numbers):
        return numbers
    return [passing, alike.pop()] if passing else alike.pop()


def _words(gate: Gate, value: Any) -> str:
    """The service's own words, but for what the page fills in; nothing where none were seen."""
    words = gate.template(value) or ""
    told = {"action": gate.rule["called"] or gate.request.action, "policy": gate.rule["policy"] or ""}
    for placeholder, said in told.items():
        words = words.replace("{" + placeholder + "}", said)
    return words


def _open(rules: Rules, requests: list[tuple[str, str | None]]) -> dict[str, list[int]]:
    """By state the numbers of the requests on a thing that some edition allows in it."""
    ways = Map(rules, lambda action, variant, caller: Ruling(Request(rules, action, variant, rules.caller(caller), None, "")))
    numbers = {asked: number for number, asked in enumerate(requests)}
    return {state: [numbers[asked] for asked in ways.requests(state)] for state in rules.states}


def _key(value: object) -> str:
    """A value as the key of an object: text as it is, none as nothing."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
