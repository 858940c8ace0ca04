"""The least of an ASGI server: one request, sent in parts, and what was answered."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEFT = {"type": "http.disconnect"}


@dataclass
class Answer:
    """What an application answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        return self.headers.get("x-lifecycle-reason", "")


class Echo:
    """An application that reads its request to the end, remembers it, and answers with a status."""

    def __init__(self, status: int = 202) -> None:
        self.status = status
        self.scopes: list[Any] = []
        self.bodies: list[bytes] = []
        self.last: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        self.last = receive
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": body})


def scope(method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
    rest = {"query_string": b"", "root_path": "", "scheme": "http", "server": ("testserver", 80), "http_version": "1.1"}
    return {"type": "http", "method": method, "path": path, "headers": raw, **rest, **more}


def messages(parts: Sequence[bytes]) -> list[dict[str, Any]]:
    last = len(parts) - 1
    return [{"type": "http.request", "body": part, "more_body": number < last} for number, part in enumerate(parts)]


async def asked(app: Any, scope: Any, sent: Iterable[Mapping[str, Any]]) -> Answer:
    """What an application answers; when all was sent, whoever asked has left."""
    waiting, answer = iter(sent), Answer()

    async def receive() -> Mapping[str, Any]:
        await asyncio.sleep(0)
        return next(waiting, LEFT)

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def ask(app: Any, method: str, path: str, body: object = b"", headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """The same for whoever does not wait; a body is bytes, parts of them, or what is written as JSON."""
    parts = (
        [body] if isinstance(body, bytes) else body if isinstance(body, list) and body and isinstance(body[0], bytes) else None
    )
    if parts is None:
        parts = [json.dumps(body).encode()]
    return asyncio.run(asked(app, scope(method, path, headers, **more), messages(parts)))
