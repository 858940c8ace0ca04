"""Every answer that a running Nova gave, and every end that it came to, against the table; no Nova is needed.

What was recorded lies in `data/`, and `data/README.md` says how. What the table does not say of Nova, on purpose, is
named here with its reason, and a name that is no longer needed fails.
"""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from recorded import CUT, DATA, MATRIX_CALLERS, Answer, matrix, rows, server

from lifecycle import Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lifecycle import Lifecycle
    from lifecycle.engine.decide import Decision


DEFECTS = {
    ("injectNetworkInfo", 409, "host"): 129,
    ("remote-consoles", 409, "task"): 132,
}
"""The matrix's answers 500: how many there are, and what the table answers in their place."""

NOT_THE_TABLES = {
    "Nova finds the address before it looks for the server": [
        {"action": "removeFloatingIp", "exists": False, "caller": "member", "microversion": "2.1"}
    ],
    "no SHELVED_OFFLOADED server is on a host, so that no row asks whether that host is up": [
        {"action": "detachVolume", "vm_state": "shelved_offloaded", "host": True, "host_up": False}
    ],
    "500: a volume is not detached where there is no host, and no other action's answer says so": [
        {"action": "detachVolume", "host": False, "code": 500},
    ],
    "500: Nova's own stub of Cinder makes no snapshots": [
        {"action": "createImage", "volume_backed": True, "host": None, "code": 500},
    ],
}
"""Answers that the table does not give, by the reason: what is said of them, all of it at once; None is not told."""

ENDS_ELSEWHERE = {
    "a failure to clean up does not stop what was asked for": (
        "DELETE * cinder.attachment_delete NovaException",
        "DELETE SHELVED glance.delete NovaException",
        "DELETE SHELVED_OFFLOADED glance.delete NovaException",
        "unshelve * glance.delete NovaException",
    ),
    "a server that was shelved and kept its host comes back without its image": (
        "unshelve SHELVED glance.get *",
        "unshelve SHELVED NoValidHost",
    ),
    "a second host takes it": (
        "resize * rt.resize_claim#1 *",
        "create spawn#1 NovaException",
    ),
    "no stop follows where the server was in ERROR, so that none fails": (
        "evacuate ERROR<ACTIVE power_off NovaException, stop fails",
    ),
    "a rollback instead of ERROR, which a driver asks for, or one that cannot do it": (
        "confirmResize * InstanceFaultRollback(NovaException)",
        "confirmResize * NotImplementedError",
        "resize SHUTOFF finish_migration InstanceFaultRollback(NovaException)",
        "resize SHUTOFF finish_migration NotImplementedError",
        "resize SHUTOFF spawn InstanceFaultRollback(NovaException)",
        "resize SHUTOFF spawn NotImplementedError",
        "resume * InstanceFaultRollback(NovaException)",
        "resume * NotImplementedError",
        "revertResize VERIFY_RESIZE<ACTIVE * InstanceFaultRollback(NovaException)",
        "revertResize VERIFY_RESIZE<ACTIVE * NotImplementedError",
        "suspend * InstanceFaultRollback(NovaException)",
        "suspend * NotImplementedError",
        "unrescue * InstanceFaultRollback(NovaException)",
        "unrescue * NotImplementedError",
    ),
    "a driver that cannot keep a deleted guest powers it off, or on, instead": (
        "DELETE ACTIVE soft_delete NotImplementedError",
        "restore SOFT_DELETED restore NotImplementedError",
    ),
    "defect: a guest that is not found leaves the task on": (
        "DELETE ACTIVE destroy InstanceNotFound",
        "create spawn InstanceNotFound, spawn fails",
        "createImage * snapshot InstanceNotFound",
        "createImage * snapshot InstanceNotRunning",
        "evacuate * spawn InstanceNotFound",
        "rebuild * InstanceNotFound",
    ),
    "a stop that does not find its guest is no failure": ("evacuate SHUTOFF power_off InstanceNotFound",),
    "defect: the answer is 500, and the task that the API set stays on": (
        "DELETE SHELVED_OFFLOADED net.deallocate_for_instance NovaException",
        "DELETE VERIFY_RESIZE<* confirm_migration NovaException",
        "DELETE VERIFY_RESIZE<* destroy NovaException",
        "DELETE VERIFY_RESIZE<* destroy#1 NovaException",
        "changePassword ACTIVE set_admin_password UnexpectedTaskStateError",
        "forceDelete VERIFY_RESIZE<* confirm_migration NovaException",
        "forceDelete VERIFY_RESIZE<* destroy NovaException",
        "forceDelete VERIFY_RESIZE<* destroy#1 NovaException",
        "rebuild ERROR<SHELVED_OFFLOADED",
        "shelve * glance.create NovaException",
    ),
    "defect: unshelving an image that cannot be had leaves the task on": ("unshelve SHELVED_OFFLOADED* glance.get *",),
    "Nova's fake driver forgets the guest when its resize or rebuild fails": (
        "os-stop ERROR<rebuild spawn failed",
        "os-stop ERROR<resize failed at finish_migration",
        "rebuild ERROR<rebuild spawn failed",
        "rebuild ERROR<resize failed at finish_migration",
        "rescue ERROR<rebuild spawn failed",
        "rescue ERROR<resize failed at finish_migration",
    ),
    "500: Nova's own stub of Cinder makes no snapshots": ("createImage * volume-backed",),
}
"""Ends that the table does not say, by the reason, as patterns of `label`."""


