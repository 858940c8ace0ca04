"""The guard in front of an ASGI application: a request that the table refuses is answered before it gets there."""

from __future__ import annotations

from lifecycle.guard.judge import Judge, below
from lifecycle.guard.wire import LIMIT

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from typing import Any

    from lifecycle.api import Lifecycle
    from lifecycle.guard.judge import Caller, Scope, State, Verdict
    from lifecycle.guard.routes import Route

    Found = tuple[Route, dict[str, str]]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]
    Read = tuple[bytes | None, bool, Receive]
    Shadow = Callable[[Verdict, int | None], object]


class Guard:
    """An ASGI application in front of another one.

    Only requests of the table are looked at; all others go through as they come, unread. Of what it is told it keeps
    nothing, so that one guard serves any number of requests at once.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        app: App,
        compute: Lifecycle,
        state: State,
        caller: Caller | None = None,
        *,
        prefixes: str | Iterable[str] | None = None,
        shadow: Shadow | None = None,
        limit: int = LIMIT,
    ) -> None:
        """`app` is what it stands in front of, `compute` the table that it goes by.

        `state(id, scope)` tells the server of a request: a Server, the keys of a case or the document of its GET, and
        None where there is no such server. `caller(scope)` tells who asks, as the table calls them; left out it is the
        usual one. Both may be coroutines; what they raise goes to whoever called, as from the application.

        `prefixes`: below which paths the table's addresses lie, as in `/v2.1/{project}`; below any where none is told.
        `shadow(verdict, status)`: nothing is refused, and this is called with what the table says and with the status
        that the application answered, None where it raised. `limit`: the bytes that a body may have.
        """
        self.app = app
        self._judge = Judge(compute, prefixes, limit)
        self._state = state
        self._caller = caller
        self._shadow = shadow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or whatever else the server has to say."""
        found = self._judge.find(scope["method"], below(scope)) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
        else:
            await self._guarded(found, scope, receive, send)

    async def _guarded(self, found: Found, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes | None = b""
        if found[0].reads:
            message = await receive()
            raw, whole, receive = _read(message, receive) or await _rest(message, receive, self._judge.limit)
            if not whole:
                await self.app(scope, receive, send)  # who asked has left
                return
        asked = self._judge.asked(*found, scope["headers"], raw)
        verdict = await self._judge.ask(asked, scope, self._state, self._caller) if asked else None
        shadow = self._shadow
        if verdict is None or (verdict.allowed and shadow is None):
            await self.app(scope, receive, send)
        elif shadow is not None:
            await _watched(self.app, scope, receive, send, lambda status: shadow(verdict, status))
        else:
            await _refuse(verdict, send)


def _read(message: Message, receive: Receive) -> Read | None:
    """A body that came at once, and what gives the application the same again."""
    if message["type"] != "http.request" or message.get("more_body"):
        return None
    return message.get("body", b""), True, _again([message], receive)


async def _rest(message: Message, receive: Receive, limit: int) -> Read:
    """A body that comes in parts, None where it is too long; whether it came to its end; and what gives the same again."""
    read = bytearray()
    while message["type"] == "http.request":
        read += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(read), True, _again([_part(read, more=False)], receive)
        if len(read) > limit:
            return None, True, _again([_part(read, more=True)], receive)
        message = await receive()
    return None, False, _again([_part(read, more=True), message], receive)


def _part(read: bytearray, *, more: bool) -> Message:
    return {"type": "http.request", "body": bytes(read), "more_body": more}


def _again(messages: list[Message], receive: Receive) -> Receive:
    """What was received already, and then the rest."""

    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again


async def _watched(app: App, scope: Scope, receive: Receive, send: Send, tell: Callable[[int | None], object]) -> None:
    """Lets the application answer, and tells with which status it did."""
    status: int | None = None

    async def send_on(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await app(scope, receive, send_on)
    finally:
        told: Any = tell(status)
        if hasattr(told, "__await__"):
            await told


async def _refuse(verdict: Verdict, send: Send) -> None:
    content = verdict.content
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), *verdict.headers]
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": verdict.code, "headers": raw})
    await send({"type": "http.response.body", "body": content})
