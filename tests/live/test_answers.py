"""What a running Nova answers to requests that it accepts, document and headers, and to those that it refuses.

`LIFECYCLE_RECORD` names a file to which the answers are written, as `data/answers.jsonl.xz` keeps them.
"""

from __future__ import annotations

import json
import lzma
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from answered import minors, misnamed, stable, wrong
from live.cloud import NEWEST, STEPS
from live.requested import BOOT_VOLUME, IMAGE, World, wire
from test_observed import report

from lifecycle import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from live.cloud import Cloud, Reply
    from live.requested import Wire

    from lifecycle import Lifecycle

Rows = list[dict[str, Any]]

KEPT = ("location", "openstack-api-version", "x-openstack-request-id")
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
SERVER: dict[str, Any] = {"name": "a", "imageRef": IMAGE, "flavorRef": "1"}
RICH = {
    "networks": "auto",
    "key_name": "key",
    "description": "all of it",
    "availability_zone": "nova",
    "config_drive": True,
    "user_data": "Zm9v",
    "tags": ["x"],
    "accessIPv4": "10.0.0.1",
    "accessIPv6": "::1",
    "trusted_image_certificates": ["00000000-0000-4000-8000-000000000001"],
}
TOLD: dict[str, Wire] = {
    "update": ("PUT", "", {"server": {"name": "b"}}),
    "rebuild": ("POST", "/action", {"rebuild": {"imageRef": IMAGE}}),
}
"""The requests that are answered with the server itself."""


@pytest.fixture(scope="module")
def answers() -> Iterator[Rows]:
    """The rows of this run."""
    rows: Rows = []
    yield rows
    if file := os.environ.get("LIFECYCLE_RECORD"):
        lines = dict.fromkeys(json.dumps(row) for row in rows)
        Path(file).write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode(), preset=9))


@pytest.fixture(scope="module")
def rich(cloud: Cloud) -> Iterator[World]:
    """A server of which every field tells something; its group keeps it from other hosts, so that no other test may meet it."""
    cloud.deliver(casts=True)
    cloud.restore("ACTIVE")
    pair = {"name": "key", "type": "ssh", "public_key": PUBLIC}
    assert cloud.ask("POST", "/os-keypairs", {"keypair": pair}, "member").code == 201
    group = cloud.ask("POST", "/os-server-groups", {"server_group": {"name": "g", "policy": "affinity"}}, "member")
    hints = {"group": group.document["server_group"]["id"], "query": '[">=","$free_ram_mb",1]', "other": "any"}
    reply = cloud.ask("POST", "/servers", {"server": SERVER | RICH, "os:scheduler_hints": hints}, "member")
    assert reply.code == 202, reply
    cloud.settle()
    world = World("rich", reply.document["server"]["id"])
    assert cloud.row(world.id)["status"] == "ACTIVE"
    assert cloud.ask("POST", f"/servers/{world.id}/action", {"lock": {"locked_reason": "mine"}}).code == 202
    cloud.control("POST", "/checkpoint", {"name": "rich"})
    cloud.worlds["rich"] = world
    yield world
    del cloud.worlds["rich"]


@pytest.fixture(scope="module")
def servers(cloud: Cloud) -> dict[str, Server]:
    """The server of each world."""
    return {name: settled(cloud, cloud.restore(name)) for name in STEPS}


