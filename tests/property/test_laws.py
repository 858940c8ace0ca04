"""Laws that hold for every request on every server, whatever the table says."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Decision, Lifecycle, Server
from lifecycle.cases import Cases
from lifecycle.engine import microversion
from lifecycle.errors import UnknownAction

COMPUTE = Lifecycle.load("compute")
RULES = COMPUTE.rules
CALLERS = list(RULES.callers)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    COMPUTE._answers.clear()  # noqa: SLF001 - so that random servers do not pile up
    COMPUTE._bound.clear()  # noqa: SLF001


def requests() -> st.SearchStrategy[tuple[str, str | None]]:
    """An action, with one of its variants or none told."""
    every = [(action, variant) for action in RULES.actions for variant in (None, *RULES.variants(action))]
    return st.sampled_from(every)


def tells() -> st.SearchStrategy[dict[str, object]]:
    """What can be told of a server: any of its keys, or hardly any."""
    keys = {
        "vm_state": st.sampled_from(list(RULES.by_vm_state)),
        "task_state": st.none() | st.sampled_from(RULES.tasks),
        "locked_by": st.none() | st.sampled_from(list(RULES.holders)),
        "before": st.sampled_from(["ACTIVE", "SHUTOFF"]),
        **{fact: st.booleans() for fact in RULES.facts},
        "options": st.fixed_dictionaries({}, optional={name: st.integers(-1, 3600) for name in RULES.options}),
    }
    return st.fixed_dictionaries({}, optional=keys)


def versions() -> st.SearchStrategy[str]:
    return st.integers(1, 104).map(lambda minor: f"2.{minor}")


def decide(request: tuple[str, str | None], told: dict[str, object], caller: str, version: str) -> Decision:
    action, variant = request
    return COMPUTE.decide(action, Server(**told), caller, version, variant)


@given(requests(), tells(), st.sampled_from(CALLERS), versions())
def test_a_decision_is_whole_and_says_one_thing(
    request_: tuple[str, str | None], told: dict[str, object], caller: str, version: str
) -> None:
    decision = decide(request_, told, caller, version)
    assert decision.allowed == (decision.rule is None) == (decision.code < 400)
    assert decision.reason.endswith(f"({decision.row})")
    assert decision.row.startswith("specs/compute/")
    assert bool(decision.becomes) == bool(decision.on_failure) == decision.allowed
    assert decision.task_state is None or decision.task_state in RULES.tasks
    assert not (set(decision.becomes) | set(decision.on_failure)) - set(RULES.by_status)
    order = [check.rule for check in RULES.checks]
    rules = [rule for rule in (decision.rule, *(other["rule"] for other in decision.also)) if rule]
    assert all(rule in order for rule in rules)


@given(requests(), tells(), st.sampled_from(CALLERS), versions())
def test_a_refused_action_changes_nothing(
    request_: tuple[str, str | None], told: dict[str, object], caller: str, version: str
) -> None:
    decision = decide(request_, told, caller, version)
    if not decision.allowed:
        values = COMPUTE.situation(Server(**told)).values
        shown = RULES.status(values["state"], values["task_state"])
        assert (decision.status, decision.task_state, decision.locked_by) == (shown, values["task_state"], values["locked_by"])


@given(requests(), tells(), st.sampled_from(["admin", "manager", "member"]), versions())
def test_a_lock_never_lets_more_through(
    request_: tuple[str, str | None], told: dict[str, object], caller: str, version: str
) -> None:
    free = decide(request_, {**told, "locked_by": None}, caller, version)
    for holder in RULES.holders:
        locked = decide(request_, {**told, "locked_by": holder}, caller, version)
        assert locked.allowed <= free.allowed
        if caller == "admin":
            assert locked.allowed == free.allowed


@given(requests(), tells(), versions())
def test_who_may_more_is_never_refused_what_who_may_less_is_allowed(
    request_: tuple[str, str | None], told: dict[str, object], version: str
) -> None:
    allowed = [decide(request_, told, caller, version).allowed for caller in ("admin", "manager", "member", "reader")]
    assert allowed == sorted(allowed, reverse=True)


@given(requests(), tells(), st.sampled_from(["admin", "member"]), versions(), st.data())
def test_what_was_not_assumed_does_not_matter(
    request_: tuple[str, str | None], told: dict[str, object], caller: str, version: str, data: st.DataObject
) -> None:
    decision = decide(request_, told, caller, version)
    free = [fact for fact in RULES.facts if fact not in told and fact not in decision.assumed]
    fact = data.draw(st.sampled_from(free)) if free else None
    if fact and fact not in RULES.states[COMPUTE.situation(Server(**told)).values["state"]]["implies"]:
        values = [decide(request_, {**told, fact: value}, caller, version) for value in (True, False)]
        assert {(value.allowed, value.code, value.rule, *value.becomes) for value in values} == {
            (decision.allowed, decision.code, decision.rule, *decision.becomes)
        }


@given(requests(), tells(), st.sampled_from(CALLERS), versions())
def test_a_case_says_what_the_decision_says(
    request_: tuple[str, str | None], told: dict[str, object], caller: str, version: str
) -> None:
    import json

    action, variant = request_
    case = {"action": action, **({"variant": variant} if variant else {}), **told, "caller": caller, "microversion": version}
    answer = json.loads(Cases(COMPUTE).answer(json.dumps(case)))
    decision = decide(request_, told, caller, version)
    assert answer.pop("decision") == decision.as_dict()
    assert answer == case


@given(requests(), tells(), st.sampled_from(CALLERS))
def test_between_two_editions_nothing_changes(request_: tuple[str, str | None], told: dict[str, object], caller: str) -> None:
    action, variant = request_
    for edition in RULES.editions(action, variant, "reference"):
        first, last = (microversion.text(tuple(edition[end])) for end in ("since", "until"))
        one, other = (decide(request_, told, caller, version) for version in (first, last))
        assert (one.code, one.rule, one.becomes, one.reason) == (other.code, other.rule, other.becomes, other.reason)


@given(st.text().filter(lambda name: name not in RULES.actions))
def test_any_other_name_is_an_error_of_one_line(name: str) -> None:
    with pytest.raises(UnknownAction) as caught:
        COMPUTE.decide(name, Server())
    assert str(caught.value).startswith("no action is called ")
    assert "\n" not in str(caught.value)
