"""For users' own tests: one line that is a whole test, under unittest and pytest, and the strategies."""

from __future__ import annotations

import unittest
from typing import TYPE_CHECKING

from conforming import NOVA, Memory, StopsPaused
from hypothesis import given, settings

from lifecycle.conform.run import Run
from lifecycle.conform.session import Session
from lifecycle.conform.testing import Walk, actions, conformance, histories, requests, servers

if TYPE_CHECKING:
    import pytest

    from lifecycle import Server
    from lifecycle.conform.target import Request

TestMemory = conformance(NOVA, Memory, seconds=3, examples=25)


def failures(case: type[unittest.TestCase]) -> dict[str, str]:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert result.errors == []
    return {test.id().rpartition(".")[2]: text for test, text in result.failures}


def test_a_wrong_one_fails_with_a_story() -> None:
    found = failures(conformance(NOVA, StopsPaused, seconds=8, examples=10))
    story = found["test_tour"]
    assert "os-stop: a request was accepted that the table refuses" in story
    assert "specs/compute/actions/os-stop.yaml:2" in story


class FailsWhenRefused(Memory):
    """A request that is refused brings the server into ERROR."""

    def act(self, id: str, request: Request) -> int:  # noqa: A002
        code = super().act(id, request)
        if code == 409:
            self.servers[id] = {"state": "ERROR"}
        return code


def test_a_refusal_that_changed_the_server_is_told_of_itself_and_not_of_what_came_later() -> None:
    tour = Run(NOVA, "it").tour(FailsWhenRefused())
    session = Session(tour.judge, tour.subject, tour.observer)
    names = [name for name, _ in tour.deck.names]
    admin = tour.deck.callers.index("admin")
    fault = Walk(tour).fault(session, [(names.index(name), admin, True) for name in ("unpause", "os-stop")])
    assert fault is not None
    assert (fault.kind, fault.action, fault.expected, fault.came) == ("changed", "unpause", "ACTIVE", "ERROR")


def test_a_replay_file_is_told_again(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    from conforming import run

    from lifecycle.conform.replay import written

    path = tmp_path_factory.mktemp("replay") / "found.json"
    path.write_text(written(run(StopsPaused, requests=2500).failing, "compute"))
    monkeypatch.setenv("LIFECYCLE_CONFORM_REPLAY", str(path))
    assert "test_replay" in failures(conformance(NOVA, StopsPaused, seconds=1, examples=1))
    assert "test_replay" not in failures(conformance(NOVA, Memory, seconds=1, examples=1))


@settings(max_examples=40)
@given(servers(), actions(), requests(), histories())
def test_what_is_drawn_can_be_decided(
    server: Server, action: tuple[str, str | None], request: Request, history: list[tuple[Request, bool]]
) -> None:
    assert NOVA.decide(action[0], server, variant=action[1]).code in range(200, 600)
    asked = [request, *[one for one, _ in history]]
    assert all(NOVA.decide(one.action, server, one.caller, one.microversion, None, one.body).code < 600 for one in asked)
