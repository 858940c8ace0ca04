"""Policy files: what the table says by default is what Nova says, what a file says is followed, and mistakes are told.

`PYTHONPATH=tests python tests/table/test_policy.py` writes the messages anew; read the difference before it is committed.
"""

from __future__ import annotations

import json
import lzma
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from recorded import DATA, POLICIES, rows, server

from lifecycle import Lifecycle, Server
from lifecycle.errors import LifecycleError, TableError, UnknownCaller
from lifecycle.table.policy import MAX_CHECK, MAX_ROLES, with_policy

FILES = Path(__file__).resolve().parent.parent / "policies"
INVALID = sorted(path for path in FILES.iterdir() if path.suffix != ".txt")
STOP = "os_compute_api:servers:stop"


@cache
def defaults() -> dict[str, Any]:
    """Nova's own rules, each with its check string and whom it lets through by what it is asked of."""
    with lzma.open(DATA / "policy-defaults.json.xz", "rt") as file:
        found: dict[str, Any] = json.load(file)
    return found


@pytest.fixture
def empty(compute: Lifecycle, tmp_path: Path) -> Lifecycle:
    return laid_over(compute, tmp_path, "# nothing is changed\n")


def laid_over(lifecycle: Lifecycle, folder: Path, text: str, name: str = "policy.yaml") -> Lifecycle:
    """The table with a policy file of this text."""
    (folder / name).write_text(text, encoding="utf-8")
    return Lifecycle(with_policy(lifecycle.rules, folder / name), lifecycle.reading)


def refused(folder: Path, text: str) -> str:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TableError) as error:
        Lifecycle.load(policy=folder / "policy.yaml")
    return str(error.value).replace(f"{folder}/", "")


# What the table says where no file says otherwise


def test_the_table_knows_novas_rules(compute: Lifecycle) -> None:
    rules, policies = defaults()["rules"], compute.rules.data["policies"]
    assert {name: rules[name][0] for name in policies["rules"]} == policies["rules"]
    assert {name for name in policies["others"] if name not in rules} == set()
    rows = (*compute.rules.actions.values(), *compute.rules.reads.values())
    asked = {edition["rule"]["policy"] for row in rows for edition in row["editions"]} - {None}
    of_one_group = {name.rpartition(":")[0] for name in asked if name.count(":") > 1}
    owned = {name for name in rules if any(name.startswith(f"{group}:") for group in of_one_group)}
    assert owned - asked - set(policies["rules"]) == set(policies["others"])


def test_the_table_knows_the_names_of_old(compute: Lifecycle, empty: Lifecycle) -> None:
    policies, renamed = compute.rules.data["policies"], defaults()["renamed"]
    assert empty.rules.policy is not None
    asked = set(empty.rules.data["policy"]["lets"])
    assert {name: [old, new["was"]] for old, new in policies["renamed"].items() for name in new["to"]} == {
        new: old for new, old in renamed.items() if new in asked
    }


def test_by_default_each_policy_lets_through_whom_nova_lets_through(empty: Lifecycle) -> None:
    lets = empty.rules.data["policy"]["lets"]
    assert len(lets) > 50
    for name, targets in lets.items():
        assert targets == {target: defaults()["rules"][name][1][target] for target in targets}


def test_who_may_by_the_rows_is_who_may_by_the_policies(compute: Lifecycle, empty: Lifecycle) -> None:
    """`by` and the callers say the same as the check strings: one source for each, and they agree."""
    assert empty.rules.data["callers"] == compute.rules.data["callers"]
    assert [name for name, caller in compute.rules.callers.items() if caller.passes_lock] == defaults()["admins"]
    for name, action in compute.rules.actions.items():
        for edition in action["editions"]:
            rule = edition["rule"]
            here = [who for who in compute.rules.may(rule) if who != "anonymous"]
            if rule["policy"] and rule["policy"] not in compute.rules.data["policies"]["rules"]:
                in_reach = [who for who in here if compute.rules.callers[who].fails is None]
                assert [who for who in empty.rules.may(rule) if compute.rules.callers[who].fails is None] == in_reach, name


def test_rows_of_one_policy_have_one_by(compute: Lifecycle) -> None:
    least: dict[str, set[str]] = {}
    for action in compute.rules.actions.values():
        for edition in action["editions"]:
            if edition["rule"]["policy"]:
                least.setdefault(edition["rule"]["policy"], set()).add(edition["rule"]["by"])
    assert [name for name, some in least.items() if len(some) > 1] == []


