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
from bench.questions import CALLERS, MICROVERSION, MICROVERSIONS, RULES
from lifecycle import Lifecycle, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

COUNT = 144_000  # as many as were recorded of a real Nova
FEW = 24_000
ROUNDS = 3
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


def generate(*, scattered: bool = False) -> Iterator[dict[str, Any]]:
    """Random cases from all over the table, no two alike, the same at every run.

    As a matrix has them: everything told, two callers, one microversion. Scattered: every caller, several
    microversions, and of everything but the action a fifth not told, so that hardly anything is asked twice.
    """
    chance = random.Random(2_47)  # noqa: S311 - no secret
    domains: dict[str, Sequence[object]] = {
        "action": list(RULES.actions),
        "vm_state": list(RULES.by_vm_state),
        "task_state": [None, *RULES.tasks],
        "locked_by": [None, *RULES.holders],
        "host": [True, False],
        "caller": list(RULES.callers) if scattered else CALLERS,
        "microversion": MICROVERSIONS if scattered else [MICROVERSION],
    }
    told = 0.8 if scattered else 1
    seen = set()
    while True:
        case = {key: chance.choice(domain) for key, domain in domains.items() if key == "action" or chance.random() < told}
        text = json.dumps(case)
        if text not in seen:
            seen.add(text)
            yield case


def lines() -> list[Line]:
    """The time of a line, over that of an empty file, and the peaks of memory."""
    ours, loop = [*command(), "check", "--cases"], [sys.executable, "-c", LOOP]
    with TemporaryDirectory() as folder:
        matrix = list(islice(generate(), COUNT))
        files = {"none": [], "matrix": matrix, "scattered": list(islice(generate(scattered=True), FEW))}
        for name, cases in {**files, "few": matrix[:FEW]}.items():
            with open(f"{folder}/{name}", "w") as file:
                file.writelines(json.dumps(case) + "\n" for case in cases)
        for name, cases in files.items():
            _check(folder, [*ours, name], [*loop, name], cases)
        rows = [
            Row(f"{kind} {name}", _writing([*args, name], folder), (0, ""))
            for kind, args in (("ours", ours), ("loop", loop))
            for name in files
        ]
        times = measure(rows, ROUNDS, children_clock, 0)
        few, all_of_them = (_peak([*ours, name], folder) for name in ("few", "matrix"))
    found = []
    for name, limit in (("matrix", 2.0), ("scattered", None)):
        mine, its, count = (f"ours {name}", "ours none"), (f"loop {name}", "loop none"), len(files[name])
        found.append(Line(f"json.dumps(json.loads(line)), {name}", times.of(*its) / count))
        ratio = times.ratio(mine[0], its[0], (mine[1], its[1]))
        found.append(Line(f"lifecycle check --cases, a line, {name}", times.of(*mine) / count, "the loop's line", ratio, limit))
    return [
        *found,
        Line(f"… its peak memory, {FEW:,} lines", f"{few:.1f} MB"),
        Line(f"… its peak memory, {COUNT:,} lines", f"{all_of_them:.1f} MB", f"{FEW:,} lines", all_of_them / few),
    ]


def _writing(args: list[str], folder: str) -> Any:
    def run() -> tuple[int, str]:
        with open(f"{folder}/out", "wb") as output:
            return start(args, folder, output)

    return run


def _check(folder: str, ours: list[str], loop: list[str], cases: list[dict[str, Any]]) -> None:
    """Both write all the lines, ours with the decision that `Lifecycle.decide` makes."""
    compute = Lifecycle(RULES)
    _writing(loop, folder)()
    with open(f"{folder}/out") as file:
        assert [json.loads(line) for line in file] == cases
    _writing(ours, folder)()
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
