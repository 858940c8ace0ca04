"""How the service is spoken to: versions, tokens, lists, headers, and answers that look as a running Nova's do."""

import json
from pathlib import Path
from typing import Any

import pytest
from serving import IMAGE, LONG, NEW, TASK, TOKENS, Client

from lifecycle import Lifecycle

SHOWN = sorted((Path(__file__).parent.parent / "data" / "servers").glob("*.json"))


def test_the_versions_are_told_to_everyone(client: Client) -> None:
    reply = client.ask("GET", "/", caller="anonymous").json()["version"]
    assert (reply["id"], reply["min_version"], reply["version"], reply["status"]) == ("v2.1", "2.1", "2.104", "CURRENT")


@pytest.mark.parametrize(
    ("headers", "code", "taken"),
    [
        ({}, 200, "2.104"),
        ({"OpenStack-API-Version": "compute latest"}, 200, "2.104"),
        ({"OpenStack-API-Version": "volume 3.1, compute 2.47"}, 200, "2.47"),
        ({"OpenStack-API-Version": "compute 2.10,compute 2.47"}, 200, "2.47"),
        ({"OpenStack-API-Version": "volume 3.1"}, 200, "2.1"),
        ({"OpenStack-API-Version": "", "X-OpenStack-Nova-API-Version": "2.53"}, 200, "2.53"),
        ({"OpenStack-API-Version": "compute 2.105"}, 406, None),
        ({"OpenStack-API-Version": "compute 1.0"}, 406, None),
        ({"OpenStack-API-Version": "compute nonsense"}, 400, None),
        ({"OpenStack-API-Version": "compute 2.047"}, 400, None),
    ],
)
def test_a_microversion_is_taken_and_told_or_refused(
    client: Client, headers: dict[str, str], code: int, taken: str | None
) -> None:
    reply = client.ask("GET", "/servers", headers=headers)
    assert reply.status_code == code
    if taken is None:
        return
    assert reply.headers["OpenStack-API-Version"] == f"compute {taken}"
    assert reply.headers["X-OpenStack-Nova-API-Version"] == taken
    assert reply.headers["Vary"] == "OpenStack-API-Version, X-OpenStack-Nova-API-Version"
    assert reply.headers["x-openstack-request-id"].startswith("req-")


def test_a_version_that_is_not_there_is_told_with_those_that_are(client: Client) -> None:
    words = client.ask("GET", "/servers", version="2.999").json()["computeFault"]["message"]
    assert words == "Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.104."


@pytest.mark.parametrize("token", ["", "nonsense", ":", "a:", ":b", "alice:demo:nobody"])
def test_a_token_of_nobody_is_refused_before_anything_is_looked_at(client: Client, token: str) -> None:
    reply = client.ask("GET", "/servers", version="2.999", headers={"X-Auth-Token": token})
    assert reply.status_code == 401
    assert reply.json()["error"]["title"] == "Unauthorized"


def test_a_server_is_its_projects_and_the_admins(client: Client) -> None:
    server = client.create()
    codes = {caller: client.ask("GET", f"/servers/{server}", caller=caller).status_code for caller in TOKENS}
    assert codes == {"member": 200, "reader": 200, "manager": 200, "admin": 200, "service": 404, "stranger": 404}
    assert client.ask("GET", "/servers", caller="stranger").json() == {"servers": []}
    assert client.ask("GET", "/servers?all_tenants=1", caller="stranger").status_code == 403
    assert client.ask("GET", "/servers?all_tenants=0", caller="stranger").json() == {"servers": []}
    assert client.ask("GET", f"/servers?marker={server}", caller="stranger").status_code == 400
    assert client.act(server, "os-stop", caller="reader").status_code == 403
    assert client.act(server, "os-stop", caller="stranger").json()["itemNotFound"]["message"] == (
        f"Instance {server} could not be found."
    )


def test_an_admin_finds_those_of_all_projects_where_it_asks_for_them(client: Client) -> None:
    server = client.create()
    elsewhere = {"X-Auth-Token": "admin:operators"}
    assert client.ask("GET", "/servers", headers=elsewhere).json()["servers"] == []
    found = client.ask("GET", "/servers?all_tenants=1", headers=elsewhere).json()["servers"]
    assert [one["id"] for one in found] == [server]


def test_a_list_is_told_a_page_at_a_time_the_newest_first(client: Client) -> None:
    made = [client.create(name=f"s{number}") for number in range(5)]
    seen: list[str] = []
    path = "/servers/detail?limit=2&name=s"
    while path:
        reply = client.ask("GET", path).json()
        assert len(reply["servers"]) <= 2
        seen += [server["id"] for server in reply["servers"]]
        path = next((link["href"].removeprefix("http://cloud/v2.1") for link in reply.get("servers_links", ())), "")
    assert seen == made[::-1]


