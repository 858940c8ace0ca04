"""A client of a service that has no socket: each request is one call of the application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from lifecycle.serve import Clock

IMAGE, OTHER_IMAGE = "155d900f-4e14-4e4c-a73d-069cbf4541e6", "70a599e0-31e7-49b7-b260-868f441e862b"
VOLUME, OTHER_VOLUME = "a07f71dc-8151-4e7d-a0cc-cd24a3f11113", "227cc671-f30b-4488-96fd-7d0bf13648d8"
NETWORK = "3cb9bc59-5699-4588-a4b1-b87f96708bc6"
TOKENS = {
    "member": "alice:demo",
    "reader": "bob:demo:reader",
    "manager": "carol:demo:manager,member,reader",
    "admin": "admin:demo",
    "service": "nova:service:service",
    "stranger": "eve:other",
}
NEW = {"name": "web", "flavorRef": "1", "imageRef": IMAGE}
TASK = 0.0501  # by the clock of the service: one task has ended
LONG = 600.0  # by the clock of the service: all work has ended
WORDS = {"FLAVOR": "2", "IMAGE": IMAGE}


def filled(example: Any) -> Any:
    """An example of the table with what has to be there in place of its words."""
    if isinstance(example, dict):
        return {name: filled(part) for name, part in example.items()}
    return WORDS.get(example, example) if isinstance(example, str) else example


class Client:
    """Asks as one of several callers, at one microversion unless told."""

    def __init__(self, app: Starlette, clock: Clock, newest: str = "2.104") -> None:
        self.app = app
        self.clock = clock
        self.newest = newest
        self._transport = httpx.ASGITransport(app)

    def ask(
        self,
        method: str,
        path: str,
        body: object = ...,
        caller: str = "member",
        version: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """`more`: `headers`, and `content` in place of a body."""
        said = {"OpenStack-API-Version": f"compute {version or self.newest}"}
        if caller in TOKENS:
            said["X-Auth-Token"] = TOKENS[caller]
        given: dict[str, Any] = {"headers": {**said, **more.pop("headers", {})}, **more}
        if body is not ...:
            given["json"] = body

        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://cloud", trust_env=False) as client:
                return await client.request(method, path if "://" in path else f"/v2.1{path}", **given)

        return asyncio.run(once())

    def create(self, version: str | None = None, *, settles: bool = True, **more: object) -> str:
        """A server that has been built, or is being."""
        networks = {} if version and int(version.partition(".")[2]) < 37 else {"networks": "auto"}
        reply = self.ask("POST", "/servers", {"server": {**NEW, **networks, **more}}, version=version)
        assert reply.status_code == 202, reply.text
        self.clock.advance(LONG if settles else 0)
        return str(reply.json()["server"]["id"])

    def act(self, server: str, action: str, content: object = None, caller: str = "member") -> httpx.Response:
        return self.ask("POST", f"/servers/{server}/action", {action: content}, caller)

    def done(self, server: str, action: str, content: object = None, caller: str = "member") -> str:
        """The status of a server after an action has been accepted and has settled."""
        reply = self.act(server, action, content, caller)
        assert reply.status_code < 300, reply.text
        self.clock.advance(LONG)
        return str(self.show(server)["status"])

    def show(self, server: str, caller: str = "admin", version: str | None = None) -> dict[str, Any]:
        reply = self.ask("GET", f"/servers/{server}", caller=caller, version=version)
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()["server"]
        return shown
