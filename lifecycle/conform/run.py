"""A whole run: the tour, what it found, made short; and all that is to be reported."""

from __future__ import annotations

import contextlib
import random
import time
from typing import TYPE_CHECKING, Any

from lifecycle.conform import replay
from lifecycle.conform.coverage import TIERS, Coverage
from lifecycle.conform.deck import Deck, Words
from lifecycle.conform.faults import CRASH
from lifecycle.conform.findings import Finding, Findings
from lifecycle.conform.histories import Histories
from lifecycle.conform.judge import Judge, name
from lifecycle.conform.shrink import Shrinker, Teller
from lifecycle.conform.story import TOGETHER
from lifecycle.conform.target import Down, Subject
from lifecycle.conform.tour import Enough, Limits, Tour
from lifecycle.errors import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lifecycle import Lifecycle
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.story import Step

WORDS = {"NAME": "conform", "VALUE": "value", "PASSWORD": "Conform-1"}
HISTORIES, TURN = 200, 20
MANY = 10**9  # histories: until a limit is reached
SHRUNK = 40  # findings whose stories are made short
SHRINKING = 120  # requests that are spent on one of them
FOREVER = 1e9
SHARE = 0.35  # of the limit of time, that stories are made short in after it


class Report:
    """All that came of a run."""

    def __init__(self, lifecycle: Lifecycle, where: str, seed: int) -> None:
        self.lifecycle = lifecycle
        self.where = where
        self.seed = seed
        self.findings = Findings()
        self.coverage = Coverage(lifecycle.rules)
        self.differences: dict[str, str] = {}
        self.unseen: list[str] = []
        self.requests = 0
        self.servers = 0
        self.seconds = 0.0
        self.waited = 0.0
        self.ended = "everything was asked"
        self.broken: str | None = None
        self.left: list[str] = []
        self.cells = 0

    @property
    def failing(self) -> list[Finding]:
        """The findings that make the run fail."""
        return [finding for finding in self.findings.every if finding.fails]

    @property
    def exit_code(self) -> int:
        """0: it holds; 1: it does not; 2: it could not be told."""
        if self.failing:
            return 1
        return 2 if self.broken else 0


