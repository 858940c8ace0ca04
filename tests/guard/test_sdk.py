"""The guard in front of an openstacksdk connection, against a service of ours on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fake_compute import ID, Fake, connect
from openstack import exceptions

from lifecycle import Lifecycle
from lifecycle.errors import UnknownCaller
from lifecycle.guard.sdk import Refused, called, guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openstack.connection import Connection

# What the SDK says of its own code is not said of ours.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::openstack.warnings.OpenStackWarning")


@pytest.fixture
def fake() -> Iterator[Fake]:
    with Fake.serving() as server:
        yield server


@pytest.fixture
def connection(fake: Fake) -> Iterator[Connection]:
    made = connect(fake)
    yield made
    made.close()


def test_what_would_be_refused_is_not_sent(fake: Fake, connection: Connection) -> None:
    assert guard(connection) is connection
    fake.server = {"id": ID, "status": "SHUTOFF", "OS-EXT-STS:vm_state": "stopped", "locked": True}
    with pytest.raises(exceptions.ConflictException, match="os-stop refused: the server is locked by its owner") as caught:
        connection.compute.stop_server(ID)
    assert fake.asked == [("GET", f"/servers/{ID}", None)]
    error = caught.value
    assert isinstance(error, Refused)
    assert error.status_code == 409
    assert error.details == f"Instance {ID} is locked"
    assert error.response is not None
    assert error.response.json() == {"conflictingRequest": {"code": 409, "message": error.details}}
    assert error.verdict.decision is not None
    assert [entry["rule"] for entry in error.verdict.decision.also] == ["state"]


def test_what_is_allowed_is_sent_once(fake: Fake, connection: Connection) -> None:
    guard(guard(connection))
    connection.compute.stop_server(ID)
    assert fake.asked == [("GET", f"/servers/{ID}", None), ("POST", f"/servers/{ID}/action", {"os-stop": None})]


def test_only_requests_of_the_table_are_checked(fake: Fake, connection: Connection) -> None:
    guard(connection)
    connection.compute.get_server(ID)
    connection.compute.post(f"/servers/{ID}/action", json={"of one's own": None})
    connection.compute.post("/os-keypairs", json={"keypair": {"name": "k"}})
    connection.compute.post(f"/servers/{ID}/action", data=iter([b'{"os-start": null}']))  # only sending it would tell
    assert [method for method, _, _ in fake.asked] == ["GET", "POST", "POST", "POST"]


def test_a_server_that_is_not_there(fake: Fake, connection: Connection) -> None:
    fake.server = None
    guard(connection)
    with pytest.raises(exceptions.NotFoundException, match="there is no such server") as caught:
        connection.compute.reboot_server(ID, "SOFT")
    assert isinstance(caught.value, Refused)
    connection.compute.delete_server(ID, ignore_missing=True)  # the SDK itself handles what we raise
    assert [method for method, _, _ in fake.asked] == ["GET", "GET"]


def test_where_the_server_cannot_be_had_the_service_answers(fake: Fake, connection: Connection) -> None:
    fake.server, fake.gets = {"id": ID, "status": "PAUSED"}, 403
    guard(connection).compute.stop_server(ID)
    fake.server, fake.gets = {"id": ID, "status": "UNKNOWN"}, 200  # as where its cell is down
    connection.compute.stop_server(ID)
    assert [method for method, _, _ in fake.asked] == ["GET", "POST"] * 2


def test_the_body_and_the_microversion_are_the_request_s_own(fake: Fake, connection: Connection) -> None:
    guard(connection)
    compute = connection.compute
    with pytest.raises(exceptions.BadRequestException, match="imageRef is missing"):
        compute.post(f"/servers/{ID}/action", json={"rebuild": {}})
    with pytest.raises(exceptions.BadRequestException, match="not UTF-8"):
        compute.put(f"/servers/{ID}", data=b"\xff")
    add = {"addFloatingIp": {"address": "192.0.2.1"}}
    path = f"/servers/{ID}/action"
    compute.post(path, json=add)
    compute.post(path, json=add, microversion="2.43")
    compute.post(path, data=json.dumps(add), headers={"OpenStack-API-Version": "compute 2.43"})
    compute.post(f"{fake.url}{path}?x=y", json=add, microversion="2.105")  # newer than the table: sent
    for told in ({"microversion": "2.44"}, {"headers": {"OpenStack-API-Version": "compute 2.44"}}, {"microversion": (2, 44)}):
        with pytest.raises(exceptions.NotFoundException, match=r"gone since 2\.44"):
            compute.post(path, json=add, **told)
    compute.default_microversion = "2.44"
    with pytest.raises(exceptions.NotFoundException, match=r"gone since 2\.44"):
        compute.post(path, json=add)
    assert [method for method, _, _ in fake.asked].count("POST") == 4


def test_addresses_of_their_own(fake: Fake, connection: Connection) -> None:
    guard(connection)
    connection.compute.put(f"/servers/{ID}/tags/t", microversion="2.47")
    connection.compute.delete(f"/servers/{ID}/tags", microversion="2.47")
    connection.compute.delete(f"{fake.url}/servers/{ID}?force=1")
    assert [(method, path) for method, path, _ in fake.asked[::2]] == [("GET", f"/servers/{ID}")] * 3
    fake.asked.clear()
    with pytest.raises(exceptions.BadRequestException, match=r"server\.name is missing"):
        connection.compute.post("/servers", json={"server": {"imageRef": ID, "flavorRef": "1"}})
    assert fake.asked == []


def test_the_caller_is_told(fake: Fake, connection: Connection) -> None:
    fake.server = {"id": ID, "status": "ACTIVE", "locked": True}
    guard(connection, caller="admin").compute.stop_server(ID)
    with pytest.raises(exceptions.ForbiddenException):
        guard(connection, caller="reader").compute.stop_server(ID)
    with pytest.raises(exceptions.ConflictException):
        guard(connection).compute.stop_server(ID)
    with pytest.raises(UnknownCaller):
        guard(connection, caller="nobody")


def test_or_the_roles_of_the_token_tell_it(fake: Fake, connection: Connection) -> None:
    class Access:
        role_names = ["reader", "Member", "admin"]  # noqa: RUF012

    connection.session.auth.get_access = lambda _: Access  # type: ignore[union-attr]
    fake.server = {"id": ID, "status": "ACTIVE", "locked": True}
    guard(connection).compute.stop_server(ID)
    Access.role_names = ["reader"]
    with pytest.raises(exceptions.ForbiddenException):
        connection.compute.stop_server(ID)
    Access.role_names = ["of one's own"]
    with pytest.raises(exceptions.ConflictException):
        connection.compute.stop_server(ID)


@pytest.mark.parametrize(
    ("roles", "caller"),
    [
        (["admin"], "admin"),
        (["member", "reader"], "member"),
        (["reader", "manager", "member"], "manager"),
        (["reader"], "reader"),
        (["service"], "service"),
        (["of one's own"], None),
        ([], None),
    ],
)
def test_the_caller_with_these_roles(compute: Lifecycle, roles: list[str], caller: str | None) -> None:
    assert called(compute.rules, roles) == caller


def test_a_table_without_policies_knows_no_roles(root: Any) -> None:
    assert called(Lifecycle.load(str(root / "tests/tables/real/volume.yaml")).rules, ["admin"]) is None


def test_a_code_that_the_sdk_has_no_error_for(fake: Fake, connection: Connection) -> None:
    fake.server = {"id": ID, "status": "ACTIVE"}
    guard(connection)
    with pytest.raises(Refused, match="gone for good") as caught:
        connection.compute.post(f"/servers/{ID}/action", json={"resetNetwork": None}, microversion="2.104")
    assert (type(caught.value), caught.value.status_code) == (Refused, 410)
