"""What was done to a server, as os-instance-actions tells it: records, their events, pages, and what is told to whom."""

from typing import Any

import pytest
from serving import LONG, TASK, Client

STOP = "compute_stop_instance"


def records(client: Client, server: str, query: str = "", version: str | None = None, caller: str = "member") -> list[Any]:
    reply = client.ask("GET", f"/servers/{server}/os-instance-actions{query}", caller=caller, version=version)
    assert reply.status_code == 200, reply.text
    found: list[Any] = reply.json()["instanceActions"]
    return found


def last(client: Client, server: str, version: str | None = None, caller: str = "admin") -> Any:
    path = f"/servers/{server}/os-instance-actions"
    name = records(client, server)[0]["request_id"]
    return client.ask("GET", f"{path}/{name}", caller=caller, version=version).json()["instanceAction"]


def test_each_action_is_told_by_the_request_that_asked_for_it(client: Client) -> None:
    server = client.create()
    reply = client.act(server, "os-stop")
    client.clock.advance(LONG)
    stop, create = records(client, server)
    assert (stop["action"], stop["request_id"]) == ("stop", reply.headers["x-openstack-request-id"])
    assert (stop["instance_uuid"], stop["user_id"], stop["project_id"], stop["message"]) == (server, "alice", "demo", None)
    assert create["action"] == "create"
    assert last(client, server)["events"][0]["event"] == STOP


def test_an_event_is_under_way_until_its_work_has_settled(client: Client) -> None:
    server = client.create()
    client.act(server, "os-stop")
    event = last(client, server)["events"][0]
    assert (event["finish_time"], event["result"]) == (None, None)
    client.clock.advance(TASK)
    event = last(client, server)["events"][0]
    assert event["result"] == "Success"
    assert event["start_time"] < event["finish_time"]
    assert records(client, server)[0]["updated_at"] == event["finish_time"]


def test_events_come_with_the_tasks_that_they_stand_for(client: Client) -> None:
    server = client.create()
    client.act(server, "resize", {"flavorRef": "2"})
    begun = ["compute_prep_resize", "cold_migrate", "conductor_migrate_server"]
    assert [event["event"] for event in last(client, server)["events"]] == begun
    client.clock.advance(TASK)
    told = last(client, server)["events"]
    assert [(event["event"], event["result"]) for event in told] == [
        ("compute_resize_instance", None),
        *((name, "Success") for name in begun),
    ]


@pytest.mark.parametrize(
    ("version", "first"), [("2.33", "conductor_migrate_server"), ("2.34", "conductor_live_migrate_instance")]
)
def test_a_live_migration_begins_as_its_microversion_has_it(client: Client, version: str, first: str) -> None:
    server = client.create()
    asked = {"os-migrateLive": {"host": None, "block_migration": "auto"}}
    assert client.ask("POST", f"/servers/{server}/action", asked, "admin", version).status_code == 202
    assert [event["event"] for event in last(client, server)["events"] if event["event"].startswith("conductor")] == [first]


@pytest.mark.parametrize("again", [("DELETE", "", ...), ("POST", "/action", {"forceDelete": None})])
def test_a_delete_while_another_is_under_way_begins_nothing(client: Client, again: tuple[str, str, object]) -> None:
    server = client.create()
    for method, below, body in (("DELETE", "", ...), again):
        assert client.ask(method, f"/servers/{server}{below}", body, "admin").status_code < 300
        assert client.show(server)["OS-EXT-STS:task_state"] == "deleting"
    assert [one["action"] for one in records(client, server)] == ["delete", "create"]
    client.clock.advance(TASK)
    assert client.ask("GET", f"/servers/{server}", caller="admin").status_code == 404
    assert [one["action"] for one in records(client, server, caller="admin")] == ["delete", "create"]


def test_work_that_fails_is_told_with_what_had_settled_before(client: Client) -> None:
    server = client.create()
    client.act(server, "resize", {"flavorRef": "2"})
    client.clock.advance(TASK)
    client.app.state.cloud.fail(server)
    told = last(client, server)
    assert told["message"] == "Error"
    assert {event["event"]: event["result"] for event in told["events"]}["compute_resize_instance"] == "Error"
    assert {event["event"]: event["result"] for event in told["events"]}["cold_migrate"] == "Success"
    assert told["events"][0]["details"]


def test_a_failure_that_nova_does_not_tell_is_not_told(client: Client) -> None:
    server = client.create()
    client.act(server, "createImage", {"name": "i"})
    client.app.state.cloud.fail(server)
    told = last(client, server)
    assert (told["message"], told["events"][0]["result"]) == (None, "Success")


def test_what_comes_between_leaves_the_work_under_way_its_own_record(client: Client) -> None:
    server = client.create()
    client.act(server, "os-stop")
    client.act(server, "lock")
    client.clock.advance(LONG)
    assert [(one["action"], one["message"]) for one in records(client, server)][:2] == [("lock", None), ("stop", None)]
    assert client.show(server)["status"] == "SHUTOFF"
    stop = records(client, server)[1]["request_id"]
    told = client.ask("GET", f"/servers/{server}/os-instance-actions/{stop}").json()["instanceAction"]
    assert told["events"][0]["result"] == "Success"


