"""A server read from its own document is the server that the document is about, at any microversion, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from live.cloud import STEPS

from lifecycle import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from live.cloud import Cloud
    from live.requested import World

    from lifecycle import Lifecycle

READ = [(caller, minor) for caller in ("member", "admin") for minor in (1, 47, 104)]
LOCK_IS_TOLD, HOST_STATUS_IS_TOLD = 9, 16

BUSY = {
    "REBOOT": ("ACTIVE", "reboot", "SOFT", "reboot"),
    "HARD_REBOOT": ("ACTIVE", "reboot", "HARD", "reboot"),
    "REBUILD": ("SHUTOFF", "rebuild", None, "spawn"),
    "RESIZE": ("ACTIVE", "resize", None, "migrate_disk_and_power_off"),
    "REVERT_RESIZE": ("VERIFY_RESIZE", "revertResize", None, "finish_revert_migration"),
    "MIGRATING": ("PAUSED", "os-migrateLive", None, "live_migration"),
    "SHUTOFF": ("SHUTOFF", "os-start", None, "power_on"),
    "SHELVED": ("SHELVED", "shelveOffload", None, "destroy"),
}
"""Where a task is seen: the world, the action with its variant, and the call of the driver that is held."""


def truth(row: Mapping[str, Any], world: World, caller: str, minor: int) -> dict[str, Any]:
    """What a document tells of this row, in the keys of a case."""
    told: dict[str, Any] = {
        "status": row["status"],
        "vm_state": row["vm_state"],
        "task_state": row["task_state"],
        "host": row["host"] is not None,
        "launched": row["launched_at"] is not None,
        "volume_backed": world.volume_backed,
    }
    if minor >= LOCK_IS_TOLD:
        told["locked"] = bool(row["locked"])
    if minor >= HOST_STATUS_IS_TOLD and caller == "admin" and told["host"]:
        told["host_up"] = True
    return told


def read(cloud: Cloud, nova: Lifecycle, world: World) -> str:
    """Reads the document as each caller, at each microversion; the status that is shown."""
    row = cloud.row(world.id)
    for caller, minor in READ:
        reply = cloud.ask("GET", f"/servers/{world.id}", None, caller, minor)
        assert reply.code == 200
        server, expected = Server.from_api(reply.document), truth(row, world, caller, minor)
        assert server.told == expected, f"{caller} at 2.{minor}"
        raw = Server(**{key: value for key, value in expected.items() if key != "status"})
        ask = nova.bind(caller, f"2.{minor}")
        assert answers(ask.actions(server)) == answers(ask.actions(raw)), f"{caller} at 2.{minor}"
    return str(row["status"])


def answers(decisions: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
    """What each action is answered and what comes of it."""
    return {name: (d.code, d.rule, d.status, d.tasks, d.becomes, d.on_failure) for name, d in decisions.items()}


@pytest.mark.parametrize("name", [*STEPS])
def test_a_settled_server_is_read_as_it_is(cloud: Cloud, nova: Lifecycle, name: str) -> None:
    assert read(cloud, nova, cloud.restore(name)) == name.partition(" ")[0]


@pytest.mark.parametrize("caller", ["member", "admin"])
def test_a_locked_server_is_read_as_it_is(cloud: Cloud, nova: Lifecycle, caller: str) -> None:
    world = cloud.restore("PAUSED")
    assert cloud.do(world, "lock", caller=caller).code == 202
    assert read(cloud, nova, world) == "PAUSED"


@pytest.mark.parametrize("status", BUSY)
def test_a_busy_server_is_read_as_it_is(cloud: Cloud, nova: Lifecycle, status: str) -> None:
    cloud.deliver(casts=True)
    name, action, variant, method = BUSY[status]
    world = cloud.restore(name)
    cloud.control("PUT", "/holds", [method])
    try:
        assert cloud.do(world, action, variant).code < 300
        cloud.settle()
        assert read(cloud, nova, world) == status
        assert cloud.row(world.id)["task_state"]
    finally:
        cloud.control("POST", "/release", [])
        cloud.settle()