@pytest.mark.parametrize(("limit", "there"), [(0, False), (1, True), (2, True), (3, False)])
def test_after_a_full_page_there_may_be_more(client: Client, limit: int, there: bool) -> None:
    server, _ = client.create(), client.create()
    client.act(server, "lock")
    servers = client.ask("GET", f"/servers?limit={limit}").json()
    records = client.ask("GET", f"/servers/{server}/os-instance-actions?limit={limit}").json()
    assert ("servers_links" in servers, "links" in records) == (there, there)


def test_a_list_has_what_the_query_names(client: Client) -> None:
    one, other = client.create(name="one"), client.create(name="other")
    client.done(other, "os-stop")

    def found(query: str) -> list[str]:
        return [server["id"] for server in client.ask("GET", f"/servers?{query}").json()["servers"]]

    assert found("status=shutoff") == [other]
    assert found("name=one") == [one]
    assert found("status=PAUSED") == found("limit=0") == []
    assert client.ask("GET", "/servers?limit=-1").status_code == client.ask("GET", "/servers?marker=x").status_code == 400


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_a_server_is_shown_with_the_fields_that_a_running_nova_shows(client: Client, path: Path) -> None:
    """Those of the recorded document of a server in the same state, to the same caller, at the same microversion."""
    state, version, caller = path.stem.rsplit("-", 2)
    recorded = json.loads(path.read_text(encoding="utf-8"))["server"]
    server = client.create(settles=state != "error-of-a-build", **({"imageRef": ""} if state == "active-of-a-volume" else {}))
    WAYS[state](client, server)
    shown = client.show(server, caller, version)
    extra = {"security_groups"} if state == "error-of-a-build" else set()  # Nova shows those of its interfaces
    assert shown.keys() - extra == recorded.keys() - extra
    for name in ("status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "locked", "OS-DCF:diskConfig", "config_drive"):
        assert shown.get(name) == recorded.get(name), name
    for name in ("flavor", "image"):
        assert _keys(shown[name]) == _keys(recorded[name]), name
    assert bool(shown["hostId"]) == bool(recorded["hostId"]) or state == "error-of-a-build"


def _keys(value: Any) -> object:
    return sorted(value) if isinstance(value, dict) else value


def _resizing(client: Client, server: str) -> None:
    client.act(server, "resize", {"flavorRef": "2"})
    client.clock.advance(TASK)


def _paused(client: Client, server: str) -> None:
    client.done(server, "pause")
    client.act(server, "lock")


WAYS: dict[str, Any] = {
    "active": lambda _client, _server: None,
    "active-of-a-volume": lambda _client, _server: None,
    "shutoff": lambda client, server: client.done(server, "os-stop"),
    "paused-locked": _paused,
    "resize": _resizing,
    "shelved-offloaded": lambda client, server: client.done(server, "shelve"),
    "error-of-a-build": lambda client, server: client.app.state.cloud.fail(server),
}


@pytest.mark.parametrize("version", ["2.1", "2.47", "2.75", "2.104"])
def test_every_answer_is_as_the_table_says(client: Client, nova: Lifecycle, version: str) -> None:
    """Each action that a fresh server allows is answered with the document and the headers of its row."""
    tried = 0
    for action in nova.rules.actions:
        ruling = nova.ruling(action, None, "admin", version)
        method, path, body = ruling.wire
        if ruling.rule.get("absent") or "{" not in path or _refers(body):
            continue
        server = client.create(version, metadata={"k": "v"})
        client.ask("PUT", f"/servers/{server}/tags/t")
        client.ask("POST", f"/servers/{server}/os-volume_attachments", {"volumeAttachment": {"volumeId": IMAGE}})
        reply = client.ask(method, path.format(id=server, **NAMES), body, "admin", version)
        if reply.status_code >= 300:
            assert reply.status_code in (400, 409, 410, 501), (action, reply.text)
            continue
        tried += 1
        document = nova.document("response", action, None, version)
        assert document is None or document.mistakes(reply.json()) is None, (action, reply.text)
        assert document is not None or not reply.content
        headers = nova.document("headers", action, None, version)
        assert headers
        given = {name: reply.headers[name] for name in headers.schema["properties"] if name in reply.headers}
        assert headers.mistakes(given) is None, (action, given)
    assert tried > 15


NAMES = {"key": "k", "tag": "t", "volume": IMAGE, "port": IMAGE}


def _refers(body: Any) -> bool:
    """Whether an example holds a word in place of what has to be there."""
    return any(word in json.dumps(body) for word in ("FLAVOR", "IMAGE"))


def test_a_refusal_has_the_code_and_words_of_the_table(client: Client) -> None:
    server = client.create()
    client.act(server, "lock", caller="admin")
    reply = client.act(server, "os-stop")
    assert (reply.status_code, reply.json()) == (
        409,
        {"conflictingRequest": {"code": 409, "message": f"Instance {server} is locked"}},
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "Malformed request body"),
        (b'{"a": 1, "b": 2}', "Malformed request body"),
        (b"[]", "Malformed request body"),
        (b'{"nonsense": null}', "There is no such action: nonsense"),
        (b'{"create": null}', "There is no such action: create"),
    ],
)
def test_what_is_no_action_is_said_to_be_none(client: Client, body: bytes, words: str) -> None:
    reply = client.ask("POST", f"/servers/{client.create()}/action", content=body)
    assert (reply.status_code, reply.json()["badRequest"]["message"]) == (400, words)


