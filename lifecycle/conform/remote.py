"""Any service of a table's API by its address, as a target: rides out what passes, and removes what it made."""

from __future__ import annotations

import contextlib
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import local
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lifecycle.conform.people import nobody
from lifecycle.conform.target import LOST, Answer, Down, Request
from lifecycle.conform.wire import answered, asked, content, headers
from lifecycle.engine.microversion import parse, text
from lifecycle.errors import LifecycleError, UnknownMicroversion, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle import Lifecycle
    from lifecycle.engine.microversion import Microversion

TIMEOUT = 60.0  # seconds that one answer may take
TRIES = 6
PASSING = (429, 503)
LONGEST = 10.0  # seconds between two tries
REFUSED, UNAUTHORIZED, NOT_FOUND = 400, 401, 404
GONE_IN = 30.0  # seconds in which what was deleted is gone


class Remote:
    """A service at an address; `tokens` by caller, the usual caller's among them."""

    real_time = True
    wire = True

    def __init__(
        self,
        lifecycle: Lifecycle,
        url: str,
        tokens: Mapping[str, str],
        knows: Mapping[str, Any] | None = None,
        *,
        sleep: Any = time.sleep,
    ) -> None:
        """`knows`: what is so of the cloud for certain. Raises LifecycleError for what is no address."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LifecycleError(f"{shown(url)} is no address of a service; it looks like http://127.0.0.1:8774/v2.1")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        self._host, self._secure, self._base = parts.netloc, parts.scheme == "https", parts.path.rstrip("/")
        self._lifecycle, self._rules, self._sleep = lifecycle, lifecycle.rules, sleep
        self._tokens = dict(tokens)
        self._kept = local()
        self._leaving: list[str] = []
        self._connections: list[HTTPConnection] = []
        self._pool: ThreadPoolExecutor | None = None
        anonymous = nobody(lifecycle.rules)
        self.callers = tuple(name for name in lifecycle.rules.callers if name in tokens or name == anonymous)
        self.knows = dict(knows or {})
        self.fields: dict[str, Any] = {}
        self.words: dict[str, str] = {}
        self.newest: Microversion | None = lifecycle.rules.newest

    # What is there

    def find(self, fields: Mapping[str, str | None]) -> None:
        """Looks whether a cloud is there and what it has; `fields` by request field: what it may use, None to be found.

        Raises Down where there is none, or the token is not taken.
        """
        answer = self.send("GET", "/", None, None, None)
        document = answer.document if isinstance(answer.document, dict) else {}
        version = document.get("version") if isinstance(document.get("version"), dict) else None
        if version is None and answer.code != UNAUTHORIZED:
            raise Down(f"{self.url} is no {self._rules.service} API: it answers {answer.code} where its version should be told")
        if version and self._rules.newest:
            with contextlib.suppress(UnknownMicroversion):
                self.newest = min(self._rules.newest, parse(version.get("version") or None))
        usual = self._rules.usual_caller
        for caller in (*self._tokens, usual):
            looked = self._look(caller, "/servers?limit=1")
            if looked.code == UNAUTHORIZED or (caller == usual and looked.code >= REFUSED):
                raise Down(f"{self.url} does not take the token of the {caller}: {looked.code} {looked.message or ''}".rstrip())
        self._find_all(fields)

    def _look(self, caller: str, path: str, version: str | None = None) -> Answer:
        return self.send("GET", path, None, caller, version)

    def _find_all(self, fields: Mapping[str, str | None]) -> None:
        """Finds what requests name: the first two of each kind that the cloud lists."""
        from lifecycle.serve.catalogue import Catalogue

        kinds = Catalogue.beside(self._lifecycle.table).kinds
        oldest = self._rules.oldest and text(self._rules.oldest)
        for field, (kind, many) in referred(self._rules, kinds).items():
            given = fields.get(field)
            listed = self._look(self._rules.usual_caller, f"/{many}", oldest)
            found = listed.document.get(many, []) if isinstance(listed.document, dict) else []
            ids = [str(one["id"]) for one in found if isinstance(one, dict) and "id" in one]
            if given is None and not ids:
                raise Down(f"{self.url} lists no {many}; name one with --{kind}")
            self.fields[field] = given or ids[0]
            self.words[kind.upper()] = next((one for one in ids if one != self.fields[field]), self.fields[field])
        self.fields |= {name: value for name, value in fields.items() if name not in self.fields and value is not None}

    # The three methods

    def create(self, request: Request) -> Answer:
        """Asks for a server."""
        return self._ask(None, request)

    def act(self, id: str | None, request: Request) -> Answer:  # noqa: A002
        """Asks for anything."""
        return self._ask(id, request)

    def show(self, id: str, caller: str) -> Any:  # noqa: A002
        """What is shown of a server at the newest microversion; None where there is none. Raises Down."""
        path = self._rules.data["action_path"].rpartition("/")[0].replace("{id}", id)
        answer = self.send("GET", path, None, caller, self.newest and text(self.newest))
        if answer.code == NOT_FOUND:
            return None
        return answer.document if answer.code < REFUSED else answer.document or {}

    def together(self, id: str, requests: Sequence[Request]) -> list[Answer]:  # noqa: A002
        """All at once, each over a connection of its own."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=4)
        return list(self._pool.map(lambda request: self._ask(id, request), requests))

    def wait(self, seconds: float) -> None:
        """Time passes by itself."""
        self._sleep(seconds)

    def remove(self, id: str) -> bool:  # noqa: A002
        """Brings a server that was made to its end, as the table says how; whether that could be asked for."""
        from lifecycle.conform.clean import removed

        if removed(self, self._lifecycle, id, self.callers, self._sleep):
            self._leaving.append(id)
            return True
        return False

    def close(self) -> None:
        """Waits until what was deleted is gone, and lets go of the connections."""
        end = time.monotonic() + GONE_IN
        with contextlib.suppress(LifecycleError):
            while self._leaving and time.monotonic() < end:
                if self.show(self._leaving[-1], self.callers[0]) is None:
                    self._leaving.pop()
                else:
                    self._sleep(0.05)
        if self._pool is not None:
            self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    # Over the wire

    def _ask(self, server: str | None, request: Request) -> Answer:
        method, path, body = asked(self._rules, request, server)
        return self.send(method, path, body, request.caller, request.microversion)

    def send(self, method: str, path: str, body: Any, caller: str | None, version: str | None) -> Answer:
        """One request and its answer; tried again where what stands in the way passes. Raises Down."""
        said = headers(self._rules, version, self._tokens.get(caller or ""))
        raw = content(body)
        if raw:
            said["Content-Type"] = "application/json"
        trouble: Exception | None = None
        answer = LOST
        for number in range(TRIES):
            try:
                answer = self._once(method, self._base + path, raw, said)
            except (OSError, HTTPException) as error:
                self._drop()
                trouble, answer = error, LOST
                if method != "GET" and not isinstance(error, ConnectionRefusedError) and self._alive():
                    return LOST
            else:
                if answer.code not in PASSING:
                    return answer
                trouble = None
                self._sleep(_pause(answer, number))
                continue
            self._sleep(min(LONGEST, 0.1 * 2**number))
        if trouble is None:
            return answer
        raise Down(f"{self.url} cannot be reached: {str(trouble) or type(trouble).__name__}")

    def _alive(self) -> bool:
        """Whether the service answers after a connection broke."""
        try:
            self._once("GET", self._base + "/", b"", {})
        except (OSError, HTTPException):
            self._drop()
            return False
        return True

    def _once(self, method: str, path: str, raw: bytes, said: Mapping[str, str]) -> Answer:
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = self._connect()
            self._connections.append(connection)
        connection.request(method, path or "/", raw or None, dict(said))
        response = connection.getresponse()
        whole = response.read()
        return answered(self._rules, response.status, dict(response.getheaders()), whole)

    def _connect(self) -> HTTPConnection:
        if self._secure:
            return HTTPSConnection(self._host, timeout=TIMEOUT, context=ssl.create_default_context())
        return HTTPConnection(self._host, timeout=TIMEOUT)

    def _drop(self) -> None:
        connection = getattr(self._kept, "connection", None)
        if connection is not None:
            connection.close()
            self._kept.connection = None


def _pause(answer: Answer, number: int) -> float:
    """How long to wait before the next try, as the answer says."""
    said = next((value for name, value in answer.headers.items() if name.lower() == "retry-after"), "")
    return min(LONGEST, float(said) if said.isdigit() else 0.1 * 2**number)


def referred(rules: Any, kinds: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The fields of requests that name something of the cloud: `{"flavorRef": ("flavor", "flavors")}`."""
    found: dict[str, tuple[str, str]] = {}
    for row in rules.actions.values():
        for edition in row["editions"]:
            for field, change in edition["rule"]["keeps"].items():
                source = next(iter(change.values()))
                if field in kinds and isinstance(source, str):
                    found[source] = field, kinds[field]["many"]
    return found
