"""The rows that fire: against every decision, asked one by one."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle
from lifecycle.engine.decide import Decision, Ruling
from lifecycle.engine.situation import situate
from lifecycle.render.rows import START, Scene, domain, makes, of_ruling, rows
from lifecycle.render.views.everything import everything

TABLES = Path(__file__).parent.parent / "tables"
OWN = [*sorted((TABLES / "valid").iterdir()), TABLES / "real" / "volume.yaml"]


def fired(ruling: Ruling) -> set[tuple[Any, ...]]:
    """Every outcome that a decision can have, by the state that it is decided in: all values that rule could look at."""
    rules = ruling.request.rules
    rows = ruling.rule["outcomes"]
    keys = {gate.key for gate in ruling.gates} | {key for row in rows for key in row["when"]}
    keys &= {*rules.facts, *rules.options, "locked_by", "task_state", "before"}
    found = set()
    states = [state for state, data in rules.states.items() if not data["end"]]
    for state in [rules.usual_state] if makes(ruling) else states:
        base = situate(rules, {"state": state})
        implied = rules.states[state]["implies"]
        domains = [[implied[key]] if key in implied else few(ruling, key) for key in sorted(keys)]
        for values in product(*domains):
            decision = ruling.decide(base.but(**dict(zip(sorted(keys), values, strict=True))))
            if decision.allowed:
                found.add((START if makes(ruling) else state, number(decision)))
    return found


def few(ruling: Ruling, key: str) -> list[Any]:
    """The values of a key; of tasks and states, which are many, those that outcomes name, one that is wanted, and one more."""
    values = list(domain(ruling.request.rules, key))
    named = {value for row in ruling.rule["outcomes"] for value in row["when"].get(key, ())}
    wanted = list(ruling.rule["requires"].get({"task_state": "task"}.get(key, key)) or []) if key == "task_state" else []
    return values if len(values) <= 5 else [value for value in values if value in {*named, *wanted[:1], None}] + values[1:2]


def number(decision: Decision) -> int:
    """Which outcome of its rule a decision has: the first whose conditions hold."""
    values = decision.situation.values
    fitting = (
        index
        for index, row in enumerate(decision.ruling.rule["outcomes"])
        if all(values[key] in wanted for key, wanted in row["when"].items())
    )
    return next(fitting)


def rulings(scene: Scene) -> list[Ruling]:
    names = {**scene.rules.actions, **scene.rules.events}
    return [scene.ruling(name, variant) for name, data in names.items() for variant in data["variants"] or (None,)]


@pytest.mark.parametrize("table", ["compute", *OWN], ids=lambda table: Path(table).stem)
@pytest.mark.parametrize("caller", [None, "usual"])
def test_every_row_that_a_decision_can_have_fires_and_is_an_edge(table: str, caller: str | None) -> None:
    rules = Lifecycle.load(table).rules
    scene = Scene(rules, caller=rules.usual_caller if caller else None)
    found = rows(scene)
    by_ruling: dict[tuple[str, str | None], int] = {}
    for row in found:
        by_ruling[row.action, row.variant] = by_ruling.get((row.action, row.variant), 0) + 1
    decided = {(one.request.action, one.request.variant): len(fired(one)) for one in rulings(scene)}
    assert by_ruling == {key: count for key, count in decided.items() if count}
    edges = [edge for edge in everything(scene).edges if edge.labels and edge.kind != "failure"]
    assert len(edges) == sum(len(row.ends) for row in found)
    assert {(edge.source, edge.trigger) for edge in edges} == {(row.source, row.trigger) for row in found}


def test_a_row_leads_where_its_decisions_lead(compute: Lifecycle) -> None:
    """In the situation that its conditions describe, with their first values, and the usual ones for the rest."""
    scene = Scene(compute.rules)
    for row in rows(scene):
        told: dict[str, Any] = {key: values[0] for key, values in row.when}
        options = {
            key: {"zero": 0, "positive": 1, "negative": -1}[told.pop(key)] for key in list(told) if key in compute.rules.options
        }
        where: dict[str, Any] = {"exists": False} if row.source == START else {"state": row.source}
        decision = scene.ruling(row.action, row.variant).decide(situate(compute.rules, {**where, **told, "options": options}))
        assert decision.allowed, row
        if row.usual:
            assert (decision.outcome and decision.outcome.row) == row.outcome.row, row
            assert row.source == START or decision.becomes == list(row.ends), row


def test_what_is_dashed_the_usual_caller_may_not_ask(compute: Lifecycle) -> None:
    scene = Scene(compute.rules)
    usual = compute.rules.usual_caller
    for row in rows(scene):
        if row.kind == "event":
            continue
        may = not any(gate.check.asks == "policy" for gate in compute.ruling(row.action, row.variant, usual, None).gates)
        assert may == (row.kind == "action"), row.label


def test_a_caller_at_a_microversion_has_its_own_rows(compute: Lifecycle) -> None:
    version = compute.rules.version
    old = {row.action for row in rows(Scene(compute.rules, caller="member", version=version("2.43")))}
    new = {row.action for row in rows(Scene(compute.rules, caller="member"))}
    assert "addFloatingIp" in old - new
    assert not [row for row in rows(Scene(compute.rules, caller="anonymous")) if row.kind != "event"]


@pytest.mark.parametrize("table", ["compute", *OWN], ids=lambda table: Path(table).stem)
def test_the_rows_of_a_state_are_in_the_order_in_which_they_are_asked(table: str) -> None:
    """A machine takes the first that fits, so an outcome must not stand before one that is asked before it."""
    scene = Scene(Lifecycle.load(table).rules)
    for ruling in rulings(scene):
        order = [outcome["at"] for outcome in ruling.rule["outcomes"]]
        by_state: dict[str, list[int]] = {}
        for row in of_ruling(scene, ruling):
            by_state.setdefault(row.source, []).append(order.index(row.outcome.row))
        assert all(numbers == sorted(numbers) for numbers in by_state.values()), ruling.request.action
