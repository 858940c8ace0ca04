"""What is asked where there is no server: as each caller, at each microversion, with bodies right and wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from lifecycle.conform.belief import believed
from lifecycle.conform.bodies import bodies, edges
from lifecycle.conform.coverage import CELLS, EACH, EDITIONS, STATES
from lifecycle.conform.deck import SERVER, invented

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lifecycle.conform.coverage import Coverage
    from lifecycle.conform.deck import Deck
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.judge import Asked, Judge
    from lifecycle.conform.target import Answer, Request, Subject

GONE = invented("a server that is not there")


class Nowhere:
    """Requests to no server, and to one that is not there: they are cheap, and nothing comes of them."""

    def __init__(self, judge: Judge, deck: Deck, coverage: Coverage) -> None:
        self.judge = judge
        self.deck = deck
        self.coverage = coverage

    def requests(self, tier: int) -> Iterator[tuple[Asked, bool]]:
        """All that is new in a tier, and in the tier after it; none where only what servers do is judged.

        Each with whether it may as well be asked of a server that is there: what is odd about a read changes nothing.
        """
        plain, odd = self._requests(tier)
        yield from ((asked, False) for asked in plain)
        yield from ((asked, asked.request.action in self.judge.rules.reads) for asked in odd)

    def _requests(self, tier: int) -> tuple[Iterator[Asked], Iterator[Asked]]:
        callers = self.deck.callers if self.judge.wire else ()
        if tier == EACH and callers:
            return self._plain(EACH, callers), self._odd(EACH)
        if tier == STATES and callers:
            return self._plain(EDITIONS, callers[:1]), self._odd(EDITIONS)
        if tier == EDITIONS:
            return self._plain(EDITIONS, callers), iter(())
        return iter(()), self._odd(CELLS) if tier == CELLS and callers else iter(())

    def _plain(self, tier: int, callers: Sequence[str]) -> Iterator[Asked]:
        """What is asked of no server, and of one that is not there."""
        belief = believed(self.judge.deployment, None)
        for name, variant in self.deck.names:
            points = self.deck.points(name, variant)
            for version in points if tier == EDITIONS else points[:1]:
                for caller in callers:
                    asked = self.deck.asked(name, variant, caller, version)
                    decision = asked.decide(belief.situation)
                    features = self.coverage.of(asked, decision, tier)
                    if self.coverage.new(features) and not (decision.allowed and name == self.deck.create):
                        self.coverage.note(asked, decision)
                        yield asked

    def _odd(self, tier: int) -> Iterator[Asked]:
        """Bodies right and wrong."""
        reader = next((name for name in reversed(self.deck.callers) if self._may_only_look(name)), None)
        decks = [self._bodies(name, variant, tier) for name, variant in self.deck.names if self.deck.has_body(name)]
        while decks:
            for one in list(decks):
                request = next(one, None)
                if request is None:
                    decks.remove(one)
                    continue
                caller = reader if request.action == self.deck.create else self._asks(request.action)
                if caller is not None:
                    yield self.judge.asked(replace(request, caller=caller))

    def _asks(self, name: str) -> str:
        """Who asks: whoever may the most; for a list, whose things are in it."""
        usual, callers = self.judge.rules.usual_caller, self.deck.callers
        return usual if usual in callers and not self.deck.of_a_server(name) else callers[0]

    def _bodies(self, name: str, variant: str | None, tier: int) -> Iterator[Request]:
        """Each oddity once, whatever action has a part that it can be in; in the end in every action."""
        points = self.deck.points(name, variant)
        for place, version in enumerate(points[1:] if tier == EDITIONS else points[:1]):
            plain = self.deck.request(name, variant, self.deck.callers[0], version)
            neighbours = [one for one in points[place : place + 3] if one != version and tier == EDITIONS]
            beside = (edges(self.deck, name, variant, version, neighbour) for neighbour in neighbours)
            for what, key, body in chain(*beside, bodies(self.deck, name, variant, version, every=tier == CELLS)):
                feature = ("body", name, variant, what) if tier == CELLS else ("body", key)
                if feature not in self.coverage.seen:
                    self.coverage.seen |= {feature, ("body", key)}
                    yield replace(plain, body=body)

    def _may_only_look(self, caller: str) -> bool:
        create = self.deck.create
        if create is None or self.judge.rules.callers[caller].fails is not None:
            return False
        nowhere = believed(self.judge.deployment, None).situation
        decision = self.deck.asked(create, None, caller, self.deck.points(create, None)[0]).decide(nowhere)
        return decision.rule == "policy"


def ask(judge: Judge, subject: Subject, asked: Asked, create: str | None) -> tuple[Fault | None, Answer]:
    """Judges a request to no server that there is; one that is made nevertheless is removed."""
    request = asked.request
    if request.action == create:
        answer = subject.create(request)
    else:
        names = {**request.names, SERVER: GONE}
        answer = subject.act(GONE, replace(request, names=names))
    fault = judge.judge(believed(judge.deployment, None), asked, answer, GONE).fault
    if answer.id is not None and answer.id in subject.made:
        subject.remove(answer.id)
    return fault, answer
