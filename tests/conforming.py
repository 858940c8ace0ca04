"""Implementations to hold against a table: right ones in a few lines, and the embedded service obeying wrong tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle import Lifecycle, Server
from lifecycle.conform.embedded import embedded
from lifecycle.conform.run import Run
from lifecycle.conform.tour import Limits
from lifecycle.deviate import deviated

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifecycle.conform.run import Report
    from lifecycle.conform.target import Request
    from lifecycle.deviate import Deviation

NOVA = Lifecycle.load("compute", reading="nova")


class Memory:
    """Servers in a dict; whatever is accepted is done before the answer is out."""

    callers = ("admin", "manager", "member", "reader")
    table = NOVA

    def __init__(self) -> None:
        self.servers: dict[str, dict[str, Any]] = {}

    def create(self, request: Request) -> str:
        del request
        server = f"s{len(self.servers)}"
        self.servers[server] = {"state": self.table.rules.usual_state}
        return server

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        machine = self.table.machine(Server(**self.servers[id]), request.caller)
        name = f"{request.action}:{request.variant}" if request.variant else request.action
        decision = machine.decide(name)
        if decision.allowed:
            machine.trigger(name)
            machine.settle()
            self.servers[id] = machine.told()
        return decision.code

    def show(self, id: str, caller: str) -> dict[str, Any] | None:  # noqa: A002
        del caller
        told = self.servers[id]
        return None if told.get("exists") is False or told.get("status") == "DELETED" else told


class Awaited(Memory):
    """The same, asked with await."""

    async def create(self, request: Request) -> str:  # type: ignore[override]
        return super().create(request)

    async def act(self, id: str, request: Request) -> int:  # type: ignore[override]  # noqa: A002
        return super().act(id, request)

    async def show(self, id: str, caller: str) -> dict[str, Any] | None:  # type: ignore[override]  # noqa: A002
        return super().show(id, caller)


class WithoutLocks(Memory):
    """Forgets that the server is locked."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        locked_by = self.servers[id].pop("locked_by", None)
        self.servers[id].pop("locked", None)
        code = super().act(id, request)
        if locked_by and request.action not in ("lock", "unlock"):
            self.servers[id]["locked_by"] = locked_by
        return code


class StopsPaused(Memory):
    """Stops a paused server, too."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        if request.action == "os-stop" and self._paused(self.servers[id]) and request.caller != "reader":
            self.servers[id] = {"state": "SHUTOFF"}
            return 202
        return super().act(id, request)

    def _paused(self, told: dict[str, Any]) -> bool:
        return bool(self.table.situation(Server(**told)).values["state"] == "PAUSED")


class NeverStops(Memory):
    """Takes os-stop and leaves the server running."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        told = dict(self.servers[id])
        code = super().act(id, request)
        if request.action == "os-stop":
            self.servers[id] = told
        return code


class RefusesStops(Memory):
    """Stops no server."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        return 409 if request.action == "os-stop" else super().act(id, request)


class Found(Exception):
    """The first fault is there: nothing more needs to be asked."""


def first(deviation: Deviation, requests: int) -> tuple[str | None, int]:
    """The kind of the first fault that shows a deviation, and how many requests it took."""
    run = Run(NOVA, "the embedded service", Limits(requests=requests))
    run.histories = 0

    def found(fault: Any, story: Any) -> None:
        del story
        raise Found(fault.kind)

    run.note = found  # type: ignore[method-assign]
    try:
        run.over(embedded(NOVA, {}, deviated(NOVA, [deviation])))
        kind = None
    except Found as error:
        kind = str(error)
    return kind, sum(tour.subject.requests for tour in run.tours)


def run(target: Callable[[], Any], table: Lifecycle = NOVA, *, histories: int = 0, **limits: Any) -> Report:
    """The report on what a function makes."""
    one = Run(table, "it", Limits(**limits), seed=1)
    one.histories = histories
    return one.over([target()])
