"""The guard in front of an ASGI application that is nothing but ASGI."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asgi import LEFT, Echo, ask, asked, messages, scope

from lifecycle import Lifecycle, Server
from lifecycle.errors import CaseError, UnknownCaller
from lifecycle.guard import Guard

VOLUME = str(Path(__file__).parent.parent / "tables" / "real" / "volume.yaml")
STOP = {"os-stop": None}
AT_2_47 = {"OpenStack-API-Version": "compute 2.47"}
ACTION = "/v2.1/servers/abc/action"


def paused(_id: str, _scope: Any) -> Server:
    return Server(status="PAUSED", locked_by="owner")


def active(_id: str, _scope: Any) -> Server:
    return Server(status="ACTIVE")


@pytest.fixture
def app() -> Echo:
    return Echo()


def test_what_is_refused_is_answered_as_the_service_does(compute: Lifecycle, app: Echo) -> None:
    answer = ask(Guard(app, compute, paused), "POST", ACTION, STOP, AT_2_47)
    assert answer.status == 409
    assert answer.document == {"conflictingRequest": {"code": 409, "message": "Instance abc is locked"}}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["openstack-api-version"] == "compute 2.47"
    assert answer.headers["x-openstack-nova-api-version"] == "2.47"
    assert answer.reason == "os-stop refused: the server is locked by its owner, it takes an admin or an unlock"
    assert app.bodies == []


def test_what_is_allowed_gets_there_as_it_was_sent(compute: Lifecycle, app: Echo) -> None:
    sent = b'{ "os-stop" :\tnull }\n'
    answer = ask(Guard(app, compute, active), "POST", ACTION, sent)
    assert (answer.status, answer.body) == (202, sent)


@pytest.mark.parametrize("parts", [[b'{"os', b"", b'-stop": ', b"null}"], [b"", b'{"os-stop": null}', b""]])
def test_a_body_that_comes_in_parts(compute: Lifecycle, app: Echo, parts: list[bytes]) -> None:
    assert ask(Guard(app, compute, active), "POST", ACTION, parts).body == b"".join(parts)
    assert ask(Guard(app, compute, paused), "POST", ACTION, parts).status == 409


def test_after_the_body_the_application_hears_the_rest(compute: Lifecycle) -> None:
    heard: list[Any] = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        heard.extend([await receive(), await receive()])

    ask(Guard(app, compute, active), "POST", ACTION, STOP)
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]


def test_one_who_leaves_in_the_middle_is_the_application_s(compute: Lifecycle) -> None:
    heard: list[Any] = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        heard.extend([await receive(), await receive()])

    sent: list[Any] = [{"type": "http.request", "body": b'{"os-', "more_body": True}, LEFT]
    asyncio.run(asked(Guard(app, compute, paused), scope("POST", ACTION), sent))
    assert heard == [{"type": "http.request", "body": b'{"os-', "more_body": True}, LEFT]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/servers/abc"),
        ("GET", ACTION),
        ("HEAD", ACTION),
        ("OPTIONS", ACTION),
        ("PATCH", ACTION),
        ("post", ACTION),
        ("POST", "/v2.1//servers/abc/action"),
        ("POST", "/v2.1/servers//action"),
        ("POST", "/v2.1/servers/abc/action/"),
        ("POST", "//"),
        ("POST", "/"),
        ("POST", ""),
        ("POST", "servers/abc/action"),
        ("POST", "/v2.1/servers/abc/../action"),
        ("POST", "/servers/abc/action.json"),
        ("POST", "/Servers/abc/action"),
        ("POST", "/servers/abc/action\x00"),
        ("POST", "/serv\u0435rs/abc/action"),  # a Cyrillic letter that looks like an e
        ("POST", "/" + "a/" * 50_000 + "action"),
        ("PUT", "/servers/abc/tags/"),
        ("DELETE", "/servers/"),
    ],
)
def test_all_other_paths_and_methods_go_through_unread(compute: Lifecycle, method: str, path: str) -> None:
    app = Echo()
    guard = Guard(app, compute, lambda *_: pytest.fail("nobody asked"))
    at = scope(method, path)
    heard: list[Any] = []

    async def receive() -> Any:
        heard.append(1)
        return {"type": "http.request", "body": b"[", "more_body": False}

    async def send(_: Any) -> None:
        pass

    asyncio.run(guard(at, receive, send))
    assert app.scopes[0] is at
    assert app.last is receive  # not even wrapped
    assert len(heard) == 1


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_http_goes_through(compute: Lifecycle, app: Echo, kind: str) -> None:
    at = {"type": kind, "path": ACTION}
    asyncio.run(asked(Guard(app, compute, paused), at, []))
    assert app.scopes == [at]


@pytest.mark.parametrize(
    "id_", ["..", "%2e%2e", "a b", "sérver", "\udc80", "\U0001f5a5", "x" * 60_000, "a'\"<>", "action", "servers"]
)
def test_an_id_may_be_any_text(compute: Lifecycle, app: Echo, id_: str) -> None:
    asked_for = []

    def nothing(id_: str, _: Any) -> None:
        asked_for.append(id_)

    answer = ask(Guard(app, compute, nothing), "POST", f"/servers/{id_}/action", {"pause": None})
    assert asked_for == [id_]
    assert (answer.status, answer.document["itemNotFound"]["message"]) == (404, f"Instance {id_} could not be found.")
    assert answer.reason.isascii()


def test_a_query_and_a_mount_change_nothing(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, paused, prefixes="/v2.1/{project}")
    assert ask(guard, "POST", "/v2.1/p/servers/abc/action", STOP, query_string=b"a=b").status == 409
    assert ask(guard, "POST", "/api/v2.1/p/servers/abc/action", STOP, root_path="/api").status == 409
    assert ask(guard, "POST", "/v2.1/p/servers/abc/action", STOP, root_path="/api").status == 409


@pytest.mark.parametrize(
    ("prefixes", "paths"),
    [
        (None, {"": True, "/v2.1": True, "/a/b/c/d/e/f": True}),
        ("", {"": True, "/v2.1": False}),
        ("/v2.1/{project}", {"": False, "/v2.1": False, "/v2.1/p": True, "/v2.1/p/q": False, "/v2/p": False}),
        (["", "/v2.1/", "v3"], {"": True, "/v2.1": True, "/v3": True, "/v2.1/p": False}),
    ],
)
def test_the_addresses_lie_below_prefixes(compute: Lifecycle, app: Echo, prefixes: Any, paths: dict[str, bool]) -> None:
    guard = Guard(app, compute, paused, prefixes=prefixes)
    assert {path: ask(guard, "POST", f"{path}/servers/a/action", STOP).status == 409 for path in paths} == paths


def _collect(to: list[Any], verdict: Any, _status: int | None) -> None:
    to.append(verdict)


def test_every_request_of_the_table_is_found(compute: Lifecycle) -> None:
    """Each action at its own method and path, with the least body that asks for it, is decided as that action."""
    found = {}
    for name, action in compute.rules.actions.items():
        variant = compute.rules.variants(name)[:1] or (None,)
        method, path, body = compute.ruling(name, variant[0], None, None).wire
        verdicts: list[Any] = []
        guard = Guard(Echo(), compute, active, shadow=partial(_collect, verdicts))
        ask(guard, method, path.replace("{", "").replace("}", ""), b"" if body is None and action["address"] else body)
        found[name] = [verdict.action for verdict in verdicts]
    assert found == {name: [name] for name in compute.rules.actions}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "must be an object"),
        (b"null", 400, "must be an object"),
        (b"[]", 400, "must be an object"),
        (b'"os-stop"', 400, "must be an object"),
        (b"{}", 400, "must be an object"),
        (b'{"os-stop": null', 400, "not JSON"),
        (b'{"os-stop": null}}', 400, "not JSON"),
        (b'{"os-stop": NaN}', 400, "NaN is no JSON number"),
        (b'{"os-stop": -Infinity}', 400, "no JSON number"),
        (b'{"os-stop": null, "os-stop": null}', 400, "stands there twice"),
        (b'{"rebuild": {"imageRef": "a", "imageRef": "b"}}', 400, "stands there twice"),
        (b'{"os-stop": null, "os-start": null}', 400, "must have one key"),
        (b'{"os-stop": null, "of one\'s own": null}', 400, "must have one key"),
        (b'{"os-stop": "\xff"}', 400, "not UTF-8 at byte 14"),
        (b'{"os-stop": "\xed\xa0\x80"}', 400, "not UTF-8"),
        ('{"os-stop": null}'.encode("utf-16"), 400, "not UTF-8"),
        (b'{"os-stop": "\\ud800"}', 400, "surrogate"),
        (b'{"\\ud800": null}', 400, "surrogate"),
        (b'\xef\xbb\xbf{"os-stop": null}', 400, "not JSON"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b'{"os-stop":' * 10_000, 400, "nested too deeply"),
        (b'{"os-stop": ' + b"9" * 10_000 + b"}", 400, "not JSON"),
        (b'{"rebuild": {"imageRef": "' + b"x" * 100_000 + b'"}}', 400, "imageRef"),
        (b'{"rebuild": ' + b'{"a":' * 500 + b"1" + b"}" * 501, 400, "a is not known"),
        (b" " * 114_689, 413, "longer than 114,688 bytes"),
    ],
)
def test_a_body_that_cannot_be_taken(compute: Lifecycle, app: Echo, body: bytes, status: int, says: str) -> None:
    answer = ask(Guard(app, compute, active), "POST", ACTION, body)
    assert answer.status == status
    (inner,) = answer.document.values()
    assert inner["code"] == status
    assert says in inner["message"]
    assert says in answer.reason
    assert app.bodies == []


def test_of_a_body_without_end_only_the_beginning_is_read(compute: Lifecycle, app: Echo) -> None:
    read = 0

    async def receive() -> Any:
        nonlocal read
        read += 65_536
        return {"type": "http.request", "body": b"[" * 65_536, "more_body": read < 100_000_000}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(app, compute, active)(scope("POST", ACTION), receive, send))
    assert sent[0]["status"] == 413
    assert read <= 3 * 65_536


def test_the_limit_is_one_s_own(compute: Lifecycle, app: Echo) -> None:
    body = json.dumps(STOP).encode()
    assert ask(Guard(app, compute, active, limit=len(body)), "POST", ACTION, body).status == 202
    assert ask(Guard(app, compute, active, limit=len(body) - 1), "POST", ACTION, body).status == 413


def test_a_body_that_nobody_looks_at_is_not_read(compute: Lifecycle, app: Echo) -> None:
    endless = [{"type": "http.request", "body": b"\xff" * 50_000, "more_body": number < 9} for number in range(10)]
    guard = Guard(app, compute, active)
    assert asyncio.run(asked(guard, scope("DELETE", "/servers/a"), endless)).status == 202
    assert len(app.bodies[0]) == 500_000


def test_an_address_of_its_own_with_a_body_that_is_none(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, active)
    for body in (b"", b"null", b"[", b'{"server": {}, "server": {}}', b"\xff"):
        answer = ask(guard, "PUT", "/servers/a", body)
        assert (answer.status, answer.reason.startswith("update refused: the body is wrong")) == (400, True)
    assert ask(guard, "PUT", "/servers/a/tags/t", b"", {"OpenStack-API-Version": "compute 2.26"}).status == 202


def test_an_action_of_the_service_s_own_goes_through(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, lambda *_: pytest.fail("nobody asked"))
    assert ask(guard, "POST", ACTION, b'{"defrost": {"at": "noon"}}', {"OpenStack-API-Version": "compute 9.9"}).status == 202
    assert app.bodies == [b'{"defrost": {"at": "noon"}}']


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 202),
        ({"OpenStack-API-Version": "compute 2.43"}, 202),
        ({"OpenStack-API-Version": "compute 2.44"}, 404),
        ({"openstack-api-version": "COMPUTE  2.44 "}, 404),
        ({"OpenStack-API-Version": "volume 3.60, compute 2.44"}, 404),
        ({"OpenStack-API-Version": "compute 2.1, compute 2.44"}, 404),
        ({"OpenStack-API-Version": "volume 3.60"}, 202),
        ({"OpenStack-API-Version": "compute"}, 202),
        ({"OpenStack-API-Version": "compute latest"}, 404),
        ({"X-OpenStack-Nova-API-Version": "2.44"}, 404),
        ({"X-OpenStack-Nova-API-Version": "2.44", "OpenStack-API-Version": "compute 2.1"}, 202),
        ({"X-OpenStack-Nova-API-Version": "2.44", "OpenStack-API-Version": "volume 3.60"}, 404),
        ({"X-OpenStack-Nova-API-Version": ""}, 202),
        ({"OpenStack-API-Version": "compute 2.105"}, 406),
        ({"OpenStack-API-Version": "compute 99999.1"}, 406),
        ({"OpenStack-API-Version": "compute x"}, 400),
        ({"OpenStack-API-Version": "compute 2.047"}, 400),
        ({"OpenStack-API-Version": "compute 2.47 2.48"}, 400),
        ({"OpenStack-API-Version": "compute \xb2.1"}, 400),
        ({"OpenStack-API-Version": "compute " + "1" * 10_000}, 400),
    ],
)
def test_the_headers_tell_the_microversion(compute: Lifecycle, app: Echo, headers: dict[str, str], status: int) -> None:
    guard = Guard(app, compute, active)
    for _ in range(2):  # the second time it is remembered
        assert ask(guard, "POST", ACTION, {"addFloatingIp": {"address": "192.0.2.1"}}, headers).status == status


def test_a_header_that_comes_twice_is_one(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, active)
    at = scope("POST", ACTION)
    sent = messages([b'{"addFloatingIp": {"address": "192.0.2.1"}}'])
    for values, status in (([b"compute 2.44", b"volume 3.60"], 404), ([b"compute 2.44", b"compute 2.43"], 202)):
        at["headers"] = [(b"openstack-api-version", value) for value in values]
        assert asyncio.run(asked(guard, at, sent)).status == status


def test_of_two_addresses_that_fit_the_longer_is_meant(compute: Lifecycle, app: Echo) -> None:
    asked_for = []
    guard = Guard(app, compute, lambda id_, _: asked_for.append(id_))
    ask(guard, "PUT", "/servers/servers/tags", {"tags": []}, AT_2_47)
    ask(Guard(app, compute, lambda id_, _: asked_for.append(id_), prefixes="/servers"), "PUT", "/servers/servers/tags", {})
    assert asked_for == ["servers", "tags"]


def test_models_are_made_where_bodies_differ_and_not_for_every_microversion(app: Echo) -> None:
    compute = Lifecycle.load("compute")
    guard = Guard(app, compute, active)
    for minor in range(1, 105):
        ask(guard, "POST", ACTION, {"rebuild": {}}, {"OpenStack-API-Version": f"compute 2.{minor}"})
    made = {key[-1] for key in compute._documents}  # noqa: SLF001
    assert {version for version in made if isinstance(version, str)} == {f"2.{minor}" for minor in (1, 19, 54, 57, 63, 90, 94)}


def test_spellings_of_a_microversion_fill_no_memory(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, active)
    for number in range(3_000):
        ask(guard, "POST", ACTION, STOP, {"OpenStack-API-Version": f"volume 3.{number}, compute 2.47"})
    assert len(guard._judge.microversions._known) <= 1_000  # noqa: SLF001


@pytest.mark.parametrize(
    "told",
    [
        Server(status="PAUSED"),
        {"status": "PAUSED"},
        {"vm_state": "paused", "task_state": None},
        {"server": {"id": "abc", "status": "PAUSED", "OS-EXT-STS:vm_state": "paused"}},
        {"id": "abc", "status": "PAUSED", "name": "x"},
    ],
)
def test_a_server_is_told_in_any_form(compute: Lifecycle, app: Echo, told: Any) -> None:
    async def later(_id: str, _scope: Any) -> Any:
        await asyncio.sleep(0)
        return told

    for state in (lambda *_: told, later):
        answer = ask(Guard(app, compute, state), "POST", ACTION, STOP)
        assert (answer.status, answer.document["conflictingRequest"]["code"]) == (409, 409)
        assert "paused" in answer.document["conflictingRequest"]["message"]


@pytest.mark.parametrize("told", ["PAUSED", 5, ["PAUSED"], {"nonsense": 1}, {"status": 7}, {}])
def test_a_server_that_cannot_be_is_the_service_s_mistake(compute: Lifecycle, app: Echo, told: Any) -> None:
    from lifecycle.errors import LifecycleError

    if told == {}:
        assert ask(Guard(app, compute, lambda *_: told), "POST", ACTION, STOP).status == 202  # all as usual
        return
    with pytest.raises(LifecycleError):
        ask(Guard(app, compute, lambda *_: told), "POST", ACTION, STOP)


def test_what_the_service_s_own_callables_raise_is_raised(compute: Lifecycle, app: Echo) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        ask(Guard(app, compute, broken), "POST", ACTION, STOP)
    with pytest.raises(OSError, match="away"):
        ask(Guard(app, compute, active, broken), "POST", ACTION, STOP)
    with pytest.raises(UnknownCaller):
        ask(Guard(app, compute, active, lambda _: "nobody"), "POST", ACTION, STOP)
    with pytest.raises(CaseError):
        ask(Guard(app, compute, lambda *_: 5), "POST", ACTION, STOP)  # type: ignore[arg-type]
    assert app.bodies == []


def test_the_caller_is_asked_for(compute: Lifecycle, app: Echo) -> None:
    def by_header(scope: Any) -> str | None:
        return dict(scope["headers"]).get(b"x-role", b"").decode() or None

    async def later(scope: Any) -> str | None:
        return by_header(scope)

    for caller in (by_header, later):
        guard = Guard(app, compute, lambda *_: Server(status="ACTIVE", locked_by="owner"), caller)
        codes = [ask(guard, "POST", ACTION, STOP, {"X-Role": role}).status for role in ("", "admin", "reader", "stranger")]
        assert codes == [409, 202, 403, 404]


def test_a_request_that_names_no_server_asks_for_none(compute: Lifecycle, app: Echo) -> None:
    guard = Guard(app, compute, lambda *_: pytest.fail("nobody asked"), lambda _: "reader")
    assert ask(guard, "POST", "/servers", b'{"server": {}}').status == 400
    server = {"server": {"name": "a", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "flavorRef": "1", "networks": "auto"}}
    assert ask(guard, "POST", "/servers", server, AT_2_47).status == 403
    assert ask(Guard(app, compute, active), "POST", "/servers", server, AT_2_47).status == 202


def test_each_variant_is_decided_as_itself_for_each_server_and_caller(compute: Lifecycle, app: Echo) -> None:
    told = {"status": "ACTIVE"}
    guard = Guard(app, compute, lambda *_: told)
    found = []
    for status in ("ACTIVE", "PAUSED", "SHUTOFF", "PAUSED", "ACTIVE"):
        told["status"] = status
        found.append([ask(guard, "POST", ACTION, {"reboot": {"type": kind}}).status for kind in ("SOFT", "HARD")])
    assert found == [[202, 202], [409, 202], [409, 202], [409, 202], [202, 202]]
    guard = Guard(app, compute, lambda *_: {"status": "ACTIVE", "locked_by": "owner"}, lambda at: at["by"])
    hard = {"reboot": {"type": "HARD"}}
    assert [ask(guard, "POST", ACTION, hard, by=caller).status for caller in ("member", "admin", "reader")] == [409, 202, 403]


def test_in_the_shadow_nothing_is_refused_and_all_is_told(compute: Lifecycle) -> None:
    told: list[tuple[Any, ...]] = []
    app = Echo(418)
    guard = Guard(
        app, compute, paused, shadow=lambda verdict, status: told.append((verdict.code, verdict.rule, verdict.id, status))
    )
    large = b'{"os-stop": "' + b"x" * 200_000 + b'"}'
    parts = [large[:100_000], large[100_000:120_000], large[120_000:]]
    for body in (STOP, {"lock": None}, b"[", b"\xff", parts):
        sent = b"".join(body) if isinstance(body, list) else body if isinstance(body, bytes) else json.dumps(body).encode()
        assert ask(guard, "POST", ACTION, body).body == sent
    assert told == [
        (409, "lock", "abc", 418),
        (202, None, "abc", 418),
        (400, "body", "abc", 418),
        (400, "body", "abc", 418),
        (413, "body", "abc", 418),
    ]
    ask(guard, "GET", ACTION)
    assert len(told) == 5


def test_in_the_shadow_an_application_that_raises_answers_nothing(compute: Lifecycle) -> None:
    told: list[int | None] = []

    async def broken(*_: Any) -> None:
        raise OSError("broken")

    async def shadow(_: Any, status: int | None) -> None:
        await asyncio.sleep(0)
        told.append(status)

    with pytest.raises(OSError, match="broken"):
        ask(Guard(broken, compute, paused, shadow=shadow), "POST", ACTION, STOP)
    assert told == [None]


def test_many_at_once_do_not_mix(compute: Lifecycle, app: Echo) -> None:
    """Each of 300 requests that wait for each other gets the answer to its own server, in its own words."""
    statuses = {"ACTIVE": 202, "PAUSED": 409, "SHUTOFF": 409}

    async def state(id_: str, _: Any) -> dict[str, Any]:
        await asyncio.sleep(0.001 * (hash(id_) % 3))
        return {"status": id_.partition("-")[0]}

    guard = Guard(app, compute, state)
    paths = [f"/servers/{list(statuses)[number % 3]}-{number}/action" for number in range(300)]

    async def all_at_once() -> list[Any]:
        sent = [json.dumps(STOP).encode()]
        return await asyncio.gather(*(asked(guard, scope("POST", path), messages(sent)) for path in paths))

    answers = asyncio.run(all_at_once())
    for path, answer in zip(paths, answers, strict=True):
        id_ = path.split("/")[2]
        assert answer.status == statuses[id_.partition("-")[0]]
        assert answer.status == 202 or f"instance {id_} " in answer.document["conflictingRequest"]["message"]


def test_a_table_of_one_s_own(app: Echo) -> None:
    volume = Lifecycle.load(VOLUME)
    guard = Guard(app, volume, lambda *_: {"status": "in-use"}, prefixes="/v3/{project}")
    answer = ask(guard, "DELETE", "/v3/p/volumes/v1", headers={"OpenStack-API-Version": "volume 3.50"})
    assert (answer.status, answer.headers["openstack-api-version"]) == (400, "volume 3.50")
    assert answer.headers["x-openstack-cinder-api-version"] == "3.50"
    assert answer.reason.startswith("delete refused: the volume is in-use")
    extend = {"os-extend": {"new_size": 3}}
    codes = [
        ask(guard, "POST", "/v3/p/volumes/v1/action", extend, {"OpenStack-API-Version": f"volume {version}"}).status
        for version in ("3.41", "3.42")
    ]
    assert codes == [400, 202]


def test_what_depends_on_a_server_that_is_not_named_goes_through(app: Echo) -> None:
    """A backup may be restored over an available volume only, and the address names the backup."""
    volume = Lifecycle.load(VOLUME)
    guard = Guard(app, volume, lambda *_: pytest.fail("nobody knows which"), lambda _: "reader")
    assert ask(guard, "DELETE", "/volume-transfers/t1", headers={"OpenStack-API-Version": "volume 3.50"}).status == 202
    anonymous = Guard(app, volume, lambda *_: None, lambda _: "anonymous")
    assert ask(anonymous, "DELETE", "/volume-transfers/t1").status == 401


def test_a_table_without_microversions_and_odd_addresses(app: Echo, tmp_path: Path) -> None:
    table = tmp_path / "door.yaml"
    table.write_text(
        """
