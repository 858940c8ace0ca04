"""A table that knows no servers does all that the compute table does, with no Python of its own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lifecycle import Lifecycle, Server
from lifecycle.cli.commands import main

VOLUME = str(Path(__file__).parent / "tables" / "real" / "volume.yaml")


@pytest.fixture(scope="module")
def volume() -> Lifecycle:
    return Lifecycle.load(VOLUME)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, [arguments[0], "--table", VOLUME, *arguments[1:]])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("action", "told", "caller", "microversion", "answer"),
    [
        ("delete", {"status": "in-use"}, "member", None, (400, "state")),
        ("delete", {"status": "available", "snapshots": True}, "member", None, (400, "snapshots")),
        ("delete", {"status": "error"}, "member", None, (202, None)),
        ("delete", {"status": "error"}, "reader", None, (403, "policy")),
        ("delete", {"status": "error"}, "stranger", None, (404, "exists")),
        ("os-extend", {"status": "in-use"}, "member", "3.41", (400, "state")),
        ("os-extend", {"status": "in-use"}, "member", "3.42", (202, None)),
        ("os-reimage", {"status": "available"}, "member", "3.67", (404, "microversion")),
        ("os-migrate_volume", {"status": "available", "snapshots": True}, "admin", None, (400, "snapshots")),
        ("os-force_delete", {"status": "uploading"}, "admin", None, (202, None)),
    ],
)
def test_decisions_are_those_of_its_documentation(
    volume: Lifecycle,
    action: str,
    told: dict[str, object],
    caller: str,
    microversion: str | None,
    answer: tuple[int, str | None],
) -> None:
    decision = volume.decide(action, Server(**told), caller, microversion)
    assert (decision.code, decision.rule) == answer
    assert "server" not in decision.reason


def test_a_document_of_its_own_is_read(volume: Lifecycle) -> None:
    server = Server.from_api({"volume": {"status": "backing-up"}}, volume)
    assert volume.decide("os-extend", server).rule == "task"


def test_its_machine_runs(volume: Lifecycle) -> None:
    machine = volume.machine(Server(status="available"), "member")
    machine.trigger("os-reserve")
    machine.trigger("attachment-complete")
    assert machine.status == "in-use"
    machine.trigger("os-begin_detaching")
    assert machine.status == "detaching"
    machine.trigger("os-roll_detaching")
    assert machine.status == "in-use"
    assert machine.history == ["os-reserve", "attachment-complete", "os-begin_detaching", "os-roll_detaching"]


def test_its_work_fails_where_its_row_says(volume: Lifecycle) -> None:
    machine = volume.machine(Server(status="available"), "member")
    machine.trigger("os-extend")
    assert machine.status == "extending"
    assert machine.fail() == "error_extending"
    machine.trigger("delete")
    assert machine.settle() == "deleted"


def test_plans_and_advice_lose_no_data(volume: Lifecycle) -> None:
    plan = volume.plan(Server(status="detaching", attached=True), "available", "member")
    assert "data" not in plan.loses
    assert [decision.action for decision in plan.requests] == ["os-roll_detaching", "os-detach"]
    decision = volume.decide("os-extend", Server(status="awaiting-transfer"), "member")
    assert decision.to_allow == [{"state": "available", "by": "member"}]


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (("lint",), 0, ["no mistakes"]),
        (("check", "delete", "--status", "in-use"), 1, ["400", "the volume is in-use"]),
        (("actions", "--status", "available"), 0, ["os-extend", "os-reserve"]),
        (("plan", "--status", "available", "--to", "in-use"), 0, ["1. os-attach"]),
        (("plan", "--status", "available", "--to", "in-use", "--format", "curl"), 0, ["OpenStack-API-Version: volume 3.71"]),
        (("show", "os-extend"), 0, ["extending", "error_extending"]),
        (("diagram", "--view", "overview", "--format", "dot"), 0, ["awaiting-transfer"]),
        (("diff", "--microversion", "3.41", "--microversion", "3.42"), 1, ["os-extend", "400 state → 202"]),
        (("diff", "--reading", "reference", "--reading", "nova"), 1, ["os-attach", "os-detach"]),
    ],
)
def test_every_command_takes_it(arguments: tuple[str, ...], code: int, parts: list[str]) -> None:
    exit_code, output = run(*arguments)
    assert exit_code == code
    assert [part for part in parts if part not in output] == []


def test_cases_are_answered(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"action": "delete", "status": "in-use"}\n{"action": "os-stop"}\n')
    code, output = run("check", "--cases", str(file))
    first, second = map(json.loads, output.splitlines())
    assert (code, first["decision"]["code"]) == (2, 400)
    assert second["error"].startswith("line 2: no action is called os-stop")
