"""Whatever comes, it is answered as a request of somebody who may be anybody: no 500, nothing of others, nothing unbounded."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import Client

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"os-stop":' * 10_000,
        b"1" * 10_000,
        b"\xff\xfe",
        b'{"os-stop": NaN}',
        b'{"os-stop": 1e999}',
        b'{"lock": {"locked_reason": "\\ud800"}}',
        b'{"createImage": {"name": "\\u0000"}}',
        b'"os-stop"',
        b"null",
        b"",
    ],
)
def test_a_body_that_is_none_is_refused(client: Client, content: bytes) -> None:
    server = client.create()
    reply = client.ask("POST", f"/servers/{server}/action", content=content)
    assert reply.status_code in (400, 202), reply.text
    assert client.ask("GET", f"/servers/{server}").status_code == 200


@pytest.mark.parametrize("host", ["[", "]", "a b", "http://x", "a" * 300, "", "x/y", "[::1"])
def test_a_host_that_is_none_is_not_repeated(client: Client, host: str) -> None:
    server = client.create()
    reply = client.ask("GET", f"/servers/{server}", headers={"Host": host})
    assert reply.status_code == 200
    assert reply.json()["server"]["links"][0]["href"] in (
        f"http://cloud/v2.1/servers/{server}",
        f"http://cloud:80/v2.1/servers/{server}",
    )


@pytest.mark.parametrize("tag", ["%E2%82%AC", "%0d%0aX:1", "%00", "%C3%A9", "a%20b", "{id}"])
def test_a_tag_of_any_letters_is_told_in_plain_ones(client: Client, tag: str) -> None:
    server = client.create()
    reply = client.ask("PUT", f"/servers/{server}/tags/{tag}")
    assert reply.status_code == 201
    assert reply.headers["Location"].isascii()
    assert "X" not in reply.headers
    assert len(client.show(server)["tags"]) == 1


def test_a_body_that_is_too_large_is_not_read_to_its_end(client: Client) -> None:
    reply = client.ask("POST", "/servers", content=b" " * 200_000)
    assert (reply.status_code, reply.json()["overLimit"]["code"]) == (413, 413)


@pytest.mark.parametrize("path", ["/servers/%00", "/servers/%ff", "/servers/..%2f..", "/servers/" + "a" * 5000, "/servers/{id}"])
def test_an_id_that_is_none_is_not_found(client: Client, path: str) -> None:
    reply = client.ask("GET", path)
    assert reply.status_code == 404
    assert len(reply.text) < 500


@pytest.mark.parametrize(
    ("method", "path", "code"), [("PATCH", "/servers", 405), ("GET", "/nowhere", 404), ("GET", "/servers/", 404)]
)
def test_what_has_no_address_is_refused(client: Client, method: str, path: str, code: int) -> None:
    reply = client.ask(method, path)
    assert reply.status_code == code
    assert next(iter(reply.json().values()))["code"] == code


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    action=st.sampled_from(["os-stop", "rebuild", "resize", "lock", "createImage", "reboot", "evacuate", "nonsense"]),
    inner=json_values,
    version=st.sampled_from(["2.1", "2.47", "2.104"]),
)
def test_no_body_of_an_action_breaks_it(client: Client, action: str, inner: Any, version: str) -> None:
    server = _server(client)
    content = json.dumps({action: inner}).encode()
    reply = client.ask("POST", f"/servers/{server}/action", content=content, version=version)
    assert reply.status_code in (200, 202, 204, 400, 403, 409, 404, 501), reply.text
    assert client.ask("GET", f"/servers/{server}").status_code == 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    more=st.dictionaries(
        st.sampled_from(["name", "metadata", "tags", "flavorRef", "imageRef", "key_name", "networks"]), json_values
    )
)
def test_no_body_of_a_new_server_breaks_it(client: Client, more: dict[str, Any]) -> None:
    base = {"name": "x", "flavorRef": "1", "imageRef": "", "networks": "auto"}
    reply = client.ask("POST", "/servers", content=json.dumps({"server": {**base, **more}}).encode())
    assert reply.status_code in (202, 400), reply.text
    assert client.ask("GET", "/servers/detail?limit=3").status_code == 200


def _server(client: Client) -> str:
    """One server for all examples of a test."""
    found = client.ask("GET", "/servers").json()["servers"]
    return str(found[0]["id"]) if found else client.create()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    query=st.dictionaries(st.sampled_from(["limit", "marker", "name", "status", "all_tenants", "sort_key"]), st.text(max_size=10))
)
def test_no_query_breaks_a_list(client: Client, query: dict[str, str]) -> None:
    from urllib.parse import quote

    text = "&".join(f"{key}={quote(value, errors='replace')}" for key, value in query.items())
    forbidden = (403,) if "all_tenants" in query else ()
    assert client.ask("GET", f"/servers/detail?{text}").status_code in (200, 400, *forbidden)
