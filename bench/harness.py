"""Rows timed in turn, round after round, their answers checked first; and the table that shows them."""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TOLERATED = 1.5  # a ratio that is worse than its limit by more than this fails the run
WARM = 20_000_000  # ns that a row within this process is given in each round, at least


@dataclass(frozen=True)
class Row:
    """One thing to time: `run` does it `times` times and must answer `answers` (None: whatever it says)."""

    name: str
    run: Callable[[], object]
    answers: object = None
    times: int = 1


@dataclass(frozen=True)
class Line:
    """One line of the table: a time in ns (or another figure, as text), and a ratio with its limit."""

    what: str
    figure: float | str
    against: str = ""
    ratio: float | None = None
    limit: float | None = None
    at_least: bool = False

    @property
    def excess(self) -> float:
        """The ratio over its limit: 1 is just kept, 2 is twice as bad; 0 where nothing is promised."""
        if self.ratio is None or self.limit is None:
            return 0.0
        return self.limit / self.ratio if self.at_least else self.ratio / self.limit

    def cells(self) -> list[str]:
        """What the columns of the table hold."""
        figure = self.figure if isinstance(self.figure, str) else human(self.figure)
        ratio = "" if self.ratio is None else f"{self.ratio:,.2f}"
        limit = "" if self.limit is None else f"{'≥' if self.at_least else '≤'} {self.limit:g}"
        return [self.what, figure, self.against, ratio, limit, (("ok", "over")[self.excess > 1]) if limit else ""]


class Times:
    """What each row took, in ns, round by round; what it is compared with was taken in the same round."""

    def __init__(self, rounds: Sequence[dict[str, float]]) -> None:
        self.rounds = rounds

    def of(self, name: str, less: str | None = None) -> float:
        """The median time of a row, over that of another where one is named."""
        return statistics.median(times[name] - (times[less] if less else 0) for times in self.rounds)

    def ratio(self, name: str, floor: str, less: tuple[str, str] | None = None) -> float:
        """The median ratio of two rows, each over its own part of `less`."""
        mine, its = less or ("", "")
        return statistics.median((times[name] - times.get(mine, 0)) / (times[floor] - times.get(its, 0)) for times in self.rounds)


def thread_clock() -> float:
    """The CPU time of this thread in ns: what other work on the machine does not lengthen."""
    return time.thread_time_ns()


def children_clock() -> float:
    """The CPU time, in ns, of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e9


def measure(rows: Sequence[Row], rounds: int, clock: Callable[[], float] = thread_clock, least: float = WARM) -> Times:
    """The times of all rows; each runs once unmeasured, is checked, and then as often as fills `least` ns."""
    repeats: dict[str, int] = {}
    for row in rows:
        if row.answers is not None and row.run() != row.answers:
            raise SystemExit(f"{row.name}: the answers are wrong")
        start = clock()
        row.run()
        repeats[row.name] = max(1, int(least / max(clock() - start, 1)))
    gc.collect()
    gc.freeze()
    times: list[dict[str, float]] = []
    for number in range(rounds):
        times.append({})
        for row in rows:
            start = clock()
            for _ in range(repeats[row.name]):
                row.run()
            times[-1][row.name] = (clock() - start) / (repeats[row.name] * row.times)
        print(f"{rows[0].name} …: round {number + 1} of {rounds}", file=sys.stderr)
    gc.unfreeze()
    return Times(times)


def human(nanoseconds: float) -> str:
    """A time for people: `84 ns`, `10.4 us`, `6.8 ms`."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.1f} {unit}"
    return f"{nanoseconds:.0f} ns"


def table(lines: Iterable[Line]) -> str:
    """All lines as one table in Markdown."""
    cells = [["measured", "figure", "against", "ratio", "limit", ""], *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in cells)
