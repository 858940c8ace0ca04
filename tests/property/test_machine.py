"""Laws of the machine: it does what the decisions say, and nothing else."""

import asyncio
import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.machine.model import AsyncMachine, Machine
from lifecycle.machine.plant import NotUnderWay, Refused

COMPUTE = Lifecycle.load("compute")
RULES = COMPUTE.rules
TRIGGERS = [
    f"{action}:{variant}" if variant else action for action in RULES.actions for variant in RULES.variants(action) or (None,)
]
MOVES = [*TRIGGERS, *RULES.events, "settle", "fail", "advance"]
OPTIONS = {"reclaim_instance_interval": 1, "shelved_offload_time": -1, "resize_confirm_window": 1, "rescue_timeout": 1}


def servers() -> st.SearchStrategy[Server]:
    keys = {
        "state": st.sampled_from(list(RULES.states)),
        "locked_by": st.none() | st.sampled_from(list(RULES.holders)),
        "before": st.sampled_from(["ACTIVE", "SHUTOFF"]),
        "options": st.just(OPTIONS) | st.just({}),
        "volume_backed": st.booleans(),
    }
    return st.fixed_dictionaries({}, optional=keys).map(lambda told: Server(**told))


def walks() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(MOVES) | st.sampled_from(["settle", "advance", "unlock", "os-stop", "resize"]), max_size=12)


def callers() -> st.SearchStrategy[str]:
    return st.sampled_from(["admin", "member", "reader"])


def take(machine: Machine, move: str) -> str | None:
    """One move of a walk; what refused it, or None."""
    try:
        {"settle": machine.settle, "fail": machine.fail, "advance": machine.advance}.get(move, lambda: machine.trigger(move))()
    except Refused as refused:
        return refused.decision.rule
    except NotUnderWay:
        return "not under way"
    return None


def shown(machine: Machine) -> dict[str, object]:
    return {**machine.told(), "status": machine.status, "history": machine.history}


@given(servers(), walks(), callers())
def test_machine_and_decisions_never_disagree(server: Server, walk: list[str], caller: str) -> None:
    machine = COMPUTE.machine(server, caller)
    for move in walk:
        action, _, variant = move.partition(":")
        if action in RULES.actions:
            decision = COMPUTE.decide(action, Server(**machine.told()), caller, variant=variant or None)
            before = machine.status
            assert take(machine, move) == decision.rule
            assert machine.status == (decision.status if decision.allowed else before)
            assert (machine.task_state, machine.locked_by) == (decision.task_state, decision.locked_by)
        else:
            take(machine, move)


@given(servers(), walks(), callers())
def test_what_is_refused_changes_nothing(server: Server, walk: list[str], caller: str) -> None:
    machine = COMPUTE.machine(server, caller)
    for move in walk:
        before = shown(machine)
        if take(machine, move) is not None:
            assert shown(machine) == before


@given(servers(), walks(), callers())
def test_a_settled_server_is_idle_and_a_failed_one_is_where_its_row_says(server: Server, walk: list[str], caller: str) -> None:
    machine = COMPUTE.machine(server, caller)
    for move in walk:
        if move in TRIGGERS and machine.may(move):
            decision = machine.trigger(move)
            if decision.tasks:
                failed = copy.copy(machine)
                assert failed.fail() in decision.on_failure
                assert failed.task_state is None
                assert machine.settle() in decision.becomes
                assert machine.task_state is None


@given(servers(), walks())
def test_a_lock_never_lets_a_member_through(server: Server, walk: list[str]) -> None:
    machine = COMPUTE.machine(server, "admin")
    for move in walk:
        take(machine, move)
    locked = COMPUTE.machine(Server(**{**machine.told(), "locked_by": "admin"}), "member")
    for move in TRIGGERS:
        before = shown(locked)
        if take(copy.copy(locked), move) is None:
            assert not locked.decide(move).tasks or not _respects_locks(move)
        assert shown(locked) == before


def _respects_locks(move: str) -> bool:
    action, _, variant = move.partition(":")
    rule = RULES.edition(action, variant or None, "reference", RULES.newest)
    return rule is not None and rule["lock"] == "refuses"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda machine: pickle.loads(pickle.dumps(machine))])  # noqa: S301
@given(servers(), walks(), walks(), callers())
def test_a_copy_has_the_same_future(
    again: Callable[[Machine], Machine], server: Server, walk: list[str], future: list[str], caller: str
) -> None:
    machine = COMPUTE.machine(server, caller)
    for move in walk:
        take(machine, move)
    other = again(machine)
    for move in future:
        assert take(machine, move) == take(other, move)
        assert shown(machine) == shown(other)


@given(servers(), walks(), walks(), callers())
def test_what_is_restored_from_what_it_showed_idle_has_the_same_future(
    server: Server, walk: list[str], future: list[str], caller: str
) -> None:
    machine = COMPUTE.machine(server, caller)
    for move in [*walk, "settle"]:
        take(machine, move)
    other = COMPUTE.machine(Server(**machine.told()), caller)
    if machine.task_state is None:
        for move in future:
            assert take(machine, move) == take(other, move)
            assert machine.told() == other.told()


@given(servers(), walks(), callers())
def test_sync_and_asyncio_take_the_same_way(server: Server, walk: list[str], caller: str) -> None:
    machine, other = COMPUTE.machine(server, caller), COMPUTE.async_machine(server, caller)

    async def go(move: str, machine: AsyncMachine) -> str | None:
        methods = {"settle": machine.settle, "fail": machine.fail, "advance": machine.advance}
        try:
            await (methods[move]() if move in methods else machine.trigger(move))
        except Refused as refused:
            return refused.decision.rule
        except NotUnderWay:
            return "not under way"
        return None

    async def all_of_it() -> None:
        for move in walk:
            assert await go(move, other) == take(machine, move)
            assert shown(other) == shown(machine)

    asyncio.run(all_of_it())


@given(servers(), walks(), callers())
def test_transitions_goes_the_same_way(server: Server, walk: list[str], caller: str) -> None:
    machine, other = COMPUTE.machine(server, caller), COMPUTE.machine(server, caller)
    for move in walk:
        before = len(machine.history)
        take(machine, move)
        went = len(machine.history) > before
        if FLAT.get_transitions(move, other.state):
            assert FLAT.events[move].trigger(other) == went
            assert other.told() == machine.told()
        else:
            assert not went


FLAT = COMPUTE.transitions()
