"""Whatever is asked for in whatever order: each answer is the decision on what was shown before, and comes true."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import IMAGE, LONG, Client, filled

from lifecycle import Lifecycle, Server
from lifecycle.engine.decide import Decision
from lifecycle.serve import Clock, app

RULES = Lifecycle.load("compute", reading="nova").rules
CALLERS = ("admin", "member", "member", "manager", "reader", "stranger", "anonymous")
VERSIONS = ("2.1", "2.47", "2.104", "2.104", "2.104")

requests = st.tuples(
    st.sampled_from([(name, variant) for name in RULES.actions for variant in RULES.variants(name) or (None,)]),
    st.sampled_from(CALLERS),
    st.sampled_from(VERSIONS),
    st.sampled_from([0.0, 0.06, LONG, LONG]),
)


def known(nova: Lifecycle, client: Client, server: str, locked_by: str | None) -> Server | None:
    """What an admin is shown of the server, and who locked it, which nobody is shown."""
    reply = client.ask("GET", f"/servers/{server}", caller="admin")
    if reply.status_code == 404:
        return None
    told = {**Server.from_api(reply.json(), nova).told}
    assert told.pop("locked") == (locked_by is not None)
    return Server(**told, locked_by=locked_by)


HELD: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "volume": ("os-volume_attachments", lambda said: [one["volumeId"] for one in said["volumeAttachments"]]),
    "port": ("os-interface", lambda said: [one["port_id"] for one in said["interfaceAttachments"]]),
    "key": ("metadata", lambda said: said["metadata"]),
    "tag": ("tags", lambda said: said["tags"]),
}
"""By what an address names where a server's own are listed, and what they are called there."""
NAMES = {"key": "k", "tag": "t", "volume": IMAGE, "port": IMAGE}


def there(client: Client, server: str, path: str) -> dict[str, bool]:
    """Whether the server has what an address names below it, where it names something."""
    named = next((name for name in HELD if "{" + name + "}" in path), None)
    if named is None:
        return {}
    where, held = HELD[named]
    return {"there": NAMES[named] in held(client.ask("GET", f"/servers/{server}/{where}", caller="admin").json())}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(requests, min_size=1, max_size=8))
def test_answers_are_decisions_that_come_true(nova: Lifecycle, steps: list[Any]) -> None:
    clock = Clock(0)
    client = Client(app(nova, clock=clock), clock)
    server, locked_by = client.create(), None
    for (action, variant), caller, version, wait in steps:
        before = known(nova, client, server, locked_by)
        if before is None:
            return
        ruling = nova.ruling(action, variant, caller, version)
        method, path, body = ruling.wire
        if "{id}" not in path or (path.endswith("/action") and action not in (body or {})):
            continue
        body = filled(body)
        document = nova.document("request", action, None, version)
        if body is None and document and document.mistakes(None):
            continue  # the table has no example of a variant that is not there
        before = Server(**{**before.told, **there(client, server, path)})
        decision = nova.decide(action, before, caller, version, None, body)
        reply = client.ask(
            method,
            path.format(id=server, **NAMES),
            body if body is not None else ...,
            caller,
            version,
        )
        assert reply.status_code == decision.code, (action, before, reply.text, decision)
        _answered(decision, reply.json() if reply.content else None, server)
        if not decision.allowed:
            continue
        locked_by = decision.locked_by
        after = client.ask("GET", f"/servers/{server}", caller="admin")
        assert decision.status == (after.json()["server"]["status"] if after.status_code == 200 else "DELETED")
        clock.advance(wait)
        if wait == LONG:
            _came_true(decision, client, server)
    client.app.state.cloud.store.close()


def _answered(decision: Decision, document: Any, server: str) -> None:
    """A refusal is the decision's own document, with what the service knows filled in."""
    if not decision.allowed:
        expected = str(decision.document).replace("{id}", server).replace("{host}", "host1")
        for name, value in NAMES.items():
            expected = expected.replace("{" + name + "}", value)
        assert str(document) == expected


def _came_true(decision: Decision, client: Client, server: str) -> None:
    after = client.ask("GET", f"/servers/{server}", caller="admin")
    shown = after.json()["server"]["status"] if after.status_code == 200 else "DELETED"
    assert shown in decision.becomes or (decision.outcome and decision.outcome.becomes is None), decision
