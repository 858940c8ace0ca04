"""For tests of one's own implementation: one line that is a whole test, and hypothesis strategies to write others with.

    TestMyCloud = conformance("compute", MyCloud)

What pytest's options say (`--lifecycle-seed`, `--lifecycle-replay`, `--lifecycle-report`) is read from the environment.
"""

from __future__ import annotations

import os
import unittest
from functools import partialmethod
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.conform import replay, reports
from lifecycle.conform.findings import Finding
from lifecycle.conform.judge import MAKE
from lifecycle.conform.run import Run
from lifecycle.conform.session import Session
from lifecycle.conform.target import Answer, Request, Target
from lifecycle.conform.tell import lines
from lifecycle.conform.tour import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from os import PathLike

    from hypothesis.strategies import SearchStrategy

    from lifecycle.conform.faults import Fault
    from lifecycle.conform.judge import Asked
    from lifecycle.conform.tour import Tour

__all__ = ["Answer", "Request", "Target", "actions", "conformance", "histories", "requests", "servers"]

SECONDS = 20.0  # that the tour of a test takes at most
EXAMPLES = 100
HASTY = 0.2  # seconds that a server is given to end where the table says, once one did not
LONGEST = 10  # requests of one history
History = list[tuple[int, int, bool]]
"""Requests by number: which action, which caller, and whether what it starts is waited for."""
SEED, REPLAY, REPORT = "LIFECYCLE_CONFORM_SEED", "LIFECYCLE_CONFORM_REPLAY", "LIFECYCLE_CONFORM_REPORT"


def _loaded(table: Lifecycle | str | PathLike[str], reading: str) -> Lifecycle:
    return table if isinstance(table, Lifecycle) else Lifecycle.load(table, reading=reading)


def servers(table: Lifecycle | str = "compute") -> SearchStrategy[Server]:
    """Servers as the table knows them: every state, with any task that goes with it, any lock and any facts."""
    rules = _loaded(table, "nova").rules
    told: dict[str, SearchStrategy[Any]] = {"state": st.sampled_from([*rules.states])}
    more: dict[str, SearchStrategy[Any]] = {"task_state": st.sampled_from([None, *rules.tasks])} if rules.tasks else {}
    if rules.holders:
        more["locked_by"] = st.sampled_from([None, *rules.holders])
    more |= {fact: st.booleans() for fact in rules.facts}
    return st.fixed_dictionaries(told, optional=more).map(lambda keys: Server(**keys))


def actions(table: Lifecycle | str = "compute") -> SearchStrategy[tuple[str, str | None]]:
    """Actions, each with a variant, or None where it has none."""
    rules = _loaded(table, "nova").rules
    return st.sampled_from([(name, variant) for name in rules.actions for variant in rules.variants(name) or (None,)])


def requests(
    table: Lifecycle | str = "compute", callers: Collection[str] | None = None, microversions: Collection[str] | None = None
) -> SearchStrategy[Request]:
    """Requests to a server, with the table's example for a body."""
    lifecycle = _loaded(table, "nova")
    rules = lifecycle.rules
    versions = [None] if microversions is None else [*microversions]

    def made(drawn: tuple[tuple[str, str | None], str, str | None]) -> Request:
        (name, variant), caller, version = drawn
        return Request(name, variant, lifecycle.ruling(name, variant, caller, version).wire[2], caller, version)

    of_a_server = actions(lifecycle).filter(lambda one: "{id}" in (rules.action(one[0])["address"] or "{id}"))
    return st.tuples(of_a_server, st.sampled_from([*(callers or rules.callers)]), st.sampled_from(versions)).map(made)


def histories(
    table: Lifecycle | str = "compute", callers: Collection[str] | None = None, longest: int = LONGEST
) -> SearchStrategy[list[tuple[Request, bool]]]:
    """Requests in a row, each with whether what it starts is waited for."""
    return st.lists(st.tuples(requests(table, callers), st.booleans()), max_size=longest)


def conformance(
    table: Lifecycle | str | PathLike[str],
    target: Callable[[], Any],
    *,
    reading: str = "nova",
    seconds: float = SECONDS,
    examples: int = EXAMPLES,
) -> type[unittest.TestCase]:
    """A test case, for pytest or unittest, that holds what `target` makes against a table; see `Target`.

    Its tests: the tour, at most so many `seconds`; random histories, `examples` of them, shrunk by hypothesis; and the
    stories of a replay file, where one is told. What fails is told as a story.
    """
    lifecycle = _loaded(table, reading)
    wanted = _Wanted(lifecycle, target, seconds, examples)
    tests = {f"test_{name}": partialmethod(_tested, getattr(wanted, name)) for name in ("tour", "histories", "replay")}
    return type(f"Test{wanted.name}", (unittest.TestCase,), {"__doc__": "Whether it keeps the lifecycle.", **tests})


def _tested(case: unittest.TestCase, told: Callable[[], str]) -> None:
    sentence = told()
    if sentence:
        case.fail(sentence)


