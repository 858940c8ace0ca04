"""What was answered is kept: through kill -9, and when many ask at once."""

import contextlib
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from serving import TASK, Client
from serving_process import SECONDS, Served, served

from lifecycle.errors import LifecycleError
from lifecycle.serve import Clock, app
from lifecycle.serve.store import Store


def until(running: Served, server: str, status: str) -> None:
    end = time.monotonic() + SECONDS
    while (shown := running.client.get(f"/servers/{server}").json()["server"])["status"] != status:
        assert time.monotonic() < end, shown
        time.sleep(0.02)


class Busy:
    """Creates servers and tags them, in several threads, until the service is killed under them."""

    def __init__(self) -> None:
        self.asked: dict[str, set[str]] = {}
        self.answered: dict[str, set[str]] = {}

    def count(self) -> int:
        return sum(map(len, [*self.answered.values()]))

    def until_killed(self, running: Served) -> None:
        with contextlib.suppress(httpx.TransportError):  # it was killed before it answered
            while True:
                server = running.create()
                self.answered[server], self.asked[server] = set(), set()
                for number in range(10):
                    self.asked[server].add(f"t{number}")
                    assert running.client.put(f"/servers/{server}/tags/t{number}").status_code == 201
                    self.answered[server].add(f"t{number}")

    def check(self, running: Served) -> None:
        for server, tags in self.answered.items():
            kept = set(running.client.get(f"/servers/{server}").json()["server"]["tags"])
            assert tags <= kept <= self.asked[server]

    def kill(self, running: Served, after: int) -> None:
        """Kills the service once so many requests more have been answered."""
        end, wanted = time.monotonic() + SECONDS, self.count() + after
        with ThreadPoolExecutor(4) as pool:
            threads = [pool.submit(self.until_killed, running) for _ in range(4)]
            while self.count() < wanted and time.monotonic() < end:
                time.sleep(0.001)
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
        assert [thread.result() for thread in threads] == [None] * 4


def test_whatever_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    busy = Busy()
    for number in range(4):
        with served("--db", str(tmp_path / "servers.db"), "--task-seconds", "0") as running:
            busy.check(running)
            busy.kill(running, after=20 + number)
    with served("--db", str(tmp_path / "servers.db")) as running:
        busy.check(running)
    assert busy.count() > 80


def test_work_under_way_goes_on_after_a_kill(tmp_path: Path) -> None:
    db = str(tmp_path / "servers.db")
    with served("--db", db, "--task-seconds", "1") as running:
        server = running.create()
        assert running.client.get(f"/servers/{server}").json()["server"]["status"] == "BUILD"
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    with served("--db", db, "--task-seconds", "0.01") as running:
        until(running, server, "ACTIVE")


def test_a_clock_that_is_told_goes_on_from_where_it_was(tmp_path: Path) -> None:
    db = str(tmp_path / "servers.db")
    first = Clock(0)
    client = Client(app(clock=first, db=db), first)
    first.advance(1_000_000)
    server = client.create()
    client.act(server, "os-stop")
    client.app.state.cloud.store.close()
    again = Clock(0)
    client = Client(app(clock=again, db=db), again)
    assert client.show(server)["OS-EXT-STS:task_state"] == "powering-off"
    again.advance(TASK)
    assert client.show(server)["status"] == "SHUTOFF"


def test_of_those_who_ask_at_once_one_is_accepted() -> None:
    with served("--task-seconds", "1000") as running:
        server = running.create()
        token = {"X-Auth-Token": "admin:demo"}
        running.client.post(f"/servers/{server}/action", json={"os-resetState": {"state": "active"}}, headers=token)

        def stop(_: int) -> int:
            with httpx.Client(base_url=running.url, headers=running.client.headers, timeout=SECONDS, trust_env=False) as client:
                return client.post(f"/servers/{server}/action", json={"os-stop": None}).status_code

        with ThreadPoolExecutor(8) as pool:
            codes = sorted(pool.map(stop, range(24)))
    assert codes == [202] + [409] * 23


def test_two_services_of_one_file_do_not_both_accept(tmp_path: Path) -> None:
    clock = Clock(0)
    one, other = (Client(app(clock=clock, db=str(tmp_path / "s.db")), clock) for _ in range(2))
    server = one.create()
    assert [one.act(server, "os-stop").status_code, other.act(server, "os-stop").status_code] == [202, 409]


def test_what_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    clock = Clock(0)
    client = Client(app(clock=clock, db=str(tmp_path / "s.db")), clock)
    server = client.create()
    other = Store(str(tmp_path / "s.db"))
    client.app.state.cloud.store.close()
    client.app.state.cloud.store = Store(str(tmp_path / "s.db"), patience=0)
    with other.transaction():
        reply = client.act(server, "os-stop")
    assert (reply.status_code, reply.json()["serviceUnavailable"]["code"]) == (503, 503)
    assert client.show(server)["status"] == "ACTIVE"
    assert client.act(server, "os-stop").status_code == 202


def test_it_ends_cleanly_when_it_is_interrupted(tmp_path: Path) -> None:
    with served("--db", str(tmp_path / "servers.db")) as running:
        running.create()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(SECONDS) == 0
        assert running.process.stderr
        assert running.process.stderr.read() == ""


def test_a_port_in_use_is_one_clear_error() -> None:
    with served() as running:
        port = str(httpx.URL(running.url).port)
        second = subprocess.run(
            [sys.executable, "-m", "lifecycle", "serve", "--port", port],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as one\n" * 100, encoding="utf-8")
    with pytest.raises(LifecycleError, match=r"cannot keep anything in .*notes\.txt"):
        app(db=str(path))
    with pytest.raises(LifecycleError, match="cannot keep anything"):
        app(db=str(tmp_path / "no" / "folder.db"))
    assert path.read_text(encoding="utf-8").startswith("not a database")


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    with pytest.raises(LifecycleError, match="is a database of something else"):
        app(db=str(path))