def test_novas_own_names_are_no_mistake(compute: Lifecycle, tmp_path: Path) -> None:
    """A file that has every rule of Nova, as its sample has."""
    text = "".join(f"{json.dumps(name)}: {json.dumps(check)}\n" for name, (check, _) in defaults()["rules"].items())
    lifecycle = laid_over(compute, tmp_path, text)
    assert list(lifecycle.rules.callers) == list(compute.rules.callers)


# What a file says


@pytest.mark.parametrize("name", POLICIES)
def test_nova_answered_so_under_this_file(name: str) -> None:
    """Every action for every caller, as a running Nova was asked under the same file."""
    lifecycle = Lifecycle.load(reading="nova", policy=DATA / "policies" / name)
    answers = [row for row in rows("policies.jsonl.xz") if row["policy"] == name]
    assert len(answers) > 60
    wrong = []
    for row in answers:
        for caller, code in row["codes"].items():
            decision = lifecycle.decide(row["action"], server(row), caller, row["microversion"], row.get("variant"))
            if code not in (decision.code, 500):
                wrong.append((row["action"], caller, decision.code, code))
    assert wrong == []


def test_a_refusal_names_the_policy_its_line_and_what_it_asks_for(compute: Lifecycle, tmp_path: Path) -> None:
    lifecycle = laid_over(compute, tmp_path, f"# operators\n\n{STOP}: role:operator\n")
    decision = lifecycle.decide("os-stop", Server(status="ACTIVE"), "member")
    assert (decision.code, decision.rule, decision.row) == (403, "policy", f"{tmp_path}/policy.yaml:3")
    assert decision.reason == (
        f"os-stop refused: the policy {STOP} asks for role:operator, and this is a member ({tmp_path}/policy.yaml:3)"
    )
    assert decision.message == f"Policy doesn't allow {STOP} to be performed."
    assert decision.to_allow == [{"caller": "operator", "by": "operator"}]
    assert lifecycle.decide("os-stop", Server(status="ACTIVE"), "operator").allowed
    assert not compute.decide("os-stop", Server(status="ACTIVE"), "reader").allowed


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (f'{STOP}: "!"', f"the policy {STOP} lets nobody through, and this is a member", 1),
        ("project_member_or_admin: role:admin", "asks for rule:project_member_or_admin, that is role:admin, and", 1),
        (f"{STOP}: rule:a\na: rule:b\nb: role:x or role:y\n", f"{STOP} asks for rule:a, that is role:x or role:y, and", 1),
        (f'{STOP}: rule:a\na: "!"\n', f"{STOP} lets nobody through, and", 1),
        (f"{STOP}: [[role:x, role:y], [role:z]]", f"{STOP} asks for ((role:x and role:y) or role:z), and", 1),
        ("x: role:x\nproject_member_api: rule:x\n", "rule:project_member_or_admin, that is rule:project_member_api or", 2),
    ],
)
def test_a_refusal_says_what_is_asked_through_other_rules(
    compute: Lifecycle, tmp_path: Path, text: str, reason: str, line: int
) -> None:
    decision = laid_over(compute, tmp_path, text).decide("os-stop", Server(status="ACTIVE"))
    assert reason in decision.reason
    assert decision.row == f"{tmp_path}/policy.yaml:{line}"


def test_what_the_file_leaves_out_is_told_as_ever(compute: Lifecycle, tmp_path: Path) -> None:
    lifecycle = laid_over(compute, tmp_path, f"{STOP}: role:operator\n")
    ever, now = (one.decide("pause", Server(status="ACTIVE"), "reader") for one in (compute, lifecycle))
    assert now.as_dict() == ever.as_dict()
    assert "it takes a member, and this is an operator" in lifecycle.decide("pause", Server(), "operator").reason


def test_who_is_admin_passes_locks_and_meets_all_projects(compute: Lifecycle, tmp_path: Path) -> None:
    locked = Server(status="ACTIVE", locked_by="admin")
    lifecycle = laid_over(compute, tmp_path, "context_is_admin: role:operator or role:service")
    assert lifecycle.decide("pause", locked, "operator").allowed
    assert lifecycle.decide("pause", locked, "service").allowed
    assert lifecycle.decide("pause", Server(), "admin").rule == "exists"  # of another project, and no admin any more
    assert lifecycle.decide("pause", locked, "member").rule == "lock"
    assert "it takes a service or an operator" in lifecycle.decide("pause", locked, "member").reason


