"""What all machines of one caller share: the steps that are known, callbacks for all, and the moments they are for."""

from __future__ import annotations

from lifecycle.engine.situation import SIGNS
from lifecycle.engine.step import Work, begun, goes_on, moved, settled
from lifecycle.errors import LifecycleError, UnknownName, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation
    from lifecycle.machine.model import Change, Machine

    Callback = Callable[[Change], object]
    Callbacks = Mapping[str, Sequence[Callback]]
    Origin = tuple[Callable[..., Machine], tuple[Any, ...]]
    """What makes a machine of this plant again from its situation, work and past; and its first arguments."""

REMEMBERED = 50_000  # situations of which the steps are kept
SETTLED, FAILED, ADVANCED = "settle", "fail", "advance"
ENDS = (SETTLED, FAILED)


class Refused(LifecycleError):
    """A trigger that the table refuses; nothing has changed, and `decision` says all about it."""

    @property
    def decision(self) -> Decision:
        """The decision that refused it."""
        decision: Decision = self.args[0]
        return decision

    def __str__(self) -> str:
        return self.decision.reason


class NotUnderWay(LifecycleError):
    """There is no work that could settle or fail, or it cannot end like that; nothing has changed."""


class UnknownTrigger(UnknownName):
    """Neither an action nor an event of the table."""

    kind = "action or event"


class UnknownFact(UnknownName):
    """The table has no such fact."""

    kind = "fact"


class UnknownCallback(UnknownName):
    """A callback is for `before_`, `after_` an action or event, `enter_` or `exit_` a status."""

    kind = "moment for a callback"


class Step:
    """One change of a machine: what triggers it, the decision on that, where it leads, and the work that it begins.

    `ends_work` says whether work that was under way before is over with it; `first` and `then` are the moments
    for callbacks on either side of it. Shared by all machines, and so is what it leads to.
    """

    __slots__ = ("after", "allowed", "decision", "ends_work", "first", "name", "source", "target", "then", "work")

    def __init__(self, name: str, before: Place, after: Place, work: Work | None, decision: Decision | None = None) -> None:
        self.name = name
        self.decision = decision
        self.allowed = decision is None or decision.allowed
        self.after = after
        self.work = work
        self.ends_work = work is not None or name in ENDS or not goes_on(before.situation, after.situation)
        self.source, self.target = before.status, after.status
        changes = self.source != self.target
        self.first = (f"before_{name}", f"exit_{self.source}") if changes else (f"before_{name}",)
        self.then = (f"enter_{self.target}", f"after_{name}") if changes else (f"after_{name}",)


class Place(dict):  # type: ignore[type-arg]  # dict[str, Step] would need Step when the class is made
    """Where a machine is: a situation, and the step of each trigger there, worked out when it is first looked up."""

    __slots__ = ("_ends", "plant", "situation", "status")

    def __init__(self, plant: Plant, situation: Situation) -> None:
        super().__init__()
        self.plant = plant
        self.situation = situation
        self.status = plant.rules.status(situation.values["state"], situation.values["task_state"])
        self._ends: dict[tuple[Work, str, str | None], Step] = {}

    def __missing__(self, name: str) -> Step:
        """The step of a trigger. Raises UnknownTrigger."""
        decision = self.plant.decide(self.situation, name)
        after, work = begun(self.plant.rules, decision)
        step = self[name] = Step(name, self, self.plant.place(after), work, decision)
        return step

    def advance(self, work: Work) -> Step:
        """The step from a task to the one after it; after the last the work settles."""
        if work.index + 1 >= len(work.outcome.tasks):
            return self.end(work, SETTLED, None)
        step = self._ends.get((work, ADVANCED, None))
        if step is None:
            task, state = work.outcome.tasks[work.index + 1], self.situation.values["state"]
            after = self.plant.place(moved(self.plant.rules, self.situation, state, task))
            further = Work(work.outcome, work.index + 1, work.began)
            step = self._ends[work, ADVANCED, None] = Step(ADVANCED, self, after, further)
        return step

    def end(self, work: Work, how: str, end: str | None) -> Step:
        """The step that ends work, well or in failure, in a state of those it can end in. Raises NotUnderWay."""
        step = self._ends.get((work, how, end))
        if step is None:
            can = (work.outcome.becomes if how == SETTLED else work.outcome.fails) or (self.situation.values["state"],)
            if end is not None and end not in can:
                raise NotUnderWay(f"this work cannot {how} in {end}; it can in {listed(can, 'or')}")
            after = self.plant.place(settled(self.plant.rules, self.situation, work, end or can[0]))
            step = self._ends[work, how, end] = Step(how, self, after, None)
        return step

    def forget(self) -> None:
        """Frees what was worked out; it is worked out again where it is asked for."""
        self.clear()
        self._ends.clear()


