"""The machine, as a program uses it."""

import asyncio
import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from transitions.extensions import GraphMachine
from transitions.extensions.markup import MarkupMachine

from lifecycle import Lifecycle, Server
from lifecycle.machine.model import Change
from lifecycle.machine.plant import NotUnderWay, Refused, UnknownCallback, UnknownTrigger


def test_a_resize_goes_its_way_a_task_at_a_time(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="SHUTOFF"))
    assert machine.trigger("resize").becomes == ["VERIFY_RESIZE"]
    states = [machine.state]
    while machine.task_state:
        machine.advance()
        states.append(machine.state)
    assert states == [*(f"SHUTOFF/resize_{step}" for step in ("prep", "migrating", "migrated", "finish")), "VERIFY_RESIZE"]
    machine.trigger("revertResize")
    assert (machine.status, machine.settle()) == ("REVERT_RESIZE", "SHUTOFF")
    assert machine.history == ["resize", "advance", "advance", "advance", "settle", "revertResize", "settle"]


def test_a_refused_trigger_carries_the_decision(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="PAUSED", locked_by="owner"))
    with pytest.raises(Refused) as caught:
        machine.trigger("os-stop")
    assert (caught.value.decision.rule, caught.value.decision.code) == ("lock", 409)
    assert str(caught.value) == caught.value.decision.reason
    assert (machine.status, machine.history) == ("PAUSED", [])


def test_events_happen_where_the_options_let_them(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="VERIFY_RESIZE", before="SHUTOFF"))
    with pytest.raises(Refused, match="the option resize_confirm_window is zero, it must be positive"):
        machine.trigger("confirm-window")
    machine = compute.machine(Server(status="VERIFY_RESIZE", before="SHUTOFF", options={"resize_confirm_window": 9}))
    machine.trigger("confirm-window")
    assert machine.settle() == "SHUTOFF"
    machine = compute.machine(Server(status="PAUSED", locked_by="admin"))
    machine.trigger("guest-power-off")
    assert (machine.task_state, machine.settle(), machine.locked_by) == ("powering-off", "SHUTOFF", "admin")


def test_work_ends_only_as_it_can(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="ACTIVE"))
    assert machine.settle() == "ACTIVE"
    with pytest.raises(NotUnderWay, match="nothing is under way: the server is ACTIVE"):
        machine.fail()
    machine.trigger("os-migrateLive") if machine.may("os-migrateLive") else machine.trigger("resize")
    with pytest.raises(NotUnderWay, match="this work cannot fail in PAUSED; it can in ERROR or ACTIVE"):
        machine.fail("PAUSED")
    assert machine.fail("ACTIVE") == "ACTIVE"


def test_callbacks_come_in_their_order_and_never_when_refused() -> None:
    lifecycle = Lifecycle.load("compute")
    seen: list[str] = []

    def note(name: str) -> None:
        lifecycle.on(name, lambda change: seen.append(f"{name} {change.trigger} {change.machine.status}"))

    for moment in ("before_os-stop", "after_os-stop", "exit_ACTIVE", "enter_SHUTOFF", "after_settle", "before_pause"):
        note(moment)
    machine = lifecycle.machine(Server(status="ACTIVE"))
    machine.on("enter_SHUTOFF", lambda change: seen.append(f"mine {change.source} {change.target}"))
    machine.trigger("os-stop")
    with pytest.raises(Refused):
        machine.trigger("pause")
    machine.settle()
    assert seen == [
        "before_os-stop os-stop ACTIVE",
        "after_os-stop os-stop ACTIVE",
        "exit_ACTIVE settle ACTIVE",
        "enter_SHUTOFF settle SHUTOFF",
        "mine ACTIVE SHUTOFF",
        "after_settle settle SHUTOFF",
    ]
    lifecycle.machine(Server(status="ACTIVE")).trigger("os-stop")
    assert len(seen) == 8


