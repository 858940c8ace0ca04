"""Plain random hypothesis: a rule-based state machine as one writes it by hand, judged by the judge of `lifecycle conform`.

Action, variant, caller and microversion are each as likely as any other. Half of the bodies are the table's examples, with
what there is in them; half are drawn from the request's schema and go to a server that is not there, so that nothing comes of
what they name, as `lifecycle conform` does it. What is wrong is seen by the same judge, with the same looks at the server; but
nothing leads it: not what has been asked, nor where a server is, nor the bounds of a body.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bench.finders import Search
from bench.finders.drawn import ANYTHING, drawn
from lifecycle.bodies.documents import plain
from lifecycle.conform import nowhere
from lifecycle.conform.embedded import embedded
from lifecycle.conform.run import Run
from lifecycle.conform.session import Session
from lifecycle.conform.testing import creation
from lifecycle.engine.microversion import text

if TYPE_CHECKING:
    from bench.finders import Finding
    from lifecycle import Lifecycle
    from lifecycle.conform.deck import Deck
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.target import Request
    from lifecycle.conform.tour import Tour

FOREVER = 10**6  # histories: the limit ends them
RANDOMLY = settings(
    max_examples=FOREVER, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=[*HealthCheck]
)


def find(right: Lifecycle, wrong: Lifecycle, limit: int, seed_: int) -> Finding:
    """Random histories, a server each, in the cloud as it is deployed and in one that holds servers in every state."""
    run = Run(right, "the embedded service")
    tours = [run.tour(target) for target in embedded(right, {}, wrong)]

    search = Search(limit)
    machine = seed(seed_)(type("Histories", (History,), {"tours": tours, "search": search}))
    try:
        what = search.run(lambda: run_state_machine_as_test(machine, settings=RANDOMLY))
    finally:
        for tour in tours:
            tour.subject.close()
    return what, _requests(tours)


def _requests(tours: list[Tour]) -> int:
    return sum(tour.subject.requests for tour in tours)


class History(RuleBasedStateMachine):
    """One server, a new one where it is gone, and what is asked of it."""

    tours: ClassVar[list[Tour]]
    search: ClassVar[Search]

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        """In any of the clouds."""
        self.tour = data.draw(st.sampled_from(self.tours))
        self.deck: Deck = self.tour.deck
        self.make()

    def make(self) -> None:
        """A new server."""
        self.session = Session(self.tour.judge, self.tour.subject, self.tour.observer)
        self.told(self.session.create(creation(self.tour)))
        self.settle()

    @rule(data=st.data(), waits=st.booleans())
    def ask(self, data: Any, waits: bool) -> None:
        """Any request; what it starts is waited for, or is not."""
        if not self.session.alive:
            self.make()
        request, odd = data.draw(requests(self.deck))
        asked = self.tour.judge.asked(request)
        if odd or not self.deck.of_a_server(request.action):
            self.told(nowhere.ask(self.tour.judge, self.tour.subject, asked, self.deck.create)[0])
            return
        self.told(self.session.ask(asked))
        if waits or not self.session.busy:
            self.settle()

    def settle(self) -> None:
        """Waits, and looks."""
        if self.session.alive:
            self.told(self.session.settle())

    def told(self, fault: Fault | None) -> None:
        """Raises Found where that is enough."""
        self.search.told(None if fault is None else fault.kind, _requests(self.tours))

    def teardown(self) -> None:
        """The last look."""
        if not self.search.over:
            self.settle()


Drawn = tuple[tuple[str, str | None], str, str]
"""An action with its variant, a caller, and a microversion."""


@lru_cache
def requests(deck: Deck) -> st.SearchStrategy[tuple[Request, bool]]:
    """Any request that there is, and whether its body is odd."""
    (first, low), (last, high) = deck.rules.oldest or (0, 0), deck.newest or (0, 0)
    assert first == last
    versions = st.integers(low, high).map(lambda minor: text((first, minor)))
    asked = st.tuples(st.sampled_from(deck.names), st.sampled_from(deck.callers), versions)
    return st.tuples(asked, st.booleans()).flatmap(lambda drawn: _bodied(deck, *drawn))


def _bodied(deck: Deck, asked: Drawn, odd: bool) -> st.SearchStrategy[tuple[Request, bool]]:
    """A request with the table's example, or with a body that is drawn."""
    (name, variant), caller, version = asked
    request = deck.request(name, variant, caller, version)
    if name in deck.rules.reads or not odd:
        return st.just((request, False))
    return _bodies(deck, name, variant, version).map(lambda body: (replace(request, body=body), True))


@lru_cache(5000)
def _bodies(deck: Deck, name: str, variant: str | None, version: str) -> st.SearchStrategy[Any]:
    lifecycle = deck.judge.lifecycle
    at = deck.rules.version(version)
    edition = deck.rules.edition(name, variant, lifecycle.reading, at)
    schema = edition and plain("request", deck.rules, name, edition, at)
    return drawn(dict(schema)) if schema else ANYTHING
