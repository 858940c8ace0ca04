"""Every example of the README runs, and prints what it says."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from asgi import ask
from click.testing import CliRunner
from conforming import NOVA, StopsPaused, run
from fake_compute import ID, Fake, connect
from serving_process import served

from lifecycle.cli.commands import main
from lifecycle.conform.tell import lines

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SERVER = '{"server": {"id": "1", "status": "ACTIVE"}}'


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line.startswith("lifecycle ")]


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "server.json").write_text(SERVER, encoding="utf-8")
    (tmp_path / "cases.jsonl").write_text('{"action": "os-stop", "status": "ACTIVE"}\n', encoding="utf-8")
    for name in ("door.yaml", "policy.yaml"):
        text = next(block for block in blocks("yaml") if block.startswith(f"# {name}"))
        (tmp_path / name).write_text(text, encoding="utf-8")


SERVE = "lifecycle serve "


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("command", [command for command in commands() if not command.startswith(SERVE)])
def test_the_commands_run(command: str) -> None:
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("command", [command for command in commands() if command.startswith(SERVE)])
def test_the_services_run(command: str) -> None:
    with served(*shlex.split(command.replace("--port 8774", ""))[2:]) as running:
        assert running.client.get("/servers").json() == {"servers": []}


def test_there_are_commands() -> None:
    assert len(commands()) >= 10


@pytest.mark.parametrize("block", blocks("console"))
def test_what_a_console_shows_is_what_is_printed(block: str) -> None:
    command, _, shown = block.partition("\n")
    result = CliRunner().invoke(main, shlex.split(command.removeprefix("$ lifecycle ")))
    assert result.output == shown


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::openstack.warnings.OpenStackWarning")
def test_the_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """From the first block to the last, with a service of ours where openstacksdk is told to find one."""
    names: dict[str, Any] = {"__name__": "readme"}
    with Fake.serving() as fake:
        fake.server = {"id": ID, "status": "SHUTOFF"}
        monkeypatch.setattr("openstack.connect", lambda **_: connect(fake))
        exec("\n".join(blocks("python")), names)  # noqa: S102 - our own text
        names["connection"].close()
    assert names["buttons"]
    assert names["plan"]
    shown = capsys.readouterr().out
    assert "stop refused: the server is PAUSED" in shown
    assert shown.splitlines()[-1] in README  # what the last example prints stands beside it
    stop = {"os-stop": None}
    path = "/v2.1/servers/b2/action"
    answers = [ask(names[name], "POST", path, stop, {"Content-Type": "application/json"}) for name in ("application", "api")]
    assert [(answer.status, answer.body.decode() in README) for answer in answers] == [(409, True)] * 2
    assert ask(names["application"], "POST", path, stop, {"X-Roles": "admin"}).document["conflictingRequest"]["code"] == 409
    assert ask(names["watched"], "POST", path, stop).status == 202
    assert names["seen"] == [("os-stop", 409, 202)]
    assert ask(names["api"], "POST", path.replace("b2", "a1"), stop, {"Content-Type": "application/json"}).status == 202


def test_an_example_is_short() -> None:
    assert max(len(block.splitlines()) for block in blocks("python")) <= 30


def test_the_rule_that_is_shown_is_the_rule(root: Path) -> None:
    shown = next(block for block in blocks("yaml") if block.startswith("# specs/compute/actions/os-stop.yaml"))
    kept = (root / "specs/compute/actions/os-stop.yaml").read_text(encoding="utf-8")
    assert shown.partition("\n")[2] == kept
    assert yaml.safe_load(shown)["becomes"] == "SHUTOFF"


def test_the_mistake_that_is_shown_is_told(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    shutil.copytree(root / "specs", tmp_path / "specs")
    path = tmp_path / "specs/compute/actions/os-stop.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[ACTIVE, ERROR]", "[STOPPED, ERROR]"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["lint", "./specs/compute"])
    assert result.exit_code == 2
    shown = next(block for block in blocks("text") if block.startswith("specs/"))
    assert result.output.replace("./", "").startswith(shown)


def test_the_finding_that_is_shown_is_found() -> None:
    """By a cloud that lets a paused server be stopped; the server's id differs each time."""
    found = [line for _, line in lines(run(StopsPaused, requests=2500).failing[0], NOVA.rules, 1)][:3]
    shown = next(block for block in blocks("text") if block.startswith("1. "))
    assert re.sub("instance [^ ]+", "instance 9f41…", "\n".join(found)) == "\n".join(map(str.strip, shown.splitlines()))


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)", README))
def test_the_links_lead_somewhere(root: Path, link: str) -> None:
    assert (root / link).exists()
