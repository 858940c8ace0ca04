"""What an admin may do to the service itself."""

from typing import Any

import httpx
import pytest
from serving import LONG, TASK, TOKENS, Client
from serving_process import served


def control(client: Client, path: str, body: Any, caller: str = "admin") -> httpx.Response:
    return client.ask("POST", f"http://cloud/control/{path}", body, caller)


def test_time_goes_ahead(client: Client) -> None:
    server = client.create(settles=False)
    assert control(client, "clock", {"advance": LONG}).status_code == 200
    assert client.show(server)["status"] == "ACTIVE"


def test_work_fails_is_held_and_goes_on(client: Client) -> None:
    server = client.create()
    client.act(server, "suspend")
    assert control(client, f"things/{server}", {"hold": True}).json()["held"]
    client.clock.advance(LONG)
    assert client.show(server)["OS-EXT-STS:task_state"] == "suspending"
    assert not control(client, f"things/{server}", {"release": True}).json()["held"]
    client.clock.advance(TASK)
    assert client.show(server)["status"] == "SUSPENDED"
    client.act(server, "resume")
    assert control(client, f"things/{server}", {"fail": True}).json()["state"] == "ERROR"


def test_a_host_goes_down_and_an_evacuation_is_allowed_then(client: Client) -> None:
    server = client.create()
    assert client.act(server, "evacuate", {}, "admin").status_code == 400
    control(client, f"things/{server}", {"facts": {"host_up": False}})
    assert client.show(server)["host_status"] == "DOWN"
    assert client.act(server, "evacuate", {}, "admin").status_code == 200


def test_answers_are_lost_or_never_come_about(client: Client) -> None:
    server = client.create()
    assert control(client, "answers", [{"code": 500}, {"code": 503, "done": True}]).json() == {"waiting": 2}
    assert client.act(server, "os-stop").status_code == 500
    assert client.act(server, "os-stop").status_code == 503
    assert client.act(server, "os-stop").status_code == 409
    control(client, "answers", [{"delay": 0.01}])
    assert client.ask("GET", "/servers").status_code == 200


@pytest.mark.parametrize(("caller", "code"), [("member", 403), ("stranger", 403), ("anonymous", 401)])
def test_it_takes_an_admin(client: Client, caller: str, code: int) -> None:
    assert control(client, "clock", {"advance": 1}, caller).status_code == code
    assert control(client, "answers", [{"code": 500}], caller).status_code == code
    assert client.ask("GET", "/servers").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"advance": -1}),
        ("clock", {"advance": "1"}),
        ("clock", None),
        ("answers", {"code": 500}),
        ("answers", [{"code": 200}]),
        ("answers", [{"delay": 1e9}]),
        ("things/none", {"nonsense": True}),
        ("things/none", {"facts": {"nonsense": True}}),
    ],
)
def test_what_it_does_not_understand_it_refuses(client: Client, path: str, body: Any) -> None:
    reply = control(client, path, body)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_what_is_not_there_is_not_found(client: Client) -> None:
    assert control(client, "things/none", {"fail": True}).status_code == 404


@pytest.mark.parametrize("done", [True, False])
def test_a_connection_breaks_off_before_or_after_the_request_is_done(done: bool) -> None:
    with served("--clock", "manual") as running:
        server = running.create()
        admin = {"X-Auth-Token": TOKENS["admin"]}
        root = running.url.removesuffix("/v2.1")
        assert running.client.post(f"{root}/control/clock", json={"advance": LONG}, headers=admin).is_success
        assert running.client.post(f"{root}/control/answers", json=[{"drop": True, "done": done}], headers=admin).is_success
        with pytest.raises(httpx.RemoteProtocolError):
            running.client.post(f"/servers/{server}/action", json={"os-stop": None})
        shown = running.client.get(f"/servers/{server}").json()["server"]
        assert shown["OS-EXT-STS:task_state"] == ("powering-off" if done else None)
