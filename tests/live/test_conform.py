"""A running Nova held against the table as a whole: nothing comes but differences and defects that are written down."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from live.cloud import OPTIONS

from lifecycle.conform import replay
from lifecycle.conform.remote import Remote
from lifecycle.conform.run import Run
from lifecycle.conform.tell import lines
from lifecycle.conform.tour import Limits
from lifecycle.engine.situation import sign

if TYPE_CHECKING:
    import random

    from live.cloud import Cloud

    from lifecycle import Lifecycle

REQUESTS = int(os.environ.get("LIFECYCLE_LIVE_CONFORM", "900"))
"""How many; 0 is a whole run."""
WHOLE = not REQUESTS
SOME = 6  # stories of defects in an ordinary run
DEFECTS = "docs/conform/nova-34.json"
CALLERS = ("admin", "manager", "member", "reader", "stranger")
"""Whom Nova is asked as, whatever tokens other tests have made."""


def target(cloud: Cloud, nova: Lifecycle) -> Remote:
    cloud.deliver(casts=True)
    cloud.options(**OPTIONS)
    tokens = {caller: cloud.tokens[caller] for caller in CALLERS}
    found = Remote(nova, cloud.url, tokens, {name: sign(value) for name, value in OPTIONS.items()})
    found.find({})
    return found


def test_nova_conforms_but_for_what_is_written_down(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    run = Run(nova, "Nova", Limits(requests=REQUESTS or None), rng.randrange(10**6))
    run.known = [key for one in replay.read(DEFECTS) for key in one["keys"]]
    report = run.over([target(cloud, nova)])
    told = ["\n".join(line for _, line in lines(one, nova.rules, number)) for number, one in enumerate(report.failing, 1)]
    assert not told, "\n\n".join(told)
    assert (report.broken, report.left) == (None, [])
    assert report.requests >= REQUESTS


def test_the_defects_are_still_there(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    every = replay.read(DEFECTS)
    known = rng.sample(every, len(every) if WHOLE else SOME)
    report = Run(nova, "Nova", Limits()).again(target(cloud, nova), known)
    found = {key for one in report.findings.every for key in one.keys}
    assert found == {key for one in known for key in one["keys"] if key.split(" | ")[1] == one["action"]}
