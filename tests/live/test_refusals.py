"""What a running Nova answers at once, to requests drawn at random from all that can be asked, as the table says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from live.chance import many
from live.requested import wire
from recorded import Answer
from test_observed import report

from lifecycle import Server

if TYPE_CHECKING:
    import random

    from live.cloud import Cloud, Reply
    from live.requested import World

    from lifecycle import Lifecycle
    from lifecycle.engine.decide import Decision

ATTEMPTS = many(600)
CALLERS = {"member": 8, "admin": 5, "manager": 2, "reader": 1, "stranger": 1, "anonymous": 1}
BOUNDARIES = (1, 5, 6, 16, 17, 19, 20, 25, 26, 43, 44, 47, 55, 84, 85, 94, 95, 100, 101, 104)

DEFECTS = {
    ("host", "no host, and the API does not look"): (
        "attachInterface changePassword createBackup createImage detachInterface injectNetworkInfo pause reboot rescue"
        " resume shelve shelveOffload suspend unpause unrescue updateVolume addFixedIp removeFixedIp detachVolume"
    ),
    ("lock", "the API does not catch that it is locked"): "addFixedIp removeFixedIp",
    ("task", "the API does not catch that it is busy"): "remote-consoles os-getVNCConsole os-getSPICEConsole os-getSerialConsole",
    ("host_up", "the API does not catch that the volume's server has no host"): "detachVolume",
}
"""Answers 500 of Nova's own making: the rule that the table refuses by, why, and for which actions."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and the server that it meets."""

    action: str
    variant: str | None
    told: dict[str, Any]
    caller: str
    minor: int

    @property
    def world(self) -> str:
        resized, volume = self.told["vm_state"] == "resized", self.told["volume_backed"]
        return ("VERIFY_RESIZE" if resized else "ACTIVE") + (" of a volume" if volume else "")

    def decide(self, nova: Lifecycle) -> Decision:
        told = self.told if self.told["exists"] else {"exists": False}
        return nova.decide(self.action, Server(**told), self.caller, f"2.{self.minor}", self.variant)


def draw(rng: random.Random, nova: Lifecycle) -> Attempt:
    """An attempt in which most things are as usual, so that each check has its turn."""
    rules = nova.rules
    action = rng.choice([name for name in rules.actions if name != "create"])
    variant = rng.choice(rules.variants(action) or (None,))
    state = rng.choice(list(rules.states))
    implied = rules.states[state]["implies"]
    told: dict[str, Any] = {
        "vm_state": rules.states[state]["vm_state"],
        "task_state": rng.choice(rules.tasks) if rng.random() < 0.3 else None,
        "locked_by": rng.choice(list(rules.holders)) if rng.random() < 0.3 else None,
        "host": implied.get("host", rng.random() < 0.9),
        "launched": implied.get("launched", True) == (rng.random() < 0.9),
        "volume_backed": rng.random() < 0.15,
        "exists": rng.random() < 0.97,
        "options": {"reclaim_instance_interval": rng.choice((0, 3600)), "shelved_offload_time": rng.choice((-1, 0, 3600))},
    }
    told["host_up"] = not told["host"] or rng.random() < (0.2 if action == "evacuate" else 0.85)
    caller = rng.choices(list(CALLERS), list(CALLERS.values()))[0]
    minor = rng.choice(BOUNDARIES) if rng.random() < 0.7 else rng.randint(1, 104)
    return Attempt(action, variant, told, caller, minor)


def prepare(cloud: Cloud, attempt: Attempt, world: World) -> None:
    """Writes the server's raw row, in a world that is otherwise untouched."""
    told = attempt.told
    cloud.options(**told["options"])
    raw: dict[str, Any] = {key: told[key] for key in ("vm_state", "task_state", "locked_by")}
    if not told["host"]:
        raw |= {"host": None, "node": None}
    if not told["launched"]:
        raw["launched_at"] = None
    if not told["host_up"]:
        raw["host_down"] = True
    cloud.control("PUT", f"/servers/{world.id}", {"restore": world.name, **raw})


def try_it(cloud: Cloud, attempt: Attempt) -> tuple[Reply, Answer] | None:
    """What Nova answered, and what the server was right after; None where no valid body asks for it."""
    world = cloud.worlds[attempt.world]
    asked = wire(attempt.action, attempt.variant, attempt.minor, world)
    if asked is None:
        return None
    prepare(cloud, attempt, world)
    method, path, body = asked
    server = world.id if attempt.told["exists"] else str(uuid4())
    reply = cloud.ask(method, f"/servers/{server}{path}", body, attempt.caller, attempt.minor)
    message = reply.message.replace(server, "{id}")
    if not attempt.told["exists"]:
        return reply, Answer(reply.code, message)
    row = cloud.row(world.id)
    return reply, Answer(reply.code, message, (row["status"], row["task_state"], row["locked_by"]))


def defect(attempt: Attempt, decision: Decision) -> str | None:
    """Why this 500 is Nova's own mistake, or None where it is none that is known."""
    for (rule, reason), actions in DEFECTS.items():
        if decision.rule == rule and attempt.action in actions.split():
            return reason
    if attempt.action == "createImage" and attempt.told["volume_backed"]:
        return "Nova's own stub of Cinder makes no snapshots"
    if attempt.action == "detachVolume" and not attempt.told["host"]:
        return "a volume is not detached where there is no host"
    if attempt.action == "attachVolume" and not attempt.told["host"] and attempt.minor < 101:
        return "a host that is not there is asked for a device's name, before 2.101 while the caller waits"
    return None


def exceptional(attempt: Attempt, answer: Answer, decision: Decision) -> bool:
    """Answers that are not the table's, each for a reason that is known."""
    if answer.code == 500:
        return defect(attempt, decision) is not None
    if attempt.action == "unshelve" and attempt.variant == "host" and decision.rule == "policy":
        return True  # who may name a host is asked after all else; the table asks it with the policies
    return attempt.action == "removeFloatingIp" and not attempt.told["exists"] and answer.code == 409


def test_nova_answers_as_the_table_says(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    cloud.deliver(casts=False)
    wrong, answered = [], Counter[str]()
    while answered.total() < ATTEMPTS:
        attempt = draw(rng, nova)
        tried = try_it(cloud, attempt)
        if tried is None:
            continue
        decision = attempt.decide(nova)
        answered[str(decision.rule)] += 1
        difference = tried[1].differs(decision)
        if difference and not exceptional(attempt, tried[1], decision):
            wrong.append(f"{attempt}: {difference} ({tried[0].message[:200]})")
    print(dict(answered))  # noqa: T201 - shown where the test fails
    assert not wrong, report(wrong)
