"""The guard refuses just what the table refuses, and what gets through gets there as it was sent."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import pairwise
from typing import Any

import pytest
from asgi import Echo, ask, asked, messages, scope
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.guard import Guard, Refused, guarded
from lifecycle.guard.routes import Routes

COMPUTE = Lifecycle.load("compute")
RULES = COMPUTE.rules
IMAGE = "70a599e0-31e7-49b7-b260-868f441e862b"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "HARD", "x", IMAGE, "novnc", "é"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "imageRef", "name", "host", "server", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
SERVERS = st.fixed_dictionaries(
    {"status": st.sampled_from(sorted(RULES.states))},
    optional={
        "locked_by": st.sampled_from([None, *RULES.holders]),
        "host_up": st.booleans(),
        "launched": st.booleans(),
        "volume_backed": st.booleans(),
    },
)
VERSIONS = st.integers(1, 104).map("2.{}".format)
KEYED = sorted(name for name, action in RULES.actions.items() if action["body"])
ADDRESSED = sorted(name for name, action in RULES.actions.items() if action["address"] and "{id}" in action["address"])


APP = Echo()
GUARD = Guard(APP, COMPUTE, lambda _, at: at["told"], lambda at: at["by"])
"""One for all that is asked, so that what it remembers of one request is met by the next."""


def least(action: str) -> list[Any]:
    """What the bodies of the least requests hold, of each variant."""
    every = [COMPUTE.ruling(action, variant, None, None).wire[2] for variant in RULES.variants(action) or (None,)]
    return [found[action] for found in every] if RULES.actions[action]["body"] else every


def in_parts(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


@given(
    st.sampled_from(KEYED),
    st.data(),
    SERVERS,
    st.sampled_from(sorted(RULES.callers)),
    VERSIONS,
    st.lists(st.integers(0), max_size=3),
)
def test_it_refuses_just_what_the_table_refuses(
    action: str, data: st.DataObject, told: dict[str, Any], caller: str, version: str, cuts: list[int]
) -> None:
    body = {action: data.draw(st.sampled_from(least(action)) | VALUES)}
    raw = json.dumps(body, indent=data.draw(st.sampled_from([None, 1]))).encode()
    headers = {"OpenStack-API-Version": f"compute {version}"}
    APP.bodies.clear()
    answer = ask(GUARD, "POST", "/servers/{id}/action", in_parts(raw, cuts), headers, told=told, by=caller)
    decision = COMPUTE.decide(action, Server(**told), caller, version, body=body)
    if decision.allowed:
        assert (answer.status, APP.bodies) == (APP.status, [raw])
    else:
        assert (answer.status, answer.document, APP.bodies) == (decision.code, decision.document, [])


@given(st.sampled_from(ADDRESSED), st.data(), SERVERS, st.sampled_from(sorted(RULES.callers)), VERSIONS)
def test_so_it_does_at_addresses(action: str, data: st.DataObject, told: dict[str, Any], caller: str, version: str) -> None:
    body = data.draw(st.sampled_from(least(action)) | VALUES.filter(lambda value: value is not None))
    method, path = RULES.actions[action]["address"].split(" ")
    raw = b"" if body is None else json.dumps(body).encode()
    APP.bodies.clear()
    answer = ask(GUARD, method, path, raw, {"OpenStack-API-Version": f"compute {version}"}, told=told, by=caller)
    decision = COMPUTE.decide(action, Server(**told), caller, version, body=body)
    if decision.allowed:
        assert (answer.status, APP.bodies) == (APP.status, [raw])
    else:
        assert (answer.status, answer.document, APP.bodies) == (decision.code, decision.document, [])


SEGMENTS = st.sampled_from(["", "v2.1", "servers", "a", "action", "tags", "metadata", "..", "é", "os-interface", "a b", "%2e"])
ROUTES = Routes(RULES)


def searched(method: str, path: str) -> tuple[str, list[str]] | None:
    """The longest address that a path ends with, found by trying them all."""
    fits = []
    for route in ROUTES.every:
        pattern = re.sub(r"\{\w+\}", "([^/]+)", route.path)
        match = re.fullmatch("(?:/[^/]+)*" + pattern, path)
        if match and route.method == method:
            fits.append((route.path.count("/"), route.path, list(match.groups())))
    return max(fits)[1:] if fits else None


@given(
    st.sampled_from(["POST", "PUT", "DELETE", "GET"]),
    st.lists(SEGMENTS, max_size=3).map("/".join),
    st.sampled_from([route.path for route in ROUTES.every]),
    SEGMENTS,
    SEGMENTS,
)
def test_a_path_is_looked_up_as_if_it_were_searched(method: str, head: str, address: str, first: str, second: str) -> None:
    filled = re.sub(r"\{\w+\}", second, re.sub(r"\{\w+\}", first, address, count=1))
    for one in (head, f"/{head}", filled, f"/{head}{filled}", f"{filled}/{first}", f"/{first}/{second}{filled}"):
        found = ROUTES.find(method, one)
        assert (found and (found[0].path, list(found[1].values()))) == searched(method, one)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=6), st.sampled_from(["/servers/a/action", "/servers/a", "/x"]))
def test_in_the_shadow_all_gets_there_as_it_was_sent(parts: list[bytes], path: str) -> None:
    app = Echo()
    guard = Guard(app, COMPUTE, lambda *_: None, shadow=lambda *_: None, limit=40)
    answer = asyncio.run(asked(guard, scope("PUT" if path == "/servers/a" else "POST", path), messages(parts)))
    assert (answer.status, app.bodies) == (app.status, [b"".join(parts)])


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_is_answered(raw: bytes) -> None:
    guard = Guard(Echo(), COMPUTE, lambda *_: Server(status="ACTIVE"))
    for method, path in (("POST", "/servers/a/action"), ("PUT", "/servers/a"), ("POST", "/servers")):
        assert ask(guard, method, path, raw).status in (202, 400)


@given(st.sampled_from(sorted(RULES.actions)), SERVERS, st.sampled_from(sorted(RULES.callers)))
def test_a_function_runs_just_where_the_table_allows_it(action: str, told: dict[str, Any], caller: str) -> None:
    run = guarded(COMPUTE, action, server=lambda: told, caller=caller)(lambda: True)
    decision = COMPUTE.decide(action, Server(**told), caller)
    if decision.allowed:
        assert run()
        return
    with pytest.raises(Refused) as refused:
        run()
    assert (refused.value.code, refused.value.decision.rule) == (decision.code, decision.rule)
