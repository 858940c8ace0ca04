"""The tables of tests/tables: valid ones have no mistake, and each invalid one just the messages that lie beside it.

`python tests/table/test_invalid.py` writes the messages anew; read the difference before it is committed.
"""

from pathlib import Path

import pytest

from lifecycle import Lifecycle
from lifecycle.errors import TableError
from lifecycle.table.load import read_table

TABLES = Path(__file__).resolve().parent.parent / "tables"
VALID = sorted((TABLES / "valid").iterdir())
INVALID = sorted(folder for folder in (TABLES / "invalid").iterdir() if folder.is_dir())


def messages(folder: Path) -> str:
    """All that is said of the invalid table in a folder, as message.txt has it."""
    name = "table" if (folder / "table").is_dir() else "table.yaml"
    _, mistakes = read_table(str(folder / name), name)
    return "".join(f"{mistake}\n" for mistake in mistakes)


@pytest.mark.parametrize("path", VALID, ids=[path.stem for path in VALID])
def test_a_valid_table_has_no_mistake_and_decides(path: Path) -> None:
    assert [str(mistake) for mistake in read_table(str(path), path.name)[1]] == []
    assert Lifecycle.load(path).rules.actions


@pytest.mark.parametrize("folder", INVALID, ids=[folder.name for folder in INVALID])
def test_an_invalid_table_is_refused_in_these_words(folder: Path) -> None:
    expected = (folder / "message.txt").read_text(encoding="utf-8")
    assert expected
    assert messages(folder) == expected


@pytest.mark.parametrize("folder", INVALID, ids=[folder.name for folder in INVALID])
def test_an_invalid_table_is_not_loaded(folder: Path) -> None:
    name = "table" if (folder / "table").is_dir() else "table.yaml"
    with pytest.raises(TableError) as caught:
        Lifecycle.load(folder / name)
    assert len(caught.value.mistakes) == sum(line.startswith("table") for line in messages(folder).splitlines())


if __name__ == "__main__":
    for folder in INVALID:
        (folder / "message.txt").write_text(messages(folder), encoding="utf-8")
