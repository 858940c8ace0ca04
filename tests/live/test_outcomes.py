"""What comes of an accepted request in a running Nova, from states really reached, as the table says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from live.chance import many
from live.cloud import NEWEST, OPTIONS, STEPS

from lifecycle import Server

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from live.cloud import Cloud
    from live.requested import World

    from lifecycle import Lifecycle
    from lifecycle.engine.decide import Decision

LONGEST, ACTIONS = 5, many(100)
TOLD = ("vm_state", "task_state", "locked_by")

NOT_WALKED = {
    "create": "makes another server",
    "changePassword": "is done when it answers",
    "evacuate": "asks for a host that is down, and has a test of its own",
    "os-resetState": "says what a server is, not what its guest does; no later outcome would tell anything",
}

FAILING = {
    "os-start": "power_on",
    "os-stop": "power_off",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
    "rescue": "rescue",
    "unrescue": "unrescue",
    "reboot:SOFT": "reboot",
    "reboot:HARD": "reboot",
    "rebuild": "spawn",
    "resize": "migrate_disk_and_power_off finish_migration",
    "migrate": "migrate_disk_and_power_off finish_migration",
    "confirmResize": "confirm_migration",
    "revertResize": "finish_revert_migration",
    "createImage": "snapshot",
    "createBackup": "snapshot",
    "shelve": "snapshot power_off",
    "shelveOffload": "destroy",
    "os-migrateLive": "pre_live_migration live_migration",
    "DELETE": "soft_delete",
    "forceDelete": "destroy",
    "restore": "restore",
}
"""The calls of the driver that an action cannot do without."""

FAILS_OTHERWISE = {
    "VERIFY_RESIZE: forceDelete, destroy": "defect: the answer is 500, and the task that the API set stays on",
    "VERIFY_RESIZE of SHUTOFF: forceDelete, destroy": "defect: the answer is 500, and the task that the API set stays on",
    "VERIFY_RESIZE of a volume: forceDelete, destroy": "defect: the answer is 500, and the task that the API set stays on",
    "ACTIVE of a volume: shelve, snapshot": "nothing is uploaded, so that no snapshot fails",
    "SHELVED_OFFLOADED: DELETE, soft_delete": "no driver has anything to delete",
    "SHELVED_OFFLOADED: forceDelete, destroy": "no driver has anything to delete",
    "ERROR of a build: DELETE, soft_delete": "no driver has anything to delete",
    "ERROR of a build: forceDelete, destroy": "no driver has anything to delete",
}
"""Where a failing call brings another end than the table says, by the reason."""


def described(row: Mapping[str, Any], world: World, before: str | None, options: Mapping[str, int] = OPTIONS) -> Server:
    """All that the table may ask about a server that really is as its row says."""
    told = {key: row[key] for key in TOLD} | {"host": row["host"] is not None, "launched": row["launched_at"] is not None}
    if before and row["vm_state"] == "resized":
        told["before"] = before
    return Server(**told, volume_backed=world.volume_backed, options=dict(options))


def changing(nova: Lifecycle, server: Server, world: World) -> dict[str, Decision]:
    """The actions that would be accepted and do something, by name with variant."""
    found = {}
    for name, decision in nova.bind("admin", f"2.{NEWEST}").actions(server).items():
        stub = world.volume_backed and decision.action in ("createImage", "rebuild")
        if decision.allowed and not stub and (decision.tasks or decision.becomes != [decision.shown_before]):
            found[name] = decision
    return found


def settled(cloud: Cloud, world: World, since: int) -> tuple[dict[str, Any], list[str]]:
    cloud.settle()
    return cloud.row(world.id), cloud.tasks(world.id, since)


def check(name: str, decision: Decision, row: Mapping[str, Any], tasks: list[str], history: list[str]) -> None:
    """The tasks that were seen are the decision's, and the end is one that it names."""
    assert row["task_state"] is None, f"{history}: {name} leaves {row['task_state']} on"
    assert row["status"] in decision.becomes, f"{history}: {name} ends {row['status']}, not {decision.becomes}"
    assert tasks == decision.tasks, f"{history}: {name} runs through {tasks}, not {decision.tasks}"


