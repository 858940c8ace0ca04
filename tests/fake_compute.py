"""A compute service of ours on loopback, and a connection of openstacksdk to it."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from openstack.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "70a599e0-31e7-49b7-b260-868f441e862b"


class Fake(ThreadingHTTPServer):
    """A service that has one server, does whatever it is asked to and remembers it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, Any]] = []
        self.server: dict[str, Any] | None = {"id": ID, "status": "ACTIVE"}
        self.gets = 200

    @classmethod
    @contextmanager
    def serving(cls) -> Iterator[Fake]:
        """One that answers for as long as it is needed."""
        with cls() as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v2.1"


class Handler(BaseHTTPRequestHandler):
    server: Fake

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix("/v2.1")
        if self.command == "GET" and path.rstrip("/") == "":
            links = [{"rel": "self", "href": self.server.url + "/"}]
            version = {"id": "v2.1", "status": "CURRENT", "version": "2.104", "min_version": "2.1", "links": links}
            self._send(200, {"version": version})
            return
        self.server.asked.append((self.command, path, json.loads(raw) if raw else None))
        if self.command != "GET":
            self._send(202, {"server": {"id": ID}})
        elif self.server.server is None:
            self._send(404, {"itemNotFound": {"code": 404, "message": "gone"}})
        else:
            self._send(self.server.gets, {"server": self.server.server})

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

    def _send(self, code: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(code)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def connect(fake: Fake) -> Connection:
    session = Session(auth=Token(fake.url, "a token"))
    return Connection(session=session, compute_api_version="2.1", compute_endpoint_override=fake.url, region_name="here")
