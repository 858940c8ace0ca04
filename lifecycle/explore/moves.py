"""What leads on from a place: requests and events by their rules, work by its tasks and ends, facts that turn.

A place is a situation but for its lock, so that what a row does there is worked out once for all locks and callers.
"""

from __future__ import annotations

from lifecycle.engine.outcome import Outcome
from lifecycle.engine.situation import Situation
from lifecycle.engine.step import Work, goes_on, moved, settled, started
from lifecycle.explore.asking import askings
from lifecycle.explore.deployments import lasting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from lifecycle.engine.rules import Data, Rules
    from lifecycle.explore.asking import Asking
    from lifecycle.explore.deployments import Deployments

REQUEST, EVENT, ADVANCE, SETTLE, FAIL, TURN = ("request", "event", "advance", "settle", "fail", "turn")


class UnderWay:
    """Work under way, by the `name` of the trigger that began it. Of equal work there is one object."""

    __slots__ = ("name", "work")

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.work = work


class Place:
    """A situation but for its lock. Of equal places there is one object."""

    __slots__ = ("ends", "exists", "moves", "situation", "state", "status", "still", "task_state")

    def __init__(self, rules: Rules, situation: Situation) -> None:
        values = situation.values
        self.situation = situation
        self.state: str = values["state"]
        self.task_state: str | None = values["task_state"]
        self.exists: bool = values["exists"]
        self.status = rules.status(self.state, self.task_state)
        self.moves: tuple[Move, ...] | None = None
        self.still: tuple[Move, ...] = ()
        self.ends: dict[UnderWay, tuple[Move, ...]] = {}


class Move:
    """What happens at a place, whatever the lock is, in the deployments of `guard`.

    `kind` is one of the six above, `name` the trigger (of work: the one that began it) or the fact that turns. `callers`
    are by lock the bits of those who may ask. `keeps`: work that was under way goes on; `locks`: what it does to the lock,
    as in an outcome.
    """

    __slots__ = ("begins", "callers", "guard", "keeps", "kind", "locks", "name", "outcome", "to")

    def __init__(self, kind: str, name: str, guard: int, to: Place) -> None:
        self.kind = kind
        self.name = name
        self.guard = guard
        self.to = to
        self.callers: Mapping[str | None, int] = {}
        self.outcome: Outcome | None = None
        self.locks: bool | None = None
        self.begins: UnderWay | None = None
        self.keeps = False


