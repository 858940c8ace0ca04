"""Pictures of what has been asked: a decision, a plan, a server that runs; and how they show themselves in a notebook."""

from __future__ import annotations

from dataclasses import replace

from lifecycle.errors import LifecycleError
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import Scene
from lifecycle.render.views.overview import overview
from lifecycle.render.views.server import server
from lifecycle.render.views.way import Leg, node, way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation
    from lifecycle.explore.plan import Plan
    from lifecycle.explore.ways import Way
    from lifecycle.render.views.server import Rule

WAIT = "wait"


def svg(picture: Picture) -> str | None:
    """The picture for a notebook; None, and no word, where nothing is installed that draws it."""
    from lifecycle.render.formats import render

    try:
        return render(picture, "svg").decode()
    except LifecycleError:
        return None


def of_lifecycle(rules: Rules, reading: str) -> Picture:
    """The lifecycle at a glance."""
    return overview(Scene(rules, reading))


def of_decision(decision: Decision) -> Picture:
    """The status now, what was asked, and where it leads; or the code and the reason that refuse it."""
    request, here = decision.ruling.request, decision.shown_before
    rules = request.rules
    name = f"{request.action} {request.variant}" if request.variant else request.action
    asked = f"{name}, as {request.caller.name}"
    box = Node("asked", "task", asked, tuple(decision.tasks))
    nodes = {here: node(rules, here, "here"), box.name: box}
    edges = [Edge(here, box.name, (str(decision.code),), "action" if decision.allowed else "failure")]
    for end in decision.becomes:
        nodes.setdefault(end, node(rules, end))
        edges.append(Edge(box.name, end, (), "work"))
    for end in decision.on_failure if decision.tasks else ():
        nodes.setdefault(end, node(rules, end))
        edges.append(Edge(box.name, end, ("fails",), "failure"))
    return Picture(f"{rules.name} {name}", asked, tuple(nodes.values()), tuple(edges), notes=(decision.reason,))


def of_plan(plan: Plan, rules: Rules, begin: Situation) -> Picture:
    """The requests of a plan, in order; work that each begins has settled where the next begins."""
    legs: list[Leg] = []
    start = rules.status(begin.values["state"], begin.values["task_state"])
    for one in plan.ways:
        here = legs[-1].target if legs else start
        loses = one.decision.loses if one.decision else []
        legs.append(
            Leg(_name(one), here, one.status, "action" if one.decision else "work", f"loses {', '.join(loses)}" if loses else "")
        )
    title = f"{rules.title}: from {start} to {plan.target}"
    return way(rules, legs, plan.target, title, () if legs else (f"It is {plan.target} already.",))


def _name(one: Way) -> str:
    if one.decision is None:
        return WAIT
    return f"{one.decision.action} {one.decision.variant}" if one.decision.variant else one.decision.action


def of_server(rules: Rules, ruling: Rule, situation: Situation, history: Sequence[str]) -> Picture:
    """Where a server is, and all that is allowed from here; `history` are the requests and events that led here."""
    picture = server(rules, ruling, situation)
    return replace(picture, notes=(*picture.notes, *([f"Its way: {', '.join(history)}."] if history else [])))
