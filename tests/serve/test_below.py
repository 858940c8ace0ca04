"""What is shown below a server: its volumes, its interfaces and addresses, its metadata and tags, one by one."""

from typing import Any

import pytest
from serving import IMAGE, LONG, NETWORK, VOLUME, Client
from serving import OTHER_VOLUME as OTHER

ABSENT = "6a976525-f111-4c26-9a77-afdda2d49db3"


def attach(client: Client, server: str, volume: str = VOLUME, version: str | None = None, **more: object) -> Any:
    body = {"volumeAttachment": {"volumeId": volume, **more}}
    return client.ask("POST", f"/servers/{server}/os-volume_attachments", body, version=version)


def listed(client: Client, server: str, below: str, version: str | None = None) -> Any:
    reply = client.ask("GET", f"/servers/{server}/{below}", version=version)
    assert reply.status_code == 200, reply.text
    return next(iter(reply.json().values()))


def test_a_volume_that_is_attached_is_shown_until_it_is_detached(client: Client) -> None:
    server = client.create()
    assert listed(client, server, "os-volume_attachments") == []
    assert attach(client, server, delete_on_termination=True).status_code == 202
    attach(client, server, OTHER)
    one, other = listed(client, server, "os-volume_attachments")
    assert (one["volumeId"], one["serverId"], one["delete_on_termination"]) == (VOLUME, server, True)
    assert (other["volumeId"], other["delete_on_termination"]) == (OTHER, False)
    shown = client.ask("GET", f"/servers/{server}/os-volume_attachments/{VOLUME}").json()
    assert shown == {"volumeAttachment": one}
    assert client.show(server)["os-extended-volumes:volumes_attached"] == [
        {"id": VOLUME, "delete_on_termination": True},
        {"id": OTHER, "delete_on_termination": False},
    ]
    assert client.ask("DELETE", f"/servers/{server}/os-volume_attachments/{VOLUME}").status_code == 202
    assert listed(client, server, "os-volume_attachments") == [other]


def test_an_attachment_looks_as_its_microversion_has_it(client: Client) -> None:
    server = client.create()
    answered = attach(client, server, version="2.47").json()["volumeAttachment"]
    assert listed(client, server, "os-volume_attachments", "2.47") == [answered]
    assert answered.keys() == {"id", "volumeId", "serverId", "device"}
    assert listed(client, server, "os-volume_attachments", "2.88")[0].keys() == {
        *answered.keys(),
        "tag",
        "delete_on_termination",
    }
    newest = listed(client, server, "os-volume_attachments")[0]
    assert newest.keys() == {"volumeId", "serverId", "device", "tag", "delete_on_termination", "attachment_id", "bdm_uuid"}
    assert newest == listed(client, server, "os-volume_attachments")[0]


def test_an_attachment_is_changed_in_place(client: Client) -> None:
    server = client.create()
    attach(client, server)
    before = listed(client, server, "os-volume_attachments")
    body = {"volumeAttachment": {"volumeId": VOLUME, "delete_on_termination": True}}
    assert client.ask("PUT", f"/servers/{server}/os-volume_attachments/{VOLUME}", body).status_code == 202
    assert listed(client, server, "os-volume_attachments") == [{**before[0], "delete_on_termination": True}]


def test_a_new_server_has_the_volumes_that_it_boots_from(client: Client) -> None:
    disk = {"boot_index": 0, "uuid": VOLUME, "source_type": "volume", "destination_type": "volume"}
    local = {"boot_index": -1, "source_type": "blank", "destination_type": "local"}
    server = client.create(imageRef="", block_device_mapping_v2=[disk, local])
    assert [one["volumeId"] for one in listed(client, server, "os-volume_attachments")] == [VOLUME]


@pytest.mark.parametrize(
    ("networks", "count"), [("auto", 1), ("none", 0), ([{"uuid": NETWORK}, {"port": ABSENT}], 2), ([], 0)], ids=str
)
def test_a_new_server_has_the_interfaces_that_were_asked_for(client: Client, networks: object, count: int) -> None:
    server = client.create(networks=networks)
    interfaces = listed(client, server, "os-interface")
    assert len(interfaces) == count
    if isinstance(networks, list) and networks:
        assert (interfaces[0]["net_id"], interfaces[1]["port_id"]) == (NETWORK, ABSENT)