def test_who_may_undo_a_lock_is_a_policy(compute: Lifecycle, tmp_path: Path) -> None:
    override = "os_compute_api:os-lock-server:unlock:unlock_override"
    lifecycle = laid_over(compute, tmp_path, f"{override}: role:manager and project_id:%(project_id)s")
    by_admin, by_owner = (Server(status="ACTIVE", locked_by=holder) for holder in ("admin", "owner"))
    assert lifecycle.decide("unlock", by_admin, "manager").allowed
    assert lifecycle.decide("unlock", by_owner, "member").allowed
    refusal = lifecycle.decide("unlock", by_admin, "member")
    assert (refusal.code, refusal.rule, refusal.row) == (403, "lock", f"{tmp_path}/policy.yaml:1")
    assert f"locked by an admin, the policy {override} asks for role:manager" in refusal.reason
    assert lifecycle.decide("unlock", by_owner, "admin").rule == "lock"  # it is not the admin's own
    assert lifecycle.decide("unlock", by_admin, "admin").allowed


def test_an_open_policy_opens_no_other_project(compute: Lifecycle, tmp_path: Path) -> None:
    tags = "os_compute_api:os-server-tags:update"
    lifecycle = laid_over(compute, tmp_path, f'{STOP}: "@"\n{tags}: "@"\nos_compute_api:os-remote-consoles: "!"\n')
    for action in ("os-stop", "addTag"):
        decision = lifecycle.decide(action, Server(status="ACTIVE"), "stranger")
        assert (decision.code, decision.rule) == (404, "exists")
    assert lifecycle.decide("os-stop", Server(status="ACTIVE"), "reader").allowed
    assert compute.decide("addTag", Server(), "stranger").rule == "policy"
    early = lifecycle.decide("os-getVNCConsole", Server(), "stranger", "2.1")  # the policy is asked before the lookup
    assert (early.code, early.rule) == (403, "policy")
    assert lifecycle.decide("remote-consoles", Server(), "stranger").rule == "exists"
    assert lifecycle.decide("os-stop", Server(), "anonymous").rule == "token"


def test_roles_of_the_file_can_be_asked_about(compute: Lifecycle, tmp_path: Path) -> None:
    text = f"{STOP}: role:Operator or role:READER\nother:part: role:auditor or role:%(role)s\n"
    lifecycle = laid_over(compute, tmp_path, text)
    assert [name for name in lifecycle.rules.callers if name not in compute.rules.callers] == ["Operator", "auditor"]
    with pytest.raises(UnknownCaller, match="no caller is called opreator; did you mean Operator"):
        lifecycle.bind("opreator")
    with pytest.raises(UnknownCaller, match="there are admin, manager, member, reader, service, stranger, anonymous, Operator"):
        lifecycle.bind("xyz")
    assert lifecycle.decide("os-stop", Server(), "reader").allowed


def test_every_question_follows_the_file(compute: Lifecycle, tmp_path: Path) -> None:
    lifecycle = laid_over(compute, tmp_path, f"{STOP}: role:operator\n")
    server_ = Server(status="ACTIVE")
    assert not lifecycle.bind("member").decide("os-stop", server_).allowed
    assert not lifecycle.actions(server_, "member")["os-stop"].allowed
    assert lifecycle.actions(server_, "operator")["os-stop"].allowed
    assert [one.action for one in lifecycle.plan(server_, "SHUTOFF", "operator").requests] == ["os-stop"]
    with pytest.raises(LifecycleError, match="an operator could: os-stop"):
        lifecycle.plan(server_, "SHUTOFF", "member")
    lifecycle.machine(server_, "operator").trigger("os-stop")
    with pytest.raises(LifecycleError, match="asks for role:operator"):
        lifecycle.machine(server_, "member").trigger("os-stop")


def test_the_table_itself_stays_as_it_is(tmp_path: Path) -> None:
    before = Lifecycle.load()
    (tmp_path / "policy.yaml").write_text(f'{STOP}: "!"\n', encoding="utf-8")
    with_file = Lifecycle.load(policy=tmp_path / "policy.yaml")
    assert not with_file.decide("os-stop", Server(), "admin").allowed
    assert Lifecycle.load().decide("os-stop", Server(), "member").allowed
    assert Lifecycle.load().rules is before.rules
    assert "operator" not in before.rules.callers


