"""Where one server is now, the way that it took, and what may be done or happen next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lifecycle.engine.step import works
from lifecycle.errors import listed
from lifecycle.render.picture import Edge
from lifecycle.render.rows import kind_of, makes
from lifecycle.render.views.way import node, way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation
    from lifecycle.render.picture import Picture
    from lifecycle.render.views.way import Leg

    Rule = Callable[[str, str | None], Ruling]


def server(rules: Rules, ruling: Rule, situation: Situation, legs: Sequence[Leg] = (), about: str = "") -> Picture:
    """The legs that led here, and from here all that is allowed in this very situation, lock, facts and options included.

    `ruling` gives the rule of an action or event and variant, as whoever asks meets it.
    """
    here = rules.status(situation.values["state"], situation.values["task_state"])
    found = list(_next(rules, ruling, situation, here))
    stays = dict.fromkeys(label for edge in found if edge.target == here for label in edge.labels)
    onward = [edge for edge in found if edge.target != here]
    picture = way(rules, legs, here, about or f"{rules.title}: {here}")
    known = {one.name for one in picture.nodes}
    nodes = [
        replace(one, notes=(f"it stays so: {', '.join(stays)}",)) if one.name == here and stays else one for one in picture.nodes
    ]
    nodes += [node(rules, end) for end in dict.fromkeys(edge.target for edge in onward) if end not in known]
    notes = (_told(rules, situation), "Numbers: the way that it took." if legs else "")
    return replace(picture, nodes=tuple(nodes), edges=(*picture.edges, *onward), notes=tuple(filter(None, notes)))


def _next(rules: Rules, ruling: Rule, situation: Situation, here: str) -> Iterator[Edge]:
    """What may be asked for, what may happen, and how the work under way can end."""
    for name, data in (*rules.actions.items(), *rules.events.items()):
        for variant in data["variants"] or (None,):
            asked = ruling(name, variant)
            decision = asked.decide(situation)
            if decision.allowed and not makes(asked):
                label = f"{name} {variant}" if variant else name
                yield from (Edge(here, end, (label,), kind_of(asked)) for end in _ends(decision, here))
    for work in works(rules, situation):
        yield from (
            Edge(here, end, ("the work settles",), "work") for end in work.outcome.becomes or (situation.values["state"],)
        )
        yield from (Edge(here, end, ("the work fails",), "failure") for end in work.outcome.fails or ())


def _ends(decision: Decision, here: str) -> list[str]:
    unchanged = decision.outcome is not None and decision.outcome.becomes is None
    return [here] if unchanged else decision.becomes


def _told(rules: Rules, situation: Situation) -> str:
    """What is known of it that is not as usual."""
    values = situation.values
    facts = [fact if values[fact] else f"not {fact}" for fact, data in rules.facts.items() if values[fact] != data["usual"]]
    lock = [f"locked by {rules.holders[values['locked_by']]}"] if values["locked_by"] else []
    task = [f"busy with {values['task_state']}"] if values["task_state"] else []
    said = [*task, *lock, *facts]
    return f"It is {listed(said)}." if said else ""
