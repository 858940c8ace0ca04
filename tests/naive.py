"""A checker of properties that is as plain as can be: one deployment after the other, one situation after the other.

It asks the engine about every request of every caller, keeps no bits and no boxes, and looks for each run by itself. What
it says is what `lifecycle verify` must say; nothing of `lifecycle.explore` is used.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from lifecycle.engine import microversion
from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.rules import Rules
from lifecycle.engine.situation import SIGNS, Situation
from lifecycle.engine.step import Work, begun, goes_on, moved, settled

Deployment = tuple[Any, dict[str, Any]]  # a microversion, and the facts and signs of options that do not change
ASKED = {"asked": True, "envelope": True, "body": True}


class Here(NamedTuple):
    """A situation, as the values that can change, and the work under way as (trigger, tasks, ends, fails, task, began in)."""

    values: tuple[tuple[str, Any], ...]
    work: tuple[Any, ...] | None

    def get(self, key: str) -> Any:
        return dict(self.values)[key]


class Did(NamedTuple):
    """What happened: how, by which trigger, who asked, where it led, what it loses, where its own work can end, its tasks."""

    how: str
    name: str
    by: str | None
    to: Here
    loses: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    begins: bool = False


class World:
    """All that can be come to in one deployment."""

    def __init__(self, rules: Rules, deployment: Deployment) -> None:
        self.rules = rules
        self.version, self.fixed = deployment
        self.changing = [name for name in rules.facts if name not in self.fixed]
        self.creates = any(check.asks == "exists" for check in rules.checks)
        self.steps: dict[Here, list[Did]] = {}
        self.works: dict[tuple[Any, ...], Work] = {}
        self.rulings: dict[tuple[str, str | None, str | None], Ruling] = {}
        todo = list(self.starts())
        while todo:
            here = todo.pop()
            if here not in self.steps:
                self.steps[here] = list(self.happens(here))
                todo += [did.to for did in self.steps[here]]

    def starts(self) -> Iterator[Here]:
        rules = self.rules
        makers = [name for name in rules.actions if self.creating(name, None)]
        free = [
            name
            for name in self.changing
            if not rules.facts[name]["turns"] and name not in rules.states[rules.usual_state]["implies"]
        ]
        for chosen in product((True, False), repeat=len(free)):
            values = {"state": rules.usual_state, "task_state": None, "locked_by": None, "before": None, "exists": not makers}
            values |= {name: rules.facts[name]["usual"] for name in self.changing}
            values |= {**rules.states[rules.usual_state]["implies"], **dict(zip(free, chosen, strict=True))}
            yield Here(tuple(sorted(values.items())), None)

    def creating(self, name: str, variant: str | None) -> bool:
        """Whether any edition of an action needs no thing, and is not refused for good."""
        found = [edition["rule"] for edition in self.rules.editions(name, variant, "reference")]
        return self.creates and any("exists" not in rule["requires"] and not rule["removed"] for rule in found)

    def situation(self, here: Here) -> Situation:
        return Situation({**ASKED, **self.fixed, **dict(here.values)}, frozenset())

    def here(self, situation: Situation, name: str, work: Work | None) -> Here:
        values = {key: value for key, value in situation.values.items() if key not in ASKED and key not in self.fixed}
        key = None
        if work is not None:
            outcome = work.outcome
            began = work.began.values["state"] if outcome.remembers else None
            key = (name, outcome.tasks, outcome.becomes, outcome.fails, work.index, began)
            self.works[key] = work
        return Here(tuple(sorted(values.items())), key)

    def decided(self, here: Here) -> Iterator[tuple[str, str | None, Any]]:
        """Every request of every caller, and every event (of nobody), with the decision on it."""
        unborn = not here.get("exists") and not self.rules.states[here.get("state")]["end"]
        for action, row in self.rules.actions.items():
            for variant in row["variants"] or (None,):
                if self.creating(action, variant) == unborn or unborn:
                    for caller in self.rules.callers.values():
                        decision = self.ruling(action, variant, caller.name).decide(self.situation(here))
                        yield (f"{action}:{variant}" if variant else action), caller.name, decision
        for event in self.rules.events if here.get("exists") else ():
            yield event, None, self.ruling(event, None, None).decide(self.situation(here))

    def ruling(self, name: str, variant: str | None, caller: str | None) -> Ruling:
        key = (name, variant, caller)
        if key not in self.rulings:
            self.rulings[key] = Ruling(Request(self.rules, *key[:2], self.rules.caller(caller), self.version, "reference"))
        return self.rulings[key]

    def happens(self, here: Here) -> Iterator[Did]:
        before = self.situation(here)
        work = self.works[here.work] if here.work else None
        for name, caller, decision in self.decided(here):
            if decision.outcome is not None:
                after, own = begun(self.rules, decision)
                kept = here.work[0] if own is None and here.work else name
                goes = own or (work if goes_on(before, after) else None)
                outcome = decision.outcome
                ends = ((outcome.becomes or ()) + (outcome.fails or ())) if own else ()
                to = self.here(after, kept, goes)
                tasks = outcome.tasks if own else ()
                yield Did("accepted" if caller else "happens", name, caller, to, outcome.loses, ends, tasks, own is not None)
            elif caller:
                yield Did("refused", name, caller, here)
        for name in self.changing if here.get("exists") else ():
            if self.rules.facts[name]["turns"] and name not in self.rules.states[here.get("state")]["implies"]:
                yield Did(
                    "turns",
                    name,
                    None,
                    self.here(before.but(**{name: not before.values[name]}), here.work[0] if here.work else "", work),
                )
        if work is not None and here.work is not None:
            yield from self.goes(here, here.work[0], before, work)

    def goes(self, here: Here, name: str, before: Situation, work: Work) -> Iterator[Did]:
        state, tasks = here.get("state"), work.outcome.tasks
        if work.index + 1 < len(tasks):
            after = moved(self.rules, before, state, tasks[work.index + 1])
            yield Did("advances", name, None, self.here(after, name, Work(work.outcome, work.index + 1, work.began)))
        else:
            for end in work.outcome.becomes or (state,):
                yield Did("settles", name, None, self.here(settled(self.rules, before, work, end), name, None))
        for end in work.outcome.fails or (state,):
            yield Did("fails", name, None, self.here(settled(self.rules, before, work, end), name, None))

    # what a property says

    def is_so(self, here: Here, where: dict[str, list[Any]]) -> bool:
        values = {**self.fixed, **dict(here.values)}
        values["status"] = self.rules.status(values["state"], values["task_state"])
        return all(values[key] in wanted for key, wanted in where.items())

    def meant(self, here: Here, did: Did, way: dict[str, Any]) -> bool:
        """Whether a step is as a property says, all of it."""
        changed = {key for key, value in here.values if did.to.get(key) != value}
        changed |= {"state"} if any(end != here.get("state") for end in did.ends) else set()
        changed |= {"task_state"} if did.tasks else set()
        loses, changes = way["loses"], way["changes"]
        return (
            self.spoken(here, did, way)
            and self.is_so(did.to, way["to"])
            and (changes is None or bool(changed if "any" in changes else changed & set(changes)))
            and (loses is None or bool(did.loses if "any" in loses else set(did.loses) & set(loses)))
        )

    def spoken(self, here: Here, did: Did, way: dict[str, Any]) -> bool:
        """Whether a property speaks of a step, whatever that changes and loses and wherever it leads."""
        hows = way["how"] or (
            ["happens"]
            if way["event"] is not None
            else ["accepted"]
            if way["by"] is not None
            else ["accepted", "advances", "settles", "fails"]
            if way["action"] is not None
            else ["accepted", "happens", "advances", "settles", "fails", "turns"]
        )
        names = way["event"] if way["action"] is None else way["action"]
        asked = did.how in ("accepted", "refused")
        return (
            did.how in hows
            and self.is_so(here, way["from"])
            and (names is None or did.name in names)
            and (way["by"] is None or (asked and did.by in way["by"]))
        )

    def speaks(self, here: Here, way: dict[str, Any]) -> bool:
        """Whether a property speaks of anything here: requests can always be made, all else is there or not."""
        hows = way["how"] or ["accepted"] * (way["event"] is None)
        if {"accepted", "refused"} & set(hows):
            return self.is_so(here, way["from"])
        stripped = {**way, "loses": None}
        return any(did.how != "refused" and self.spoken(here, did, stripped) and self.lost(did, way) for did in self.steps[here])

    @staticmethod
    def lost(did: Did, way: dict[str, Any]) -> bool:
        return way["loses"] is None or bool(did.loses if "any" in way["loses"] else set(did.loses) & set(way["loses"]))

    def judge(self, said: Mapping[str, Any]) -> tuple[set[Here], bool]:
        """The situations in which a property is broken here, and whether it speaks of anything."""
        wants, kind = said["wants"], said["kind"]
        if kind in ("never", "sometimes"):
            found = {here for here, dids in self.steps.items() for did in dids if self.meant(here, did, wants)}
            if kind == "sometimes":
                return set(), bool(found)
            return found, any(self.speaks(here, wants) for here in self.steps)
        spoken = {here for here in self.steps if self.is_so(here, said["when"])}
        fine = {"always": self.is_so, "reachable": self.comes_to, "leads_to": self.always_comes_to}[kind]
        by = said["by"] if said["by"] is not None else list(self.rules.callers) * (kind == "reachable")
        arguments = (wants,) if kind == "always" else (wants, by)
        return {here for here in spoken if not fine(here, *arguments)}, bool(spoken)  # type: ignore[operator]

    def comes_to(self, here: Here, wants: dict[str, Any], by: list[str]) -> bool:
        seen, todo = {here}, [here]
        while todo:
            at = todo.pop()
            if self.is_so(at, wants):
                return True
            for did in self.steps[at]:
                usable = did.how in ("advances", "settles") or (did.how == "accepted" and did.by in by)
                if usable and did.to not in seen:
                    seen.add(did.to)
                    todo.append(did.to)
        return False

    def always_comes_to(self, here: Here, wants: dict[str, Any], by: list[str]) -> bool:
        """No run from here stays away for ever: none rests, and none goes round by work that begins anew."""
        away = self.away(here, wants, by)
        for at in away:
            if at.work is None:
                return False
            for did in self.usable(at, by):
                if did.begins and did.to in away and at in self.away(did.to, wants, by):
                    return False
        return True

    def usable(self, at: Here, by: list[str]) -> Iterator[Did]:
        return (did for did in self.steps[at] if did.how != "refused" and (did.how != "accepted" or did.by in by))

    def away(self, here: Here, wants: dict[str, Any], by: list[str]) -> set[Here]:
        """All that is come to from here without coming to where it should be."""
        if self.is_so(here, wants):
            return set()
        seen, todo = {here}, [here]
        while todo:
            for did in self.usable(todo.pop(), by):
                if did.to not in seen and not self.is_so(did.to, wants):
                    seen.add(did.to)
                    todo.append(did.to)
        return seen


def deployments(rules: Rules) -> Iterator[Deployment]:
    """Every microversion with every value of what does not change."""
    implied = {fact for state in rules.states.values() for fact in state["implies"]}
    fixed = [name for name, fact in rules.facts.items() if not fact["turns"] and name not in implied]
    domains: list[list[Any]] = [*([True, False] for _ in fixed), *(list(SIGNS) for _ in rules.options)]
    for version in versions(rules):
        for chosen in product(*domains):
            yield version, dict(zip([*fixed, *rules.options], chosen, strict=True))


def versions(rules: Rules) -> list[Any]:
    if rules.oldest is None or rules.newest is None:
        return [None]
    return [(rules.oldest[0], minor) for minor in range(rules.oldest[1], rules.newest[1] + 1)]


def within(said: Mapping[str, Any], version: Any) -> bool:
    """Whether a property is for this microversion."""
    since, until = (said[end] and microversion.parse(said[end]) for end in ("since", "until"))
    return version is None or microversion.within(version, since, until)
