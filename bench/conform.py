"""Promise: to judge an answer of the embedded server adds at most 10 % to the time of the request itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.harness import Line, Row, measure
from bench.questions import MICROVERSION, RULES
from lifecycle import Lifecycle
from lifecycle.conform.embedded import Embedded
from lifecycle.conform.judge import Judge
from lifecycle.conform.session import Session
from lifecycle.conform.target import Request, Subject

if TYPE_CHECKING:
    from lifecycle.conform.judge import Asked

ROUNDS = 11
ACTIONS = ("os-start", "unpause", "resume", "unrescue")
CALLERS = ("admin", "member", "reader", "stranger")
ADDED = 1.1


def lines() -> list[Line]:
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
