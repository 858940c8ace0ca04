"""The OpenAPI document: valid to a validator that is not ours, and of one mind with the models and the decisions."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from bodies import ODD, right, wrong
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from lifecycle import Lifecycle, Server
from lifecycle.bodies.bounds import beyond
from lifecycle.bodies.documents import plain, published, said, standard
from lifecycle.bodies.formats import FORMATS
from lifecycle.bodies.model import model
from lifecycle.bodies.schema import schema, starts
from lifecycle.cli.commands import main
from lifecycle.engine.microversion import text
from lifecycle.openapi.document import openapi

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = Path(__file__).parent / "tables"
VOLUME = str(TABLES / "real" / "volume.yaml")
DOOR = str(TABLES / "valid" / "door.yaml")
SMALL = """\
name: kettle
title: A kettle
thing: kettle
action_path: "/kettles/{id}/do"
microversions: {oldest: 1.0, newest: 1.9}
usual: {state: cold, caller: cook}
callers: {cook: {}, guest: {}}
facts: {full: {usual: true, yes: is full, no: is empty}}
checks:
  microversion: {code: 404}
  body: {code: 400}
  policy: {code: 403}
  state: {code: 409, message: "Too {vm_state}"}
  full_first: {asks: full, code: 422, rule: filled}
  full: {code: 423}
rows: {all: {by: cook, answers: 202}}
states: {cold: {}, hot: {}}
actions:
  boil:
    title: Boil water
    requires: {state: cold, full_first: true, full: true}
    becomes: hot
    body: {properties: {cups: {type: [integer, string], minimum: 1, maximum: 12, required: true, example: 3}}}
    example: {cups: 2}
    response: {properties: {minutes: [{type: integer, required: true, until: 1.4}, {type: number, required: true, since: 1.5}]}}
    headers: {X-Sound: {type: string, since: 1.3, required: true}}
    cite: house rules
  "cool:down": {title: Let it cool, requires: {state: hot}, becomes: cold, since: 1.2, cite: house rules}
  empty: {title: Empty it, address: "DELETE /kettles/{kettle}", becomes: cold, answers: 204, cite: house rules}
  look: {title: Look at it, address: "PUT /kettles/{id}", body: {properties: {a: string}}, cite: house rules}
