"""The commands, as a person or a script calls them."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lifecycle.cli.commands import COMMANDS, main


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def test_a_bare_lifecycle_shows_five_lines_to_paste() -> None:
    lines = [line for line in run().output.splitlines() if line.startswith("  ")]
    assert len(lines) == 5
    assert all("lifecycle" in line for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"  lifecycle {name}" in result.output.partition("Examples:")[2]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["os-stop", "--status", "ACTIVE"], 0),
        (["os-stop", "--status", "PAUSED"], 1),
        (["os-stop", "--status", "PAUSD"], 2),
        ([], 2),
    ],
)
def test_check_exits_with_what_it_decided(arguments: list[str], code: int) -> None:
    assert run("check", *arguments).exit_code == code


def test_check_tells_all_reasons_in_plain_text() -> None:
    result = run("check", "os-stop", "--status", "PAUSED", "--locked-by", "admin", "--as", "member")
    lines = result.output.splitlines()
    assert lines[0].startswith(
        "✗ 409 os-stop refused: the server is locked by an admin, it takes an admin (specs/compute/lifecycle.yaml:"
    )
    assert lines[1].startswith("  also refused  the server is PAUSED, it must be ACTIVE or ERROR (")
    assert lines[2] == "  Nova says     Instance {id} is locked"
    assert "\x1b" not in result.output


def test_check_json_is_the_decision() -> None:
    decision = json.loads(run("check", "os-stop", "--status", "ACTIVE", "--json").output)
    assert (decision["allowed"], decision["code"], decision["becomes"], decision["status"]) == (True, 202, ["SHUTOFF"], "ACTIVE")


def test_check_takes_any_key_of_a_case() -> None:
    result = run(
        "check", "DELETE", "--status", "ACTIVE", "--with", "options.reclaim_instance_interval=60", "--with", "host=true", "--json"
    )
    assert json.loads(result.output)["becomes"] == ["SOFT_DELETED"]
    result = run("check", "os-stop", "--status", "ACTIVE", "--with", "host=maybe")
    assert (result.exit_code, result.output) == (2, "Error: host must be true or false, not maybe\n")


def test_check_reads_a_document_from_standard_input() -> None:
    document = (
        '{"server": {"status": "ACTIVE", "OS-EXT-STS:task_state": "powering-off", "locked": true, "hostId": "a", "image": ""}}'
    )
    result = run("check", "os-stop", "--server", "-", "--json", stdin=document)
    assert json.loads(result.output)["rule"] == "lock"
    result = run("check", "os-stop", "--server", "-", "--locked-by", "null", "--json", stdin=document)
    assert json.loads(result.output)["rule"] == "task"


def test_check_reads_a_body(tmp_path: Path) -> None:
    assert run("check", "reboot", "--status", "PAUSED", "--body", '{"reboot": {"type": "HARD"}}').exit_code == 0
    path = tmp_path / "body.json"
    path.write_text('{"reboot": {"type": "WARM"}}', encoding="utf-8")
    result = run("check", "reboot", "--status", "PAUSED", "--body", f"@{path}")
    assert "the body is wrong, reboot.type must be HARD, Hard, hard, SOFT, Soft or soft, not WARM" in result.output


def test_cases_are_answered_in_their_places(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"action": "os-stop", "status": "ACTIVE"}\nnonsense\n\n{"action": "lock", "microversion": "2.47"}\n', encoding="utf-8"
    )
    result = run("check", "--cases", str(path))
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert [set(answer) & {"decision", "error"} for answer in answers] == [{"decision"}, {"error"}, {"decision"}]
    assert answers[1]["error"].startswith("line 2: is not JSON")
    assert answers[2]["microversion"] == "2.47"
    assert result.exit_code == 2


def test_cases_take_the_caller_and_the_microversion_that_they_do_not_tell() -> None:
    result = run(
        "check", "--cases", "-", "--as", "reader", stdin='{"action": "os-stop"}\n{"action": "os-stop", "caller": "admin"}\n'
    )
    assert [json.loads(line)["decision"]["code"] for line in result.output.splitlines()] == [403, 202]
    assert result.exit_code == 0


def test_actions_has_ticks_first_and_then_the_reasons() -> None:
    lines = run("actions", "--status", "SHUTOFF").output.splitlines()
    ticks = "".join(line[0] for line in lines if line[0] in "✓✗")
    assert ticks.count("✓✗") == 1
    assert ticks[0] == "✓"
    assert next(line for line in lines if " os-start " in line).split() == ["✓", "os-start", "202", "→", "ACTIVE"]
    assert "the server is SHUTOFF, it must be ACTIVE or ERROR" in next(line for line in lines if " os-stop " in line)
    assert not [line for line in lines if "addFloatingIp" in line]
    assert "addFloatingIp" in run("actions", "--status", "SHUTOFF", "--all").output


def test_actions_json_has_every_action() -> None:
    decisions = json.loads(run("actions", "--status", "SHUTOFF", "--json").output)
    assert decisions["os-start"]["allowed"]
    assert decisions["addFloatingIp"]["rule"] == "microversion"


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["os-stop"],
            ["os-stop  Stop a running server", "state         ACTIVE or ERROR", "202 powering-off → SHUTOFF (fails: same)"],
        ),
        (["reboot"], ["variant       SOFT", "variant       HARD", "loses memory"]),
        (["confirmResize"], ["what it was before the resize", "differs       verify-resized"]),
        (["addFloatingIp"], ["microversion  2.1 to 2.43", "It is not there at 2.104", "differs       floating-ip-any-state"]),
        (["attachVolume", "--microversion", "2.19"], ["changes at    2.20 and 2.101"]),
        (["resetNetwork"], ["removed       since Nova 23"]),
        (["RESIZE"], ["shown for     vm_state active, task resize_prep"]),
    ],
)
def test_show_says_the_rule_in_words(arguments: list[str], parts: list[str]) -> None:
    result = run("show", *arguments)
    assert result.exit_code == 0
    assert [part for part in parts if part not in result.output] == []


def test_show_suggests_a_name() -> None:
    assert (
        run("show", "VERIFY_RESIZED").output
        == "Error: no action or status is called VERIFY_RESIZED; did you mean VERIFY_RESIZE?\n"
    )


def test_lint_of_the_compute_table_finds_nothing() -> None:
    result = run("lint")
    assert result.exit_code == 0
    assert result.output.endswith("no mistakes\n")


def test_the_readings_answer_differently() -> None:
    arguments = ["check", "addFloatingIp", "--status", "PAUSED", "--microversion", "2.43"]
    assert run(*arguments).exit_code == 1
    assert run(*arguments, "--reading", "nova").exit_code == 0


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_diagram_writes_text(form: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    assert run("diagram", "--format", form, "--output", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8") == run("diagram", "--format", form).output


def test_diagram_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    result = run("diagram", "--format", "svg")
    assert result.exit_code == 2
    assert result.output.startswith("Error: svg takes Graphviz, and there is none: pip install")


def test_schema_prints_and_writes(tmp_path: Path) -> None:
    assert json.loads(run("schema", "action").output)["title"] == "Row"
    assert len(run("schema", "--write", str(tmp_path)).output.splitlines()) == 9


def test_a_misspelt_command_is_suggested() -> None:
    result = run("chek")
    assert result.exit_code == 2
    assert "no command is called chek; did you mean check?" in result.output


POLICY = "tests/data/policies/support.yaml"


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["check", "os-start", "--status", "SHUTOFF"], 1, ["✗ 403", "os_compute_api:servers:start asks for rule:support, that"]),
        (["check", "os-start", "--status", "SHUTOFF", "--as", "operator"], 0, ["✓ 202 os-start is allowed"]),
        (["check", "os-start", "--status", "SHUTOFF", "--advice"], 1, ["to allow it   caller operator (by operator)"]),
        (["check", "os-start", "--as", "opertor"], 2, ["no caller is called opertor; did you mean operator?"]),
        (["actions", "--status", "SHUTOFF"], 0, ["✗ os-start", f"({POLICY}:5)"]),
        (["plan", "--status", "ACTIVE", "--to", "PAUSED"], 1, ["an operator could: pause"]),
        (["plan", "--status", "ACTIVE", "--to", "PAUSED", "--as", "operator"], 0, ["1. pause"]),
        (["show", "os-start"], 0, ["admin and operator", "servers:start: rule:support, that is", f"({POLICY}:5)"]),
        (["show", "pause"], 0, ["operator (os_compute_api:os-pause-server:pause: role:operator"]),
        (["diagram", "--format", "mermaid"], 0, ["os-stop"]),
        (["diff", "--policy", "none", "--as", "member", "--microversion", "2.104"], 1, ["os-start", "202 → 403 policy"]),
    ],
)
def test_a_policy_file_is_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, parts: list[str]
) -> None:
    monkeypatch.chdir(root)
    result = run(*arguments, "--policy", POLICY)
    assert result.exit_code == code, result.output
    assert [part for part in parts if part not in result.output] == []


def test_a_picture_follows_the_policy_file(root: Path) -> None:
    """Nobody may start a server, so no arrow does."""
    picture = run("diagram", "--format", "mermaid", "--policy", str(root / "tests/data/policies/support.yaml")).output
    assert "os-start" in run("diagram", "--format", "mermaid").output
    assert "os-start" not in picture


def test_cases_follow_the_policy_file(root: Path) -> None:
    cases = '{"action": "os-start", "status": "SHUTOFF", "caller": "operator"}\n{"action": "os-start", "status": "SHUTOFF"}\n'
    result = run("check", "--cases", "-", "--policy", str(root / POLICY), stdin=cases)
    assert [json.loads(line)["decision"]["code"] for line in result.stdout.splitlines()] == [202, 403]


def test_the_mistakes_of_a_policy_file_are_told(root: Path) -> None:
    result = run("check", "os-start", "--policy", str(root / "tests/policies/everything-at-once.yaml"))
    assert result.exit_code == 2
    assert "everything-at-once.yaml:2:31: is no check string that oslo.policy understands: role:admin or" in result.output
    assert "6 mistakes" in result.output