class Moves:
    """The moves of a table under a reading, in all its deployments.

    `keys` are those of a situation that can change, the lock aside.
    """

    def __init__(self, rules: Rules, reading: str, deployments: Deployments) -> None:
        self.rules = rules
        self.reading = reading
        self.deployments = deployments
        self.askings = askings(rules, reading, deployments)
        self._lasting = lasting(rules)
        self.keys = ("state", "task_state", "before", "exists", *self._lasting)
        self._turning = [name for name in self._lasting if rules.facts[name]["turns"]]
        self._by_state = {state: [one for one in self.askings if _may_be(one, state)] for state in rules.states}
        self._creating = [one for one in self.askings if one.creates]
        self._places: dict[tuple[Any, ...], Place] = {}
        self._unders: dict[tuple[Any, ...], UnderWay] = {}
        self._known: dict[tuple[Any, ...], tuple[list[Asking], tuple[Move, ...]]] = {}
        self._outcomes: dict[tuple[int, str, str | None, str | None], Outcome] = {}

    def starts(self) -> Iterator[Place]:
        """Where a thing begins, with all facts there can be: it is not there yet; where nothing creates one, it is as usual."""
        usual = self.rules.usual_state
        values: dict[str, Any] = {"asked": True, "envelope": True, "body": True, "state": usual, "task_state": None}
        values |= {"locked_by": None, "before": None, "exists": not self._creating}
        values |= {name: fact["usual"] for name, fact in self.rules.facts.items()}
        implied = self.rules.states[usual]["implies"]
        every = [{**values, **implied}]
        for name in self._lasting:
            if name not in implied and name not in self._turning:
                every += [{**one, name: not one[name]} for one in every]
        yield from (self.place(Situation(one, frozenset())) for one in every)

    def place(self, situation: Situation) -> Place:
        """The one place of all situations that differ in nothing but the lock."""
        values = situation.values
        key = tuple([values[name] for name in self.keys])
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = Place(self.rules, situation)
        return place

    def of(self, place: Place) -> tuple[Move, ...]:
        """The requests, events and turns of a place; requests that change nothing are in `place.still` from then on."""
        if place.moves is None:
            acting, place.still = self._allowed(place)
            moves = [move for asking in acting for move in self._effects(asking, place)]
            place.still = (*place.still, *(move for move in moves if move.outcome and move.outcome.still))
            place.moves = (*(move for move in moves if not (move.outcome and move.outcome.still)), *self._turns(place))
        return place.moves

    def _allowed(self, place: Place) -> tuple[list[Asking], tuple[Move, ...]]:
        """What is allowed at a place: what may change something, and the moves of what never does."""
        values = place.situation.values
        key = tuple([values[name] for name in self.keys if name != "before"])
        found = self._known.get(key)
        if found is None:
            gone = self.rules.states[place.state]["end"]
            there = self._by_state[place.state] if place.exists else () if gone else self._creating
            allowed = [one for one in there if all(values[name] in wanted for name, wanted in one.allowed.items())]
            acting = [one for one in allowed if not one.idle]
            still = (move for one in allowed if one.idle for move in self._effects(one, place))
            found = self._known[key] = acting, tuple(still)
        return found

    def _effects(self, asking: Asking, place: Place) -> Iterator[Move]:
        """What each outcome of a rule makes of a place: the first that fits wins, in the deployments that are left to it."""
        left = asking.guard
        for row in asking.rule["outcomes"]:
            guard = self._fitting(row["when"], place, left)
            if guard:
                yield self._effect(asking, row, place, guard)
                left &= ~guard
                if not left:
                    return

    def _fitting(self, when: Data, place: Place, guard: int) -> int:
        for key, wanted in when.items():
            if key in self.deployments.values:
                guard &= self.deployments.where(key, wanted)
            elif place.situation.values[key] not in wanted:
                return 0
        return guard

    def _effect(self, asking: Asking, row: Data, place: Place, guard: int) -> Move:
        before, outcome = place.situation, self._outcome(row, place)
        kind = EVENT if asking.event else REQUEST
        if outcome.still:
            move = Move(kind, asking.name, guard, place)
            move.keeps = True
        else:
            after, work = started(self.rules, before, outcome, None)
            move = Move(kind, asking.name, guard, self.place(after))
            move.begins = self._under(asking.name, work) if work else None
            move.keeps = work is None and goes_on(before, after)
        move.callers, move.outcome, move.locks = asking.callers, outcome, outcome.lock
        return move

    def _outcome(self, row: Data, place: Place) -> Outcome:
        values = place.situation.values
        key = (id(row), values["state"], values["task_state"], values["before"])
        outcome = self._outcomes.get(key)
        if outcome is None:
            outcome = self._outcomes[key] = Outcome(self.rules, row, values)
        return outcome

    def _under(self, name: str, work: Work) -> UnderWay:
        outcome = work.outcome
        began = work.began.values["state"] if outcome.remembers else None
        key = (name, outcome.tasks, outcome.becomes, outcome.fails, work.index, began)
        under = self._unders.get(key)
        if under is None:
            under = self._unders[key] = UnderWay(name, work)
        return under

    def _turns(self, place: Place) -> Iterator[Move]:
        for name in self._turning:
            if place.exists and name not in self.rules.states[place.state]["implies"]:
                other = place.situation.but(**{name: not place.situation.values[name]})
                move = Move(TURN, name, self.deployments.every, self.place(other))
                move.keeps = True
                yield move

    def ends(self, place: Place, under: UnderWay) -> tuple[Move, ...]:
        """How work goes on at a place: to its next task, or to where it settles; and where it fails."""
        moves = place.ends.get(under)
        if moves is None:
            moves = place.ends[under] = tuple(self._ends(place, under))
        return moves

    def _ends(self, place: Place, under: UnderWay) -> Iterator[Move]:
        work, here = under.work, place.situation
        outcome, further = work.outcome, work.index + 1
        if further < len(outcome.tasks):
            after = moved(self.rules, here, place.state, outcome.tasks[further])
            move = self._own(ADVANCE, under, after)
            move.begins = self._under(under.name, Work(outcome, further, work.began))
            yield move
        else:
            for end in outcome.becomes or (place.state,):
                yield self._own(SETTLE, under, settled(self.rules, here, work, end))
        for end in outcome.fails or (place.state,):
            yield self._own(FAIL, under, settled(self.rules, here, work, end))

    def _own(self, kind: str, under: UnderWay, after: Situation) -> Move:
        return Move(kind, under.name, self.deployments.every, self.place(after))


def _may_be(asking: Asking, state: str) -> bool:
    return not asking.creates and state in asking.allowed.get("state", (state,))


def locking(rules: Rules, locks: bool, holder: str | None, callers: int) -> Iterable[tuple[str | None, int]]:
    """Who holds the lock when these callers have locked (or unlocked), and for whom of them it is so."""
    if not locks:
        return ((None, callers),)
    ranks, found = list(rules.holders), dict[str | None, int]()
    for number, caller in enumerate(rules.callers.values()):
        if callers >> number & 1:
            after = max(filter(None, (holder, caller.holds)), key=ranks.index, default=None)
            found[after] = found.get(after, 0) | 1 << number
    return found.items()
