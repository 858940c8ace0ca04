"""Every property of the compute table is one that a wrong row breaks; and what is told of it then.

`python tests/explore/test_verify.py` writes the stories anew; read the difference before it is committed.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from broken import broken
from click.testing import CliRunner, Result

from lifecycle import Lifecycle, Server
from lifecycle.cli.commands import main
from lifecycle.engine.step import moved
from lifecycle.errors import LifecycleError
from lifecycle.explore import refusals, telling
from lifecycle.explore.deployments import Deployments
from lifecycle.explore.graph import graph
from lifecycle.explore.verify import UnknownProperty, Verdict, judge

STORIES = Path(__file__).with_suffix(".txt")
DOOR = Path(__file__).resolve().parent.parent / "tables" / "valid" / "door.yaml"
WRONG: dict[str, list[tuple[str, Any]]] = {
    "every-task-ends": [
        ("events.guest-power-off.at_once", {"task": "powering-off"}),
        ("events.guest-power-off.becomes", None),
        ("events.guest-power-off.fails", None),
    ],
    "a-task-is-not-replaced": [("actions.createBackup.requires.task", "any")],
    "a-locked-server-keeps-its-state": [("actions.os-stop.lock", "ignored")],
    "a-locked-server-loses-nothing": [("actions.rebuild.lock", "ignored")],
    "an-admins-lock-is-undone-by-an-admin": [("actions.unlock.lock", "ignored")],
    "an-admin-can-always-unlock": [("actions.unlock.requires", {"state": {"not": ["ERROR"]}, "task": "any", "launched": "any"})],
    "only-lock-and-unlock-change-the-lock": [("actions.rescue.locks", True)],
    "who-may-not-write-changes-nothing": [("actions.pause.by", "reader")],
    "an-admin-can-delete-every-server": [
        ("actions.DELETE.requires", {"host_up": True}),
        ("actions.forceDelete.requires", {"host_up": True}),
    ],
    "a-member-can-delete-what-no-admin-locked": [("actions.DELETE.by", "admin"), ("actions.forceDelete.by", "admin")],
    "deleted-is-the-end": [("states.DELETED.end", False)],
    "a-pending-resize-knows-where-it-came-from": [("actions.resize.remembers", None)],
    "a-stopped-server-is-stopped-after-its-resize": [("actions.confirmResize.becomes", "ACTIVE")],
    "a-running-server-runs-after-its-resize": [("actions.revertResize.becomes", "SHUTOFF")],
    "a-member-can-end-a-pending-resize": [
        (f"actions.{action}.by", "admin") for action in ("confirmResize", "revertResize", "DELETE", "forceDelete")
    ],
    "a-soft-deleted-server-can-be-had-back": [("actions.restore.by", "admin")],
    "an-offloaded-server-is-on-no-host": [("states.SHELVED_OFFLOADED.implies", None)],
    "an-evacuated-server-is-left-stopped": [("actions.evacuate.outcomes", None)],
}
LASSO = [
    (
        "events.flap",
        {"title": "It flaps", "cite": "nowhere", "requires": {"state": "RESCUE", "task": "unrescuing"}, "task": "unrescuing"}
        | {"becomes": "ACTIVE"},
    )
]


def verdict(name: str, *changes: tuple[str, Any]) -> Verdict:
    """What becomes of one property when rows are changed: at the newest microversion, mostly in the usual deployment."""
    lifecycle = broken(*changes)
    found = graph(lifecycle.rules, lifecycle.reading, lifecycle.rules.newest, usual=name not in UNUSUAL)
    return judge(found, name, lifecycle.rules.properties[name])


def story(name: str, changes: list[tuple[str, Any]]) -> str:
    """The changes, and the run that they break a property by."""
    found = verdict(name, *changes)
    told = telling.lines(found.trace) if found.trace else [telling.missing(found)]
    rows = "; ".join(f"{place}: {json.dumps(value)}" for place, value in changes)
    return "\n".join([f"{name} <- {rows}", *(f"  {line}" for line in told)]) + "\n"


UNUSUAL = ("a-soft-deleted-server-can-be-had-back",)  # nothing is soft-deleted where reclaim_instance_interval is 0
STORY = [*WRONG.items(), ("every-task-ends", LASSO)]


@pytest.mark.parametrize(("name", "changes"), STORY, ids=[*WRONG, "a lasso"])
def test_a_wrong_row_is_found_by_the_shortest_run(name: str, changes: list[tuple[str, Any]]) -> None:
    kept = STORIES.read_text(encoding="utf-8").split("\n\n")
    assert story(name, changes).rstrip() in [one.rstrip() for one in kept]


def test_a_wrong_row_is_known_for_every_property(compute: Lifecycle) -> None:
    assert {*WRONG, "what-is-refused-changes-nothing"} == {*compute.rules.properties}


def test_an_engine_that_obeys_what_it_refuses_is_found(compute: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(rules: Any, decision: Any) -> Any:
        changes = decision.action == "pause" and decision.rule == "policy"
        return moved(rules, decision.situation, "ERROR", None) if changes else decision.situation, None

    found = graph(compute.rules, compute.reading, compute.rules.newest, usual=True)
    said = compute.rules.properties["what-is-refused-changes-nothing"]
    assert judge(found, "it", said).holds
    monkeypatch.setattr(refusals, "begun", begun)
    trace = judge(found, "it", said).trace
    assert trace is not None
    assert trace.refusal is not None
    assert [" ".join(line.split()) for line in telling.lines(trace)][-2:] == ["2 pause by reader refused", "this must never be"]


@pytest.mark.parametrize("reading", ["compute", "nova"])
def test_the_compute_table_holds_and_its_counts_are_pinned(reading: str, request: pytest.FixtureRequest) -> None:
    """`lifecycle verify --pin` writes the counts anew: read which row opened or closed the space."""
    lifecycle: Lifecycle = request.getfixturevalue(reading)
    verdicts = lifecycle.verify()
    assert [verdict for verdict in verdicts if not verdict.holds] == []
    assert verdicts[0].graph.counts() == lifecycle.rules.explored[lifecycle.reading]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments])


def write(folder: Path, properties: str, name: str = "door.yaml") -> str:
    path = folder / name
    path.write_text(f"{DOOR.read_text(encoding='utf-8')}properties:\n{properties}", encoding="utf-8")
    return str(path)


BOLTED = """\
  no-way-in:
    title: Who is locked out can come in again
    when: {state: BOLTED}
    by: visitor
    reachable: {state: OPEN}
    cite: house rules
  not-by-a-visitor:
    title: A visitor bolts no door
    never: {action: bolt, by: visitor, how: accepted}
    cite: house rules
  vacuous:
    title: A door that is under repair is shut
    when: {before: SHUT}
    always: {state: SHUT}
    cite: house rules
