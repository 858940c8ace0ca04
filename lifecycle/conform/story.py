"""What was done to a server, step by step: what a finding tells, and what can be told to another server again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lifecycle.conform.judge import Asked
    from lifecycle.conform.target import Answer
    from lifecycle.engine.situation import Situation

CREATE, REQUEST, LOOK, ADVANCE, SETTLE = "create", "request", "look", "advance", "settle"
NOWHERE, TOGETHER = "nowhere", "together"
"""What a step of a story is; `nowhere` is a request to no server that there is, `together` one of several at once."""


class Step(NamedTuple):
    """One step of a story: a request with its answer, a wait (`settle`, `advance`), or a look, and what was seen.

    `before` is the situation that the server was believed to be in; None where there was no server.
    """

    what: str
    asked: Asked | None = None
    answer: Answer | None = None
    seen: str | None = None
    before: Situation | None = None
