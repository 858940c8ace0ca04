"""Two sides compared: what differs is found, said once, and comes with a command that shows it."""

import copy
import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lifecycle import Lifecycle
from lifecycle.cases import Cases
from lifecycle.cli.commands import main
from lifecycle.engine.rules import Rules
from lifecycle.errors import LifecycleError
from lifecycle.explore.diff import Diff, Side, diff
from lifecycle.explore.example import example


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def changed(compute: Lifecycle, change: Callable[[dict[str, Any]], object]) -> Diff:
    """The compute table against itself with one change of its compiled data."""
    data = copy.deepcopy(dict(compute.rules.data))
    change(data)
    return diff(Side(compute.rules), Side(Rules(data)))


def table(root: Path, folder: Path, **edits: tuple[str, str]) -> str:
    """A copy of the compute table, in each named action one text replaced by another."""
    copied = folder / "mine"
    for path in sorted((root / "specs" / "compute").rglob("*.yaml")):
        place = copied / path.relative_to(root / "specs" / "compute")
        place.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        old, new = edits.get(path.stem.replace("-", "_"), ("", ""))
        assert old in text
        place.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return str(copied)


def test_a_table_and_its_copy_answer_alike(root: Path, tmp_path: Path) -> None:
    result = run("compute", table(root, tmp_path))
    assert (result.exit_code, result.output) == (0, "✓ no answer differs (65 actions and events, 12 states, 42 tasks)\n")


def test_two_equal_tables_are_compared_in_less_than_two_seconds(compute: Lifecycle) -> None:
    other = Side(Rules(copy.deepcopy(dict(compute.rules.data))))
    began = time.perf_counter()
    assert diff(Side(compute.rules), other).same
    assert time.perf_counter() - began < 2


def test_a_state_more_is_one_line(root: Path, tmp_path: Path) -> None:
    mine = table(root, tmp_path, os_stop=("[ACTIVE, ERROR]", "[ACTIVE, PAUSED, ERROR]"))
    result = run("compute", mine)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "✗ 1 of 65 actions and events answer otherwise",
        "",
        "os-stop  admin, manager, member",
        "  PAUSED: 409 state → 202",
        "    lifecycle check os-stop --status PAUSED",
        "  PAUSED; busy: 409 state → 409 task",
        "    lifecycle check os-stop --vm-state paused --task-state scheduling",
        "  PAUSED; launched false: 409 state → 409 launched",
        "    lifecycle check os-stop --status PAUSED --with launched=false",
    ]


def test_states_that_differ_alike_are_said_together(root: Path, tmp_path: Path) -> None:
    mine = table(root, tmp_path, rebuild=("[ACTIVE, SHUTOFF, ERROR]", "[ERROR]"))
    assert "  ACTIVE, SHUTOFF: 200 → 409 state" in run("compute", mine).output.replace("202", "200").splitlines()


def test_what_becomes_of_it_is_said_as_the_rows_say_it(compute: Lifecycle) -> None:
    def change(data: dict[str, Any]) -> None:
        for edition in data["actions"]["os-migrateLive"]["editions"]:
            edition["rule"]["outcomes"][0]["becomes"] = ["SHUTOFF"]

    groups = changed(compute, change).groups
    assert {group.changes for group in groups} == {(("becomes", ("same",), ("SHUTOFF",)),)}
    assert {frozenset(group.box["state"]) for group in groups} == {frozenset(("ACTIVE", "PAUSED"))}