"""


def versions(lifecycle: Lifecycle) -> list[str | None]:
    """The microversions at which something of the table changes; None where it has none."""
    rules = lifecycle.rules
    if rules.oldest is None or rules.newest is None:
        return [None]
    editions = [edition for action in rules.actions.values() for edition in action["editions"]]
    cuts = {rules.oldest, rules.newest, *(tuple(edition["since"]) for edition in editions)}
    for edition in editions:
        for body in filter(None, (edition["rule"]["body"], edition["rule"]["response"])):
            cuts |= set(starts(rules.types, body))
    return [text(cut) for cut in sorted(cuts) if rules.oldest <= cut <= rules.newest]


@cache
def loaded(table: str) -> Lifecycle:
    return Lifecycle.load(table)


@cache
def document(table: str, microversion: str | None) -> dict[str, Any]:
    lifecycle = loaded(table)
    version = lifecycle.rules.version(microversion)
    return openapi(
        lifecycle.rules, lifecycle.reading, version, lambda name, variant, who: lifecycle.ruling(name, variant, who, microversion)
    )


def operations(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def validator(made: dict[str, Any], schema: dict[str, Any]) -> jsonschema.protocols.Validator:
    """What checks a body by a schema of the document, formats aside."""
    return jsonschema.Draft202012Validator({"components": made["components"], **schema})


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("kettle") / "kettle.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


COMPUTE = [("compute", version) for version in versions(loaded("compute"))]
OTHERS = [
    (table, version) for table in (VOLUME, DOOR, str(TABLES / "valid" / "volume.yaml")) for version in versions(loaded(table))
]


@pytest.mark.parametrize(("table", "microversion"), [*COMPUTE[::6], COMPUTE[-1], *OTHERS])
def test_an_independent_validator_has_nothing_against_it(table: str, microversion: str | None) -> None:
    made = json.loads(json.dumps(document(table, microversion)))
    assert made["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(made).iter_errors()] == []


@pytest.mark.parametrize(("table", "microversion"), [*COMPUTE, *OTHERS])
def test_every_schema_is_one_and_every_example_is_right(table: str, microversion: str | None) -> None:
    made = document(table, microversion)
    for component in made["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(component)
    for path, _, operation in operations(made):
        assert {found["name"] for found in operation["parameters"] if found["in"] == "path"} == {
            part.strip("{}") for part in path.split("/") if part.startswith("{")
        }
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for name, example in content.get("examples", {}).items():
                errors = [error.message for error in validator(made, content["schema"]).iter_errors(example["value"])]
                assert errors == [], (path, name, errors)


@pytest.mark.parametrize(("table", "microversion"), [*COMPUTE[::9], *OTHERS])
def test_it_has_just_the_actions_that_are_there(table: str, microversion: str | None) -> None:
    lifecycle = loaded(table)
    there = {
        name
        for name in lifecycle.rules.actions
        for variant in lifecycle.rules.variants(name) or (None,)
        if lifecycle.rules.edition(name, variant, lifecycle.reading, lifecycle.rules.version(microversion)) is not None
    }
    made = document(table, microversion)
    holders = [*(operation for _, _, operation in operations(made)), *made["components"]["schemas"].values()]
    assert {holder["x-lifecycle"]["action"] for holder in holders if "x-lifecycle" in holder} == there
    names = [operation["operationId"] for _, _, operation in operations(made)]
    assert len(set(names)) == len(names)


def operation_of(made: dict[str, Any], lifecycle: Lifecycle, name: str) -> dict[str, Any]:
    address = lifecycle.rules.actions[name]["address"]
    method, path = address.split(" ") if address else ("POST", lifecycle.rules.data["action_path"])
    found: dict[str, Any] = made["paths"][path][method.lower()]
    return found


def about(made: dict[str, Any], name: str, variant: str | None) -> dict[str, Any]:
    """What is said of an action, or of one variant of it."""
    holders = [*(operation for _, _, operation in operations(made)), *made["components"]["schemas"].values()]
    found = next(holder["x-lifecycle"] for holder in holders if holder.get("x-lifecycle", {}).get("action") == name)
    one: dict[str, Any] = found if variant is None else found["variants"][variant]
    return one


@pytest.mark.parametrize("table", ["compute", VOLUME])
@settings(max_examples=400)
@given(data=st.data())
def test_what_is_decided_is_in_the_document(table: str, data: st.DataObject) -> None:
    lifecycle = loaded(table)
    rules = lifecycle.rules
    microversion = data.draw(st.sampled_from(versions(lifecycle)))
    name = data.draw(st.sampled_from([*rules.actions]))
    variant = data.draw(st.sampled_from(rules.variants(name) or (None,)))
    told: dict[str, Any] = {fact: data.draw(st.booleans()) for fact in rules.facts}
    told |= {"state": data.draw(st.sampled_from([*rules.states])), "task_state": data.draw(st.sampled_from([None, *rules.tasks]))}
    told |= {"locked_by": data.draw(st.sampled_from([None, *rules.holders])), "exists": data.draw(st.booleans())}
    caller = data.draw(st.sampled_from([*rules.callers]))
    if rules.edition(name, variant, lifecycle.reading, rules.version(microversion)) is None:
        return
    decision = lifecycle.decide(name, Server(**told), caller, microversion, variant)
    made = document(table, microversion)
    assert str(decision.code) in operation_of(made, lifecycle, name)["responses"]
    rule = about(made, name, variant)
    if decision.allowed:
        assert decision.row in [outcome["row"] for outcome in rule["outcomes"]]
    else:
        assert decision.rule in rule["refusals"][str(decision.code)]


def witnesses(lifecycle: Lifecycle, name: str, variant: str | None, microversion: str | None) -> set[tuple[int, str]]:
    """All (code, rule) that some server and caller get, with one key changed from what is allowed, or two."""
    rules = lifecycle.rules
    usual = {"exists": True, "locked_by": None, "task_state": None}
    one: list[dict[str, Any]] = [{}]
    one += [{"state": state} for state in rules.states] + [{"task_state": task} for task in rules.tasks]
    one += [{"locked_by": holder} for holder in rules.holders] + [{"exists": False}]
    one += [{fact: value} for fact in rules.facts for value in (True, False)]
    two = [{**a, **b} for a in one for b in one if len(a) < 2 and len(b) < 2]
    found = set()
    for told in two:
        for caller in rules.callers:
            decision = lifecycle.decide(name, Server(**{**usual, **told}), caller, microversion, variant)
            if decision.rule:
                found.add((decision.code, decision.rule))
    return found


@pytest.mark.parametrize("name", ["os-stop", "evacuate", "unlock", "attachVolume", "DELETE", "resetNetwork", "lock", "addTag"])
def test_what_is_in_the_document_can_be_decided(name: str) -> None:
    lifecycle = loaded("compute")
    for variant in lifecycle.rules.variants(name) or (None,):
        listed = about(document("compute", "2.104"), name, variant)["refusals"]
        told = {(int(code), rule) for code, rules in listed.items() for rule in rules if rule != "body"}
        assert told == witnesses(lifecycle, name, variant, "2.104")


CHECKER = jsonschema.FormatChecker(formats=())
for _name, (_check, _) in FORMATS.items():
    CHECKER.checks(_name)(lambda value, check=_check: not isinstance(value, str) or check(value))


@pytest.mark.parametrize("kind", [right, wrong])
@settings(max_examples=600)
@given(data=st.data())
def test_schemas_and_models_are_of_one_mind(kind: Any, data: st.DataObject) -> None:
    lifecycle = loaded("compute")
    rules = lifecycle.rules
    version = rules.version(data.draw(st.sampled_from(versions(lifecycle))))
    name = data.draw(st.sampled_from([*rules.actions]))
    variant = data.draw(st.sampled_from(rules.variants(name) or (None,)))
    rule = rules.edition(name, variant, lifecycle.reading, version)
    if rule is None or version is None or said("request", rules, name, rule) is None:
        return
    made, whole = (one("request", rules, name, rule, version) for one in (plain, published))
    body = data.draw(kind(made))
    takes = lifecycle.request(name, text(version), variant)
    assert takes is not None
    errors = list(jsonschema.Draft202012Validator(whole, format_checker=CHECKER).iter_errors(body))
    assert (not errors) == _takes(takes, body), (name, version, body, errors)


def _takes(one: Any, body: object) -> bool:
    from pydantic import ValidationError

    try:
        one.model_validate(body)
    except ValidationError as error:
        return all(detail["type"] == "at_most" for detail in error.errors())  # JSON Schema has no word for it
    return True


ENDS = (None, -101, -100, -99, -10, -9, -1, 0, 1, 2, 9, 10, 11, 99, 100, 909)


@pytest.mark.parametrize("low", ENDS)
def test_bounds_of_a_text_are_those_of_its_number(low: int | None) -> None:
    for high in ENDS:
        if low is None and high is None:
            continue
        found = re.compile(beyond(low, high))
        for number in range(-1_100, 1_101):
            outside = (low is not None and number < low) or (high is not None and number > high)
            assert bool(found.search(str(number))) == outside
            assert bool(found.search(f"{'-' * (number < 0)}00{abs(number)}")) == outside


@pytest.mark.parametrize("name", loaded("compute").rules.types)
def test_a_type_takes_what_its_model_takes(name: str) -> None:
    types = loaded("compute").rules.types
    for version in ((2, 1), (2, 37), (2, 42), (2, 104)):
        made = schema(types, {"type": [name]}, version)
        checked = jsonschema.Draft202012Validator(standard(made), format_checker=CHECKER)
        one = model("One", made, "")
        for value in (*ODD, "00", "-0", "+1", "2147483647", "2147483648", "02147483648", "10000000000", "-2", "-1\n"):
            assert checked.is_valid(value) == _takes(one, value), (name, version, value)


ENUMS = [enum for size in (1, 2, 3) for enum in combinations([None, True, False, 1, "1", "a"], size)]


@pytest.mark.parametrize("enum", ENUMS)
def test_an_enum_takes_just_its_values(enum: tuple[object, ...]) -> None:
    one, checked = model("One", {"enum": [*enum]}, ""), jsonschema.Draft202012Validator({"enum": [*enum]})
    values: list[Any] = [None, True, False, 0, 1, 2, 1.0, 0.0, "1", "a", "true", [], {}]
    for value in values:
        assert checked.is_valid(value) == _takes(one, value), value


def test_words_that_differ_by_action_are_told_once() -> None:
    responses = document("compute", "2.104")["paths"]["/servers/{id}/action"]["post"]["responses"]
    assert "state: Cannot '{action}' instance {id} while it is in vm_state {vm_state} | " in responses["409"]["description"]
    assert "policy: Policy doesn't allow {policy} to be performed.;" in responses["403"]["description"]


def test_a_small_table_is_written_whole(small: str) -> None:
    made = document(small, "1.3")
    assert list(made["paths"]) == ["/kettles/{id}/do", "/kettles/{kettle}"]  # one path, whatever its parameter is called
    assert set(made["paths"]["/kettles/{kettle}"]) == {"delete", "put"}
    assert set(made["paths"]["/kettles/{kettle}"]["delete"]["responses"]) == {"204", "403"}  # nothing is asked of no body
    assert set(made["paths"]["/kettles/{kettle}"]["put"]["responses"]) == {"202", "400", "403"}
    operation = made["paths"]["/kettles/{id}/do"]["post"]
    names = [
        option["$ref"].rpartition("/")[2] for option in operation["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    ]
    assert names == ["BoilRequest", "CoolDownRequest"]
    assert operation["responses"]["202"]["headers"] == {"X-Sound": {"schema": {"type": "string"}}}  # cool:down answers without it
    assert operation["responses"]["202"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/BoilResponse"}
    assert made["components"]["schemas"]["BoilResponse"]["properties"] == {"minutes": {"type": "integer"}}
    assert operation["responses"]["409"]["description"] == "state: Too {vm_state}"
    assert operation["parameters"][-1]["schema"] == {"type": "string", "const": "kettle 1.3"}
    boil = made["components"]["schemas"]["BoilRequest"]["x-lifecycle"]
    assert boil["requires"] == {"state": ["cold"], "full_first": True, "full": True}
    assert boil["refusals"]["422"] == {"filled": "the kettle is empty; it must be one that is full"}
    assert "423" not in boil["refusals"]  # whoever is empty was refused before
    assert (boil["by"], boil["outcomes"][0]["becomes"], boil["cite"]) == ("cook", ["hot"], "house rules")
    cups = made["components"]["schemas"]["BoilRequest"]["properties"]["boil"]["properties"]["cups"]
    assert cups["examples"] == [3]
    assert not jsonschema.Draft202012Validator(cups).is_valid("013")
    assert jsonschema.Draft202012Validator(cups).is_valid("012")


def test_what_is_gone_or_yet_to_come_is_left_out(small: str) -> None:
    assert "CoolDownRequest" not in document(small, "1.1")["components"]["schemas"]
    assert "headers" not in document(small, "1.1")["paths"]["/kettles/{id}/do"]["post"]["responses"]["202"]
    assert document("compute", "2.104")["components"]["schemas"]["ResetNetworkRequest"]["deprecated"]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


def test_the_command_writes_json_and_yaml(small: str, tmp_path: Path) -> None:
    import yaml

    code, output = run("openapi", "--table", small, "--microversion", "1.3")
    assert (code, json.loads(output)) == (0, document(small, "1.3"))
    path = tmp_path / "kettle.yaml"
    assert run("openapi", "--table", small, "--microversion", "1.3", "--format", "yaml", "--output", str(path)) == (
        0,
        f"{path}\n",
    )
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == document(small, "1.3")
    code, output = run("openapi", "--output", str(tmp_path / "no" / "such"))
    assert (code, output) == (2, f"Error: cannot write {tmp_path}/no/such: No such file or directory\n")


def test_schema_prints_requests_and_answers(small: str) -> None:
    made = json.loads(run("schema", "boil", "--table", small, "--microversion", "1.5", "--response")[1])
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (made["title"], made["description"]) == ("BoilResponse", "Boil water: what boil answers at 1.5.")
    assert made["properties"] == {"minutes": {"type": "number"}}
    assert json.loads(run("schema", "boil", "--table", small)[1])["required"] == ["boil"]
    assert json.loads(run("schema", "reboot", "--variant", "HARD")[1])["title"] == "RebootRequest"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rebiuld"], "no action or kind of file is called rebiuld; did you mean rebuild?"),
        (["stats"], "no action or kind of file is called stats; did you mean states?"),
        (["xyzzy"], "no action or kind of file is called xyzzy; `lifecycle actions --all` lists the actions"),
        (
            ["addFloatingIp"],
            "addFloatingIp has no schema here: it is gone since 2.44, and this is 2.104; try --microversion 2.43",
        ),
        (["trigger_crash_dump", "--microversion", "2.16"], "it comes with 2.17, and this is 2.16; try --microversion 2.17"),
        (["resetNetwork"], "resetNetwork has no schema: it is gone for good, since Nova 23 (Wallaby); only XenServer had it"),
        (["DELETE"], "DELETE (DELETE /servers/{id}) has no request document"),
        (["os-stop", "--response"], "os-stop (POST /servers/{id}/action) has no response document that the table tells of"),
        (["reboot", "--variant", "SOFTT"], "no variant is called SOFTT; did you mean SOFT?"),
        (["action", "--response"], "--response goes with an action, as in `lifecycle schema rebuild`"),
        (["rebuild", "--write", "x"], "--write writes the schemas of the kinds of files; leave out the action"),
    ],
)
def test_schema_says_what_there_is_not(arguments: list[str], sentence: str) -> None:
    code, output = run("schema", *arguments)
    assert code == 2
    assert sentence in output


def test_show_lists_the_body_in_aligned_lines(small: str) -> None:
    lines = run("show", "boil", "--table", small)[1].splitlines()
    assert lines[-3] == "body          boil.cups  required, an integer, 1 to 12, or text"
    assert lines[-2] == "answer        minutes  required, a number"
    lines = run("show", "rebuild")[1].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("body"))
    assert lines[start] == "body          rebuild.imageRef                    required, a UUID"
    assert (
        lines[start + 1] == "              rebuild.name                        printable text without a space at either end, 1 to"
    )
    assert lines[start + 2] == "                                                  255 characters"


@pytest.mark.parametrize("name", [*loaded("compute").rules.actions])
def test_no_line_of_a_body_is_wide(name: str) -> None:
    lines = run("show", name)[1].splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("body ")), len(lines))
    assert [line for line in lines[start:] if len(line) > 100 and not line.startswith(("note", "cite", "differs"))] == []


def test_show_json_has_the_schemas() -> None:
    made = json.loads(run("show", "unshelve", "--microversion", "2.77", "--json")[1])
    assert made["request"]["properties"]["unshelve"]["required"] == ["availability_zone"]
    assert made["response"] is None
    assert json.loads(run("show", "addFloatingIp", "--json")[1])["request"] is None
