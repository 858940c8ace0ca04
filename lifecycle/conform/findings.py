"""What was found: faults merged by their cause, the most telling first, each with the shortest story that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.conform.faults import KINDS, RANKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lifecycle.conform.faults import Fault
    from lifecycle.conform.story import Step

WHERE = 8  # places that a finding remembers


class Finding:
    """Faults of one cause: the first of them, how often it came, where, and the story.

    `confirmed` is None where nobody tried again, False where it did not come again on a new server; `accepted` where a
    baseline knows it.
    """

    def __init__(self, fault: Fault, story: Sequence[Step]) -> None:
        self.fault = fault
        self.story = list(story)
        self.times = 0
        self.actions: dict[str, None] = {}
        self.where: dict[str, None] = {}
        self.confirmed: bool | None = None
        self.accepted = False

    def add(self, fault: Fault) -> None:
        """One more of its faults."""
        self.times += 1
        self.actions[fault.action] = None
        if len(self.where) < WHERE:
            self.where[f"{fault.action} in {fault.status}" if fault.status else fault.action] = None

    @property
    def keys(self) -> list[str]:
        """What a baseline knows it by: a line for each action, in which no line number of the table stands."""
        fault = self.fault
        return [" | ".join(map(str, (fault.kind, action, fault.rule, *fault.about))) for action in self.actions]

    @property
    def title(self) -> str:
        """What is wrong, in a line."""
        return f"{self.fault.action}: {KINDS[self.fault.kind]}"

    @property
    def requests(self) -> list[Step]:
        """The requests of its story."""
        return [step for step in self.story if step.asked is not None]

    @property
    def fails(self) -> bool:
        """Whether it makes a run fail."""
        return not self.accepted and self.confirmed is not False


class Findings:
    """All that was found in a run."""

    def __init__(self) -> None:
        self._by_cause: dict[tuple[Any, ...], Finding] = {}

    def note(self, fault: Fault, story: Sequence[Step]) -> Finding:
        """One more fault, with all that was done to the server until it came."""
        finding = self._by_cause.get(fault.cause)
        if finding is None:
            finding = self._by_cause[fault.cause] = Finding(fault, story)
        elif len(story) < len(finding.story):
            finding.fault, finding.story = fault, list(story)
        finding.add(fault)
        return finding

    def __len__(self) -> int:
        return len(self._by_cause)

    def about(self, actions: set[str]) -> bool:
        """Whether anything is known to be wrong with one of these actions."""
        return any(actions & finding.actions.keys() for finding in self._by_cause.values())

    @property
    def every(self) -> list[Finding]:
        """The most telling first."""
        order = lambda finding: (not finding.fails, RANKS[finding.fault.kind], -finding.times, finding.fault.row)  # noqa: E731
        return sorted(self._by_cause.values(), key=order)

    def accept(self, keys: Iterable[str]) -> None:
        """What a baseline knows is no failure."""
        known = set(keys)
        for finding in self._by_cause.values():
            finding.accepted = known.issuperset(finding.keys)
