"""One action or event: from where, through which tasks, to where, and where it fails; and who tells whom what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lifecycle.errors import UnknownName, listed
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import BEFORE, START, of_ruling
from lifecycle.render.views.everything import data, live, state, title, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.rules import Rules
    from lifecycle.render.rows import Row, Scene

FAILS = "fails"
CALLER, API, WORKER = "caller", "API", "worker"


class UnknownEdge(UnknownName):
    """Neither an action nor an event of the table."""

    kind = "action or event"


def action(scene: Scene, name: str) -> Picture:
    """The graph of one action or event: a box for each outcome, with the tasks that it runs through. Raises UnknownEdge."""
    rulings = _rulings(scene, name)
    found = [row for ruling in rulings for row in of_ruling(scene, ruling)]
    conditions = [set(row.when) for row in found]
    shared = set.intersection(*conditions) if conditions else set()
    boxes: dict[tuple[object, ...], list[Row]] = {}
    for row in found:
        boxes.setdefault((row.label, row.outcome.tasks, row.outcome.loses, _leads(row)), []).append(row)
    works = [
        Node(f"work {number}", "task", rows[0].label, _under_way(rows, shared)) for number, rows in enumerate(boxes.values())
    ]
    edges = dict.fromkeys(
        edge for box, rows in zip(works, boxes.values(), strict=True) for row in rows for edge in _around(row, box.name)
    )
    touched = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [Node(START, "start"), *(state(scene, one) for one in scene.rules.states), *works]
    told = words(sorted(shared, key=lambda pair: pair[0]))
    notes = [f"It takes {told}." if told else "", *(note for ruling in rulings for note in _notes(ruling))]
    return Picture(
        f"{scene.rules.name} {name}",
        title(scene, name),
        tuple(node for node in nodes if node.name in touched),
        tuple(edges),
        notes=tuple(dict.fromkeys(filter(None, notes))),
        data=data(scene, edges),
        live=live(scene),
    )


def _rulings(scene: Scene, name: str) -> list[Ruling]:
    rules = scene.rules
    if name not in rules.actions and name not in rules.events:
        raise UnknownEdge(name, (*rules.actions, *rules.events))
    variants = (rules.actions.get(name) or rules.events[name])["variants"] or (None,)
    return [scene.ruling(name, variant) for variant in variants]


def _leads(row: Row) -> tuple[str, ...]:
    """Where a row leads, as far as that is not where it began."""
    return tuple(end for end in row.ends if end != row.source)


def _under_way(rows: list[Row], shared: set[tuple[str, tuple[object, ...]]]) -> tuple[str, ...]:
    """What stands in a box: what it is for, the tasks, what is lost, and that nothing changes where nothing does."""
    wheres = dict.fromkeys(words(pair for pair in row.when if pair not in shared) for row in rows)
    told = [*filter(None, wheres), *(["otherwise"] if "" in wheres and len(wheres) > 1 else [])]
    said = [f"{'or' if number else 'where'} {where}" for number, where in enumerate(told)]
    outcome = rows[0].outcome
    ends = [f"loses {listed(outcome.loses)}"] if outcome.loses else []
    ends += [] if _leads(rows[0]) else ["the state stays"]
    return (*said, *outcome.tasks, *ends)


def _around(row: Row, box: str) -> Iterator[Edge]:
    """Into the box, out of it, and out of it where the work fails."""
    yield Edge(row.source, box, (), row.kind)
    for edge in row.edges() if _leads(row) else ():
        recalled = next((f"it was {values[0]} before" for key, values in edge.when if key == BEFORE and len(row.ends) > 1), "")
        yield Edge(box, edge.target, (recalled,) if recalled else (), "work")
    for end in row.fails:
        yield Edge(box, end, (FAILS,), "failure")


def _notes(ruling: Ruling) -> Iterator[str]:
    """Who may, and what it is refused for, in the order of the checks."""
    request, rule = ruling.request, ruling.rule
    if request.action in request.rules.events:
        yield "It happens without a caller."
        return
    who = [name for name in request.rules.may(rule) if request.rules.callers[name].fails is None]
    name = f"{request.action} {request.variant}" if request.variant else request.action
    yield f"{name}: {listed(who, 'or')} may; refused in this order: {', '.join(_codes(ruling)) or 'never'}."


def _codes(ruling: Ruling) -> Iterator[str]:
    rule = ruling.rule
    callers = ruling.request.rules.callers.values()
    for check in ruling.request.rules.checks:
        asked = check.name in rule["requires"] or (check.asks == "lock" and rule["lock"] != "ignored")
        asked = (
            asked or (check.asks == "policy" and rule["by"] is not None) or (check.asks == "body" and rule["body"] is not None)
        )
        asked = asked or any(caller.fails == check.name for caller in callers)
        if asked:
            yield f"{rule['codes'].get(check.name, check.code)} {check.asks}"


def sequence(scene: Scene, name: str) -> Picture:
    """Who tells whom what when an action is asked for, or an event happens, in the usual case. Raises UnknownEdge."""
    rules = scene.rules
    ruling = _rulings(scene, name)[0]
    found = list(of_ruling(scene, ruling))
    row = next((row for row in found if row.usual), found[0] if found else None)
    if row is None:
        return Picture(
            f"{rules.name} {name} sequence", title(scene, name), (), (), notes=(f"{name} is not there.",), form="sequence"
        )
    asked = name in rules.actions
    worker = rules.service_type or rules.name
    nodes = ((Node(CALLER, "party"),) if asked else ()) + (
        Node(API, "party", f"{rules.service} API" if rules.service else "API"),
    )
    edges = [*_request(ruling, row)] if asked else []
    nodes += (Node(WORKER, "party", worker),)
    edges += _work(scene, row, asked=asked)
    return Picture(f"{rules.name} {name} sequence", title(scene, name), nodes, tuple(edges), form="sequence")


def _request(ruling: Ruling, row: Row) -> Iterator[Edge]:
    method, path, body = ruling.wire
    document = json.dumps(body, ensure_ascii=False) if body is not None else ""
    short = document if len(document) <= LONGEST else f"{document[: LONGEST - 1]}…"
    yield Edge(CALLER, API, (f"{method} {path}", *([short] if short else [])))
    codes = list(_codes(ruling))
    if codes:
        yield Edge(API, API, ("asks in order", *codes), "work")
        yield Edge(API, CALLER, ("the first that refuses answers",), "failure")
    if row.outcome.tasks:
        yield Edge(API, API, (f"shows {_shown(ruling.request.rules, row, row.outcome.tasks[0])}",), "work")
    yield Edge(API, CALLER, (str(row.outcome.answers),), "work")


LONGEST = 60  # characters of a body that is shown


def _work(scene: Scene, row: Row, *, asked: bool) -> Iterator[Edge]:
    """The work, task by task, and its end."""
    rules, tasks = scene.rules, row.outcome.tasks
    if not tasks:
        if row.ends != (row.source,):
            yield Edge(API if asked else WORKER, API, (f"it is {listed(row.ends, 'or')}",), "work")
        return
    if asked:
        yield Edge(API, WORKER, (row.label,), "action")
    for task in tasks:
        yield Edge(WORKER, WORKER, (f"{task} · {_shown(rules, row, task)}",), "work")
    yield Edge(WORKER, API, (f"settles: {listed(row.ends, 'or')}",), "work")
    if row.outcome.fails:
        yield Edge(WORKER, API, (f"fails: {listed(dict.fromkeys(row.outcome.fails), 'or')}",), "failure")


def _shown(rules: Rules, row: Row, task: str) -> str:
    """The status that is shown while a task is under way."""
    state = row.outcome.shown[0] if row.outcome.shown else row.source
    return rules.status(state, task)
