"""The whole compute table in other libraries, as each of them holds it best; none of them knows microversions.

A state is an idle status. What else a question depends on (task, lock, host, caller) is one guard for each action and
state, a look-up in a set: the cheapest that it can be made. automaton has no guards, so there every situation is a state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automaton.machines import FiniteMachine
from statemachine import State, StateMachine
from statemachine.factory import StateMachineMetaclass
from transitions import Machine

from bench.questions import MICROVERSION, RULES, Asked, everything, make_server
from lifecycle import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.questions import Question

    Answers = Callable[[], list[bool]]

Cells = dict[tuple[str, str], tuple[str, frozenset[Asked]]]
"""For each action and state where it is ever allowed: the first state it can end in, and when it is."""


def cells() -> Cells:
    """The table, asked cell by cell."""
    lifecycle, asked = Lifecycle(RULES), list(everything())
    found: Cells = {}
    for state in RULES.states:
        servers = [make_server(state, task, locked_by=holder, host=host) for task, holder, host, _ in asked]
        for action in RULES.actions:
            decisions = [
                lifecycle.decide(action, server, one[-1], MICROVERSION) for one, server in zip(asked, servers, strict=True)
            ]
            allowed = frozenset(one for one, decision in zip(asked, decisions, strict=True) if decision.allowed)
            if allowed:
                found[action, state] = next(decision.becomes[0] for decision in decisions if decision.allowed), allowed
    return found


class Model:
    """What a guard looks at; `transitions` adds the state and the triggers."""

    asked: Asked
    state: str
    may_trigger: Callable[[str], bool]

    def guard(self, allowed: frozenset[Asked]) -> Callable[[], bool]:
        """Whether what is asked is among what is allowed."""
        return lambda: self.asked in allowed


def with_transitions(questions: Sequence[Question], table: Cells) -> Answers:
    """One flat Machine without automatic transitions; `may_trigger` is asked."""
    model = Model()
    moves = [
        {"trigger": action, "source": state, "dest": becomes, "conditions": model.guard(allowed)}
        for (action, state), (becomes, allowed) in table.items()
    ]
    Machine(model, states=list(RULES.states), transitions=moves, initial="ACTIVE", auto_transitions=False)
    asked = [(question.action, question.state, question.asked) for question in questions]

    def answers() -> list[bool]:
        found = []
        for action, model.state, model.asked in asked:
            found.append(model.may_trigger(action))
        return found

    return answers


def with_statemachine(questions: Sequence[Question], table: Cells) -> Answers:
    """One StateMachine; whether the event is among those that are enabled, for it has no question about one of them."""
    model = Model()
    sources = {state for _, state in table}
    states = {name: State(initial=name == "ACTIVE", final=name not in sources, value=name) for name in RULES.states}
    body: dict[str, Any] = {"validate_disconnected_states": False, **states}  # some are reached by events, not by actions
    for (action, state), (becomes, allowed) in table.items():
        name = action.replace("-", "_")
        move = states[state].to(states[becomes], cond=model.guard(allowed))
        body[name] = body[name] | move if name in body else move
    machine: Any = StateMachineMetaclass("Compute", (StateMachine,), body)()
    asked = [(question.action.replace("-", "_"), question.state, question.asked) for question in questions]

    def answers() -> list[bool]:
        found = []
        for action, machine.current_state_value, model.asked in asked:
            found.append(any(event.id == action for event in machine.enabled_events()))
        return found

    return answers


def with_automaton(questions: Sequence[Question], table: Cells) -> Answers:
    """One FiniteMachine of all situations that are asked about; it starts in one, and says whether an event can be."""
    machine = FiniteMachine()
    asked = [(question.action, "/".join(map(str, (question.state, *question.asked)))) for question in questions]
    for question, (_, situation) in zip(questions, asked, strict=True):
        if situation not in machine.states:
            machine.add_state(situation)
            for action in RULES.actions:
                if question.asked in table.get((action, question.state), ("", ()))[1]:
                    machine.add_transition(situation, situation, action)

    def answers() -> list[bool]:
        found = []
        for action, situation in asked:
            machine.initialize(situation)
            found.append(machine.is_actionable_event(action))
        return found

    return answers
