"""What becomes of things: accepted requests begin work, which goes on by the clock, settles or fails; events happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.engine.situation import Situation, sign
from lifecycle.engine.step import Work, begun, goes_on, moved, settled
from lifecycle.serve.clock import stamp
from lifecycle.serve.history import History
from lifecycle.serve.thing import keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle import Lifecycle
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.outcome import Outcome
    from lifecycle.serve.history import Record
    from lifecycle.serve.thing import Thing

    Asked = list[str | None]
    """An action or event, its variant, the caller and the microversion: what its rule is found by."""

ASKED = {"asked": True, "envelope": True, "body": True}
NOBODY: Mapping[str, str | None] = {"request": None, "user": None, "project": None}
AT_MOST = 1_000  # steps that one thing takes in one go; the rest waits for the next look at it


class Deed:
    """What begins: what its rule is found by, what of the request is kept, who asks, and what is made besides.

    `kept` has by field how it changes; `made` by id a kind, a document and what it says when the work has settled.
    """

    __slots__ = ("asked", "kept", "made", "who")

    def __init__(
        self, asked: Asked, kept: Mapping[str, Any], who: Mapping[str, str | None], made: Mapping[str, Any] | None = None
    ) -> None:
        self.asked = asked
        self.kept = kept
        self.who = who
        self.made = made or {}


class Life:
    """The rules by which things change, how long a task takes, and the options of the deployment."""

    def __init__(self, lifecycle: Lifecycle, seconds: float, options: Mapping[str, int]) -> None:
        self.table = self.lifecycle = lifecycle
        self.rules = lifecycle.rules
        self.seconds = seconds
        self.options = {**lifecycle.rules.options, **options}
        self._signs = {name: sign(value) for name, value in self.options.items()}
        self._waits = self._windows()
        document = self.rules.data["document"] or {"tells": {}}
        self._changed: str = document["tells"].get("changed", "")
        self.history = History(document.get("history"))

    def obey(self, lifecycle: Lifecycle) -> None:
        """Goes on by other rules of the same table."""
        self.lifecycle, self.rules = lifecycle, lifecycle.rules
        self._waits = self._windows()

    def _windows(self) -> dict[str, float]:
        """The events that happen by themselves, each with the seconds that an option of the deployment says."""
        found: dict[str, float] = {}
        for name, event in self.rules.events.items():
            asked = event["editions"][0]["rule"]["requires"]
            named = [option for option in self.options if option in asked]
            if named and all(self._signs[option] in asked[option] for option in named):
                found[name] = float(self.options[named[0]])
        return found

    def situation(self, thing: Thing) -> Situation:
        """All that a decision on a thing may depend on."""
        values = {**thing.values, **self._signs, **ASKED}
        return Situation(values, frozenset(values))

    def ruling(self, asked: Asked) -> Ruling:
        """The rule that something was asked under; the table's own, where it is not there by those that are obeyed now."""
        name, variant, caller, version = asked
        found = self.lifecycle.ruling(str(name), variant, caller, version)
        return found if found.rule["outcomes"] else self.table.ruling(str(name), variant, caller, version)

    def begin(self, thing: Thing, decision: Decision, deed: Deed, now: float) -> None:
        """Lets an accepted request, or an event, begin: what its answer changes is so, its work is under way."""
        outcome = decision.outcome
        if outcome is None:
            return
        after, work = begun(self.rules, decision)
        record = self.history.open(thing, outcome.records, deed.who, now)
        self.history.come(record, None, now)
        if outcome.remembers:
            thing.aside[outcome.remembers] = {
                name: thing.document.get(name) for name, how in deed.kept.items() if not how["lasts"]
            }
        waits = bool(work and outcome.remembers)
        later = {name: how for name, how in deed.kept.items() if work and not how["lasts"] and (waits or how["settled"])}
        self._place(thing, after, now)
        keep(thing.document, {name: change for name, change in deed.kept.items() if name not in later})
        thing.made.update({name: (kind, document) for name, (kind, document, _) in deed.made.items()})
        if work is not None:
            self._close(thing, thing.record)
            if outcome.tasks:
                self.history.come(record, outcome.tasks[0], now)
            began = {name: decision.situation.values[name] for name in thing.values}
            thing.work = {"asked": deed.asked, "began": began, "index": 0, "kept": later, "made": deed.made}
            thing.due, thing.event, thing.record = now + self.seconds, None, record
            return
        self._over(thing, deed.made, fails=False)
        if record is not None:
            self.history.close(record, now)
            self._close(thing, record)
        if not (thing.work and goes_on(decision.situation, after)) and after.values["task_state"] is None:
            self._rest(thing, outcome, now)

    def _close(self, thing: Thing, record: Record | None) -> None:
        """Nothing more is written of a record, whether its work is over or other work has come instead."""
        if record is not None:
            thing.closed.append(record)
        if record is thing.record:
            thing.record = None

    def _over(self, thing: Thing, made: Mapping[str, Any], *, fails: bool) -> None:
        """What was made besides is as it will be, or gone."""
        for name, (kind, document, settles) in made.items():
            thing.made[name] = (kind, None if fails else {**document, **settles})

    def _place(self, thing: Thing, situation: Situation, now: float) -> None:
        """Where a thing is from now on, and what its document says because of that."""
        before = thing.values
        thing.values = {name: value for name, value in situation.values.items() if name not in ASKED and name not in self.options}
        if self._changed:
            thing.document[self._changed] = stamp(now)
        if thing.values["state"] != before.get("state"):
            thing.document.update(self.rules.states[thing.values["state"]]["says"])

    def _rest(self, thing: Thing, outcome: Outcome | None, now: float) -> None:
        """Nothing is under way any more; an event may be waiting."""
        if outcome is not None and outcome.gives_back:
            thing.document.update(thing.aside.pop(outcome.gives_back, {}))
        thing.work = thing.due = thing.event = None
        self._close(thing, thing.record)
        situation = self.situation(thing)
        for name, seconds in self._waits.items():
            if self.ruling([name, None, None, None]).decide(situation).allowed:
                thing.event, thing.due = name, now + seconds
                return

    def run(self, thing: Thing, now: float) -> bool:
        """Lets a thing come to where it is by now; whether anything changed."""
        steps = 0
        while thing.due is not None and thing.due <= now and steps < AT_MOST:
            self.step(thing, thing.due)
            steps += 1
        return steps > 0

    def step(self, thing: Thing, now: float) -> None:
        """One step, at the moment it is due: the next task, the end of the work, or an event."""
        if thing.event is not None:
            asked: Asked = [thing.event, None, None, None]
            thing.event = thing.due = None
            decision = self.ruling(asked).decide(self.situation(thing))
            self.begin(thing, decision, Deed(asked, {}, NOBODY), now)
            return
        if thing.work is None:
            thing.due = None
            return
        outcome, index = self._outcome(thing.work), thing.work["index"] + 1
        if index >= len(outcome.tasks):
            self.end(thing, now)
            return
        thing.work["index"] = index
        thing.due = now + self.seconds
        self._place(thing, moved(self.rules, self.situation(thing), thing.values["state"], outcome.tasks[index]), now)
        self.history.come(thing.record, outcome.tasks[index], now)

    def _outcome(self, work: Mapping[str, Any]) -> Outcome:
        return self.ruling(work["asked"]).outcomes.of({**work["began"], **self._signs})

    def end(self, thing: Thing, now: float, *, fails: bool = False) -> None:
        """The end of the work under way, well or not; nothing where none is."""
        if thing.work is None:
            return
        outcome, work = self._outcome(thing.work), thing.work
        ends = (outcome.fails if fails else outcome.becomes) or (thing.values["state"],)
        began = Situation({**work["began"], **self._signs, **ASKED}, frozenset())
        after = settled(self.rules, self.situation(thing), Work(outcome, work["index"], began), ends[0])
        self._place(thing, after.but(**outcome.failed) if fails else after, now)
        if not fails:
            keep(thing.document, work["kept"])
        self._over(thing, work.get("made", {}), fails=fails)
        if thing.record is not None:
            self.history.close(thing.record, now, fails=fails)
        self._rest(thing, None if fails else outcome, now)
