"""The reference of a table: its pages by their path, in Markdown."""

from __future__ import annotations

from lifecycle.docs import markdown as md
from lifecycle.docs.action import action_page
from lifecycle.docs.book import EVENTS, GLOSSARY, INDEX, MATRICES, Book
from lifecycle.docs.glossary import glossary_page
from lifecycle.docs.matrices import matrices_page
from lifecycle.docs.status import events_page, status_page
from lifecycle.engine import microversion as versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle import Lifecycle

MARK = "<!-- Made from the table by `lifecycle docs`; what is written here by hand is lost. -->"


def reference(lifecycle: Lifecycle) -> Iterator[tuple[str, str]]:
    """The path and the text of every page, the first first."""
    book = Book(lifecycle)
    for path, text in _pages(book):
        yield path, f"{text}\n{MARK}\n"


def _pages(book: Book) -> Iterator[tuple[str, str]]:
    yield INDEX, _index(book)
    yield MATRICES, matrices_page(book)
    if book.rules.events:
        yield EVENTS, events_page(book)
    yield GLOSSARY, glossary_page(book)
    for name, path in book.actions.items():
        yield path, action_page(book, name)
    for name, path in book.statuses.items():
        yield path, status_page(book, name)


def count(lifecycle: Lifecycle) -> int:
    """How many pages there are."""
    rules = lifecycle.rules
    return len(rules.actions) + len(rules.by_status) + len((INDEX, MATRICES, GLOSSARY)) + bool(rules.events)


def _index(book: Book) -> str:
    rules = book.rules
    actions = ((book.to_action(name, INDEX), md.text(action["title"])) for name, action in rules.actions.items())
    others = [
        md.link("The matrices", MATRICES) + ": status by action, lock by caller, microversions",
        *([md.link("What happens by itself", EVENTS)] if rules.events else []),
        md.link("The words", GLOSSARY),
    ]
    return book.page(
        INDEX,
        md.text(rules.title),
        md.paragraph(_about(book)),
        ["", *(f"- {one}" for one in others)],
        md.section("Statuses", [f"- {book.to_status(name, INDEX)}" for name in rules.by_status]),
        md.section("Actions", md.table(("action", ""), actions)),
    )


def _about(book: Book) -> str:
    rules = book.rules
    at = ""
    if rules.oldest and rules.newest:
        first, last = versions.text(rules.oldest), versions.text(rules.newest)
        at = f", at microversion {last}; what was otherwise since {first} stands with it"
    return (
        f"What may be done to a {rules.thing}, by whom, when, with which answer, and what becomes of it, as the table "
        f"{rules.name} has it under the reading {book.lifecycle.reading}{at}."
    )
