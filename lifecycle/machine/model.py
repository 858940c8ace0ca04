"""A server as a machine that runs: requests and events trigger it, work settles or fails, callbacks follow.

A `Machine` is a light model: the compiled table decides, and steps that were taken before are looked up.
The lifecycle's one `transitions.Machine` (`flat`) is made from the same table when it is asked for.
"""

from __future__ import annotations

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
    from collections.abc import Iterator
    from typing import Any

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.situation import Situation
    from lifecycle.engine.step import Work
    from lifecycle.machine.plant import Callback, Callbacks, Plant, Step

    Results = Iterator[object]


WORK = (ADVANCED, SETTLED, FAILED)


class Change:
    """What a callback is told: the machine, what triggered the change, and the status before and after it."""

    __slots__ = ("machine", "source", "target", "trigger")

    def __init__(self, machine: Machine, trigger: str, source: str, target: str) -> None:
        self.machine = machine
        self.trigger = trigger
        self.source = source
        self.target = target


class Machine:
    """One server that runs. Safe to share between threads; its callbacks run one after the other."""

    __slots__ = ("_lock", "_own", "_past", "_plant", "_situation", "_steps", "_work")

    def __init__(self, plant: Plant, situation: Situation) -> None:
        """A machine in this situation; where a task is under way, the work that the task belongs to is."""
        self._plant = plant
        self._steps = plant.steps
        self._situation = plant.one(situation)
        self._work = under_way(plant.rules, situation)
        self._past: tuple[str, Any] | None = None
        self._own: Callbacks | None = None
        self._lock = RLock()

    def trigger(self, name: str) -> Decision:
        """Does an action (`reboot:HARD` for a variant) or lets an event happen; what follows has begun then.

        Raises Refused, with the decision, where the table refuses it; nothing has changed then, whatever
        the callbacks are. Raises UnknownTrigger.
        """
        with self._lock:
            try:
                step = self._steps[self._situation][name]
            except KeyError:
                step = self._plant.step(self._situation, name)
            if not step.allowed:
                raise Refused(step.decision)
            if self._own or self._plant.callbacks:
                _run(self._changing(step))
            else:
                self._take(step)
            return step.decision  # type: ignore[return-value]

    def _take(self, step: Step) -> None:
        self._situation = step.after
        if step.ends_work:
            self._work = step.work
        self._past = (step.name, self._past)

    def may(self, name: str) -> bool:
        """Whether `trigger` would do it now. Raises UnknownTrigger."""
        return self.decide(name).allowed

    def decide(self, name: str) -> Decision:
        """The decision on an action or event now. Raises UnknownTrigger."""
        with self._lock:
            return self._step(name).decision  # type: ignore[return-value]

    def _step(self, name: str) -> Step:
        try:
            return self._steps[self._situation][name]
        except KeyError:
            return self._plant.step(self._situation, name)

    def advance(self) -> str:
        """Lets the work under way go one task further, or settle after its last; the status after it.

        Raises NotUnderWay.
        """
        with self._lock:
            return self._do(self._advancing())

    def settle(self, end: str | None = None) -> str:
        """Lets the work under way end well: in `end`, where it can end in several; the status after it.

        A machine with nothing under way stays as it is. Raises NotUnderWay where it cannot end so.
        """
        with self._lock:
            return self._do(self._ending(SETTLED, end))

    def fail(self, end: str | None = None) -> str:
        """Lets the work under way fail, and end in `end` where it can end in several; the status after it.

        Raises NotUnderWay.
        """
        with self._lock:
            return self._do(self._ending(FAILED, end))

    def _do(self, step: Step | None) -> str:
        if step is not None:
            if self._own or self._plant.callbacks:
                _run(self._changing(step))
            else:
                self._take(step)
        return self.status

    def _advancing(self) -> Step:
        return self._plant.advance(self._situation, self._under_way())

    def _ending(self, how: str, end: str | None) -> Step | None:
        """The step that ends the work, or None where a server that rests is to settle."""
        if self._work is None and how == SETTLED and end is None:
            return None
        return self._plant.end(self._situation, self._under_way(), how, end)

    def _under_way(self) -> Work:
        if self._work is None:
            raise NotUnderWay(f"nothing is under way: the {self._plant.rules.thing} is {self.status}")
        return self._work

    def _changing(self, step: Step) -> Results:
        """One change, and around it what the callbacks return: before and exit, then enter and after."""
        change = Change(self, step.name, step.source, step.target)
        yield from self._call(step.first, change)
        self._take(step)
        yield from self._call(step.then, change)

    def _call(self, moments: tuple[str, ...], change: Change) -> Results:
        for moment in moments:
            for callbacks in (self._plant.callbacks, self._own):
                if callbacks and moment in callbacks:
                    for callback in callbacks[moment]:
                        yield callback(change)

    def leads(self, name: str, dest: str) -> bool:
        """Whether a trigger, or `advance`, `settle` or `fail`, would lead to this `state` now."""
        with self._lock:
            if name in WORK:
                return self._work is not None and dest in self._dests(name, self._work)
            step = self._step(name)
            after = step.after.values
            return step.allowed and name_of(after["state"], after["task_state"]) == dest

    def _dests(self, name: str, work: Work) -> tuple[str, ...]:
        here, tasks = self._situation.values["state"], work.outcome.tasks
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
        values = self._situation.values
        return self._plant.rules.status(values["state"], values["task_state"])

    @property
    def state(self) -> str:
        """The state and the task as `transitions` names them: `ACTIVE`, `ACTIVE/powering-off`."""
        values = self._situation.values
        return name_of(values["state"], values["task_state"])

    @state.setter
    def state(self, name: str) -> None:
        """`transitions` sets what the step has done already; nothing else does."""
        if name != self.state:
            raise AttributeError(f"the state is {self.state}; a trigger changes it, not an assignment")

    @property
    def task_state(self) -> str | None:
        """The task under way, or None."""
        task: str | None = self._situation.values["task_state"]
        return task

    @property
    def locked_by(self) -> str | None:
        """Who holds its lock, or None."""
        holder: str | None = self._situation.values["locked_by"]
        return holder

    @property
    def situation(self) -> Situation:
        """All that is known of it."""
        return self._situation

    @property
    def history(self) -> list[str]:
        """The requests and events that led here, the oldest first; `settle` and `fail` are how work ended."""
        past, names = self._past, list[str]()
        while past is not None:
            names.append(past[0])
            past = past[1]
        return names[::-1]

    def told(self) -> dict[str, Any]:
        """What it shows, in the keys of a case: what a server of the same situation is made from."""
        return self._plant.told(self._situation)

    def __copy__(self) -> Machine:
        with self._lock:
            other = type(self)(self._plant, self._situation)
            other._work, other._past, other._own = self._work, self._past, self._own  # noqa: SLF001 - another one of us
            return other

    def __deepcopy__(self, memo: object) -> Machine:
        del memo  # what a copy shares does not change
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        again, arguments = self._plant.origin
        with self._lock:
            return again, (*arguments, type(self), self._situation, self._work, self._past)

    @classmethod
    def restored(cls, plant: Plant, situation: Situation, work: Work | None, past: Any) -> Machine:
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
            step = self._step(name)
            if not step.allowed:
                raise Refused(step.decision)
            await _wait(self._changing(step))
            return step.decision  # type: ignore[return-value]

    async def advance(self) -> str:  # type: ignore[override]
        """As `Machine.advance`."""
        async with self._turn:
            return await self._did(self._advancing())

    async def settle(self, end: str | None = None) -> str:  # type: ignore[override]
        """As `Machine.settle`."""
        async with self._turn:
            return await self._did(self._ending(SETTLED, end))

    async def fail(self, end: str | None = None) -> str:  # type: ignore[override]
        """As `Machine.fail`."""
        async with self._turn:
            return await self._did(self._ending(FAILED, end))

    async def _did(self, step: Step | None) -> str:
        if step is not None:
            await _wait(self._changing(step))
        return self.status


def _run(results: Results) -> None:
    for _ in results:
        pass


async def _wait(results: Results) -> None:
    for result in results:
        if hasattr(result, "__await__"):
            await result
