"""How much is left to chance: numbers of requests, not of seconds, so that a seed says all that a run does."""

from __future__ import annotations

import os

TIMES = float(os.environ.get("LIFECYCLE_LIVE_TIMES", "1"))


def many(ordinary: int) -> int:
    """How many requests this run sends where an ordinary one sends so many."""
    return max(1, round(ordinary * TIMES))
