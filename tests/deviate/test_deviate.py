"""Wrong clouds drawn from a table: the same for the same seed, wrong in one word, and right in all others."""

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.deviate import Deviation, UnknownDeviation, deviated, deviations, draw, seen
from lifecycle.errors import LifecycleError

TABLES = Path(__file__).resolve().parent.parent / "tables" / "valid"
SEEDS = st.integers(0, 2**32)
PROBES = 200
ANSWERS = ("code", "message", "status", "task_state", "locked_by", "tasks", "becomes", "on_failure")


def of(*path: str | int, before: Any = None, after: Any = None) -> Deviation:
    return Deviation(("actions", *path), before, after)


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=20)
def test_what_is_drawn_is_the_same_for_the_same_seed(nova: Lifecycle, seed: int, number: int) -> None:
    drawn = draw(nova, number, seed)
    assert drawn == draw(nova, number, seed)
    assert len({one.as_json() for one in drawn}) == number
    assert [Deviation.from_json(one.as_json()) for one in drawn] == drawn


@given(SEEDS)
@settings(max_examples=15)
def test_a_drawn_table_is_wrong_in_one_row_and_can_be_read_and_served(nova: Lifecycle, seed: int) -> None:
    (drawn,) = draw(nova, 1, seed)
    before = nova.rules.data
    wrong = deviated(nova, [drawn])
    group, name = drawn.row
    assert nova.rules.data is before
    for other in ("actions", "reads", "events", "types"):
        changed = [row for row in before[other] if before[other][row] != wrong.rules.data[other][row]]
        assert changed == ([name] if other == group else [])
    for action in (name,) if group in {"actions", "reads"} else ("create", "rebuild", "attachVolume"):
        for kind, version in itertools.product(("request", "response", "headers"), ("2.1", "2.90", None)):
            wrong.document(kind, action, None, version)


