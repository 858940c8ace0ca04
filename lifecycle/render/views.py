"""Views: which part of a table a picture shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.rules import Rules
from lifecycle.engine.situation import situate
from lifecycle.errors import listed
from lifecycle.render.picture import Edge, EdgeKind, Node, Picture

START = "start"
EVERY = "every state"
FAILED = "work that fails"
MOST = 0.7  # of the states: an action that so many allow is drawn from all of them at once


@dataclass(frozen=True, slots=True)
class Move:
    """An action that leads from an idle state (None: from nothing) to another."""

    source: str | None
    targets: tuple[str, ...]
    failures: tuple[str, ...]
    action: str
    kind: EdgeKind


def moves(rules: Rules, reading: str) -> list[Move]:
    """All that leads from one idle state to another with the usual options, for the usual caller."""
    found: list[Move] = []
    for action in rules.actions:
        for variant in _drawn(rules, action):
            ruling = Ruling(Request(rules, action, variant, rules.caller(None), rules.newest, reading))
            label = f"{action} {variant}" if variant else action
            found += _moves(rules, ruling, label)
    return found


def _drawn(rules: Rules, action: str) -> Iterable[str | None]:
    """The variants that a picture shows: one that a field makes goes the way of the row itself."""
    given = rules.action(action)["given"]
    return [variant for variant in rules.variants(action) or (None,) if variant not in given]


def _moves(rules: Rules, ruling: Ruling, label: str) -> Iterable[Move]:
    asked = ruling.rule["requires"]
    kind: EdgeKind = "admin" if rules.may(ruling.rule) == [next(iter(rules.callers))] else "action"
    states = asked.get("state") or list(rules.states)
    if asked.get("exists") is None:
        states = states[:1]
    for state in states:
        decision = ruling.decide(situate(rules, {"vm_state": rules.states[state]["vm_state"], **_wanted(rules, ruling)}))
        ends = tuple(end for end in decision.becomes if end != state or asked.get("exists") is None)
        if ends:
            failures = tuple(end for end in decision.on_failure[:1] if end != state)
            yield Move(state if asked.get("exists") is not None else None, ends, failures, label, kind)


def _wanted(rules: Rules, ruling: Ruling) -> dict[str, bool]:
    """The facts that an action asks for, so that a picture shows it."""
    return {key: value for key, value in ruling.rule["requires"].items() if key in rules.facts and key != "host"}


def overview(rules: Rules, reading: str) -> Picture:
    """The lifecycle at a glance: every state that is met with the usual options, and the plain way between them.

    An action is drawn from the state that its row names first; what nearly every state allows is drawn once.
    """
    every = moves(rules, reading)
    known = _reached(every, lambda move: (*move.targets, *move.failures))
    failed = known - _reached(every, lambda move: move.targets)
    live = [state for state in rules.states if state in known and not rules.states[state]["end"]]
    widely = _widely(every, live)
    edges: dict[tuple[str, str, EdgeKind], list[str]] = {}
    seen: set[str] = set()
    for move in every:
        if move.action in seen or move.action in widely or move.source in failed or (move.source or START) not in {START, *known}:
            continue
        seen.add(move.action)
        edges.setdefault((move.source or START, move.targets[0], move.kind), []).append(move.action)
    for state in sorted(failed, key=list(rules.states).index):
        edges[EVERY, state, "failure"] = [FAILED]
    for action, targets in widely.items():
        if any(rules.states[target]["end"] for target in targets):
            edges.setdefault((EVERY, targets[0], "action"), []).append(action)
    drawn = [*live, *(state for state in rules.states if state in known and state not in live)]
    picture = _picture(rules, edges, drawn, widely)
    return replace(picture, notes=(*picture.notes, *(_ways_out(state, every, widely) for state in failed)))


def _reached(every: list[Move], ends: Callable[[Move], tuple[str, ...]]) -> set[str]:
    known = {end for move in every if move.source is None for end in ends(move)}
    while more := {end for move in every if move.source in known for end in ends(move)} - known:
        known |= more
    return known


def _widely(every: list[Move], live: list[str]) -> dict[str, tuple[str, ...]]:
    """The actions that most states allow, with where they lead."""
    sources: dict[str, set[str]] = {}
    targets: dict[str, tuple[str, ...]] = {}
    for move in every:
        if move.source in live:
            sources.setdefault(move.action, set()).add(str(move.source))
            targets[move.action] = move.targets
    return {action: targets[action] for action, found in sources.items() if len(found) >= MOST * len(live)}


def _ways_out(state: str, every: list[Move], widely: Iterable[str]) -> str:
    ways = [
        f"{move.action} ({listed(move.targets, 'or')})" for move in every if move.source == state and move.action not in widely
    ]
    return f"Out of {state}: {listed(ways)}."


def _picture(
    rules: Rules, edges: dict[tuple[str, str, EdgeKind], list[str]], states: list[str], widely: dict[str, tuple[str, ...]]
) -> Picture:
    drawn = {end for source, target, _ in edges for end in (source, target)}
    nodes = [Node(START, "start")] if START in drawn else []
    nodes += [Node(state, "end" if rules.states[state]["end"] else "state") for state in states]
    if EVERY in drawn:
        nodes.append(Node(EVERY, "any"))
    unseen = [state for state in rules.states if state not in states and state in _ends(rules)]
    elsewhere = [action for action in widely if not any(action in labels for labels in edges.values())]
    notes = [f"Met only with other options: {listed(unseen)}." if unseen else ""]
    notes += [f"Allowed nearly everywhere: {listed(elsewhere)}." if elsewhere else ""]
    arrows = tuple(Edge(source, target, tuple(labels), kind) for (source, target, kind), labels in edges.items())
    return Picture(rules.name, rules.title, tuple(nodes), arrows, notes=tuple(filter(None, notes)))


def _ends(rules: Rules) -> set[str]:
    """The states that work can end in, with whatever options."""
    editions = (edition for action in rules.actions.values() for edition in action["editions"])
    outcomes = (outcome for edition in editions for outcome in edition["rule"]["outcomes"])
    return {end for outcome in outcomes for end in outcome["becomes"] or () if isinstance(end, str)}


VIEWS: dict[str, Callable[[Rules, str], Picture]] = {"overview": overview}
