"""What is proved is so: on tables and properties by chance a checker that is written otherwise says the same."""

import os
from typing import Any

import naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_tables import compiled, contents

from lifecycle import Lifecycle, Server
from lifecycle.explore.graph import Graph, Node
from lifecycle.explore.paste import as_tests
from lifecycle.explore.verify import Verdict, verify

EXAMPLES = int(os.environ.get("LIFECYCLE_VERIFY_EXAMPLES", "10"))  # many more were tried; CI has little time


@settings(max_examples=EXAMPLES)
@given(contents())
def test_two_checkers_agree(content: dict[str, Any]) -> None:
    """On the situations, the steps, where each property is broken, and at which microversions it speaks of nothing."""
    rules = compiled(content)
    found, verdicts = verify(rules, "reference")
    silent: dict[str, dict[Any, bool]] = {verdict.name: {} for verdict in verdicts}
    for version, fixed in naive.deployments(rules):
        world = naive.World(rules, (version, fixed))
        one = deployment(found, version, fixed)
        here = {node: same(found, node) for node in found.nodes if node.deployments & one}
        assert set(here.values()) == world.steps.keys()
        for node, situation in here.items():
            assert steps(found, node, one, here) == {
                (did.how, did.name, did.by, did.to) for did in world.steps[situation] if did.how != "refused"
            }
        for verdict in verdicts:
            if naive.within(verdict.said, version):
                broken, speaks = world.judge(verdict.said)
                assert {here[node] for node, bits in verdict.broken.items() if bits & one} == broken, verdict.said
                silent[verdict.name][version] = silent[verdict.name].get(version, True) and not speaks
    for verdict in verdicts:
        assert missing(verdict.vacuous, rules) == {version for version, empty in silent[verdict.name].items() if empty}


def deployment(found: Graph, version: Any, fixed: dict[str, Any]) -> int:
    """The deployment of ours that another checker's is one of."""
    one = found.deployments.at(version, version)
    for key, value in fixed.items():
        cell = next((cell for cell in found.deployments.values.get(key, ()) if value in cell), None)
        one &= found.deployments.where(key, cell[:1]) if cell else -1
    return one


def steps(found: Graph, node: Node, one: int, here: dict[Node, naive.Here]) -> set[tuple[Any, ...]]:
    return {
        (KIND[step.kind], step.name, caller, here[step.target])
        for step in (*node.steps, *node.loops)
        if step.deployments & one
        for caller in (found.callers(step.callers) or [None])  # type: ignore[list-item]
    }


KIND = {"request": "accepted", "event": "happens", "advance": "advances", "settle": "settles", "fail": "fails", "turn": "turns"}


@settings(max_examples=EXAMPLES)
@given(contents())
def test_what_is_broken_fails_a_test_that_is_pasted(content: dict[str, Any]) -> None:
    lifecycle = Lifecycle(compiled(content))
    for verdict in lifecycle.verify():
        if not verdict.holds:
            with pytest.raises(AssertionError):
                pasted(lifecycle, verdict)


def pasted(lifecycle: Lifecycle, verdict: Verdict) -> None:
    """Runs the test that is made of a verdict, on this very table."""
    code = as_tests([verdict], []).replace("Lifecycle.load()", "table")
    space: dict[str, Any] = {"table": lifecycle}
    exec(code, space)  # noqa: S102 - what is to be pasted
    (test,) = (value for name, value in space.items() if name.startswith("test_"))
    test()


def missing(runs: Any, rules: Any) -> set[Any]:
    return {version for version in naive.versions(rules) for first, last in runs if first <= version <= last}


def same(found: Graph, node: Node) -> naive.Here:
    """A node as the other checker has it."""
    values = {key: value for key, value in node.values.items() if key in ("locked_by", *found.moves.keys)}
    under = node.work
    if under is None:
        return naive.Here(tuple(sorted(values.items())), None)
    outcome, began = under.work.outcome, under.work.began.values["state"]
    work = (under.name, outcome.tasks, outcome.becomes, outcome.fails, under.work.index, began if outcome.remembers else None)
    return naive.Here(tuple(sorted(values.items())), work)


@pytest.fixture(scope="module")
def explored(nova: Lifecycle) -> Graph:
    return nova.graph("2.95", usual=True)


@settings(max_examples=20)
@given(st.data())
def test_a_machine_goes_where_the_graph_says(nova: Lifecycle, explored: Graph, data: st.DataObject) -> None:
    """A walk of up to 25 steps through the compute table, each done by a machine as the caller who may."""
    node = data.draw(st.sampled_from(explored.starts))
    facts = {key: value for key, value in node.values.items() if key in nova.rules.facts}
    machine = nova.machine(Server(exists=False, **facts), microversion="2.95")
    for _ in range(25):
        if not node.steps:
            break
        step = data.draw(st.sampled_from(node.steps))
        if step.kind == "turn":
            machine.turn(step.name)
        elif step.kind in ("settle", "fail"):
            getattr(machine, step.kind)(step.target.place.state)
        elif step.kind == "advance":
            machine.advance()
        else:
            who = data.draw(st.sampled_from(explored.callers(step.callers) or ["member"]))
            machine = nova.machine(machine, who, "2.95")
            if step.callers and machine.decide(step.name).locked_by != step.target.locked_by:
                break  # of callers who hold other locks it is another step
            machine.trigger(step.name)
        node = step.target
        told = machine.told()
        assert {key: told[key] for key in node.values} == node.values
        assert machine.status == node.status
