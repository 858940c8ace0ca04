"""The guard as a dependency of FastAPI: routes that have it answer what the table refuses before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException, Request, Response

from lifecycle.guard.judge import Judge, below
from lifecycle.guard.wire import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from lifecycle.api import Lifecycle
    from lifecycle.guard.judge import Caller, State, Verdict


class Refused(HTTPException):
    """A refusal of the table: `detail` is the document that it is answered with, `verdict` all that the table says."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.code, verdict.document, dict(verdict.headers))


def answer(_: Request, error: Refused) -> Response:
    """The answer to a refusal, with nothing around its document: `app.add_exception_handler(Refused, answer)`."""
    return Response(error.verdict.content, error.status_code, error.headers, "application/json")


def dependency(
    compute: Lifecycle,
    state: State,
    caller: Caller | None = None,
    *,
    prefixes: str | Iterable[str] | None = None,
    limit: int = LIMIT,
) -> Callable[[Request], Awaitable[Verdict | None]]:
    """What `Depends` takes: it is told as `Guard` is, raises Refused, and gives the verdict where the table allows it.

    It gives None to requests that the table does not know. FastAPI has read the body by then, as long as it may be, so
    that `limit` only refuses it; what it can hold is for the server to bound, or for `Guard`.
    """
    judge = Judge(compute, prefixes, limit)

    async def guard(request: Request) -> Verdict | None:
        found = judge.find(request.method, below(request.scope))
        if found is None:
            return None
        raw = await request.body() if found[0].reads else b""
        asked = judge.asked(*found, request.scope["headers"], raw)
        if asked is None:
            return None
        verdict = await judge.ask(asked, request.scope, state, caller)
        if verdict is not None and not verdict.allowed:
            raise Refused(verdict)
        return verdict

    return guard
