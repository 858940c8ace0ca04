"""What a running Nova answers under a deployment's policy file, as the table says with the same file laid over it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live.chance import many
from live.requested import IMAGE, wire
from live.test_refusals import Attempt, exceptional, prepare
from recorded import POLICIES, Answer
from test_observed import report

from lifecycle import Lifecycle

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from live.cloud import Cloud

    from lifecycle.engine.decide import Decision

ROLES = {"admin": "admin,manager,member,reader", "service": "service", "operator": "operator", "cloud_admin": "cloud_admin"}
PROJECTS = {"admin": "adminproj", "service": "services"}
OPTIONS = {"reclaim_instance_interval": 0, "shelved_offload_time": -1}
VARIANTS = {"updateVolume": ("regular", "swap")}
ANSWERS = many(100)  # for each file
RECORD = os.environ.get("LIFECYCLE_LIVE_RECORD")
IDLE = "open.yaml"
BUSY = "rebuilding"
UNCHANGED = (401, 403, 404, 409)


def asked(nova: Lifecycle, *, busy: bool) -> Iterator[Attempt]:
    """Every action once for a caller who is not told, on a server on which it is allowed; with a lock for each holder too.

    On a busy one who passes the policy is refused right after it, so that nothing has to be made anew.
    """
    for action in nova.rules.actions:
        minor = int(nova.rules.editions(action, None, "nova")[-1]["until"][1])
        for variant in VARIANTS.get(action, nova.rules.variants(action)[:1] or (None,)):
            rule = nova.ruling(action, variant, None, f"2.{minor}").rule
            state = rule["requires"].get("state", ["ACTIVE"])[0]
            facts = nova.rules.states[state]["implies"]
            told: dict[str, Any] = {
                "vm_state": nova.rules.states[state]["vm_state"],
                "task_state": BUSY if busy and rule["requires"].get("task") == [None] else None,
                "locked_by": None,
                "host": facts.get("host", True),
                "launched": facts.get("launched", True),
                "host_up": rule["requires"].get("host_up", True),
                "volume_backed": False,
                "exists": True,
                "options": OPTIONS,
            }
            yield Attempt(action, variant, told, "", minor)
            for holder in ("owner", "admin") if action in ("unlock", "pause") else ():
                yield Attempt(action, variant, {**told, "locked_by": holder}, "", minor)


def answer(cloud: Cloud, attempt: Attempt, *, clean: bool) -> Answer | None:
    """What Nova answered; None where no valid body asks for it. `clean` says that the server is as it was made."""
    world = cloud.worlds[attempt.world]
    if attempt.action == "create":
        server = {"name": "b", "imageRef": IMAGE, "flavorRef": "1", "networks": "none"}
        reply = cloud.ask("POST", "/servers", {"server": server}, attempt.caller, attempt.minor)
        return Answer(reply.code, reply.message)
    request = wire(attempt.action, attempt.variant, attempt.minor, world)
    if request is None:
        return None
    if not clean:
        prepare(cloud, attempt, world)
    method, path, body = request
    reply = cloud.ask(method, f"/servers/{world.id}{path}", body, attempt.caller, attempt.minor)
    return Answer(reply.code, reply.message.replace(world.id, "{id}"))


def callers(cloud: Cloud, lifecycle: Lifecycle) -> list[str]:
    """All who can be asked about, each with a token as the table says that it is."""
    for caller in lifecycle.rules.callers:
        if caller in ROLES:
            cloud.tokens[caller] = f"{caller}:{PROJECTS.get(caller, cloud.project)}:{ROLES[caller]}"
    return [caller for caller in lifecycle.rules.callers if caller in cloud.tokens]


def compared(cloud: Cloud, lifecycle: Lifecycle, rng: random.Random, *, busy: bool) -> Iterator[tuple[Attempt, Answer, Decision]]:
    """Every action for every caller, or as many as an ordinary run asks: what Nova answered, and what the table says."""
    who = callers(cloud, lifecycle)
    clean, before, count = False, None, 0
    questions = list(asked(lifecycle, busy=busy))
    rng.shuffle(questions)
    for question in sorted(questions, key=lambda one: json.dumps(one.told)):
        if count >= ANSWERS and not RECORD:
            return
        clean, before = clean and question.told == before, question.told
        for caller in who:
            attempt = Attempt(question.action, question.variant, question.told, caller, question.minor)
            found = answer(cloud, attempt, clean=clean)
            if found is not None:
                clean = found.code in UNCHANGED
                count += 1
                yield attempt, found, attempt.decide(lifecycle)


@pytest.mark.parametrize("name", POLICIES)
def test_nova_answers_as_the_table_says_under_a_policy_file(cloud: Cloud, root: Path, rng: random.Random, name: str) -> None:
    file = root / "tests" / "data" / "policies" / name
    lifecycle = Lifecycle.load("compute", reading="nova", policy=file)
    cloud.deliver(casts=False)
    cloud.policy(file)
    try:
        results = list(compared(cloud, lifecycle, rng, busy=name != IDLE))
    finally:
        cloud.policy(None)
    record(name, results)
    wrong = [
        f"{attempt.action} {attempt.variant or ''} as {attempt.caller}, locked by {attempt.told['locked_by']}: {difference}"
        f" ({found.message[:150]})"
        for attempt, found, decision in results
        if (difference := found.differs(decision)) and not exceptional(attempt, found, decision)
    ]
    assert not wrong, report(wrong)
    assert {403, 404} < {found.code for _, found, _ in results}


def record(name: str, results: list[tuple[Attempt, Answer, Decision]]) -> None:
    """Keeps the answers for the ordinary tests, where `LIFECYCLE_LIVE_RECORD` names a folder."""
    if RECORD:
        rows: dict[str, dict[str, int]] = {}
        for attempt, found, _ in results:
            variant = {"variant": attempt.variant} if attempt.variant else {}
            asked_for = {"policy": name, "action": attempt.action, **variant, "microversion": f"2.{attempt.minor}"}
            rows.setdefault(json.dumps({**asked_for, **attempt.told}), {})[attempt.caller] = found.code
        lines = (json.dumps({**json.loads(key), "codes": codes}) for key, codes in rows.items())
        (Path(RECORD) / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
