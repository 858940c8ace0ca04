"""The shortest story that shows a fault, found by telling shorter ones to new servers."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from lifecycle.conform import nowhere
from lifecycle.conform.histories import together
from lifecycle.conform.session import Session
from lifecycle.conform.story import ADVANCE, CREATE, NOWHERE, REQUEST, SETTLE, TOGETHER, Step
from lifecycle.explore.plan import all_losses
from lifecycle.explore.ways import shortest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.conform.deck import Deck
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.findings import Finding
    from lifecycle.conform.judge import Judge
    from lifecycle.conform.target import Subject
    from lifecycle.explore.ways import Map

    Story = list[Step]

MOST = 8  # requests on a way
PLACE = ("state", "task_state", "locked_by")
REFUSED = 400


class Teller:
    """Tells stories to new servers of a target."""

    def __init__(self, judge: Judge, subject: Subject, deck: Deck, observer: str) -> None:
        self.judge = judge
        self.subject = subject
        self.deck = deck
        self.observer = observer

    def tell(self, story: Sequence[Step]) -> tuple[list[Fault], Story]:
        """The faults that come when a story is told again, and the story with the answers of this time."""
        if story[0].what == NOWHERE:
            assert story[0].asked is not None  # noqa: S101
            fault, answer = nowhere.ask(self.judge, self.subject, story[0].asked, self.deck.create)
            return [fault] if fault else [], [Step(NOWHERE, story[0].asked, answer)]
        session = Session(self.judge, self.subject, self.observer)
        try:
            return self._told(session, story), session.story
        finally:
            if session.id is not None:
                self.subject.remove(session.id)

    def _told(self, session: Session, story: Sequence[Step]) -> list[Fault]:
        found: list[Fault] = []
        for number, step in enumerate(story):
            if step.what == CREATE or session.alive:
                fault = self._step(session, story, number)
                found += [fault] if fault else []
        for last in (session.look, session.settle):
            if session.alive and (last == session.look or session.busy):
                fault = last()
                found += [fault] if fault else []
        return found

    def _step(self, session: Session, story: Sequence[Step], number: int) -> Fault | None:
        """One step of a story; of several requests at once, all with the first."""
        step = story[number]
        if step.asked is None:
            if step.what == ADVANCE and session.busy:
                return session.advance()
            return session.settle() if step.what == SETTLE else None
        if step.what == CREATE:
            return session.create(step.asked)
        if step.what == REQUEST:
            return session.ask(step.asked)
        if story[number - 1].what == TOGETHER:
            return None
        several = takewhile(lambda one: one.what == TOGETHER, story[number:])
        return together(session, [one.asked for one in several if one.asked is not None])


class Shrinker:
    """Finds shorter stories for findings, with at most so many requests for each."""

    def __init__(self, teller: Teller, ways: Map, budget: int) -> None:
        self.teller = teller
        self.ways = ways
        self.budget = budget

    def shrink(self, finding: Finding) -> None:
        """Gives a finding the shortest story that could be found, or says that it did not come again."""
        spent = self.teller.subject.requests
        cause = finding.fault.cause

        def shows(story: Story) -> bool:
            if self.teller.subject.requests - spent > self.budget:
                return False
            found, told = self.teller.tell(story)
            fault = next((fault for fault in found if fault.cause == cause), None)
            if fault is None:
                return False
            finding.fault, finding.story, finding.confirmed = fault, told, True
            return True

        whole = finding.story
        if whole[0].what == NOWHERE:
            finding.confirmed = shows(whole)
            return
        if not any(shows(planned) for planned in self._planned(whole)) and not shows(tidy(whole)) and not shows(whole):
            finding.confirmed = False
            return
        self._without_steps(finding, shows)

    def _planned(self, story: Story) -> list[Story]:
        """The shortest ways that the table knows to where the last request was made, and that request."""
        number = next((number for number in reversed(range(len(story))) if story[number].what in (REQUEST, TOGETHER)), None)
        if number is None or story[number].before is None:
            return []
        while story[number - 1].what == TOGETHER:
            number -= 1
        ways = [self._way(story, number, keys) for keys in (PLACE, (*PLACE, "before"))]
        return [[*way, *story[number:]] for way in ways if way is not None]

    def _way(self, story: Story, number: int, keys: tuple[str, ...]) -> Story | None:
        goal = story[number].before
        start = next((step.before for step in story if step.what == REQUEST and step.before is not None), None)
        if goal is None or start is None:
            return None
        losses = all_losses(self.ways.rules)
        fits = [goal.values[key] for key in keys]
        found = shortest(
            self.ways, start, self.teller.deck.callers, lambda one: [one.values[key] for key in keys] == fits, losses, MOST
        )
        if found is None:
            return None
        steps: Story = [story[0], Step(SETTLE)]
        for way in found:
            if way.decision is None:
                continue
            request = way.decision.ruling.request
            version = self.teller.deck.points(request.action, request.variant)[0]
            asked = self.teller.deck.asked(request.action, request.variant, way.caller, version)
            busy = goal.values["task_state"] is not None and way is found[-1]
            steps += [Step(REQUEST, asked), *([] if busy else [Step(SETTLE)])]
        return steps

    def _without_steps(self, finding: Finding, shows: object) -> None:
        """Leaves out one request after the other, the last and the creation excepted."""
        assert callable(shows)  # noqa: S101
        number = 1
        while number < len(finding.story) - 1:
            story = finding.story
            if story[number].what != REQUEST:
                number += 1
                continue
            end = number + 1
            while end < len(story) and story[end].what != REQUEST:
                end += 1
            if end >= len(story) or not shows([*story[:number], *story[end:]]):
                number = end


def tidy(story: Story) -> Story:
    """A story without the requests that were refused as they should be; they changed nothing."""
    last = next(number for number in reversed(range(len(story))) if story[number].asked is not None)
    return [
        step
        for number, step in enumerate(story)
        if number >= last or step.what in (CREATE, SETTLE, ADVANCE) or (step.answer is not None and step.answer.code < REFUSED)
    ]