def test_the_keys_of_a_body_come_in_any_order(client: Client) -> None:
    reply = client.ask("POST", "/servers", {"os:scheduler_hints": {}, "server": {**NEW, "networks": "auto"}})
    assert client.show(reply.json()["server"]["id"])["name"] == NEW["name"]


@pytest.mark.parametrize("count", [2, "2", 2.0])
def test_a_number_is_what_json_and_nova_take_for_one(client: Client, count: Any) -> None:
    reply = client.ask("POST", "/servers", {"server": {**NEW, "networks": "auto", "min_count": count}})
    assert reply.status_code == 202
    assert len(client.ask("GET", "/servers").json()["servers"]) == 2


def test_what_a_request_refers_to_has_to_be_there(client: Client) -> None:
    for flavor in ("none", "0", 0):
        reply = client.ask("POST", "/servers", {"server": {**NEW, "flavorRef": flavor, "networks": "auto"}})
        assert (reply.status_code, reply.json()["badRequest"]["message"]) == (400, "Invalid flavorRef provided.")
    assert client.ask("GET", "/servers").json()["servers"] == []
    assert client.ask("GET", "/flavors/none").status_code == 404
    assert client.ask("GET", "/flavors/1", version="2.1").json()["flavor"]["name"] == "m1.tiny"
    assert "description" in client.ask("GET", "/flavors/1", version="2.55").json()["flavor"]
    assert client.ask("GET", f"/images/{IMAGE}", version="2.35").status_code == 200
    assert client.ask("GET", f"/images/{IMAGE}", version="2.36").status_code == 404


def test_what_was_asked_for_is_shown(client: Client) -> None:
    server = client.create(metadata={"a": "b"}, tags=["x"], description="d")
    shown = client.show(server)
    assert (shown["name"], shown["metadata"], shown["tags"], shown["description"]) == ("web", {"a": "b"}, ["x"], "d")
    client.ask("PUT", f"/servers/{server}", {"server": {"name": "db"}})
    client.ask("POST", f"/servers/{server}/metadata", {"metadata": {"c": "d"}})
    client.ask("DELETE", f"/servers/{server}/metadata/a")
    client.ask("PUT", f"/servers/{server}/tags/y")
    client.ask("DELETE", f"/servers/{server}/tags/x")
    client.act(server, "lock", {"locked_reason": "hands off"})
    shown = client.show(server)
    assert (shown["name"], shown["metadata"], shown["tags"]) == ("db", {"c": "d"}, ["y"])
    assert (shown["locked"], shown["locked_reason"]) == (True, "hands off")
    client.act(server, "unlock")
    assert client.show(server)["locked_reason"] is None
    assert client.ask("GET", f"/servers/{server}/tags").json() == {"tags": ["y"]}
    client.ask("DELETE", f"/servers/{server}/tags")
    assert client.show(server)["tags"] == []


def test_a_server_that_migrates_has_no_console(client: Client) -> None:
    server = client.create()
    assert client.act(server, "os-migrateLive", {"host": None, "block_migration": "auto"}, "admin").status_code == 202
    reply = client.ask("POST", f"/servers/{server}/action", {"os-getVNCConsole": {"type": "novnc"}}, version="2.5")
    words = f"Cannot 'get_vnc_console' instance {server} while it is in task_state migrating"
    assert (reply.status_code, reply.json()["conflictingRequest"]["message"]) == (409, words)


def test_the_zone_that_a_server_is_kept_in_is_the_one_that_was_asked_for_last(client: Client) -> None:
    server = client.create(availability_zone="nova")
    assert client.show(server)["pinned_availability_zone"] == "nova"
    for zone in (None, "nova"):
        client.done(server, "shelve")
        client.done(server, "unshelve", {"availability_zone": zone})
        assert client.show(server)["pinned_availability_zone"] == zone
    client.done(server, "shelve")
    client.done(server, "unshelve")
    assert client.show(server)["pinned_availability_zone"] == "nova"


def test_a_resize_changes_the_flavor_when_it_is_done_and_a_revert_gives_it_back(client: Client) -> None:
    server = client.create()
    client.act(server, "resize", {"flavorRef": "2", "OS-DCF:diskConfig": "AUTO"})
    assert client.show(server)["flavor"]["original_name"] == "m1.tiny"
    assert client.show(server)["OS-DCF:diskConfig"] == "AUTO"  # at once, and it lasts
    client.clock.advance(LONG)
    assert client.show(server)["flavor"]["original_name"] == "m1.small"
    assert client.done(server, "revertResize") == "ACTIVE"
    assert client.show(server)["flavor"]["original_name"] == "m1.tiny"
    assert client.show(server)["OS-DCF:diskConfig"] == "AUTO"
    client.done(server, "resize", {"flavorRef": "2"})
    client.done(server, "confirmResize")
    assert client.show(server)["flavor"]["original_name"] == "m1.small"
