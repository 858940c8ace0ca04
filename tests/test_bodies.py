"""Requests' bodies: what the table says of them, as the models read it and as a decision tells it."""

from __future__ import annotations

import json
import lzma
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from bodies import UUID, boundaries, judged, right
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from recorded import DATA

from lifecycle import Lifecycle, Server
from lifecycle.errors import UnknownAction, UnknownMicroversion, UnknownVariant

if TYPE_CHECKING:
    from lifecycle.engine.decide import Decision

NOVA = Lifecycle.load(reading="nova")
NOT_AS_NOVA_HAS_IT = ("servers/v2.90/server-create-req.json", "servers/v2.94/server-create-req.json")


def decide(action: str, body: object, at: str = "2.47", caller: str = "member", **told: Any) -> Decision:
    return NOVA.decide(action, Server(**told), caller, at, body=body)


@cache
def recorded() -> list[dict[str, Any]]:
    with lzma.open(DATA / "bodies.jsonl.xz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_recorded_bodies_are_judged_as_nova_judged_them() -> None:
    lines = recorded()
    assert len(lines) > 2_500
    assert {line["action"] for line in lines} == {action for action in NOVA.rules.actions if boundaries(NOVA, action)}
    differ = [line for line in lines if judged(NOVA, line["action"], line["microversion"], line["body"]) != line["code"]]
    assert not differ


def test_the_samples_of_novas_documentation_are_right_but_for_two() -> None:
    with (DATA / "samples.jsonl").open(encoding="utf-8") as file:
        samples = [json.loads(line) for line in file]
    assert len(samples) > 150
    wrong = [one["sample"] for one in samples if decide(one["action"], one["body"], one["microversion"], "admin").rule == "body"]
    assert wrong == list(NOT_AS_NOVA_HAS_IT)  # no networks, which Nova asks for since 2.37, and a personality


REBUILD = {"imageRef": UUID}
MESSAGES: list[tuple[str, str, Any, str]] = [
    ("rebuild", "2.47", {}, "rebuild.imageRef is missing"),
    ("rebuild", "2.47", {"imageRef": "x"}, "rebuild.imageRef must be a UUID, not x"),
    ("rebuild", "2.47", REBUILD | {"naem": "a"}, "rebuild.naem is not known; did you mean name?"),
    (
        "rebuild",
        "2.53",
        REBUILD | {"key_name": "k"},
        "rebuild.key_name is not known at this microversion; it is there since 2.54",
    ),
    (
        "rebuild",
        "2.57",
        REBUILD | {"personality": []},
        "rebuild.personality is not known at this microversion; it is there until 2.56",
    ),
    ("rebuild", "2.47", REBUILD | {"name": ""}, "rebuild.name has 0 characters; it takes 1 at least"),
    ("rebuild", "2.47", REBUILD | {"name": "a" * 256}, "rebuild.name has 256 characters; it takes 255 at most"),
    (
        "rebuild",
        "2.47",
        REBUILD | {"name": None},
        "rebuild.name must be printable text without a space at either end, 1 to 255 characters, not null",
    ),
    ("rebuild", "2.47", REBUILD | {"metadata": {"a": 1}}, "rebuild.metadata.a must be text of at most 255 characters, not 1"),
    ("rebuild", "2.47", REBUILD | {"metadata": {"a/b": "c"}}, "rebuild.metadata has a key that it cannot have: a/b"),
    (
        "rebuild",
        "2.47",
        REBUILD | {"preserve_ephemeral": 1},
        "rebuild.preserve_ephemeral must be true, 1, on, yes, false, 0, off or no, not 1",
    ),
    ("rebuild", "2.47", {"imageRef": 1, "name": " "}, "rebuild.imageRef must be a UUID, not 1; rebuild.name must be"),
    ("rebuild", "2.47", [], "rebuild must be an object, not a list"),
    (
        "rebuild",
        "2.63",
        REBUILD | {"trusted_image_certificates": ["a", "a"]},
        "rebuild.trusted_image_certificates holds something twice",
    ),
    (
        "rebuild",
        "2.63",
        REBUILD | {"trusted_image_certificates": []},
        "rebuild.trusted_image_certificates has 0 entries; it takes 1 at least",
    ),
    (
        "createBackup",
        "2.1",
        {"name": "b", "backup_type": "d", "rotation": "-1"},
        "createBackup.rotation must be an integer, 0 or more",
    ),
    ("reboot", "2.1", {"type": "WARM"}, "reboot.type must be HARD, Hard, hard, SOFT, Soft or soft, not WARM"),
    ("trigger_crash_dump", "2.17", {}, "trigger_crash_dump must be null, not an object"),
    ("unshelve", "2.77", {}, "unshelve.availability_zone is missing"),
]


@pytest.mark.parametrize(("action", "at", "content", "says"), MESSAGES)
def test_every_mistake_is_told_with_its_path(action: str, at: str, content: Any, says: str) -> None:
    decision = decide(action, {action: content}, at)
    assert (decision.code, decision.rule) == (400, "body")
    assert f"{action} refused: the body is wrong, {says}" in decision.reason
    assert f"specs/compute/actions/{action}.yaml:" in decision.row


def test_what_is_deep_in_a_list_has_a_path_too() -> None:
    server = {
        "name": "a",
        "flavorRef": 1,
        "networks": [{"uuid": UUID}, {"uuid": "x", "tag": "a,b"}],
        "min_count": "3",
        "max_count": 2,
    }
    decision = decide("create", {"server": server})
    assert "server.networks[1].uuid must be a UUID, not x; server.networks[1].tag must be text of 1 to 60" in decision.reason
    decision = decide("create", {"server": server | {"networks": "auto"}})
    assert "the body is wrong, server.min_count must be at most server.max_count (specs" in decision.reason


def test_twenty_mistakes_are_told_and_the_others_counted() -> None:
    decision = decide("rebuild", {"rebuild": REBUILD | {f"nonsense{number}": 1 for number in range(25)}})
    assert decision.reason.count("is not known") == 20
    assert "; and 5 more (specs" in decision.reason


PLACES: list[tuple[str, str, Any, str, dict[str, Any], int, str]] = [
    ("rebuild", "2.47", {"rebuild": {}}, "anonymous", {}, 401, "token"),
    ("resetNetwork", "2.47", {"resetNetwork": {"a": 1}}, "admin", {}, 410, "removed"),
    ("resetNetwork", "2.47", {}, "admin", {}, 400, "body"),
    ("addFloatingIp", "2.44", {"addFloatingIp": {}}, "member", {}, 404, "microversion"),
    ("addFloatingIp", "2.43", {"addFloatingIp": {}}, "member", {}, 400, "body"),
    ("rebuild", "2.47", {"rebuild": {}}, "member", {"exists": False}, 400, "body"),
    ("rebuild", "2.47", {"rebuild": {}}, "reader", {}, 400, "body"),
    ("rebuild", "2.47", {"rebuild": REBUILD}, "reader", {}, 403, "policy"),
    ("rebuild", "2.47", {"rebuild": {}}, "member", {"locked_by": "admin"}, 400, "body"),
    ("rebuild", "2.47", {"rebuild": {}, "pause": None}, "member", {}, 400, "body"),
    ("update", "2.47", {"server": {"nam": "a"}}, "member", {"status": "ERROR"}, 400, "body"),
]


@pytest.mark.parametrize(("action", "at", "body", "caller", "told", "code", "rule"), PLACES)
def test_the_body_has_its_place_among_the_checks(  # noqa: PLR0913 - a table's columns
    action: str, at: str, body: Any, caller: str, told: dict[str, Any], *, code: int, rule: str
) -> None:
    decision = decide(action, body, at, caller, **told)
    assert (decision.code, decision.rule) == (code, rule)


def test_a_refusal_tells_the_body_and_what_else_would_refuse() -> None:
    decision = decide("rebuild", {"rebuild": {}}, status="PAUSED", locked_by="admin")
    assert [other["rule"] for other in decision.also] == ["lock", "state"]


def _deep(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


HOSTILE: list[Any] = [
    _deep(100_000),
    {"rebuild": _deep(100_000)},
    {"rebuild": REBUILD | {"name": _deep(100_000)}},
    {"rebuild": REBUILD | {"metadata": {"a": _deep(10_000)}}},
    10**6000,
    {"rebuild": 10**6000},
    {"rebuild": REBUILD | {"imageRef": 10**6000}},
    math.nan,
    {"rebuild": math.nan},
    {"rebuild": {"imageRef": -math.inf}},
    {"rebuild": REBUILD | {"name": "\ud800"}},
    {"rebuild": REBUILD | {"\udfff": "a"}},
    {"\udfff": {}},
    {"rebuild": REBUILD | {"user_data": "\ud800"}},
    {1: 2},
    {"rebuild": {1: 2}},
    {"rebuild": {None: 2}},
    {"rebuild": {"a" * 10**6: 1}},
    {"rebuild": ["a" * 10**7]},
    {"rebuild": REBUILD | {"name": b"x"}},
    {"rebuild": REBUILD | {"metadata": {str(number): 1 for number in range(10_000)}}},
    "",
    [],
    {},
    True,
    1.5,
    object(),
    {"rebuild": object()},
    ("rebuild",),
    set(),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_the_body_it_is_refused_in_one_short_line(body: Any) -> None:
    decision = decide("rebuild", body, "2.57")
    assert (decision.code, decision.rule) == (400, "body")
    assert len(decision.reason) < 4_000
    assert decision.reason.isprintable()
    assert json.dumps(decision.as_dict()).encode()


def test_numbers_that_no_json_has_are_looked_at_all_the_same() -> None:
    for number, code in ((10**6000, 202), (math.nan, 202), (math.inf, 202), (True, 400)):
        assert decide("addFixedIp", {"addFixedIp": {"networkId": number}}, "2.43", "admin").code == code


def test_a_request_is_a_class_made_once() -> None:
    model = NOVA.request("rebuild", "2.47")
    assert model is NOVA.request("rebuild", "2.47")
    assert model is not None
    assert issubclass(model, BaseModel)
    assert model.__name__ == "RebuildRequest"
    assert model.__doc__
    assert "Rebuild a server from an image: what rebuild asks for at 2.47." in model.__doc__
    assert "rebuild.imageRef: required, a UUID" in model.__doc__
    body = {"rebuild": REBUILD | {"OS-DCF:diskConfig": "AUTO", "metadata": {"a": "b"}}}
    request: Any = model.model_validate(body)
    assert request.rebuild.OS_DCF_diskConfig == "AUTO"
    assert request.model_dump(exclude_unset=True) == body
    with pytest.raises(ValidationError, match="OS_DCF_diskConfig"):
        model.model_validate({"rebuild": REBUILD | {"OS_DCF_diskConfig": "AUTO"}})


def test_what_has_no_request_document_has_no_class() -> None:
    assert NOVA.request("DELETE") is None
    assert NOVA.request("addFloatingIp", "2.44") is None


def test_names_that_are_unknown_are_errors() -> None:
    with pytest.raises(UnknownAction, match="did you mean rebuild"):
        NOVA.request("rebuid")
    with pytest.raises(UnknownVariant):
        NOVA.request("rebuild", variant="HARD")
    with pytest.raises(UnknownMicroversion):
        NOVA.request("rebuild", "2.999")


def test_the_variant_is_read_in_a_right_body() -> None:
    assert decide("reboot", {"reboot": {"type": "hard"}}).variant == "HARD"
    assert decide("updateVolume", {"volumeAttachment": {"volumeId": UUID}}, "2.84", "admin").variant == "swap"
    assert decide("updateVolume", {"volumeAttachment": {"volumeId": UUID}}, "2.85", "admin").variant == "regular"


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_right_body_refuses_nothing_and_asks_nothing_more(data: st.DataObject) -> None:
    action = data.draw(st.sampled_from([name for name in NOVA.rules.actions if boundaries(NOVA, name)]))
    at = data.draw(st.sampled_from(boundaries(NOVA, action)))
    document = NOVA.document("request", action, microversion=at)
    assert document
    body = data.draw(right(document.schema).filter(lambda body: document.mistakes(body) is None))
    without = NOVA.decide(action, Server(), "admin", at, NOVA.decide(action, Server(), "admin", at, body=body).variant)
    assert NOVA.decide(action, Server(), "admin", at, body=body).as_dict() == without.as_dict()
    assert document.model.model_validate(body).model_dump(exclude_unset=True) == body


@pytest.mark.parametrize("action", [name for name in NOVA.rules.actions if boundaries(NOVA, name)])
def test_the_example_of_a_row_is_a_right_body_at_all_its_microversions(action: str) -> None:
    assert "no such" not in action
    for at in boundaries(NOVA, action):
        for variant in NOVA.rules.variants(action) or (None,):
            ruling = NOVA.ruling(action, variant, "admin", at)
            document = NOVA.document("request", action, variant, at)
            if document is not None and ruling.wire[2] is not None:
                assert document.mistakes(ruling.wire[2]) is None, (at, variant, ruling.wire[2])
