"""What is tested: an object with three methods, `create`, `act` and `show`; and requests and answers as they pass there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Sequence

METHODS = ("create", "act", "show")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: who asks for which action, at which microversion, with which whole document.

    `names` fills the address besides the server's id: `{"tag": "a"}`. A body of None is none.
    """

    action: str
    variant: str | None = None
    body: Any = None
    caller: str | None = None
    microversion: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        variant = f" {self.variant}" if self.variant else ""
        return f"{self.action}{variant} by {self.caller}" + (f" at {self.microversion}" if self.microversion else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the code, the document (None where there was none), the headers, and of a `create` the new id."""

    code: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str | None = None
    lost: bool = False
    bare: bool = False  # a code alone: nothing else is known of it

    @property
    def message(self) -> str | None:
        """The words of a refusal, where its document has some."""
        inner = next(iter(self.document.values()), None) if isinstance(self.document, Mapping) else None
        found = inner.get("message") if isinstance(inner, Mapping) else None
        return None if found is None else str(found)

    @property
    def request_id(self) -> str | None:
        """How the logs of the service call the request."""
        return next((value for name, value in self.headers.items() if name.lower().endswith("request-id")), None)


@lru_cache(1000)
def bare(code: int) -> Answer:
    """A code alone, as an answer."""
    return Answer(code, bare=True)


LOST = Answer(0, lost=True)
"""The connection broke: nobody knows whether the request was done."""

Told = Any
"""A server as it is shown: what `GET /servers/{id}` answers, or the keys of a case; None where there is none."""


class Target(Protocol):
    """An implementation, for `lifecycle conform module:name` and `conformance`. Each method may be a coroutine.

    It may have more: `wait(seconds)` lets time pass (else it really does), `remove(id)` cleans up, `callers` names those
    that it can tell apart (else all of the table's), `actions` those that it has (else all that there are at the newest
    microversion), `knows` is what is so of it for certain (facts of a case; of an option whether it is `positive`, `zero` …).
    """

    def create(self, request: Request) -> Answer | str | Awaitable[Answer | str]:
        """A new server, as the request asks for it; the id alone stands for an answer as the table says it."""

    def act(self, id: str, request: Request) -> Answer | int | Awaitable[Answer | int]:  # noqa: A002
        """What becomes of one request to a server; the code alone where no more is known."""

    def show(self, id: str, caller: str) -> Told | Awaitable[Told]:  # noqa: A002
        """The server as this caller is shown it now; None where it is not there."""


class Down(LifecycleError):
    """What is tested cannot be reached any more, or never could."""


class Subject:
    """A target as the harness meets it: never a coroutine, always an Answer, and counted."""

    def __init__(self, target: Any) -> None:
        """Raises LifecycleError where it lacks a method."""
        missing = [name for name in METHODS if not callable(getattr(target, name, None))]
        if missing:
            raise LifecycleError(f"what is tested needs the methods {', '.join(METHODS)}; it has no {', '.join(missing)}")
        self.target = target
        self.wire = bool(getattr(target, "wire", False))  # whether it takes all requests of the table, as they go over HTTP
        self.requests = 0
        self.seconds = 0.0
        self.made: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def close(self) -> None:
        """Lets go of what is tested, and of the loop, where one was needed."""
        close = getattr(self.target, "close", None)
        if close is not None:
            self._done(close())
        if self._loop is not None:
            self._loop.close()
            self._loop = None

    @property
    def callers(self) -> Sequence[str] | None:
        """The callers that it can tell apart; None for all."""
        return getattr(self.target, "callers", None)

    @property
    def knows(self) -> Mapping[str, Any]:
        """What is so of it for certain."""
        return getattr(self.target, "knows", {})

    @property
    def real_time(self) -> bool:
        """Whether time passes whatever is done."""
        return not hasattr(self.target, "wait") or bool(getattr(self.target, "real_time", False))

    def _done(self, found: Any) -> Any:
        if not hasattr(found, "__await__"):
            return found
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(_awaited(found))

    def _timed(self, call: Any, *given: Any) -> Any:
        self.requests += 1
        began = time.perf_counter()
        try:
            return self._done(call(*given))
        finally:
            self.seconds += time.perf_counter() - began

    def create(self, request: Request) -> Answer:
        """A new server; its id is in the answer where it was made."""
        found = self._timed(self.target.create, request)
        answer = found if isinstance(found, Answer) else Answer(0, id=str(found), bare=True)
        if answer.id is not None:
            self.made.append(answer.id)
        return answer

    def act(self, server: str, request: Request) -> Answer:
        """The answer to one request."""
        found = self._timed(self.target.act, server, request)
        return found if isinstance(found, Answer) else bare(int(found))

    def show(self, server: str, caller: str) -> Told:
        """The server as it is shown."""
        return self._timed(self.target.show, server, caller)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        wait = getattr(self.target, "wait", None)
        if wait is None:
            time.sleep(seconds)
        else:
            self._done(wait(seconds))

    def together(self, server: str, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests that are under way at the same time."""
        self.requests += len(requests)
        together = getattr(self.target, "together", None)
        if together is not None:
            return list(self._done(together(server, requests)))
        found = [self.target.act(server, request) for request in requests]
        if any(hasattr(one, "__await__") for one in found):
            found = self._done(_all(found))
        return [one if isinstance(one, Answer) else bare(int(one)) for one in found]

    def remove(self, server: str) -> bool:
        """Cleans up a server that was made; whether it is gone for all that is known."""
        remove = getattr(self.target, "remove", None)
        done = remove is None or bool(self._done(remove(server)))
        if done and server in self.made:
            self.made.remove(server)
        return done


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found


async def _all(found: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    return list(await asyncio.gather(*found))