def test_an_end_that_is_the_same_by_another_word_is_no_difference(compute: Lifecycle) -> None:
    def change(data: dict[str, Any]) -> None:
        (outcome,) = data["actions"]["os-start"]["editions"][0]["rule"]["outcomes"]
        assert outcome["fails"] == ["same"]
        outcome["fails"] = ["SHUTOFF"]

    assert changed(compute, change).same


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["--microversion", "2.43", "--microversion", "2.44"],
            [
                "4 of 65",
                "addFloatingIp",
                "every state: there → 404 microversion",
                "lifecycle check addFloatingIp --microversion 2.43",
            ],
        ),
        (["--microversion", "2.94", "--microversion", "2.95"], ["1 of 65", "evacuate", "becomes ACTIVE → SHUTOFF"]),
        (
            ["--reading", "reference", "--reading", "nova"],
            [
                "7 of 65",
                "all but ACTIVE, SHUTOFF; microversion 2.1 to 2.43: 400 state → 202",
                "--microversion 2.43 --status BUILD",
            ],
        ),
        (["--as", "member", "--as", "admin"], ["evacuate", "403 policy → 200", "lock", "locked by owner → admin"]),
        (
            ["--with", "options.reclaim_instance_interval=0", "--with", "options.reclaim_instance_interval=3600"],
            [
                "2 of 65",
                "becomes DELETED → SOFT_DELETED",
                "--with options.reclaim_instance_interval=0",
                "reclaim",
                "409 option → 200",
            ],
        ),
    ],
)
def test_two_sides_of_one_table(arguments: list[str], parts: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert [part for part in parts if part not in result.output] == []


def test_values_of_one_sign_answer_alike() -> None:
    given = ["--with", "options.reclaim_instance_interval=60", "--with", "options.reclaim_instance_interval=3600"]
    assert run(*given).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "what is compared? Name two tables"),
        (["compute"], "two tables are compared"),
        (["--microversion", "2.43"], "what is compared?"),
        (["--as", "member", "--as", "admin", "--as", "reader"], "--as is given 3 times"),
        (["--as", "member", "--as", "root"], "no caller is called root"),
        (["--microversion", "2.43", "--microversion", "3.0"], "3.0 is not a microversion"),
        (["--with", "host=true", "--with", "host=false"], "--with takes options.NAME=NUMBER here, not host=true"),
        (["--with", "options.x=1", "--with", "options.x=2"], "no option is called x"),
        (["compute", "nowhere"], "no table is called nowhere"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, message in result.output, "Traceback" in result.output) == (2, True, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--microversion", "2.43", "--microversion", "2.44"],
        ["--reading", "reference", "--reading", "nova"],
        ["--as", "stranger", "--as", "admin"],
        ["--as", "anonymous", "--as", "reader"],
        ["--with", "options.shelved_offload_time=0", "--with", "options.shelved_offload_time=-1"],
    ],
)
def test_the_commands_of_an_example_are_answered_otherwise(arguments: list[str]) -> None:
    found = json.loads(run(*arguments, "--json").output)
    commands = [action["commands"] for action in found["actions"] if action["commands"]]
    assert commands
    for left, right in commands[:20]:
        answers = [CliRunner().invoke(main, [*shlex.split(command)[1:], "--json"]) for command in (left, right)]
        keys = ("code", "rule", "message", "status", "task_state", "locked_by", "tasks", "becomes", "on_failure")
        one, other = ({key: json.loads(answer.output)[key] for key in keys} for answer in answers)
        assert one != other


