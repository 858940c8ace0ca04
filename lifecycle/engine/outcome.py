"""What an accepted request does: the tasks it starts, and where the work can end."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from lifecycle.engine.rules import Data, Rules

SAME = "same"  # in an end: the state that the server was in


class Outcome:
    """What follows when an action is accepted in one kind of situation; None in `becomes`: nothing changes."""

    __slots__ = (
        "answers",
        "becomes",
        "failed",
        "fails",
        "gives_back",
        "lock",
        "loses",
        "makes",
        "records",
        "remembers",
        "row",
        "shown",
        "still",
        "tasks",
        "verdict",
    )

    def __init__(self, rules: Rules, data: Data, values: Mapping[str, Any]) -> None:
        self.answers: int = data["answers"]
        self.tasks: tuple[str, ...] = tuple(data["tasks"])
        self.becomes = ends(rules, data["becomes"], values)
        self.shown: tuple[str, str | None] | None = _shown(data, self.becomes, values)
        self.fails = ends(rules, data["fails"], values)
        self.failed: Mapping[str, bool] = data["failed"]
        self.loses: tuple[str, ...] = tuple(data["loses"])
        self.lock: bool | None = data["lock"]
        self.remembers: str | None = data["remembers"]
        self.gives_back: str | None = data["gives_back"]
        self.makes: Data = data["makes"]
        self.records: Data | None = data["records"]
        self.still: bool = self.becomes is None and self.shown is None and self.lock is None and not self.remembers
        self.row: str = data["at"]
        self.verdict = (self.row, self.answers, self.tasks, self.becomes, self.fails, self.lock)


def _shown(data: Data, becomes: tuple[str, ...] | None, values: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """The state and task right after the answer; None where the answer itself changes neither.

    Work that takes a task shows it; what takes none is done with the answer.
    """
    at_once = data["at_once"]
    if at_once is not None:
        return at_once.get("state", values["state"]), at_once.get("task", values["task_state"])
    if data["tasks"]:
        return values["state"], data["tasks"][0]
    return (becomes[0], values["task_state"]) if becomes else None


def ends(rules: Rules, forms: Sequence[Any] | None, values: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The states that `becomes` or `fails` says, for a server with these values, each once."""
    if forms is None:
        return None
    states: dict[str, None] = {}
    for form in forms:
        if not isinstance(form, str):
            before = values["before"]
            states |= dict.fromkeys([before] if before else rules.recalls[form["recall"]])
        else:
            states[values["state"] if form == SAME else form] = None
    return tuple(states)


class Outcomes:
    """The ordered outcomes of one rule: the first that fits a situation wins."""

    __slots__ = ("_known", "keys", "rows", "rules")

    def __init__(self, rules: Rules, rows: Sequence[Data]) -> None:
        self.rules = rules
        self.rows = rows
        conditions = {key for row in rows for key in row["when"]}
        shown = {"task_state"} if any(not row["tasks"] or row["at_once"] is not None for row in rows) else set()
        self.keys = tuple(sorted(conditions | shown | {"state", "before"}))
        self._known: dict[tuple[Any, ...], Outcome] = {}

    def of(self, values: Mapping[str, Any]) -> Outcome:
        """The outcome for these values; the table's lint has seen to it that the last one always fits."""
        key = tuple([values[name] for name in self.keys])
        outcome = self._known.get(key)
        if outcome is None:
            row = next(row for row in self.rows if fits(row["when"], values))
            outcome = self._known[key] = Outcome(self.rules, row, values)
        return outcome


def fits(when: Mapping[str, Sequence[Any]], values: Mapping[str, Any]) -> bool:
    """Whether every condition holds: the value of each key is among those named."""
    return all(values[key] in wanted for key, wanted in when.items())