def settled(cloud: Cloud, world: World) -> Server:
    row = cloud.row(world.id)
    told = {"vm_state": row["vm_state"], "task_state": row["task_state"], "volume_backed": world.volume_backed}
    return Server(**told, host=row["host"] is not None, launched=row["launched_at"] is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what is asked for in which world, by whom, at 2.`minor`."""

    action: str
    world: str
    minor: int
    caller: str = "member"
    variant: str | None = None
    wired: Wire | None = None
    down: bool = False
    again: bool = False

    def answered(self, cloud: Cloud) -> Reply:
        """What Nova answers in a world that is untouched, or `again` in that of the last request; the work is dropped."""
        world = cloud.worlds[self.world]
        wired = self.wired or wire(self.action, self.variant, self.minor, world)
        assert wired
        cloud.deliver(casts=False)
        state: dict[str, Any] = {"task_state": None} if self.again else {"restore": world.name, "host_down": self.down}
        cloud.control("PUT", f"/servers/{world.id}", {**state, "display_name": "a"})
        method, path, body = wired
        at = "" if path.startswith("/servers") else f"/servers/{world.id}"
        return cloud.ask(method, at + path, body, self.caller, self.minor)

    def row(self, reply: Reply, **more: Any) -> dict[str, Any]:
        """The answer as it is kept."""
        headers = {key: reply.headers[key] for key in KEPT if key in reply.headers}
        answer = {"code": reply.code, "headers": headers, "document": reply.document}
        told = {"action": self.action, "variant": self.variant, "microversion": f"2.{self.minor}", "caller": self.caller}
        return stable({**{key: value for key, value in told.items() if value}, **more, "answer": answer})


def hold(cloud: Cloud, nova: Lifecycle, requests: Iterator[Asked], answers: Rows) -> int:
    """Holds the answer to each request against the table; how many there were."""
    rows = [one.row(one.answered(cloud)) for one in requests]
    answers += rows
    differences = [f"{row}: {difference}" for row in rows if (difference := wrong(nova, row))]
    assert not differences, report(differences)
    return len(rows)


def ways(nova: Lifecycle, servers: Mapping[str, Server], action: str, variant: str | None, minor: int) -> Iterator[Asked]:
    """The action, in the first world that lets it be done, as the least who may."""
    down = action == "evacuate"
    for name, server in servers.items():
        for caller in ("member", "admin"):
            if nova.decide(action, Server(**server.told, host_up=not down), caller, f"2.{minor}", variant).allowed:
                yield Asked(action, name, minor, caller, variant, down=down)
                return


def everything(nova: Lifecycle, cloud: Cloud, servers: Mapping[str, Server]) -> Iterator[Asked]:
    """Each action, at both sides of every change of its answer."""
    for action in nova.rules.actions:
        for minor in minors(nova, action) if action not in ("create", *TOLD) else ():
            for variant in nova.rules.variants(action) or (None,):
                for one in ways(nova, servers, action, variant, minor):
                    if wire(action, variant, minor, cloud.worlds[one.world]):
                        yield one


def test_every_action_is_answered_as_said(cloud: Cloud, nova: Lifecycle, servers: dict[str, Server], answers: Rows) -> None:
    assert hold(cloud, nova, everything(nova, cloud, servers), answers) > 120


FEW = (1, 47, 75, NEWEST)


def told(nova: Lifecycle) -> Iterator[Asked]:
    """The server itself in each of its forms: all that it can tell, to an admin; and little, to a member."""
    for action in TOLD:
        yield from often(action, "rich", minors(nova, action), "admin")
        yield from often(action, "ACTIVE", minors(nova, action), "member")
        yield from often(action, "ACTIVE of a volume", FEW, "member")
    for name in ("ERROR of a build", "SHELVED_OFFLOADED", "PAUSED"):
        for caller in ("member", "admin"):
            yield from often("update", name, FEW, caller)
    yield from often("rebuild", "ERROR", FEW, "member")


def often(action: str, world: str, at: Sequence[int], caller: str) -> Iterator[Asked]:
    for number, minor in enumerate(at):
        yield Asked(action, world, minor, caller, wired=TOLD[action], again=number > 0)


@pytest.mark.usefixtures("rich")
def test_what_a_server_tells_is_answered_as_said(cloud: Cloud, nova: Lifecycle, answers: Rows) -> None:
    assert hold(cloud, nova, told(nova), answers) > 120


def create(minor: int, **more: Any) -> Asked:
    networks = {"networks": "auto"} if minor >= 37 else {}
    return Asked("create", "ACTIVE", minor, wired=("POST", "/servers", {"server": {**SERVER, **networks, **more}}))


def attach(world: str, minor: int, **more: Any) -> Asked:
    body = {"volumeAttachment": {"volumeId": BOOT_VOLUME, **more}}
    return Asked("attachVolume", world, minor, wired=("POST", "/os-volume_attachments", body))


def varied() -> Iterator[Asked]:
    """Answers that depend on the request or the server."""
    for minor in (1, NEWEST):
        yield create(minor)
        yield create(minor, adminPass="secret", security_groups=[{"name": "default"}])
        yield create(minor, return_reservation_id=True)
    for minor in (44, 45):
        body = {"name": "b", "backup_type": "daily", "rotation": 0}
        yield Asked("createBackup", "ACTIVE", minor, wired=("POST", "/action", {"createBackup": body}))
    for world in ("ACTIVE", "SHELVED_OFFLOADED"):
        yield attach(world, 69)
        yield attach(world, 100, delete_on_termination="yes")
    yield attach("ACTIVE", 100, tag="disk")


def without_passwords() -> Iterator[Asked]:
    """What is answered where the deployment's option keeps passwords from being told."""
    yield create(NEWEST)
    yield Asked("rescue", "ACTIVE", NEWEST)
    yield Asked("rebuild", "ACTIVE", NEWEST)
    yield Asked("evacuate", "ACTIVE", 14, "admin", down=True)


def test_what_depends_on_the_request_is_answered_as_said(cloud: Cloud, nova: Lifecycle, answers: Rows) -> None:
    assert hold(cloud, nova, varied(), answers) == 13
    option = {"group": "api", "key": "enable_instance_password"}
    cloud.control("PUT", "/conf", {**option, "value": False})
    try:
        assert hold(cloud, nova, without_passwords(), answers) == 4
    finally:
        cloud.control("PUT", "/conf", {**option, "value": True})
    assert all("secret" not in json.dumps(row["answer"]) for row in answers[-4:])


@dataclass(frozen=True, slots=True)
class Refused(Asked):
    """A request that is refused, with what the table is told of the server; None where it is not the table's to refuse."""

    told: dict[str, Any] | None = field(default_factory=lambda: {"status": "ACTIVE"})
    body: Any = None
    fails: str | None = None


NOBODY = "00000000-0000-4000-8000-000000000009"
WRONG = {"resize": {"flavorRef": "2", "flavor": "2"}}
PASSWORD: dict[str, Any] = {"changePassword": {"adminPass": "secret"}}
REFUSED = [
    Refused("resize", "ACTIVE", 47, wired=("POST", "/action", WRONG), body=WRONG),
    Refused("evacuate", "ACTIVE", 47, "admin", wired=("POST", "/action", {"evacuate": {}})),
    Refused("os-getRDPConsole", "ACTIVE", 1),
    Refused("os-stop", "ACTIVE", 47, "anonymous"),
    Refused("os-stop", "ACTIVE", 47, "reader"),
    Refused("os-stop", "ACTIVE", 47, "stranger"),
    Refused("migrate", "ACTIVE", 47),
    Refused("addFloatingIp", "ACTIVE", 44),
    Refused("os-stop", "SHUTOFF", 47, told={"status": "SHUTOFF"}),
    Refused("pause", "rich", 47, told={"status": "ACTIVE", "locked_by": "admin"}),
    Refused("unlock", "rich", 47, told={"status": "ACTIVE", "locked_by": "admin"}),
    Refused("attachVolume", "SHELVED", 19, told={"status": "SHELVED"}),
    Refused("resetNetwork", "ACTIVE", 47, "admin"),
    Refused("changePassword", "ACTIVE", 47, wired=("POST", "/action", PASSWORD), told=None, fails="set_admin_password"),
    Refused("os-getConsoleOutput", "ACTIVE", 47, told={"status": "ACTIVE", "driver": False}, fails="get_console_output"),
    Refused("os-stop", "ACTIVE", NEWEST + 1, told=None),
    Refused("remote-consoles", "ACTIVE", 5, variant="vnc"),
    Refused("addTag", "ACTIVE", 25),
    Refused("os-stop", "ACTIVE", 47, wired=("POST", f"/servers/{NOBODY}/action", {"os-stop": None}), told={"exists": False}),
    Refused("injectNetworkInfo", "SHELVED_OFFLOADED", 47, "admin", told=None),
]
"""A refusal for each code that can be had; that the last is a 500 is Nova's mistake, but such is its form."""


def test_a_refusal_is_answered_as_said(cloud: Cloud, nova: Lifecycle, rich: World, answers: Rows) -> None:
    del rich
    rows: Rows = []
    for one in REFUSED:
        cloud.control("PUT", "/fail", {one.fails: "builtins.NotImplementedError"} if one.fails else {})
        told = {"server": one.told} if one.told else {}
        rows.append(one.row(one.answered(cloud), **told, **({"body": one.body} if one.body else {})))
    cloud.fail()
    answers += rows
    assert {row["answer"]["code"] for row in rows} == {400, 401, 403, 404, 406, 409, 410, 500, 501}
    differences = [f"{row}: {difference}" for row in rows if (difference := misnamed(nova, row))]
    assert not differences, report(differences)
