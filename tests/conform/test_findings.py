"""What is right is found to be right, what is wrong is found with the shortest story that shows it."""

from __future__ import annotations

import os

import pytest
from conforming import NOVA, Awaited, Memory, NeverStops, RefusesStops, StopsPaused, WithoutLocks, first, run

from lifecycle import Lifecycle
from lifecycle.conform import watch
from lifecycle.conform.embedded import Embedded, embedded
from lifecycle.conform.histories import together
from lifecycle.conform.run import Run
from lifecycle.conform.story import REQUEST
from lifecycle.conform.tour import Limits
from lifecycle.deviate import Deviation, deviated, draw, seen

DELETES = [("DELETE", "forceDelete"), ("forceDelete", "forceDelete")]
STEPS = int(os.environ.get("LIFECYCLE_CONFORM_STEPS", "700"))
DEVIATIONS = int(os.environ.get("LIFECYCLE_CONFORM_DEVIATIONS", "30"))
FULL, SOON, FIRST = 45_000, 3_000, 1_000  # requests
FEW = 30  # deviations in every run of the tests; LIFECYCLE_CONFORM_DEVIATIONS=1000 is for a report
SHOWN_BY_TIME_OR_FAILURE = {"event", "on_failure"}


@pytest.mark.parametrize("target", [Memory, Awaited])
def test_what_is_right_has_no_finding(target: type[Memory]) -> None:
    report = run(target, requests=STEPS)
    assert report.requests >= STEPS
    assert [finding.title for finding in report.findings.every] == []
    assert report.exit_code == 0


def test_the_embedded_service_has_no_finding() -> None:
    one = Run(NOVA, "it", Limits(requests=STEPS), seed=1)
    report = one.over(embedded(NOVA, {}))
    assert [finding.title for finding in report.findings.every] == []
    assert report.requests >= STEPS


def test_random_histories_of_what_is_right_have_no_finding() -> None:
    one = Run(NOVA, "it", Limits(requests=STEPS), seed=3)
    one.tiers = 0
    report = one.over(embedded(NOVA, {}))
    assert [finding.title for finding in report.findings.every] == []
    assert report.requests >= STEPS


@pytest.mark.parametrize("wrong", [NeverStops, RefusesStops])
def test_what_leads_nowhere_is_no_way_to_anything(wrong: type[Memory], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "STILL", 0.01)  # seconds that a server at rest is waited for
    report, whole = run(wrong), run(Memory)
    assert {finding.fault.action for finding in report.findings.every} == {"os-stop"}
    assert report.ended == "everything was asked"
    assert whole.requests / 2 < report.requests < whole.requests


@pytest.mark.parametrize("names", DELETES)
def test_a_delete_while_a_delete_is_under_way_is_explained(names: tuple[str, str]) -> None:
    tour = Run(NOVA, "it").tour(next(iter(embedded(NOVA, {}))))
    asked = [tour.deck.asked(name, None, "admin", "2.104") for name in names]
    at_once, in_turn = tour.new(), tour.new()
    assert at_once is not None
    assert together(at_once, asked) is None
    assert in_turn is not None
    assert [in_turn.ask(one) for one in asked] == [None, None]
    assert in_turn.busy
    assert in_turn.settle() is None
    assert not in_turn.alive
    tour.subject.close()


def test_the_story_is_the_shortest() -> None:
    report = run(StopsPaused, requests=2500)
    finding = report.failing[0]
    assert (finding.fault.kind, finding.fault.action, finding.fault.row) == (
        "accepted",
        "os-stop",
        "specs/compute/actions/os-stop.yaml:2",
    )
    assert [step.asked.request.action for step in finding.story if step.what == REQUEST and step.asked] == ["pause", "os-stop"]
    assert report.exit_code == 1


def test_a_lock_that_nobody_keeps_is_few_findings() -> None:
    report = run(WithoutLocks, requests=1600)
    kinds = {finding.fault.kind for finding in report.failing}
    assert "accepted" in kinds
    assert len(report.failing) < 12
    assert len(report.failing[0].actions) > 5  # what one line of the table says is one finding


def test_a_table_of_ones_own() -> None:
    for name in ("door.yaml", "order"):
        table = Lifecycle.load(f"tests/tables/valid/{name}", reading="nova")

        class Own(Memory):
            callers = tuple(table.rules.callers)

        Own.table = table
        report = run(Own, table, requests=400)
        assert [finding.title for finding in report.findings.every] == []


WRONG = {
    "a state more": (("actions", "os-start", "requires", "state"), "SHUTOFF", {"of": ["SHUTOFF", "ACTIVE"]}, "accepted"),
    "no lock": (("actions", "pause", "lock"), "refuses", "ignored", "accepted"),
    "another code": (("actions", "suspend", "answers"), 202, 200, "code"),
    "another end": (("actions", "unpause", "becomes"), ["ACTIVE"], ["SHUTOFF"], "end"),
    "other words": (("actions", "resume", "messages", "lock"), None, "No.", "words"),
    "a field that an admin does not see": (("types", "instance_event", "properties", "host"), {}, None, "document"),
    "a field that all see": (
        ("types", "detailed", "properties", "OS-EXT-SRV-ATTR:host", 0, "by"),
        "admin",
        None,
        "document",
    ),
    "a field in too few statuses": (("types", "common", "properties", "progress", 0, "statuses"), [], ["BUILD"], "document"),
    "what is made has another name": (("actions", "create", "keeps", "name"), "name", None, "kept"),
    "what is added is not there": (("actions", "addTag", "keeps"), {}, None, "kept"),
    "what is taken away is still there": (("actions", "detachVolume", "keeps"), {}, None, "kept"),
    "what is told is forgotten": (("actions", "lock", "keeps"), {}, None, "kept"),
    "what is not there is taken away": (("actions", "deleteTag", "requires"), None, {"there": "any"}, "accepted"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_word_is_found(name: str) -> None:
    path, before, after, kind = WRONG[name]
    found, requests = first(Deviation(path, before, after), SOON)
    assert (found, requests <= SOON) == (kind, True)


def test_deviations_drawn_by_chance_are_found() -> None:
    drawn = draw(NOVA, DEVIATIONS, seed=11)
    many = DEVIATIONS > FEW
    results = [(deviation, *first(deviation, FULL if many else FIRST)) for deviation in drawn]
    found = [requests for _, kind, requests in results if kind]
    if not many:
        print(f"{len(found)} of {len(drawn)}")  # noqa: T201
        assert len(found) >= len(drawn) / 3
        return
    missed = [deviation for deviation, kind, _ in results if kind is None]
    met = [node.values for node in NOVA.graph().nodes if all(node.values[fact] for fact in ("driver", "host_up"))]
    visible = [one for one in missed if {*seen(NOVA, deviated(NOVA, [one]), met)} - SHOWN_BY_TIME_OR_FAILURE]
    counted, soon = len(found) + len(visible), sum(requests <= SOON for requests in found)
    print(f"{len(found)} of {counted} found, {soon} soon; not: {[str(one) for one in visible]}")  # noqa: T201
    assert len(found) >= 0.97 * counted
    assert soon >= 0.8 * counted


def test_differences_are_named_and_no_failure() -> None:
    reference = Lifecycle.load("compute")
    one = Run(NOVA, "it", Limits(requests=STEPS), seed=1)
    report = one.over([Embedded(NOVA, reference)])
    assert report.failing == []
    assert report.differences