class Run:
    """Holds targets against a table, one after the other, as one implementation."""

    def __init__(self, lifecycle: Lifecycle, where: str, limits: Limits | None = None, seed: int | None = None) -> None:
        """`where`: what is tested, for people; `seed`: of the random histories."""
        seed = random.SystemRandom().randrange(10**6) if seed is None else seed
        self.lifecycle = lifecycle
        self.limits = limits or Limits()
        self.report = Report(lifecycle, where, seed)
        self.progress: Callable[[Report, Tour], object] = lambda *_: None
        self.known: list[str] = []
        self.tiers = len(TIERS)
        self.histories = MANY if self.limits.seconds or self.limits.requests else HISTORIES
        self.tours: list[Tour] = []
        self._began = time.monotonic()

    def over(self, targets: Iterable[Any]) -> Report:
        """The report on targets, each of which is closed when it was asked; what broke it off is told in it."""
        report = self.report
        tours = self.tours
        try:
            tours += [self.tour(target) for target in targets]
            self._unseen(tours)
            with contextlib.suppress(Enough):
                for tier in range(self.tiers):
                    for tour in tours:
                        tour.visit(tier)
                self._histories(tours)
            report.ended = next((tour.ended for tour in tours if tour.ended), report.ended)
            for tour in tours:
                self._shrink(tour)
        except Down as error:
            report.broken = str(error)
            report.ended = (
                "what is tested could not be reached any more"
                if any(tour.subject.requests for tour in tours)
                else "nothing was asked"
            )
        except KeyboardInterrupt:
            report.broken = report.ended = "interrupted"
        finally:
            for tour in tours:
                self.end(tour)
        report.findings.accept(self.known)
        report.seconds = time.monotonic() - self._began
        return report

    def again(self, target: Any, told: list[dict[str, Any]]) -> Report:
        """The report on the stories of a replay file, told to a target again. Raises LifecycleError where one is none."""
        report = self.report
        tour = self.tour(target)
        teller = Teller(tour.judge, tour.subject, tour.deck, tour.observer)
        stories = [replay.story(tour.judge, one) for one in told]
        crashes = (one for one in told if one.get("kind") == CRASH)
        tour.judge.stuck |= {(CRASH, str(one.get("rule") or one.get("action"))) for one in crashes}
        try:
            for story in stories:
                faults, steps = teller.tell(story)
                for fault in faults[-1:]:
                    report.findings.note(fault, steps).confirmed = True
        except Down as error:
            report.broken = str(error)
        except KeyboardInterrupt:
            report.broken = report.ended = "interrupted"
        finally:
            tour.servers = len(stories)
            self.end(tour)
        report.ended = f"{len(stories)} stories were told again"
        report.findings.accept(self.known)
        report.seconds = time.monotonic() - self._began
        return report

    def tour(self, target: Any) -> Tour:
        """What leads servers of a target."""
        report, subject = self.report, Subject(target)
        told, there = {**WORDS, **getattr(target, "words", {})}, getattr(target, "fields", {})
        named = {*told.values(), *map(str, there.values())} if subject.wire and subject.real_time else None
        judge = Judge(self.lifecycle, subject.knows, wire=subject.wire, named=named)
        words = Words(self.lifecycle, told, there)
        callers = [name for name in self.lifecycle.rules.callers if subject.callers is None or name in subject.callers]
        deck = Deck(judge, words, callers, getattr(target, "newest", None), getattr(target, "actions", None))
        tour = Tour(judge, subject, deck, report.coverage, self._enough, self.note)
        tour.progress = self._progress
        return tour

    def _histories(self, tours: list[Tour]) -> None:
        """Random histories: as many as are wanted, or as the limits allow. Raises Enough."""
        histories = [Histories(tour, self.report.seed + number) for number, tour in enumerate(tours)]
        done = 0
        while done < self.histories and not all(tour.hopeless for tour in tours):
            for one in histories:
                one.run(TURN)
            done += TURN

    def _enough(self) -> str | None:
        """The limit that is reached, if one is."""
        limits = self.limits
        if limits.seconds is not None and time.monotonic() - self._began >= limits.seconds:
            return "the limit of time was reached"
        if limits.requests is not None and sum(one.subject.requests for one in self.tours) >= limits.requests:
            return "the limit of requests was reached"
        if limits.servers is not None and sum(one.servers for one in self.tours) > limits.servers:
            return "the limit of servers was reached"
        return None

    def _unseen(self, tours: list[Tour]) -> None:
        """What cannot be seen, and why."""
        rules = self.lifecycle.rules
        for tour in tours:
            missing = [name for name in rules.callers if name not in tour.deck.callers]
            if missing:
                self.report.unseen.append(f"what {listed(map(a, missing), 'or')} may do: there is no token")

    def end(self, tour: Tour) -> None:
        """Removes what was made and is still there; what cannot be is told."""
        report, subject = self.report, tour.subject
        report.unseen += [
            f"what becomes of {name}: it names what is not there ({why})" for name, why in tour.judge.not_there.items()
        ]
        try:
            self._clean(subject)
        finally:
            report.differences |= tour.differences
            report.requests += subject.requests
            report.servers += tour.servers
            report.waited += subject.seconds
            subject.close()

    def note(self, fault: Fault, story: list[Step]) -> None:
        """Keeps a fault, with the story of its server until it came."""
        findings = self.report.findings
        if fault.kind == "order" and findings.about(
            {name(step.asked.ruling) for step in story if step.what == TOGETHER and step.asked}
        ):
            return  # each of them alone has told it better
        findings.note(fault, story)

    def _progress(self, tour: Tour) -> None:
        self.progress(self.report, tour)

    def _shrink(self, tour: Tour) -> None:
        teller = Teller(tour.judge, tour.subject, tour.deck, tour.observer)
        shrinker = Shrinker(teller, tour.agenda.ways, SHRINKING)
        end = time.monotonic() + SHARE * (self.limits.seconds or FOREVER)
        for finding in self.report.findings.every[:SHRUNK]:
            if finding.confirmed is None and time.monotonic() < end:
                shrinker.shrink(finding)

    def _clean(self, subject: Subject) -> None:
        """Removes what was made and is still there; what cannot be is told."""
        for server in list(subject.made):
            try:
                gone = subject.remove(server)
            except Down:
                gone = False
            if not gone:
                self.report.left.append(server)


def a(name: str) -> str:
    """A caller with its article."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
