"""Promises: to judge an answer adds at most 10 % to the request's own time; 0.9 of the steps that hypothesis alone draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from bench.harness import Line, Row, measure
from bench.questions import MICROVERSION, RULES
from lifecycle import Lifecycle, Server
from lifecycle.conform.embedded import Embedded
from lifecycle.conform.judge import Judge
from lifecycle.conform.run import Run
from lifecycle.conform.session import Session
from lifecycle.conform.target import Request, Subject
from lifecycle.conform.testing import Walk, drawing
from lifecycle.engine.situation import sign

if TYPE_CHECKING:
    from typing import Any

    from lifecycle.conform.judge import Asked
    from lifecycle.conform.testing import History

ROUNDS, FEWER_ROUNDS = 11, 7
ACTIONS = ("os-start", "unpause", "resume", "unrescue")
CALLERS = ("admin", "member", "reader", "stranger")
ADDED = 1.1
EXAMPLES, SEED = 100, 1
STEPS = 0.9


class Memory:
    """Servers in a dict; whatever is accepted is done before the answer is out."""

    callers = CALLERS
    table = Lifecycle(RULES, "nova")
    knows: ClassVar = {"driver": True, "host_up": True, **{name: sign(value) for name, value in RULES.options.items()}}

    def __init__(self) -> None:
        self.servers: dict[str, dict[str, Any]] = {}

    def create(self, request: Request) -> str:
        """A new one."""
        del request
        server = f"s{len(self.servers)}"
        self.servers[server] = {"state": self.table.rules.usual_state}
        return server

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        """The code, and what is accepted is done."""
        server = Server(**self.servers[id])
        decision = self.table.bind(request.caller).decide(request.action, server, request.variant)
        if decision.allowed:
            machine = self.table.machine(server, request.caller)
            machine.trigger(f"{request.action}:{request.variant}" if request.variant else request.action)
            machine.settle()
            self.servers[id] = machine.told()
        return decision.code

    def show(self, id: str, caller: str) -> dict[str, Any] | None:  # noqa: A002
        """The keys of a case."""
        del caller
        told = self.servers[id]
        return None if told.get("exists") is False or told.get("status") == "DELETED" else told


def lines() -> list[Line]:
    """The same requests, judged and not; the same histories, walked and not."""
    return [*requests(), *histories()]


def histories() -> list[Line]:
    """The histories of `conformance()`, and the same strategy with an empty body."""
    tour = Run(Memory.table, "a memory").tour(Memory())
    steps: list[int] = []

    walk = Walk(tour)

    def walked(history: History) -> None:
        if walk.fault(Session(tour.judge, tour.subject, tour.observer), history) is not None:
            raise SystemExit("what is right was found wrong")

    drawing(tour, lambda history: steps.append(len(history)), EXAMPLES, SEED)()
    rows = [
        Row("an empty body", drawing(tour, lambda _: None, EXAMPLES, SEED), times=sum(steps)),
        Row("walked", drawing(tour, walked, EXAMPLES, SEED), times=sum(steps)),
    ]
    times = measure(rows, FEWER_ROUNDS)
    per_second = {name: f"{1e9 / times.of(name):,.0f}/s" for name in ("an empty body", "walked")}
    return [
        Line("steps of hypothesis' histories, an empty body", per_second["an empty body"]),
        Line(
            "the same, held against the table",
            per_second["walked"],
            "an empty body",
            1 / times.ratio("walked", "an empty body"),
            STEPS,
            at_least=True,
        ),
    ]


def requests() -> list[Line]:
    """The same requests, judged and not."""
    nova = Lifecycle(RULES, "nova")
    target = Embedded(nova)
    judge = Judge(nova, target.knows)
    session = Session(judge, Subject(target), CALLERS[0])
    _made(session, target, judge)
    asked = [_asked(judge, name, caller) for name in ACTIONS for caller in CALLERS]

    def judged() -> list[str | None]:
        faults = [session.ask(one) for one in asked]
        session.story.clear()
        session.unseen.clear()
        return [None if fault is None else fault.kind for fault in faults]

    def alone() -> list[int]:
        return [target.act(str(session.id), one.request).code for one in asked]

    rows = [
        Row("the request alone", alone, alone(), len(asked)),
        Row("judged", judged, [None] * len(asked), len(asked)),
    ]
    times = measure(rows, ROUNDS)
    target.close()
    plain = times.of("the request alone")
    return [
        Line("a refused request to the embedded server", plain),
        Line("the same, judged", times.of("judged"), "the request", times.ratio("judged", "the request alone"), ADDED),
    ]


def _asked(judge: Judge, name: str, caller: str) -> Asked:
    return judge.asked(Request(name, body={name: None}, caller=caller, microversion=MICROVERSION))


def _made(session: Session, target: Embedded, judge: Judge) -> None:
    new = {"server": {"name": "a", "flavorRef": "1", "imageRef": target.fields["imageRef"], "networks": "auto"}}
    fault = session.create(judge.asked(Request("create", body=new, caller="member", microversion=MICROVERSION)))
    if fault or session.settle():
        raise SystemExit("no server could be made")
