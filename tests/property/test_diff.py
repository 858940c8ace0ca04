"""By meaning: any word of a row that changes an answer is found, and what answers alike is never reported."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lifecycle import Lifecycle
from lifecycle.cases import Cases
from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.rules import Rules
from lifecycle.engine.situation import SIGNS, Situation
from lifecycle.errors import LifecycleError
from lifecycle.explore.diff import Side, diff
from lifecycle.explore.example import example
from lifecycle.table.bundled import find
from lifecycle.table.compile import compile_table
from lifecycle.table.lint import lint
from lifecycle.table.load import Loaded, read_table
from lifecycle.table.model import Table
from lifecycle.table.source import Source

TABLES = Path(__file__).resolve().parent.parent / "tables"
LOADED, _ = read_table(*find("compute"))
COMPUTE = Lifecycle.load("compute").rules
PROBES = 150


def compiled(content: dict[str, Any]) -> Rules | None:
    """The rules of a table in memory, or None where it has mistakes."""
    loaded = Loaded()
    loaded.content = content
    loaded.sources = [((), Source("table.yaml", ""))]
    try:
        loaded.table = Table.model_validate(content)
    except ValidationError:
        return None
    return None if lint(loaded, loaded.table, whole=True) else Rules(compile_table(loaded))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the words of a row stand."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [path] if parts is None else [leaf for key, part in parts for leaf in leaves(part, (*path, key))]


WORDS: dict[type, list[Any]] = {
    bool: [True, False],
    int: [200, 202, 204, 400, 403, 404, 409, 501],
    str: [
        *(*COMPUTE.states, *COMPUTE.tasks, *COMPUTE.callers),
        *("any", "none", "same", "refuses", "ignored", "owned", "zero", "positive", "2.20"),
    ],
}


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, Rules]:
    """An action or event, and a table in which one word of its row is another."""
    kind = draw(st.sampled_from(["actions", "actions", "actions", "events"]))
    name = draw(st.sampled_from(sorted(LOADED.content[kind])))
    content = copy.deepcopy(LOADED.content)
    path = draw(st.sampled_from(leaves(content[kind][name])))
    part = content[kind][name]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = draw(st.sampled_from(WORDS[type(part[path[-1]])]))
    rules = compiled(content)
    return name, COMPUTE if rules is None else rules


def answer(rules: Rules, name: str, variant: str | None, caller: str, version: tuple[int, int], values: dict[str, Any]) -> object:
    ruling = Ruling(Request(rules, name, variant, rules.caller(caller), version, "reference"))
    decision = ruling.decide(Situation(values, frozenset()))
    keys = ("code", "rule", "message", "status", "task_state", "locked_by", "tasks", "becomes", "on_failure", "loses")
    return [getattr(decision, key) for key in keys]


def probe(rules: Rules, name: str, seed: int) -> bool:
    """Whether one of many requests at random is answered otherwise than by the compute table."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    variants = list(COMPUTE.actions[name]["variants"]) if name in COMPUTE.actions else []
    for _ in range(PROBES):
        values: dict[str, Any] = {"asked": True, "envelope": True, "body": True, "exists": chance.random() < 0.95}
        values["state"] = chance.choice(list(COMPUTE.states))
        values["task_state"] = chance.choice([None, None, chance.choice(COMPUTE.tasks)])
        values["locked_by"] = chance.choice([None, None, *COMPUTE.holders])
        values["before"] = chance.choice([None, "ACTIVE", "SHUTOFF"])
        values |= {fact: chance.choice([True, False, says["usual"]]) for fact, says in COMPUTE.facts.items()}
        values |= {option: chance.choice(SIGNS) for option in COMPUTE.options}
        caller = chance.choice(["admin", "member", "member", *COMPUTE.callers]) if name in COMPUTE.actions else "member"
        request = (name, chance.choice(variants or [None]), caller, (2, chance.randint(1, 104)))
        try:
            if answer(rules, *request, values) != answer(COMPUTE, *request, values):
                return True
        except LifecycleError:  # a variant that is called otherwise now
            return True
    return False


@settings(max_examples=40)
@given(mutants(), st.integers())
def test_a_word_that_changes_an_answer_is_found_and_no_other(mutant: tuple[str, Rules], seed: int) -> None:
    name, rules = mutant
    found = diff(Side(COMPUTE), Side(rules))
    if probe(rules, name, seed):
        assert not found.same
    assert {group.action for group in found.groups} <= {name, *_recalling(name)}
    for group in found.groups:
        cases = example(found, group)
        if cases is None:
            continue
        one, other = (Cases(Lifecycle(side)).decide(case) for side, case in zip((COMPUTE, rules), cases, strict=True))
        keys = [{"status": "status"}.get(key, key) for key, _, _ in group.changes if key not in {"there", "remembers"}]
        assert not keys or any(getattr(one, key) != getattr(other, key) for key in keys)