"""


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    result = run("--table", write(tmp_path, BOLTED))
    assert result.exit_code == 1
    assert result.output.replace(f"{tmp_path}/", "").splitlines() == [
        "✗ no-way-in         Who is locked out can come in again",
        "    in every deployment:",
        "                           OPEN",
        "       1  shut by visitor  SHUT",
        "       2  bolt by owner    BOLTED",
        "      from here no request of visitor leads to state OPEN",
        "    door.yaml:16",
        "✓ not-by-a-visitor  A visitor bolts no door",
        "✗ vacuous           A door that is under repair is shut",
        "    it is vacuous: nothing that it speaks of can be",
        "    door.yaml:26",
        "door: 1 of 3 properties hold; 3 situations and 6 steps in 1 deployment",
    ]


def test_a_table_without_properties_is_explored_all_the_same() -> None:
    result = run("--table", str(DOOR))
    assert (result.exit_code, result.output) == (
        0,
        "door: the table says no properties; 3 situations and 6 steps in 1 deployment\n",
    )


def test_the_test_to_paste_runs_and_fails(tmp_path: Path) -> None:
    result = run("--table", write(tmp_path, BOLTED), "--format", "test")
    assert result.exit_code == 1
    (tmp_path / "test_pasted.py").write_text(result.stdout, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_pasted.py")]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}  # what is said there is for plugins
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert "2 failed" in done.stdout
    assert done.stdout.count("<Verdict no-way-in: broken>") >= 1
    mended = write(
        tmp_path, BOLTED.replace("by: visitor\n    reachable", "by: owner\n    reachable").replace("before: SHUT", "state: SHUT")
    )
    space: dict[str, Any] = {}
    exec(result.stdout, space)  # noqa: S102 - what was pasted
    for name in ("test_no_way_in", "test_vacuous"):
        space[name]()
    assert run("--table", mended).exit_code == 0


def test_json_says_it_all(tmp_path: Path) -> None:
    told = json.loads(run("--table", write(tmp_path, BOLTED), "--json").output)
    assert (told["table"], told["situations"], told["steps"], told["deployments"], told["miscounted"]) == ("door", 3, 6, 1, False)
    assert [(one["name"], one["holds"], one["vacuous"]) for one in told["properties"]] == [
        ("no-way-in", False, []),
        ("not-by-a-visitor", True, []),
        ("vacuous", False, [[None, None]]),
    ]
    steps = told["properties"][0]["trace"]["steps"]
    assert [(step["kind"], step["name"], step["by"], step["state"]) for step in steps] == [
        ("request", "shut", "visitor", "SHUT"),
        ("request", "bolt", "owner", "BOLTED"),
    ]


def test_counts_are_pinned_by_one_command(tmp_path: Path) -> None:
    table = write(tmp_path, "  it: {title: It opens, sometimes: {to: {state: OPEN}}, cite: house rules}\n")
    before = Path(table).read_text(encoding="utf-8")
    assert run("--table", table).exit_code == 0
    assert run("--table", table, "--pin").exit_code == 0
    after = Path(table).read_text(encoding="utf-8")
    assert after.startswith(before)
    assert after.endswith("explored:\n  reference: {situations: 3, steps: 6}\n")
    assert run("--table", table).exit_code == 0
    Path(table).write_text(after.replace("steps: 6", "steps: 7") + "# the end\n", encoding="utf-8")
    result = run("--table", table)
    assert result.exit_code == 1
    assert "the table says that it has 3 situations and 7 steps, and it has 3 situations and 6 steps" in result.output
    assert run("--table", table, "--pin").exit_code == 0
    assert Path(table).read_text(encoding="utf-8") == after + "# the end\n"


def test_counts_of_a_folder_are_pinned_where_they_stand(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "tests" / "tables" / "valid" / "order", tmp_path / "order")
    assert run("--table", str(tmp_path / "order"), "--pin").exit_code == 0
    assert "explored:" in (tmp_path / "order" / "lifecycle.yaml").read_text(encoding="utf-8")
    assert run("--table", str(tmp_path / "order")).exit_code == 0


def test_wrong_use_is_told_in_a_line(tmp_path: Path) -> None:
    result = run("every-tsk-ends")
    assert (result.exit_code, result.output) == (
        2,
        "Error: no property is called every-tsk-ends; did you mean every-task-ends?\n",
    )
    with pytest.raises(UnknownProperty):
        Lifecycle.load(DOOR).verify("any")
    (tmp_path / "policy.yaml").write_text("{}", encoding="utf-8")
    result = run("--pin", "--policy", str(tmp_path / "policy.yaml"))
    assert (result.exit_code, result.output) == (2, "Error: the counts are the table's own; leave out --policy\n")


def test_too_many_deployments_are_refused(compute: Lifecycle) -> None:
    with pytest.raises(LifecycleError, match=r"has 131,072 kinds of deployment .* at most 65,536 are explored"):
        Deployments(compute.rules, [(None, None)], {f"option{number}": [[True], [False]] for number in range(17)})


def test_a_policy_file_is_verified_too(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        '"os_compute_api:os-pause-server:pause": "rule:project_reader_or_admin"\n', encoding="utf-8"
    )
    result = run("who-may-not-write-changes-nothing", "--policy", str(tmp_path / "policy.yaml"))
    assert result.exit_code == 1
    assert "pause by reader" in result.output


def test_a_machine_is_handed_on_with_its_work(compute: Lifecycle) -> None:
    machine = compute.machine(Server(status="ACTIVE"), "member")
    machine.trigger("os-stop")
    other = compute.machine(machine, "admin", "2.1")
    assert (other.trigger("lock").allowed, other.settle(), other.locked_by) == (True, "SHUTOFF", "admin")
    assert (machine.status, machine.locked_by) == ("ACTIVE", None)
    assert (other.turn("host_up"), other.told()["host_up"]) == ("SHUTOFF", False)
    with pytest.raises(LifecycleError, match="no fact is called hostup; did you mean host_up"):
        other.turn("hostup")


if __name__ == "__main__":
    STORIES.write_text("\n".join(story(name, changes) for name, changes in STORY), encoding="utf-8")
