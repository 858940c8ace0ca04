"""What an accepted request lets a server run through: how it is shown on the way, and where it can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.engine.step import begun, goes_on, moved, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.conform.belief import Values
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation


class Course:
    """The stages of one accepted request: right after the answer, each task, and the ends of which one comes."""

    __slots__ = ("_works", "decision", "ends", "stages")

    def __init__(self, rules: Rules, decision: Decision) -> None:
        after, work = begun(rules, decision)
        self.decision = decision
        self._works = work is not None
        self.stages: list[Situation] = [after]
        self.ends: list[Situation] = []
        if work is None:
            self.ends = [after]
            return
        for task in work.outcome.tasks[1:]:
            self.stages.append(moved(rules, self.stages[-1], after.values["state"], task))
        last, began = self.stages[-1], work.began.values["state"]
        self.ends = [settled(rules, last, work, end) for end in work.outcome.becomes or (began,)]

    @property
    def works(self) -> bool:
        """Whether anything is under way after the answer."""
        return self._works

    def leaves(self, situation: Situation) -> bool:
        """Whether what was under way in a situation still is."""
        return not self._works and goes_on(situation, self.stages[0])

    @property
    def steps(self) -> int:
        """How many tasks there are to wait for."""
        return len(self.stages)

    @property
    def silent(self) -> bool:
        """Whether it may look as if it had ended when it has not begun."""
        first = self.stages[0].values
        return self.works and any(same(first, end.values, PLACE) for end in self.ends)


PLACE = ("exists", "state", "task_state")


def same(one: Mapping[str, Any], other: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether two have the same values of some keys."""
    return all(one[key] == other[key] for key in keys)


def unlike(rules: Rules, situation: Situation, seen: Values | None) -> list[str]:
    """The keys of which a server shows otherwise than this situation would; empty where it fits."""
    values = situation.values
    if seen is None:
        return [] if not values["exists"] else ["exists"]
    if not values["exists"]:
        return ["exists"]
    wrong: list[str] = [key for key in ("state", "task_state") if key in seen and seen[key] != values[key]]
    locked = seen.get("locked", values["locked_by"] is not None)
    if locked != (values["locked_by"] is not None) or seen.get("locked_by", values["locked_by"]) != values["locked_by"]:
        wrong.append("locked_by")
    if values["task_state"] is None and not wrong:
        implied = rules.states[values["state"]]["implies"]
        wrong += [fact for fact, value in implied.items() if fact in seen and seen[fact] != value]
    return wrong


def status(rules: Rules, values: Mapping[str, Any] | None) -> str:
    """A server in a few words: `SHUTOFF`, `ACTIVE (powering-off)`, `gone`."""
    if values is None or not values.get("exists", True):
        return "gone"
    state, task = values["state"], values.get("task_state")
    shown = rules.status(state, task)
    lock = values.get("locked_by") or ("somebody" if values.get("locked") else None)
    return shown + (f" ({task})" if task else "") + (f", locked by {lock}" if lock else "")