def _recalling(name: str) -> set[str]:
    """The actions and events that a change of what is remembered changes too."""
    if name != "resize":
        return set()
    rows = {**COMPUTE.actions, **COMPUTE.events}
    return {other for other, row in rows.items() if "recall" in str(row["editions"])}


CHANGES: dict[str, Any] = {
    "answers": lambda said: said + 1,
    "tasks": lambda said: [*said, "migrating"],
    "becomes": lambda said: ["BUILD"] if said != ["BUILD"] else ["PAUSED"],
    "fails": lambda said: ["BUILD", "PAUSED"] if said != ["BUILD", "PAUSED"] else ["BUILD"],
    "loses": lambda said: [*said, "more"],
    "lock": lambda said: not said,
    "remembers": lambda said: None if said else "more",
    "at_once": lambda said: {"state": "BUILD", "task": "migrating"} if not said else {"state": "PAUSED", "task": "spawning"},
}


def _met(rule: dict[str, Any], outcome: dict[str, Any]) -> bool:
    """Whether an edition lets through a state that the outcome is for, which another edition of the row may have it for."""
    asked = [rule["requires"][check.name] for check in COMPUTE.checks if check.asks == "state" and check.name in rule["requires"]]
    return any(all(state in states for states in asked) for state in outcome["when"].get("state", COMPUTE.states))


@pytest.mark.parametrize("word", CHANGES)
def test_every_word_of_every_outcome_is_compared(word: str) -> None:
    """One row at a time, in a table that has nothing else; an outcome that nothing reaches would fail here as well."""
    missed = []
    for kind in ("actions", "events"):
        for name, row in COMPUTE.data[kind].items():
            alone = {**COMPUTE.data, "actions": {}, "events": {}, kind: {name: row}}
            for number, edition in enumerate(row["editions"]):
                for index, outcome in enumerate(edition["rule"]["outcomes"]):
                    if edition["rule"]["removed"] or not _met(edition["rule"], outcome):
                        continue
                    mutant = copy.deepcopy(row)
                    mutant["editions"][number]["rule"]["outcomes"][index][word] = CHANGES[word](outcome[word])
                    reading = edition["reading"] or "reference"
                    other = Rules({**alone, kind: {name: mutant}})
                    if diff(Side(Rules(alone), reading, "admin"), Side(other, reading, "admin")).same:
                        missed.append((name, number, index))
    assert [where for where in missed if word != "lock" or where[0] in {"lock", "pause", "os-stop"}] == []


@settings(max_examples=5)
@given(st.integers())
def test_the_order_of_what_has_no_order_is_no_difference(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = copy.deepcopy(LOADED.content)
    for group in ("actions", "events", "states", "facts", "options"):
        content[group] = dict(chance.sample(sorted(content[group].items()), len(content[group])))
    content["actions"] = {name: dict(chance.sample(list(row.items()), len(row))) for name, row in content["actions"].items()}
    for row in content["actions"].values():
        states = row.get("requires", {}).get("state")
        if isinstance(states, list):
            chance.shuffle(states)
        row |= {"title": "else", "cite": "else", "note": "else"}
    rules = compiled(content)
    assert rules is not None
    found = diff(Side(COMPUTE), Side(rules))
    assert (found.table, found.groups) == ([], [])


@pytest.mark.parametrize("path", sorted((TABLES / "valid").iterdir()), ids=lambda path: path.stem)
def test_a_table_is_equal_to_itself(path: Path) -> None:
    rules = Lifecycle.load(path).rules
    assert diff(Side(rules), Side(Rules(copy.deepcopy(dict(rules.data))))).same


PARTS = ("events", "lifecycle", "policies", "states", "types")


def test_comments_files_and_form_are_no_difference(root: Path, tmp_path: Path) -> None:
    """The compute table as one file, in another form, with comments."""
    import yaml

    folder = root / "specs" / "compute"
    texts = [f"# {name}\n{(folder / f'{name}.yaml').read_text(encoding='utf-8')}" for name in PARTS]
    texts.append("actions:")
    for path in sorted((folder / "actions").glob("*.yaml"), reverse=True):
        row = path.read_text(encoding="utf-8").replace("\n", "\n    ")
        texts.append(f"  # {path.stem}\n  {path.stem}:\n    {row}")
    file = tmp_path / "whole.yaml"
    file.write_text("\n".join(texts), encoding="utf-8")
    assert yaml.safe_load(file.read_text(encoding="utf-8"))
    found = diff(Side(COMPUTE), Side(Lifecycle.load(file).rules))
    assert (found.table, found.groups) == ([], [])
