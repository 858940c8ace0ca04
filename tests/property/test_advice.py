"""Advice is true: what is followed leads there, and no shorter way does."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.explore.plan import NoPlan
from lifecycle.machine.model import Machine

COMPUTE = Lifecycle.load("compute")
RULES = COMPUTE.rules
TRIGGERS = [
    f"{action}:{variant}" if variant else action
    for action in RULES.actions
    if action != "create"
    for variant in RULES.variants(action) or (None,)
]
IDLE = [state for state in RULES.states if state != "BUILD"]


def servers() -> st.SearchStrategy[Server]:
    keys = {
        "locked_by": st.none() | st.sampled_from(list(RULES.holders)),
        "options": st.fixed_dictionaries({}, optional={name: st.sampled_from([-1, 0, 1]) for name in RULES.options}),
        "volume_backed": st.booleans(),
    }
    return st.fixed_dictionaries(
        {"state": st.sampled_from(IDLE), "before": st.sampled_from(["ACTIVE", "SHUTOFF"])}, optional=keys
    ).map(lambda told: Server(**told))


def key(machine: Machine) -> tuple[object, ...]:
    return tuple(value for name, value in machine.told().items() if name != "options")


def brute(start: Machine, target: str, most: int) -> int | None:
    """The fewest requests to a state, by trying them all on machines: slow, and with nothing in common with the plan."""
    edge, seen = [start], {key(start)}
    for length in range(most + 1):
        if any(machine.state == target for machine in edge):
            return length
        further = []
        for machine in edge:
            for name in TRIGGERS:
                decision = machine.decide(name)
                if not decision.allowed or decision.loses or len(decision.becomes) > 1:
                    continue
                other = copy.copy(machine)
                other.trigger(name)
                other.settle()
                if key(other) not in seen:
                    seen.add(key(other))
                    further.append(other)
        edge = further
    return None


@settings(max_examples=40)
@given(servers(), st.sampled_from(IDLE), st.sampled_from(["member", "admin"]))
def test_a_plan_leads_there_and_none_is_shorter(server: Server, target: str, caller: str) -> None:
    machine = COMPUTE.machine(server, caller)
    shortest = brute(machine, target, 3)
    try:
        plan = COMPUTE.plan(server, target, caller)
    except NoPlan:
        assert shortest is None
        return
    assert not plan.loses
    for decision in plan.requests:
        machine.trigger(f"{decision.action}:{decision.variant}" if decision.variant else decision.action)
        machine.settle()
    assert machine.state == target
    assert shortest is None or shortest == len(plan.requests)


@settings(max_examples=60)
@given(st.sampled_from(TRIGGERS), servers(), st.sampled_from(list(RULES.callers)), st.sampled_from(["2.1", "2.47", "2.104"]))
def test_what_is_advised_makes_it_allowed(trigger: str, server: Server, caller: str, version: str) -> None:
    action, _, variant = trigger.partition(":")
    decision = COMPUTE.decide(action, server, caller, version, variant or None)
    for advice in decision.to_allow:
        changed = {name: value for name, value in advice.items() if name in ("state", "task_state", "locked_by")}
        told = Server(**{**server.told, **changed})
        other = COMPUTE.decide(action, told, advice.get("caller", caller), advice.get("microversion", version), variant or None)
        assert other.allowed, advice
        assert advice["by"] in RULES.callers
    assert decision.allowed <= (decision.to_allow == [])
    sizes = [len(advice) for advice in decision.to_allow]
    assert sizes == sorted(sizes)
