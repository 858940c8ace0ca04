"""The site: the pages of the reference, and pages of one's own, as HTML that needs no network and no server."""

from __future__ import annotations

import os
import posixpath
import re
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from lifecycle.docs.matrices import YES
from lifecycle.docs.reference import MARK
from lifecycle.errors import LifecycleError, shown
from lifecycle.page.html import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from lifecycle import Lifecycle

    Entry = tuple[str, str]
    """What an entry of the menu is called, and the path of its page."""
    Menu = list[tuple[str, list[Entry]]]

THEME = os.path.join(os.path.dirname(__file__), "theme")
SHEETS = ("site.css", "site.js")
FRONT = "README.md"
REFERENCE, FILES = "reference/", "files/"
ASK = "ask.html"  # the page that answers
MOST = 10_000_000  # bytes of a file that a page leads to
ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
REFUSED = re.compile(r"[45]\d\d")
SCROLLS = '<div class="table" role="region" aria-label="Table {}" tabindex="0">'
WIDE = 9  # columns of a table whose heads stand upright


class Page:
    """A page on its way to HTML: where it will be, its Markdown, and the folder that its links start from, if it was read."""

    def __init__(self, source: str, text: str, place: str | None = None) -> None:
        self.source = source
        self.path = _html(source)
        self.place = place
        self.tokens = _parser().parse(text.replace(MARK, ""))
        self.title = next(iter(list(_headings(self.tokens))), source)


def site(lifecycle: Lifecycle, texts: Mapping[str, str], folder: str | None) -> dict[str, bytes]:
    """All files of the site by path; `folder` has pages of one's own. Raises LifecycleError, also for a link to nowhere."""
    own = list(_own(folder)) if folder is not None else []
    prefix = REFERENCE if own else ""
    made = [Page(prefix + path, text) for path, text in texts.items()]
    pages = {page.source: page for page in (*own, *made)}
    files: dict[str, bytes] = {name: _theme(name) for name in SHEETS}
    for page in pages.values():
        _link(page, pages, files)
    files[ASK] = html(lifecycle.rules, lifecycle.reading, home="index.html").encode()
    menu = _menu(own, made, prefix, lifecycle)
    for page in pages.values():
        files[page.path] = _whole(page, menu, lifecycle.rules.title, _asks(page, prefix, lifecycle))
    return files


def _own(folder: str) -> Iterator[Page]:
    """The pages of a folder that were written by hand, the first first."""
    if not os.path.isdir(folder):
        raise LifecycleError(f"there is no folder {shown(folder)}")
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if name.endswith(".md") and MARK not in (text := _read(path).decode(errors="replace")):
                found.append(Page(os.path.relpath(path, folder).replace(os.sep, "/"), text, place))
    return iter(sorted(found, key=_order(found)))


def _order(pages: Sequence[Page]) -> Callable[[Page], tuple[int, str]]:
    """The front page first, then the others as it names them."""
    children = (child for page in pages if page.source == FRONT for token in page.tokens for child in token.children or ())
    named = [FRONT, *(str(child.attrGet("href")).partition("#")[0] for child in children if child.type == "link_open")]
    return lambda page: (named.index(page.source) if page.source in named else len(named), page.source)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MOST)
    except OSError as error:
        raise LifecycleError(f"cannot read {shown(path)}: {error.strerror or error}") from None


@cache
def _theme(name: str) -> bytes:
    return _read(os.path.join(THEME, name))


@cache
def _parser() -> MarkdownIt:
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise LifecycleError("html takes markdown-it-py: pip install 'server-lifecycle[docs]'") from None
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _html(source: str) -> str:
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "index.html" if name == FRONT else f"{name.removesuffix('.md')}.html")


def _headings(tokens: Sequence[Token]) -> Iterator[str]:
    """The texts of the headings; each gets the name by which a link finds it."""
    taken: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            taken[name] = taken.get(name, -1) + 1
            token.attrSet("id", f"{name}-{taken[name]}" if taken[name] else name)
            yield text


def _link(page: Page, pages: Mapping[str, Page], files: dict[str, bytes]) -> None:
    """Makes the links of a page lead to where things are in the site; files that it shows or names come along."""
    for token in page.tokens:
        for child in token.children or ():
            word = {"link_open": "href", "image": "src"}.get(child.type)
            if word and not ELSEWHERE.match(target := str(child.attrGet(word))):
                child.attrSet(word, _there(page, target, pages, files))


