"""What a running Nova was recorded to answer, and how an answer is held against a decision."""

from __future__ import annotations

import csv
import json
import lzma
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifecycle import Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifecycle.engine.decide import Decision

DATA = Path(__file__).parent / "data"


FACTS = ("host", "host_up", "launched", "volume_backed", "exists")


SERVER = ("status", "vm_state", "task_state", "locked_by", "before", "options", *FACTS)


MATRIX_OPTIONS = {"reclaim_instance_interval": 3600, "shelved_offload_time": -1}


MATRIX_CALLERS = {"owner": "member", "admin": "admin"}


CUT = 120  # characters of a message that the matrix keeps


NAMES_RULE = {
    "unlock_override": "lock",
    "Policy doesn't allow": "policy",
    "is locked": "lock",
    "is not ready": "host",
    "can't be the same one": "host",
    "in vm_state": "state",
    "in task_state": "task",
    "is still in use": "host_up",
    "Service is unavailable": "host_up",
    "volume-backed instance": "volume_backed",
    "The resource could not be found": "microversion",
    "requires authentication": "token",
    "Instance {id} could not be found": "exists",
    "has no mapping to a cell": "exists",
}
"""Words of Nova that name what refused, the first that is found; the other refusals do not tell theirs apart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a running Nova answered to one request, and what the server was right after."""

    code: int
    message: str = ""
    after: tuple[str, str | None, str | None] | None = None

    def differs(self, decision: Decision, cut: int | None = None) -> str | None:
        """What the decision has otherwise than Nova; None where they agree."""
        if decision.code != self.code:
            return f"code {decision.code}, not {self.code}"
        if self.code >= 400:
            return self._refusal_differs(decision, cut) or self._after_differs(decision)
        return self._after_differs(decision)

    def _refusal_differs(self, decision: Decision, cut: int | None) -> str | None:
        named = rule_of(self.message)
        if named not in (None, decision.rule):
            return f"rule {decision.rule}, not {named}"
        words = decision.message
        if words is not None and not wild(words[:cut]).fullmatch(self.message):
            return f"words {words!r}, not {self.message!r}"
        return None

    def _after_differs(self, decision: Decision) -> str | None:
        if self.after is None:
            return None
        shown = (decision.status, decision.task_state, decision.locked_by)
        if shown == self.after or (shown[0] == self.after[0] == "DELETED"):
            return None
        return f"right after {shown}, not {self.after}"


@cache
def rule_of(message: str) -> str | None:
    """The rule that Nova's words name, or None where they name none."""
    return next((rule for words, rule in NAMES_RULE.items() if words in message), None)


@cache
def wild(words: str) -> re.Pattern[str]:
    """Our form of Nova's words; what only Nova knows, such as {host}, is anything."""
    return re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(words)), re.DOTALL)


@cache
def rows(name: str) -> list[dict[str, Any]]:
    """The objects of a recording, a line each."""
    with lzma.open(DATA / name, "rt") as file:
        return [json.loads(line) for line in file]


def server(row: Mapping[str, Any]) -> Server:
    return Server(**{key: row[key] for key in SERVER if key in row})


def matrix() -> Iterator[tuple[str, str | None, Server, str, Answer]]:
    """Action, variant, server, caller and answer of each row."""
    with lzma.open(DATA / "matrix-2.47.csv.xz", "rt") as file:
        for row in csv.DictReader(file):
            action, _, variant = row["action"].partition(":")
            asked = matrix_server(row["vm_state"], row["task_state"], row["locked_by"], variant != "hostdown")
            status = row["after_status"].replace("GONE", "DELETED")
            after = (status, row["after_task_state"] or None, row["after_locked_by"] or None)
            answer = Answer(int(row["code"]), row["message"], after)
            yield action, variant.replace("hostdown", "") or None, asked, MATRIX_CALLERS[row["caller"]], answer


@cache
def matrix_server(vm_state: str, task_state: str, locked_by: str, host_up: bool) -> Server:
    told = {"vm_state": vm_state, "task_state": task_state or None, "locked_by": locked_by or None, "host_up": host_up}
    return Server(**told, options=MATRIX_OPTIONS)


POLICIES = ("open.yaml", "closed.yaml", "support.yaml", "old.json")
"""The policy files that Nova was asked under; they lie in `policies`."""
