"""What is tested may be slow, broken, gone, or no cloud at all: that is told, and nothing is left behind."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from conforming import NOVA, Memory, StopsPaused, run

from lifecycle.cli.commands import main
from lifecycle.conform import replay, reports
from lifecycle.conform.remote import Remote
from lifecycle.conform.run import Run
from lifecycle.conform.target import Down
from lifecycle.conform.tour import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lifecycle.conform.target import Request
    from lifecycle.pytest_plugin import LifecycleCloud

TOKENS = {"member": "alice:demo", "admin": "admin:operators"}


def no_pause(_: float) -> None:
    """Nothing is waited for."""


class Garbage(BaseHTTPRequestHandler):
    """Answers everything with the same."""

    text, code = b"<html>It works!</html>", 200

    def do_GET(self) -> None:
        self.send_response(self.code)
        self.send_header("Content-Length", str(len(self.text)))
        self.end_headers()
        self.wfile.write(self.text)

    do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def garbage() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Garbage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v2.1"
        server.shutdown()
        thread.join()


def told(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["conform", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_no_cloud_is_one_line(garbage: str) -> None:
    assert told("--url", garbage, "--token", "a:b") == (
        2,
        f"Error: {garbage} is no Nova API: it answers 200 where its version should be told\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--url", "nonsense://x", "--token", "a:b"), "nonsense://x is no address of a service"),
        (("--url", "http://127.0.0.1:8774"), "a service is asked as a member at least: --token TOKEN"),
        (("nowhere.at_all:Cloud",), "cannot import nowhere.at_all"),
        (("conforming:Nothing",), "the module conforming has no Nothing"),
        (("conforming",), "a Python object is named by its module and attribute"),
        (("conforming:NOVA",), "it has no create, act, show"),
        (("--replay", "/nowhere.json", "conforming:Memory"), "cannot read /nowhere.json"),
        (("--option", "nonsense=1"), "nonsense"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], sentence: str) -> None:
    code, output = told(*arguments)
    assert code == 2
    assert sentence in output
    assert "Traceback" not in output


def test_a_wrong_token_is_one_line(lifecycle_cloud: LifecycleCloud) -> None:
    code, output = told("--url", lifecycle_cloud.url, "--token", "nonsense")
    assert code == 2
    assert "does not take the token of the member: 401" in output


def test_by_its_address_and_nothing_is_left(lifecycle_cloud: LifecycleCloud) -> None:
    lifecycle_cloud.clock.rate = 100.0  # a task takes no time to speak of
    target = Remote(NOVA, lifecycle_cloud.url, TOKENS, {"reclaim_instance_interval": "zero", "shelved_offload_time": "zero"})
    target.find({})
    one = Run(NOVA, "it", Limits(requests=300), seed=1)
    report = one.over([target])
    assert [(finding.title, finding.fault.came) for finding in report.findings.every] == []
    assert (report.exit_code, report.left) == (0, [])
    assert any("stranger" in sentence for sentence in report.unseen)
    assert left(target) == []
    target.close()


def left(target: Remote) -> list[Any]:
    """What the cloud lists to an admin."""
    answer = target.send("GET", "/servers?all_tenants=1", None, "admin", "2.1")
    assert answer.code == 200, answer
    servers: list[Any] = answer.document["servers"]
    return servers


def test_what_passes_is_ridden_out(lifecycle_cloud: LifecycleCloud) -> None:
    target = Remote(NOVA, lifecycle_cloud.url, TOKENS, sleep=no_pause)
    troubles = [{"code": 503}, {"code": 429}, {"code": 503}]
    answer = target.send("GET", "/servers", None, "member", "2.1")
    assert answer.code == 200
    lifecycle_cloud.app.state.cloud.troubles[:] = [_trouble(one) for one in troubles]
    assert target.send("GET", "/servers", None, "member", "2.1").code == 200
    assert lifecycle_cloud.app.state.cloud.troubles == []
    target.close()


def _trouble(said: dict[str, Any]) -> Any:
    from lifecycle.serve.control import Trouble

    return Trouble(**said)


class Dying(Memory):
    """Cannot be reached any more after a while."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        if len(self.servers) > 3:
            raise Down("it cannot be reached: connection refused")
        return super().act(id, request)


def test_a_service_that_dies_is_told() -> None:
    report = run(Dying, requests=5000)
    assert report.exit_code == 2
    assert report.broken == "it cannot be reached: connection refused"


class Interrupted(Memory):
    """Somebody presses Ctrl-C after a while."""

    removed: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.removed = []
        Interrupted.last = self

    last: Interrupted

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        if len(self.servers) == 3:
            raise KeyboardInterrupt
        return super().act(id, request)

    def remove(self, id: str) -> bool:  # noqa: A002
        self.removed.append(id)
        return True


def test_an_interrupted_run_cleans_up() -> None:
    report = run(Interrupted, requests=5000)
    assert (report.exit_code, report.broken) == (2, "interrupted")
    assert Interrupted.last.removed == [*Interrupted.last.servers]


class Garbled(Memory):
    """Shows nonsense."""

    def show(self, id: str, caller: str) -> Any:  # noqa: A002
        del id, caller
        return {"status": "NONSENSE"}


def test_garbage_that_is_shown_is_a_finding() -> None:
    report = run(Garbled, requests=200)
    assert report.exit_code != 0
    assert {finding.fault.kind for finding in report.findings.every} == {"shown"}


def test_files_say_the_same(tmp_path: Path) -> None:
    saved, page, cases = tmp_path / "found.json", tmp_path / "report.html", tmp_path / "report.xml"
    files = ("--save", str(saved), "--html", str(page), "--junit", str(cases))
    code, output = told("conforming:StopsPaused", "--requests", "2500", "--json", *files)
    assert code == 1
    document = json.loads(output)
    assert document["findings"][0]["row"] == "specs/compute/actions/os-stop.yaml:2"
    assert "os-stop" in page.read_text()
    assert "<failure" in cases.read_text()
    again = told("conforming:StopsPaused", "--replay", str(saved), "--json")
    assert again[0] == 1
    assert json.loads(again[1])["findings"][0]["keys"] == document["findings"][0]["keys"]
    assert told("conforming:Memory", "--replay", str(saved))[0] == 0
    known = told("conforming:StopsPaused", "--requests", "2500", "--baseline", str(saved))
    assert known[0] == 0, known[1]


def test_a_report_is_one_page_that_escapes_what_it_shows() -> None:
    report = run(StopsPaused, requests=2500)
    report.where = "<script>"
    page = reports.html(report)
    assert "<script>" not in page
    assert replay.as_dict(report.failing[0])["title"] in reports.junit(report).replace("&gt;", ">")
