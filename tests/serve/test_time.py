"""What becomes of accepted requests as time passes, and what happens by itself."""

import pytest
from serving import LONG, NEW, TASK, Client

from lifecycle.errors import LifecycleError
from lifecycle.serve import Clock, app


def timeline(client: Client, server: str) -> list[tuple[str, str | None]]:
    """The status and task at every task's end, until nothing is under way."""
    seen: list[tuple[str, str | None]] = []
    while not seen or seen[-1][1] is not None:
        shown = client.show(server)
        seen.append((shown["status"], shown["OS-EXT-STS:task_state"]))
        client.clock.advance(TASK)
    return seen


def test_every_task_is_seen_on_the_way(client: Client) -> None:
    server = client.ask("POST", "/servers", {"server": {**NEW, "networks": "auto"}}).json()["server"]["id"]
    building = ["scheduling", "networking", "block_device_mapping", "spawning"]
    assert timeline(client, server) == [*(("BUILD", task) for task in building), ("ACTIVE", None)]
    client.act(server, "resize", {"flavorRef": "2"})
    resizing = ["resize_prep", "resize_migrating", "resize_migrated", "resize_finish"]
    assert timeline(client, server) == [*(("RESIZE", task) for task in resizing), ("VERIFY_RESIZE", None)]


def test_what_takes_no_task_takes_time_as_well(client: Client) -> None:
    server = client.create()
    client.done(server, "resize", {"flavorRef": "2"})
    assert client.act(server, "confirmResize").status_code == 204
    assert client.show(server)["status"] == "VERIFY_RESIZE"
    client.clock.advance(TASK)
    assert client.show(server)["status"] == "ACTIVE"


def test_what_is_done_at_once_is_done_with_the_answer(client: Client) -> None:
    server = client.create()
    client.act(server, "os-resetState", {"state": "error"}, "admin")
    assert client.show(server)["status"] == "ERROR"


def test_a_server_whose_work_fails_says_so(client: Client) -> None:
    server = client.create()
    client.act(server, "suspend")
    assert client.app.state.cloud.fail(server)
    shown = client.show(server, "member")
    assert shown["status"] == "ERROR"
    assert shown["fault"].keys() == {"code", "created", "message"}
    assert client.show(server, "admin")["fault"].keys() == {"code", "created", "message", "details"}
    assert not client.app.state.cloud.fail(server)


def test_a_resize_that_fails_keeps_the_flavor(client: Client) -> None:
    server = client.create()
    client.act(server, "resize", {"flavorRef": "2"})
    client.app.state.cloud.fail(server)
    assert client.show(server)["flavor"]["original_name"] == "m1.tiny"


def test_a_delete_during_a_build_ends_it(client: Client) -> None:
    server = client.create(settles=False)
    assert client.ask("DELETE", f"/servers/{server}").status_code == 204
    client.clock.advance(LONG)
    assert client.ask("GET", f"/servers/{server}").status_code == 404
    assert client.ask("GET", "/servers").json()["servers"] == []


def test_a_state_that_is_said_ends_what_was_under_way(client: Client) -> None:
    server = client.create(settles=False)
    client.act(server, "os-resetState", {"state": "error"}, "admin")
    client.clock.advance(LONG)
    assert client.show(server)["status"] == "ERROR"


OPTIONS = {"reclaim_instance_interval": 3600, "resize_confirm_window": 100, "shelved_offload_time": 50, "rescue_timeout": 20}


@pytest.mark.parametrize(
    ("action", "content", "waits_in", "seconds", "ends_in"),
    [
        ("resize", {"flavorRef": "2"}, "VERIFY_RESIZE", 100, "ACTIVE"),
        ("shelve", None, "SHELVED", 50, "SHELVED_OFFLOADED"),
        ("rescue", None, "RESCUE", 20, "ACTIVE"),
    ],
)
def test_events_happen_when_the_deployment_says(
    action: str, content: object, waits_in: str, seconds: float, ends_in: str
) -> None:
    clock = Clock(0)
    client = Client(app(clock=clock, options=OPTIONS), clock)
    server = client.ask("POST", "/servers", {"server": {**NEW, "networks": "auto"}}).json()["server"]["id"]
    clock.advance(1)
    assert client.act(server, action, content).status_code < 300
    clock.advance(1)
    assert client.show(server)["status"] == waits_in
    clock.advance(seconds - 2)
    assert client.show(server)["status"] == waits_in
    clock.advance(4)
    assert client.show(server)["status"] == ends_in


def test_a_soft_deleted_server_is_reclaimed_in_time_and_can_be_had_back_before() -> None:
    clock = Clock(0)
    client = Client(app(clock=clock, options=OPTIONS), clock)
    gone, back = client.create(), client.create()
    for server in (gone, back):
        client.ask("DELETE", f"/servers/{server}")
    clock.advance(TASK)
    assert client.show(gone)["status"] == client.show(back)["status"] == "SOFT_DELETED"
    assert client.act(back, "restore").status_code == 202
    clock.advance(4000)
    assert client.ask("GET", f"/servers/{gone}").status_code == 404
    assert client.show(back)["status"] == "ACTIVE"


def test_a_list_is_as_it_is_now(client: Client) -> None:
    server = client.create()
    client.act(server, "os-stop")
    client.clock.advance(LONG)
    assert [one["status"] for one in client.ask("GET", "/servers/detail").json()["servers"]] == ["SHUTOFF"]
    assert len(client.ask("GET", "/servers?status=SHUTOFF").json()["servers"]) == 1


def test_a_clock_runs_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: real[0])
    clocks = {text: Clock.read(text) for text in ("real", "10x", "0.5x", "manual")}
    before = {text: clock.now() for text, clock in clocks.items()}
    real[0] += 8
    passed = {text: round(clock.now() - before[text], 3) for text, clock in clocks.items()}
    assert passed == {"real": 8, "10x": 80, "0.5x": 4, "manual": 0}
    assert round(clocks["manual"].advance(7) - before["manual"], 3) == 7


@pytest.mark.parametrize("text", ["", "x", "0x", "-1x", "nanx", "infx", "10", "1e3x", "ten"])
def test_a_clock_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LifecycleError, match="no clock is called"):
        Clock.read(text)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_clock_never_goes_back(seconds: float) -> None:
    with pytest.raises(LifecycleError, match="goes ahead"):
        Clock(0).advance(seconds)
