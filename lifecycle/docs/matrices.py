"""The matrices: what each status allows, what each caller may under each lock, and which microversions have what."""

from __future__ import annotations

from lifecycle.docs import markdown as md
from lifecycle.docs.book import MATRICES
from lifecycle.engine import microversion as versions
from lifecycle.engine.rules import bounds
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.docs.book import Book
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Data

YES = "✓"


def matrices_page(book: Book) -> str:
    """The whole page, in Markdown."""
    rules = book.rules
    caller = rules.usual_caller
    asked = [one for one in book.at_newest() if not book.makes(*one)]
    statuses = [name for name in rules.by_status if not rules.states.get(name, {}).get("end")]
    heads = ["action", *(book.to_status(name, MATRICES) for name in statuses)]
    by_status = ([_name(book, *one), *(_cell(book.decide(*one, caller, status=status)) for status in statuses)] for one in asked)
    people = md.table(["action", *map(md.text, rules.callers)], ([_name(book, *one), *_row(book, *one)] for one in asked))
    return book.page(
        MATRICES,
        "The matrices",
        md.paragraph(
            f"{YES} is allowed, a number is the code that refuses. A {rules.thing} is as the action wants it: the facts, where "
            "the state implies no others, are those that it asks for."
        ),
        md.section(
            "Status by action",
            [*md.paragraph(f"For a {caller}, and a {rules.thing} that nobody locked."), *md.table(heads, by_status)],
        ),
        md.section("Lock by caller", [*md.paragraph(_locks(book)), *people]),
        md.section("Microversions", md.table(("action", "there", "changes at"), _versions(book))),
    )


def _name(book: Book, action: str, variant: str | None) -> str:
    return book.to_action(action, MATRICES, variant)


def _cell(decision: Decision) -> str:
    return YES if decision.allowed else str(decision.code)


def _locks(book: Book) -> str:
    thing, holders = book.rules.thing, book.rules.holders
    if not holders:
        return f"In the first state that the action may start from; nobody locks a {thing}."
    return (
        f"In the first state that the action may start from. Where a lock changes the answer, one for each: "
        f"not locked, locked by {listed(holders.values(), 'or')}."
    )


def _row(book: Book, action: str, variant: str | None) -> Iterator[str]:
    """A cell for each caller: one answer, or one for each lock."""
    rule = book.lifecycle.ruling(action, variant, None, None).rule
    state = (rule["requires"].get("state") or [book.rules.usual_state])[0]
    for caller in book.rules.callers:
        decisions = (
            book.decide(action, variant, caller, state=state, task_state=_task(rule), locked_by=holder)
            for holder in (None, *book.rules.holders)
        )
        answers = list(map(_cell, decisions))
        yield answers[0] if len(set(answers)) == 1 else " ".join(answers)


def _task(rule: Data) -> str | None:
    """A task that the rule allows, none if it may be."""
    wanted: list[str | None] = rule["requires"].get("task") or [None]
    return None if None in wanted else wanted[0]


def _versions(book: Book) -> Iterator[tuple[str, str, str]]:
    """The actions that are not there at all microversions, or whose rule changes."""
    rules = book.rules
    for action, variant in book.asked():
        ends = [bounds(edition) for edition in rules.editions(action, variant, book.lifecycle.reading)]
        if not ends or rules.oldest is None or (len(ends) == 1 and ends[0] == (rules.oldest, rules.newest)):
            continue
        first, last = ends[0][0] or rules.oldest, ends[-1][1] or rules.newest
        there = f"{versions.text(first)} to {versions.text(last)}" if last else versions.text(first)
        changes = [versions.text(since) for since, _ in ends[1:] if since]
        yield _name(book, action, variant), there, listed(changes)
