"""From one situation to the next: what an accepted request, its work, and events make of a server."""

from __future__ import annotations

from lifecycle.engine.outcome import Outcome, fits
from lifecycle.engine.rules import READINGS
from lifecycle.engine.situation import Situation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Data, Rules

PLACE = ("state", "task_state", "locked_by", "exists")


class Work:
    """What is under way: the outcome that it follows, the task it is at, and the situation that it began in."""

    __slots__ = ("began", "index", "outcome")

    def __init__(self, outcome: Outcome, index: int, began: Situation) -> None:
        self.outcome = outcome
        self.index = index
        self.began = began


def moved(rules: Rules, situation: Situation, state: str, task: str | None, **changes: object) -> Situation:
    """The situation in another state or task; facts that the old state implied are usual again."""
    values = {**situation.values, **changes}
    implied = rules.states[state]["implies"]
    for fact in rules.states[values["state"]]["implies"]:
        values[fact] = rules.facts[fact]["usual"]
    values |= {**implied, "state": state, "task_state": task, "exists": not rules.states[state]["end"]}
    return Situation(values, situation.known | {*PLACE, *implied})


def begun(rules: Rules, decision: Decision) -> tuple[Situation, Work | None]:
    """The situation right after an accepted request's answer, and the work that it started, if any."""
    outcome, situation = decision.outcome, decision.situation
    if outcome is None:
        return situation, None
    return started(rules, situation, outcome, decision.locked_by)


def started(rules: Rules, situation: Situation, outcome: Outcome, locked_by: str | None) -> tuple[Situation, Work | None]:
    """The situation when an outcome has begun, with the lock that there is then; and its work, if any."""
    changes: dict[str, object] = {"locked_by": locked_by}
    if outcome.remembers:
        changes["before"] = situation.values["state"]
    state, task = outcome.shown or (situation.values["state"], situation.values["task_state"])
    after = moved(rules, situation, state, task, **changes).but(**_held(rules, situation, state))
    over = rules.states[state]["end"] or outcome.becomes is None
    works = not over and (bool(outcome.tasks) or outcome.becomes != (state,))
    return after, Work(outcome, 0, situation) if works else None


def _held(rules: Rules, situation: Situation, state: str) -> dict[str, object]:
    """What is still so of a thing that is merely said to be in another state: nothing has been done to it yet."""
    was, is_ = rules.states[situation.values["state"]]["implies"], rules.states[state]
    return {} if is_["end"] else {fact: situation.values[fact] for fact in was if fact not in is_["implies"]}


def goes_on(before: Situation, after: Situation) -> bool:
    """Whether work that was under way still is when something began that has no work of its own.

    What took the task away ended it. Work that shows no task is ended by what changes the state.
    """
    was, is_ = ((one.values["state"], one.values["task_state"]) for one in (before, after))
    return was == is_ or is_[1] is not None


def settled(rules: Rules, situation: Situation, work: Work, end: str) -> Situation:
    """The situation when work has ended in a state; what the work remembers is remembered from where it began."""
    changes = {"before": work.began.values["state"]} if work.outcome.remembers else {}
    return moved(rules, situation, end, None, **changes)


def under_way(rules: Rules, situation: Situation) -> Work | None:
    """The work that a task shows to be under way; of several that it could be, the table's first."""
    return next(works(rules, situation), None)


def works(rules: Rules, situation: Situation) -> Iterator[Work]:
    """All the work that could be under way in a situation with a task."""
    values = situation.values
    task = values["task_state"]
    for rule in _rules(rules) if task else ():
        states = rule["requires"].get("state")
        for row in rule["outcomes"] if states is None or values["state"] in states else ():
            if task in row["tasks"] and fits(row["when"], values):
                yield Work(Outcome(rules, row, values), row["tasks"].index(task), situation)


def _rules(rules: Rules) -> Iterator[Data]:
    """The rules of all actions at the newest microversion, and of all events."""
    for name in (*rules.actions, *rules.events):
        for variant in rules.actions[name]["variants"] or (None,) if name in rules.actions else (None,):
            rule = rules.edition(name, variant, READINGS[0], rules.newest)
            if rule is not None:
                yield rule
