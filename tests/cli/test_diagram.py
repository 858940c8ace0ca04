"""lifecycle diagram: each view by its name or by what is told, each format by its name or the file's."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from lifecycle import Lifecycle, Server
from lifecycle.cli.commands import main
from lifecycle.cli.diagram import BROWSED, FORMATS, SUFFIXES, VIEWS, _coloured
from lifecycle.render.formats import FORMATS as RENDERED

TRACE = "create\nsettle\nos-stop # by its owner\nsettle\n\nresize\nadvance\n"
HISTORY = ["create", "settle", "os-stop", "settle", "resize", "advance"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diagram", *arguments])


def picture(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_names_are_those_that_are_rendered() -> None:
    assert set(FORMATS) == {*RENDERED, BROWSED}


ARGUMENTS: dict[str, list[str]] = {
    "action": ["resize"],
    "sequence": ["resize"],
    "status": ["REBOOT"],
    "caller": ["--as", "reader", "--microversion", "2.43"],
    "server": ["--status", "PAUSED"],
    "changes": ["--microversion", "2.94", "--microversion", "2.95"],
    "plan": ["--status", "PAUSED", "--to", "SHUTOFF"],
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_in_a_format_for_people_and_one_for_machines(view: str) -> None:
    assert run("--view", view, *ARGUMENTS.get(view, []), "--format", "text").output
    result = run("--view", view, *ARGUMENTS.get(view, []), "--format", "xstate")
    if view in {"sequence", "lock"}:
        assert result.exit_code == 2
        assert "take another view, such as all, or another format" in result.output
    else:
        assert json.loads(result.output)["states"]


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in {"svg", "png", BROWSED}])
def test_every_format(form: str) -> None:
    result = run("--view", "all", "--format", form)
    assert (result.exit_code, "SHELVED_OFFLOADED" in result.output.replace("\\", "")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ([], "the lifecycle at a glance"),
        (["os-stop"], "os-stop"),
        (["reclaim"], "reclaim"),
        (["HARD_REBOOT"], "HARD_REBOOT"),
        (["--status", "PAUSED"], "a server that is PAUSED"),
        (["--status", "PAUSED", "--to", "ACTIVE"], "from PAUSED to ACTIVE"),
        (["--microversion", "2.94", "--microversion", "2.95"], "2.94 → 2.95"),
        (["compute", "compute"], "compute → compute"),
        (["--view", "caller", "--as", "reader", "--microversion", "2.43"], "as reader, at 2.43"),
        (["--view", "caller"], "as member"),
        (["--view", "all", "--reading", "nova"], "as Nova does"),
    ],
)
def test_the_view_follows_from_what_is_told(arguments: list[str], title: str) -> None:
    assert picture(*arguments)["title"].endswith(title)


def test_every_view_is_in_the_help() -> None:
    text = " ".join(run("--help").output.split())
    assert all(f"{view}: " in text for view in VIEWS)
    assert "lifecycle diagram --view sequence resize --format mermaid" in text


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("x.dot", "digraph"),
        ("x.gv", "digraph"),
        ("x.mmd", "flowchart"),
        ("x.puml", "@startuml"),
        ("x.scxml", "<?xml"),
        ("x.json", "{"),
        ("x.md", "## "),
        ("x.txt", "A server"),
        ("x", "digraph"),
        ("x.svg", "<?xml"),
    ],
)
def test_the_name_of_the_output_says_the_format(tmp_path: Path, name: str, start: str) -> None:
    assert run("--output", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_open_shows_what_was_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[str] = []
    monkeypatch.setattr(click, "launch", shown.append)
    assert run("--open").exit_code == 0
    assert run("--open", "--output", str(tmp_path / "x.mmd")).exit_code == 0
    made = Path(shown[0])
    assert made.suffix == ".svg"
    assert made.read_bytes().startswith(b"<?xml")
    assert shown[1] == str(tmp_path / "x.mmd")
    made.unlink()
    monkeypatch.setattr(click, "launch", lambda _: 1)
    result = run("--open", "--output", str(tmp_path / "x.mmd"))
    assert (result.exit_code, "nothing here opens it; it is in" in result.output) == (2, True)


@pytest.mark.parametrize("written", [TRACE, json.dumps(HISTORY)])
def test_a_trace_is_the_way_that_a_server_took(tmp_path: Path, written: str) -> None:
    (tmp_path / "trace").write_text(written, encoding="utf-8")
    drawn = picture("--trace", str(tmp_path / "trace"))
    way = [(edge["source"], edge["target"], edge["labels"][0]) for edge in drawn["edges"] if edge["mark"] == "way"]
    assert way == [
        ("start", "BUILD", "1 create"),
        ("BUILD", "ACTIVE", "2 settle"),
        ("ACTIVE", "ACTIVE", "3 os-stop"),
        ("ACTIVE", "SHUTOFF", "4 settle"),
        ("SHUTOFF", "RESIZE", "5 resize"),
        ("RESIZE", "RESIZE", "6 advance"),
    ]
    assert [node["name"] for node in drawn["nodes"] if node["mark"] == "here"] == ["RESIZE"]
    assert ("RESIZE", "VERIFY_RESIZE", "the work settles") in {
        (edge["source"], edge["target"], edge["labels"][0]) for edge in drawn["edges"]
    }
    assert picture("--trace", str(tmp_path / "trace"), "--status", "RESIZE")["edges"] == drawn["edges"]


def test_the_history_of_any_machine_is_a_trace(compute: Lifecycle, tmp_path: Path) -> None:
    machine = compute.machine(Server(status="SHUTOFF"), "admin")
    for name in ("resize", "settle", "revertResize", "settle", "os-start", "fail", "reboot:HARD", "settle", "guest-power-off"):
        getattr(machine, name)() if name in {"settle", "fail"} else machine.trigger(name)
    (tmp_path / "trace").write_text("\n".join(machine.history), encoding="utf-8")
    drawn = picture("--trace", str(tmp_path / "trace"))
    assert [edge["labels"][0].partition(" ")[2] for edge in drawn["edges"][: len(machine.history)]] == machine.history
    assert [node["name"] for node in drawn["nodes"] if node["mark"] == "here"] == [machine.status]


@pytest.mark.parametrize(
    ("arguments", "trace", "message"),
    [
        (["resiz"], "", "no action, event or status is called resiz; did you mean RESIZE?"),
        (["--view", "action", "resiz"], "", "no action or event is called resiz; did you mean resize?"),
        (["--view", "status", "PAUSD"], "", "no status is called PAUSD; did you mean PAUSED?"),
        (["--view", "action"], "", "--view action takes an action or event: lifecycle diagram --view action NAME"),
        (["--view", "status"], "", "--view status takes a status: lifecycle diagram --view status NAME"),
        (["--view", "all", "x"], "", "--view all takes no NAME; action, sequence and status do"),
        (["--view", "changes"], "", "--view changes takes two tables, LEFT RIGHT, or --microversion twice"),
        (["--view", "plan", "--status", "ACTIVE"], "", "--view plan takes --to STATUS"),
        (["--view", "all", "--microversion", "2.1", "--microversion", "2.2"], "", "two microversions are for --view changes"),
        (["--as", "nobody"], "", "no caller is called nobody"),
        (["--microversion", "9.9"], "", "9.9 is not a microversion of the compute table: it knows 2.1 to 2.104"),
        (["--format", "gif"], "", "'gif' is not one of"),
        (["--trace", "trace"], "os-stpo", "step 1 of the trace: no action or event is called os-stpo; did you mean os-stop?"),
        (["--trace", "trace"], "create\nunpause", "step 2 of the trace: unpause refused: the server is BUILD, it must be PAUSED"),
        (["--trace", "trace"], "settle\nsettle\nfail", "step 3 of the trace: nothing is under way"),
        (["--trace", "trace", "--status", "PAUSED"], "create\nsettle", "the trace ends ACTIVE, and the server is PAUSED"),
        (
            ["--trace", "trace"],
            "[1, 2]",
            "trace must be a JSON array of texts, or a name a line, as a machine's history has them",
        ),
        (["--trace", "trace"], "[", "trace must be a JSON array of texts"),
        (["--trace", "none"], "", "cannot read none: No such file or directory"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], trace: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trace").write_text(trace, encoding="utf-8")
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_plan_that_there_is_not_says_why() -> None:
    result = run("--status", "DELETED", "--to", "ACTIVE")
    assert result.exit_code == 1
    assert result.output.startswith("✗ no requests of a member bring a server from DELETED to ACTIVE")


def test_an_empty_trace_is_where_the_server_is(tmp_path: Path) -> None:
    (tmp_path / "trace").write_text("# nothing yet\n", encoding="utf-8")
    drawn = picture("--trace", str(tmp_path / "trace"), "--status", "PAUSED")
    assert [node["name"] for node in drawn["nodes"] if node["mark"] == "here"] == ["PAUSED"]


def test_a_terminal_shows_failures_in_red() -> None:
    shown = _coloured("○ ACTIVE\n├─✗▶ ERROR\n└──▶ SHUTOFF\n")
    assert shown == "○ ACTIVE\n\x1b[31m├─✗▶ ERROR\x1b[0m\n└──▶ SHUTOFF\n"
    assert "\x1b" not in run("--format", "text").output


PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "pictures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"(?m)^lifecycle diagram.*$", PAGE))
def test_the_commands_of_the_page_run(line: str) -> None:
    result = CliRunner().invoke(main, shlex.split(line, comments=True)[1:])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("digraph")


def test_the_page_names_every_format_and_every_suffix() -> None:
    assert [form for form in FORMATS if f"`{form}`" not in PAGE] == []
    assert [suffix for suffix in SUFFIXES if f"`.{suffix}`" not in PAGE] == []
