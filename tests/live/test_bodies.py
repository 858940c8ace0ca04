"""What a running Nova makes of bodies, right and wrong, at each microversion at which something about them changes.

The server does not exist, so that a right body meets a 404 and a wrong one a 400 before it; to create one, a
reader asks, whom the policy refuses after the body.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from bodies import boundaries, fields, judged, right, wrong
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from live.chance import many

if TYPE_CHECKING:
    import random

    from hypothesis.strategies import SearchStrategy
    from live.cloud import Cloud

    from lifecycle import Lifecycle

BODIES = many(1000)
RECORD = os.environ.get("LIFECYCLE_LIVE_RECORD")
NOWHERE = "11111111-2222-4333-8444-555555555555"
PLACES = {"{id}": NOWHERE, "{volume}": NOWHERE, "{port}": NOWHERE, "{tag}": "x", "{key}": "k"}
AGREEING = 0.995
Asked = tuple[str, str, Any, int, str]
"""Action, microversion, body, the code that Nova answered, its words."""


def test_bodies_are_judged_as_nova_judges_them(cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
    pairs = [(action, at) for action in nova.rules.actions for at in boundaries(nova, action)]
    asked: list[Asked] = []
    for pair in pairs:
        _ask(cloud, nova, pair, BODIES // len(pairs) + 1, rng.randrange(10**6), asked)
    if RECORD:
        _record(RECORD, asked)
    assert len(asked) >= BODIES // 2
    defects = [one for one in asked if one[3] == 500]
    assert {judged(nova, *one[:3]) for one in defects} <= {400}, "what crashes Nova is wrong"
    differ = [(*one, code) for one in asked if one not in defects and (code := judged(nova, *one[:3])) != one[3]]
    counts = Counter(code for *_, code, _ in asked)
    print(f"{len(asked)} bodies, {counts}, {len(differ)} differ")  # noqa: T201
    shown = "\n".join(
        f"{ours} and not {code}: {action} {at} {json.dumps(body)} {words}" for action, at, body, code, words, ours in differ
    )
    assert len(differ) <= (1 - AGREEING) * (len(asked) - len(defects)), shown


def _ask(cloud: Cloud, nova: Lifecycle, pair: tuple[str, str], count: int, chance: int, asked: list[Asked]) -> None:
    action, at = pair

    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @seed(chance)
    @given(bodies(nova, action, at))
    def send(body: Any) -> None:
        if body is None or not _fits_json(body):
            return
        method, path, _ = nova.ruling(action, None, "admin", at).wire
        for place, text in PLACES.items():
            path = path.replace(place, text)
        caller = "reader" if action == "create" else "admin"
        reply = cloud.ask(method, path, body, caller, int(at.partition(".")[2]))
        asked.append((action, at, body, reply.code, reply.message))

    send()


def bodies(lifecycle: Lifecycle, action: str, at: str) -> SearchStrategy[Any]:
    """One right body to two that mostly are not."""
    document = lifecycle.document("request", action, microversion=at)
    assert document
    changed = wrong(document.schema, fields(lifecycle, action))
    return st.one_of(right(document.schema), changed, changed)


def _fits_json(body: Any) -> bool:
    try:
        json.dumps(body, allow_nan=False)
    except ValueError:
        return False
    return True


def _record(path: str, asked: list[Asked]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for action, at, body, code, words in asked:
            case = {"action": action, "microversion": at, "body": body, "code": code, "message": words}
            file.write(json.dumps(case) + "\n")