def test_the_cases_of_an_example_differ_in_what_is_said(compute: Lifecycle, nova: Lifecycle) -> None:
    found = diff(Side(compute.rules), Side(nova.rules, "nova"))
    for group in found.groups:
        cases = example(found, group)
        assert cases
        one, other = Cases(compute).decide(cases[0]), Cases(nova).decide(cases[1])
        told = {key: (left, right) for key, left, right in group.changes}
        for key, said in (("code", (one.code, other.code)), ("rule", (one.rule, other.rule))):
            known = [pair for pair in zip(told[key], said, strict=True) if "there" not in told or pair[0] is not None]
            assert all(shown == seen for shown, seen in known)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda data: data["states"].pop("SUSPENDED"), "state SUSPENDED"),
        (lambda data: data["states"]["SHELVED_OFFLOADED"]["implies"].update(host=True), "SHELVED_OFFLOADED implies"),
        (lambda data: data["shows"]["ACTIVE"].pop("updating_password"), "status of ACTIVE during updating_password"),
        (lambda data: data["facts"]["host"].update(usual=False), "usual host"),
        (lambda data: data["options"].update(rescue_timeout=1), "default of rescue_timeout"),
        (lambda data: data.update(usual_state="SHUTOFF"), "usual state"),
        (lambda data: data["callers"].pop("anonymous"), "caller anonymous"),
        (lambda data: data["actions"].pop("pause"), "action pause"),
        (lambda data: data["events"].pop("reclaim"), "event reclaim"),
        (lambda data: data["actions"]["create"].update(address="PUT /servers"), "address of create"),
        (lambda data: data["actions"]["reboot"]["variants"].reverse(), "usual variant of reboot"),
        (lambda data: data["document"]["keys"]["host"].update(field="host"), "host in the document"),
        (lambda data: data["checks"][0].update(ends=False), "token ends the checks"),
        (lambda data: data.update(microversions=[[2, 1], [2, 103]]), "microversions"),
    ],
)
def test_what_a_table_says_of_itself_is_compared(
    compute: Lifecycle, change: Callable[[dict[str, Any]], object], what: str
) -> None:
    assert what in [told for told, _, _ in changed(compute, change).table]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(title="else", thing="machine", service="Other"),
        lambda data: data["options"].update(rescue_timeout=0),
        lambda data: data["actions"]["pause"].update(title="else", cite="else", note="else"),
        lambda data: data["actions"]["pause"]["editions"][0]["rule"].update(at="x:1", lines={}),
        lambda data: data.update(actions=dict(reversed(data["actions"].items()))),
        lambda data: data.update(states=dict(reversed(data["states"].items()))),
    ],
)
def test_text_and_order_are_no_difference(compute: Lifecycle, change: Callable[[dict[str, Any]], object]) -> None:
    found = changed(compute, change)
    assert (found.table, found.groups) == ([], [])


def test_a_lock_code_for_all_is_found_for_those_whom_locks_stop(compute: Lifecycle) -> None:
    def change(data: dict[str, Any]) -> None:
        next(check for check in data["checks"] if check["name"] == "lock")["code"] = 423

    found = changed(compute, change)
    assert {pair for group in found.groups for pair in group.box["caller"]} == {("manager", "manager"), ("member", "member")}
    assert {group.changes for group in found.groups} == {(("code", 409, 423), ("rule", "lock", "lock"))}


def test_a_table_without_microversions_is_compared_with_one_that_has_some(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "door.yaml"
    text = (root / "tests" / "tables" / "valid" / "door.yaml").read_text(encoding="utf-8")
    mine.write_text(text.replace("name: door", "name: door\nmicroversions: {oldest: 1.0, newest: 1.4}", 1), encoding="utf-8")
    found = diff(Side(Lifecycle.load(root / "tests" / "tables" / "valid" / "door.yaml").rules), Side(Lifecycle.load(mine).rules))
    assert (found.table, found.groups) == ([("microversions", "none", "1.0 to 1.4")], [])


def test_unknown_readings_are_refused(compute: Lifecycle) -> None:
    with pytest.raises(LifecycleError, match="no reading is called cinder"):
        Side(compute.rules, "cinder")


def test_two_defaults_of_one_sign_are_no_difference(compute: Lifecycle) -> None:
    one, other = ({**compute.rules.data, "options": {**compute.rules.options, "rescue_timeout": value}} for value in (60, 3600))
    assert diff(Side(Rules(one)), Side(Rules(other))).same


def test_a_lock_is_held_as_its_caller_holds_it(compute: Lifecycle) -> None:
    def change(data: dict[str, Any]) -> None:
        data["actions"]["lock"]["editions"][0]["rule"]["outcomes"][-1]["lock"] = None

    held = {caller: group.changes for group in changed(compute, change).groups for caller, _ in group.box["caller"]}
    assert held == {
        "admin": (("locked_by", "admin", "same"),),
        "manager": (("locked_by", "owner", "same"),),
        "member": (("locked_by", "owner", "same"),),
    }


def test_what_one_side_lacks_is_said(root: Path) -> None:
    result = run("compute", str(root / "tests" / "tables" / "real" / "volume.yaml"))
    assert result.exit_code == 1
    assert "state ACTIVE: there → not there" in result.output
    assert "action os-retype: not there → there" in result.output
