"""A running Nova as the live tests meet it: its API over HTTP, its control port, and servers in states really reached."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from live.requested import ADDRESS, BOOT_VOLUME, HOSTS, IMAGE, VOLUME, World, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

OPTIONS = {"reclaim_instance_interval": 3600, "shelved_offload_time": -1}
NEWEST = 104

Step = tuple[str, str | None]
STEPS: dict[str, tuple[Step, ...]] = {
    "ACTIVE": (),
    "SHUTOFF": (("os-stop", None),),
    "PAUSED": (("pause", None),),
    "SUSPENDED": (("suspend", None),),
    "RESCUE": (("rescue", None),),
    "VERIFY_RESIZE": (("resize", None),),
    "VERIFY_RESIZE of SHUTOFF": (("os-stop", None), ("resize", None)),
    "SHELVED": (("shelve", None),),
    "SHELVED_OFFLOADED": (("shelve", None), ("shelveOffload", None)),
    "SOFT_DELETED": (("DELETE", None),),
    "ERROR": (("os-resetState", "error"),),
    "ERROR of a build": (),
    "ACTIVE of a volume": (),
    "VERIFY_RESIZE of a volume": (("resize", None),),
}
"""The worlds: the actions that lead to each, from a server that was just made."""
UNDER_WAY: dict[str, tuple[str, Step]] = {
    f"{world}, {action}{f':{variant}' if variant else ''} under way": (world, (action, variant))
    for world, action, variant in (
        ("ACTIVE", "reboot", "SOFT"),
        ("ACTIVE", "reboot", "HARD"),
        ("ACTIVE", "rebuild", None),
        ("ACTIVE", "resize", None),
        ("ACTIVE", "os-migrateLive", None),
        ("ACTIVE", "os-stop", None),
        ("ACTIVE", "rescue", None),
        ("ACTIVE", "createImage", None),
        ("ACTIVE", "shelve", None),
        ("ACTIVE", "DELETE", None),
        ("SHUTOFF", "os-start", None),
        ("PAUSED", "unpause", None),
        ("VERIFY_RESIZE", "revertResize", None),
        ("SHELVED_OFFLOADED", "unshelve", None),
        ("SOFT_DELETED", "restore", None),
        ("ERROR", "rebuild", None),
    )
}
"""Worlds in which an action's work was lost, so that its task stays: where it was asked for, and the action."""
BUILD, SCHEDULED, PASSWORD, DELETED = "BUILD", "BUILD, scheduled", "PASSWORD", "DELETED"


@dataclass(frozen=True, slots=True)
class Reply:
    """What Nova answered: the code, the words of a refusal, the document, the headers in small letters."""

    code: int
    message: str
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Line:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._root = parts.path
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, str, dict[str, str]]:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, self._root + path, data, {"Content-Type": "application/json", **headers})
        response = self._connection.getresponse()
        return response.status, response.read().decode(), {name.lower(): value for name, value in response.getheaders()}

    def close(self) -> None:
        self._connection.close()


