"""What one request makes: several servers, and images."""

from typing import Any

import pytest
from serving import IMAGE, LONG, NEW, Client


def make(client: Client, **more: object) -> Any:
    reply = client.ask("POST", "/servers", {"server": {**NEW, "networks": "auto", **more}})
    assert reply.status_code == 202, reply.text
    client.clock.advance(LONG)
    return reply


def found(client: Client) -> list[Any]:
    servers: list[Any] = client.ask("GET", "/servers/detail", caller="admin").json()["servers"]
    return servers[::-1]


@pytest.mark.parametrize(
    ("counts", "names"),
    [
        ({}, ["web"]),
        ({"min_count": 1}, ["web"]),
        ({"min_count": 2}, ["web-1", "web-2"]),
        ({"max_count": 3}, ["web-1", "web-2", "web-3"]),
        ({"min_count": "1", "max_count": "2"}, ["web-1", "web-2"]),
    ],
)
def test_a_request_makes_as_many_as_it_says(client: Client, counts: dict[str, object], names: list[str]) -> None:
    reply = make(client, **counts)
    servers = found(client)
    assert [one["name"] for one in servers] == [one["OS-EXT-SRV-ATTR:hostname"] for one in servers] == names
    assert [one["OS-EXT-SRV-ATTR:launch_index"] for one in servers] == [*range(len(names))]
    assert len({one["OS-EXT-SRV-ATTR:reservation_id"] for one in servers}) == 1
    assert len({one["addresses"]["private"][0]["addr"] for one in servers}) == len(names)
    assert {one["status"] for one in servers} == {"ACTIVE"}
    assert reply.json()["server"]["id"] == servers[0]["id"]
    assert reply.headers["Location"].endswith(servers[0]["id"])


def test_two_requests_are_two_reservations(client: Client) -> None:
    make(client)
    make(client)
    assert len({one["OS-EXT-SRV-ATTR:reservation_id"] for one in found(client)}) == 2


@pytest.mark.parametrize("flag", [True, "true", "1"])
def test_a_reservation_is_answered_where_it_is_asked_for(client: Client, flag: object) -> None:
    reply = make(client, min_count=2, return_reservation_id=flag)
    assert reply.json() == {"reservation_id": found(client)[0]["OS-EXT-SRV-ATTR:reservation_id"]}
    assert "Location" not in reply.headers


def test_none_is_answered_where_it_is_not(client: Client) -> None:
    assert make(client, return_reservation_id=False).json().keys() == {"server"}


def images(client: Client, caller: str = "member") -> dict[str, str]:
    """The images by id, each with its status; those of the catalogue left out."""
    told = client.ask("GET", "/images/detail", caller=caller, version="2.35").json()["images"]
    return {one["id"]: one["status"] for one in told if one["metadata"]}


@pytest.mark.parametrize(("action", "more"), [("createImage", {}), ("createBackup", {"backup_type": "daily", "rotation": 1})])
def test_a_snapshot_is_an_image_that_is_saved_and_then_there(client: Client, action: str, more: dict[str, object]) -> None:
    server = client.create()
    image = client.act(server, action, {"name": "snap", **more}).json()["image_id"]
    assert images(client) == {image: "SAVING"}
    client.clock.advance(LONG)
    assert images(client) == {image: "ACTIVE"}
    shown = client.ask("GET", f"/images/{image}", version="2.35").json()["image"]
    assert (shown["name"], shown["metadata"]["instance_uuid"]) == ("snap", server)
    assert shown["server"] == {"id": server, "links": client.show(server)["links"]}
    assert client.done(server, "rebuild", {"imageRef": image}) == "ACTIVE"
    assert client.show(server)["image"]["id"] == image


def test_its_address_is_answered_as_of_old(client: Client) -> None:
    server = client.create()
    reply = client.ask("POST", f"/servers/{server}/action", {"createImage": {"name": "i"}}, version="2.44")
    assert [reply.headers["Location"].rpartition("/")[2]] == [*images(client)]


def test_an_image_is_gone_where_the_work_fails(client: Client) -> None:
    server = client.create()
    client.act(server, "createImage", {"name": "i"})
    assert client.app.state.cloud.fail(server)
    assert images(client) == {}


def test_a_shelved_server_leaves_an_image_of_its_name(client: Client) -> None:
    server = client.create()
    client.done(server, "shelve")
    told = client.ask("GET", "/images/detail", version="2.35").json()["images"]
    assert [one["name"] for one in told if one["metadata"]] == ["web-shelved"]


def test_an_image_is_the_projects_alone(client: Client) -> None:
    server = client.create()
    image = client.act(server, "createImage", {"name": "i"}).json()["image_id"]
    client.clock.advance(LONG)
    assert images(client, "stranger") == {}
    assert client.ask("GET", f"/images/{image}", caller="stranger", version="2.35").status_code == 404
    theirs = client.ask("POST", "/servers", {"server": {**NEW, "imageRef": image, "networks": "none"}}, "stranger")
    assert theirs.status_code == 400
    listed = [
        [one["id"] for one in client.ask("GET", "http://cloud/v2/images", caller=caller).json()["images"]]
        for caller in ("member", "stranger", "anonymous")
    ]
    assert [image in ids for ids in listed] == [True, False, False]
    assert all(IMAGE in ids for ids in listed)


@pytest.mark.parametrize("count", [101, "9" * 5_000, 10**12])
def test_too_many_are_not_made(client: Client, count: object) -> None:
    reply = client.ask("POST", "/servers", {"server": {**NEW, "networks": "auto", "max_count": count}})
    assert (reply.status_code, found(client)) == (403, [])
