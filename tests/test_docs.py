"""The documents: what they say runs, and no link of theirs leads nowhere, nor of what is made for any table."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

from lifecycle import Lifecycle
from lifecycle.cli.commands import main
from lifecycle.docs.markdown import code, paragraph, slug, table, text
from lifecycle.docs.reference import MARK, reference
from lifecycle.docs.site import site

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = list((ROOT / "docs").glob("*.md"))
GUIDES = ["first-steps.md", "embed.md", "draw.md", "own-table.md"]
TABLES = ["compute", "tests/tables/valid/door.yaml", "tests/tables/valid/volume.yaml", "tests/tables/valid/order"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def load(name: str) -> Lifecycle:
    return Lifecycle.load(name if name == "compute" else str(ROOT / name))


@cache
def pages_of(name: str) -> dict[str, str]:
    return dict(reference(load(name)))


def links(markdown: str) -> Iterator[str]:
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                yield str(child.attrGet("href") or child.attrGet("src"))


@cache
def anchors(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    heads = [re.sub(r"^#+ ", "", line) for line in lines if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", [ROOT / "README.md", *WRITTEN], ids=lambda path: path.name)
def test_no_link_of_what_was_written_leads_nowhere(path: Path) -> None:
    for link in links(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        way, _, anchor = link.partition("#")
        target = path.parent / unquote(way) if way else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_found_from_the_first(root: Path) -> None:
    listed = {link for link in links((root / "docs" / "README.md").read_text(encoding="utf-8")) if "/" not in link}
    assert listed == {path.name for path in WRITTEN} - {"README.md"}


class Found(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.append(value)


@pytest.mark.parametrize("name", TABLES)
def test_no_link_of_a_site_leads_nowhere_or_to_the_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link of a page to nowhere is an error when the site is made; these are those around the pages too."""
    monkeypatch.chdir(ROOT)
    files = site(load(name), pages_of(name), "docs" if name == "compute" else None)
    made = {path: Found(content.decode()) for path, content in files.items() if path.endswith(".html")}
    assert "index.html" in files
    for path, found in made.items():
        assert len(set(found.ids)) == len(found.ids), path
        assert "](" not in found.text, path
        for link in found.links:
            if link.startswith(("https://", "data:")):
                continue
            way, _, anchor = link.partition("#")
            target = (Path("/") / Path(path).parent / unquote(way)).resolve().relative_to("/").as_posix() if way else path
            assert target in files, (path, link)
            if target == "ask.html":  # what stands there in place of an anchor is what is asked
                assert re.fullmatch(r"(status=[\w-]+|open=[\w%.-]+)?", anchor), link
            else:
                assert not anchor or anchor in made[target].ids, (path, link)


def test_the_reference_says_what_show_says() -> None:
    """One place makes the sentences: every line of a rule is on its page."""
    pages = pages_of("compute")
    shown = run("show", "rebuild").output
    page = re.sub(r"[\\\[\]]", "", pages["actions/rebuild.md"])
    for label in ("state", "task", "by", "lock", "when", "then"):
        line = next(line for line in shown.splitlines() if line.startswith(f"{label} "))
        assert line.removeprefix(label).strip() in page


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (
            "actions/os-stop.md",
            ["| state | [ACTIVE] or [ERROR] |", "Instance {id} is locked", "(os_compute_api:servers:stop)", "| source | Stop"],
        ),
        (
            "actions/rebuild.md",
            ["loses disk", "| `rebuild.imageRef` | required, a UUID |", "| 2.90 | request `rebuild.hostname` |"],
        ),
        ("actions/addFloatingIp.md", ["It is gone since 2.44", "floating-ip-any-state", "| of | reference | nova |"]),
        ("actions/unshelve.md", ["## Rule of host", "| 2.77 |", "openstack server unshelve --host HOST"]),
        ("actions/createImage.md", ["| 2.45 | header Location | required, a URL | — |", "|  | answer | — | there |"]),
        ("statuses/SHUTOFF.md", ["[`os-start`](../actions/os-start.md) | member | refuses | 202 | powering-on → [ACTIVE]"]),
        ("statuses/PAUSED.md", ["| 409 | state | the server is [PAUSED], it must be [ACTIVE] or [ERROR] |"]),
        ("statuses/DELETED.md", ["| 404 | exists | there is no such server |"]),
        ("matrices.md", ["## Lock by caller", "| ✓ | ✓ 409 409 |"]),
        ("glossary.md", ["| stranger | may as much as a member", "- disk: [`rebuild`](actions/rebuild.md)"]),
        ("events.md", ["| resize_confirm_window | positive |"]),
    ],
)
def test_a_page_has_what_it_is_looked_up_for(root: Path, path: str, parts: list[str]) -> None:
    page = (root / "docs" / "reference" / path).read_text(encoding="utf-8")
    assert [part for part in parts if part not in page] == []


