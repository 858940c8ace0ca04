"""After the tour: random histories, drawn to where little has been seen, and requests that are sent at the same time."""

from __future__ import annotations

import random
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any

from lifecycle.conform.belief import Belief
from lifecycle.conform.course import Course, unlike
from lifecycle.conform.faults import Fault
from lifecycle.conform.judge import name
from lifecycle.conform.story import TOGETHER, Step
from lifecycle.engine.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.conform.judge import Asked
    from lifecycle.conform.session import Session
    from lifecycle.conform.target import Answer
    from lifecycle.conform.tour import Tour

LONGEST = 12  # requests of one history
ALLOWED = 0.6  # how often a request is drawn among those that are allowed
TOGETHER_AT_ONCE = (2, 2, 3)
OFTEN = 0.15  # how often requests are sent together
WAITS = 0.7  # how often what was accepted is waited for


class Histories:
    """Random walks over a target; the same seed asks the same of the same target."""

    def __init__(self, tour: Tour, seed: int) -> None:
        self.tour = tour
        self.rng = random.Random(seed)  # noqa: S311 - nothing is to be kept secret
        self.counts: Counter[Any] = Counter()
        self.names = [one for one in tour.deck.names if tour.deck.of_a_server(one[0])]

    def run(self, number: int) -> None:
        """So many histories. Raises Enough where a limit is reached."""
        for _ in range(number):
            session = self.tour.new()
            if session is None:
                return
            try:
                self._walk(session)
            finally:
                if session.id is not None:
                    self.tour.subject.remove(session.id)

    def _walk(self, session: Session) -> None:
        for _ in range(LONGEST):
            if not session.alive or session.spent:
                return
            self.tour.check()
            if not session.busy and self.rng.random() < OFTEN:
                self._together(session)
            else:
                self._one(session)
        if session.alive:
            self.tour.told(session, session.settle() if session.busy else session.look())

    def _one(self, session: Session) -> None:
        asked = self._draw(session)
        self.tour.told(session, session.ask(asked))
        if session.alive and session.busy and self.rng.random() < WAITS:
            self.tour.told(session, session.settle())

    def _draw(self, session: Session) -> Asked:
        """A request that was drawn the least often in this situation, of a few."""
        assert session.belief is not None  # noqa: S101
        situation = session.belief.situation
        key = situation.values["state"], situation.values["task_state"], situation.values["locked_by"]
        allowed = self.rng.random() < ALLOWED
        drawn = [self._any(situation, allowed=allowed) for _ in range(FEW)]
        asked = min(drawn, key=lambda one: self.counts[key, one.request.action, one.request.variant, one.request.caller])
        self.counts[key, asked.request.action, asked.request.variant, asked.request.caller] += 1
        return asked

    def _any(self, situation: Situation, *, allowed: bool) -> Asked:
        deck = self.tour.deck
        asked = None
        for _ in range(TRIES):
            action, variant = self.rng.choice(self.names)
            version = self.rng.choice(deck.points(action, variant)[:3])
            asked = deck.asked(action, variant, self.rng.choice(deck.callers), version)
            if asked.decide(situation).allowed == allowed:
                break
        assert asked is not None  # noqa: S101
        return asked

    def _together(self, session: Session) -> None:
        """Two or three requests at once: some order of them must explain all answers, and where the server ends."""
        requests = [self._draw(session) for _ in range(self.rng.choice(TOGETHER_AT_ONCE))]
        self.tour.told(session, together(session, requests))


FEW, TRIES = 4, 6
Place = tuple[Situation, tuple[Situation, ...]]
"""Where a server is, and where it will be at rest."""


def together(session: Session, asked: Sequence[Asked]) -> Fault | None:
    """Sends requests at the same time, waits until all has ended, and looks for an order that explains it."""
    assert session.id is not None  # noqa: S101
    assert session.belief is not None  # noqa: S101
    before = session.belief
    asked = [session.named(one) for one in asked]
    answers = session.subject.together(session.id, [one.request for one in asked])
    session.story += [Step(TOGETHER, one, answer, before=before.situation) for one, answer in zip(asked, answers, strict=True)]
    pairs = list(zip(asked, answers, strict=True))
    start: list[Place] = [(before.situation, (before.situation,))]
    orders = (_after(session, start, order, before) for order in permutations(pairs)) if _whole(answers) else ()
    ends = [end for places in orders for _, last in places for end in last]
    seen = session.readopt(ends)
    if not _whole(answers) or any(not unlike(session.rules, end, seen) for end in ends):
        return None
    codes = ", ".join(f"{name(one.ruling)} {answer.code}" for one, answer in pairs)
    first = asked[0]
    return Fault(
        "order", "answers, and an end, that some order of the requests explains", f"{codes}; then {session.story[-1].seen}",
        first.ruling.rule["at"], name(first.ruling), tuple(sorted(codes.split(", "))), request=first.request, answer=answers[0],
        status=before.values["state"],
    )  # fmt: skip


def _whole(answers: Sequence[Answer]) -> bool:
    return not any(answer.lost for answer in answers)


def _after(session: Session, here: list[Place], order: Sequence[tuple[Asked, Answer]], belief: Belief) -> list[Place]:
    """Where a server can be when requests came in this order and were answered so; nowhere where that cannot be."""
    if not order:
        return here
    (asked, answer), *rest = order
    after: list[Place] = []
    for situation, ends in here:
        verdict = session.judge.judge(Belief(situation, belief.open), asked, answer, session.id)
        if verdict.fault is not None:
            continue
        accepted = [decision for decision in verdict.decisions if decision.allowed and session.changes(asked)]
        if not accepted:
            after.append((situation, ends))
        for decision in accepted:
            course = Course(session.rules, decision)
            first = course.stages[0]
            if situation not in ends and course.leaves(situation):
                locked = first.values["locked_by"]
                after.append((first, tuple(end.but(locked_by=locked) for end in ends)))
                continue
            after += [(stage, tuple(course.ends)) for stage in course.stages]
            after += [(end, (end,)) for end in course.ends]
    return _after(session, after, rest, belief) if after else []
