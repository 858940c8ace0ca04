"""Questions drawn from the whole compute table, with the answers that lifecycle gives when it is asked for the first time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from lifecycle import Lifecycle, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.engine.rules import Rules

CALLERS = ("member", "admin")
MICROVERSION = "2.47"
MICROVERSIONS = ("2.47", "2.60", "2.79", "2.95")

Asked = tuple[str | None, str | None, bool, str]
"""All that a question depends on besides action and state: task, holder of the lock, on a host or not, caller."""


@dataclass(frozen=True)
class Question:
    """May this be done? A variant is the usual one."""

    action: str
    state: str
    asked: Asked
    microversion: str  # of the form that is told it in each call; the others are asked at MICROVERSION

    @property
    def server(self) -> Server:
        """The server that is asked about; of equal ones there is only one."""
        task, locked_by, host, _ = self.asked
        return make_server(self.state, task, locked_by=locked_by, host=host)


def make_server(state: str, task: str | None = None, **told: object) -> Server:
    """A server in this state of the compute table; `told` holds other keys of a case."""
    vm_state = RULES.states[state]["vm_state"]
    return Server(vm_state=vm_state, task_state=task, **told)


def everything() -> Iterator[Asked]:
    """Each task, lock, host and caller there can be."""
    yield from product((None, *RULES.tasks), (None, *RULES.holders), (True, False), CALLERS)


def draw(count: int) -> list[Question]:
    """Random questions, the same at every run: all actions, states, tasks, locks, hosts and callers alike."""
    chance = random.Random(2_47)  # noqa: S311 - no secret
    actions, states, asked = list(RULES.actions), list(RULES.states), list(everything())
    return [
        Question(chance.choice(actions), chance.choice(states), chance.choice(asked), chance.choice(MICROVERSIONS))
        for _ in range(count)
    ]


def oracle(question: Question, microversion: str = MICROVERSION) -> bool:
    """The answer of a Lifecycle that other rows do not use."""
    return ORACLE.decide(question.action, question.server, question.asked[-1], microversion).allowed


ORACLE = Lifecycle.load("compute")
RULES: Rules = ORACLE.rules