# What was answered


def test_every_answer_of_the_matrix_agrees(nova: Lifecycle) -> None:
    bound = {caller: nova.bind(caller, "2.47") for caller in MATRIX_CALLERS.values()}
    agreeing, wrong, defects = 0, [], Counter[tuple[str, int, str | None]]()
    for action, variant, asked, caller, answer in matrix():
        decision = bound[caller].decide(action, asked, variant)
        if answer.code == 500:
            defects[action, decision.code, decision.rule] += 1
        elif difference := answer.differs(decision, CUT):
            wrong.append(f"{caller}: {action} {variant} {asked}: {difference}")
        else:
            agreeing += 1
    assert not wrong, report(wrong)
    assert agreeing == 142_155
    assert dict(defects) == DEFECTS


def test_every_other_answer_agrees(nova: Lifecycle) -> None:
    wrong, agreeing, defects, met = [], 0, 0, Counter[str]()
    for row in rows("observed.jsonl.xz"):
        difference, reason = observed_difference(nova, row), named(row)
        if bool(reason) != bool(difference):
            wrong.append(f"{row}: {difference or f'no longer an exception, {reason}'}")
        elif reason:
            met[reason] += 1
        elif row["answer"]["code"] == 500:
            defects += 1
        else:
            agreeing += 1
    assert not wrong, report(wrong)
    assert met.keys() == NOT_THE_TABLES.keys()
    assert (agreeing, defects) == (25_329, 136)


def observed_difference(nova: Lifecycle, row: Mapping[str, Any]) -> str | None:
    decision = nova.bind(row["caller"], row["microversion"]).decide(row["action"], server(row), row.get("variant"))
    answer = row["answer"]
    if answer["code"] == 500:
        return None if 400 <= decision.code < 500 else f"{decision.code} where Nova fails"
    after = ("DELETED", None, None) if answer.get("after") == "DELETED" else answer.get("after")
    return Answer(answer["code"], answer.get("message", ""), after and tuple(after)).differs(decision)


def named(row: Mapping[str, Any]) -> str | None:
    """The reason for which this row is not the table's, or None."""
    flat = {**row, "code": row["answer"]["code"]}
    for reason, kinds in NOT_THE_TABLES.items():
        if any(all(flat.get(key) == value for key, value in kind.items()) for kind in kinds):
            return reason
    return None


# What came of it


def label(row: Mapping[str, Any]) -> str:
    """`resize SHUTOFF spawn NovaException`: the action, the server, and what was made to fail."""
    earlier = row.get("after") or row.get("before")
    status = row.get("status", "") + (f"<{earlier}" if earlier else "")
    volume = "volume-backed" if row["action"] == "createImage" and row["answer"]["code"] == 500 else ""
    return " ".join(filter(None, (row["action"], row.get("variant", ""), status, volume, row.get("fail", ""))))