def test_check_tells_what_is_not_current(tmp_path: Path) -> None:
    folder, door = str(tmp_path), str(ROOT / "tests/tables/valid/door.yaml")
    assert run("docs", "--table", door, "--output", folder).exit_code == 0
    assert run("docs", "--table", door, "--output", folder, "--check").exit_code == 0
    (tmp_path / "mine.md").write_text("# Mine\n")
    (tmp_path / "actions" / "gone.md").write_text(f"# Gone\n{MARK}\n")
    (tmp_path / "actions" / "shut.md").write_text("# shut\n")
    (tmp_path / "matrices.md").unlink()
    result = run("docs", "--table", door, "--output", folder, "--check")
    assert result.exit_code == 1
    for said in ("matrices.md is missing", "shut.md differs", "gone.md is of no page any more", "  +## Rule", "3 not current"):
        assert said in result.output
    assert "mine.md" not in result.output
    assert run("docs", "--table", door, "--output", folder).output.endswith("3 written\n")
    assert run("docs", "--table", door, "--output", folder, "--check").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "actions").iterdir()) == ["bolt.md", "open.md", "shut.md", "unbolt.md"]
    assert (tmp_path / "mine.md").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pages", "docs"], "--pages goes with --format html"),
        (["--format", "html", "--pages", "nowhere"], "there is no folder nowhere"),
        (["--format", "html", "--pages", "bad"], "page.md: the link to missing.md leads nowhere"),
        (["--output", "page.md/x"], "cannot"),
        (["--format", "pdf"], "'pdf' is not one of 'markdown', 'html'"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text("")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "page.md").write_text("# Page\n\n[a](missing.md)\n")
    result = run("docs", "--table", str(ROOT / "tests/tables/valid/door.yaml"), *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


NASTY = "a|b*c_ [d](e) `f` <g> &amp; \\ #h\ni"


def test_no_name_breaks_the_markdown() -> None:
    parser = MarkdownIt("commonmark").enable("table")
    for written in (text(NASTY), code(NASTY)):
        tokens = parser.parse("\n".join(table(("head", "other"), [(written, "x")])))
        cells = [token for token in tokens if token.type == "inline"]
        assert len(cells) == 4
        assert "".join(child.content for child in cells[2].children or ()) == NASTY.replace("\n", " ")
    for start in ("# no heading", "- no list", "1. no list", "=== no rule", "+ no"):
        (_, inline, _) = parser.parse("\n".join(paragraph(start)))
        assert "".join(child.content for child in inline.children or ()) == start


def test_no_two_pages_share_a_file() -> None:
    taken: set[str] = set()
    names = [slug(name, taken) for name in ("DELETE", "delete", "a/b", "a b", "..", "…")]
    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


def blocks(language: str, page: str) -> list[str]:
    found = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    return [block for name, block in found if name == language]


def commands() -> list[str]:
    lines = [line for page in GUIDES for block in blocks("sh", page) for line in block.splitlines()]
    return list(dict.fromkeys(line.partition("  #")[0].strip() for line in lines if line.startswith("lifecycle ")))


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_guides_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "door.yaml").write_text(blocks("yaml", "own-table.md")[0], encoding="utf-8")
    (tmp_path / "cases.jsonl").write_text('{"action": "os-stop", "status": "ACTIVE"}\n', encoding="utf-8")
    result = run(*shlex.split(command)[1:])
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.output or "--output" in command


def test_the_python_of_the_guides_runs() -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    exec("\n".join(blocks("python", "embed.md")), names)  # noqa: S102 - our own text
    assert names["machine"].status == "ACTIVE"
