"""What is still to be asked of a server, in which situation, and the way to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from lifecycle.conform.belief import looked_at
from lifecycle.conform.course import Course
from lifecycle.conform.coverage import BUSY, EACH, EDITIONS
from lifecycle.explore.ways import Map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.conform.coverage import Coverage, Feature
    from lifecycle.conform.deck import Deck
    from lifecycle.conform.judge import Asked
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.situation import Situation


@dataclass(frozen=True, slots=True)
class Card:
    """A request, the decision that it will meet in one situation, and what it would show."""

    asked: Asked
    decision: Decision
    features: list[Feature]


class Agenda:
    """What would show something new in a tier; what has been asked is noted in the coverage."""

    def __init__(self, deck: Deck, coverage: Coverage) -> None:
        self.deck = deck
        self.rules = deck.rules
        self.coverage = coverage
        self.tier = EACH
        self.ways = Map(self.rules, lambda name, variant, caller: self._plain(name, variant, caller).ruling)
        self.failed: set[tuple[str, str]] = set()
        self._asks: list[tuple[Asked, itemgetter[Any], dict[Any, list[Feature]]]] = []
        self._cards: dict[Situation, list[Card]] = {}

    def begin(self, tier: int) -> None:
        """From now on what is new in this tier counts."""
        self.tier = tier
        self._asks, self._cards = [*self._asked()], {}

    def fail(self, decision: Decision) -> None:
        """Such work has not ended where the table says: it was told, and is no way to anything."""
        self.failed.add(_work(decision))
        self._cards.clear()

    def cards(self, situation: Situation) -> list[Card]:
        """The requests that would show something new in a situation, in the order to ask them in."""
        cards = self._left(self.ways.one(situation))
        cards[:] = [card for card in cards if self.coverage.new(card.features)]
        return sorted(cards, key=self._takes)

    def names(self, asked: Asked) -> bool:
        """Whether a request names what must be there."""
        return (self.rules.data["document"] or {}).get("named") in looked_at(asked.ruling)

    def removes(self, asked: Asked) -> bool:
        """Whether a request takes something away that the server has."""
        return any("remove" in change for change in asked.ruling.rule["keeps"].values())

    def adding(self) -> Iterator[Asked]:
        """The requests that add something to a server, as the usual caller."""
        usual = self.rules.usual_caller
        for name, variant in self.deck.names:
            if usual in self.deck.callers and self.deck.of_a_server(name):
                asked = self._plain(name, variant, usual)
                if not self.names(asked) and any("add" in change for change in asked.ruling.rule["keeps"].values()):
                    yield asked

    def way(self, situation: Situation) -> Asked | None:
        """The first request on the shortest way to a situation where something new can be asked; None where there is none."""
        start = self.ways.one(situation)
        queue: deque[tuple[Situation, Asked | None]] = deque([(start, None)])
        known = {start}
        while queue:
            here, first = queue.popleft()
            if first is not None and self._left(here):
                return first
            for step, end in self._steps(here):
                if end not in known:
                    known.add(end)
                    queue.append((end, first or step))
        return None

    def new_on_the_way(self, decision: Decision) -> bool:
        """Whether there is anything new to ask at the tasks of such work."""
        stages = Course(self.rules, decision).stages if self.tier >= BUSY else ()
        return any(self._left(self.ways.one(stage)) for stage in stages if stage.values["task_state"] is not None)

    def _plain(self, name: str, variant: str | None, caller: str) -> Asked:
        return self.deck.asked(name, variant, caller, self.deck.points(name, variant)[0])

    def _steps(self, here: Situation) -> Iterator[tuple[Asked, Situation]]:
        """Each request out of a situation, and where its work settles."""
        for caller in self.deck.callers:
            for way in self.ways.ways(here, caller):
                if way.decision is not None and way.end.values["exists"] and not self._fails(way.decision):
                    request = way.decision.ruling.request
                    yield self._plain(request.action, request.variant, caller), way.end

    def _left(self, situation: Situation) -> list[Card]:
        """The same as `cards`, as they were dealt; some of them may have become old, but not the last."""
        found = self._cards.get(situation)
        if found is None:
            found = self._cards[situation] = [*self._deal(situation)]
        while found and not self.coverage.new(found[-1].features):
            found.pop()
        return found

    def _asked(self) -> Iterator[tuple[Asked, itemgetter[Any], dict[Any, list[Feature]]]]:
        """The requests of the tier, each with the part of a situation that tells what it shows, and what it showed in such."""
        for name, variant in self.deck.names:
            points = self.deck.points(name, variant) if self.deck.of_a_server(name) else []
            for version in points if self.tier == EDITIONS else points[:1]:
                for caller in self.deck.callers:
                    asked = self.deck.asked(name, variant, caller, version)
                    if not asked.mistakes or self.tier >= EDITIONS:
                        yield asked, itemgetter(*self.coverage.keys(asked.ruling, self.tier)), {}

    def _deal(self, situation: Situation) -> Iterator[Card]:
        """The requests that would show something new; what one shows is found once for all situations that look alike."""
        values, coverage = situation.values, self.coverage
        if values["task_state"] is not None and EACH < self.tier < BUSY:
            return
        for asked, place, shown in self._asks:
            alike = place(values)
            features = shown.get(alike)
            if features is None:
                features = coverage.of(asked, asked.decide(situation), self.tier)
            shown[alike] = features = features if coverage.new(features) else []
            decision = asked.decide(situation) if features else None
            if decision is not None and not self._fails(decision):
                yield Card(asked, decision, features)

    def _fails(self, decision: Decision) -> bool:
        return decision.outcome is not None and _work(decision) in self.failed

    def _takes(self, card: Card) -> int:
        """What names something that must be there comes after what may add it, and what takes all away comes last."""
        removes = (change["remove"] for change in card.decision.ruling.rule["keeps"].values() if "remove" in change)
        return self.names(card.asked) + max((3 if one is True else 1 for one in removes), default=0)


def _work(decision: Decision) -> tuple[str, str]:
    """The row of an outcome, and the state that it was asked for in."""
    return str(decision.row), decision.situation.values["state"]
