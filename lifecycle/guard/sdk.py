"""The guard in front of an openstacksdk connection: what the service would refuse is refused before it is sent."""

from __future__ import annotations

from functools import cache
from json import dumps
from sys import maxsize
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openstack import exceptions
from requests import Response

from lifecycle.api import Lifecycle, Server
from lifecycle.engine.microversion import HEADER
from lifecycle.errors import LifecycleError
from lifecycle.guard.judge import THING, Judge, as_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from openstack.connection import Connection

    from lifecycle.engine.rules import Rules
    from lifecycle.guard.judge import Verdict
    from lifecycle.guard.routes import Route

    Sends = Callable[..., Response]

FOUND, NOT_FOUND = 200, 404


class Refused(exceptions.HttpException):
    """A refusal of the table; each is also what the SDK itself raises for the status. `verdict` is all that the table says."""

    verdict: Verdict


def guard(connection: Connection, compute: Lifecycle | None = None, *, caller: str | None = None) -> Connection:
    """The connection itself, whose requests of the table are checked from now on, before they are sent.

    What the table refuses raises Refused, which is a ConflictException, NotFoundException … as well. Each check asks
    for the server first, which is one more request; where that fails the request itself is sent, for the service to
    answer. Without a `caller` the roles of the token tell who asks, and where they do not it is the usual one.

    `compute` is the table, by default the compute table as a running Nova answers. Requests at a microversion that it
    does not have are sent unchecked. Raises UnknownCaller.
    """
    lifecycle = compute or Lifecycle.load("compute", reading="nova")
    lifecycle.rules.caller(caller)
    proxy = getattr(connection, lifecycle.rules.service_type.replace("-", "_"))
    send = getattr(proxy.request, "unguarded", proxy.request)
    proxy.request = _Guarded(lifecycle, connection, proxy, send, caller)
    return connection


class _Guarded:
    """In the place of an adapter's `request`."""

    def __init__(self, lifecycle: Lifecycle, connection: Connection, proxy: Any, unguarded: Sends, caller: str | None) -> None:
        self.unguarded = unguarded
        self._judge = Judge(lifecycle, limit=maxsize)  # a large body is for the service to refuse
        self._connection = connection
        self._proxy = proxy
        self._caller = caller

    def __call__(self, url: str, method: str, *args: Any, **kwargs: Any) -> Response:
        found = self._judge.find(method, "/" + urlsplit(url).path.lstrip("/"))
        if found is not None:
            self._check(found, url, kwargs)
        return self.unguarded(url, method, *args, **kwargs)

    def _check(self, found: tuple[Route, dict[str, str]], url: str, kwargs: Mapping[str, Any]) -> None:
        raw = _body(kwargs)
        asked = None if raw is None else self._judge.asked(*found, self._headers(kwargs), raw)
        if asked is None or asked.wrong is not None:
            return
        server = self._server(found[0], url) if asked.id is not None else Server()
        if server is None:
            return
        verdict = self._judge.verdict(asked, self._caller or self._of_token(), server)
        if verdict is not None and not verdict.allowed:
            raise _error(verdict)

    def _server(self, route: Route, url: str) -> Server | None:
        """The server that a request is for, as the service shows it now; None where it does not, or not as the table knows it."""
        response = self.unguarded(_address(route, url), "GET", microversion="latest", skip_cache=True)
        if response.status_code not in (FOUND, NOT_FOUND):
            return None
        lifecycle = self._judge.lifecycle
        try:
            server = as_server(lifecycle, response.json() if response.status_code == FOUND else None)
            lifecycle.situation(server)
        except (LifecycleError, ValueError):
            return None
        return server

    def _headers(self, kwargs: Mapping[str, Any]) -> Iterable[tuple[bytes, bytes]]:
        """The headers as they will be sent, as far as they tell a microversion."""
        asked = kwargs.get("microversion") or self._proxy.default_microversion
        if asked and not isinstance(asked, str):
            asked = ".".join(map(str, asked))
        said = {HEADER: f"{self._judge.lifecycle.rules.service_type} {asked}"} if asked else {}
        told = {name.lower(): value for name, value in {**said, **(kwargs.get("headers") or {})}.items() if value}
        return [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in told.items()]

    def _of_token(self) -> str | None:
        """Who asks, as the roles of the token tell it."""
        session = self._connection.session
        access = getattr(session.auth, "get_access", None)
        roles = access(session).role_names if access else None
        return called(self._judge.lifecycle.rules, roles or ())


def called(rules: Rules, roles: Iterable[str]) -> str | None:
    """The caller with these roles, the one who may the most; a table names first the role that makes a caller."""
    tokens = (rules.data["policies"] or {"tokens": {}})["tokens"]
    carried = {role.lower() for role in roles}
    firsts = {caller: [token["roles"]] if isinstance(token["roles"], str) else token["roles"] for caller, token in tokens.items()}
    return next((caller for caller in rules.callers if {*firsts.get(caller, ())[:1]} & carried), None)


def _body(kwargs: Mapping[str, Any]) -> bytes | None:
    """The body as it will be sent; None where only sending it would tell."""
    if kwargs.get("json") is not None:
        return dumps(kwargs["json"]).encode()
    data = kwargs.get("data")
    if isinstance(data, str):
        return data.encode()
    return data if isinstance(data, bytes) else b"" if data is None else None


def _address(route: Route, url: str) -> str:
    """Where the server itself is: a request's own address up to the server's id."""
    after = route.path.partition(f"{{{THING}}}")[2].count("/")
    address = url.partition("?")[0]
    return address.rsplit("/", after)[0] if after else address


def _error(verdict: Verdict) -> Refused:
    """The refusal as an error that is also the one that the SDK raises for such an answer."""
    response = Response()
    response.status_code = verdict.code
    response._content = verdict.content  # noqa: SLF001 - there is no other way to make one
    response.headers.update({"Content-Type": "application/json", **dict(verdict.headers)})
    error = _class(verdict.code)(verdict.reason, response=response, details=verdict.message)
    error.verdict = verdict
    return error


@cache
def _class(code: int) -> type[Refused]:
    """Both in one, so that whoever handles either handles it."""
    response = Response()
    response.status_code = code
    try:
        exceptions.raise_from_response(response)
    except exceptions.HttpException as error:
        own = type(error)
        if own is not exceptions.HttpException:
            return type(f"Refused{own.__name__}", (Refused, own), {"__doc__": Refused.__doc__})
    return Refused
