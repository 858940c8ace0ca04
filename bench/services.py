"""Services that run as processes of their own, each asked the same three things: one server, all servers, and an action.

Nova is there where LIFECYCLE_NOVA_PYTHON names an interpreter that has it, moto's EC2 where LIFECYCLE_MOTO_PYTHON does.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SERVERS = 20
PATIENCE = 120.0  # seconds in which a service starts, or work ends
IMAGE = "155d900f-4e14-4e4c-a73d-069cbf4541e6"
NOVA = Path(__file__).resolve().parent.parent / "tests" / "live" / "nova_server.py"
HEADERS = {"X-Auth-Token": "admin:demo", "OpenStack-API-Version": "compute 2.96", "Content-Type": "application/json"}
EC2 = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=a",
}


class Line:
    """A connection that is kept where the service keeps it; as little of a client as there can be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The code and the body of an answer; asked once more where the service has let go of the connection meanwhile."""
        try:
            return self._ask(request)
        except ConnectionError:
            self.close()
            return self._ask(request)

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._more()
        head, _, body = held.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        wanted = int(length[1]) if length else 0
        while len(body) < wanted:
            body += self._more()
        if b"connection: close" in head.lower() or head.startswith(b"HTTP/1.0"):
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 20) if self._socket else b""
        if not part:
            raise ConnectionError("the service hung up")
        return part

    def close(self) -> None:
        """Lets go of it; the next request connects anew."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A whole request as it goes over the wire."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Service:
    """A service with some servers: requests for one of them, for all, and to stop and to start each."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], line: Line, began: float) -> None:
        self.name = name
        self.process = process
        self.line = line
        self.started = time.perf_counter() - began
        self.used = _cpu(process.pid)
        self.shows: list[bytes] = []
        self.lists = b""
        self.acts: list[tuple[bytes, bytes]] = []
        self._acted = 0

    def show(self) -> None:
        """One server is shown."""
        self._asked(self.shows[0], 200)

    def list(self) -> None:
        """All of them are."""
        self._asked(self.lists, 200)

    def act(self) -> None:
        """The next server is stopped, or started where it was stopped; it is waited for where it is not ready."""
        number, turn = self._acted % SERVERS, self._acted // SERVERS % 2
        end = time.perf_counter() + PATIENCE
        while self._asked(self.acts[number][turn], 200, 202, CONFLICT) == CONFLICT:
            if time.perf_counter() > end:
                raise SystemExit(f"{self.name}: a server is never ready")
        self._acted += 1

    def memory(self) -> float:
        """MiB that the process holds."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def _asked(self, asked: bytes, *codes: int) -> int:
        code, body = self.line.ask(asked)
        if code not in codes:
            raise SystemExit(f"{self.name}: {code} {body[:300]!r}")
        return code


def _cpu(pid: int) -> float:
    """The seconds of CPU time that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[UTIME]) + int(words[UTIME + 1])) / os.sysconf("SC_CLK_TCK")


UTIME = 11  # what stands there after the name of the process, and then that of the system
CONFLICT = 409


def free_port() -> int:
    """A port that was free a moment ago."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(name: str, command: Sequence[str], port: int, ask: bytes) -> Iterator[Service]:
    """A process that serves on a port, from its start until it has answered 200 once; it ends with the block."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process, closing(Line(port)) as line:
        try:
            while not _answers(line, ask):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise SystemExit(f"{name} does not start: {' '.join(command)}")
                time.sleep(0.002)
            yield Service(name, process, line, began)
        finally:
            process.kill()


def _answers(line: Line, ask: bytes) -> bool:
    try:
        return line.ask(ask)[0] == 200
    except OSError:
        line.close()
        return False


@contextmanager
def ours(name: str, *more: str) -> Iterator[Service]:
    """The reference service, whose tasks take no time."""
    port = free_port()
    command = [sys.executable, "-m", "lifecycle", "serve", "--port", str(port), "--task-seconds", "0", *more]
    with running(name, command, port, request("GET", "/v2.1/servers", HEADERS)) as service:
        yield _compute(service)


@contextmanager
def nova(python: str, folder: str) -> Iterator[Service]:
    """A whole Nova in one process, with hypervisors that do nothing and a database in memory."""
    port = free_port()
    options = ("--control-port", str(free_port()), "--computes", "1", "--tmp", f"{folder}/nova", "--log", f"{folder}/nova.log")
    command = [python, str(NOVA), "--port", str(port), *options]
    os.makedirs(f"{folder}/nova", exist_ok=True)
    with running("Nova", command, port, request("GET", "/v2.1/servers", HEADERS)) as service:
        yield _compute(service)


def _compute(service: Service) -> Service:
    """Makes servers by the Compute API."""
    new = {"server": {"name": "web", "flavorRef": "1", "imageRef": IMAGE, "networks": "none"}}
    create = partial(request, "POST", "/v2.1/servers", HEADERS, json.dumps(new).encode())
    for _ in range(SERVERS):
        code, body = service.line.ask(create())
        if code != 202:
            raise SystemExit(f"{service.name}: {code} {body[:300]!r}")
        path = f"/v2.1/servers/{json.loads(body)['server']['id']}"
        stop, start = (request("POST", f"{path}/action", HEADERS, body) for body in (b'{"os-stop": null}', b'{"os-start": null}'))
        service.shows.append(request("GET", path, HEADERS))
        service.acts.append((stop, start))
    service.lists = request("GET", "/v2.1/servers/detail", HEADERS)
    return service


@contextmanager
def moto(python: str) -> Iterator[Service]:
    """Moto's server, asked as EC2 is."""
    port = free_port()
    call: Callable[[str], bytes] = lambda text: request("POST", "/", EC2, f"Version=2016-11-15&{text}".encode())  # noqa: E731
    with running("moto", [python, "-m", "moto.server", "-p", str(port)], port, call("Action=DescribeInstances")) as service:
        new = f"Action=RunInstances&ImageId=ami-12c6146b&MinCount={SERVERS}&MaxCount={SERVERS}"
        code, body = service.line.ask(call(new))
        found = re.findall(rb"<instanceId>(i-[0-9a-f]+)</instanceId>", body)
        if code != 200 or len(found) != SERVERS:
            raise SystemExit(f"moto: {code} {body[:300]!r}")
        for name in found:
            one = f"InstanceId.1={name.decode()}"
            service.shows.append(call(f"Action=DescribeInstances&{one}"))
            service.acts.append((call(f"Action=StopInstances&{one}"), call(f"Action=StartInstances&{one}")))
        service.lists = call("Action=DescribeInstances")
        yield service
