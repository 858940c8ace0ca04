"""Promises: `import lifecycle` adds at most half of what `import transitions` adds; a cold `check` takes five Python starts.

Each is a process of its own, as a user starts it: compiled modules at hand, away from the clone, CPU time of the process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.harness import Line, Row, children_clock, measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

PASS, OURS, THEIRS = "python -c pass", "import lifecycle", "import transitions"
CHECK = "lifecycle check os-stop --status PAUSED"
KEPT, NEW = "Lifecycle.load(), rules kept", "Lifecycle.load(), nothing kept: read and compiled"
ROUNDS = 11


def command() -> list[str]:
    """How `lifecycle` is started: its own script where it is installed."""
    script = os.path.join(sysconfig.get_path("scripts"), "lifecycle")
    return [script] if os.path.exists(script) else [sys.executable, "-m", "lifecycle"]


def environment(folder: str) -> dict[str, str]:
    """What processes are told: keep compiled modules and rules, and keep them in this folder."""
    told = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    return told | {"PYTHONPYCACHEPREFIX": f"{folder}/modules", "XDG_CACHE_HOME": f"{folder}/cache"}


def start(args: Sequence[str], folder: str, output: IO[bytes] | int = subprocess.PIPE) -> tuple[int, str]:
    """The exit code of a process, and the first word or two that it printed."""
    done = subprocess.run(args, cwd=folder, env=environment(folder), stdout=output, stderr=subprocess.PIPE, check=False)
    if done.stderr:
        raise SystemExit(f"{' '.join(args)}: {done.stderr.decode()}")
    return done.returncode, (done.stdout or b"").decode()[:5]


def lines() -> list[Line]:
    """All of them in turn, over a bare start of Python."""
    with TemporaryDirectory() as folder:

        def python(code: str) -> tuple[int, str]:
            return start([sys.executable, "-c", code], folder)

        def load_new() -> tuple[int, str]:
            shutil.rmtree(f"{folder}/cache", ignore_errors=True)
            return python("import lifecycle; lifecycle.Lifecycle.load()")

        rows = [
            Row(PASS, lambda: python("pass"), (0, "")),
            Row(OURS, lambda: python("import lifecycle"), (0, "")),
            Row(THEIRS, lambda: python("import transitions"), (0, "")),
            Row(NEW, load_new, (0, "")),
            Row(KEPT, lambda: python("import lifecycle; lifecycle.Lifecycle.load()"), (0, "")),
            Row(CHECK, lambda: start([*command(), *CHECK.split()[1:]], folder), (1, "✗ 409")),
        ]
        times = measure(rows, ROUNDS, children_clock, 0)
    added = (PASS, PASS)
    return [
        *(
            Line(row.name, times.of(row.name), PASS, times.ratio(row.name, PASS), 5 if row.name == CHECK else None)
            for row in rows
        ),
        Line(f"{THEIRS} adds", times.of(THEIRS, PASS)),
        Line(f"{OURS} adds", times.of(OURS, PASS), "transitions adds", times.ratio(OURS, THEIRS, added), 0.5),
        Line("the rules, kept, add", times.of(KEPT, OURS), "the same compiled", times.ratio(KEPT, NEW, (OURS, OURS))),
    ]
