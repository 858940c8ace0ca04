"""Promises: a step costs 30 times less than one of `transitions`, 8 times with all callbacks, 6 times where it is refused.

The same table in both: its idle states, its tasks on the way and its guards. Ours keeps its history and is safe to
share between threads in every row; `transitions` is that only as a `LockedMachine`.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

from transitions import Machine, MachineError
from transitions.extensions import LockedMachine

from bench import peers
from bench.harness import Line, Row, human, measure
from bench.questions import CALLERS, MICROVERSION, RULES, Asked, make_server
from lifecycle import Lifecycle
from lifecycle.machine.plant import Refused, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLER = CALLERS[-1]
ASKED: Asked = (None, None, True, CALLER)
RING = ("lock", "unlock")
LONG_RING = ("os-stop", "os-start", "pause", "unpause", "suspend", "resume", "rescue", "unrescue")
REFUSED = "os-start"
TIMES, MANY, ROUNDS = 100, 10_000, 15
OURS, THEIRS = "machine.trigger(action)", "transitions: model.trigger(action)"
WORKS, THEY_WORK = "machine: trigger, settle …, a step", "transitions: trigger, settle …, a step"
ALL_STAGES, LOCKED = "machine: the same, all callbacks", "transitions: the same, LockedMachine, all callbacks"
REFUSES, THEY_REFUSE = "machine: refused", "transitions: refused"
BUILT, THEY_BUILD, FLAT = "Lifecycle.machine(server), the first", "transitions: Machine(…)", "Lifecycle.transitions()"


def lines() -> list[Line]:
    """Steps, side by side; then what a machine takes to build, and what advice takes."""
    moves = _moves()
    rows = [
        _row(OURS, _ring(_ours().trigger)),
        _row(WORKS, _working(_ours()), 2 * len(LONG_RING)),
        _row(ALL_STAGES, _working(_ours(called=True)), 2 * len(LONG_RING)),
        _row(REFUSES, _refused(_ours().trigger, Refused), 1),
        _row(THEIRS, _ring(_theirs(moves).trigger)),
        _row(THEY_WORK, _working(_theirs(moves)), 2 * len(LONG_RING)),
        _row(LOCKED, _working(_theirs(moves, LockedMachine, called=True)), 2 * len(LONG_RING)),
        _row(THEY_REFUSE, _refused(_theirs(moves).trigger, MachineError), 1),
        Row(BUILT, lambda: Lifecycle(RULES).machine(make_server("ACTIVE"), CALLER)),
        Row(THEY_BUILD, lambda: Machine(None, **moves)),
        Row(FLAT, Lifecycle(RULES).transitions),
    ]
    times = measure(rows, ROUNDS)

    def less(name: str, than: str, limit: float) -> Line:
        return Line(name, times.of(name), f"{than}, less by", times.ratio(than, name), limit, at_least=True)

    return [
        *(Line(name, times.of(name)) for name in (THEIRS, THEY_WORK, LOCKED, THEY_REFUSE, THEY_BUILD, FLAT)),
        less(OURS, THEIRS, 30),
        Line(WORKS, times.of(WORKS), f"{THEY_WORK}, less by", times.ratio(THEY_WORK, WORKS)),
        less(ALL_STAGES, THEY_WORK, 8),
        less(REFUSES, THEY_REFUSE, 6),
        Line(BUILT, times.of(BUILT), THEY_BUILD, times.ratio(BUILT, THEY_BUILD), 1 / 3),
        _memory(),
        *_advice(),
    ]


def _row(name: str, run: Callable[[], object], times: int = TIMES * len(RING)) -> Row:
    return Row(name, run, None, times)


def _ours(*, called: bool = False) -> Any:
    lifecycle = Lifecycle(RULES)
    for moment in moments(RULES) if called else ():
        lifecycle.on(moment, _nothing)
    return lifecycle.machine(make_server("ACTIVE"), CALLER, MICROVERSION)


def _nothing(*_: object) -> None:
    """A callback that costs what a call costs."""


class Server(peers.Model):
    """A model of `transitions`, which adds the triggers."""

    trigger: Callable[[str], bool]
    settle: Callable[[], bool]


def _theirs(moves: dict[str, Any], cls: type[Machine] = Machine, *, called: bool = False) -> Server:
    server = Server()
    if called:
        stages = {"before_state_change": _nothing, "after_state_change": _nothing}
        states = [{"name": name, "on_enter": _nothing, "on_exit": _nothing} for name in moves["states"]]
        moves = {**moves, **stages, "states": states}
    cls(server, **moves)
    return server


def _moves() -> dict[str, Any]:
    """The table as arguments of a Machine: a state for each first task on the way, and `settle` to leave it."""
    lifecycle, found, states = Lifecycle(RULES), list[dict[str, Any]](), dict.fromkeys(RULES.states)
    for (action, state), (becomes, allowed) in peers.cells().items():
        task, holder, host, caller = min(allowed, key=str)
        server = make_server(state, task, locked_by=holder, host=host)
        way, tasks = state, lifecycle.decide(action, server, caller, MICROVERSION).tasks
        if tasks:
            way = f"{state}/{tasks[0]}"
            found.append({"trigger": "settle", "source": way, "dest": becomes})
        states |= dict.fromkeys((way, becomes))
        dest = way if tasks else becomes
        found.append({"trigger": action, "source": state, "dest": dest, "conditions": _guard(allowed)})
    return {"states": list(states), "transitions": found, "initial": "ACTIVE", "auto_transitions": False}


def _guard(allowed: frozenset[Asked]) -> Callable[[], bool]:
    return lambda: ASKED in allowed


def _ring(trigger: Callable[[str], object]) -> Callable[[], None]:
    def run() -> None:
        for name in RING * TIMES:
            trigger(name)

    return run


def _working(server: Any) -> Callable[[], None]:
    def run() -> None:
        for name in LONG_RING:
            server.trigger(name)
            server.settle()

    return run


def _refused(trigger: Callable[[str], object], error: type[Exception]) -> Callable[[], None]:
    def run() -> None:
        try:
            trigger(REFUSED)
        except error:
            return
        raise AssertionError(f"{REFUSED} was not refused")

    return run


def _memory() -> Line:
    """What each of many machines takes that have no callbacks of their own and did nothing yet."""
    lifecycle, server = Lifecycle(RULES), make_server("ACTIVE")
    machines: list[object] = [lifecycle.machine(server)] * MANY
    tracemalloc.start()
    for number in range(MANY):
        machines[number] = lifecycle.machine(server)
    size = sum(trace.size for trace in tracemalloc.take_snapshot().statistics("filename") if trace.count >= MANY) / MANY
    tracemalloc.stop()
    return Line("a machine in memory", f"{size:.0f} bytes", "200 bytes", size / 200, 1)


def _advice() -> Iterator[Line]:
    """What was never asked of this table, and what was."""
    server = make_server("PAUSED")
    asks: dict[str, Callable[[Lifecycle], object]] = {
        "Lifecycle.plan(server, status)": lambda lifecycle: lifecycle.plan(server, "SHUTOFF"),
        "decision.to_allow": lambda lifecycle: lifecycle.decide("os-stop", server).to_allow,
    }
    for name, ask in asks.items():
        ask(Lifecycle(RULES))  # what is imported stays
        times = []
        for _ in range(ROUNDS):
            lifecycle = Lifecycle(RULES)
            started = time.thread_time_ns()
            ask(lifecycle)
            cold = time.thread_time_ns()
            for _ in range(TIMES):
                ask(lifecycle)
            times.append((cold - started, (time.thread_time_ns() - cold) / TIMES))
        for how, taken, most in zip(("cold", "warm"), zip(*times, strict=True), (5e6, 5e4), strict=True):
            figure = statistics.median(taken)
            yield Line(f"{name}, {how}", figure, human(most), figure / most)
