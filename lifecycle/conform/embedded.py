"""The reference service in this process, as a target: no socket, and time passes when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.conform.people import tokens
from lifecycle.conform.wire import answered, asked, content, headers
from lifecycle.engine.microversion import text
from lifecycle.engine.situation import sign

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping, Sequence

    from lifecycle import Lifecycle
    from lifecycle.conform.target import Answer, Request

TASK = 0.05  # seconds that a task takes by its clock


class Embedded:
    """A reference service that obeys a table; `wrong` is the table that it obeys instead of the one it is held against."""

    wire = True

    def __init__(self, lifecycle: Lifecycle, wrong: Lifecycle | None = None, options: Mapping[str, int] | None = None) -> None:
        """Raises LifecycleError where the table cannot be served."""
        from lifecycle.serve import Clock, app  # starlette, which no other target needs
        from lifecycle.serve.catalogue import Catalogue

        self._rules = lifecycle.rules
        self._clock = Clock(0)
        self._app = app(lifecycle, clock=self._clock, seconds=TASK, options=options)
        if wrong is not None:
            self._app.state.cloud.obey(wrong)
        self._base = self._app.state.cloud.documents.base
        self._tokens = tokens(lifecycle.rules, "owner")
        self.callers = tuple(lifecycle.rules.callers)
        told = {**lifecycle.rules.options, **(options or {})}
        self.knows = {**{name: sign(value) for name, value in told.items()}, "driver": True, "host_up": True}
        self.task = TASK
        self.fields = fields(lifecycle)
        self.words = {
            name.upper(): str(said["things"][-1]["id"]) for name, said in Catalogue.beside(lifecycle.table).kinds.items()
        }
        self.words |= {"HOST": "host2", "ZONE": "nova"}

    def close(self) -> None:
        """Lets go of what it keeps."""
        self._app.state.cloud.store.close()

    def create(self, request: Request) -> Answer:
        """Asks for a server."""
        return self._ask(None, request)

    def act(self, id: str | None, request: Request) -> Answer:  # noqa: A002
        """Asks for anything."""
        return self._ask(id, request)

    def show(self, id: str, caller: str) -> Any:  # noqa: A002
        """What it shows of a server at the newest microversion."""
        newest = self._rules.newest
        answer = self._send("GET", _shown(self._rules).replace("{id}", id), None, caller, newest and text(newest))
        return None if answer.code >= 400 else answer.document  # noqa: PLR2004

    def wait(self, seconds: float) -> None:
        """Its clock goes ahead."""
        self._clock.advance(seconds)

    def together(self, id: str, requests: Sequence[Request]) -> list[Answer]:  # noqa: A002
        """All at once: it answers one before it reads the next."""
        return [self._ask(id, request) for request in requests]

    def _ask(self, server: str | None, request: Request) -> Answer:
        method, path, body = asked(self._rules, request, server)
        return self._send(method, path, body, str(request.caller), request.microversion)

    def _send(self, method: str, path: str, body: Any, caller: str, version: str | None) -> Answer:
        raw = content(body)
        path, _, query = path.partition("?")
        said = headers(self._rules, version, self._tokens.get(caller))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": self._base + path,
            "raw_path": (self._base + path).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in said.items()],
            "server": ("cloud", 80),
            "client": None,
            "extensions": {},
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        _drive(self._app(scope, receive, send))
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return answered(
            self._rules, sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, whole
        )


def embedded(lifecycle: Lifecycle, options: Mapping[str, int], wrong: Lifecycle | None = None) -> Iterator[Embedded]:
    """The service as it is deployed; and, so that every state can be reached, with the options that hold servers there."""
    yield Embedded(lifecycle, wrong, options)
    held = {name: value for name, value in holding(lifecycle).items() if name not in options}
    if held:
        yield Embedded(lifecycle, wrong, {**options, **held})


FAR = 10**9  # seconds: longer than any run


def holding(lifecycle: Lifecycle) -> dict[str, int]:
    """Options under which work ends in other states than by default, and no event comes soon."""
    rules = lifecycle.rules
    asked = {
        name: signs
        for action in rules.actions.values()
        for edition in action["editions"]
        for row in edition["rule"]["outcomes"]
        for name, signs in row["when"].items()
        if name in rules.options
    }
    return {name: FAR if sign(rules.options[name]) != "positive" else 0 for name in asked}


def _drive(call: Coroutine[Any, Any, None]) -> None:
    """Runs the service to its answer: nothing in it waits, so that it needs no loop."""
    try:
        call.send(None)
    except StopIteration:
        return
    raise RuntimeError("the service waits for something")


def _shown(rules: Any) -> str:
    """The path at which a server is shown."""
    path: str = rules.data["action_path"].rpartition("/")[0]
    return path


def fields(lifecycle: Lifecycle) -> dict[str, str]:
    """What of a request names something of the cloud, each with what is there: `{"imageRef": …, "flavorRef": …}`."""
    from lifecycle.serve.catalogue import Catalogue

    kinds = Catalogue.beside(lifecycle.table).kinds
    found: dict[str, str] = {}
    for row in lifecycle.rules.actions.values():
        for edition in row["editions"]:
            for field, change in edition["rule"]["keeps"].items():
                source = next(iter(change.values()))
                if field in kinds and isinstance(source, str):
                    found[source] = str(kinds[field]["things"][0]["id"])
    return found
