"""What schemathesis makes of the project's own OpenAPI document, right and wrong: answered as the document says, and no more.

LIFECYCLE_FUZZ: how many examples of each operation, right and wrong; 3 where it is not told.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core import NotSet
from serving import TOKENS, Client

from lifecycle import Lifecycle
from lifecycle.openapi.document import openapi
from lifecycle.serve import Clock, app

EXAMPLES = int(os.environ.get("LIFECYCLE_FUZZ", "3"))
VERSION = "2.96"
GIVEN = dict.fromkeys(("id", "key", "tag", "volume", "port"), "NAMED")
NOT_IMPLEMENTED = 501  # the one code above 500 that a table says
OWN, STRANGE, NONE = "own", "strange", "none"
FUZZED = settings(max_examples=EXAMPLES, database=None, suppress_health_check=[*HealthCheck])


class Fuzzed:
    """A service with servers of two projects, one of which asks."""

    def __init__(self, nova: Lifecycle) -> None:
        self.clock = Clock(0)
        self.client = Client(app(nova, clock=self.clock), self.clock, VERSION)
        self.strange = self.client.ask("POST", "/servers", NEW_OF_OTHERS, "stranger").json()["server"]["id"]
        self.clock.advance(600)
        self.before = self.client.show(self.strange)

    def own(self) -> str:
        """A server of whoever asks; a new one where it has deleted the last."""
        found = self.client.ask("GET", "/servers").json()["servers"]
        return str(found[0]["id"]) if found else self.client.create()

    def ask(self, case: Any, whose: str) -> httpx.Response:
        """What a case is answered, about a server of one's own, of others, or none at all."""
        server = self.own() if whose == OWN else self.strange if whose == STRANGE else "nothing"
        case.path_parameters = {**case.path_parameters, **({"id": server} if "id" in case.path_parameters else {})}
        told = case.as_transport_kwargs()
        sent = next((told[key] for key in ("json", "data") if key in told and not isinstance(told[key], NotSet)), None)
        content = sent if isinstance(sent, bytes) else b"" if case.media_type is None else json.dumps(sent).encode()
        headers = {"Content-Type": case.media_type or "application/json"}
        reply = self.client.ask(case.method, case.formatted_path, headers=headers, params=case.query, content=content)
        self.clock.advance(600)
        assert "Traceback" not in reply.text
        assert reply.status_code < 500 or reply.status_code == NOT_IMPLEMENTED, reply.text
        assert whose == STRANGE or (self.strange not in reply.text and "secret" not in reply.text)
        assert whose == OWN or "{id}" not in case.path or 400 <= reply.status_code < 500, reply.text
        return reply

    def check(self) -> None:
        """Nothing of anyone else has changed."""
        assert self.client.show(self.strange) == self.before
        assert [one["id"] for one in self.client.ask("GET", "/servers", caller="stranger").json()["servers"]] == [self.strange]
        self.client.app.state.cloud.store.close()


NEW_OF_OTHERS = {"server": {"name": "secret", "flavorRef": "1", "imageRef": "", "networks": "auto"}}


@pytest.fixture
def fuzzed(nova: Lifecycle) -> Iterator[Fuzzed]:
    made = Fuzzed(nova)
    yield made
    made.check()


@pytest.fixture(scope="module")
def document(nova: Lifecycle) -> dict[str, Any]:
    version = nova.rules.version(VERSION)
    return openapi(nova.rules, nova.reading, version, lambda name, variant, who: nova.ruling(name, variant, who, VERSION))


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Any]:
    found: Any = schemathesis.openapi.from_dict(document)
    return [one.ok() for one in found.get_all_operations()]


def test_links_lead_from_the_creation_to_all_that_is_asked_of_a_server(fuzzed: Fuzzed, document: dict[str, Any]) -> None:
    reply = fuzzed.client.ask("POST", "/servers", NEW_OF_OTHERS).json()
    links = document["paths"]["/servers"]["post"]["responses"]["202"]["links"]
    asked = {one["operationId"] for path, methods in document["paths"].items() if "{id}" in path for one in methods.values()}
    assert {link["operationId"] for link in links.values()} == asked
    for link in links.values():
        whole, _, pointer = link["parameters"]["id"].partition("#/")
        assert whole == "$response.body"
        found = reply
        for name in pointer.split("/"):
            found = found[name]
        assert fuzzed.client.show(found)["id"] == found


def cases(operation: Any, mode: GenerationMode) -> st.SearchStrategy[Any]:
    headers = {"X-Auth-Token": TOKENS["member"], "OpenStack-API-Version": f"compute {VERSION}"}
    made: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode, path_parameters=GIVEN, headers=headers)
    return made


def test_what_the_document_allows_is_answered_as_it_says(fuzzed: Fuzzed, operations: list[Any]) -> None:
    answered = set()
    for operation in operations:

        @FUZZED
        @given(case=cases(operation, GenerationMode.POSITIVE), whose=st.sampled_from([OWN, OWN, STRANGE, NONE]))
        def ask(case: Any, whose: str) -> None:
            reply = fuzzed.ask(case, whose)
            case.validate_response(reply, checks=CHECKS if reply.content else CHECKS[:2])
            answered.add(reply.status_code)

        ask()
    assert {202, 404} <= answered


CHECKS = [
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


def test_what_the_document_does_not_allow_is_refused(fuzzed: Fuzzed, operations: list[Any]) -> None:
    asked = 0
    for operation in operations:
        if not [*operation.body]:
            continue

        @FUZZED
        @given(case=cases(operation, GenerationMode.NEGATIVE), whose=st.sampled_from([OWN, STRANGE, NONE]))
        def ask(case: Any, whose: str) -> None:
            assert fuzzed.ask(case, whose).status_code in (400, 404, 409, 410, 413), case.body

        try:
            ask()
            asked += 1
        except Unsatisfiable:
            continue
    assert asked > 5