def _there(page: Page, target: str, pages: Mapping[str, Page], files: dict[str, bytes]) -> str:
    way, mark, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(way)))
    if path in pages:
        found = pages[path].path
    elif page.place is not None and os.path.isfile(place := os.path.join(page.place, unquote(way))):
        found = FILES + os.path.relpath(place).replace("../", "").replace(os.sep, "/")
        files[found] = _read(place)
    else:
        raise LifecycleError(f"{page.source}: the link to {shown(target)} leads nowhere")
    return quote(posixpath.relpath(found, posixpath.dirname(page.path) or ".")) + mark + anchor


def _menu(own: Sequence[Page], made: Sequence[Page], prefix: str, lifecycle: Lifecycle) -> Menu:
    """The groups of the menu: by their title the pages, each with its name."""
    groups: dict[str, list[Entry]] = {"Guide": [(page.title, page.path) for page in own]}
    front = f"{prefix}{FRONT}"
    for page in made:
        folder = page.source.removeprefix(prefix).partition("/")[0] if "/" in page.source.removeprefix(prefix) else "reference"
        name = lifecycle.rules.title if page.source == front else page.title
        groups.setdefault(folder.capitalize(), []).append((name, page.path))
    groups["Reference"].insert(1, ("Ask it", ASK))
    order = ("Guide", "Reference", "Statuses", "Actions")
    return [(title, groups[title]) for title in order if groups.get(title)]


def _asks(page: Page, prefix: str, lifecycle: Lifecycle) -> str:
    """Where the page that answers is, at what this page is about."""
    rules, name = lifecycle.rules, page.title
    if page.source.startswith(f"{prefix}statuses/"):
        return f"{ASK}#status={quote(name)}"
    if page.source.startswith(f"{prefix}actions/"):
        variant = next(filter(None, rules.variants(name)), None)
        return f"{ASK}#open={quote(f'{name}:{variant}' if variant and None not in rules.variants(name) else name)}"
    return ASK


def _whole(page: Page, menu: Menu, title: str, asks: str) -> bytes:
    """The page with all around it."""
    root = "../" * page.path.count("/")
    groups = []
    for name, entries in menu:
        items = "".join(_entry(root, page.path, label, path) for label, path in entries)
        opened = " open" if len(entries) < MANY or any(path == page.path for _, path in entries) else ""
        groups.append(f"<details{opened}><summary>{escape(name)}</summary><ul>{items}</ul></details>")
    _shape(page.tokens)
    told = {
        "title": escape(page.title if page.title == title else f"{page.title} · {title}"),
        "name": escape(title),
        "root": root,
        "asks": f"{root}{asks}",
        "menu": "\n".join(groups),
        "content": _parser().renderer.render(page.tokens, _parser().options, {}),
        "mark": MARK,
    }
    text = _theme("page.html").decode()
    return re.sub(r"\{\{(\w+)\}\}", lambda found: told[found[1]], text).encode()


MANY = 30  # entries of a group that is closed until it is opened


def _entry(root: str, here: str, label: str, path: str) -> str:
    current = ' aria-current="page"' if path == here else ""
    return f'<li><a href="{root}{quote(path)}"{current}>{escape(label)}</a></li>'


def _shape(tokens: list[Token]) -> None:
    """Tables scroll by themselves, heads that say nothing go, and cells that are an answer look like one."""
    from markdown_it.token import Token

    kept: list[Token] = []
    count = 0
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            heads = _heads(tokens, index)
            token.attrSet("class", "wide" if len(heads) > WIDE else "plain" if any(heads) else "bare")
            count += 1
            kept.append(Token("html_block", "", 0, content=SCROLLS.format(count)))
        elif token.type == "td_open" and (kind := _answer(tokens[index + 1].content)):
            token.attrSet("class", kind)
        kept.append(token)
        if token.type == "table_close":
            kept.append(Token("html_block", "", 0, content="</div>\n"))
    tokens[:] = kept


def _heads(tokens: Sequence[Token], index: int) -> list[str]:
    """The heads of a table, from where it begins."""
    heads = []
    while tokens[index].type != "thead_close":
        if tokens[index].type == "th_open":
            heads.append(tokens[index + 1].content)
        index += 1
    return heads


def _answer(cell: str) -> str:
    """What a cell says that is nothing but answers: each allowed, each refused, or some of both."""
    answers = {word == YES for word in cell.split() if word == YES or REFUSED.fullmatch(word)}
    plain = all(word == YES or REFUSED.fullmatch(word) for word in cell.split())
    return "" if not answers or not plain else "some" if len(answers) > 1 else "yes" if answers.pop() else "no"
