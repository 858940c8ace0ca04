"""A server as a machine that runs: requests and events trigger it, work settles or fails, callbacks follow.

A `Machine` is a light model: the compiled table decides, and steps that were taken before are looked up.
The lifecycle's one `transitions.Machine` (`flat`) is made from the same table when it is asked for.
"""

from __future__ import annotations

from inspect import isawaitable
from threading import RLock

from lifecycle.engine.step import under_way
from lifecycle.machine.plant import (
    ADVANCED,
    FAILED,
    SETTLED,
    NotUnderWay,
    Refused,
    added,
    check_moment,
    name_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.situation import Situation
    from lifecycle.engine.step import Work
    from lifecycle.machine.plant import Callback, Callbacks, Plant, Step


WORK = (ADVANCED, SETTLED, FAILED)


class Change:
    """What a callback is told: the machine, what triggered the change, and the status before and after it."""

    __slots__ = ("_step", "machine")

    def __init__(self, machine: Machine, step: Step) -> None:
        self.machine = machine
        self._step = step

    @property
    def trigger(self) -> str:
        """The action or event; `advance`, `settle` or `fail` where work went on or ended."""
        return self._step.name

    @property
    def source(self) -> str:
        """The status that was shown before."""
        return self._step.source

    @property
    def target(self) -> str:
        """The status that is shown after it."""
        return self._step.target


class Machine:
    """One server that runs. Safe to share between threads; its callbacks run one after the other."""

    __slots__ = ("_lock", "_own", "_past", "_place", "_plant", "_work")

    def __init__(self, plant: Plant, situation: Situation) -> None:
        """A machine in this situation; where a task is under way, the work that the task belongs to is."""
        self._plant = plant
        self._place = plant.place(situation)
        self._work = under_way(plant.rules, situation)
        self._past: list[str] | None = None
        self._own: Callbacks | None = None
        self._lock = RLock()

    def trigger(self, name: str) -> Decision:
        """Does an action (`reboot:HARD` for a variant) or lets an event happen; what follows has begun then.

        Raises Refused, with the decision, where the table refuses it; nothing has changed then, whatever
        the callbacks are. Raises UnknownTrigger.
        """
        lock = self._lock
        lock.acquire()  # `with` would take as long as all the rest
        try:
            step: Step = self._place[name]
            if not step.allowed:
                raise Refused(step.decision)
            self._go(step)
            return step.decision  # type: ignore[return-value]
        finally:
            lock.release()

    def _go(self, step: Step) -> None:
        """One change, and around it the callbacks: before and exit, then enter and after."""
        if not self._own and not self._plant.callbacks:
            self._take(step)
            return
        change = Change(self, step)
        for callback in self._called(step.first):
            callback(change)
        self._take(step)
        for callback in self._called(step.then):
            callback(change)

    def _take(self, step: Step) -> None:
        self._place = step.after
        if step.ends_work:
            self._work = step.work
        if self._past is None:
            self._past = [step.name]
        else:
            self._past.append(step.name)

    def _called(self, moments: tuple[str, ...]) -> list[Callback]:
        shared, own = self._plant.callbacks, self._own
        found: list[Callback] = []
        for moment in moments:
            found += shared.get(moment, ())
            if own:
                found += own.get(moment, ())
        return found

    def may(self, name: str) -> bool:
        """Whether `trigger` would do it now. Raises UnknownTrigger."""
        return self.decide(name).allowed

    def decide(self, name: str) -> Decision:
        """The decision on an action or event now. Raises UnknownTrigger."""
        with self._lock:
            decision: Decision = self._place[name].decision
            return decision

    def advance(self) -> str:
        """Lets the work under way go one task further, or settle after its last; the status after it.

        Raises NotUnderWay.
        """
        with self._lock:
            self._go(self._place.advance(self._under_way()))
            return self.status

    def settle(self, end: str | None = None) -> str:
        """Lets the work under way end well: in `end`, where it can end in several; the status after it.

        A machine with nothing under way stays as it is. Raises NotUnderWay where it cannot end so.
        """
        with self._lock:
            if self._work is not None or end is not None:
                self._go(self._place.end(self._under_way(), SETTLED, end))
            return self.status

    def fail(self, end: str | None = None) -> str:
        """Lets the work under way fail, and end in `end` where it can end in several; the status after it.

        Raises NotUnderWay.
        """
        with self._lock:
            self._go(self._place.end(self._under_way(), FAILED, end))
            return self.status

    def _under_way(self) -> Work:
        if self._work is None:
            raise NotUnderWay(f"nothing is under way: the {self._plant.rules.thing} is {self.status}")
        return self._work

    def leads(self, name: str, dest: str) -> bool:
        """Whether a trigger, or `advance`, `settle` or `fail`, would lead to this `state` now."""
        with self._lock:
            if name in WORK:
                return self._work is not None and dest in self._dests(name, self._work)
            step = self._place[name]
            after = step.after.situation.values
            return step.allowed and name_of(after["state"], after["task_state"]) == dest

    def _dests(self, name: str, work: Work) -> tuple[str, ...]:
        here, tasks = self._place.situation.values["state"], work.outcome.tasks
        if name == ADVANCED and work.index + 1 < len(tasks):
            return (name_of(here, tasks[work.index + 1]),)
        return (work.outcome.fails if name == FAILED else work.outcome.becomes) or (here,)

    def do(self, name: str, dest: str) -> None:
        """Does what `leads` says: for who triggers through `transitions`."""
        if name == FAILED:
            self.fail(dest)
        elif name not in WORK:
            self.trigger(name)
        elif dest in self._plant.rules.states:
            self.settle(dest)
        else:
            self.advance()

    def turn(self, fact: str) -> str:
        """Lets a fact turn into the other, as when a host goes down; the status after it. Raises UnknownFact."""
        with self._lock:
            self._place = self._plant.turned(self._place, fact)
            return self.status

    def handed(self, plant: Plant) -> Machine:
        """The same thing as another caller, or at another microversion, asks for its actions."""
        with self._lock:
            other = self.__copy__()
            other._plant, other._place = plant, plant.place(self._place.situation)  # noqa: SLF001 - another one of us
            return other

    def on(self, moment: str, callback: Callback) -> None:
        """Calls back at `before_os-stop`, `exit_ACTIVE`, `enter_SHUTOFF` or `after_os-stop`, for this machine.

        Raises UnknownCallback.
        """
        check_moment(self._plant.rules, moment)
        with self._lock:
            self._own = added(self._own or {}, moment, callback)

    @property
    def status(self) -> str:
        """The status that it shows."""
        return self._place.status

    @property
    def state(self) -> str:
        """The state and the task as `transitions` names them: `ACTIVE`, `ACTIVE/powering-off`."""
        values = self._place.situation.values
        return name_of(values["state"], values["task_state"])

    @state.setter
    def state(self, name: str) -> None:
        """`transitions` sets what the step has done already; nothing else does."""
        if name != self.state:
            raise AttributeError(f"the state is {self.state}; a trigger changes it, not an assignment")

    @property
    def task_state(self) -> str | None:
        """The task under way, or None."""
        task: str | None = self._place.situation.values["task_state"]
        return task

    @property
    def locked_by(self) -> str | None:
        """Who holds its lock, or None."""
        holder: str | None = self._place.situation.values["locked_by"]
        return holder

    @property
    def situation(self) -> Situation:
        """All that is known of it."""
        return self._place.situation

    @property
    def history(self) -> list[str]:
        """The requests and events that led here, the oldest first; `settle` and `fail` are how work ended."""
        return list(self._past or ())

    def told(self) -> dict[str, Any]:
        """What it shows, in the keys of a case: what a server of the same situation is made from."""
        return self._plant.told(self._place.situation)

    def _repr_svg_(self) -> str | None:
        """How a notebook shows it, where something is installed that draws: where it is, and what may be done now."""
        from lifecycle.drawing import of_server, svg

        plant, situation = self._plant, self.situation
        return svg(of_server(plant.rules, plant.ruling, situation, self.history))

    def __copy__(self) -> Machine:
        with self._lock:
            other = type(self)(self._plant, self._place.situation)
            other._work, other._own = self._work, self._own  # noqa: SLF001 - another one of us
            other._past = self._past and list(self._past)  # noqa: SLF001
            return other

    def __deepcopy__(self, memo: object) -> Machine:
        del memo  # what a copy shares does not change
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        again, arguments = self._plant.origin
        with self._lock:
            return again, (*arguments, type(self), self._place.situation, self._work, self._past)

    @classmethod
    def restored(cls, plant: Plant, situation: Situation, work: Work | None, past: list[str] | None) -> Machine:
        """A machine as another one was; callbacks are not taken along."""
        other = cls(plant, situation)
        other._work, other._past = work, past
        return other


class AsyncMachine(Machine):
    """The same for asyncio: what changes is awaited, and callbacks may be coroutines."""

    __slots__ = ("_turn",)

    def __init__(self, plant: Plant, situation: Situation) -> None:
        """A machine in this situation, for one event loop."""
        import asyncio  # heavy, and only for those who use it

        super().__init__(plant, situation)
        self._turn = asyncio.Lock()

    async def trigger(self, name: str) -> Decision:  # type: ignore[override]
        """As `Machine.trigger`."""
        async with self._turn:
            step: Step = self._place[name]
            if not step.allowed:
                raise Refused(step.decision)
            await self._going(step)
            return step.decision  # type: ignore[return-value]

    async def advance(self) -> str:  # type: ignore[override]
        """As `Machine.advance`."""
        async with self._turn:
            await self._going(self._place.advance(self._under_way()))
            return self.status

    async def settle(self, end: str | None = None) -> str:  # type: ignore[override]
        """As `Machine.settle`."""
        async with self._turn:
            if self._work is not None or end is not None:
                await self._going(self._place.end(self._under_way(), SETTLED, end))
            return self.status

    async def fail(self, end: str | None = None) -> str:  # type: ignore[override]
        """As `Machine.fail`."""
        async with self._turn:
            await self._going(self._place.end(self._under_way(), FAILED, end))
            return self.status

    async def _going(self, step: Step) -> None:
        change = Change(self, step)
        for callback in self._called(step.first):
            await _waited(callback(change))
        self._take(step)
        for callback in self._called(step.then):
            await _waited(callback(change))


async def _waited(result: object) -> None:
    if isawaitable(result):
        await result
