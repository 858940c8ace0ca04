"""What a running Nova answered, held against what the table says of it; no Nova is needed.

`live/test_answers.py` recorded it, `data/README.md` says how.
"""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from answered import minors, misnamed, wrong
from pydantic import ValidationError
from recorded import rows
from test_observed import report

from lifecycle import Lifecycle, Server
from lifecycle.bodies.mistakes import dotted
from lifecycle.bodies.read import Document, response
from lifecycle.bodies.schema import schema
from lifecycle.bodies.words import fields
from lifecycle.claims.sentences import TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lifecycle.bodies.schema import Schema

Place = tuple[str | int, ...]
Row = dict[str, Any]


def answers(*, accepted: bool) -> list[Row]:
    return [row for row in rows("answers.jsonl.xz") if (row["answer"]["code"] < 400) == accepted]


@cache
def said(nova: Lifecycle, action: str, microversion: str, variant: str | None) -> Document | None:
    """What the table says of an answer's document."""
    version = nova.rules.version(microversion)
    rule = nova.rules.edition(action, variant, nova.reading, version)
    return response(nova.rules, action, rule, version) if rule else None


def documents(nova: Lifecycle) -> Iterator[tuple[Row, Any, Document]]:
    """Each recorded document with what the table says of it."""
    for row in answers(accepted=True):
        document = said(nova, row["action"], row["microversion"], row.get("variant"))
        if document:
            yield row, row["answer"]["document"], document


def test_every_recorded_answer_is_as_the_table_says(nova: Lifecycle) -> None:
    found = answers(accepted=True)
    differences = [f"{row}: {difference}" for row in found if (difference := wrong(nova, row))]
    assert not differences, report(differences)
    assert len(found) > 300


def test_every_action_was_asked_at_both_sides_of_each_change_of_its_answer(nova: Lifecycle) -> None:
    seen = {(row["action"], row["microversion"]) for row in answers(accepted=True)}
    for action in nova.rules.actions:
        wanted = {(action, f"2.{minor}") for minor in minors(nova, action)} if action not in REMOVED else set()
        assert wanted <= seen, action
    assert REMOVED.isdisjoint(action for action, _ in seen)


REMOVED = {"resetNetwork", "os-getRDPConsole"}


