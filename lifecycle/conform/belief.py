"""What may be so of a server that is tested: one situation as far as it is known, and other values where it is not."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from lifecycle.engine.situation import SIGNS, Situation, situate
from lifecycle.guard.judge import as_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifecycle import Lifecycle, Server
    from lifecycle.engine.decide import Ruling

LOCKED = "locked_by"
BEFORE = "before"
Values = dict[str, Any]


class Deployment:
    """What is not known of the cloud itself until its answers tell: its options, and facts that no document shows.

    Such a fact may differ from one action to another, as what a hypervisor can do; an option holds for all.
    Whether there is what an address names changes with what is asked, and is never known.
    """

    def __init__(self, lifecycle: Lifecycle, knows: Mapping[str, Any]) -> None:
        self.lifecycle = lifecycle
        rules = lifecycle.rules
        shown = (rules.data["document"] or {"keys": {}})["keys"]
        self._sure = dict(knows)
        self._named = (rules.data["document"] or {}).get("named")
        self._options = {name: SIGNS for name in rules.options if name not in knows}
        self._facts = {} if not shown else {name: self._usual_first(name) for name in rules.facts if name not in {*shown, *knows}}
        self._narrowed: dict[tuple[str, str | None, str], tuple[Any, ...]] = {}
        self._unsure: dict[int, tuple[Ruling, tuple[str, ...]]] = {}

    def _usual_first(self, fact: str) -> tuple[bool, bool]:
        usual = bool(self.lifecycle.rules.facts[fact]["usual"])
        return usual, not usual

    def sure(self, values: Values) -> Values:
        """The values with all that is known of the cloud."""
        return {**values, **{name: value for name, value in self._sure.items() if name in values}}

    def unsure(self, ruling: Ruling) -> tuple[str, ...]:
        """The keys that a rule looks at and that the cloud itself may leave open."""
        found = self._unsure.get(id(ruling))
        if found is None:
            keys = tuple(key for key in looked_at(ruling) if key in self._options or key in self._facts)
            found = self._unsure[id(ruling)] = ruling, keys
        return found[1]

    def open(self, key: str, ruling: Ruling) -> tuple[Any, ...]:
        """What a key may be under this rule, as far as the answers have told; nothing where it is known."""
        if key in self._options:
            return self._options[key]
        if key in self._facts:
            request = ruling.request
            return self._narrowed.get((request.action, request.variant, key), self._facts[key])
        return ()

    def narrow(self, key: str, ruling: Ruling, values: tuple[Any, ...]) -> None:
        """An answer has told that a key is one of these."""
        if key in self._options:
            self._options[key] = values
        elif key in self._facts and key != self._named:
            self._narrowed[ruling.request.action, ruling.request.variant, key] = values


class Belief:
    """A server that may be one of several: a situation, and for some of its keys other values that it may have."""

    __slots__ = ("open", "situation")

    def __init__(self, situation: Situation, open_: Mapping[str, tuple[Any, ...]] | None = None) -> None:
        self.situation = situation
        self.open = dict(open_ or {})

    @property
    def values(self) -> Mapping[str, Any]:
        """The situation's values, the likeliest where there are several."""
        return self.situation.values

    def worlds(self, deployment: Deployment, ruling: Ruling) -> Iterator[Situation]:
        """Every situation that it may be in, as far as a rule looks at it; the likeliest first."""
        keys = looked_at(ruling) if self.open else deployment.unsure(ruling)
        open_ = {key: values for key in keys if (values := self.open.get(key) or deployment.open(key, ruling))}
        if not open_:
            yield self.situation
            return
        here = self.situation.values
        choices = [[one for one in (here[key], *values) if one in values] for key, values in open_.items()]
        for chosen in dict.fromkeys(product(*choices)):
            yield self.situation.but(**dict(zip(open_, chosen, strict=True)))

    def narrowed(self, deployment: Deployment, ruling: Ruling, worlds: list[Situation]) -> Belief:
        """What is left where only these worlds are possible; the deployment learns its part."""
        if len(worlds) == 1 and worlds[0] is self.situation:
            return self
        open_ = dict(self.open)
        first = worlds[0].values
        changed: Values = {}
        for key in looked_at(ruling):
            left = tuple(dict.fromkeys(world.values[key] for world in worlds))
            if key in open_:
                open_[key] = left if len(left) > 1 else ()
                changed[key] = first[key]
            elif deployment.open(key, ruling):
                deployment.narrow(key, ruling, left)
                if key in deployment.lifecycle.rules.options:
                    changed[key] = first[key]
        return Belief(self.situation.but(**changed), {key: values for key, values in open_.items() if values})


_looked_at: dict[int, tuple[Ruling, tuple[str, ...]]] = {}


def looked_at(ruling: Ruling) -> tuple[str, ...]:
    """The keys that a rule looks at."""
    found = _looked_at.get(id(ruling))
    if found is None:
        keys = dict.fromkeys((*[gate.key for gate in ruling.gates], *ruling.outcomes.keys))
        found = _looked_at[id(ruling)] = ruling, tuple(keys)
    return found[1]


def shown(lifecycle: Lifecycle, document: Any) -> Values | None:
    """What a server that is shown tells, in the keys of a situation, and `locked`; None where there is none, or no more.

    Raises CaseError and other LifecycleErrors where it is no document of a server.
    """
    found = None if document is None else _shown(lifecycle, as_server(lifecycle, document))
    return None if found is None or lifecycle.rules.states[found["state"]]["end"] else dict(found)


@lru_cache(10_000)
def _shown(lifecycle: Lifecycle, server: Server) -> Values:
    told = server.told
    situation = situate(lifecycle.rules, told)
    found = {key: situation.values[key] for key in situation.known if key in situation.values}
    found |= {key: situation.values[key] for key in ("state", "task_state")}
    if "locked" in told:
        found["locked"] = told["locked"]
        if "locked_by" not in told:
            found.pop(LOCKED, None)
    return found


def believed(deployment: Deployment, seen: Values | None, before: Belief | None = None) -> Belief:
    """What may be so of a server of which this is seen, and of which that was believed before."""
    rules = deployment.lifecycle.rules
    if seen is None:
        end = next((name for name, state in rules.states.items() if state["end"]), rules.usual_state)
        values = {**(before.values if before else situate(rules, {}).values), "exists": False, "state": end, "task_state": None}
        return Belief(Situation(values, frozenset(values)))
    values = dict(before.values if before else deployment.sure(dict(situate(rules, {}).values)))
    open_ = dict(before.open) if before else {}
    if before is None and rules.recalls:
        open_[BEFORE] = (None, *dict.fromkeys(state for states in rules.recalls.values() for state in states))
    locked = seen.get("locked")
    if locked is False:
        values[LOCKED] = None
        open_.pop(LOCKED, None)
    elif locked and values[LOCKED] is None:
        open_[LOCKED] = tuple(rules.holders)
        values[LOCKED] = open_[LOCKED][0]
    elif "locked" not in seen and LOCKED not in seen and before is None:
        open_[LOCKED] = (None, *rules.holders)
    values |= {key: value for key, value in seen.items() if key in values}
    for key in seen:
        open_.pop(key, None)
    values |= {"exists": True, "asked": True, "envelope": True, "body": True}
    return Belief(Situation(values, frozenset(values)), open_)