class Cloud:
    """Nova and its control port."""

    def __init__(self, ready: Mapping[str, Any], bus: Path) -> None:
        """`ready` is the line that the server prints when it is ready; `bus` is where it writes its notifications."""
        self.url: str = ready["base_url"]
        project = self.project = ready["tokens"]["owner"].partition(":")[2]
        self.tokens = {
            "member": f"alice:{project}",
            "reader": f"bob:{project}:reader",
            "manager": f"carol:{project}:manager,member,reader",
            "admin": ready["tokens"]["admin"],
            "stranger": "eve:otherproject",
        }
        self._api, self._control = Line(ready["base_url"]), Line(ready["control_url"])
        self._bus, self._options = bus, dict[str, int]()
        self.worlds: dict[str, World] = {}

    def close(self) -> None:
        self._api.close()
        self._control.close()

    # The control port

    def control(self, method: str, path: str, data: object = None) -> Any:
        code, text, _ = self._control.ask(method, path, data)
        assert code == 200, f"{method} {path}: {code} {text}"
        return json.loads(text)

    def row(self, server: str) -> dict[str, Any]:
        """The raw row of a server, with the status that the API shows for it."""
        found: dict[str, Any] = self.control("GET", f"/servers/{server}")
        if found["deleted"]:
            found |= {"status": "DELETED", "task_state": None}
        return found

    def deliver(self, *, casts: bool) -> None:
        """Whether asynchronous work is done, or dropped so that what the API itself did is seen."""
        self.control("PUT", "/mode", {"casts": "deliver" if casts else "drop"})

    def settle(self) -> None:
        """Waits until nothing is under way."""
        assert self.control("POST", "/quiesce", {"timeout": 60})["idle"]

    def fail(self, *methods: str) -> None:
        """From now on these calls of the driver fail, and no others."""
        self.control("PUT", "/fail", dict.fromkeys(methods, "nova.exception.NovaException"))

    def restore(self, world: str) -> World:
        """All as it was when this world was made."""
        self.control("POST", "/restore", {"name": world})
        return self.worlds[world]

    def options(self, **wanted: int) -> None:
        """The deployment's options."""
        for key, value in wanted.items():
            if self._options.get(key) != value:
                self.control("PUT", "/conf", {"group": None, "key": key, "value": value})
                self._options[key] = value

    def policy(self, file: Path | None) -> None:
        """The deployment's policy file from now on; None for Nova's defaults."""
        self.control("PUT", "/policy", {"file": file and str(file)})

    # The API

    def ask(self, method: str, path: str, body: object = None, caller: str = "admin", minor: int = NEWEST) -> Reply:
        """One request; an anonymous caller has no token."""
        headers = {"OpenStack-API-Version": f"compute 2.{minor}"}
        if caller in self.tokens:
            headers["X-Auth-Token"] = self.tokens[caller]
        code, text, sent = self._api.ask(method, path, body, headers)
        try:
            document = json.loads(text)
        except ValueError:
            document = text or None
        return Reply(code, _words(document) if code >= 400 else "", document, sent)

    def do(self, world: World, action: str, variant: str | None = None, caller: str = "admin", minor: int = NEWEST) -> Reply:
        """Asks for an action."""
        asked = wire(action, variant, minor, world)
        assert asked
        method, path, body = asked
        return self.ask(method, f"/servers/{world.id}{path}", body, caller, minor)

    # What was seen on the way

    def mark(self) -> int:
        """Where the notifications are now."""
        return self._bus.stat().st_size

    def tasks(self, server: str, since: int) -> list[str]:
        """The tasks that a server ran through since a mark, in order."""
        with self._bus.open() as file:
            file.seek(since)
            return list(_changes(_states(server, file)))

    # Worlds

    def build(self) -> None:
        """Makes every world, each from the empty one."""
        self.control("POST", "/checkpoint", {"name": "empty"})
        self.options(**OPTIONS)
        for name, steps in STEPS.items():
            self.control("POST", "/restore", {"name": "empty"})
            self.worlds[name] = self._make(name, steps)
            self.control("POST", "/checkpoint", {"name": name})

    def _make(self, name: str, steps: Sequence[Step]) -> World:
        world = self._create(name)
        for action, variant in steps:
            if action == "resize":
                world = replace(world, before=self.row(world.id)["status"])
            reply = self.do(world, action, variant)
            assert reply.code < 300, reply
            self.settle()
        row = self.row(world.id)
        assert (row["status"], row["task_state"]) == (name.partition(" ")[0], None), row
        return replace(world, elsewhere=next(host for host in HOSTS if host != row["host"]))

    def lose(self, name: str) -> None:
        """Makes one of the worlds that few tests need: a server whose work was lost, or that is gone."""
        world, step = UNDER_WAY.get(name, ("empty" if name in (BUILD, SCHEDULED) else "ACTIVE", ("forceDelete", None)))
        self.control("POST", "/restore", {"name": world})
        self.control("PUT", "/mode", {"casts": "drop" if name in UNDER_WAY else "queue" if name == SCHEDULED else "deliver"})
        self.control("PUT", "/holds", ["spawn"])
        if world == "empty":
            self.worlds[name] = World(name, self._server(volume_backed=False))
        else:
            self.worlds[name] = replace(self.worlds[world], name=name)
        if name == PASSWORD:
            self.control("PUT", f"/servers/{self.worlds[name].id}", {"task_state": "updating_password"})
        elif world != "empty":
            assert self.do(self.worlds[name], *step).code < 300
        self.control("POST", "/pump", {"n": 1})  # what makes a new server known to its cell; its host never hears of it
        self.settle()
        self.control("POST", "/checkpoint", {"name": name})
        self.control("POST", "/release", [])
        self.settle()

    def _create(self, name: str) -> World:
        volume_backed = name.endswith("of a volume")
        if name == "ERROR of a build":
            self.fail("spawn")
        world = World(name, self._server(volume_backed=volume_backed), volume_backed=volume_backed)
        self.fail()
        return world if name == "ERROR of a build" else self._furnish(world)

    def _server(self, *, volume_backed: bool) -> str:
        server: dict[str, object] = {"name": "a", "imageRef": IMAGE, "flavorRef": "1", "networks": "auto", "metadata": {"k": "v"}}
        if volume_backed:
            disk = {"boot_index": 0, "uuid": BOOT_VOLUME, "source_type": "volume", "destination_type": "volume"}
            server |= {"imageRef": "", "block_device_mapping_v2": [disk]}
        reply = self.ask("POST", "/servers", {"server": server}, "member", 47)
        assert reply.code == 202, reply
        self.settle()
        return str(reply.document["server"]["id"])

    def _furnish(self, world: World) -> World:
        """What requests take away or change: tags, a volume, an address."""
        at = f"/servers/{world.id}"
        self.ask("PUT", f"{at}/tags", {"tags": ["x", "y"]})
        self.ask("POST", f"{at}/os-volume_attachments", {"volumeAttachment": {"volumeId": VOLUME}})
        self.ask("POST", f"{at}/action", {"addFloatingIp": {"address": ADDRESS}}, minor=1)
        self.settle()
        port = self.ask("GET", f"{at}/os-interface").document["interfaceAttachments"][0]
        return replace(world, port=port["port_id"], fixed_address=port["fixed_ips"][0]["ip_address"])


def _words(document: Any) -> str:
    """The words of a refusal: `{"badRequest": {"code": 400, "message": …}}`."""
    if not isinstance(document, dict):
        return str(document)
    inner = next(iter(document.values()), None)
    return str(inner.get("message", "")) if isinstance(inner, dict) else str(document)


def _states(server: str, lines: Iterable[str]) -> Iterable[str | None]:
    """The task of each notification that tells how a server changed."""
    for line in lines:
        said = json.loads(line)
        data = said["payload"].get("nova_object.data", {}) if said["event_type"] == "instance.update" else {}
        if data.get("uuid") == server:
            yield data["state_update"]["nova_object.data"]["new_task_state"]


def _changes(tasks: Iterable[str | None]) -> Iterable[str]:
    last = None
    for task in tasks:
        if task is not None and task != last:
            yield task
            last = task
