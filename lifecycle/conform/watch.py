"""What one server shows, held against what must have become of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lifecycle.conform.belief import Belief, believed, shown
from lifecycle.conform.content import Content
from lifecycle.conform.course import Course, status, unlike
from lifecycle.conform.faults import Fault
from lifecycle.conform.judge import Asked, name
from lifecycle.conform.story import ADVANCE, LOOK, REQUEST, SETTLE, Step
from lifecycle.conform.target import Request
from lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lifecycle.conform.belief import Values
    from lifecycle.conform.content import Change
    from lifecycle.conform.judge import Judge
    from lifecycle.conform.target import Subject
    from lifecycle.engine.situation import Situation

LONG = 600.0  # seconds by a clock of our own: all work has ended
PATIENCE = 60.0  # seconds that a task of a real service may take before we say that it does not end
STILL = 15.0  # seconds in which a server that shows no task is given to end where the table says
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0


class Illegible(LifecycleError):
    """What is shown of a server is no document of one."""


class Watch:
    """A server, what is believed of it, and its story so far."""

    def __init__(self, judge: Judge, subject: Subject, observer: str, patience: float = PATIENCE) -> None:
        """`observer`: the caller that looks at it."""
        self.judge = judge
        self.subject = subject
        self.observer = observer
        self.patience = patience
        self.still = STILL
        self.spent = False  # it is not, or only says that it is, where the table leads: nothing later would tell anything
        self.rules = judge.rules
        self.id: str | None = None
        self.belief: Belief | None = None
        self.courses: list[Course] = []
        self.story: list[Step] = []
        self.unseen: list[Asked] = []  # refused requests since somebody looked
        self.content = Content(judge.rules)

    @property
    def alive(self) -> bool:
        """Whether there is a server to ask."""
        return self.id is not None and self.belief is not None and bool(self.belief.values["exists"])

    @property
    def busy(self) -> bool:
        """Whether something may be under way."""
        return any(course.works for course in self.courses)

    def _after(self, belief: Belief, situation: Situation) -> Belief:
        """What is believed in another situation of the same server."""
        open_ = {key: values for key, values in belief.open.items() if key not in ("before", "locked_by")}
        for key in ("before", "locked_by"):
            found = {course.stages[0].values[key] for course in self.courses} if self.courses else set()
            if key in belief.open and situation.values[key] == belief.values[key]:
                found |= set(belief.open[key])
            if len(found) > 1:
                open_[key] = tuple(sorted(found, key=str))
        return Belief(situation, open_)

    def _seen(self) -> Values | None:
        """What the server shows now."""
        assert self.id is not None  # noqa: S101
        seen = self._shown()
        self.story.append(Step(LOOK, seen=status(self.rules, seen)))
        return seen

    def _shown(self) -> Values | None:
        """The same, and nothing is said of it in the story. Raises Illegible, and Down."""
        document = self.subject.show(str(self.id), self.observer)
        self.content.saw(document)
        try:
            return shown(self.judge.lifecycle, document)
        except LifecycleError as error:
            raise Illegible(str(error)) from None

    def _adopt(self, seen: Values | None) -> None:
        self.belief = believed(self.judge.deployment, seen, None)
        self.courses, self.unseen = [], []
        self.content.forget()

    def readopt(self, ends: Sequence[Situation] = (), *, wait: bool = True) -> Values | None:
        """Takes what is shown at rest for what is so, whatever should have been.

        `wait` until it is at rest, and for a while, where it may look so and is not, until it is at one of these ends.
        """
        began = time.monotonic()
        for _ in range(self._polls() if self.subject.real_time and wait else 1):
            if not self.subject.real_time:
                self.subject.wait(LONG)
            seen = self._legible()
            if seen is None or (seen.get("task_state") is None and self._rests(seen, ends, began)):
                break
            self.subject.wait(LONGEST_PAUSE / 4)
        self.story.append(Step(LOOK, seen=status(self.rules, seen)))
        self._adopt(seen)
        self.spent = self.spent or (seen is not None and seen.get("task_state") is not None)
        return seen

    def _rests(self, seen: Values, ends: Sequence[Situation], began: float) -> bool:
        return not ends or time.monotonic() - began > self.still or any(not unlike(self.rules, end, seen) for end in ends)

    def _legible(self) -> Values | None:
        """What is shown; what nobody can read tells no more than that nothing is left to see."""
        try:
            return self._shown()
        except Illegible:
            return None

    def _polls(self) -> int:
        return int(self.patience * 4)

    def look(self) -> Fault | None:
        """Holds what the server shows against what must have become of it."""
        assert self.belief is not None  # noqa: S101
        try:
            fault = self._compare(self._seen())
        except Illegible as error:
            return self._misshown(str(error))
        self.unseen = []
        return fault

    def _misshown(self, why: str) -> Fault:
        """A fault; where the server is nobody can tell any more."""
        assert self.belief is not None  # noqa: S101
        expected, row = status(self.rules, self.belief.values), self._row()
        self._adopt(None)
        self.spent = True
        return Fault("shown", expected, why, row, "show", about=(why.split(":", maxsplit=1)[0],))

    def _row(self) -> str:
        last = self.courses[0].decision.row if self.courses else None
        return last or (self.unseen[-1].ruling.rule["at"] if self.unseen else str(self.rules.name))

    def _compare(self, seen: Values | None) -> Fault | None:
        """Whether what is seen fits where the server can be by now."""
        assert self.belief is not None  # noqa: S101
        return self._fits(self._possible(), seen)

    def _fits(self, possible: Iterable[Situation], seen: Values | None) -> Fault | None:
        """Whether what is seen is one of these, and its document holds what it must."""
        fitting = next((one for one in possible if not unlike(self.rules, one, seen)), None)
        if fitting is not None:
            self._now(fitting, seen)
            return self._unkept()
        fault = self._unlike(seen)
        self._adopt(seen)
        return fault

    def _unkept(self) -> Fault | None:
        """What the document of a server at rest does not hold of what was asked of it."""
        if self.busy:
            return None
        wrong, began = self._wrong(), time.monotonic()
        waits = self.subject.real_time and wrong and ("kept", wrong[0].action) not in self.judge.stuck
        while wrong and waits and time.monotonic() - began < self.still:
            self.subject.wait(LONGEST_PAUSE / 4)
            self._shown()
            wrong = self._wrong()
        self.content.expected.clear()
        if not wrong:
            return None
        change, expected, came = wrong
        self.judge.stuck.add(("kept", change.action))
        asked = next((one for one in reversed(self.story) if one.asked and one.asked.request.action == change.action), None)
        return Fault(
            "kept", expected, came, change.row, change.action, (expected.split(" ", 1)[0],),
            request=asked.asked.request if asked and asked.asked else None, answer=asked.answer if asked else None,
        )  # fmt: skip

    def _wrong(self) -> tuple[Change, str, str] | None:
        for read in self.content.elsewhere() if self.judge.wire else ():
            self.content.lists(self.subject.act(str(self.id), Request(read, None, None, self.observer)).document)
        return self.content.wrong()

    def _now(self, situation: Situation, seen: Values | None) -> None:
        """The server is there."""
        assert self.belief is not None  # noqa: S101
        self.belief = believed(self.judge.deployment, seen, self._after(self.belief, situation))
        if not self.subject.real_time:
            self.courses = [course for course in self.courses if situation in (*course.stages, *course.ends)] or self.courses
        if any(situation in course.ends for course in self.courses):
            self.courses = []

    def _possible(self) -> list[Situation]:
        """Where the server can be: as it was, or on the way of what was accepted."""
        assert self.belief is not None  # noqa: S101
        if not self.courses:
            return [self.belief.situation]
        if not self.subject.real_time:
            return [course.stages[0] for course in self.courses]
        return [situation for course in self.courses for situation in (*course.stages, *course.ends)]

    def _unlike(self, seen: Values | None) -> Fault:
        assert self.belief is not None  # noqa: S101
        wrong = unlike(self.rules, self._possible()[0], seen)
        expected, came = status(self.rules, self._possible()[0].values), status(self.rules, seen)
        if self.courses:
            decision = self.courses[0].decision
            asked = next((step for step in reversed(self.story) if step.what == REQUEST), None)
            over = all(course.stages[0] in course.ends for course in self.courses) and self.courses[0].works
            return Fault(
                "end" if over else "effect", expected, came, decision.row, name(decision.ruling), (tuple(wrong), came),
                request=asked.asked.request if asked and asked.asked else None, answer=asked.answer if asked else None,
                status=decision.shown_before,
            )  # fmt: skip
        last = self.unseen[-1] if self.unseen else None
        action = name(last.ruling) if last else "show"
        return Fault(
            "changed", expected, came, self._row(), action, (tuple(wrong), came),
            request=last.request if last else None, status=expected,
        )  # fmt: skip

    def advance(self) -> Fault | None:
        """Lets one task end, by a clock of our own, and looks."""
        if not self.alive or self.belief is None:
            return None
        self.story.append(Step(ADVANCE))
        self.subject.wait(getattr(self.subject.target, "task", 0.0) * 1.002)
        for course in self.courses:
            if len(course.stages) > 1:
                course.stages.pop(0)
            else:
                course.stages[:] = course.ends
        self.belief = self._after(self.belief, self.courses[0].stages[0]) if self.courses else self.belief
        try:
            return self._compare_stage(self._seen())
        except Illegible as error:
            return self._misshown(str(error))

    def _compare_stage(self, seen: Values | None) -> Fault | None:
        """Whether what is seen is the stage that was waited for, or one of the ends."""
        if not self.courses:
            return self._compare(seen)
        last = [(course, course.stages[0] in course.ends) for course in self.courses]
        return self._fits([one for course, over in last for one in (course.ends if over else course.stages[:1])], seen)

    def settle(self) -> Fault | None:
        """Waits until what is under way has ended, and holds the end against the table."""
        if not self.busy:
            return self.look() if self.unseen or self.courses else None
        self.story.append(Step(SETTLE))
        try:
            return self._settle_in_time() if self.subject.real_time else self._settle_at_once()
        except Illegible as error:
            return self._misshown(str(error))

    def _settle_at_once(self) -> Fault | None:
        self.subject.wait(LONG)
        return self._ended(self._seen())

    def _settle_in_time(self) -> Fault | None:
        pause, waited, quiet = FIRST_PAUSE, 0.0, 0
        most = self.patience * max(course.steps for course in self.courses)
        silent = any(course.silent for course in self.courses)
        began = time.monotonic()
        while True:
            seen = self._shown()
            if any(not unlike(self.rules, end, seen) for course in self.courses for end in course.ends):
                quiet += 1
                if quiet > silent:
                    break
            else:
                quiet = 0
            waited = time.monotonic() - began
            if waited > most or (self._still(seen) and waited > self.still):
                break
            self.subject.wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        self.story.append(Step(LOOK, seen=status(self.rules, seen)))
        return self._ended(seen)

    def _still(self, seen: Values | None) -> bool:
        """Whether nothing is shown to be under way, and it is not as it was before the request."""
        return seen is None or seen.get("task_state") is None

    def _ended(self, seen: Values | None) -> Fault | None:
        """Whether a server that is at rest is where the table says."""
        assert self.belief is not None  # noqa: S101
        ends = [(course, end) for course in self.courses for end in course.ends]
        fitting = [end for _, end in ends if not unlike(self.rules, end, seen)]
        self.unseen = []
        if fitting:
            self.belief = believed(self.judge.deployment, seen, self._after(self.belief, fitting[0]))
            self.courses = []
            return self._unkept()
        decision = self.courses[0].decision
        wanted = " or ".join(dict.fromkeys(status(self.rules, end.values) for _, end in ends))
        came = status(self.rules, seen)
        endless = seen is not None and seen.get("task_state") is not None
        asked = next((step for step in reversed(self.story) if step.what == REQUEST), None)
        self._adopt(seen)
        self.spent = True
        return Fault(
            "endless" if endless else "end", wanted, came, decision.row, name(decision.ruling), (came.split(",", 1)[0],),
            request=asked.asked.request if asked and asked.asked else None, answer=asked.answer if asked else None,
            status=decision.shown_before,
        )  # fmt: skip