def test_work_that_other_work_ends_is_never_told_to_be_over(client: Client) -> None:
    server = client.create()
    client.act(server, "os-stop")
    client.act(server, "os-resetState", {"state": "active"}, "admin")
    assert [one["action"] for one in records(client, server)] == ["resetState", "stop", "create"]
    stop = records(client, server)[1]["request_id"]
    told = client.ask("GET", f"/servers/{server}/os-instance-actions/{stop}").json()["instanceAction"]
    assert told["events"][0]["finish_time"] is None


FIELDS = {"event", "start_time", "finish_time", "result"}


@pytest.mark.parametrize(
    ("version", "caller", "fields"),
    [
        ("2.1", "member", None),
        ("2.50", "member", None),
        ("2.1", "admin", {*FIELDS, "traceback"}),
        ("2.51", "member", FIELDS),
        ("2.51", "reader", FIELDS),
        ("2.62", "member", {*FIELDS, "hostId"}),
        ("2.62", "admin", {*FIELDS, "traceback", "host", "hostId"}),
        ("2.84", "member", {*FIELDS, "hostId"}),
        ("2.84", "admin", {*FIELDS, "traceback", "host", "hostId", "details"}),
    ],
)
def test_events_are_told_as_the_microversion_and_the_caller_have_it(
    client: Client, version: str, caller: str, fields: set[str] | None
) -> None:
    server = client.create()
    events = last(client, server, version, caller).get("events")
    assert (events and set(events[0])) == fields


@pytest.mark.parametrize(("version", "there"), [("2.57", False), ("2.58", True)])
def test_when_a_record_changed_is_told_since_2_58(client: Client, version: str, there: bool) -> None:
    server = client.create()
    assert ("updated_at" in records(client, server, version=version)[0]) == there
    assert ("updated_at" in last(client, server, version)) == there


def test_records_are_told_a_page_at_a_time(client: Client) -> None:
    server = client.create()
    for action in ("lock", "unlock", "lock", "unlock"):
        client.act(server, action)
    path, seen = f"/servers/{server}/os-instance-actions?limit=2", []
    while path:
        reply = client.ask("GET", path).json()
        seen += [one["action"] for one in reply["instanceActions"]]
        path = next((link["href"].removeprefix("http://cloud/v2.1") for link in reply.get("links", ())), "")
    assert seen == ["unlock", "lock", "unlock", "lock", "create"]
    assert len(records(client, server, "?limit=2", "2.57")) == 5


def test_records_are_told_by_when_they_changed(client: Client) -> None:
    server = client.create()
    client.clock.advance(3_600)
    client.act(server, "lock")
    locked, created = records(client, server)
    assert records(client, server, f"?changes-since={locked['updated_at']}Z") == [locked]
    assert records(client, server, f"?changes-before={created['updated_at']}Z") == [created]


@pytest.mark.parametrize(
    ("query", "version", "code"),
    [
        ("limit=x", "2.58", 400),
        ("limit=-1", "2.58", 400),
        ("limit=0", "2.58", 200),
        ("limit=" + "9" * 5_000, "2.58", 200),
        ("changes-since=2020-02-30T00:00:00Z", "2.58", 400),
        ("changes-since=2016-12-31T23:59:60Z", "2.58", 400),
        ("limit=x", "2.57", 200),
        ("marker=nope", "2.58", 400),
        ("changes-since=nonsense", "2.58", 400),
        ("changes-before=2100-01-01T00:00:00Z", "2.65", 400),
        ("changes-before=2100-01-01T00:00:00Z", "2.66", 200),
        ("changes-since=2100-01-01T00:00:00Z&changes-before=2000-01-01T00:00:00Z", "2.66", 400),
        ("nonsense=1", "2.57", 200),
        ("nonsense=1", "2.58", 400),
    ],
)
def test_a_query_is_read_as_the_microversion_has_it(client: Client, query: str, version: str, code: int) -> None:
    server = client.create()
    assert client.ask("GET", f"/servers/{server}/os-instance-actions?{query}", version=version).status_code == code


def test_what_was_done_to_a_deleted_server_is_told_since_2_21(client: Client) -> None:
    server = client.create()
    client.ask("DELETE", f"/servers/{server}")
    client.clock.advance(LONG)
    assert client.ask("GET", f"/servers/{server}").status_code == 404
    assert client.ask("GET", f"/servers/{server}/os-instance-actions", version="2.20").status_code == 404
    assert [one["action"] for one in records(client, server, version="2.21")] == ["delete", "create"]
    assert client.ask("GET", f"/servers/{server}/os-instance-actions", caller="stranger").status_code == 404
    assert last(client, server)["events"][0]["event"] == "compute_terminate_instance"
