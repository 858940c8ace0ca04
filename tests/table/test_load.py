"""A table whose parts are anything at all gives mistakes, each with a place, and never an error."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle, Server
from lifecycle.table.compile import compile_table
from lifecycle.table.load import read_table
from lifecycle.table.source import parse

VOLUME = Path(__file__).resolve().parent.parent / "tables" / "valid" / "volume.yaml"
CONTENT: dict[str, Any] = parse(VOLUME.read_bytes(), "volume.yaml")[0].content


def holders(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each mapping and list of the table, with one of its keys or numbers."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from holders(value[key])


PARTS = len(list(holders(CONTENT)))
WORDS = ["", "x", "any", "none", "same", "available", "in-use", "extending", "encrypted", "2.10", "3.10", "lock", "bool"]
KEYS = ["state", "task", "not", "of", "but", "recall", "when", "requires", "since", "outcomes", "variants", "a b", "bool"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.sampled_from(WORDS) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=2), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load") / "t.yaml"


@given(st.lists(st.tuples(st.integers(0, PARTS), VALUES), min_size=1, max_size=4))
def test_any_part_may_be_anything(path: Path, changes: list[tuple[int, Any]]) -> None:
    content = copy.deepcopy(CONTENT)
    for number, value in changes:
        found = list(holders(content))
        holder, key = found[number % len(found)]
        holder[key] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    loaded, mistakes = read_table(str(path), "t.yaml")
    for mistake in mistakes:
        assert str(mistake).startswith("t.yaml:1:")
        assert "pydantic" not in str(mistake)
        assert " validation" not in mistake.message
    if not mistakes:
        compile_table(loaded)


@given(st.sets(st.integers(0, PARTS - 1), min_size=1, max_size=3))
def test_any_part_may_be_missing(path: Path, left_out: set[int]) -> None:
    content = copy.deepcopy(CONTENT)
    found = list(holders(content))
    for number in sorted(left_out, reverse=True):
        holder, key = found[number]
        del holder[key]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    loaded, mistakes = read_table(str(path), "t.yaml")
    assert all(str(mistake).startswith("t.yaml:") for mistake in mistakes)
    if not mistakes:
        compile_table(loaded)


def test_mistakes_of_many_kinds_and_files_come_in_the_order_of_files_and_lines() -> None:
    folder = Path(__file__).resolve().parent.parent / "tables" / "invalid" / "everything-at-once" / "table"
    places = [mistake.place for mistake in read_table(str(folder), "table")[1]]
    files = ["events.yaml", "lifecycle.yaml", "states.yaml", "actions/cancel.yaml", "actions/pay.yaml"]
    files += ["actions/return.yaml", "actions/send.yaml"]
    assert list(dict.fromkeys(place.file for place in places)) == [f"table/{name}" for name in files]
    for name in files:
        mine = [place for place in places if place.file == f"table/{name}"]
        assert mine == sorted(mine)


def test_what_a_row_says_holds_where_none_of_its_outcomes_does(tmp_path: Path) -> None:
    file = tmp_path / "door.yaml"
    file.write_text(
        "{name: door, title: A door, thing: door, usual: {state: OPEN, caller: visitor}, callers: {visitor: {}},"
        " checks: {state: {code: 409}}, rows: {all: {by: visitor, answers: 200}},"
        " facts: {stuck: {usual: false, yes: is stuck, no: is free}}, states: {OPEN: {}, SHUT: {}},"
        " actions: {push: {title: Push, cite: x, becomes: SHUT, requires: {state: OPEN},"
        " outcomes: [{when: {stuck: true}, becomes: same}]},"
        " pull: {title: Pull, cite: x, becomes: OPEN, requires: {state: SHUT}}}}"
    )
    door = Lifecycle.load(file)
    assert door.decide("push", Server(status="OPEN")).becomes == ["SHUT"]
