"""The tour: one server after another is led to where most is still to be seen, and everything is asked of it there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lifecycle.conform import nowhere
from lifecycle.conform.agenda import Agenda
from lifecycle.conform.belief import believed
from lifecycle.conform.coverage import BUSY, EACH
from lifecycle.conform.judge import MAKE
from lifecycle.conform.session import Session
from lifecycle.conform.story import NOWHERE, Step
from lifecycle.conform.target import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lifecycle.conform.agenda import Card
    from lifecycle.conform.coverage import Coverage
    from lifecycle.conform.deck import Deck
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.judge import Asked, Judge
    from lifecycle.conform.target import Subject
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.situation import Situation

    Note = Callable[[Fault, list[Step]], None]
    Until = Callable[[], str | None]

TURN = 400  # requests to no server between one server and the next: they are cheap, so that they come first
FAILURES = 3  # servers in a row that could not be made


@dataclass(slots=True)
class Limits:
    """When enough has been asked; None is no limit."""

    seconds: float | None = None
    requests: int | None = None
    servers: int | None = None


class Enough(Exception):
    """A limit is reached."""


class Tour:
    """Leads servers through the lifecycle of a target."""

    def __init__(self, judge: Judge, subject: Subject, deck: Deck, coverage: Coverage, enough: Until, note: Note) -> None:
        """`enough` says which limit is reached, `note` takes each fault with the story of the server so far."""
        self.judge = judge
        self.subject = subject
        self.deck = deck
        self.nowhere = nowhere.Nowhere(judge, deck, coverage)
        self.coverage = coverage
        self._enough = enough
        self.rules = judge.rules
        self.began = time.monotonic()
        self.servers = 0
        self.note = note
        self.progress: Callable[[Tour], None] = lambda _: None
        self.observer = deck.callers[0]
        self.ended: str | None = None
        self.differences: dict[str, str] = {}
        self._unmade = 0
        self.agenda = Agenda(deck, coverage)

    def visit(self, tier: int) -> None:
        """All that is new up to a tier. Raises Enough where a limit is reached."""
        self.agenda.begin(tier)
        aside = self.nowhere.requests(tier)
        while self._visit(aside):
            pass
        for asked, _ in aside:
            self.ask_nowhere(asked)

    def check(self) -> None:
        """Raises Enough where a limit is reached."""
        self.ended = self._enough()
        if self.ended:
            raise Enough
        self.progress(self)

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    # One server

    def _visit(self, aside: Iterator[tuple[Asked, bool]]) -> bool:
        """Makes a server and leads it as far as there is something to see; whether there was anything.

        `aside` is to no server: while there is one, so that lists have something to tell.
        """
        before = len(self.coverage.seen), len(self.agenda.failed)
        session = self.new()
        if session is None:
            return not self.hopeless
        try:
            for asked, as_well in islice(aside, TURN):
                if as_well and session.alive and self.deck.of_a_server(asked.request.action):
                    self.check()
                    self.told(session, session.ask(asked))
                else:
                    self.ask_nowhere(asked)
            while session.alive:
                self._refusals(session)
                if session.spent or not self._onward(session):
                    break
        finally:
            self.differences |= {name: str(asked.request) for name, (asked, _) in session.differences.items()}
            if session.id is not None:
                self.subject.remove(session.id)
        return (len(self.coverage.seen), len(self.agenda.failed)) > before

    def new(self) -> Session | None:
        """A new server that is at rest, made by a request that is new, if there is one; None where it could not be made."""
        self.check()
        self.servers += 1
        self.check()
        session = Session(self.judge, self.subject, self.observer)
        asked = self._creation()
        fault = session.create(asked)
        self.told(session, fault)
        if session.alive:
            self._run_through(session)
        if session.alive and self.agenda.tier > EACH and self.servers % 2:
            self._furnish(session)
        self._unmade = 0 if session.alive else self._unmade + 1
        if session.alive:
            return session
        if session.id is not None:
            self.subject.remove(session.id)
        return None

    @property
    def hopeless(self) -> bool:
        """Whether no server could be made, several times over."""
        return self._unmade >= FAILURES

    def _furnish(self, session: Session) -> None:
        """Adds what can be added, where all that requests name is there: what reads it, or takes it away, needs some."""
        for asked in self.agenda.adding() if self.judge.wire and self.judge.named is None else ():
            decision = asked.decide(self._here(session))
            if decision.allowed and self._idle(decision):
                self._send(session, asked, decision)

    def _creation(self) -> Asked:
        name = self.deck.create
        usual = self.rules.usual_caller
        if name is None:
            return self.judge.asked(Request(MAKE, caller=usual))
        nowhere = believed(self.judge.deployment, None).situation
        first = None
        for version in self.deck.points(name, None):
            asked = self.deck.asked(name, None, usual, version)
            decision = asked.decide(nowhere)
            first = first or asked
            if decision.allowed and self.coverage.new(self.coverage.of(asked, decision, self.agenda.tier)):
                self.coverage.note(asked, decision)
                return asked if self.judge.named is not None else self._fuller(asked, decision)
        assert first is not None  # noqa: S101 - there is a microversion
        return first

    def told(self, session: Session, fault: Fault | None) -> None:
        """Notes a fault, if there is one."""
        if fault is not None:
            self.note(fault, list(session.story))

    # What is asked of it

    def _refusals(self, session: Session) -> None:
        """All that is new where the server is now and leaves it so; then a look, whether nothing changed."""
        here, untold = self._here(session), False
        for card in self.agenda.cards(here):
            if not session.alive or self._here(session) is not here:
                break
            if self._idle(card.decision) and self.coverage.new(card.features):
                self.check()
                self.coverage.note(card.asked, card.decision)
                self.told(session, session.ask(self._fuller(card.asked, card.decision)))
                untold |= self._untold(card)
                if card.decision.allowed and self.agenda.removes(card.asked):
                    self._furnish(session)
                if self._named_first(card):
                    self.told(session, session.ask(card.asked, invented=True))
                if session.content.expected and not session.busy:
                    self.told(session, session.look())
        if untold and session.alive and session.unseen:
            self.told(session, session.look())

    def _here(self, session: Session) -> Situation:
        assert session.belief is not None  # noqa: S101
        return self.agenda.ways.one(session.belief.situation)

    def _named_first(self, card: Card) -> bool:
        """Whether it is the first time that a request names what must be there."""
        request = card.asked.request
        feature = ("absent", request.action, request.variant)
        if not card.decision.allowed or not self.agenda.names(card.asked) or feature in self.coverage.seen:
            return False
        self.coverage.seen.add(feature)
        return True

    def _untold(self, card: Card) -> bool:
        """Whether nobody has looked yet what becomes of a server after such a request, refused so."""
        request = card.asked.request
        feature = ("unchanged", request.action, request.variant, card.decision.rule)
        new = feature not in self.coverage.seen
        self.coverage.seen.add(feature)
        return new

    def _idle(self, decision: Decision) -> bool:
        """Whether an accepted request leaves the server as it is."""
        outcome = decision.outcome
        return outcome is None or (outcome.becomes is None and outcome.lock is None and not outcome.tasks)

    # Where it goes

    def _onward(self, session: Session) -> bool:
        """One accepted request: one that is new here, or that leads to where something is; whether there was one."""
        cards = [card for card in self.agenda.cards(self._here(session)) if card.decision.allowed]
        if cards:
            card = min(cards, key=self._ends)
            self._do(session, card.asked, card.decision)
            return True
        here = self._here(session)
        asked = self.agenda.way(here)
        if asked is None:
            return False
        decision = asked.decide(here)
        self._do(session, asked, decision)
        if session.alive and self._here(session) is here:
            self.agenda.fail(decision)
        return True

    def _fuller(self, asked: Asked, decision: Decision) -> Asked:
        """The same request with all that may be kept of it, the first time that it is accepted."""
        keeps = ("keeps", asked.request.action, asked.request.variant, asked.request.microversion)
        if not self.judge.wire or not decision.allowed or not decision.ruling.rule["keeps"] or keeps in self.coverage.seen:
            return asked
        self.coverage.seen.add(keeps)
        request = self.deck.fuller(asked.request)
        fuller = request and self.judge.asked(request)
        return fuller if fuller and not fuller.mistakes else asked

    def _ends(self, card: Card) -> bool:
        """Whether a request is the last to this server."""
        outcome = card.decision.outcome
        return outcome is not None and any(self.rules.states[state]["end"] for state in outcome.becomes or ())

    def _do(self, session: Session, asked: Asked, decision: Decision) -> None:
        before = len(self.coverage.seen)
        self._send(session, asked, decision)
        if session.alive:
            self._run_through(session)
        if self.agenda.tier >= BUSY and (len(self.coverage.seen) == before or not self._more(decision)):
            self.coverage.seen.add(self.coverage.run(decision))

    def _send(self, session: Session, asked: Asked, decision: Decision) -> None:
        self.check()
        self.coverage.note(asked, decision)
        self.told(session, session.ask(self._fuller(asked, decision)))

    def _more(self, decision: Decision) -> bool:
        """Whether there is more to ask while such work is under way, and time stands still for it."""
        return not self.subject.real_time and self.agenda.new_on_the_way(decision)

    def _run_through(self, session: Session) -> None:
        """Lets the work under way end; each of its tasks is looked at, and asked at, the first time and where there is more."""
        if not session.busy:
            if self._here(session).values["task_state"] is None:  # else it was found so, and nobody knows by what
                self.told(session, session.look())
            return
        decision, spent = session.courses[0].decision, session.spent
        watched = ("watched", *self.coverage.run(decision))
        if watched not in self.coverage.seen or self._more(decision):
            self.coverage.seen.add(watched)
            if self.subject.real_time:
                self.told(session, session.look())
            else:
                self._each_task(session)
        if session.alive and session.busy:
            self.told(session, session.settle())
        if session.spent and not spent:
            self.agenda.fail(decision)

    def _each_task(self, session: Session) -> None:
        self.told(session, session.look())
        while session.alive and session.busy:
            self._refusals(session)
            if not session.busy:
                return
            card = next((one for one in self.agenda.cards(self._here(session)) if one.decision.allowed), None)
            if card is not None and self.agenda.tier >= BUSY:
                self._send(session, card.asked, card.decision)
            else:
                self.check()
                self.told(session, session.advance())

    def ask_nowhere(self, asked: Asked) -> None:
        """One request that is to no server that there is."""
        self.check()
        fault, answer = nowhere.ask(self.judge, self.subject, asked, self.deck.create)
        if fault is not None:
            self.note(fault, [Step(NOWHERE, asked, answer)])
