"""The page of an action: what it asks and of whom, what it answers, what follows, and what changes."""

from __future__ import annotations

import json

from lifecycle.docs import changes
from lifecycle.docs import markdown as md
from lifecycle.docs.rule import document_lines, documents, header_lines, rule_lines, there
from lifecycle.engine import microversion as versions
from lifecycle.engine.rules import READINGS
from lifecycle.errors import listed
from lifecycle.openapi.about import words
from lifecycle.openapi.requests import Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.docs.book import Book
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data

NONE = "—"


def action_page(book: Book, name: str) -> str:
    """The whole page, in Markdown."""
    action, version = book.rules.actions[name], book.last(name)
    page = book.actions[name]
    asked = Asked(book.rules, name, version, lambda one, variant, who: book.lifecycle.ruling(one, variant, who, _text(version)))
    return book.page(
        page,
        md.text(name),
        _head(book, name, action, version),
        *(_variant(book, page, name, variant) for variant in book.rules.variants(name) or (None,)),
        md.section("Request", [*_least(asked), *_documents(book, "request", name, version)]),
        md.section("Answer", [*_documents(book, "response", name, version), *_headers(asked)]),
        md.section("Refusals", _refusals(book, page, asked)),
        md.section("Changes", md.table(("since", "of", "what it was", "what it is"), _changes(book, page, name))),
        md.section("Where the readings differ", _readings(book, page, name, action)),
    )


def _text(version: Microversion | None) -> str | None:
    return version and versions.text(version)


def _head(book: Book, name: str, action: Data, version: Microversion | None) -> list[str]:
    """What it is, where it is asked for, and where all of this comes from."""
    lines = md.paragraph(f"{action['title']}.")
    if version != book.rules.newest and version:
        lines += md.paragraph(f"It is gone since {versions.text((version[0], version[1] + 1))}; this is what it was until then.")
    if action["note"]:
        lines += md.paragraph(action["note"])
    method, path, _ = book.lifecycle.ruling(name, None, None, _text(version)).wire
    rows = [("request", md.code(f"{method} {path}")), ("source", md.text(action["cite"])), ("row", md.code(action["at"]))]
    return [*lines, *md.table(("", ""), rows)]


def _variant(book: Book, page: str, name: str, variant: str | None) -> list[str]:
    """The rule, or that of one variant."""
    editions = book.rules.editions(name, variant, book.lifecycle.reading)
    if not editions:
        return []
    rule = editions[-1]["rule"]
    rows = [*there(book.rules, editions), *rule_lines(book.rules, rule)]
    told = [(label, book.linked(line, page)) for label, line in rows]
    if rule["command"]:
        told.append(("command", md.code(rule["command"])))
    return md.section(f"Rule of {md.text(variant)}" if variant else "Rule", md.table(("", ""), told))


def _least(asked: Asked) -> list[str]:
    """The least body of each variant."""
    examples = list({json.dumps(value, ensure_ascii=False): None for value in asked.examples().values()})
    return ["For instance:", "", *(f"    {example}" for example in examples)] if examples else []


def _documents(book: Book, kind: str, name: str, version: Microversion | None) -> list[str]:
    lines: list[str] = []
    found = documents(kind, book.rules, book.lifecycle.reading, name, version)
    for made, variants in found:
        if len(found) > 1:
            lines += ["", f"Of {listed(map(md.text, variants))}:"]
        rows = [(md.code(field) if field else "the whole", md.text(holds)) for field, holds in document_lines(made)]
        lines += md.table(("field", "what it holds"), rows)
    return lines


def _headers(asked: Asked) -> list[str]:
    """The headers of the answer, and what each holds."""
    rule = next(iter(asked.rulings.values()))[0].rule
    rows = ((md.code(name), md.text(holds)) for name, holds in header_lines(asked.rules, rule, asked.version))
    return md.table(("header", "what it holds"), rows)


def _refusals(book: Book, page: str, asked: Asked) -> list[str]:
    """By code the rules that refuse, each with a sentence of ours and the service's own words."""
    found: dict[tuple[int, str, str], str] = {}
    for gate, value, refusal in asked.refusals():
        own = words(gate, value) if gate.template(value) else ""
        found.setdefault((refusal.code, refusal.rule, own), refusal.sentence)
    rows = [
        (str(code), md.text(rule), book.linked(sentence, page), md.text(own) if own else NONE)
        for (code, rule, own), sentence in sorted(found.items(), key=lambda row: row[0][0])
    ]
    return md.table(("code", "rule", "for instance", f"{md.text(book.rules.service)} says"), rows)


def _changes(book: Book, page: str, name: str) -> Iterator[tuple[str, ...]]:
    for version, found in changes.at_microversions(book.rules, book.lifecycle.reading, name):
        since = versions.text(version)
        for change in found:
            yield (since, *_change(book, page, change))
            since = ""


def _change(book: Book, page: str, change: changes.Change) -> tuple[str, str, str]:
    part, line, old, new = change
    named = md.text("" if part == changes.RULE else part), md.code(line) if "." in line else md.text(line)
    return " ".join(filter(None, named)) or "all of it", book.linked(old, page) or NONE, book.linked(new, page) or NONE


def _readings(book: Book, page: str, name: str, action: Data) -> list[str]:
    """Why the readings part, and what of the rule is another one then."""
    lines = [f"- {md.code(key)}: {md.text(one['why'])} ({md.code(one['at'])})" for key, one in action["differs"].items()]
    version = book.last(name)
    old, new = (changes.snapshot(book.rules, reading, name, version) for reading in READINGS)
    rows = [_change(book, page, change) for change in changes.compared(old, new)]
    return [*lines, *md.table(("of", *READINGS), rows)]