@given(SEEDS, st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_what_cannot_be_seen_no_question_shows(nova: Lifecycle, seed: int, chance: random.Random) -> None:
    (drawn,) = draw(nova, 1, seed)
    wrong = deviated(nova, [drawn])
    group, name = drawn.row
    shown = seen(nova, wrong)
    differing = {key for key in ANSWERS if group == "actions" and _differs(nova, wrong, name, key, chance)}
    assert differing <= {*shown, *(ANSWERS if "there" in shown or "code" in shown else ())}, drawn


def _differs(right: Lifecycle, wrong: Lifecycle, action: str, key: str, chance: random.Random) -> bool:
    """Whether one of some requests at random is answered otherwise."""
    rules = right.rules
    for _ in range(PROBES // len(ANSWERS)):
        told: dict[str, Any] = {
            "vm_state": chance.choice([*rules.by_vm_state]),
            "task_state": chance.choice([None, None, *rules.tasks]),
            "locked_by": chance.choice([None, None, *rules.holders]),
            "before": chance.choice(["ACTIVE", "SHUTOFF"]),
        }
        told |= {fact: chance.choice([True, False, said["usual"]]) for fact, said in rules.facts.items()}
        variant = chance.choice(rules.variants(action) or (None,))
        asked = (chance.choice([*rules.callers]), f"2.{chance.randint(1, 104)}", variant)
        one, other = (getattr(side.decide(action, Server(**told), *asked), key) for side in (right, wrong))
        if one != other:
            return True
    return False


@pytest.mark.parametrize(
    ("deviation", "told", "caller", "code"),
    [
        (of("os-stop", "lock", after="ignored"), {"locked_by": "owner"}, "member", 202),
        (of("os-stop", "by", after="admin"), {}, "member", 403),
        (of("os-stop", "requires", "state", after=["ERROR"]), {}, "member", 409),
        (of("os-stop", "requires", "task", after="any"), {"task_state": "rebooting"}, "member", 202),
        (of("os-stop", "requires", "host", before=True), {"host": False}, "member", 202),
        (of("os-stop", "requires", "launched", after="any"), {"launched": False}, "member", 202),
        (of("os-stop", "codes", "state", after=400), {"status": "PAUSED"}, "member", 400),
        (of("os-stop", "answers", after=204), {}, "member", 204),
        (of("reboot", "variants", "HARD", "lock", after="ignored"), {"locked_by": "owner"}, "member", 409),
    ],
)
def test_a_word_that_is_another_decides_otherwise(
    nova: Lifecycle, deviation: Deviation, told: dict[str, Any], caller: str, code: int
) -> None:
    wrong = deviated(nova, [deviation])
    assert wrong.decide(deviation.row[1], Server(**told), caller).code == code
    assert seen(nova, wrong)


def test_several_words_are_others_at_once(nova: Lifecycle) -> None:
    both = [of("os-stop", "lock", after="ignored"), of("os-stop", "answers", after=204), of("pause", "by", after="admin")]
    wrong = deviated(nova, both)
    assert wrong.decide("os-stop", Server(locked_by="owner"), "member").code == 204
    assert wrong.decide("pause", Server(), "member").code == 403


@pytest.mark.parametrize(
    ("deviation", "shown"),
    [
        (of("os-stop", "title", after="Another"), []),
        (of("os-stop", "loses", after=["disk"]), []),
        (of("os-stop", "becomes", after=["ERROR"]), ["becomes"]),
        (of("os-stop", "fails", after=["ERROR"]), ["on_failure"]),
        (of("os-stop", "messages", "host", after="No."), ["message"]),
        (of("resize", "body", "properties", "flavorRef", 0, "required", after=False), ["request"]),
        (of("rebuild", "keeps", "name"), ["keeps"]),
        (Deviation(("types", "size", "maximum"), None, None), ["request"]),
        (Deviation(("reads", "list-servers", "response", "properties", "servers_links"), None, None), []),  # it need not be there
        (Deviation(("types", "common", "properties", "status"), None, None), ["response"]),
        (Deviation(("types", "detailed", "properties", "host_status", 0, "by"), None, None), ["response"]),
        (Deviation(("types", "fault", "properties", "message"), None, None), ["on_failure"]),  # it is there where work failed
        (of("pause", "becomes", after=["PAUSED", "ERROR"]), []),  # of several ends the first comes
        (Deviation(("events", "reclaim", "becomes"), None, ["ERROR"]), ["event"]),
    ],
)
def test_it_is_told_in_what_it_can_be_seen(nova: Lifecycle, deviation: Deviation, shown: list[str]) -> None:
    assert seen(nova, deviated(nova, [deviation])) == shown


def test_what_nobody_can_come_to_is_not_seen(nova: Lifecycle) -> None:
    never = of("confirmResize", "messages", "launched", after="No.")
    met = [node.values for node in nova.graph().nodes]
    assert seen(nova, deviated(nova, [never])) == ["message"]
    assert seen(nova, deviated(nova, [never]), met) == []
    assert seen(nova, deviated(nova, [of("os-stop", "lock", after="ignored")]), met) == ["code"]


def test_all_of_them_are_many_and_of_every_kind(nova: Lifecycle) -> None:
    assert len([*itertools.islice(deviations(nova), 100)]) == 100
    drawn = draw(nova, 500, 3)
    keys = {one.path[2] for one in drawn if one.row[0] == "actions"}
    assert {"requires", "lock", "by", "codes", "messages", "answers", "becomes", "fails", "task", "body", "keeps"} <= keys


def test_a_deviation_says_what_it_is() -> None:
    one = Deviation(("actions", "os-stop", "requires", "state"), ["ACTIVE", "ERROR"], ["ACTIVE"])
    assert str(one) == "actions/os-stop: requires.state is [ACTIVE] and not [ACTIVE, ERROR]"
    assert str(Deviation(one.path, ["ACTIVE", "ERROR"], None)) == (
        "actions/os-stop: requires.state is left out; it was [ACTIVE, ERROR]"
    )
    assert (
        one.as_json()
        == '{"path": ["actions", "os-stop", "requires", "state"], "before": ["ACTIVE", "ERROR"], "after": ["ACTIVE"]}'
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("[", "a deviation is written in JSON"),
        ("1", "a deviation is an object with path, before and after, not 1"),
        ({"path": ["actions", "os-stop"]}, 'a path is as ["actions", "os-stop", "requires", "state"]'),
        ({"path": ["actions", "os-stop", "lock"], "then": 1}, "a deviation is an object with path, before and after"),
    ],
)
def test_what_is_no_deviation_is_told(wrong: object, message: str) -> None:
    with pytest.raises(LifecycleError, match=message.replace("[", r"\[")):
        Deviation.from_json(wrong)


@pytest.mark.parametrize(
    ("path", "after", "message"),
    [
        (("actions", "os-stopp", "lock"), "ignored", "no row is called os-stopp; did you mean os-stop?"),
        (("callers", "admin", "holds"), None, "no row is called callers; there are actions, reads, events and types"),
        (("actions", "os-stop", "lock"), "never", "actions.os-stop.lock: Input should be"),
        (("actions", "os-stop", "lokc"), "ignored", "actions.os-stop.lokc: Extra inputs are not permitted"),
        (("actions", "os-stop", "outcomes", 7, "task"), ["none"], "actions.os-stop.outcomes.7.task: there is no such word"),
        (("actions", "confirmResize", "becomes"), {"recall": "rescue"}, "nothing remembers rescue"),
        (("actions", "os-stop", "becomes"), "STOPPED", "actions.os-stop.becomes.0: no state is called STOPPED"),
        (("actions", "rebuild", "body", "properties", "name", 0, "type"), "nam", "no type is called nam"),
    ],
)
def test_what_the_table_cannot_say_is_refused(nova: Lifecycle, path: tuple[str | int, ...], after: Any, message: str) -> None:
    with pytest.raises(UnknownDeviation, match=message.replace("?", r"\?")):
        deviated(nova, [Deviation(path, None, after)])


@pytest.mark.parametrize("table", ["door.yaml", "order", "volume.yaml"])
def test_a_table_of_ones_own_deviates_too(table: str) -> None:
    own = Lifecycle.load(TABLES / table)
    drawn = draw(own, 40, 1)
    assert len(drawn) == 40
    assert any(seen(own, deviated(own, [one])) for one in drawn)
    for one in drawn:
        wrong = deviated(own, [one])
        assert all(wrong.decide(action, Server()).code for action in wrong.rules.actions)