def outcome_difference(nova: Lifecycle, row: Mapping[str, Any]) -> str | None:
    decision = nova.bind("admin", row.get("microversion")).decide(row["action"], server(row), row.get("variant"))
    answer, failed = row["answer"], "fail" in row
    if not decision.allowed:
        return None if answer["code"] >= 400 else f"refused with {decision.code}"
    if not failed and decision.code != answer["code"]:
        return f"code {decision.code}, not {answer['code']}"
    return tasks_difference(decision, answer["tasks"], failed=failed) or end_difference(decision, answer, failed=failed)


def tasks_difference(decision: Decision, seen: Sequence[str], *, failed: bool) -> str | None:
    """Work that fails runs through some of its tasks, work that settles through all of them."""
    if set(seen) <= set(decision.tasks) if failed else list(seen) == decision.tasks:
        return None
    return f"tasks {decision.tasks}, not {seen}"


def end_difference(decision: Decision, answer: Mapping[str, Any], *, failed: bool) -> str | None:
    ends = decision.on_failure if failed else decision.becomes
    if "task_state" in answer:
        return f"it ends idle, not with {answer['task_state']}"
    return None if answer["status"] in ends else f"it ends {ends}, not {answer['status']}"


def test_every_outcome_agrees(nova: Lifecycle) -> None:
    patterns = [pattern for patterns in ENDS_ELSEWHERE.values() for pattern in patterns]
    wrong, met = [], set()
    for row in rows("outcomes.jsonl.xz"):
        difference, exceptions = outcome_difference(nova, row), [p for p in patterns if fnmatchcase(label(row), p)]
        met.update(exceptions)
        if bool(exceptions) != bool(difference):
            wrong.append(f"{label(row)}: {difference or f'no longer an exception, {exceptions}'}: {row}")
    assert not wrong, report(wrong)
    assert met == set(patterns)
    assert len(rows("outcomes.jsonl.xz")) == 1962


# What GET /servers/{id} tells

DOCUMENTS: dict[str, dict[str, Any]] = {
    "active": {"status": "ACTIVE", "vm_state": "active"},
    "active-of-a-volume": {"status": "ACTIVE", "vm_state": "active", "volume_backed": True},
    "error-of-a-build": {"status": "ERROR", "vm_state": "error", "host": False, "launched": False},
    "paused-locked": {"status": "PAUSED", "vm_state": "paused", "locked": True},
    "resize": {"status": "RESIZE", "vm_state": "active", "task_state": "resize_migrating"},
    "shelved-offloaded": {"status": "SHELVED_OFFLOADED", "vm_state": "shelved_offloaded", "host": False},
    "shutoff": {"status": "SHUTOFF", "vm_state": "stopped"},
}
USUAL = {"task_state": None, "host": True, "launched": True, "volume_backed": False, "locked": False}
READERS = (("2.1", "member"), ("2.47", "member"), ("2.104", "member"), ("2.104", "admin"))


@pytest.mark.parametrize(("microversion", "caller"), READERS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_tells_the_server(name: str, microversion: str, caller: str) -> None:
    told = USUAL | DOCUMENTS[name]
    if microversion == "2.1":
        del told["locked"]
    if caller == "admin" and told["host"]:
        told["host_up"] = True
    document = json.loads((DATA / "servers" / f"{name}-{microversion}-{caller}.json").read_text())
    assert Server.from_api(document).told == told


def test_every_document_is_read() -> None:
    stored = {path.stem for path in (DATA / "servers").iterdir()}
    assert stored == {f"{name}-{microversion}-{caller}" for name in DOCUMENTS for microversion, caller in READERS}


def report(wrong: Sequence[str]) -> str:
    """A few of the rows that disagree: one wrong cell of the table makes many."""
    return "\n".join((f"{len(wrong)} disagree, such as", *wrong[:: max(1, len(wrong) // 8)][:8]))
