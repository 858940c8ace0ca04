"""The guard in front of a function."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest

from lifecycle import Lifecycle, Server
from lifecycle.errors import CaseError, UnknownAction, UnknownCaller, UnknownMicroversion, UnknownVariant
from lifecycle.guard import Refused, guarded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ACTIVE, PAUSED = Server(status="ACTIVE"), Server(status="PAUSED", locked_by="owner")


def test_a_function_runs_where_it_is_allowed(compute: Lifecycle) -> None:
    done = []

    @guarded(compute, "os-stop", server=lambda vm, **_: vm)
    def stop(vm: Server, /, *, force: bool = False) -> str:
        """Stops a server."""
        done.append((vm, force))
        return "stopped"

    assert stop(ACTIVE, force=True) == "stopped"
    with pytest.raises(Refused, match="locked by its owner") as refused:
        stop(PAUSED)
    assert (refused.value.code, refused.value.decision.rule) == (409, "lock")
    assert [entry["rule"] for entry in refused.value.decision.also] == ["state"]
    assert done == [(ACTIVE, True)]
    assert (stop.__name__, stop.__doc__) == ("stop", "Stops a server.")
    assert str(inspect.signature(stop)) == "(vm: 'Server', /, *, force: 'bool' = False) -> 'str'"
    assert not inspect.iscoroutinefunction(stop)


def test_a_coroutine_stays_one_and_may_wait(compute: Lifecycle) -> None:
    async def server(vm: Server) -> Server:
        await asyncio.sleep(0)
        return vm

    async def caller(_: Server) -> str:
        await asyncio.sleep(0)
        return "admin"

    @guarded(compute, "os-stop", server=server, caller=caller)
    async def stop(vm: Server) -> Server:
        await asyncio.sleep(0)
        return vm

    assert inspect.iscoroutinefunction(stop)
    assert asyncio.run(stop(ACTIVE)) is ACTIVE
    with pytest.raises(Refused, match="it must be ACTIVE or ERROR"):
        asyncio.run(stop(PAUSED))

    @guarded(compute, "os-stop", server=lambda vm: vm)
    async def plain(vm: Server) -> Server:
        return vm

    assert asyncio.run(plain(ACTIVE)) is ACTIVE


def test_methods(compute: Lifecycle) -> None:
    class Machine:
        def __init__(self, status: str) -> None:
            self.status = status

        @guarded(compute, "os-stop", server=lambda self: {"status": self.status})
        def stop(self) -> str:
            return self.status

        @classmethod
        @guarded(compute, "create", server=lambda *_: Server(), caller=lambda _, who: who)
        def create(cls, who: str) -> str:
            return who

        @staticmethod
        @guarded(compute, "pause", server=lambda status: {"status": status})
        def pause(status: str) -> str:
            return status

    assert Machine("ACTIVE").stop() == "ACTIVE"
    assert Machine.create("member") == "member"
    assert Machine.pause("ACTIVE") == "ACTIVE"
    for refused in (Machine("PAUSED").stop, lambda: Machine.create("reader"), lambda: Machine.pause("PAUSED")):
        with pytest.raises(Refused):
            refused()


@pytest.mark.parametrize(("told", "code"), [(None, 404), ({"status": "SHUTOFF"}, 409), ({"server": {"status": "ACTIVE"}}, None)])
def test_a_server_is_told_in_any_form(compute: Lifecycle, told: Any, code: int | None) -> None:
    @guarded(compute, "os-stop", server=lambda: told)
    def stop() -> None:
        pass

    if code is None:
        stop()
    else:
        with pytest.raises(Refused) as refused:
            stop()
        assert refused.value.code == code


def test_variant_and_microversion(compute: Lifecycle) -> None:
    @guarded(compute, "reboot", server=lambda: {"status": "PAUSED"}, variant="HARD")
    def reboot() -> str:
        return "done"

    assert reboot() == "done"

    @guarded(compute, "addFloatingIp", server=lambda: ACTIVE, microversion="2.44", caller="admin")
    def add() -> None:
        pass

    with pytest.raises(Refused, match=r"gone since 2\.44"):
        add()


def test_what_is_misspelt_is_told_at_once(compute: Lifecycle) -> None:
    for wrong, error in (
        ({"action": "os-stopp"}, UnknownAction),
        ({"action": "reboot", "variant": "WARM"}, UnknownVariant),
        ({"action": "reboot", "caller": "nobody"}, UnknownCaller),
        ({"action": "reboot", "microversion": "3.1"}, UnknownMicroversion),
    ):
        with pytest.raises(error):
            guarded(compute, server=lambda: ACTIVE, **wrong)  # type: ignore[arg-type]


def test_what_does_not_run_when_it_is_called_is_no_function(compute: Lifecycle) -> None:
    def generator() -> Iterator[int]:
        yield 1

    async def later() -> AsyncIterator[int]:
        yield 1

    class Thing:
        pass

    decorate: Any = guarded(compute, "os-stop", server=lambda: ACTIVE)
    for wrong, says in (
        (generator, "generator is a generator: it runs when it is iterated"),
        (later, "later is a generator"),
        (functools.partial(generator), "is a generator"),
        (Thing, "Thing is a class"),
        (staticmethod(len), "stands below @staticmethod"),
        (classmethod(repr), "stands below @classmethod"),
        (5, "5 is no function"),
    ):
        with pytest.raises(TypeError, match=says):
            decorate(wrong)


def test_a_plain_function_cannot_wait(compute: Lifecycle) -> None:
    async def server() -> Server:
        return ACTIVE

    @guarded(compute, "os-stop", server=server)
    def stop() -> None:
        pytest.fail("it ran")

    with pytest.raises(TypeError, match="cannot wait"):
        stop()


def test_what_the_callables_raise_is_raised(compute: Lifecycle) -> None:
    def broken(*_: object) -> Any:
        raise OSError("the database is away")

    for asks in ({"server": broken}, {"server": lambda: ACTIVE, "caller": broken}):
        with pytest.raises(OSError, match="away"):
            guarded(compute, "os-stop", **asks)(lambda: None)()
    with pytest.raises(CaseError):
        guarded(compute, "os-stop", server=lambda: 5)(lambda: None)()


def test_in_the_shadow_all_runs_and_is_told(compute: Lifecycle) -> None:
    told: list[tuple[int, str | None]] = []

    def shadow(decision: Any, error: BaseException | None) -> None:
        told.append((decision.code, str(error) if error else None))

    @guarded(compute, "os-stop", server=lambda vm: vm, shadow=shadow)
    def stop(vm: Server, error: str = "") -> Server:
        if error:
            raise OSError(error)
        return vm

    @guarded(compute, "os-stop", server=lambda vm: vm, shadow=shadow)
    async def stop_later(vm: Server) -> Server:
        return vm

    assert stop(PAUSED) is PAUSED
    assert asyncio.run(stop_later(PAUSED)) is PAUSED
    with pytest.raises(TypeError):
        stop(ACTIVE, "broken")  # the callable takes the function's own arguments, so it must take them all
    told.clear()

    @guarded(compute, "os-stop", server=lambda vm, *_: vm, shadow=shadow)
    def stop_or_not(vm: Server, error: str = "") -> Server:
        raise OSError(f"{vm.told['status']}: {error}")

    with pytest.raises(OSError, match="broken"):
        stop_or_not(ACTIVE, "broken")
    assert told == [(202, "ACTIVE: broken")]
