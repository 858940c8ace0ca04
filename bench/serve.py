"""Promises: the reference service starts in half a second, answers 10 times as often as Nova and twice as often as moto's EC2.

It holds at most half of their memory, and 100,000 servers in its file act as fast as 100 (within 1.5). Nova and moto
are asked where an environment variable says where they are (bench/services.py). What is asked over a socket is timed
by the clock on the wall, the services in turn; what a file of many servers costs is CPU time in this process.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import sys
import time
from contextlib import ExitStack, closing
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.harness import Line, Row, measure
from bench.services import HEADERS, IMAGE, SERVERS, moto, nova, ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.services import Service

    Rates = list[dict[tuple[str, str], float]]

FEW, MANY = 100, 100_000
GROWTH = 1.5  # by which an action may take longer where there are many servers
NOVA, MOTO, HALF = 10.0, 2.0, 0.5
ROUNDS, SLICE = 5, 0.15  # seconds that each service is asked one thing, in each round
ALONE = 3  # rounds where there is nobody to be compared with
START = 0.5e9  # ns
STARTS = 3
SEEN = 50  # servers that are asked about in turn
ASKED = ("show", "list", "act")
WORDS = {"show": "GET of a server", "list": f"GET of {SERVERS} servers", "act": "os-stop and os-start"}


def lines() -> list[Line]:
    """Ours in memory and in a file, beside who else is there; then a file of few servers and one of many."""
    with TemporaryDirectory() as folder:
        return [*_side_by_side(folder), *_few_and_many(folder)]


def _side_by_side(folder: str) -> list[Line]:
    with ExitStack() as running:
        mine = [running.enter_context(ours("in memory")), running.enter_context(ours("in a file", "--db", f"{folder}/side.db"))]
        others: list[tuple[Service, float]] = []
        if os.environ.get("LIFECYCLE_NOVA_PYTHON"):
            others.append((running.enter_context(nova(os.environ["LIFECYCLE_NOVA_PYTHON"], folder)), NOVA))
        if os.environ.get("LIFECYCLE_MOTO_PYTHON"):
            others.append((running.enter_context(moto(os.environ["LIFECYCLE_MOTO_PYTHON"])), MOTO))
        services = [*mine, *(other for other, _ in others)]
        rates = _rates(services, ROUNDS if others else ALONE)
        found = _starting(mine)
        for what in ASKED:
            for one in mine:
                found += _faster(what, one, others, rates)
            found += [Line(f"{WORDS[what]}: {other.name}", _per_second(rates, other, what)) for other, _ in others]
        found.append(Line("memory: in a file", f"{mine[1].memory():.0f} MiB"))
        for other, _ in others:
            ratio = mine[1].memory() / other.memory()
            found.append(Line(f"memory: {other.name}", f"{other.memory():.0f} MiB", "ours over it", ratio, HALF))
        return found


def _rates(services: list[Service], rounds: int) -> Rates:
    """How often a second each service answers each question, round by round."""
    found: Rates = []
    for number in range(rounds):
        found.append({(one.name, what): _rate(getattr(one, what)) for what in ASKED for one in services})
        print(f"{', '.join(one.name for one in services)}: round {number + 1} of {rounds}", file=sys.stderr)
    return found


def _rate(ask: Callable[[], object]) -> float:
    ask()
    began, times = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < SLICE:
        ask()
        times += 1
    return times / took


def _per_second(rates: Rates, one: Service, what: str) -> str:
    return f"{statistics.median(rate[one.name, what] for rate in rates):,.0f}/s"


def _faster(what: str, one: Service, others: list[tuple[Service, float]], rates: Rates) -> list[Line]:
    """How much more often ours answers than each of the others."""
    figure, named = _per_second(rates, one, what), f"{WORDS[what]}: {one.name}"
    if not others:
        return [Line(named, figure)]
    return [
        Line(
            named,
            figure,
            other.name,
            statistics.median(rate[one.name, what] / rate[other.name, what] for rate in rates),
            limit,
            at_least=True,
        )
        for other, limit in others
    ]


def _starting(mine: list[Service]) -> list[Line]:
    """From the start of the process to its first answer. It is shown and no limit of a run: a time depends on the machine."""
    starts = [(one.started, one.used) for one in mine]
    for _ in range(STARTS):
        with ours("start") as one:
            starts.append((one.started, one.used))
    shown, used = (min(times) * 1e9 for times in zip(*starts, strict=True))
    named = "lifecycle serve, from nothing to its first answer"
    return [
        Line(f"{named}, best of {len(starts)}", shown, "0.5 s", shown / START),
        Line("… CPU time", used, "0.5 s", used / START),
    ]


COPIES = """
WITH RECURSIVE every (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM every WHERE number < :number),
copies (id) AS (SELECT printf('%08x-0000-4000-8000-000000000000', number) FROM every)
INSERT INTO things (id, project, gone, due, data)
SELECT copies.id, project, gone, due, replace(data, things.id, copies.id) FROM things, copies WHERE things.id = :id
"""


class Filled:
    """A service in this process, on a file with so many servers."""

    def __init__(self, path: str, number: int) -> None:
        from lifecycle.serve import Clock, app

        self.clock = Clock(0)
        self.app = app(clock=self.clock, db=path, seconds=0)
        self.cloud = self.app.state.cloud
        self.ids = self._fill(path, number)
        chosen = random.Random(1).sample(self.ids, SEEN)  # noqa: S311 - no secret
        self.paths = [f"/v2.1/servers/{name}" for name in chosen]
        self.marker = chosen[0]

    def _fill(self, path: str, number: int) -> list[str]:
        """Servers like the first, which a request has made."""
        self.ask("POST", "/v2.1/servers", {"server": {"name": "web", "flavorRef": "1", "imageRef": IMAGE, "networks": "none"}})
        self.clock.advance(1)
        (made,) = json.loads(self.ask("GET", "/v2.1/servers")[1])["servers"]
        self.ask("GET", f"/v2.1/servers/{made['id']}")
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(COPIES, {"id": made["id"], "number": number})
        return [f"{each:08x}-0000-4000-8000-000000000000" for each in range(1, number + 1)]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """One request, with no loop that would be measured as well: nothing in it waits."""
        raw = b"" if body is None else json.dumps(body).encode()
        answer: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            answer.append(message)

        where, _, query = path.partition("?")
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        scope = {"type": "http", "method": method, "path": where, "root_path": "", "query_string": query.encode()}
        try:
            self.app({**scope, "headers": headers, "scheme": "http"}, receive, send).__await__().send(None)
        except StopIteration:
            return answer[0]["status"], answer[1]["body"]
        raise SystemExit("it waits")

    def show(self) -> set[int]:
        """Each of some servers is shown."""
        return {self.ask("GET", path)[0] for path in self.paths}

    def act(self) -> set[int]:
        """Each of them is stopped and started."""
        return {self.ask("POST", f"{path}/action", {key: None})[0] for key in ("os-stop", "os-start") for path in self.paths}

    def page(self) -> set[int]:
        """A page of twenty, from the newest and from somewhere in between."""
        pages = ("?limit=20", f"?limit=20&marker={self.marker}")
        return {self.ask("GET", f"/v2.1/servers/detail{page}")[0] for page in pages for _ in range(SEEN // 10)}


def _few_and_many(folder: str) -> list[Line]:
    few, many = Filled(f"{folder}/few.db", FEW), Filled(f"{folder}/many.db", MANY)
    asked = {"show": ({200}, SEEN), "act": ({202}, 2 * SEEN), "page": ({200}, SEEN // 5)}
    words = {"show": "GET of a server", "act": "an action", "page": "a page of 20 servers"}
    rows = [
        Row(f"{what} {name}", getattr(one, what), *answers)
        for what, answers in asked.items()
        for name, one in (("few", few), ("many", many))
    ]
    times = measure(rows, ROUNDS)
    few.cloud.store.close()
    many.cloud.store.close()
    found = []
    for what in asked:
        found.append(Line(f"{words[what]}, {FEW} in the file", times.of(f"{what} few")))
        ratio = times.ratio(f"{what} many", f"{what} few")
        found.append(Line(f"{words[what]}, {MANY:,} in the file", times.of(f"{what} many"), f"{FEW}", ratio, GROWTH))
    return found
