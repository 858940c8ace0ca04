"""The service as an ASGI application: addresses of the table to what answers them."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from lifecycle import Lifecycle
from lifecycle.serve.catalogue import Catalogue
from lifecycle.serve.clock import Clock
from lifecycle.serve.cloud import Cloud
from lifecycle.serve.discovery import neighbour, neighbours_list, neighbours_one, version, versions
from lifecycle.serve.life import Life
from lifecycle.serve.store import MEMORY, Store, Unkept
from lifecycle.serve.wire import MAX_BODY, Ask, Unread, header, read_json, root

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from lifecycle.serve.control import Trouble
    from lifecycle.serve.wire import Answer

    Endpoint = Callable[[Request], Awaitable[Response]]
    Named = dict[str, dict[str, str]]
    """By path and method the action or read that is asked for; by no name at all those that a body's key tells apart."""

SECONDS = 0.05  # that a task takes
REQUEST_ID = "x-openstack-request-id"
KEYED = ""
CONTROL = "/control"
TROUBLE = "Unexpected API Error."
WRITTEN = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def app(
    lifecycle: Lifecycle | None = None,
    *,
    clock: Clock | None = None,
    db: str = MEMORY,
    seconds: float = SECONDS,
    options: Mapping[str, int] | None = None,
) -> Starlette:
    """The service of a table (default: compute, as a running Nova answers), to be called with no socket or to be served.

    `clock` says when work goes on (default: real time), `seconds` how long one task takes, `db` the file that keeps
    all of it, `options` the deployment's. Its `state.cloud` is what is behind it. Raises LifecycleError.
    """
    lifecycle = lifecycle or Lifecycle.load("compute", reading="nova")
    life = Life(lifecycle, seconds, options or {})
    store = Store(db)
    try:
        cloud = Cloud(lifecycle, store, clock or Clock(), life, Catalogue.beside(lifecycle.table, store))
    except BaseException:
        store.close()
        raise
    front = Front(cloud)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        cloud.store.close()

    made = Starlette(routes=front.routes(), lifespan=lifespan, exception_handlers={HTTPException: front.nowhere})
    made.router.redirect_slashes = False
    made.state.cloud = cloud
    return made


