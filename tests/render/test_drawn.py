"""Pictures that are drawn: by the official dot, by the one of a wheel, and by none."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from render.large import ring

from lifecycle import Lifecycle, Server
from lifecycle.cli.commands import main
from lifecycle.errors import LifecycleError
from lifecycle.render import palette
from lifecycle.render.drawn import MOST, OFFICIAL, WHEEL, draw, run
from lifecycle.render.formats import render
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import Scene
from lifecycle.render.views.overview import overview

SCRIPTS = sysconfig.get_path("scripts")


@pytest.fixture(params=[OFFICIAL, WHEEL])
def drawn_by(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A PATH that has just the one that draws, and nothing else."""
    found = shutil.which(request.param) or shutil.which(request.param, path=SCRIPTS)
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / request.param).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    found_name: str = request.param
    return found_name


@pytest.fixture
def _drawn_by_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))


def test_each_draws_the_same_picture(drawn_by: str, compute: Lifecycle) -> None:
    picture = overview(Scene(compute.rules))
    svg = ET.fromstring(render(picture, "svg"))  # noqa: S314 - our own picture
    name = "{http://www.w3.org/2000/svg}"
    edges = [element for element in svg.iter(f"{name}g") if element.get("class") == "edge"]
    assert len(edges) == len(picture.edges)
    texts = {"".join(element.itertext()) for element in svg.iter(f"{name}text")}
    assert {label for edge in picture.edges for label in edge.labels if edge.kind == "action"} <= texts
    assert svg.get("class") == "lifecycle"
    assert "prefers-color-scheme:dark" in (svg.findtext(f"{name}style") or "")
    assert drawn_by in {OFFICIAL, WHEEL}


def test_each_draws_a_png(drawn_by: str, compute: Lifecycle) -> None:
    png = render(overview(Scene(compute.rules)), "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), drawn_by
    assert len(png) > 20_000


def test_a_mistake_in_dot_text_is_told(drawn_by: str) -> None:
    with pytest.raises(LifecycleError, match=r"^Graphviz could not draw the picture: .*syntax error"):
        run("digraph { a -> }", "svg")
    assert drawn_by


@pytest.mark.usefixtures("_drawn_by_none")
def test_where_nothing_draws_it_is_said_how(compute: Lifecycle) -> None:
    with pytest.raises(
        LifecycleError, match=r"^svg takes Graphviz, and there is none: pip install 'server-lifecycle\[diagrams\]'"
    ):
        render(overview(Scene(compute.rules)), "svg")
    result = CliRunner().invoke(main, ["diagram", "--format", "png", "--output", "x.png"])
    assert result.exit_code == 2
    assert result.output.startswith("Error: png takes Graphviz")
    assert not Path("x.png").exists()


@pytest.mark.usefixtures("_drawn_by_none")
def test_where_nothing_draws_a_notebook_shows_text_and_no_error(compute: Lifecycle) -> None:
    for shown in things(compute):
        assert shown._repr_svg_() is None  # type: ignore[attr-defined]


def things(compute: Lifecycle) -> list[object]:
    paused = Server(status="PAUSED", locked_by="owner")
    machine = compute.machine(Server(status="SHUTOFF"))
    machine.trigger("resize")
    plan = compute.plan(paused, "SHUTOFF")
    return [compute, machine, plan, compute.decide("os-stop", paused), compute.decide("resize", Server(status="ACTIVE"))]


def test_a_notebook_shows_what_was_asked(drawn_by: str, compute: Lifecycle) -> None:
    svgs = [shown._repr_svg_() for shown in things(compute)]  # type: ignore[attr-defined]
    parts = ["SHELVED_OFFLOADED", "the work settles", "2 unpause", "× 409", "resize_migrated"]
    assert [part for svg, part in zip(svgs, parts, strict=True) if part not in svg.replace("&#215;", "×")] == []
    assert drawn_by


def test_a_notebook_shows_a_plan_with_nothing_to_do(compute: Lifecycle) -> None:
    from lifecycle.drawing import of_plan

    plan = compute.plan(Server(status="ACTIVE"), "ACTIVE")
    picture = of_plan(plan, compute.rules, compute.situation(Server(status="ACTIVE")))
    assert picture.notes == ("It is ACTIVE already.",)
    assert [node.name for node in picture.nodes] == ["ACTIVE"]


def test_every_colour_has_one_for_the_dark(compute: Lifecycle) -> None:
    """Nothing is drawn in a colour that would not turn; and each can be read on its ground."""
    svg = render(overview(Scene(compute.rules)), "svg").decode().partition("</style>")[2]
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg))
    assert used <= {*palette.DARK, "#000000"}
    for ink in (palette.INK, palette.QUIET, palette.RED, palette.GREEN, palette.BLUE):
        assert contrast(ink, palette.PAPER) >= 4.5
        assert contrast(palette.DARK[ink], "#0d1117") >= 4.5
    for ground in (palette.STATE, palette.TASK, palette.END, palette.HERE):
        assert contrast(palette.INK, ground) >= 7
        assert contrast(palette.QUIET, ground) >= 4.5
        assert contrast(palette.DARK[palette.INK], palette.DARK[ground]) >= 5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as the Web Content Accessibility Guidelines have it: 4.5 is legible."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_what_is_too_large_to_read_says_which_view_to_take(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["diagram", "--table", str(ring(tmp_path, 300)), "--view", "all", "--format", "svg"])
    assert result.exit_code == 2
    assert result.output == (
        "Error: 301 places and 601 arrows are too many for a picture; "
        "take --view overview or --view status NAME, or --format text\n"
    )
    assert draw(Picture("a", "a", (Node("a"),), tuple(Edge("a", "a", (str(number),)) for number in range(3))), "svg")
    assert MOST > 100


def test_the_layout_is_the_same_from_run_to_run(root: Path) -> None:
    code = "from lifecycle.cli.commands import main; main(['diagram', '--view', 'all', '--format', 'dot'])"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