def test_it_has_none_while_it_is_built(client: Client) -> None:
    server = client.create(settles=False)
    assert (listed(client, server, "os-interface"), client.show(server)["addresses"]) == ([], {})
    client.clock.advance(LONG)
    assert len(listed(client, server, "os-interface")) == 1


def test_an_interface_that_is_attached_is_shown_until_it_is_detached(client: Client) -> None:
    server = client.create()
    first = listed(client, server, "os-interface")
    body = {"interfaceAttachment": {"net_id": NETWORK, "fixed_ips": [{"ip_address": "192.168.1.77"}], "tag": "nic"}}
    answered = client.ask("POST", f"/servers/{server}/os-interface", body).json()["interfaceAttachment"]
    assert (answered["fixed_ips"][0]["ip_address"], answered["tag"]) == ("192.168.1.77", "nic")
    assert listed(client, server, "os-interface") == [*first, answered]
    port = answered["port_id"]
    assert client.ask("GET", f"/servers/{server}/os-interface/{port}").json() == {"interfaceAttachment": answered}
    address = {"version": 4, "addr": "192.168.1.77"}
    full = {**address, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": answered["mac_addr"]}
    assert client.show(server)["addresses"]["private"][1] == full
    assert listed(client, server, "ips")["private"][1] == address
    assert client.ask("DELETE", f"/servers/{server}/os-interface/{port}").status_code == 202
    assert listed(client, server, "os-interface") == first
    assert len(client.show(server)["addresses"]["private"]) == 1


@pytest.mark.parametrize(
    ("method", "below", "words"),
    [
        ("GET", f"os-volume_attachments/{ABSENT}", f"Instance {{id}} is not attached to volume {ABSENT}"),
        ("DELETE", f"os-volume_attachments/{ABSENT}", f"Instance {{id}} is not attached to volume {ABSENT}"),
        ("GET", f"os-interface/{ABSENT}", f"Port id {ABSENT} could not be found."),
        ("GET", "metadata/nope", "Metadata item was not found"),
        ("DELETE", "metadata/nope", "Metadata item was not found"),
        ("GET", "tags/nope", "Server {id} has no tag 'nope'"),
        ("DELETE", "tags/nope", "Server {id} has no tag 'nope'"),
        ("GET", "os-instance-actions/nope", "Action nope not found"),
    ],
)
def test_what_is_not_there_is_said_not_to_be_there(client: Client, method: str, below: str, words: str) -> None:
    server = client.create()
    reply = client.ask(method, f"/servers/{server}/{below}")
    assert (reply.status_code, reply.json()["itemNotFound"]["message"]) == (404, words.replace("{id}", server))


def test_one_item_or_tag_is_shown_by_itself(client: Client) -> None:
    server = client.create(metadata={"k": "v", "l": "w"})
    client.ask("PUT", f"/servers/{server}/tags/x")
    assert client.ask("GET", f"/servers/{server}/metadata/k").json() == {"meta": {"k": "v"}}
    assert client.ask("GET", f"/servers/{server}/tags/x").status_code == 204


def test_a_volume_that_is_not_there_is_missed_before_the_lock_and_a_tag_after_the_state(client: Client) -> None:
    """As a running Nova has it, each at its own place in the order of the checks."""
    server = client.create()
    client.act(server, "lock", caller="admin")
    assert client.ask("DELETE", f"/servers/{server}/os-volume_attachments/{ABSENT}").status_code == 404
    client.ask("POST", f"/servers/{server}/action", {"unlock": None}, "admin")
    client.done(server, "shelve")
    assert client.ask("DELETE", f"/servers/{server}/tags/nope").status_code == 409


def test_what_is_below_a_server_is_its_own(client: Client) -> None:
    server, other = client.create(), client.create()
    attach(client, server)
    assert listed(client, other, "os-volume_attachments") == []
    for below in ("os-volume_attachments", f"os-volume_attachments/{VOLUME}", "os-interface", "os-instance-actions", "ips"):
        reply = client.ask("GET", f"/servers/{server}/{below}", caller="stranger")
        assert (reply.status_code, IMAGE in reply.text) == (404, False)
