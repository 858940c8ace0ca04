"""The service on a socket, and the file by which OpenStack's own clients find it."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from lifecycle.errors import LifecycleError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.applications import Starlette

BACKLOG = 2_048
MAX_PATH = 4_096
PROJECT = "demo"
PEOPLE = {"": f"alice:{PROJECT}", "-reader": f"bob:{PROJECT}:reader", "-admin": f"admin:{PROJECT}"}
"""By what follows the name of the cloud: whose token it holds."""


class Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, then says so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound; port 0 is any that is free. Raises LifecycleError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)  # asyncio sends at once only where the protocol is told
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LifecycleError(f"cannot listen on {shown(host)}:{port}: {reason}") from None
    return bound


def serve(app: Starlette, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Answers until it is told to stop; requests under way are answered first."""
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped by then, and passes it on
        server(app, ready).run([bound])


def server(app: Starlette, ready: Callable[[], None]) -> Server:
    """What answers, once it runs."""
    return Server(
        uvicorn.Config(app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=2), ready
    )


def address(bound: socket.socket) -> str:
    """Where a socket is reached."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_clouds(path: str, name: str, endpoint: str, others: Mapping[str, str]) -> None:
    """Writes a clouds.yaml by which openstacksdk and the openstack command need no identity service; `others` lie elsewhere.

    Raises LifecycleError where it cannot be written; nothing is left half-written.
    """
    import yaml

    clouds: dict[str, Any] = {
        f"{name}{who}": {
            "auth_type": "admin_token",
            "auth": {"endpoint": endpoint, "token": token},
            "region_name": name,
            **{f"{service}_endpoint_override": where for service, where in others.items()},
        }
        for who, token in PEOPLE.items()
    }
    made = f"{path}.new"
    try:
        with open(made, "w", encoding="utf-8") as file:
            yaml.safe_dump({"clouds": clouds}, file, sort_keys=False)
        os.replace(made, path)
    except (OSError, ValueError) as error:
        raise LifecycleError(f"cannot write {shown(path, MAX_PATH)}: {getattr(error, 'strerror', None) or error}") from None
