"""The table as one flat `transitions.Machine`, for the tools of that library: its triggers, graphs and markup.

Its states are the idle states and the tasks on the way (`ACTIVE/powering-off`), its triggers the actions
and events, its conditions the decisions. What is triggered through it is done by our own machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transitions import Machine as TransitionsMachine

from lifecycle.engine.outcome import ends
from lifecycle.machine.plant import ADVANCED, FAILED, SETTLED, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.engine.rules import Data, Rules

Edge = tuple[str, str, str]
Place = tuple[str, str | None]


def flat(rules: Rules, cls: type[TransitionsMachine] = TransitionsMachine, **options: Any) -> TransitionsMachine:
    """The machine of `transitions`, or of a class of its own (GraphMachine, MarkupMachine …); it has no model.

    `machine.events["os-stop"].trigger(model)` does what `model.trigger("os-stop")` does.
    """
    edges = sorted(set(_edges(rules)))
    states = dict.fromkeys([*rules.states, *(end for _, source, dest in edges for end in (source, dest))])
    transitions = [
        {"trigger": trigger, "source": source, "dest": dest, "conditions": _leads_there, "before": _does}
        for trigger, source, dest in edges
    ]
    settings = {"initial": rules.usual_state, "auto_transitions": False, "send_event": True, "model": None, **options}
    return cls(states=list(states), transitions=transitions, **settings)


def _leads_there(event: Any) -> bool:
    """Whether this trigger, in the model's situation, leads where this transition does."""
    found: bool = event.model.leads(event.event.name, event.transition.dest)
    return found


def _does(event: Any) -> None:
    event.model.do(event.event.name, event.transition.dest)


def _edges(rules: Rules) -> list[Edge]:
    """Every (trigger, source, destination) that some situation allows."""
    edges: list[Edge] = []
    places: dict[Place, None] = {(state, None): None for state in rules.states}
    triggers = [
        (f"{name}:{variant}" if variant else name, edition["rule"])
        for name, row in (*rules.actions.items(), *rules.events.items())
        for variant in row["variants"] or (None,)
        for edition in rules.editions(name, variant, "reference")
    ]
    todo = list(places)
    while todo:
        place = todo.pop()
        for trigger, rule in triggers:
            for edge, reached in _steps(rules, trigger, rule, place):
                edges.append(edge)
                if reached not in places:
                    places[reached] = None
                    todo.append(reached)
    return edges


def _steps(rules: Rules, trigger: str, rule: Data, place: Place) -> Iterator[tuple[Edge, Place]]:
    """The edges of a trigger from a place and of the work that it begins there, each with where it leads."""
    state, task = place
    asked = rule["requires"]
    if rule["removed"] or state not in asked.get("state", (state,)) or task not in asked.get("task", (task,)):
        return
    for row in rule["outcomes"]:
        if not _may_fit(row, state, task):
            continue
        becomes = _all_ends(rules, row["becomes"], state)
        shown = _shown(row, becomes, place)
        yield (trigger, name_of(*place), name_of(*shown)), shown
        yield from _work(rules, row, becomes, state, shown[0])


def _may_fit(row: Data, state: str, task: str | None) -> bool:
    when = row["when"]
    return state in when.get("state", (state,)) and task in when.get("task_state", (task,))


def _all_ends(rules: Rules, forms: Any, state: str) -> tuple[str, ...]:
    return ends(rules, forms, {"state": state, "before": None}) or ()


def _shown(row: Data, becomes: tuple[str, ...], place: Place) -> Place:
    state, task = place
    if row["at_once"] is not None:
        return row["at_once"].get("state", state), row["at_once"].get("task", task)
    if row["tasks"]:
        return state, row["tasks"][0]
    return (becomes[0], task) if becomes else place


def _work(rules: Rules, row: Data, becomes: tuple[str, ...], state: str, shown: str) -> Iterator[tuple[Edge, Place]]:
    """The edges of the work that an outcome begins, each with the place that it leads to."""
    if not row["becomes"]:
        return
    tasks = row["tasks"] or [None]
    fails = _all_ends(rules, row["fails"], state) or (state,)
    for number, task in enumerate(tasks):
        here = name_of(shown, task)
        if number + 1 < len(tasks):
            yield (ADVANCED, here, name_of(shown, tasks[number + 1])), (shown, tasks[number + 1])
        for end in becomes:
            yield (SETTLED, here, end), (end, None)
            if number + 1 == len(tasks):
                yield (ADVANCED, here, end), (end, None)
        for end in fails:
            yield (FAILED, here, end), (end, None)
