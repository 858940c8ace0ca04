"""What time it is for the things that are served: as it is, faster, or as one is told."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime
from functools import lru_cache

from lifecycle.errors import LifecycleError, shown

REAL, MANUAL = "real", "manual"
RATE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)x")


class Clock:
    """Seconds since the epoch, which run `rate` times as fast as real ones; a rate of 0 stands until it is advanced."""

    def __init__(self, rate: float = 1.0) -> None:
        if not (math.isfinite(rate) and rate >= 0):
            raise LifecycleError(f"a clock cannot run {rate} times as fast")
        self.rate = rate
        self._real = time.monotonic()
        self._shown = time.time()

    @classmethod
    def read(cls, text: str) -> Clock:
        """The clock that `real`, `manual` or `10x` says. Raises LifecycleError."""
        if text in (REAL, MANUAL):
            return cls(text == REAL)
        found = RATE.fullmatch(text)
        if found is None or not float(found[1]):
            raise LifecycleError(f"no clock is called {shown(text)}; there are {REAL}, {MANUAL} and such as 10x")
        return cls(float(found[1]))

    def now(self) -> float:
        """What it shows."""
        return self._shown + (time.monotonic() - self._real) * self.rate

    def advance(self, seconds: float) -> float:
        """Lets it jump ahead; what it shows then."""
        if not (math.isfinite(seconds) and seconds >= 0):
            raise LifecycleError(f"a clock goes ahead by a number of seconds, not by {seconds}")
        self._shown += seconds
        return self.now()

    def reach(self, moment: float) -> None:
        """Lets it jump ahead to a moment that is known to have been; never back."""
        self._shown += max(0.0, moment - self.now())


def stamp(moment: float) -> str:
    """A moment as the service writes it: `2026-11-25T19:55:37Z`."""
    return _stamp(int(moment))


@lru_cache(maxsize=64)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
