"""The compiled form of a table: plain data that fits in a JSON file, with names in place of positions.

`lifecycle.table.compile` makes it, everything else reads it. What depends on who asks, at which
microversion and under which reading is chosen here, once, by `Rules.edition`.
"""

from __future__ import annotations

from lifecycle.engine import microversion
from lifecycle.engine.outcome import Outcomes
from lifecycle.errors import (
    UnknownAction,
    UnknownCaller,
    UnknownMicroversion,
    UnknownReading,
    UnknownVariant,
)

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lifecycle.engine.microversion import Microversion

    Data = Mapping[str, Any]

READINGS = ("reference", "nova")
UNSAID = ("by", "policy", "target", "override", "called", "command", "example", "body", "response", "removed", "repeats")
NOTHING: Data = {
    **dict.fromkeys(UNSAID),
    **{key: {} for key in ("requires", "codes", "messages", "lines", "fails_instead", "headers", "keeps")},
    "lock": "ignored",
    "finds_gone": False,
    "outcomes": [],
}
"""The rule that asks nothing and does nothing."""
OTHER = "other"  # the codes that no name of an error is for


class Check:
    """A reason to refuse that the table orders, with the code and the words it answers by default."""

    __slots__ = ("asks", "code", "ends", "message", "name", "rule")

    def __init__(self, data: Data) -> None:
        self.name: str = data["name"]
        self.asks: str = data["asks"] or self.name
        self.rule: str = data["rule"] or self.asks
        self.code: int = data["code"]
        self.message: str | None = data["message"]
        self.ends: bool = data["ends"]

    @classmethod
    def of_option(cls, name: str) -> Check:
        """The check of an option, which needs no place in the table's order: events ask it last."""
        return cls({"name": name, "asks": None, "rule": "option", "code": 409, "message": None, "ends": False})


class Caller:
    """Who asks: how much it may (0 is most), what it holds a lock as, and which check it always fails."""

    __slots__ = ("fails", "holds", "name", "passes_lock", "rank")

    def __init__(self, name: str, data: Data) -> None:
        self.name = name
        self.rank: int = data["rank"]
        self.holds: str | None = data["holds"]
        self.passes_lock: bool = data["passes_lock"]
        self.fails: str | None = data["fails"]


class Policy:
    """A deployment's policy file as data: whom each policy lets through, and where the file says so."""

    __slots__ = ("_lets", "_rules", "name")

    def __init__(self, data: Data) -> None:
        self.name: str = data["name"]
        self._lets: Mapping[str, Mapping[str, list[str]]] = data["lets"]
        self._rules: Data = data["rules"]

    def lets(self, name: str, target: str | None) -> list[str]:
        """The callers that a policy lets through where it is asked of this target."""
        return self._lets[name][target or ""]

    def says(self, name: str) -> tuple[str, str] | None:
        """What the file makes a policy ask, and the line where; None where it does not speak of it."""
        rule = self._rules.get(name)
        return rule and (rule["asks"], rule["at"])


