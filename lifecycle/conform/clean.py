"""Removes a server that was made for a test: the table knows the way to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle import Server
from lifecycle.conform.target import Request
from lifecycle.engine.microversion import text
from lifecycle.errors import LifecycleError
from lifecycle.explore.plan import NoPlan, all_losses
from lifecycle.guard.judge import as_server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lifecycle import Lifecycle

ROUNDS = 40
PAUSE = 0.1
REFUSED = 400


def removed(target: Any, lifecycle: Lifecycle, server: str, callers: Sequence[str], sleep: Callable[[float], None]) -> bool:
    """Asks for what brings a server to its end, as whoever may the most; whether that was accepted. Raises Down."""
    rules = lifecycle.rules
    end = next((name for name, state in rules.states.items() if state["end"]), None)
    if end is None:
        return True
    for _ in range(ROUNDS):
        document = target.show(server, callers[0])
        if document is None:
            return True
        last = _next(target, lifecycle, server, document, callers, end)
        if last:
            return True
        sleep(PAUSE)
    return False


def _next(target: Any, lifecycle: Lifecycle, server: str, document: Any, callers: Sequence[str], end: str) -> bool:
    """Asks for the next step to the end; whether it was the last and was accepted."""
    for caller in callers:
        if lifecycle.rules.callers[caller].fails:
            continue
        try:
            here = as_server(lifecycle, document)
        except LifecycleError:
            here = Server()
        try:
            plan = lifecycle.plan(here, end, caller, None, all_losses(lifecycle.rules))
        except NoPlan:
            continue
        if not plan.requests:
            return True
        decision, newest = plan.requests[0], getattr(target, "newest", lifecycle.rules.newest)
        body = decision.ruling.wire[2]
        request = Request(decision.action, decision.variant, body, caller, newest and text(newest))
        return len(plan.requests) == 1 and target.act(server, request).code < REFUSED
    return False
