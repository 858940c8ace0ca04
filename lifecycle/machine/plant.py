"""What all machines of one caller share: the steps that are known, callbacks for all, and the moments they are for."""

from __future__ import annotations

from lifecycle.engine.situation import SIGNS
from lifecycle.engine.step import Work, begun, moved, settled
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


class UnknownCallback(UnknownName):
    """A callback is for `before_`, `after_` an action or event, `enter_` or `exit_` a status."""

    kind = "moment for a callback"


class Step:
    """One change of a machine: what triggers it, the decision on that, the situation after it, and the work that it begins.

    `ends_work` says whether work that was under way before is over with it; `first` and `then` are the moments
    for callbacks on either side of it. Shared by all machines, and so is what it leads to.
    """

    __slots__ = ("after", "allowed", "decision", "ends_work", "first", "name", "source", "target", "then", "work")

    def __init__(self, rules: Rules, name: str, before: Situation, after: Situation, work: Work | None) -> None:
        self.name = name
        self.decision: Decision | None = None
        self.allowed = True
        self.after = after
        self.work = work
        self.ends_work = work is not None or after.values["task_state"] is None
        self.source, self.target = (rules.status(one.values["state"], one.values["task_state"]) for one in (before, after))
        self.first = (f"before_{name}", f"exit_{self.source}") if self.source != self.target else (f"before_{name}",)
        self.then = (f"enter_{self.target}", f"after_{name}") if self.source != self.target else (f"after_{name}",)


class Plant:
    """What all machines of one caller at one microversion share: the steps known so far, and callbacks for all."""

    __slots__ = ("_ends", "_ruling", "_situations", "callbacks", "origin", "rules", "steps")

    def __init__(self, rules: Rules, ruling: Callable[[str, str | None], Ruling], callbacks: Callbacks, origin: Origin) -> None:
        """`ruling` gives the rule of a trigger and variant as this caller meets it."""
        self.rules = rules
        self.callbacks = callbacks
        self.origin = origin
        self.steps: dict[Situation, dict[str, Step]] = {}
        self._ends: dict[tuple[Situation, Work, str, str | None], Step] = {}
        self._ruling = ruling
        self._situations: dict[tuple[object, ...], Situation] = {}

    def one(self, situation: Situation) -> Situation:
        """The one object for all situations with these values, so that its steps are looked up."""
        if len(self._situations) >= REMEMBERED or len(self._ends) >= REMEMBERED:
            self._situations.clear()
            self.steps.clear()
            self._ends.clear()
        values = situation.values
        return self._situations.setdefault(tuple(values[key] for key in sorted(values)), situation)

    def step(self, situation: Situation, name: str) -> Step:
        """What a trigger does in a situation. Raises UnknownTrigger."""
        trigger, _, variant = name.partition(":")
        if trigger not in self.rules.actions and name not in self.rules.events:
            raise UnknownTrigger(name, (*self.rules.actions, *self.rules.events))
        decision = self._ruling(trigger, variant or None).decide(situation)
        after, work = begun(self.rules, decision)
        step = Step(self.rules, name, situation, self.one(after), work)
        step.decision, step.allowed = decision, decision.allowed
        self.steps.setdefault(situation, {})[name] = step
        return step

    def advance(self, situation: Situation, work: Work) -> Step:
        """The step from a task to the one after it; after the last the work settles."""
        if work.index + 1 >= len(work.outcome.tasks):
            return self.end(situation, work, SETTLED, None)
        key = (situation, work, ADVANCED, None)
        step = self._ends.get(key)
        if step is None:
            after = moved(self.rules, situation, situation.values["state"], work.outcome.tasks[work.index + 1])
            further = Work(work.outcome, work.index + 1, work.began)
            step = self._ends[key] = Step(self.rules, ADVANCED, situation, self.one(after), further)
        return step

    def end(self, situation: Situation, work: Work, how: str, end: str | None) -> Step:
        """The step that ends work, well or in failure, in a state of those it can end in. Raises NotUnderWay."""
        key = (situation, work, how, end)
        step = self._ends.get(key)
        if step is None:
            outcome = work.outcome
            can = (outcome.becomes if how == SETTLED else outcome.fails) or (situation.values["state"],)
            if end is not None and end not in can:
                raise NotUnderWay(f"this work cannot {how} in {end}; it can in {listed(can, 'or')}")
            after = settled(self.rules, situation, work, end or can[0])
            step = self._ends[key] = Step(self.rules, how, situation, self.one(after), None)
        return step

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
        for variant in ("", *(f":{variant}" for variant in rules.actions.get(name, {"variants": ()})["variants"])):
            yield from (f"before_{name}{variant}", f"after_{name}{variant}")
    for status in rules.by_status:
        yield from (f"enter_{status}", f"exit_{status}")


def check_moment(rules: Rules, moment: str) -> None:
    """Raises UnknownCallback where nothing is ever called back at this moment."""
    known = list(moments(rules))
    if moment not in known:
        raise UnknownCallback(moment, known, "it is before_ACTION, after_ACTION, enter_STATUS or exit_STATUS")
