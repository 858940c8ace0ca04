"""What is made is what is kept: schemas and pictures follow from the code and the table."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from lifecycle import Lifecycle
from lifecycle.docs.folder import stale
from lifecycle.docs.reference import reference
from lifecycle.render.formats import TEXTS, draw
from lifecycle.render.views import VIEWS
from lifecycle.table import bundled
from lifecycle.table.schema import schemas
from lifecycle.table.source import read

SUFFIXES = {"dot": "dot", "mermaid": "mmd"}


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


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_the_pictures_are_current(root: Path, compute: Lifecycle, form: str) -> None:
    """`lifecycle diagram --format dot --output diagrams/overview.dot` makes it anew."""
    picture = VIEWS["overview"](compute.rules, compute.reading)
    assert (root / "diagrams" / f"overview.{SUFFIXES[form]}").read_text(encoding="utf-8") == TEXTS[form](picture)


def test_the_overview_is_legible_and_drawn_as_it_is_kept(root: Path, compute: Lifecycle) -> None:
    picture = VIEWS["overview"](compute.rules, compute.reading)
    assert 10 <= len(picture.edges) <= 15
    kept = ET.parse(root / "diagrams" / "overview.svg").getroot()  # noqa: S314 - our own file
    titles = [element.text for element in kept.iter("{http://www.w3.org/2000/svg}title")]
    assert sorted(title for title in titles if title and "->" in title) == sorted(
        f"{edge.source}->{edge.target}" for edge in picture.edges
    )


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_it() -> None:
    lifecycle = Lifecycle.load("compute")
    svg = draw(TEXTS["dot"](VIEWS["overview"](lifecycle.rules, lifecycle.reading)), "svg")
    assert svg.count(b'class="edge"') == len(VIEWS["overview"](lifecycle.rules, lifecycle.reading).edges)