name: door
title: A door
thing: door
usual: {state: OPEN, caller: visitor}
callers: {visitor: {}}
checks: {state: {code: 423, message: "Door {id} of house {house} is {vm_state}"}}
states: {OPEN: {}, SHUT: {end: true}}
actions:
  shut: {title: Shut it, address: "POST /{house}/doors/no-{id}.wood", requires: {state: OPEN}, becomes: SHUT, cite: rules}
  peek: {title: Peek, address: "POST /{street}/doors/no-{id}.wood", cite: rules}
  open: {title: Open it, address: "POST /doors/", requires: {state: OPEN}, becomes: SHUT, cite: rules}
  knock: {title: Knock, address: "POST /{id}/action", requires: {state: OPEN}, cite: rules}
  ring:
    {title: Ring, address: "POST /{id}/ring", variant_in: how, variants: {soft: {requires: {state: OPEN}}, hard: {}}, cite: x}
  latch: {title: Latch it, requires: {state: OPEN}, cite: rules}
""",
        encoding="utf-8",
    )
    guard = Guard(app, Lifecycle.load(table), lambda id_, _: {"status": "SHUT"} if id_ == "5" else None)
    answer = ask(guard, "POST", "/h/doors/no-5.wood", b"\xff", {"OpenStack-API-Version": "door 9"})
    assert (answer.status, answer.document) == (423, {"error": {"code": 423, "message": "Door 5 of house h is SHUT"}})
    assert "openstack-api-version" not in answer.headers
    assert ask(guard, "POST", "/h/doors/no-5.iron").status == 202
    assert ask(guard, "POST", "/doors/").status == 202
    bodies = ({"latch": None}, {"louder": 1}, b"[", b"")  # at one address: what no key names is what the address names
    answers = [ask(guard, "POST", "/5/action", body) for body in bodies]
    assert [answer.reason.partition(" ")[0] for answer in answers] == ["latch", "knock", "knock", "knock"]
    assert [ask(guard, "POST", "/5/ring", {"how": how}).status for how in ("soft", "hard")] == [423, 202]


def test_at_each_microversion_it_is_decided_as_the_table_decides(tmp_path: Path) -> None:
    table = tmp_path / "bell.yaml"
    table.write_text(
        """
