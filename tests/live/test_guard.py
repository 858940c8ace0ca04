"""What the guard in front of openstacksdk does not send to a running Nova, that Nova would have refused with the same code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from live.chance import many
from live.requested import wire
from live.test_refusals import draw, exceptional, prepare
from openstack.connection import Connection
from recorded import Answer
from test_observed import report

from lifecycle.guard.sdk import Refused, guard

if TYPE_CHECKING:
    import random

    from live.cloud import Cloud
    from live.test_refusals import Attempt

    from lifecycle import Lifecycle

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::openstack.warnings.OpenStackWarning")

ATTEMPTS = many(200)
CALLERS = ("member", "admin", "manager", "reader")
SHOWN = ("lock", "state", "task", "exists", "body", "policy", "microversion", "removed")
"""The rules that look at nothing but what a GET tells its caller; where they let a request through, so does Nova."""

HIDDEN = {"unlock": "who locked a server is not shown", "updateVolume": "a swap looks like an update"}


@pytest.fixture(scope="module")
def connections(cloud: Cloud) -> dict[str, Any]:
    made = {}
    for caller in CALLERS:
        session = Session(auth=Token(cloud.url, cloud.tokens[caller]))
        connection = Connection(session=session, compute_api_version="2.1", compute_endpoint_override=cloud.url)
        made[caller] = guard(connection, caller=caller)
    return made


def test_what_is_not_sent_would_have_been_refused(
    cloud: Cloud, nova: Lifecycle, connections: dict[str, Any], rng: random.Random
) -> None:
    cloud.deliver(casts=False)
    wrong, seen = [], Counter[str]()
    while seen.total() < ATTEMPTS:
        attempt = draw(rng, nova)
        asked = wire(attempt.action, attempt.variant, attempt.minor, cloud.worlds[attempt.world])
        if attempt.caller not in CALLERS or asked is None or not attempt.told["exists"]:
            continue
        world = cloud.worlds[attempt.world]
        prepare(cloud, attempt, world)
        guarded = try_guarded(connections[attempt.caller], world.id, attempt, asked)
        method, path, body = asked
        reply = cloud.ask(method, f"/servers/{world.id}{path}", body, attempt.caller, attempt.minor)
        seen[f"not sent: {guarded.verdict.rule}" if guarded else "sent"] += 1
        decision = attempt.decide(nova)
        through = reply.code < 300 or decision.rule not in SHOWN or attempt.action in HIDDEN
        same = reply.code == guarded.status_code if guarded else through
        if not same and not exceptional(attempt, Answer(reply.code, reply.message), decision):
            wrong.append(f"{attempt}: {guarded!r}, and Nova {reply.code} {reply.message[:200]}")
    print(dict(seen))  # noqa: T201 - shown where the test fails
    assert not wrong, report(wrong)
    assert any(name.startswith("not sent") for name in seen)


def try_guarded(connection: Any, server: str, attempt: Attempt, asked: tuple[str, str, object]) -> Refused | None:
    """The refusal that was raised in place of sending; where it would be sent, it is not."""
    method, path, body = asked
    request = connection.compute.request
    send, sent = request.unguarded, object()

    def only_get(url: str, method: str, **kwargs: Any) -> Any:
        return send(url, method, **kwargs) if method == "GET" else sent

    request.unguarded = only_get
    try:
        assert request(f"/servers/{server}{path}", method, json=body, microversion=f"2.{attempt.minor}") is sent
    except Refused as refused:
        return refused
    finally:
        request.unguarded = send
    return None


def test_the_sdk_s_own_calls(cloud: Cloud, connections: dict[str, Any]) -> None:
    cloud.deliver(casts=True)
    world = cloud.restore("SHUTOFF")
    compute = connections["member"].compute
    with pytest.raises(Refused, match="it must be ACTIVE or ERROR"):
        compute.stop_server(world.id)
    compute.start_server(world.id)
    cloud.settle()
    assert cloud.row(world.id)["status"] == "ACTIVE"
    with pytest.raises(Refused):
        compute.start_server(world.id)
