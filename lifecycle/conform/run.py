"""A whole run: the tour, what it found, made short; and all that is to be reported."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from lifecycle.conform.coverage import Coverage
from lifecycle.conform.deck import Deck, Words
from lifecycle.conform.findings import Finding, Findings
from lifecycle.conform.judge import Judge
from lifecycle.conform.shrink import Shrinker, Teller
from lifecycle.conform.target import Down, Subject
from lifecycle.conform.tour import Limits, Tour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lifecycle import Lifecycle
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.session import Step

WORDS = {"NAME": "conform", "VALUE": "value", "PASSWORD": "Conform-1"}
SHRUNK = 40  # findings whose stories are made short
SHRINKING = 120  # requests that are spent on one of them


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
        self.progress: Callable[[Report, Tour], None] = lambda *_: None
        self.stop_at_first = False
        self._began = time.monotonic()

    def over(self, targets: Iterable[Any]) -> Report:
        """The report on targets, each of which is closed when it was asked; what broke it off is told in it."""
        report = self.report
        try:
            for target in targets:
                self._one(target)
        except Down as error:
            report.broken = str(error)
            report.ended = "what is tested could not be reached any more" if report.requests else "nothing could be asked"
        report.seconds = time.monotonic() - self._began
        return report

    def _one(self, target: Any) -> None:
        report, subject = self.report, Subject(target)
        judge = Judge(self.lifecycle, subject.knows, bare=subject.bare)
        words = Words(self.lifecycle, {**WORDS, **getattr(target, "words", {})}, getattr(target, "fields", {}))
        callers = [name for name in self.lifecycle.rules.callers if subject.callers is None or name in subject.callers]
        deck = Deck(judge, words, callers)
        tour = Tour(judge, subject, deck, report.coverage, self.left, self._note)
        tour.progress = self._progress
        try:
            tour.run()
            report.ended = tour.ended or report.ended
            self._shrink(tour)
        finally:
            self._clean(subject)
            report.differences |= tour.differences
            report.requests += subject.requests
            report.servers += tour.servers
            report.waited += subject.seconds
            subject.close()

    @property
    def left(self) -> Limits:
        """What the limits leave for the next target."""
        limits, spent = self.limits, time.monotonic() - self._began
        return Limits(
            None if limits.seconds is None else max(0.0, limits.seconds - spent),
            None if limits.requests is None else max(0, limits.requests - self.report.requests),
            None if limits.servers is None else max(0, limits.servers - self.report.servers),
        )

    def _note(self, fault: Fault, story: list[Step]) -> None:
        self.report.findings.note(fault, story)

    def _progress(self, tour: Tour) -> None:
        self.progress(self.report, tour)

    def _shrink(self, tour: Tour) -> None:
        teller = Teller(tour.judge, tour.subject, tour.deck, tour.observer)
        shrinker = Shrinker(teller, tour.ways, SHRINKING)
        for finding in self.report.findings.every[:SHRUNK]:
            if finding.confirmed is None:
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

