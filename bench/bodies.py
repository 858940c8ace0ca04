"""Promise: to validate a rebuild's body costs at most a fifth of what jsonschema's prebuilt validator takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema

from bench.harness import Line, Row, measure
from bench.questions import MICROVERSION, RULES
from lifecycle import Lifecycle
from lifecycle.bodies.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lifecycle.bodies.read import Document

ROUNDS, TIMES = 15, 200
IMAGE = "70a599e0-31e7-49b7-b260-868f441e862b"
BODIES: dict[str, dict[str, Any]] = {
    "the least": {"imageRef": IMAGE},
    "a full one": {
        "imageRef": IMAGE,
        "name": "web-1",
        "description": "front end",
        "adminPass": "secret",
        "metadata": {"role": "web", "tier": "1"},
        "OS-DCF:diskConfig": "AUTO",
        "accessIPv4": "192.0.2.10",
        "accessIPv6": "2001:db8::10",
        "preserve_ephemeral": False,
        "personality": [{"path": "/etc/motd", "contents": "aGVsbG8="}],
    },
    "a wrong one": {"imageRef": "x", "name": "", "nonsense": 1},
}


def lines() -> list[Line]:
    """For each body ours and the peer's, both with formats checked, the answers compared first."""
    document = Lifecycle(RULES).document("request", "rebuild", microversion=MICROVERSION)
    assert document
    peer = jsonschema.Draft202012Validator(document.schema, format_checker=_formats())
    rows, found = [], []
    for name, content in BODIES.items():
        body, right = {"rebuild": content}, name != "a wrong one"
        ours, its = f"rebuild's body, {name}", f"jsonschema: the same, {name}"
        rows += [_row(ours, _ours(document, body), right), _row(its, _its(peer, body), right)]
        found.append((ours, its, 0.2 if right else None))
    times = measure(rows, ROUNDS)
    return [
        line
        for ours, its, limit in found
        for line in (Line(its, times.of(its)), Line(ours, times.of(ours), "jsonschema", times.ratio(ours, its), limit))
    ]


def _ours(document: Document, body: object) -> Callable[[], bool]:
    return lambda: document.mistakes(body) is None


def _its(peer: jsonschema.Draft202012Validator, body: object) -> Callable[[], bool]:
    return lambda: not [*peer.iter_errors(body)]


def _row(name: str, check: Callable[[], bool], right: bool) -> Row:
    return Row(name, lambda: [check() for _ in range(TIMES)], [right] * TIMES, TIMES)


def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker()
    for name, (passes, _) in FORMATS.items():
        checker.checks(name)(lambda value, passes=passes: not isinstance(value, str) or passes(value))
    return checker
