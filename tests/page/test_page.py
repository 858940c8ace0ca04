"""The page answers as the package does, in a real browser, and looks for nothing outside itself."""

import random
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from page.browser import BROWSER, NAMES, Text, run

from lifecycle import Lifecycle, Server
from lifecycle.cases import Cases
from lifecycle.cli.commands import main
from lifecycle.errors import LifecycleError
from lifecycle.explore.plan import NoPlan, all_losses
from lifecycle.page.html import html
from lifecycle.page.layout import layers, ring

ROOT = Path(__file__).resolve().parents[2]
MOST = 400_000  # bytes
VOLUME = str(ROOT / "tests" / "tables" / "real" / "volume.yaml")
OWN = [str(ROOT / "tests" / "tables" / "valid" / name) for name in ["door.yaml"]]
in_a_browser = pytest.mark.skipif(BROWSER is None, reason=f"no browser is installed: none of {', '.join(NAMES)}")


@cache
def load(table: str, reading: str = "reference") -> Lifecycle:
    return Lifecycle.load(table, reading=reading)


@cache
def page(table: str, reading: str = "reference") -> str:
    lifecycle = load(table, reading)
    return html(lifecycle.rules, lifecycle.reading)


def questions(lifecycle: Lifecycle, seed: int) -> Iterator[dict[str, Any]]:
    """Cases without end, of everything that a case can tell."""
    rules, dice = lifecycle.rules, random.Random(seed)  # noqa: S311 - questions, not secrets
    while True:
        case: dict[str, Any] = {"action": dice.choice(list(rules.actions))}
        variants = [variant for variant in rules.variants(case["action"]) if variant]
        if variants and dice.random() < 0.7:
            case["variant"] = dice.choice(variants)
        if rules.oldest and rules.newest and dice.random() < 0.7:
            case["microversion"] = f"{rules.oldest[0]}.{dice.randint(rules.oldest[1], rules.newest[1])}"
        if dice.random() < 0.8:
            case["caller"] = dice.choice(list(rules.callers))
        if dice.random() < 0.7 or not rules.tasks:
            case["status"] = dice.choice(list(rules.by_status))
        else:
            case |= {"vm_state": dice.choice(list(rules.by_vm_state)), "task_state": dice.choice([None, *rules.tasks])}
        for key, values in (("locked_by", rules.holders), ("before", rules.states)):
            if values and dice.random() < 0.4:
                case[key] = dice.choice([None, *values])
        case |= {fact: dice.random() < 0.5 for fact in (*rules.facts, "exists") if dice.random() < 0.2}
        if dice.random() < 0.3:
            case["options"] = {option: dice.choice([-1, 0, 5]) for option in rules.options if dice.random() < 0.5}
        yield case


