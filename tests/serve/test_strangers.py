"""Clients that lie, break off or dawdle, on a real socket: the service answers everyone else, and says nothing to its log."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import TOKENS
from serving_process import SECONDS, Served, served

DAWDLERS = 100
HEAD = b"POST /v2.1/servers HTTP/1.1\r\nHost: cloud\r\nX-Auth-Token: alice:demo\r\nContent-Type: application/json\r\n"
GET = b"GET %b HTTP/1.1\r\nHost: cloud\r\nX-Auth-Token: %b\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with served() as made:
        yield made
        assert made.client.get("/servers/detail").status_code == 200
        made.process.terminate()
        assert made.process.stderr
        assert made.process.stderr.read() == ""


def connected(running: Served) -> socket.socket:
    where = urlsplit(running.url)
    return socket.create_connection((str(where.hostname), where.port or 0), timeout=SECONDS)


def said(running: Served, sent: bytes) -> bytes:
    """All that is answered to what is sent; nothing more follows it."""
    with connected(running) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        held = b""
        try:
            while part := client.recv(65536):
                held += part
        except ConnectionError:
            return held
        return held


def code(answer: bytes) -> int | None:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 100\r\n\r\n{",
        HEAD + b"Content-Length: 100\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        HEAD + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/X\r\n\r\n",
        b"\r\n" * 1_000,
        b"",
    ],
    ids=range(12),
)
def test_a_request_that_is_torn_or_none_is_let_go(running: Served, sent: bytes) -> None:
    assert code(said(running, sent)) in (None, 400, 413, 431)
    assert running.client.get("/servers").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        b"/v2.1/../control/clock",
        b"/v2.1/servers/../../etc/passwd",
        b"/v2.1/servers/%2e%2e/%2e%2e/control",
        b"/v2.1//servers",
        b"//v2.1/servers",
        b"/v2.1/servers/%00",
        b"/v2.1/servers/%c0%af",
        b"http://169.254.169.254/latest/meta-data",
        b"/v2.1/servers;a=b",
        b"*",
    ],
)
def test_a_path_with_a_trick_leads_nowhere(running: Served, path: bytes) -> None:
    answer = said(running, GET % (path, b"alice:demo"))
    assert code(answer) in (400, 404, 405)
    assert b"root:" not in answer


TOKEN = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40) | st.sampled_from(
    ["alice", "alice:", ":demo", "alice:demo:", "alice:demo:nonsense", ":", "::", "a:b:c:d", "admin", "admin:", " ", "a" * 5_000]
)


@settings(max_examples=60)
@given(token=TOKEN)
def test_no_token_is_more_than_it_says(running: Served, secret: str, token: str) -> None:
    answer = said(running, GET % (f"/v2.1/servers/{secret}".encode(), token.encode("latin-1")))
    user, _, rest = token.strip().partition(":")
    may = user == "admin" or "admin" in rest.partition(":")[2].split(",")
    assert code(answer) in (400, 401, 403, 404, *((200,) if may or rest.partition(":")[0] == "other" else ()))
    assert may or b"tenant_id" not in answer


@pytest.fixture(scope="module")
def secret(running: Served) -> str:
    """A server of another project."""
    new = {"server": {"name": "secret", "flavorRef": "1", "imageRef": "", "networks": "auto"}}
    reply = running.client.post("/servers", json=new, headers={"X-Auth-Token": TOKENS["stranger"]})
    return str(reply.json()["server"]["id"])


def test_who_dawdles_keeps_nobody_waiting(running: Served) -> None:
    dawdlers = [connected(running) for _ in range(DAWDLERS)]
    try:
        for number, one in enumerate(dawdlers):
            one.sendall((HEAD + b"Content-Length: 50\r\n\r\n{")[: 1 + number * 2])
        with httpx.Client(base_url=running.url, headers=running.client.headers, timeout=SECONDS, trust_env=False) as client:
            assert [client.get("/servers").status_code for _ in range(20)] == [200] * 20
        assert running.create()
    finally:
        for one in dawdlers:
            one.close()
    assert running.client.get("/servers").status_code == 200


def test_it_binds_to_loopback_unless_told_otherwise(running: Served) -> None:
    assert urlsplit(running.url).hostname == "127.0.0.1"
