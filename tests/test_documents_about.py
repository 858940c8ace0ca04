"""The documents name what the table names."""

import re
from pathlib import Path

from lifecycle import Lifecycle


def test_every_difference_of_the_table_is_documented_and_no_other(root: Path, compute: Lifecycle) -> None:
    text = (root / "docs" / "differences.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = {name for cell in rows for name in re.findall(r"`([a-z0-9-]+)`", cell)}
    assert documented == {name for action in compute.rules.actions.values() for name in action["differs"]}


def test_every_word_of_a_row_is_documented(root: Path) -> None:
    from lifecycle.table.model import Row

    text = (root / "docs" / "table.md").read_text(encoding="utf-8")
    assert [name for name in Row.model_fields if f"`{name}`" not in text] == []


def test_every_word_of_policies_is_documented(root: Path) -> None:
    from lifecycle.table.model import Admin, Policies

    text = (root / "docs" / "table.md").read_text(encoding="utf-8")
    assert [name for name in (*Policies.model_fields, *Admin.model_fields) if f"`{name}`" not in text] == []


def test_every_section_of_the_reference_is_cited_by_its_action(root: Path, compute: Lifecycle) -> None:
    text = (root / "tests/data/reference.txt").read_text(encoding="utf-8")
    titles = re.findall(r"([A-Z][A-Za-z()\- ]+? \((\w[\w-]*) Action\))(?: \(DEPRECATED\))? =====", text)
    assert len(titles) == 22
    for title, action in titles:
        assert compute.rules.actions[action]["cite"] == title.strip()
