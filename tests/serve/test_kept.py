"""What was answered is kept: through kill -9, and when many ask at once."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import TASK, TOKENS, Client, filled
from serving_process import SECONDS, Served, served

from lifecycle import Lifecycle, Server
from lifecycle.errors import LifecycleError
from lifecycle.serve import Clock, app
from lifecycle.serve.store import Store

ADMIN = {"X-Auth-Token": TOKENS["admin"]}
AGES = 10_000  # seconds in which a server is built, a task of which takes a thousand


def until(running: Served, server: str, status: str) -> None:
    end = time.monotonic() + SECONDS
    while (shown := running.client.get(f"/servers/{server}").json()["server"])["status"] != status:
        assert time.monotonic() < end, shown
        time.sleep(0.02)


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


def conflicting(nova: Lifecycle) -> dict[str, Any]:
    """What a member may ask of an ACTIVE server, each with its body, of which any one keeps all others from being asked."""
    found: dict[str, Any] = {}
    refused: dict[str, set[str]] = {}
    for name, decision in nova.actions(Server(status="ACTIVE"), "member").items():
        _, path, body = decision.ruling.wire
        if decision.allowed and path.endswith("/action"):
            after = Server(status=decision.status, task_state=decision.task_state, locked_by=decision.locked_by)
            refused[name] = {other for other, one in nova.actions(after, "member").items() if not one.allowed}
            if name in refused[name] and all(name in refused[other] and other in refused[name] for other in found):
                found[name] = filled(body)
    return found


def test_of_many_conflicting_actions_at_once_one_is_accepted(nova: Lifecycle, tmp_path: Path) -> None:
    """By two services of one file, so that nothing but the file stands between them."""
    asked = conflicting(nova)
    assert len(asked) > 5
    arguments = ("--db", str(tmp_path / "servers.db"), "--task-seconds", "1000")
    with served(*arguments) as one, served(*arguments) as other, ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            server = one.create()
            for side in (one, other):
                clock = f"{side.url.removesuffix('/v2.1')}/control/clock"
                assert side.client.post(clock, json={"advance": AGES}, headers=ADMIN).is_success
                assert side.client.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"

            def act(number: int, server: str = server) -> int:
                side, body = (one, other)[number % 2], list(asked.values())[number % len(asked)]
                return side.client.post(f"/servers/{server}/action", json=body).status_code

            codes = sorted(pool.map(act, range(24)))
            assert codes[0] < 300
            assert codes[1:] == [409] * 23


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
