"""Promise: a line of `check --cases` takes at most two of a loop that only reads and writes it; memory stays the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from itertools import islice
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.harness import Line, Row, children_clock, measure
from bench.processes import command, environment, start
from bench.questions import MICROVERSIONS, RULES
from lifecycle import Lifecycle, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

COUNT = 24_000
MORE = 10
ROUNDS = 11
REQUEST = ("action", "caller", "microversion")
LOOP = """
import json, sys
with open(sys.argv[1]) as file:
    for line in file:
        sys.stdout.write(json.dumps(json.loads(line)) + "\\n")
"""
PEAK = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss)
"""


def generate() -> Iterator[dict[str, Any]]:
    """Cases from all over the table, no two alike, each telling some of what can be told; the same at every run."""
    chance = random.Random(2_47)  # noqa: S311 - no secret
    domains: dict[str, Sequence[object]] = {
        "action": list(RULES.actions),
        "vm_state": list(RULES.by_vm_state),
        "task_state": [*[None] * len(RULES.tasks), *RULES.tasks],
        "locked_by": [None, *RULES.holders],
        "host": [True, False],
        "caller": list(RULES.callers),
        "microversion": MICROVERSIONS,
    }
    seen = set()
    while True:
        case = {key: chance.choice(domain) for key, domain in domains.items() if key == "action" or chance.random() < 0.8}
        text = json.dumps(case)
        if text not in seen:
            seen.add(text)
            yield case


def lines() -> list[Line]:
    """The time of a line, over that of an empty file, and the peaks of memory."""
    with TemporaryDirectory() as folder:
        cases = list(islice(generate(), COUNT * MORE))
        for name, count in (("none", 0), ("cases", COUNT), ("more", COUNT * MORE)):
            with open(f"{folder}/{name}", "w") as file:
                file.writelines(json.dumps(case) + "\n" for case in cases[:count])
        ours, loop = [*command(), "check", "--cases"], [sys.executable, "-c", LOOP]
        _check(folder, ours, loop, cases[:COUNT])
        rows = [
            Row(f"{name} {file}", _writing([*args, file], folder), (0, ""))
            for name, args in (("ours", ours), ("loop", loop))
            for file in ("none", "cases")
        ]
        times = measure(rows, ROUNDS, children_clock, 0)
        peaks = [_peak([*ours, file], folder) for file in ("cases", "more")]
    name = "json.dumps(json.loads(line))"
    ratio = times.ratio("ours cases", "loop cases", ("ours none", "loop none"))
    return [
        Line(f"{name}: a line", times.of("loop cases", "loop none") / COUNT),
        Line("lifecycle check --cases: a line", times.of("ours cases", "ours none") / COUNT, "the same line of the loop", ratio, 2),
        Line(f"… peak memory, {COUNT:,} lines", f"{peaks[0]:.1f} MB"),
        Line(f"… peak memory, {COUNT * MORE:,} lines", f"{peaks[1]:.1f} MB", f"{COUNT:,} lines", peaks[1] / peaks[0], 1.1),
    ]


def _writing(args: list[str], folder: str) -> Any:
    def run() -> tuple[int, str]:
        with open(f"{folder}/out", "wb") as output:
            return start(args, folder, output)

    return run


def _check(folder: str, ours: list[str], loop: list[str], cases: list[dict[str, Any]]) -> None:
    """Both write all the lines, ours with the decision that `Lifecycle.decide` makes."""
    compute = Lifecycle(RULES)
    _writing([*loop, "cases"], folder)()
    with open(f"{folder}/out") as file:
        assert [json.loads(line) for line in file] == cases
    _writing([*ours, "cases"], folder)()
    with open(f"{folder}/out") as file:
        for line, case in zip(file, cases, strict=True):
            server = Server(**{key: value for key, value in case.items() if key not in REQUEST})
            decision = compute.decide(case["action"], server, case.get("caller"), case.get("microversion"))
            assert json.loads(line) == case | {"decision": decision.as_dict()}


def _peak(args: list[str], folder: str) -> float:
    """The most memory that a process had, in MB, seen by a small parent: a child counts what it was copied from."""
    measuring = [sys.executable, "-c", PEAK, *args]
    done = subprocess.run(measuring, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, check=True)
    return int(done.stdout) / (1 << 20 if sys.platform == "darwin" else 1 << 10)