def test_a_callback_that_raises_before_stops_the_change(compute: Lifecycle) -> None:
    def stop(change: Change) -> None:
        raise ValueError(change.trigger)

    machine = compute.machine(Server(status="ACTIVE"))
    machine.on("before_os-stop", stop)
    with pytest.raises(ValueError, match="os-stop"):
        machine.trigger("os-stop")
    assert (machine.status, machine.task_state, machine.history) == ("ACTIVE", None, [])


def test_unknown_names_are_suggested(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="ACTIVE"))
    with pytest.raises(UnknownTrigger, match="no action or event is called os-stpo; did you mean os-stop"):
        machine.trigger("os-stpo")
    with pytest.raises(UnknownCallback, match="no moment for a callback is called enter_SHUTOF; did you mean enter_SHUTOFF"):
        machine.on("enter_SHUTOF", print)


def test_asyncio_awaits_its_callbacks(compute: Lifecycle) -> None:
    machine = compute.async_machine(Server(status="ACTIVE"))
    seen: list[str] = []

    async def later(change: Change) -> None:
        await asyncio.sleep(0)
        seen.append(change.target)

    async def go() -> None:
        machine.on("enter_PAUSED", later)
        await machine.trigger("pause")
        assert await machine.settle() == "PAUSED"

    asyncio.run(go())
    assert seen == ["PAUSED"]


def test_of_two_threads_one_stops_it(compute: Lifecycle) -> None:
    def stop(machine: object) -> bool:
        try:
            machine.trigger("os-stop")  # type: ignore[attr-defined]
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            machine = compute.machine(Server(status="ACTIVE"))
            assert sum(pool.map(stop, [machine] * 8)) == 1


def test_a_machine_is_small(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="ACTIVE"))
    assert sys.getsizeof(machine) + sys.getsizeof(machine._lock) <= 200  # noqa: SLF001
    assert compute.machine(Server(status="ACTIVE")).situation is machine.situation


def test_the_tools_of_transitions_work_on_it(compute: Lifecycle) -> None:
    flat = compute.transitions()
    machine = compute.machine(Server(status="ACTIVE"))
    assert flat.events["os-stop"].trigger(machine)
    assert flat.events["settle"].trigger(machine)
    assert machine.status == "SHUTOFF"
    assert "os-start" in flat.get_triggers("SHUTOFF")
    assert "pause" not in flat.get_triggers("SHUTOFF")
    markup = compute.transitions(MarkupMachine).markup
    assert {transition["trigger"] for transition in markup["transitions"]} >= {"os-stop", "reclaim"}
    assert issubclass(type(compute.transitions(GraphMachine)), GraphMachine)


def test_a_long_history_is_pickled_and_copied(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="ACTIVE"))
    for _ in range(5_000):
        machine.trigger("lock")
        machine.trigger("unlock")
    other = copy.copy(machine)
    other.trigger("lock")
    assert pickle.loads(pickle.dumps(machine)).history == machine.history == ["lock", "unlock"] * 5_000  # noqa: S301
    assert other.history == [*machine.history, "lock"]


def test_work_that_shows_no_task_is_not_ended_by_a_lock(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="VERIFY_RESIZE", before="SHUTOFF"))
    machine.trigger("confirmResize")
    machine.trigger("lock")
    assert (machine.status, machine.settle(), machine.locked_by) == ("VERIFY_RESIZE", "SHUTOFF", "owner")


@pytest.mark.parametrize(("status", "rule"), [("SHELVED_OFFLOADED", "host"), ("BUILD", "launched"), ("SHELVED", None)])
def test_what_only_says_that_it_is_in_another_state_is_as_it_was(nova: Lifecycle, status: str, rule: str | None) -> None:
    machine = nova.machine(Server(status=status), "admin")
    machine.trigger("os-resetState:active")
    assert (machine.status, machine.decide("pause").rule) == ("ACTIVE", rule)


def test_what_work_leads_out_of_a_state_is_usual_again(nova: Lifecycle) -> None:
    machine = nova.machine(Server(status="SHELVED_OFFLOADED"), "admin")
    machine.trigger("unshelve")
    assert (machine.settle(), machine.told()["host"], machine.decide("pause").allowed) == ("ACTIVE", True, True)
