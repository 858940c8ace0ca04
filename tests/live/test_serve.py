"""The same requests to a running Nova and to the reference service: both answer, and then show, the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from live.chance import many
from live.cloud import OPTIONS, STEPS
from live.requested import wire
from live.test_outcomes import NOT_WALKED
from serving import LONG, Client

from lifecycle.serve import Clock, app

if TYPE_CHECKING:
    import random

    import httpx
    from live.cloud import Cloud, Reply
    from live.requested import World

    from lifecycle import Lifecycle

LONGEST, REQUESTS = 4, many(300)
MINORS = (1, 26, 47, 75, 90, 96, 104)
CALLERS = ("member", "member", "admin", "manager", "reader", "stranger", "anonymous")
NOT_THERE = ("Volume", "Interface", "FixedIp", "FloatingIp", "SecurityGroup", "Metadata", "Tag")
"""What asks for things that the reference service does not have, by a part of its name."""
POLICY_LATER = [("unshelve", "host")]
"""Where the table asks for a policy before the lock, and a running Nova after it."""
WORLDS = ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "RESCUE", "VERIFY_RESIZE", "SHELVED", "SHELVED_OFFLOADED", "SOFT_DELETED")
SAME = (
    "status",
    "OS-EXT-STS:vm_state",
    "OS-EXT-STS:task_state",
    "OS-EXT-STS:power_state",
    "locked",
    "host_status",
    "name",
    "progress",
)


def test_both_answer_and_show_the_same(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    walked = 0
    cloud.deliver(casts=True)
    actions = [
        (name, variant)
        for name in nova.rules.actions
        for variant in nova.rules.variants(name) or (None,)
        if name not in NOT_WALKED and (name, variant) not in POLICY_LATER and not any(part in name for part in NOT_THERE)
    ]
    while walked < REQUESTS:
        start = rng.choice(WORLDS)
        world = cloud.restore(start)
        client, server = _ours(nova, start, world)
        for _ in range(rng.randint(1, LONGEST)):
            asked = (*rng.choice(actions), rng.choice(CALLERS), rng.choice(MINORS))
            if not _step(cloud, client, world, server, asked):
                break
            walked += 1


def _ours(nova: Lifecycle, start: str, world: World) -> tuple[Client, str]:
    """A server of the reference service that came the same way."""
    clock = Clock(0)
    client = Client(app(nova, clock=clock, options=OPTIONS), clock)
    server = client.create(name="a", metadata={"k": "v"})
    for action, variant in STEPS[start]:
        asked = wire(action, variant, 104, world)
        assert asked
        assert client.ask(asked[0], f"/servers/{server}{asked[1]}", _body(asked[2]), "admin").status_code < 300
        clock.advance(LONG)
    return client, server


def _body(body: object) -> object:
    return ... if body is None else body


def _step(cloud: Cloud, client: Client, world: World, server: str, asked: tuple[str, str | None, str, int]) -> bool:
    """Asks both for the same and compares; whether to go on with them."""
    action, variant, caller, minor = asked
    request = wire(action, variant, minor, world)
    if request is None:
        return True
    method, path, body = request
    theirs = cloud.ask(method, f"/servers/{world.id}{path}", body, caller, minor)
    if theirs.code == 500:
        return False  # a defect of Nova, which its own tests tell of
    ours = client.ask(method, f"/servers/{server}{path}", _body(body), caller, f"2.{minor}")
    _compare(asked, theirs, ours, world.id, server)
    cloud.settle()
    client.clock.advance(LONG)
    return _shown(cloud, client, world.id, server, asked)


def _compare(asked: tuple[Any, ...], theirs: Reply, ours: httpx.Response, their_id: str, our_id: str) -> None:
    document: Any = ours.json() if ours.content else None
    assert ours.status_code == theirs.code, (asked, theirs, document)
    if theirs.code >= 400:
        if theirs.code != 401:  # the identity service's own words
            words = next(iter(document.values()))["message"]
            assert _neutral(words, our_id) == _neutral(theirs.message, their_id), asked
        return
    assert _keys(document) == _keys(theirs.document), asked


def _neutral(words: str, server: str) -> str:
    return re.sub(r"host[0-9]", "{host}", words.replace(server, "{id}"))


def _keys(document: Any) -> Any:
    """The keys of a document and of what stands in it."""
    if not isinstance(document, dict):
        return type(document).__name__ if document else None
    return {name: sorted(value) if isinstance(value, dict) and name == "server" else None for name, value in document.items()}


def _shown(cloud: Cloud, client: Client, their_id: str, our_id: str, asked: tuple[Any, ...]) -> bool:
    """Compares what both show afterwards; whether the server is still there."""
    theirs = cloud.ask("GET", f"/servers/{their_id}", caller="admin", minor=96)
    ours = client.ask("GET", f"/servers/{our_id}", caller="admin", version="2.96")
    assert ours.status_code == theirs.code, asked
    if theirs.code != 200:
        return False
    their_server, our_server = theirs.document["server"], ours.json()["server"]
    assert our_server.keys() == their_server.keys(), asked
    assert {name: our_server.get(name) for name in SAME} == {name: their_server.get(name) for name in SAME}, asked
    return True


@pytest.mark.parametrize("minor", [1, 3, 16, 26, 47, 75, 90, 96, 100, 104])
@pytest.mark.parametrize("caller", ["member", "admin"])
def test_both_show_the_same_fields_at_every_microversion(cloud: Cloud, nova: Lifecycle, minor: int, caller: str) -> None:
    world = cloud.restore("ACTIVE")
    client, server = _ours(nova, "ACTIVE", world)
    for path in ("", "/metadata"):
        theirs = cloud.ask("GET", f"/servers/{world.id}{path}", caller=caller, minor=minor)
        ours = client.ask("GET", f"/servers/{server}{path}", caller=caller, version=f"2.{minor}").json()
        assert _keys(ours) == _keys(theirs.document)
    everyones = "?all_tenants=1" if caller == "admin" else ""
    for path in (f"/servers{everyones}", f"/servers/detail{everyones}", "/flavors", "/flavors/detail"):
        theirs = cloud.ask("GET", path, caller=caller, minor=minor)
        ours = client.ask("GET", path, caller=caller, version=f"2.{minor}").json()
        name = re.split("[/?]", path)[1]
        assert ours[name][0].keys() == theirs.document[name][0].keys(), path