def test_a_file_that_changed_is_read_anew(compute: Lifecycle, tmp_path: Path) -> None:
    import os

    path = tmp_path / "policy.yaml"
    path.write_text(f'{STOP}: "!"\n', encoding="utf-8")
    os.utime(path, (1, 1))
    first = with_policy(compute.rules, path)
    assert with_policy(compute.rules, path) is first
    path.write_text(f'{STOP}: "@"\n', encoding="utf-8")
    os.utime(path, (1, 1))
    assert with_policy(compute.rules, path) is not first
    assert Lifecycle(with_policy(compute.rules, path)).decide("os-stop", Server(), "reader").allowed


def test_a_machine_is_unpickled_with_its_policy(tmp_path: Path) -> None:
    import pickle

    (tmp_path / "policy.yaml").write_text(f"{STOP}: role:operator\n", encoding="utf-8")
    machine = Lifecycle.load(policy=tmp_path / "policy.yaml").machine(Server(status="ACTIVE"), "member")
    again = pickle.loads(pickle.dumps(machine))  # noqa: S301 - our own
    with pytest.raises(LifecycleError, match="asks for role:operator"):
        again.trigger("os-stop")
    machine = Lifecycle.load(policy=tmp_path / "policy.yaml").machine(Server(status="ACTIVE"), "operator")
    pickle.loads(pickle.dumps(machine)).trigger("os-stop")  # noqa: S301


# Mistakes


def messages(path: Path) -> str:
    """All that is said of a policy file, as the text beside it has it."""
    with pytest.raises(TableError) as error:
        Lifecycle.load(policy=path)
    return str(error.value).replace(f"{path.parent}/", "") + "\n"


@pytest.mark.parametrize("path", INVALID, ids=[path.stem for path in INVALID])
def test_a_file_with_mistakes_is_refused_in_these_words(path: Path) -> None:
    assert messages(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_a_table_without_policies_takes_no_file(root: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("a: role:x\n", encoding="utf-8")
    with pytest.raises(LifecycleError, match="the door table has no policies, so no file can change them"):
        Lifecycle.load(root / "tests" / "tables" / "valid" / "door.yaml", policy=tmp_path / "policy.yaml")


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policy.yaml").write_text("a: role:x\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "oslo_policy", None)
    monkeypatch.setitem(sys.modules, "oslo_policy.policy", None)
    with pytest.raises(LifecycleError, match=r"not installed: pip install 'server-lifecycle\[policy\]'"):
        Lifecycle.load(policy=tmp_path / "policy.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x: role:a\n" * 200_000, "is larger than 1,000,000 bytes; a policy file is not"),
        ("x: " + "[" * 10_000, "is nested more than 16 deep; a policy file is not"),
        ("".join(f"x{number}: role:a\n" for number in range(51_000)), "has more than 100,000 parts; a policy file has fewer"),
        (f"{STOP}: {'not ' * 1_000}role:a\n", "is no check string that oslo.policy understands: not not"),
        (f"{STOP}: {'not ' * 60}role:a\n", "is nested more than 50 deep"),
        (f"{STOP}: {'role:a or ' * 2_000}role:a\n", f"is longer than {MAX_CHECK:,} characters"),
        ("".join(f"a{n}: rule:a{n + 1} or rule:a{n + 1}\n" for n in range(40)) + "a40: role:x\n", "asks more than 5,000 checks"),
        ("".join(f"a{n}: rule:a{n + 1}\n" for n in range(20_000)) + "a20000: role:x\n", "asks checks more than 50 deep"),
        ("".join(f"a{n}: role:r{n}\n" for n in range(MAX_ROLES + 1)), "speaks of more than 100 roles"),
        ("".join(f"a{n}: rule:a{(n + 1) % 9_000}\n" for n in range(9_000)), "refers to itself: a0 → a1"),
    ],
    ids=["large", "nested", "keys", "nots", "some nots", "long", "doubling", "chain", "roles", "circle"],
)
def test_what_nobody_wrote_in_good_faith_is_bounded(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize("name", ["", "missing.yaml", ".", "nul\0"])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(LifecycleError, match=r"cannot be read|cannot read"):
        Lifecycle.load(policy=tmp_path / name if name else "")


if __name__ == "__main__":
    for path_ in INVALID:
        path_.with_suffix(".txt").write_text(messages(path_), encoding="utf-8")
