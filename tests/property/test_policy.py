"""Laws of policy files: the decisions follow oslo.policy's own word, and what a file does not say it does not change."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg
from oslo_policy import policy
from table.test_policy import defaults

from lifecycle import Lifecycle, Server
from lifecycle.explore.diff import Side, diff
from lifecycle.table.policy import with_policy

COMPUTE = Lifecycle.load("compute", reading="nova")
POLICIES = COMPUTE.rules.data["policies"]
ASKED = sorted({edition["rule"]["policy"] for row in COMPUTE.rules.actions.values() for edition in row["editions"]} - {None})
NAMES = st.sampled_from([*ASKED, *POLICIES["rules"]])
SERVER = Server(status="ACTIVE")


def laid_over(says: dict[str, Any]) -> Lifecycle:
    """The table with a policy file that says this."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "policy.json")
        path.write_text(json.dumps(says), encoding="utf-8")
        return Lifecycle(with_policy(COMPUTE.rules, path), "nova")


leaf = st.sampled_from(
    [
        *(f"role:{role}" for role in ("admin", "Manager", "member", "reader", "service", "operator")),
        "project_id:%(project_id)s",
        "user_id:%(user_id)s",
        "is_admin:True",
        "is_admin:False",
        "'owner':%(project_id)s",
        "rule:project_reader_api",
        "rule:context_is_admin",
        "@",
        "!",
    ]
)
check_strings = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: "({} {} {})".format(*parts)),
        inner.map("not {}".format).map("({})".format),
    ),
    max_leaves=6,
)
lists = st.lists(st.lists(leaf, min_size=1, max_size=3), max_size=3)
files = st.dictionaries(st.sampled_from([*ASKED, "project_member_or_admin", "service_api"]), check_strings | lists, max_size=6)
files = st.builds(lambda says, extra: {**says, **extra}, files, st.dictionaries(st.just("project_manager_api"), leaf, max_size=1))


@cache
def novas() -> tuple[policy.RuleDefault, ...]:
    """Nova's rules as Nova registers them, from what was recorded of it."""
    renamed = defaults()["renamed"]
    found = []
    for name, (text, _) in defaults()["rules"].items():
        old = policy.DeprecatedRule(*renamed[name], deprecated_reason="x", deprecated_since="x") if name in renamed else None
        found.append(policy.RuleDefault(name, text, deprecated_rule=old))
    return tuple(found)


def enforcer(says: dict[str, Any], folder: str) -> policy.Enforcer:
    """oslo.policy as Nova uses it."""
    path = Path(folder, "policy.yaml")
    path.write_text(json.dumps(says), encoding="utf-8")
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    found = policy.Enforcer(conf, policy_file=str(path))
    conf.set_override("policy_dirs", [], group="oslo_policy")
    found.suppress_deprecation_warnings = found.suppress_default_change_warnings = True
    found.register_defaults(novas())
    return found


@settings(max_examples=60)
@given(files)
def test_every_decision_follows_oslo_policy(says: dict[str, Any]) -> None:
    lifecycle = laid_over(says)
    with tempfile.TemporaryDirectory() as folder:
        asks = enforcer(says, folder)
        own = {"project_id": "owner", "user_id": "member"}
        for caller in lifecycle.rules.callers:
            token = POLICIES["tokens"].get(caller) or {**POLICIES["tokens"]["reader"], "roles": [caller]}
            if caller == "anonymous":
                continue
            creds = {**token, "is_admin": None}
            creds["is_admin"] = asks.enforce("context_is_admin", {key: token[key] for key in own}, dict(creds))
            for action, target in (("os-stop", own), ("reboot", {"project_id": "owner"}), ("evacuate", own)):
                rule = lifecycle.ruling(action, None, caller, None).rule
                wanted = bool(asks.enforce(rule["policy"], target, dict(creds)))
                assert (caller in lifecycle.rules.may(rule)) == wanted, (caller, action, says)
                decision = lifecycle.decide(action, SERVER, caller)
                finds = creds["is_admin"] or token["project_id"] == "owner"
                assert (decision.rule == "exists") == (not finds)
                if finds:
                    assert (decision.rule == "policy") == (not wanted)


@pytest.mark.parametrize("version", ["2.1", "2.43", "2.104"])
def test_a_file_that_says_nothing_is_no_difference(version: str) -> None:
    left, right = (Side(lifecycle.rules, "nova", version=version) for lifecycle in (COMPUTE, laid_over({})))
    found = diff(left, right)
    assert (found.table, found.groups) == ([], [])


def test_a_difference_is_just_where_the_file_makes_one() -> None:
    changed = laid_over({"os_compute_api:servers:stop": "role:manager and project_id:%(project_id)s"})
    found = diff(Side(COMPUTE.rules, "nova"), Side(changed.rules, "nova"))
    assert {(group.action, pair[0]) for group in found.groups for pair in group.box["caller"]} == {
        ("os-stop", "admin"),
        ("os-stop", "member"),
    }


@settings(max_examples=12)
@given(st.lists(NAMES.filter(lambda name: name not in POLICIES["renamed"]), unique=True))  # one of old speaks for others too
def test_a_file_that_repeats_the_defaults_changes_no_decision(names: list[str]) -> None:
    lifecycle = laid_over({name: defaults()["rules"][name][0] for name in names})
    assert lifecycle.rules.data["callers"] == COMPUTE.rules.data["callers"]
    for caller in COMPUTE.rules.callers:
        for action, decision in COMPUTE.actions(SERVER, caller).items():
            other = lifecycle.actions(SERVER, caller)[action]
            assert (other.code, other.rule, other.message) == (decision.code, decision.rule, decision.message)
            assert other.becomes == decision.becomes
            if not names:
                assert other.as_dict() == decision.as_dict()


@settings(max_examples=12)
@given(st.sampled_from(ASKED), check_strings)
def test_one_policy_changes_only_the_actions_that_ask_it(name: str, text: str) -> None:
    lifecycle = laid_over({name: text})
    for caller in COMPUTE.rules.callers:
        for action, decision in COMPUTE.actions(SERVER, caller).items():
            asked = decision.ruling.rule["policy"]
            if asked != name and asked not in POLICIES["renamed"].get(name, ()):
                assert lifecycle.actions(SERVER, caller)[action].as_dict() == decision.as_dict()


@pytest.mark.parametrize("text", ["@", "role:member", "role:reader", "not role:admin"])
def test_who_is_let_through_more_is_refused_for_the_policy_no_more(text: str) -> None:
    lifecycle = laid_over(dict.fromkeys(ASKED, text))
    for action, decision in lifecycle.actions(SERVER, "member").items():
        assert decision.rule != "policy", action