class _Wanted:
    """One implementation, and how thoroughly it is asked. Each method answers what is wrong, as text."""

    def __init__(self, lifecycle: Lifecycle, target: Callable[[], Any], seconds: float, examples: int) -> None:
        self.lifecycle = lifecycle
        self.target = target
        self.seconds = seconds
        self.examples = examples
        self.name: str = getattr(target, "__name__", "Target")

    def _run(self, limits: Limits) -> Run:
        run = Run(self.lifecycle, self.name, limits, _seed())
        run.histories = 0  # hypothesis draws them
        return run

    def tour(self) -> str:
        """Every status, action, caller and lock that can be reached."""
        report = self._run(Limits(seconds=self.seconds)).over([self.target()])
        if os.environ.get(REPORT):
            with open(os.environ[REPORT], "w", encoding="utf-8") as file:
                file.write(reports.html(report))
        return report.broken or self._told(report.failing)

    def replay(self) -> str:
        """The stories of a replay file."""
        path = os.environ.get(REPLAY)
        return self._told(self._run(Limits()).again(self.target(), replay.read(path)).failing) if path else ""

    def _told(self, failing: list[Finding]) -> str:
        stories = [_story(finding, self.lifecycle, number) for number, finding in enumerate(failing, 1)]
        return "\n\n".join([f"{self.name} diverges: {len(stories)} findings", *stories]) if stories else ""

    def histories(self) -> str:
        """Random histories."""
        run = self._run(Limits())
        tour = run.tour(self.target())

        walk, failed = Walk(tour), False

        def told(history: History) -> None:
            nonlocal failed
            session = Session(tour.judge, tour.subject, tour.observer)
            session.still = HASTY if failed else session.still  # what is shrunk has been waited for once
            fault = walk.fault(session, history)
            if fault is not None:
                failed = True
                finding = Finding(fault, session.story)
                finding.add(fault)
                raise AssertionError(_story(finding, self.lifecycle, 1))

        try:
            drawing(tour, told, self.examples, _seed())()
        finally:
            run.end(tour)
        return self._told(run.report.failing)


def _seed() -> int | None:
    said = os.environ.get(SEED, "")
    return int(said) if said.isdigit() else None


def drawing(tour: Tour, body: Callable[[History], None], examples: int, seeded: int | None = None) -> Callable[[], None]:
    """A test that hypothesis hands so many histories; the same ones for the same seed."""

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(_drawn(tour))
    def drawn(history: History) -> None:
        body(history)

    test: Callable[[], None] = drawn if seeded is None else seed(seeded)(drawn)
    return test


def _drawn(tour: Tour) -> SearchStrategy[History]:
    one = st.tuples(st.integers(0, len(tour.deck.names) - 1), st.integers(0, len(tour.deck.callers) - 1), st.booleans())
    return st.lists(one, max_size=LONGEST)


def creation(tour: Tour) -> Asked:
    """The plain request that makes a server."""
    deck, usual = tour.deck, tour.judge.rules.usual_caller
    if deck.create is None:
        return tour.judge.asked(Request(MAKE, caller=usual))
    return deck.asked(deck.create, None, usual, deck.points(deck.create, None)[0])


class Walk:
    """Leads servers of a target through histories."""

    def __init__(self, tour: Tour) -> None:
        self.tour = tour
        self._creation = creation(tour)
        self._asked: dict[tuple[int, int], Asked | None] = {}

    def fault(self, session: Session, history: History) -> Fault | None:
        """The first fault of a history, of a server that is made for it."""
        self.tour.servers += 1
        fault = session.create(self._creation) or (session.settle() if session.alive else None)
        if fault is not None:
            return fault
        for action, who, waits in history:
            if not session.alive:
                return None
            asked = self._asked[action, who] if (action, who) in self._asked else self._ask(action, who)
            fault = None if asked is None else self._done(session, asked, waits=waits)
            if fault is not None:
                return fault
        return session.settle() if session.alive else None

    def _ask(self, action: int, who: int) -> Asked | None:
        """The request with these numbers; None where it is to no server."""
        deck = self.tour.deck
        name, variant = deck.names[action]
        asked = deck.asked(name, variant, deck.callers[who], deck.points(name, variant)[0]) if deck.of_a_server(name) else None
        self._asked[action, who] = asked
        return asked

    def _done(self, session: Session, asked: Asked, *, waits: bool) -> Fault | None:
        """One request. A server is looked at once for all that was refused, before something is accepted and after it."""
        assert session.belief is not None  # noqa: S101
        idle = session.unseen and not session.busy and session.changes(asked)
        fault = session.look() if idle and asked.decide(session.belief.situation).allowed else None
        fault = fault or session.ask(asked)
        if fault is None and session.courses and session.alive and (waits or not session.busy):
            fault = session.settle()
        return fault


def _story(finding: Finding, lifecycle: Lifecycle, number: int) -> str:
    """A finding as a story: the requests, what the table expects and from which line, what came."""
    return "\n".join(line for _, line in lines(finding, lifecycle.rules, number))
