"""Views: what each shows, for the compute table and for tables of one's own."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from render.large import ring

from lifecycle import Lifecycle, Server
from lifecycle.engine.rules import Rules
from lifecycle.render.formats import FOR_MACHINES, FOR_PEOPLE, render
from lifecycle.render.legible import legible
from lifecycle.render.picture import ANY, Picture
from lifecycle.render.rows import START, Scene, rows
from lifecycle.render.views.action import UnknownEdge, action, sequence
from lifecycle.render.views.changes import changes
from lifecycle.render.views.coverage import coverage
from lifecycle.render.views.everything import everything
from lifecycle.render.views.locks import locks
from lifecycle.render.views.overview import ARROWS, overview
from lifecycle.render.views.server import server
from lifecycle.render.views.status import status
from lifecycle.render.views.way import Leg, way

TABLES = Path(__file__).parent.parent / "tables"
OWN = [*sorted((TABLES / "valid").iterdir()), *sorted((TABLES / "real").iterdir())]


def views(rules: Rules) -> list[Picture]:
    scene = Scene(rules)
    found = [overview(scene), everything(scene), locks(scene), changes(scene, scene, ("left", "right"))]
    for name in (*rules.actions, *rules.events):
        found += [action(scene, name), sequence(scene, name)]
    found += [status(scene, name) for name in rules.by_status]
    return [*found, *(everything(replace(scene, caller=caller)) for caller in rules.callers)]


def check(picture: Picture) -> None:
    """What holds of every picture: edges lead between its nodes, which have names of their own."""
    names = [node.name for node in picture.nodes]
    assert len(set(names)) == len(names)
    assert {end for edge in picture.edges for end in (edge.source, edge.target)} <= set(names)
    assert {node.group for node in picture.nodes} <= {"", *(group.name for group in picture.groups), "rows", "columns"}


@pytest.mark.parametrize("table", OWN, ids=lambda path: path.stem)
def test_no_view_fails_for_a_table_of_ones_own(table: Path) -> None:
    for picture in views(Lifecycle.load(table).rules):
        check(picture)
        for form in FOR_PEOPLE:
            assert render(picture, form)
        for form in FOR_MACHINES if picture.form == "graph" and any(node.kind != "start" for node in picture.nodes) else ():
            assert render(picture, form)


def test_no_view_fails_for_the_compute_table(compute: Lifecycle) -> None:
    for picture in views(compute.rules):
        check(picture)
        assert render(picture, "dot")


@pytest.mark.parametrize("table", ["compute", *OWN], ids=lambda table: Path(table).stem)
def test_the_overview_has_at_most_15_arrows(table: str | Path) -> None:
    rules = Lifecycle.load(table).rules
    picture = legible(overview(Scene(rules)))
    assert 1 <= len([edge for edge in picture.edges if edge.labels]) <= ARROWS == 15
    assert max(len(edge.labels) for edge in picture.edges) <= 5
    assert rules.usual_state in {node.name for node in picture.nodes}


def test_the_overview_of_many_states_still_has_15(tmp_path: Path) -> None:
    picture = legible(overview(Scene(Lifecycle.load(ring(tmp_path, 60)).rules)))
    assert len([edge for edge in picture.edges if edge.labels]) == ARROWS
    assert picture.notes[-1] == "The view all has 105 more."
    assert len(picture.nodes) <= ARROWS + 2


def test_what_every_state_allows_is_said_once(compute: Lifecycle) -> None:
    picture = legible(everything(Scene(compute.rules)))
    deletes = [(edge.source, edge.target) for edge in picture.edges if "forceDelete" in edge.labels and edge.kind == "action"]
    assert deletes == [(ANY, "DELETED")]
    assert not [edge for edge in picture.edges if "lock" in edge.labels]
    assert any(note.startswith("In every state, and it stays so:") and " lock," in note for note in picture.notes)
    assert len(picture.edges) < len(everything(Scene(compute.rules)).edges) / 5
    assert not [note for note in picture.notes if "os-resetState" in note]  # from every state, but the one where it leads


def test_nothing_is_lost_when_a_picture_is_made_legible(compute: Lifecycle) -> None:
    """Each row is an arrow, is said to hold in every state, or stands in its state."""
    full = everything(Scene(compute.rules))
    fit = legible(full)
    arrows = {(edge.source, edge.target, label) for edge in fit.edges for label in edge.labels}
    everywhere = [(set(re.findall(r"[\w-]+", note.partition(": ")[0])), note.partition(": ")[2]) for note in fit.notes]
    for edge in full.edges:
        if edge.kind == "failure" or not edge.labels:
            continue
        label, found = edge.labels[0], {(edge.source, edge.target, edge.labels[0]), (ANY, edge.target, edge.labels[0])} & arrows
        told = any(label in said[:-1].split(", ") and edge.source not in where for where, said in everywhere)
        noted = any(label in note for note in fit.node(edge.source).notes)
        assert found or told or noted, edge


def test_an_action_runs_through_its_tasks_and_fails(compute: Lifecycle) -> None:
    picture = action(Scene(compute.rules), "resize")
    box = next(node for node in picture.nodes if node.kind == "task")
    assert box.notes == ("resize_prep", "resize_migrating", "resize_migrated", "resize_finish")
    edges = {(edge.source, edge.target, edge.kind) for edge in picture.edges}
    assert edges == {
        ("ACTIVE", box.name, "action"),
        ("SHUTOFF", box.name, "action"),
        (box.name, "VERIFY_RESIZE", "work"),
        (box.name, "ERROR", "failure"),
    }
    assert any("409 lock, 409 state, 409 task, 409 launched, 409 host, 409 host_up" in note for note in picture.notes)


def test_a_sequence_tells_who_says_what(compute: Lifecycle) -> None:
    picture = sequence(Scene(compute.rules), "os-stop")
    assert [node.text for node in picture.nodes] == ["caller", "Nova API", "compute"]
    told = [(edge.source, edge.target, edge.labels[0]) for edge in picture.edges]
    assert told[0] == ("caller", "API", "POST /servers/{id}/action")
    assert told[-3:] == [
        ("worker", "worker", "powering-off · ACTIVE"),
        ("worker", "API", "settles: SHUTOFF"),
        ("worker", "API", "fails: ACTIVE"),
    ]
    assert ("API", "caller", "202") in told


def test_an_event_has_no_caller(compute: Lifecycle) -> None:
    assert [node.name for node in sequence(Scene(compute.rules), "reclaim").nodes] == ["API", "worker"]


@pytest.mark.parametrize(("view", "error"), [(action, UnknownEdge), (sequence, UnknownEdge)])
def test_what_is_not_there_is_told(compute: Lifecycle, view: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"no action or event is called os-stpo; did you mean os-stop\?"):
        view(Scene(compute.rules), "os-stpo")  # type: ignore[operator]


def test_a_status_has_all_that_may_happen_to_it(compute: Lifecycle) -> None:
    scene = Scene(compute.rules)
    picture = status(scene, "PAUSED")
    assert picture.node("PAUSED").mark == "here"
    out = {edge.labels[0] for edge in picture.edges if edge.source == "PAUSED" and edge.kind != "failure"}
    moves = {row.label for row in rows(scene) if row.source == "PAUSED" and row.ends != ("PAUSED",)}
    assert out == moves
    stays = {row.label for row in rows(scene) if row.source == "PAUSED" and "PAUSED" in row.ends}
    assert set(picture.node("PAUSED").notes[0].removeprefix("it stays so: ").split(", ")) == stays


def test_a_status_that_tasks_show_has_what_is_allowed_meanwhile(compute: Lifecycle) -> None:
    picture = status(Scene(compute.rules), "REBOOT")
    decisions = compute.actions(Server(status="REBOOT"), "admin")
    allowed = {name.replace(":", " ") for name, decision in decisions.items() if decision.allowed} - {"create"}
    out = {
        label for edge in picture.edges if edge.source == "REBOOT" and edge.kind in {"action", "admin"} for label in edge.labels
    }
    stays = set(picture.node("REBOOT").notes[0].removeprefix("it stays so: ").split(", "))
    assert allowed <= out | stays
    assert ("REBOOT", "ACTIVE", "work") in {(edge.source, edge.target, edge.kind) for edge in picture.edges}


def test_the_matrix_of_locks_is_that_of_the_decisions(compute: Lifecycle) -> None:
    picture = locks(Scene(compute.rules))
    row = next(node.name for node in picture.nodes if node.text == "unlock")
    cells = {edge.target.removeprefix("column "): edge.labels[0] for edge in picture.edges if edge.source == row}
    for caller, cell in cells.items():
        answers = [
            compute.decide("unlock", Server(status="ACTIVE", locked_by=holder), caller) for holder in (None, "owner", "admin")
        ]
        codes = ["✓" if answer.allowed else str(answer.code) for answer in answers]
        assert cell == (codes[0] if len(set(codes)) == 1 else " ".join(codes))
    told = " ".join(node.text for node in picture.nodes) + " ".join(picture.notes)
    rulings = {name: compute.ruling(name, None, "admin", None).rule for name in compute.rules.actions}
    there = {name for name, rule in rulings.items() if not rule.get("absent") and not rule["removed"]}
    assert {name for name in there if name not in told} == set()


def test_what_changed_is_added_or_gone(compute: Lifecycle) -> None:
    sides = [Scene(compute.rules, version=compute.rules.version(text)) for text in ("2.94", "2.95")]
    picture = changes(sides[0], sides[1], ("2.94", "2.95"))
    marked = {(edge.source, edge.target, edge.labels[0], edge.mark) for edge in picture.edges}
    assert marked == {("ACTIVE", "ACTIVE", "evacuate", "gone"), ("ACTIVE", "SHUTOFF", "evacuate", "added")}
    assert changes(sides[0], sides[0], ("a", "b")).notes == ("No row that fires differs between a and b.",)


def test_a_server_has_what_is_allowed_in_its_very_situation(compute: Lifecycle) -> None:
    asked = Server(status="PAUSED", locked_by="owner", host_up=False)
    picture = server(compute.rules, lambda name, variant: compute.ruling(name, variant, "member", None), compute.situation(asked))
    told = {label for edge in picture.edges for label in edge.labels}
    told |= set(picture.node("PAUSED").notes[0].removeprefix("it stays so: ").split(", "))
    allowed = {name.replace(":", " ") for name, decision in compute.actions(asked, "member").items() if decision.allowed}
    assert told == (allowed - {"create"}) | {"guest-power-off"}
    assert picture.notes == ("It is locked by its owner and not host_up.",)


def test_a_way_is_numbered_and_says_what_was_expected(compute: Lifecycle) -> None:
    legs = [
        Leg("create", START, "BUILD"),
        Leg("settle", "BUILD", "ACTIVE", "work"),
        Leg("os-stop", "ACTIVE", "ACTIVE", "failure", "409, not 202"),
    ]
    picture = way(compute.rules, legs, "ACTIVE", "a counterexample")
    assert [edge.labels for edge in picture.edges] == [("1 create",), ("2 settle",), ("3 os-stop", "409, not 202")]
    assert [edge.mark for edge in picture.edges] == ["way", "way", ""]
    assert picture.node("ACTIVE").mark == "here"


def test_what_no_request_went_through_is_marked(compute: Lifecycle) -> None:
    scene = Scene(compute.rules)
    seen = {(START, "create"), ("ACTIVE", "os-stop"), ("PAUSED", "no such thing")}
    picture = coverage(scene, seen)
    assert {(edge.source, edge.trigger) for edge in picture.edges if not edge.mark} == {(START, "create"), ("ACTIVE", "os-stop")}
    pairs = {(row.source, row.trigger) for row in rows(scene)}
    assert picture.notes == (f"2 of {len(pairs)} pairs of a state and what is allowed there were seen; ? was not.",)
    shown = render(picture, "text").decode()
    assert "SHUTOFF            os-stop" in shown
    assert "? pause" in shown