class Rules:
    """A lifecycle as data. Treat it as frozen; one of it serves all readings, callers and versions."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.name: str = data["name"]
        self.title: str = data["title"]
        self.thing: str = data["thing"]
        self.service: str = data["service"]
        self.service_type: str = data["service_type"]
        versions = data["microversions"]
        self.oldest: Microversion | None = versions and tuple(versions[0])
        self.newest: Microversion | None = versions and tuple(versions[1])
        self.callers = {name: Caller(name, caller) for name, caller in data["callers"].items()}
        self.usual_caller: str = data["usual_caller"]
        self.policy = Policy(data["policy"]) if data.get("policy") else None
        self.holders: Mapping[str, str] = data["holders"]
        self.facts: Data = data["facts"]
        self.options: Mapping[str, int] = data["options"]
        self.checks = tuple(Check(check) for check in data["checks"])
        self._may_be_missing = any(check.asks == "exists" for check in self.checks)
        self.states: Data = data["states"]
        self.usual_state: str = data["usual_state"]
        self.tasks: tuple[str, ...] = tuple(data["tasks"])
        self.shows: Mapping[str, Mapping[str, str]] = data["shows"]
        self.actions: Data = data["actions"]
        self.reads: Data = data["reads"]
        self.events: Data = data["events"]
        self.types: Data = data["types"]
        self.errors: Data = data["errors"]
        self.properties: Data = data["properties"]
        self.explored: Mapping[str, Mapping[str, int]] = data["explored"]
        self.recalls: Mapping[str, list[str]] = data["recalls"]
        self.by_vm_state = {state["vm_state"]: name for name, state in self.states.items()}
        self.by_status = self._pairs()
        self._runs: list[Microversion] | None = None
        self._run_of: dict[Microversion, Microversion] = {}
        self._outcomes: dict[int, Outcomes] = {}
        self._versions: dict[str | None, Microversion | None] = {None: self.newest}
        self._found: dict[tuple[str, str | None, str, Microversion | None], Data | None] = {}

    def _pairs(self) -> dict[str, list[tuple[str, str | None]]]:
        """For each status the (state, task) pairs that show it, the one it stands for first."""
        pairs: dict[str, list[tuple[str, str | None]]] = {state: [(state, None)] for state in self.states}
        for state, shows in self.shows.items():
            for task, status in shows.items():
                pairs.setdefault(status, []).append((state, task))
        for state in self.states:
            pairs[state] += [(state, task) for task in self.tasks if task not in self.shows.get(state, ())]
        return pairs

    def status(self, state: str, task: str | None) -> str:
        """The status that the API shows for a state while a task, or none, is under way."""
        shows = self.shows.get(state)
        return shows.get(task, state) if shows and task else state

    def caller(self, name: str | None) -> Caller:
        """The caller of this name, the usual one for None. Raises UnknownCaller."""
        try:
            return self.callers[name or self.usual_caller]
        except (KeyError, TypeError):
            raise UnknownCaller(name, self.callers) from None

    def may(self, rule: Data) -> list[str]:
        """The callers whom the policy of a rule lets through, whatever else would refuse them."""
        if self.policy is not None and rule["policy"] is not None:
            return self.policy.lets(rule["policy"], rule["target"])
        least = rule["by"]
        return [name for name, caller in self.callers.items() if least is None or caller.rank <= self.callers[least].rank]

    def makes(self, rule: Data) -> bool:
        """Whether a rule asks for no thing, where others do: what it is about is made by it."""
        return self._may_be_missing and rule["requires"].get("exists") is None

    def version(self, text: str | None) -> Microversion | None:
        """The microversion of this text, the newest for None. Raises UnknownMicroversion out of range."""
        try:
            return self._versions[text]
        except (KeyError, TypeError):
            version = self._versions[text] = self._version(text)
            return version

    def _version(self, text: str | None) -> Microversion | None:
        if text == "latest" and self.newest:
            return self.newest
        version = microversion.parse(text)
        if self.oldest is None or self.newest is None:
            raise UnknownMicroversion(f"the {self.name} table has no microversions, so {text} is not one of them")
        if not self.oldest <= version <= self.newest:
            first, last = microversion.text(self.oldest), microversion.text(self.newest)
            raise UnknownMicroversion(f"{text} is not a microversion of the {self.name} table: it knows {first} to {last}")
        return version

    def run(self, version: Microversion | None) -> Microversion | None:
        """The first of the microversions that are all alike to this one: no request changes between them."""
        if version is None:
            return None
        found = self._run_of.get(version)
        if found is None:
            found = self._run_of[version] = max((start for start in self.starts() if start <= version), default=version)
        return found

    def starts(self) -> list[Microversion]:
        """The first microversion of each run of those that are all alike."""
        if self._runs is None:
            requests = (*self.actions.values(), *self.reads.values())
            editions = [edition for request in requests for edition in request["editions"]]
            ends = [bounds(edition) for edition in editions]
            after = {(until[0], until[1] + 1) for _, until in ends if until}
            self._runs = sorted({since for since, _ in ends if since} | after)
        return self._runs

    def action(self, name: str) -> Data:
        """The compiled action of this key, or the read of this name. Raises UnknownAction."""
        try:
            action: Data = self.actions.get(name) or self.reads[name]
        except (KeyError, TypeError):
            raise UnknownAction(name, self.actions) from None
        return action

    def variants(self, name: str) -> tuple[str | None, ...]:
        """The variants of an action, the usual one first (None: it has no name); none for most."""
        return tuple(self.action(name)["variants"])

    def usual_variant(self, name: str, reading: str, version: Microversion | None) -> str | None:
        """The variant that is meant where none is told: the first that is there at this microversion; None where it has none."""
        variants: Sequence[str | None] = () if name in self.events else self.action(name)["variants"]
        there = (variant for variant in variants if self.edition(name, variant, reading, version) is not None)
        return next(there, variants[0] if variants else None)

    def outcomes(self, rows: Sequence[Data]) -> Outcomes:
        """What the rows of one rule make of a server: the same for all who ask."""
        found = self._outcomes.get(id(rows))
        if found is None:
            found = self._outcomes[id(rows)] = Outcomes(self, rows)  # which keeps the rows, and so their id
        return found

    def error(self, code: int, message: str) -> dict[str, dict[str, Any]]:
        """The document that a refusal with this code answers."""
        said = self.errors.get(str(code)) or self.errors.get(OTHER) or {"name": "error", "says": {}}
        return {said["name"]: {"code": code, **said["says"], "message": message}}

    def editions(self, name: str, variant: str | None, reading: str) -> list[Data]:
        """The action's rules of a variant under a reading, each with the microversions it holds for."""
        action = self.actions.get(name) or self.events.get(name) or self.action(name)
        variants = action["variants"]
        if variant is None and variants:
            variant = variants[0]
        elif variant is not None and variant not in variants:
            raise UnknownVariant(variant, filter(None, variants), "" if variants else f"{name} has no variants")
        return [
            edition for edition in action["editions"] if edition["variant"] == variant and edition["reading"] in (None, reading)
        ]

    def edition(self, name: str, variant: str | None, reading: str, version: Microversion | None) -> Data | None:
        """The rule that holds at a microversion, or None where the action is not there."""
        try:
            return self._found[name, variant, reading, version]
        except (KeyError, TypeError):
            found = self._found[name, variant, reading, version] = self._edition(name, variant, reading, version)
            return found

    def _edition(self, name: str, variant: str | None, reading: str, version: Microversion | None) -> Data | None:
        for edition in self.editions(name, variant, reading):
            if version is None or microversion.within(version, *bounds(edition)):
                rule: Data = edition["rule"]
                return rule
        return None


def bounds(edition: Data) -> tuple[Microversion | None, Microversion | None]:
    """The first and the last microversion of an edition; None where it has no bound."""
    since, until = edition["since"], edition["until"]
    return since and tuple(since), until and tuple(until)


def check_reading(reading: str) -> str:
    """The reading itself. Raises UnknownReading where there is no such reading."""
    if reading not in READINGS:
        raise UnknownReading(reading, READINGS)
    return reading
