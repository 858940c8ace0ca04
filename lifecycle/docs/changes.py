"""What of an action differs from one microversion, or one reading, to another: the lines that its rule has in one only."""

from __future__ import annotations

from lifecycle.bodies.documents import said
from lifecycle.bodies.schema import starts
from lifecycle.docs.rule import document_lines, documents, header_lines, rule_lines
from lifecycle.engine.rules import bounds
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Rules

    Said = dict[str, dict[str, list[str]]]
    """What is said of each part, a variant's rule or a document: by label or field the sentences."""
    Change = tuple[str, str, str, str]
    """The part and the line, what it said, and what it says then."""

RULE, HEADERS = "rule", "header"
DOCUMENTS = {"request": "request", "response": "answer"}
THERE, MISSING = "there", ""


def at_microversions(rules: Rules, reading: str, name: str) -> Iterator[tuple[Microversion, list[Change]]]:
    """The microversions at which something changes, each with what it was and what it is from then on."""
    if rules.oldest is None or rules.newest is None:
        return
    before = snapshot(rules, reading, name, rules.oldest)
    for version in sorted(_starts(rules, reading, name)):
        if rules.oldest < version <= rules.newest:
            after = snapshot(rules, reading, name, version)
            if changes := list(compared(before, after)):
                yield version, changes
            before = after


def _starts(rules: Rules, reading: str, name: str) -> set[Microversion]:
    """The microversions at which something could change."""
    found: set[Microversion] = set()
    for variant in rules.variants(name) or (None,):
        for edition in rules.editions(name, variant, reading):
            since, until = bounds(edition)
            found |= {since} if since else set()
            found |= {(until[0], until[1] + 1)} if until else set()
            for kind in DOCUMENTS:
                found.update(starts(rules.types, said(kind, rules, name, edition["rule"]) or {}))
            for header in edition["rule"]["headers"].values():
                found.update(start for field in header for start in starts(rules.types, field))
    return found


def snapshot(rules: Rules, reading: str, name: str, version: Microversion | None) -> Said:
    """All that is said of an action at a microversion; nothing where it is not there."""
    found: Said = {}
    for variant in rules.variants(name) or (None,):
        rule = rules.edition(name, variant, reading, version)
        if rule is not None:
            lines = found[variant or RULE] = {}
            for label, line in rule_lines(rules, rule):
                lines.setdefault(label, []).append(line)
            found.setdefault(HEADERS, {}).update((name, [holds]) for name, holds in header_lines(rules, rule, version))
    for kind, part in DOCUMENTS.items():
        every = documents(kind, rules, reading, name, version)
        for made, variants in every:
            lines = found[f"{part} of {listed(variants)}" if len(every) > 1 else part] = {}
            for field, holds in document_lines(made):
                lines[field] = [holds]
    return found


def compared(before: Said, after: Said) -> Iterator[Change]:
    """What one says and the other does not; of what is not there at all, only that."""
    old, new = _there(before), _there(after)
    if old != THERE or new != THERE:
        if old != new:
            yield "", "", old, new
        return
    for part in dict.fromkeys((*before, *after)):
        if part in before and part in after:
            yield from _lines(part, before[part], after[part])
        else:
            yield part, "", *((THERE, MISSING) if part in before else (MISSING, THERE))


def _there(said: Said) -> str:
    """Whether anything of an action is there; where it is gone for good, since when."""
    gone = [line for lines in said.values() for line in lines.get("removed", ())]
    return gone[0] if gone and len(gone) == len(said.keys() - {HEADERS}) else THERE if said else MISSING


def _lines(part: str, before: dict[str, list[str]], after: dict[str, list[str]]) -> Iterator[Change]:
    for line in dict.fromkeys((*before, *after)):
        old, new = before.get(line, []), after.get(line, [])
        if old != new and not _within(line, before) and not _within(line, after):
            only = [one for one in old if one not in new], [one for one in new if one not in old]
            yield part, line, "; ".join(only[0]), "; ".join(only[1])


def _within(line: str, lines: dict[str, list[str]]) -> bool:
    """Whether the field that holds this one is missing as well, so that it tells enough."""
    outer = line.rpartition(".")[0].removesuffix("[]")
    return line not in lines and "." in outer and outer not in lines