def places(holds: Schema, value: Any, at: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Each object of a document whose fields have names, with what its schema says."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(holds.get("items", {}), item, (*at, number))
    elif isinstance(value, dict):
        named = holds.get("properties")
        if named is not None:
            yield at, holds
        other: Schema = next(iter(holds.get("patternProperties", {}).values()), {})
        for key, inner in value.items():
            yield from places((named or {}).get(key, other), inner, (*at, key))


def part(document: Any, at: Place) -> Any:
    for step in at:
        document = document[step]
    return document


def changed(document: Any, whole: Schema) -> Iterator[tuple[str, Any]]:
    """The document with a required field left out, or one too many, each with what was done."""
    for at, held in places(whole, document):
        for name in held.get("required", ()):
            other = copy.deepcopy(document)
            del part(other, at)[name]
            yield f"{dotted((*at, name))} is missing", other
        if "maxProperties" not in held:
            more = copy.deepcopy(document)
            part(more, at)["nonsense"] = None
            yield f"{dotted((*at, 'nonsense'))} is not known", more


def test_a_field_less_or_one_more_is_noticed_in_every_recorded_document(nova: Lifecycle) -> None:
    missed, tried = [], 0
    for row, given, document in documents(nova):
        for mistake, other in changed(given, document.schema):
            tried += 1
            found = document.mistakes(other) or ""
            if found != mistake and not found.startswith(f"{mistake}; there "):
                missed.append(f"{row['action']} at {row['microversion']}: {mistake}, but {found or 'nothing is wrong'}")
    assert not missed, report(missed)
    assert tried > 5000


def test_every_field_that_the_table_says_was_seen(nova: Lifecycle) -> None:
    """At each microversion: nothing is said that Nova does not send."""
    seen, wanted = set[tuple[str, ...]](), set[tuple[str, ...]]()
    for row, given, document in documents(nova):
        for at, held in places(document.schema, given):
            key = row["action"], row["microversion"], *(step for step in at if isinstance(step, str))
            wanted.update((*key, name) for name in held["properties"])
            seen.update((*key, name) for name in part(given, at))
    faultless = {entry for entry in wanted - seen if entry[0] == "update" and entry[-1] == "fault"}
    assert wanted - seen - faultless == set()
    assert {("update", f"2.{minor}", "server", "fault") for minor in (1, 47, 75, 104)} <= seen


def form(document: Document) -> frozenset[str]:
    """The fields that a document may have and must have, but for one that an admin has before all others."""
    return frozenset(f"{path} {what.startswith('required')}" for path, what in fields(document.schema) if HOSTNAME not in path)


HOSTNAME = "OS-EXT-SRV-ATTR:hostname"


def test_a_document_fits_no_microversion_that_has_another_form(nova: Lifecycle) -> None:
    tried = 0
    for action in ("rebuild", "update", "attachVolume", "attachInterface"):
        found = [entry for entry in documents(nova) if entry[0]["action"] == action]
        forms = {row["microversion"]: (form(document), document) for row, _, document in found}
        for row, given, _ in found:
            own, _ = forms[row["microversion"]]
            others = {version: other for version, (its, other) in forms.items() if its != own}
            assert [version for version, other in others.items() if not other.mistakes(given)] == [], row
            tried += len(others)
    assert tried > 1000


# What is refused


def test_every_recorded_refusal_is_named_as_the_table_says(nova: Lifecycle) -> None:
    found = answers(accepted=False)
    differences = [f"{row}: {difference}" for row in found if (difference := misnamed(nova, row))]
    assert not differences, report(differences)
    assert {row["answer"]["code"] for row in found} == {400, 401, 403, 404, 406, 409, 410, 500, 501}


def test_a_decision_has_the_document_of_its_refusal(compute: Lifecycle) -> None:
    paused = Server(status="PAUSED")
    words = "Cannot 'stop' instance {id} while it is in vm_state paused"
    assert compute.decide("os-stop", paused).document == {"conflictingRequest": {"code": 409, "message": words}}
    assert compute.decide("unpause", paused).document is None
    ours = compute.decide("resize", paused, body={"resize": {}}).document
    assert ours == {"badRequest": {"code": 400, "message": "the body is wrong, resize.flavorRef is missing"}}


def test_a_table_without_names_of_errors_calls_them_all_error(root: Path) -> None:
    door = Lifecycle.load(root / "tests/tables/valid/door.yaml")
    document = door.decide("shut", Server(status="SHUT")).document
    assert document
    assert document["error"]["code"] == 409


# How it is reached


def test_the_models_of_an_answer(compute: Lifecycle) -> None:
    server = compute.response("rebuild", "2.47")
    assert server
    assert server.__name__ == "RebuildResponse"
    assert compute.response("os-stop") is None
    assert compute.response("createImage", "2.44") is None
    image, address = compute.response("createImage", "2.45"), compute.headers("createImage", "2.44")
    assert image
    assert address
    image.model_validate({"image_id": "155d900f-4e14-4e4c-a73d-069cbf4541e6"})
    sent = {"OpenStack-API-Version": "compute 2.44", "x-openstack-request-id": "req-1", "Server": "any other"}
    with pytest.raises(ValidationError, match="Location"):
        address.model_validate(sent)
    address.model_validate({**sent, "Location": "http://glance/images/1"})


def test_fields_beside_the_name_of_a_type_are_added_to_its_own() -> None:
    text, always = {"type": ["string"]}, {"type": ["string"], "required": True}
    types: dict[str, Any] = {"base": {"type": ["object"], "properties": {"a": [always], "b": [always], "c": [text]}}}
    more = {"type": ["base"], "properties": {"b": [text], "c": [always], "d": [always, {**text, "since": "2.2"}]}}
    made = schema(types, more, (2, 1))
    assert set(made["properties"]) == {"a", "b", "c", "d"}
    assert made["required"] == ["a", "c", "d"]
    assert schema(types, {"type": ["base"]}, (2, 1))["required"] == ["a", "b"]


def test_headers_that_all_rows_have_stand_beside_those_of_a_row(compute: Lifecycle) -> None:
    for action, own in (("os-stop", set()), ("rebuild", {"Location"}), ("createImage", set())):
        model = compute.headers(action)
        assert model
        assert {field.alias for field in model.model_fields.values()} == COMMON | own
    assert compute.headers("addFloatingIp", "2.44") is None


def test_a_created_server_or_a_reservation_and_not_both(compute: Lifecycle) -> None:
    document = said(compute, "create", "2.104", None)
    assert document
    assert document.mistakes({"reservation_id": "r-1"}) is None
    assert document.mistakes({}) == "it has 0 fields; it takes 1 at least"
    both = next(given for row, given, _ in documents(compute) if row["action"] == "create") | {"reservation_id": "r-1"}
    assert document.mistakes(both) == "it has 2 fields; it takes 1 at most"


# What the reference says of answers


def listed(root: Path) -> Iterator[tuple[str, set[str] | None]]:
    """For each section of the reference the headers and fields that its Response part lists; None for no content."""
    text = " ".join((root / "tests/data/reference.txt").read_text(encoding="utf-8").split())
    _, _, _, *parts = TITLE.split(text)
    for action, body in zip(parts[::2], parts[1::2], strict=True):
        _, _, answer = body.rpartition("Response -------- ")
        names = re.findall(r"- ([\w.:-]+): \w+", answer.partition(" **Example")[0])
        assert bool(names) != ("this method does not return content in the response body" in answer), action
        yield action, set(names) or None


def table(compute: Lifecycle, action: str, microversion: str) -> set[str]:
    """The row's own headers, and the fields of its document; of the server only those that are no lists or maps."""
    headers = {str(field.alias) for field in getattr(compute.headers(action, microversion), "model_fields", {}).values()}
    document = said(compute, action, microversion, None)
    paths = {path.removeprefix("server.") for path, _ in fields(document.schema)} if document else set[str]()
    return {*headers - COMMON, *(path for path in paths if not re.search(r"[][*]", path))}


COMMON = {"OpenStack-API-Version", "x-openstack-request-id"}
OF_ANY_NAME = {"flavor.extra_specs.key", "flavor.extra_specs.value"}


def test_the_answers_are_those_that_the_reference_lists(root: Path, compute: Lifecycle) -> None:
    """It was written at 2.47, of which it lists everything, and what was there before."""
    sections = dict(listed(root))
    assert len(sections) == 22
    assert [action for action, names in sections.items() if names] == ["createBackup", "createImage", "rebuild", "rescue"]
    for action, names in sections.items():
        ours = set.union(*(table(compute, action, microversion) for microversion in ("2.43", "2.44", "2.46", "2.47")))
        assert ours == (names or set()) - OF_ANY_NAME, action
