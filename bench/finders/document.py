"""schemathesis, in its stateful mode, with the OpenAPI document of the right table at its newest microversion.

What it is given in its favour: each creation has the table's example for a body, for most of what it draws is refused; it asks
as an admin, to whom the most is open; work has ended before the next request. Headers are ours, so it is told of none.

Its checks are its own defaults: the code, the media type, the headers and the schema of every answer, no failing server,
right data accepted and wrong data refused. Every request goes to the right cloud as well: what fails there, too, is no
finding.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, Any

import httpx
import requests
import schemathesis
from hypothesis import seed, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import DEFAULT_STATE_MACHINE_SETTINGS

from bench.finders import Search
from lifecycle.conform.deck import Words
from lifecycle.conform.embedded import TASK, fields, holding
from lifecycle.conform.people import tokens
from lifecycle.conform.run import WORDS
from lifecycle.conform.wire import headers
from lifecycle.engine.microversion import text
from lifecycle.openapi.document import openapi
from lifecycle.serve import Clock, app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.finders import Finding
    from lifecycle import Lifecycle

FOREVER = 10**6  # histories: the limit ends them
LONG = 600.0  # seconds by the cloud's clock: all work has ended
BASE = "http://cloud/v2.1"
CALLER = "admin"
MODE = settings(DEFAULT_STATE_MACHINE_SETTINGS, max_examples=FOREVER, database=None)


class Cloud:
    """A cloud in this process that obeys a table; its work has ended before it is asked again."""

    def __init__(self, lifecycle: Lifecycle, options: Mapping[str, int]) -> None:
        self.clock = Clock(0)
        self.app = app(lifecycle, clock=self.clock, seconds=TASK, options=options)
        self.transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)

    def close(self) -> None:
        """Lets go of what it keeps."""
        self.app.state.cloud.store.close()

    async def ask(self, request: requests.PreparedRequest, url: str) -> Response:
        """The answer to one request."""
        body: Any = request.body or b""
        said: Any = dict(request.headers)
        asked = httpx.Request(str(request.method), url, headers=said, content=body)
        reply = await self.transport.handle_async_request(asked)
        told = await reply.aread()
        self.clock.advance(LONG)
        answered = {name: [value] for name, value in reply.headers.items()}
        return Response(reply.status_code, answered, told, request, elapsed=0.0, verify=True)


class Clouds:
    """The wrong cloud and the right one, asked the same in turn."""

    def __init__(self, right: Lifecycle, wrong: Lifecycle, options: Mapping[str, int]) -> None:
        self.wrong, self.right = Cloud(wrong, options), Cloud(right, options)
        self.asked = 0
        self._ids: dict[str, str] = {}

    def forget(self) -> None:
        """What was made so far is asked about no more."""
        self._ids.clear()

    def close(self) -> None:
        """Lets go of both."""
        self.wrong.close()
        self.right.close()

    async def ask(self, request: requests.PreparedRequest) -> tuple[Response, Response]:
        """What both answer; each is asked for its own server."""
        self.asked += 1
        url = str(request.url)
        wrong = await self.wrong.ask(request, url)
        for ours, its in self._ids.items():
            url = url.replace(ours, its)
        right = await self.right.ask(request, url)
        made = [one.headers.get("location", [""])[0].rpartition("/servers/")[2] for one in (wrong, right)]
        if all(made):
            self._ids[made[0]] = made[1]
        return wrong, right


def document(lifecycle: Lifecycle) -> dict[str, Any]:
    """What schemathesis is told: the document, without headers."""
    rules = lifecycle.rules
    version = rules.newest and text(rules.newest)
    made = openapi(
        rules, lifecycle.reading, rules.newest, lambda name, variant, caller: lifecycle.ruling(name, variant, caller, version)
    )
    del made["security"], made["components"]["securitySchemes"]
    for operation in [one for methods in made["paths"].values() for one in methods.values()]:
        operation["parameters"] = [one for one in operation["parameters"] if one["in"] != "header"]
    return made


def find(right: Lifecycle, wrong: Lifecycle, limit: int, seed_: int) -> Finding:
    """Its histories, in the cloud as it is deployed and in one that holds servers in every state, in turn."""
    logging.getLogger("httpx").setLevel(logging.ERROR)
    clouds = [Clouds(right, wrong, options) for options in ({}, holding(right))]
    search = Search(limit)
    with asyncio.Runner() as runner:
        machine = seed(seed_)(_machine(right, clouds, runner, search))
        try:
            what = search.run(lambda: run_state_machine_as_test(machine, settings=MODE))
        finally:
            for one in clouds:
                one.close()
    return what, sum(one.asked for one in clouds)


def _machine(lifecycle: Lifecycle, clouds: list[Clouds], runner: asyncio.Runner, search: Search) -> Any:
    rules = lifecycle.rules
    said = headers(rules, rules.newest and text(rules.newest), tokens(rules, "owner")[CALLER])
    creation = Words(lifecycle, WORDS, fields(lifecycle)).filled(lifecycle.ruling("create", None, CALLER, None).wire[2])
    turns = itertools.cycle(clouds)

    class Workflow(schemathesis.openapi.from_dict(document(lifecycle)).as_state_machine()):  # type: ignore[misc]
        """What schemathesis makes of the document, sent to both clouds."""

        def setup(self) -> None:
            self.clouds = next(turns)
            self.clouds.forget()

        def before_call(self, case: Any) -> None:
            if case.operation.label == "POST /servers":
                case.body = creation

        def call(self, case: Any, **more: Any) -> Response:
            del more
            told = case.as_transport_kwargs(base_url=BASE, headers=said)
            request = requests.Request(**{name: value for name, value in told.items() if name in SENT}).prepare()
            wrong, self.right = runner.run(self.clouds.ask(request))
            return wrong

        def validate_response(self, response: Response, case: Any, **more: Any) -> None:
            del more
            failures = self.failures(response, case)
            new = failures - self.failures(self.right, case) if failures else failures
            search.told(", ".join(sorted(new)) or None, sum(one.asked for one in clouds))

        def failures(self, response: Response, case: Any) -> set[str]:
            try:
                super().validate_response(response, case)
            except FailureGroup as group:
                return {type(one).__name__ for one in group.exceptions}
            return set()

    return Workflow


SENT = ("method", "url", "headers", "json", "data", "params", "files")
