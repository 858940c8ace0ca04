"""kill -9 at random moments under load: what was answered has happened, what was not has happened or not, and nothing else has.

LIFECYCLE_KILLS: how many kills; 4 where it is not told. LIFECYCLE_KILLS_SEED: the chance of an earlier run, as it printed it.
"""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from serving import filled
from serving_process import SECONDS, Served, served

from lifecycle import Lifecycle, Server
from lifecycle.engine.decide import Decision

KILLS = int(os.environ.get("LIFECYCLE_KILLS", "4"))
SEED = int(os.environ.get("LIFECYCLE_KILLS_SEED", "1"))
LOAD = 4  # who ask at the same time
LONGEST = 0.3  # seconds of load before a kill
TASK = "0.01"
CALLER = "member"


class Asker:
    """One who has one server, and asks for one thing after another that the table allows; what must be true of it by now."""

    def __init__(self, nova: Lifecycle, chance: random.Random) -> None:
        self.nova = nova
        self.chance = chance
        self.server: str | None = None
        self.statuses = ["ACTIVE"]
        self.locked_by: str | None = None
        self.tags: set[str] = set()
        self.open: Decision | None = None
        self.open_tag: str | None = None
        self.answered = 0

    def until_killed(self, running: Served) -> None:
        try:
            while True:
                self.step(running)
        except httpx.TransportError:  # it was killed before it answered
            return

    def step(self, running: Served) -> None:
        if self.server is None:
            self.server = running.create()
        self.tag(running)
        self.act(running, self.settled(running))

    def tag(self, running: Served) -> None:
        self.open_tag = f"t{self.chance.randrange(50)}"
        reply = running.client.put(f"/servers/{self.server}/tags/{self.open_tag}")
        assert reply.status_code in (201, 204, 409), reply.text
        self.tags |= {self.open_tag} if reply.status_code < 300 else set()
        self.open_tag = None

    def act(self, running: Served, status: str) -> None:
        server = Server(status=status, locked_by=self.locked_by)
        allowed = [(name, one) for name, one in self.nova.actions(server, CALLER).items() if self.asks(one)]
        _, self.open = self.chance.choice(allowed)
        method, path, body = self.open.ruling.wire
        reply = running.client.request(method, path.format(id=self.server), json=filled(body))
        assert reply.status_code == self.open.code, (status, self.open, reply.text)
        self.take(self.open)
        self.answered += 1

    def asks(self, decision: Decision) -> bool:
        """Whether a decision is on something that can be asked for again and again."""
        _, path, _ = decision.ruling.wire
        return (
            decision.allowed
            and path.endswith("/action")
            and bool(decision.becomes)
            and not {"server", "disk"} & {*decision.loses}
        )

    def take(self, decision: Decision) -> None:
        self.statuses, self.locked_by, self.open = list(decision.becomes), decision.locked_by, None

    def settled(self, running: Served) -> str:
        """The status once nothing is under way; it is one of those that there may be."""
        shown = self.shown(running)
        end = time.monotonic() + SECONDS
        while shown["OS-EXT-STS:task_state"] is not None:
            assert time.monotonic() < end, shown
            shown = self.shown(running)
        assert shown["status"] in self.statuses, (shown["status"], self.statuses)
        self.statuses = [shown["status"]]
        return str(shown["status"])

    def shown(self, running: Served) -> dict[str, Any]:
        reply = running.client.get(f"/servers/{self.server}")
        assert reply.status_code == 200, reply.text
        shown: dict[str, Any] = reply.json()["server"]
        return shown

    def check(self, running: Served) -> None:
        """What was asked and never answered is there as a whole or is not; all else is as it was answered."""
        if self.server is None:
            return
        shown = self.shown(running)
        assert self.tags <= {*shown["tags"]} <= self.tags | {self.open_tag}
        self.tags, self.open_tag = {*shown["tags"]}, None
        if self.open is not None and self.happened(shown):
            self.take(self.open)
        self.open = None
        assert shown["locked"] == (self.locked_by is not None)
        self.settled(running)

    def happened(self, shown: dict[str, Any]) -> bool:
        """Whether what was not answered has happened, as far as one can see: else it must all be as before."""
        assert self.open is not None
        if shown["OS-EXT-STS:task_state"] is not None or shown["locked"] != (self.locked_by is not None):
            return True
        return shown["status"] not in self.statuses


def test_nothing_is_lost_by_kills_at_random_moments(nova: Lifecycle, tmp_path: Path) -> None:
    print(f"LIFECYCLE_KILLS_SEED={SEED}")  # noqa: T201 - shown where it fails
    chance = random.Random(SEED)  # noqa: S311 - no secret
    askers = [Asker(nova, random.Random(chance.random())) for _ in range(LOAD)]  # noqa: S311
    arguments = ("--db", str(tmp_path / "servers.db"), "--task-seconds", TASK)
    for _ in range(KILLS):
        with served(*arguments) as running:
            for asker in askers:
                asker.check(running)
            assert running.client.post("/servers", json={"server": {}}).status_code == 400  # the first body takes longer
            killing = threading.Timer(chance.uniform(0, LONGEST), running.process.send_signal, (signal.SIGKILL,))
            with ThreadPoolExecutor(LOAD) as pool:
                threads = [pool.submit(asker.until_killed, running) for asker in askers]
                killing.start()
            assert [thread.result() for thread in threads] == [None] * LOAD
    with served(*arguments) as running:
        for asker in askers:
            asker.check(running)
    assert sum(asker.answered for asker in askers) > KILLS
