"""What can be wrong with an implementation: one fault, said as the table expects it and as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.conform.target import Answer, Request

KINDS = {
    "crash": "an answer that says that the service itself failed",
    "accepted": "a request was accepted that the table refuses",
    "refused": "a request was refused that the table allows",
    "changed": "a refused request changed the server",
    "end": "the work ended where the table does not say",
    "endless": "the work did not end",
    "effect": "what an accepted request does at once is not what the table says",
    "kept": "the server does not show what was asked of it",
    "order": "answers to requests sent together that no order explains",
    "code": "another code than the table says",
    "shown": "the server cannot be shown as the table says",
    "document": "the document of an answer is not what the table says",
    "headers": "the headers of an answer are not what the table says",
    "words": "a refusal in other words",
}
"""Every kind of fault with what it is, the most telling first."""
CRASH = "crash"
RANKS = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as the table says: what was expected and from which line of the table, and what came.

    `about` tells faults of one cause from those of another; `status` is what the server showed before.
    """

    kind: str
    expected: str
    came: str
    row: str
    action: str
    about: tuple[Any, ...] = ()
    rule: str | None = None
    request: Request | None = None
    answer: Answer | None = None
    status: str | None = None

    @property
    def cause(self) -> tuple[Any, ...]:
        """What faults that are one finding have in common: a row of the table that several actions share is one cause."""
        return (self.kind, *self.about) if self.kind == "headers" else (self.kind, self.row, *self.about)
