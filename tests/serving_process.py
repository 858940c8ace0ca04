"""`lifecycle serve` as a process of its own, on a port that was free."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
from serving import NEW, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 30


class Served:
    """A running service, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        headers = {"X-Auth-Token": TOKENS["member"], "OpenStack-API-Version": "compute latest"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=SECONDS, trust_env=False)

    def create(self) -> str:
        reply = self.client.post("/servers", json={"server": {**NEW, "networks": "auto"}})
        assert reply.status_code == 202, reply.text
        return str(reply.json()["server"]["id"])


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """Ends with the block, or before it by its own doing."""
    command = [sys.executable, "-m", "lifecycle", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert "http://127.0.0.1:" in line, process.stderr and process.stderr.read()
            running = Served(process, line.split()[-1])
            with running.client:
                yield running
        finally:
            process.kill()