def walked(nova: Lifecycle, decision: Decision) -> bool:
    """Whether a walk may go there: not where a request names a host or a zone, for the server may have come there meanwhile."""
    return decision.action not in NOT_WALKED and decision.variant not in nova.rules.action(decision.action)["given"]


def walk(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> int:
    """A few accepted actions in a row, each checked; how many there were."""
    world = cloud.restore(rng.choice(list(STEPS)))
    options = {"reclaim_instance_interval": rng.choice((0, 3600)), "shelved_offload_time": rng.choice((-1, 0, 3600))}
    cloud.options(**options)
    before, history, row = world.before, [f"{world.name} {options}"], cloud.row(world.id)
    for _ in range(LONGEST):
        open_to = changing(nova, described(row, world, before, options), world)
        names = sorted(name for name, decision in open_to.items() if walked(nova, decision))
        if "resize" in history or world.before:
            names = [name for name in names if name != "resize"]  # it would ask for the flavor that it may have
        if not names:
            break
        name = rng.choice(names)
        decision, since = open_to[name], cloud.mark()
        before = decision.shown_before if decision.action in ("resize", "migrate") else before
        reply = cloud.do(world, decision.action, decision.variant)
        assert reply.code == decision.code, f"{history}: {name} {reply}"
        row, tasks = settled(cloud, world, since)
        check(name, decision, row, tasks, history)
        history.append(name)
        if row["status"] == "DELETED":
            break
    return len(history) - 1


def test_walks_end_where_the_table_says(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    cloud.deliver(casts=True)
    steps = 0
    while steps < ACTIONS:
        steps += walk(cloud, nova, rng)
    print(f"{steps} actions")  # noqa: T201 - shown where the test fails


@pytest.mark.parametrize("minor", [14, 94, 95])
@pytest.mark.parametrize("name", ["ACTIVE", "SHUTOFF", "ERROR"])
def test_an_evacuation_ends_where_the_table_says(cloud: Cloud, nova: Lifecycle, name: str, minor: int) -> None:
    cloud.deliver(casts=True)
    world = cloud.restore(name)
    row = cloud.control("PUT", f"/servers/{world.id}", {"host_down": True, "progress": 0})
    decision = nova.decide("evacuate", Server(vm_state=row["vm_state"], host_up=False), "admin", f"2.{minor}")
    since = cloud.mark()
    assert cloud.do(world, "evacuate", minor=minor).code == decision.code == 200
    row, tasks = settled(cloud, world, since)
    check("evacuate", decision, row, tasks, [name])


@pytest.mark.parametrize("name", [*STEPS])
def test_failures_end_where_the_table_says(cloud: Cloud, nova: Lifecycle, name: str) -> None:
    cloud.deliver(casts=True)
    cloud.options(**OPTIONS)
    world = cloud.restore(name)
    open_to = changing(nova, described(cloud.row(world.id), world, world.before), world)
    calls = [(action, method) for action in open_to for method in FAILING.get(action, "").split()]
    assert calls
    for action, method in calls:
        story = f"{name}: {action}, {method}"
        difference = failure_difference(cloud, world, open_to[action], method)
        assert bool(difference) == (story in FAILS_OTHERWISE), f"{story} fails: {difference or 'no longer an exception'}"


def failure_difference(cloud: Cloud, world: World, decision: Decision, method: str) -> str | None:
    """What comes otherwise than the table says when one action's work fails at one call of the driver."""
    cloud.restore(world.name)
    since = cloud.mark()
    cloud.fail(method)
    try:
        reply = cloud.do(world, decision.action, decision.variant)
        row, tasks = settled(cloud, world, since)
    finally:
        cloud.fail()
    if reply.code != decision.code:
        return f"the answer is {reply}, not {decision.code}"
    if row["task_state"] is not None:
        return f"{row['task_state']} stays on"
    if row["status"] not in decision.on_failure:
        return f"it ends {row['status']}, not {decision.on_failure}"
    return None if set(tasks) <= set(decision.tasks) else f"it runs through {tasks}, not {decision.tasks}"