class Plant:
    """What all machines of one caller at one microversion share: the places known so far, and callbacks for all."""

    __slots__ = ("_places", "callbacks", "origin", "rules", "ruling")

    def __init__(self, rules: Rules, ruling: Callable[[str, str | None], Ruling], callbacks: Callbacks, origin: Origin) -> None:
        """`ruling` gives the rule of a trigger and variant as this caller meets it."""
        self.rules = rules
        self.callbacks = callbacks
        self.origin = origin
        self.ruling = ruling
        self._places: dict[tuple[object, ...], Place] = {}

    def place(self, situation: Situation) -> Place:
        """The one place of all situations with these values."""
        values = situation.values
        key = tuple(values[key] for key in sorted(values))
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= REMEMBERED:
                for known in self._places.values():
                    known.forget()
                self._places.clear()
            place = self._places.setdefault(key, Place(self, situation))
        return place

    def turned(self, place: Place, fact: str) -> Place:
        """The place where all is as here but for one fact. Raises UnknownFact."""
        if fact not in self.rules.facts:
            raise UnknownFact(fact, self.rules.facts)
        return self.place(place.situation.but(**{fact: not place.situation.values[fact]}))

    def decide(self, situation: Situation, name: str) -> Decision:
        """The decision on an action, with its variant, or an event. Raises UnknownTrigger."""
        trigger, _, variant = name.partition(":")
        if trigger not in self.rules.actions and name not in self.rules.events:
            raise UnknownTrigger(name, (*self.rules.actions, *self.rules.events))
        return self.ruling(trigger, variant or None).decide(situation)

    def told(self, situation: Situation) -> dict[str, Any]:
        """A situation in the keys of a case; an option by the number that stands for its sign."""
        values, rules = situation.values, self.rules
        keys = ("state", "task_state", "locked_by", "before", "exists", *rules.facts)
        return {**{key: values[key] for key in keys}, "options": {name: SIGNS.index(values[name]) - 1 for name in rules.options}}


def added(callbacks: Callbacks, moment: str, callback: Callback) -> Callbacks:
    """The callbacks with one more; whoever is called back now still has the old ones."""
    return {**callbacks, moment: (*callbacks.get(moment, ()), callback)}


def name_of(state: str, task: str | None) -> str:
    """The name of a state and task in `transitions`."""
    return f"{state}/{task}" if task else state


def moments(rules: Rules) -> Iterator[str]:
    """All the moments that a callback can be for."""
    for name in (*rules.actions, *rules.events, SETTLED, FAILED, ADVANCED):
        named = filter(None, rules.actions[name]["variants"] if name in rules.actions else ())
        for variant in ("", *(f":{variant}" for variant in named)):
            yield from (f"before_{name}{variant}", f"after_{name}{variant}")
    for status in rules.by_status:
        yield from (f"enter_{status}", f"exit_{status}")


def check_moment(rules: Rules, moment: str) -> None:
    """Raises UnknownCallback where nothing is ever called back at this moment."""
    known = list(moments(rules))
    if moment not in known:
        raise UnknownCallback(moment, known, "it is before_ACTION, after_ACTION, enter_STATUS or exit_STATUS")
