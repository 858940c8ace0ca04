"""A table of one's own is served by the same code: what it keeps, what is below its things, and what was done to them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import LONG, TASK, Client

from lifecycle import Lifecycle
from lifecycle.serve import Clock, app

SHELF = Path(__file__).with_name("shelf.yaml")


class Shelves:
    """A client of it, as a reader."""

    def __init__(self) -> None:
        self.clock = Clock(0)
        self._client = Client(app(Lifecycle.load(SHELF), clock=self.clock), self.clock)
        self.cloud = self._client.app.state.cloud

    def ask(self, method: str, path: str, body: object = ...) -> httpx.Response:
        headers = {"X-Auth-Token": "ann:town:reader"}
        return self._client.ask(method, f"http://cloud/v1{path}", body, headers=headers, version="1.0")

    def get(self, path: str) -> Any:
        reply = self.ask("GET", path)
        assert reply.status_code == 200, reply.text
        return next(iter(reply.json().values()))


@pytest.fixture
def shelves() -> Iterator[Shelves]:
    made = Shelves()
    yield made
    made.cloud.store.close()


def build(shelves: Shelves, **more: object) -> str:
    reply = shelves.ask("POST", "/shelves", {"shelf": {"name": "oak", **more}})
    assert reply.status_code == 202, reply.text
    return str(reply.json()["shelf"]["id"])


def test_what_is_kept_of_a_request_is_below_its_thing(shelves: Shelves) -> None:
    shelf = build(shelves)
    assert shelves.ask("POST", f"/shelves/{shelf}/books", {"book": {"title": "Emma"}}).status_code == 202
    emma = shelves.get(f"/shelves/{shelf}/books/Emma")
    assert emma == {"title": "Emma", "chapters": [{"pages": 7}], "lent": False}
    assert [entry["length"] for entry in shelves.get(f"/shelves/{shelf}")["pages"]["Emma"]] == [7]
    missing = shelves.ask("GET", f"/shelves/{shelf}/books/Ulysses")
    assert (missing.status_code, "There is no Ulysses here." in missing.text) == (404, True)
    assert shelves.ask("DELETE", f"/shelves/{shelf}/books/Emma").status_code == 202
    assert shelves.ask("DELETE", f"/shelves/{shelf}/books/Emma").status_code == 404


def test_its_history_has_its_own_words(shelves: Shelves) -> None:
    shelf = build(shelves)
    shelves.ask("POST", f"/shelves/{shelf}/drop")
    assert [one["what"] for one in shelves.get(f"/shelves/{shelf}/log")] == ["dropped", "built"]
    assert shelves.get(f"/shelves/{shelf}/log")[0]["steps"][0]["until"] is None
    shelves.clock.advance(TASK)
    step = shelves.get(f"/shelves/{shelf}/log")[0]["steps"][0]
    assert (step["step"], step["fine"]) == ("fall", True)


def test_one_request_builds_several(shelves: Shelves) -> None:
    first = build(shelves, least=2)
    shelves.clock.advance(LONG)
    assert shelves.get(f"/shelves/{first}")["name"] == "oak-1"
