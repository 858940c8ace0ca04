"""The page of a status: what shows it, what leads to it, what may be done then and by whom, and why not the rest."""

from __future__ import annotations

from lifecycle.docs import markdown as md
from lifecycle.docs.book import EVENTS
from lifecycle.docs.rule import follows, needs, shown_for
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.docs.book import Book
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Data

    Asked = tuple[str, str | None]

MAY = ("action", "by", "a lock", "answer", "becomes", "if it fails", "is lost")
FEW = 6  # tasks that a page names


def status_page(book: Book, name: str) -> str:
    """The whole page, in Markdown."""
    page = book.statuses[name]
    answers = {asked: _answers(book, asked, name) for asked in book.at_newest() if not book.makes(*asked)}
    may = {asked: allowed for asked, decisions in answers.items() if (allowed := [one for one in decisions if one.allowed])}
    shown = [(label, book.linked(line, page)) for label, line in shown_for(book.rules, name, FEW)]
    return book.page(
        page,
        md.text(name),
        md.paragraph(_what(book, name)),
        md.table(("", ""), shown),
        md.section("What leads here", list(_leads_here(book, name, page))),
        md.section("What may be done", md.table(MAY, (_may(book, page, *row) for row in may.items()))),
        md.section("What happens by itself", [f"- {md.link(md.text(key), f'../{EVENTS}')}" for key in _events(book, name)]),
        md.section(
            "What may not, and why",
            md.table(
                ("action", "code", "rule", "why"),
                (_may_not(book, page, asked, decisions[0]) for asked, decisions in answers.items() if asked not in may),
            ),
        ),
    )


def _answers(book: Book, asked: Asked, status: str) -> list[Decision]:
    """What each caller is answered, from who may the most."""
    return [book.decide(*asked, caller, status=status) for caller in book.people()]


def _what(book: Book, name: str) -> str:
    rules = book.rules
    if name not in rules.states:
        return f"What a {rules.thing} shows while work is under way."
    state = rules.states[name]
    implied = [rules.facts[fact]["says"][str(value).lower()] for fact, value in state["implies"].items()]
    what = f"Where a {rules.thing} ends: it is not there any more." if state["end"] else f"What an idle {rules.thing} is."
    return f"{what} Each {rules.thing} in it {listed(implied)}." if implied else what


def _may(book: Book, page: str, asked: Asked, allowed: list[Decision]) -> tuple[str, ...]:
    decision = allowed[0]
    rule = decision.ruling.rule
    facts = [book.rules.facts[name]["says"][str(value).lower()] for name, value in book.wanted(decision.ruling).items()]
    ends = "stays" if decision.becomes == [decision.shown_before] and not decision.tasks else listed(decision.becomes, "or")
    return (
        book.to_action(asked[0], page, asked[1]) + (f" if it {md.text(listed(facts))}" if facts else ""),
        md.text(_who(book, allowed)),
        rule["lock"],
        str(decision.code),
        book.linked(" → ".join([*decision.tasks, ends]), page),
        book.linked(listed(decision.on_failure, "or"), page) if decision.tasks else "",
        md.text(listed(decision.loses)),
    )


def _who(book: Book, allowed: list[Decision]) -> str:
    """The caller who may the least of those who may, or all of them where somebody between them may not."""
    names = [decision.ruling.request.caller.name for decision in allowed]
    return names[-1] if names == book.people()[: len(names)] else listed(names)


def _may_not(book: Book, page: str, asked: Asked, decision: Decision) -> tuple[str, ...]:
    refusal = decision.refusals[0]
    action = book.to_action(asked[0], page, asked[1])
    return action, str(refusal.code), md.text(refusal.rule), book.linked(refusal.sentence, page)


def _leads_here(book: Book, status: str, page: str) -> Iterator[str]:
    """The actions and events after which it shows, or may show, this status."""
    for asked, ways in book.ways.items():
        ends = [state for state, shows, _ in ways if status != state and status in shows]
        fails = [state for state, shows, fails in ways if status not in (state, *shows) and status in fails]
        for found, how in ((ends, "from"), (fails, "if it fails, from")):
            if found:
                yield f"- {book.to_action(asked[0], page, asked[1])} {how} {book.linked(_some(book, found), page)}"
    for key, event in book.rules.events.items():
        rule = event["editions"][0]["rule"]
        if any(status in (outcome["becomes"] or ()) for outcome in rule["outcomes"]):
            yield f"- {md.link(md.text(key), f'../{EVENTS}')}, by itself"


def _some(book: Book, states: list[str]) -> str:
    live = [state for state in book.rules.states if not book.rules.states[state]["end"]]
    return "everywhere" if len(states) >= len(live) - 1 and len(live) > len("any") else listed(states, "or")


def _events(book: Book, status: str) -> Iterator[str]:
    for key, event in book.rules.events.items():
        wanted = event["editions"][0]["rule"]["requires"].get("state")
        if status in book.rules.states and (wanted is None or status in wanted):
            yield key


def events_page(book: Book) -> str:
    """What happens without a caller: when, and what becomes of it."""
    parts = [part for key, event in book.rules.events.items() for part in _event(book, key, event)]
    return book.page(EVENTS, "What happens by itself", md.paragraph("No lock and no role stands in the way of it."), parts)


def _event(book: Book, key: str, event: Data) -> list[str]:
    rule = event["editions"][0]["rule"]
    lines = [(label, book.linked(line, EVENTS)) for label, line in (*needs(book.rules, rule), *follows(rule))]
    note = md.paragraph(event["note"]) if event["note"] else []
    source = [("source", md.text(event["cite"])), ("row", md.code(event["at"]))]
    return [*md.section(md.text(key), [*md.paragraph(f"{event['title']}."), *note, *md.table(("", ""), [*lines, *source])])]
