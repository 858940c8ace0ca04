"""One server under test: every request to it is judged, and what must become of it is waited for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.conform.belief import Belief, believed
from lifecycle.conform.course import Course
from lifecycle.conform.faults import CRASH, Fault
from lifecycle.conform.judge import NOT_THERE, Asked, Verdict, name, short
from lifecycle.conform.story import CREATE, REQUEST, Step
from lifecycle.conform.target import Request
from lifecycle.conform.watch import PATIENCE, Illegible, Watch

if TYPE_CHECKING:
    from lifecycle.conform.judge import Judge
    from lifecycle.conform.target import Answer, Subject


class Session(Watch):
    """A server that was made for the test, and all that is asked of it."""

    def __init__(self, judge: Judge, subject: Subject, observer: str, patience: float = PATIENCE) -> None:
        """`observer`: the caller that looks at it."""
        super().__init__(judge, subject, observer, patience)
        self.differences: dict[str, tuple[Asked, Answer]] = {}
        self._there: str = (judge.rules.data["document"] or {}).get("named") or ""
        self._added: dict[str, str] = {}
        self._accepted: set[tuple[str, str]] = set()

    def create(self, asked: Asked) -> Fault | None:
        """Makes the server."""
        answer = self.subject.create(asked.request)
        self.id = answer.id
        self.story.append(Step(CREATE, asked, answer))
        nowhere = believed(self.judge.deployment, None)
        nowhere.situation = nowhere.situation.but(**self.judge.deployment.sure(dict(nowhere.situation.values)))
        if asked.request.action in self.rules.actions:
            verdict = self.judge.judge(nowhere, asked, answer, None)
            self._note(verdict, asked, answer)
            if verdict.fault is not None or self.id is None:
                return verdict.fault or self._unmade(asked, answer)
            self._begin(verdict, asked)
            return None
        if self.id is None:
            return self._unmade(asked, answer)
        self._adopt(None)
        try:
            self._adopt(self._seen())
        except Illegible as error:
            return self._misshown(str(error))
        return None

    def _unmade(self, asked: Asked, answer: Answer) -> Fault:
        return Fault(
            "document", "the id of what was made", short(answer.document), self._place(asked), asked.request.action,
            request=asked.request, answer=answer,
        )  # fmt: skip

    def _place(self, asked: Asked) -> str:
        return str(asked.ruling.rule["at"]) if asked.rulings else self.rules.name

    def ask(self, asked: Asked, *, invented: bool = False) -> Fault | None:
        """One request to the server, judged; `invented`: it names what is not there below the server."""
        assert self.id is not None  # noqa: S101
        assert self.belief is not None  # noqa: S101
        asked = asked if invented else self.named(asked)
        answer = self.subject.act(self.id, asked.request)
        self.story.append(Step(REQUEST, asked, answer, before=self.belief.situation))
        if answer.lost:
            return self._lost(asked)
        verdict = self._judged(self.belief, asked, answer)
        if verdict.fault is not None and self.subject.real_time:
            verdict = self._meanwhile(asked, answer) or verdict
        if verdict.fault is not None and self._again(asked, answer):
            verdict = Verdict(self.belief, [])
        self._note(verdict, asked, answer)
        if verdict.fault is not None:
            if verdict.fault.kind in ("accepted", "refused", "crash"):
                self._recover(verdict.fault)
            elif verdict.decisions and verdict.decisions[0].allowed and answer.code < REFUSED:
                self._begin(verdict, asked)
            return verdict.fault
        if not verdict.decisions:  # what it names is not there: nothing is known to have come of it
            self.unseen.append(asked)
            return None
        if answer.code < REFUSED:
            self.content.learn(answer.document)
        if any(decision.allowed for decision in verdict.decisions) and self.changes(asked):
            self._accepted.add(self._asked_for(asked))
            self.spent = self.spent or (self.judge.named is not None and self._pretends(verdict))
            self._begin(verdict, asked)
            return None
        self.belief = verdict.belief
        self.unseen.append(asked)
        return None

    def _recover(self, fault: Fault) -> None:
        """After a wrong answer; where such a one once left a task for good, nobody waits for its end again."""
        cause = (fault.kind, fault.rule or fault.action) if fault.kind == CRASH else (fault.kind, fault.action)
        seen = self.readopt(wait=cause not in self.judge.stuck)
        if seen is not None and seen.get("task_state") is not None:
            self.judge.stuck.add(cause)

    def _again(self, asked: Asked, answer: Answer) -> bool:
        """Whether a service refuses what was asked of this server before, and may be so already."""
        if self.judge.named is None or answer.code not in NOT_THERE or self._asked_for(asked) not in self._accepted:
            return False
        self.judge.not_there.setdefault(name(asked.ruling), f"asked again: {answer.code} {answer.message or ''}".strip())
        return True

    def _asked_for(self, asked: Asked) -> tuple[str, str]:
        return asked.request.action, str(asked.request.body)

    def named(self, asked: Asked) -> Asked:
        """The request with a new name for what it adds to the server, and with one that is there for what it takes away."""
        if not asked.request.names:
            return asked
        names = dict(asked.request.names)
        adds = {
            source.strip("{}")
            for change in (asked.ruling.rule["keeps"] if asked.rulings else {}).values()
            if isinstance(source := change.get("add"), str)
        }
        for part, usual in asked.request.names.items():
            if part not in adds:
                names[part] = self.content.name(part) or self._listed(part) or self._added.get(part, usual)
            elif self.judge.named is not None or self.content.has(part, usual):
                self._added[part] = names[part] = f"{usual[:8]}-{len(self.story)}"
        if names == asked.request.names:
            return asked
        return Asked(replace(asked.request, names=names), asked.rulings, asked.mistakes)

    def _listed(self, part: str) -> str | None:
        """What an address may call one of a part, as a read lists them; each is asked once, until something changes."""
        read = self.content.unlisted(part) if self.judge.wire else None
        if read is not None:
            self.content.learn(self.subject.act(str(self.id), Request(read, None, None, self.observer)).document)
        return self.content.name(part)

    def _note(self, verdict: Verdict, asked: Asked, answer: Answer) -> None:
        if verdict.difference:
            self.differences.setdefault(verdict.difference, (asked, answer))

    def _pretends(self, verdict: Verdict) -> bool:
        """Whether a server that was not as usual only says that it is in another state: no work was done for it."""
        outcome, state = verdict.decisions[0].outcome, verdict.decisions[0].situation.values["state"]
        shown_, usual = outcome and outcome.shown, self.rules.usual_state
        return bool(outcome and shown_ and not outcome.tasks and shown_[0] != state != usual)

    def _judged(self, belief: Belief, asked: Asked, answer: Answer) -> Verdict:
        """What an answer comes to, where the document tells whether there is what the address names."""
        there = self.content.there(asked.request) if self._there and asked.request.names and not self.busy else None
        if there is None:
            return self.judge.judge(belief, asked, answer, self.id)
        knowing = Belief(belief.situation.but(**{self._there: there}), {**belief.open, self._there: (there,)})
        verdict = self.judge.judge(knowing, asked, answer, self.id)
        verdict.belief.open.pop(self._there, None)
        return verdict

    def _begin(self, verdict: Verdict, asked: Asked) -> None:
        """What was accepted is under way; what leaves work that is under way alone, leaves it."""
        self.content.accept(verdict.decisions[0], asked.request)
        courses = [Course(self.rules, decision) for decision in verdict.decisions]
        decision, first = verdict.decisions[0], courses[0].stages[0]
        if self.busy and decision.outcome is not None and courses[0].leaves(decision.situation):
            locked = first.values["locked_by"]
            for course in self.courses:
                here = course.stages[0] if decision.outcome.shown is None else first
                course.stages = [stage.but(locked_by=locked) for stage in (here, *course.stages[1:])]
                course.ends = [end.but(locked_by=locked) for end in course.ends]
            self.belief = self._after(verdict.belief, self.courses[0].stages[0])
            return
        self.courses = courses
        self.belief = self._after(verdict.belief, self.courses[0].stages[0])

    def changes(self, asked: Asked) -> bool:
        """Whether a request may change a server; a read does not."""
        return asked.request.action in self.rules.actions

    def _meanwhile(self, asked: Asked, answer: Answer) -> Verdict | None:
        """What explains an answer where a server has gone on since it was last seen, as it may."""
        assert self.belief is not None  # noqa: S101
        for situation in self._possible():
            verdict = self._judged(self._after(self.belief, situation), asked, answer)
            if verdict.fault is None:
                return verdict
        return None

    def _lost(self, asked: Asked) -> Fault | None:
        """The answer was lost: what is shown tells whether the request was done."""
        assert self.belief is not None  # noqa: S101
        del asked
        self.readopt()
        return None


REFUSED = 400