name: bell
title: A bell
thing: bell
microversions: {oldest: 1.1, newest: 1.6}
usual: {state: STILL, caller: visitor}
callers: {visitor: {}}
checks: {microversion: {code: 404, ends: true}, body: {code: 400}, state: {code: 409}}
states: {STILL: {end: true}}
actions:
  ring:
    title: Ring it
    since: 1.2
    requires: {state: STILL}
    body: {properties: {how: string, loud: {type: boolean, since: 1.3, until: 1.5}}}
    variant_in: how
    variants: {soft: {}, hard: {until: 1.3}}
    cite: rules
""",
        encoding="utf-8",
    )
    bell = Lifecycle.load(table)
    app = Echo()
    for body in ({"how": "soft"}, {"how": "hard"}, {"how": "HARD", "loud": True}, {"how": "soft", "loud": True}, {"how": "x"}):
        for minor in (3, 1, 6, 2, 5, 4):
            guard = Guard(app, bell, lambda *_: {"status": "STILL"})
            answer = ask(guard, "POST", "/b/action", {"ring": body}, {"OpenStack-API-Version": f"bell 1.{minor}"})
            decision = bell.decide("ring", Server(status="STILL"), None, f"1.{minor}", body={"ring": body})
            assert answer.status == (app.status if decision.allowed else decision.code), (body, minor)
