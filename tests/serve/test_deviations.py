"""A service that is wrong on demand: in just the words that it is told, and right again when they are taken back."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import IMAGE, LONG, Client, filled

from lifecycle import Lifecycle, Server
from lifecycle.deviate import Deviation, deviated, draw
from lifecycle.pytest_plugin import LifecycleCloud
from lifecycle.serve import Clock, app

PATH = "http://cloud/control/deviations"
LOCK = {"path": ["actions", "os-stop", "lock"], "before": "refuses", "after": "ignored"}
SAYS = "actions/os-stop: lock is ignored and not refuses"
CALLERS = ("admin", "member", "member", "reader", "stranger", "anonymous")
VERSIONS = ("2.1", "2.47", "2.104", "2.104")


def put(client: Client, body: Any, caller: str = "admin") -> httpx.Response:
    return client.ask("PUT", PATH, body, caller)


def test_a_rule_is_another_until_it_is_taken_back(client: Client) -> None:
    server = client.create()
    client.act(server, "lock", caller="admin")
    assert client.act(server, "os-stop").status_code == 409
    assert put(client, [LOCK]).json() == {"deviations": [{**LOCK, "says": SAYS}]}
    assert client.act(server, "os-stop").status_code == 202
    client.clock.advance(LONG)
    assert client.ask("GET", PATH, caller="admin").json()["deviations"][0]["says"] == SAYS
    assert client.ask("DELETE", PATH, caller="admin").json() == {"deviations": []}
    assert client.act(server, "os-start").status_code == 409


def test_a_field_is_forgotten_until_it_is_taken_back(client: Client) -> None:
    server = client.create()
    shown = client.show(server)
    put(client, [{"path": ["types", "common", "properties", "description"]}])
    assert shown.keys() - client.show(server).keys() == {"description"}
    client.ask("DELETE", PATH, caller="admin")
    assert client.show(server) == shown


def test_an_event_happens_otherwise() -> None:
    clock = Clock(0)
    client = Client(app(clock=clock, options={"reclaim_instance_interval": 60}), clock)
    server = client.create()
    put(client, [{"path": ["events", "reclaim", "when"], "after": {"reclaim_instance_interval": "negative"}}])
    client.ask("DELETE", f"/servers/{server}")
    clock.advance(LONG)
    clock.advance(LONG)
    assert client.show(server)["status"] == "SOFT_DELETED"
    client.app.state.cloud.store.close()


def test_some_are_drawn_and_are_the_same_for_the_same_seed(client: Client) -> None:
    drawn = put(client, {"draw": 3, "seed": 7}).json()["deviations"]
    assert len(drawn) == 3
    told = [{key: one[key] for key in ("path", "before", "after")} for one in drawn]
    assert put(client, told).json()["deviations"] == drawn
    assert put(client, {"draw": 3, "seed": 7}).json()["deviations"] == drawn


@pytest.mark.parametrize(("caller", "code"), [("member", 403), ("anonymous", 401)])
def test_it_takes_an_admin(client: Client, caller: str, code: int) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert client.ask(method, PATH, [LOCK], caller).status_code == code
    assert not client.app.state.cloud.deviations


@pytest.mark.parametrize(
    "body",
    [
        None,
        "x",
        [1],
        [[]],
        {"draw": 0, "seed": 1},
        {"draw": 1},
        {"draw": 10**9, "seed": 1},
        [{"path": []}],
        [{"path": ["actions", "os-stop"], "after": {}}],
        [{"path": ["actions", "os-stop", "becomes"], "after": "NOWHERE"}],
        [{"path": ["actions", "os-stop", "requires", "state"], "after": {"of": 1}}],
        [LOCK, {"path": ["nothing", "os-stop", "lock"]}],
        [LOCK] * 101,
    ],
)
def test_what_it_does_not_understand_it_refuses_and_changes_nothing(client: Client, body: Any) -> None:
    reply = put(client, body)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert not client.app.state.cloud.deviations
    assert client.app.state.cloud.rules is client.app.state.cloud.table.rules


def test_work_that_the_table_knows_no_more_of_goes_on(client: Client) -> None:
    server = client.create("2.1")
    body = {"rebuild": {"imageRef": IMAGE}}
    assert client.ask("POST", f"/servers/{server}/action", body, version="2.1").status_code == 202
    put(client, [{"path": ["actions", "rebuild", "since"], "after": "2.104"}])
    client.clock.advance(LONG)
    shown = client.show(server, version="2.1")
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", None)
    assert client.ask("POST", f"/servers/{server}/action", body, version="2.1").status_code == 404


def test_a_test_has_a_cloud_that_is_wrong(lifecycle_cloud: LifecycleCloud) -> None:
    client = Client(lifecycle_cloud.app, lifecycle_cloud.clock)
    server = client.create()
    lifecycle_cloud.deviate(Deviation(("actions", "os-stop", "by"), "member", "admin"))
    assert client.act(server, "os-stop").status_code == 403
    lifecycle_cloud.deviate()
    assert client.act(server, "os-stop").status_code == 202


asked = st.tuples(
    st.sampled_from(CALLERS), st.sampled_from(VERSIONS), st.sampled_from([None, "lock", "os-stop", "shelve", "resize"])
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), others=st.lists(st.sampled_from(range(50)), max_size=2), question=asked)
def test_it_answers_as_the_table_that_is_wrong_decides(nova: Lifecycle, seed: int, others: list[int], question: Any) -> None:
    caller, version, first = question
    (drawn,) = draw(nova, 1, seed)
    wrong = deviated(nova, [drawn])
    clock = Clock(0)
    client = Client(app(nova, clock=clock), clock)
    server = client.create()
    if first is not None:
        client.act(server, first, {"flavorRef": "2"} if first == "resize" else None)
        clock.advance(LONG)
    shown = client.ask("GET", f"/servers/{server}", caller="admin").json()
    told = {**Server.from_api(shown, nova).told}
    before = Server(**told, **({"locked_by": "owner"} if told.pop("locked") else {"locked_by": None}))
    client.app.state.cloud.deviate([drawn])
    names = [drawn.row[1], *([*nova.rules.actions][number] for number in others)]
    for name in names:
        if name not in nova.rules.actions:
            assert client.ask("GET", f"/servers/{server}", caller=caller, version=version).status_code < 500
            continue
        method, path, body = nova.ruling(name, None, caller, version).wire
        body = filled(body)
        document = nova.document("request", name, None, version)
        if "{id}" not in path or (body is None and document and document.mistakes(None)):
            continue
        path = path.format(id=server, key="k", tag="t", volume=IMAGE, port=IMAGE)
        decision = wrong.decide(name, before, caller, version, None, body)
        reply = client.ask(method, path, ... if body is None else body, caller, version)
        assert reply.status_code == decision.code, (drawn, reply.text)
        if decision.allowed:
            break
    client.clock.advance(LONG)
    assert client.ask("GET", "/servers/detail", caller="admin").status_code < 500
    client.app.state.cloud.deviate([])
    assert client.ask("GET", f"/servers/{server}", caller="admin").status_code in (200, 404)
    client.app.state.cloud.store.close()
