"""Promise: the guard adds at most 25 us to an allowed request with a small body, the server's state at hand.

It is shown and no limit of a run: a time depends on the machine.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.harness import Line, Row, measure
from bench.questions import MICROVERSION, RULES
from lifecycle import Lifecycle, Server
from lifecycle.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, TIMES = 15, 200
PROMISED = 25_000.0  # ns
IMAGE = "70a599e0-31e7-49b7-b260-868f441e862b"
HEADERS = [
    (b"host", b"cloud.example:8774"),
    (b"user-agent", b"openstacksdk"),
    (b"accept", b"*/*"),
    (b"content-type", b"application/json"),
    (b"x-auth-token", b"gAAAA"),
    (b"openstack-api-version", f"compute {MICROVERSION}".encode()),
]
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "os-stop": ("POST", f"/v2.1/servers/{IMAGE}/action", {"os-stop": None}),
    "reboot, a variant": ("POST", f"/v2.1/servers/{IMAGE}/action", {"reboot": {"type": "HARD"}}),
    "rebuild, three fields": (
        "POST",
        f"/v2.1/servers/{IMAGE}/action",
        {"rebuild": {"imageRef": IMAGE, "name": "web-1", "metadata": {"a": "b"}}},
    ),
    "DELETE, no body": ("DELETE", f"/v2.1/servers/{IMAGE}", None),
    "GET, no request of the table": ("GET", f"/v2.1/servers/{IMAGE}", None),
}


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """The least that reads its body and answers."""
    await receive()
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def lines() -> list[Line]:
    """For each request the application alone, and what the guard adds to it, the answers compared first."""
    server = Server(status="ACTIVE")
    guard = Guard(app, Lifecycle(RULES), lambda *_: server)
    rows = []
    for name, request in REQUESTS.items():
        rows += [_row(name, app, request), _row(f"guarded: {name}", guard, request)]
    times = measure(rows, ROUNDS)
    found = [Line("an ASGI application that does nothing", times.of(rows[0].name))]
    for name in REQUESTS:
        added = times.of(f"guarded: {name}", name)
        found.append(Line(f"Guard adds to {name}", added, "25.0 us", added / PROMISED))
    return found


def _row(name: str, asked: Callable[..., Any], request: tuple[str, str, Any]) -> Row:
    method, path, body = request
    raw = b"" if body is None else json.dumps(body).encode()
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "query_string": b"", "headers": HEADERS}
    return Row(name, lambda: [_status(partial(asked, scope), raw) for _ in range(TIMES)], [202] * TIMES, TIMES)


def _status(ask: Callable[..., Any], raw: bytes) -> int:
    """Runs an application that never has to wait to its end, with no loop that would be measured as well."""
    statuses = []

    async def receive() -> Any:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    try:
        ask(receive, send).send(None)
    except StopIteration:
        return int(statuses[0])
    raise SystemExit("it waits")