class Dropped(Response):
    """The beginning of an answer whose end never comes: the server breaks the connection off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises more than it sends."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": [(b"content-length", b"1")]})


class Front:
    """Reads requests and writes answers."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.wire = cloud.wire

    def routes(self) -> list[Route]:
        """An address of the table each; those without a parameter before those with one."""
        base = self.cloud.documents.base
        named = addresses(self.cloud)
        order = sorted(named, key=lambda path: [part.startswith("{") for part in path.split("/")])
        found = [Route(base + path, self._endpoint(named[path]), methods=[*named[path]]) for path in order]
        discovery = [("/", versions), (base, version), (f"{base}/", version)]
        told = [Route(path, self._told(document), methods=["GET"]) for path, document in discovery]
        ours = [Route(CONTROL + path, self.control, methods=["POST"]) for path in ("/clock", "/answers", "/things/{name}")]
        ours.append(Route(f"{CONTROL}/deviations", self.control, methods=["GET", "PUT", "DELETE"]))
        return [*told, *found, *self._neighbours(), *ours]

    def _neighbours(self) -> Iterator[Route]:
        """What clients look at besides, of other services."""
        for said in self.cloud.documents.catalogue.neighbours.values():
            for path in (said["path"], said["path"] + "/"):
                yield Route(path, self._told(partial(neighbour, said)), methods=["GET"])
            if "lists" in said:
                many = self.cloud.documents.catalogue.kinds[said["lists"]]["many"]
                yield Route(f"{said['path']}/{many}", self._told(partial(neighbours_list, said)), methods=["GET"])
                yield Route(f"{said['path']}/{many}/{{name}}", self._told(partial(neighbours_one, said)), methods=["GET"])

    def _told(self, document: Callable[[Cloud, Request], Answer]) -> Endpoint:
        """What is told to everyone, with or without a token."""

        async def endpoint(request: Request) -> Response:
            return self._written(document(self.cloud, request), None)

        return endpoint

    def _endpoint(self, methods: Mapping[str, str]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            name = methods.get(request.method, methods.get("GET", KEYED))  # HEAD is a GET whose answer is not looked at
            ask = Ask(root(request), request.scope["path"], request.headers.get("x-auth-token"), dict(request.query_params))
            ask.names = {key: str(value) for key, value in request.path_params.items()}
            trouble = self.cloud.troubles.pop(0) if self.cloud.troubles else None
            raw = await _body(request)
            if trouble is not None:
                await asyncio.sleep(trouble.delay)
            instead = self._instead(trouble)
            if trouble is not None and instead is not None and not trouble.done:
                return instead
            try:
                answer = self._answer(name, ask, request, raw)
            except Unread as unread:
                answer = unread.answer
            except Unkept as error:
                answer = self.wire.error(UNAVAILABLE, str(error), {})
            return instead or self._written(answer, ask.version, ask.request)

        return endpoint

    def _instead(self, trouble: Trouble | None) -> Response | None:
        """What comes in place of an answer; None where the answer does."""
        if trouble is not None and trouble.drop:
            return Dropped()
        return self._written(self.wire.error(trouble.code, TROUBLE, {}), None) if trouble is not None and trouble.code else None

    async def control(self, request: Request) -> Response:
        """What an admin does to the service itself."""
        from lifecycle.serve.control import control  # pydantic, which no start waits for

        raw = await _body(request)
        try:
            body = read_json(raw or b"")
        except ValueError:
            return self._written(self.wire.refused("malformed_body"), None)
        about = request.scope["path"].removeprefix(CONTROL).split("/")[1]
        path = (request.method, about, request.path_params.get("name", ""))
        return self._written(control(self.cloud, path, request.headers.get("x-auth-token"), body), None)

    def _answer(self, name: str, ask: Ask, request: Request, raw: bytes | None) -> Answer:
        """Raises Unread."""
        if self.cloud.people.read(ask.token) is None:
            return self.cloud.ask(name or next(iter(self.cloud.rules.actions)), ask)
        ask.version = self.wire.version(request.headers)
        if raw is None:
            raise Unread(self.wire.refused("too_large"))
        try:
            ask.body = read_json(raw)
        except ValueError:
            raise Unread(self.wire.refused("malformed_body")) from None
        return self.cloud.ask(name or self._keyed(ask.body), ask)

    def _keyed(self, body: Any) -> str:
        """The action that a body's key names. Raises Unread where there is none."""
        if not isinstance(body, dict) or len(body) != 1:
            raise Unread(self.wire.refused("malformed_body"))
        key = next(iter(body))
        action = self.cloud.rules.actions.get(key)
        if action is None or action["body"] != key:
            raise Unread(self.wire.refused("unknown_action", action=key))
        return str(key)

    def _written(self, answer: Answer, version_: str | None, request: str | None = None) -> Response:
        own = {name: header(value) for name, value in answer.headers.items()}
        headers = {**own, **self.wire.says(version_), REQUEST_ID: request or f"req-{uuid4()}"}
        if answer.document is None:
            return Response(status_code=answer.code, headers=headers)
        return Response(WRITTEN(answer.document).encode(), answer.code, headers, "application/json")

    async def nowhere(self, request: Request, error: Exception) -> Response:
        """The answer to what has no address, or not by this method."""
        del request
        wrong = isinstance(error, HTTPException) and error.status_code == METHOD
        return self._written(self.wire.refused("wrong_method" if wrong else "unknown_address"), None)


METHOD = 405
LEFT = 400  # which nobody reads
UNAVAILABLE = 503


def addresses(cloud: Cloud) -> Named:
    """Every address of the table: its methods, and what each of them asks for."""
    rules = cloud.rules
    found: Named = {rules.data["action_path"]: {"POST": KEYED}}
    for name, row in (*rules.actions.items(), *rules.reads.items()):
        if row["address"]:
            method, _, path = row["address"].partition(" ")
            found.setdefault(path, {})[method] = name
    return found


async def _body(request: Request) -> bytes | None:
    """The body of a request; None where it is larger than any. Raises HTTPException where whoever asked has left."""
    held = bytearray()
    try:
        async for part in request.stream():
            held += part
            if len(held) > MAX_BODY:
                return None
    except ClientDisconnect:
        raise HTTPException(LEFT) from None  # of a request that came in part nothing is done
    return bytes(held)