def decisions(lifecycle: Lifecycle, count: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    cases, found = Cases(lifecycle), []
    for case in questions(lifecycle, 1):
        try:
            told = cases.decide(case).as_dict()
        except LifecycleError:
            continue  # a vm_state and a task that no status goes with
        wanted = ("code", "rule", "reason", "message", "tasks", "becomes", "on_failure")
        found.append((case, {key: told[key] for key in wanted} | {"also": [other["reason"] for other in told["also"]]}))
        if len(found) == count:
            return found
    raise AssertionError


def plans(lifecycle: Lifecycle, count: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    dice = random.Random(2)  # noqa: S311
    losses = sorted(all_losses(lifecycle.rules))
    for case in questions(lifecycle, 3):
        asked = {key: case.pop(key, None) for key in ("action", "variant", "caller", "microversion")}
        to, lossy = dice.choice(list(lifecycle.rules.by_status)), losses if dice.random() < 0.3 else []
        try:
            made = lifecycle.plan(Server(**case), to, asked["caller"], asked["microversion"], lossy)
            answer: dict[str, Any] = {"steps": list(made.steps()), "loses": made.loses}
        except NoPlan as error:
            answer = {"error": str(error)}
        except LifecycleError:
            continue
        found.append(({**asked, "told": case, "to": to, "losses": lossy}, answer))
        if len(found) == count:
            return found
    raise AssertionError


@in_a_browser
@pytest.mark.parametrize(
    ("table", "reading", "many", "few"),
    [
        ("compute", "reference", 1_000, 40),
        ("compute", "nova", 200, 5),
        (VOLUME, "reference", 200, 30),
        *((own, "reference", 60, 20) for own in OWN),
    ],
)
def test_it_answers_as_the_command_does(tmp_path: Path, table: str, reading: str, many: int, few: int) -> None:
    lifecycle = load(table, reading)
    asked, planned = decisions(lifecycle, many), plans(lifecycle, few)
    given = {"decisions": [case for case, _ in asked], "plans": [plan for plan, _ in planned]}
    answered = run(page(table, reading), "answers.js", given, tmp_path)
    assert "error" not in answered
    assert [(case, got) for (case, _), got in zip(asked, answered["decisions"], strict=True)] == asked
    assert [(plan, got) for (plan, _), got in zip(planned, answered["plans"], strict=True)] == planned


@in_a_browser
def test_it_is_used_with_a_mouse_or_a_keyboard_and_its_address_says_it_all(tmp_path: Path) -> None:
    anchor = "#status=PAUSED&as=reader&lock=admin&at=2.47&open=os-stop"
    seen = run(page("compute"), "use.js", None, tmp_path, anchor)
    assert "error" not in seen, seen
    assert seen["shared"] == ["PAUSED", "reader", "admin", "2.47"]
    assert "it takes a member, and this is a reader" in seen["opened"]
    compute = load("compute")
    assert seen["before"] == sum(one.allowed for one in compute.actions(Server(status="ACTIVE")).values()) - 1  # all but create
    assert seen["clicked"][:2] == ["SHUTOFF", "SHUTOFF"]
    assert re.fullmatch(r"SHUTOFF: \d+ may be done, \d+ may not", seen["clicked"][2])
    assert seen["clicked"][3] == "#status=SHUTOFF"
    assert seen["pressed"] == seen["focusable"] == ["SHUTOFF"]
    assert seen["reader"] == [
        sum(one.allowed for one in compute.actions(Server(status="SHUTOFF"), "reader").values()),
        "#status=SHUTOFF&as=reader",
    ]
    assert seen["admin"] > seen["locked"] > 0
    assert seen["old"]
    assert seen["beside"] == seen["entered"] != "ACTIVE"
    assert seen["larger"]
    assert seen["fits"]
    assert seen["searching"] == "search"
    assert seen["found"][:2] == ["REBUILD", "rebuild"]
    assert seen["active"] == "found-1"
    assert seen["revealed"] == ["status", "rebuild", "rebuild"]
    plan = compute.plan(Server(status="PAUSED", locked_by="owner"), "SHUTOFF")
    assert seen["plan"] == list(plan.steps())
    assert seen["way"] == 2
    assert seen["noPlan"].startswith("no requests of a member bring a server from PAUSED to BUILD without a loss")
    assert seen["tabs"] == ["trace", "true", True]
    assert seen["trace"][:2] == ["resize ACTIVE → RESIZE (resize_prep)", "settle RESIZE → VERIFY_RESIZE"]
    assert seen["trace"][2].startswith("os-stop 409: the server is VERIFY_RESIZE")
    assert (seen["first"], seen["next"]) == (0, 1)
    assert seen["kept"] == "resize\nsettle\nos-stop"
    assert seen["theme"] == "light"


NASTY = """
name: nasty
title: "</script><b>&amp;"
thing: thing
usual: {state: constructor, caller: toString}
callers: {toString: {}, __proto__: {}}
checks: {policy: {code: 403}, state: {code: 409}}
rows: {all: {by: toString, answers: 200}}
states: {constructor: {}, valueOf: {}}
actions:
  toString: {title: "</script><script>x</script>", requires: {state: constructor}, becomes: valueOf, cite: "&lt;"}
  hasOwnProperty: {title: "{{data}}", requires: {state: valueOf}, becomes: constructor, cite: c}
"""


@in_a_browser
def test_no_name_of_a_table_breaks_it(tmp_path: Path) -> None:
    table = tmp_path / "nasty.yaml"
    table.write_text(NASTY, encoding="utf-8")
    seen = run(page(str(table)), "names.js", None, tmp_path)
    assert seen == {
        "counts": [0, 0],
        "said": ["toString", "hasOwnProperty"],
        "codes": [200, 409, 403],
        "title": "</script><b>&amp;",
    }


@pytest.mark.parametrize("table", ["compute", VOLUME, *OWN])
def test_it_is_small_and_needs_no_network(table: str) -> None:
    made = page(table)
    assert len(made.encode()) <= MOST
    for _, attributes in Text(made).elements:
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert set(re.findall(r"https?://[^\s\"'<>]+", made)) <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", made)
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\b *\(", made)


def test_the_command_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert CliRunner().invoke(main, ["diagram", "--output", str(path)]).exit_code == 0
    assert path.read_text(encoding="utf-8") == page("compute")


@pytest.mark.parametrize("told", [["--view", "all"], ["--status", "PAUSED"], ["--microversion", "2.47"], ["resize"]])
def test_what_is_chosen_in_it_is_not_told_to_the_command(told: list[str]) -> None:
    wrong = CliRunner().invoke(main, ["diagram", "--format", "html", *told])
    assert (wrong.exit_code, f"leave out {told[0]}" in wrong.output) == (2, True)


def test_what_belongs_together_stands_together() -> None:
    pairs = {("a", "b"): 1, ("b", "c"): 1, ("c", "d"): 1, ("d", "e"): 1}
    around = ring(["m", "c", "a", "e", "b", "d"], pairs, "m")["around"]
    at = {state: number for number, state in enumerate(around)}
    assert sum(min((at[one] - at[other]) % 5, (at[other] - at[one]) % 5) for one, other in pairs) == len(pairs)


def test_a_large_table_stands_in_layers_where_nothing_draws() -> None:
    states = [f"s{number}" for number in range(30)]
    pairs = dict.fromkeys(pairwise(states[:20]), 1)
    places = layers(states, pairs, "s0")
    assert set(places) == set(states)
    assert len(set(map(tuple, places.values()))) == len(states)
    assert places["s0"][0] < places["s5"][0] < places["s19"][0] < places["s29"][0]
