"""What is made is what is kept: schemas and pictures follow from the code and the table."""

import json
import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner

from lifecycle import Lifecycle
from lifecycle.cli.commands import main
from lifecycle.docs.folder import stale
from lifecycle.docs.reference import reference
from lifecycle.table import bundled
from lifecycle.table.schema import schemas
from lifecycle.table.source import read


@pytest.mark.parametrize("kind", ["table", "lifecycle", "states", "events", "policies", "action"])
def test_the_schemas_are_current(root: Path, kind: str) -> None:
    """`lifecycle schema --write specs/schema` makes them anew."""
    assert (root / "specs" / "schema" / f"{kind}.schema.json").read_text(encoding="utf-8") == schemas()[kind]


def test_every_file_of_the_compute_table_fits_its_schema(root: Path) -> None:
    made = {kind: json.loads(text) for kind, text in schemas().items()}
    for name, path in bundled.files(str(root / "specs" / "compute")):
        kind = "action" if name.startswith("actions/") else name.removesuffix(".yaml")
        source, mistakes = read(path, name)
        assert not mistakes
        jsonschema.Draft202012Validator(made[kind]).validate(source.content)


def test_the_reference_is_current(root: Path, compute: Lifecycle) -> None:
    """`lifecycle docs` makes it anew."""
    assert stale(str(root / "docs" / "reference"), {path: text.encode() for path, text in reference(compute)}) == {}


MAKE = (Path(__file__).resolve().parent.parent / "diagrams" / "make").read_text(encoding="utf-8")
MADE = [shlex.split(line)[1:] for line in MAKE.splitlines() if line.startswith("lifecycle ")]


def made(arguments: list[str], tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """What a line of diagrams/make makes, and what is kept of it."""
    monkeypatch.chdir(root)
    kept = root / arguments[-1]
    new = tmp_path / kept.name
    result = CliRunner().invoke(main, [*arguments[:-1], str(new)])
    assert result.exit_code == 0, result.output
    return new, kept


def drawn(path: Path) -> tuple[list[str], list[str]]:
    """The nodes and edges of an SVG by their titles, and its texts: what does not hang on the version of Graphviz."""
    svg = ET.parse(path).getroot()  # noqa: S314 - our own file
    name = "{http://www.w3.org/2000/svg}"
    return (
        sorted(element.text or "" for element in svg.iter(f"{name}title")),
        sorted(element.text or "" for element in svg.iter(f"{name}text")),
    )


@pytest.mark.parametrize("arguments", [line for line in MADE if not line[-1].endswith(".svg")], ids=lambda line: line[-1])
def test_the_pictures_are_current(arguments: list[str], tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`diagrams/make` makes them anew."""
    new, kept = made(arguments, tmp_path, root, monkeypatch)
    assert kept.read_text(encoding="utf-8") == new.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [line for line in MADE if line[-1].endswith(".svg")], ids=lambda line: line[-1])
def test_the_drawn_pictures_are_current(
    arguments: list[str], tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, kept = made(arguments, tmp_path, root, monkeypatch)
    assert drawn(kept) == drawn(new)


def test_nothing_lies_there_that_is_not_made(root: Path) -> None:
    assert {path.name for path in (root / "diagrams").iterdir()} == {"make", *(Path(line[-1]).name for line in MADE)}
