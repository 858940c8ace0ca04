"""All promises in one run and one table; exits with 1 where one is missed by more than half."""

from __future__ import annotations

import platform
import sys

from bench import cases, decisions, machine, processes
from bench.harness import TOLERATED, table


def main() -> None:
    lines = [line for part in (decisions, machine, processes, cases) for line in part.lines()]
    print(f"{platform.python_implementation()} {platform.python_version()}, CPU time, medians of interleaved rounds\n")
    print(table(lines))
    sys.exit(any(line.excess > TOLERATED for line in lines))


if __name__ == "__main__":
    main()
