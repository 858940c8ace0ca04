"""The rule of an action, what a status means and what an event does, in lines: what each is about, and a sentence.

Everything that tells a rule in words tells it with these: `lifecycle show`, the reference, the site.
"""

from __future__ import annotations

from lifecycle.bodies.documents import plain
from lifecycle.bodies.schema import edition as field_at
from lifecycle.bodies.schema import schema
from lifecycle.bodies.words import fields, holds
from lifecycle.engine import microversion as versions
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

    Line = tuple[str, str]
    Lines = Iterator[Line]
    Documents = list[tuple[Schema, list[str]]]

DOCUMENTS = {"request": "body", "response": "answer"}
"""The kinds of documents, each as a line is labelled that is about one."""
LOCKS = {
    "refuses": "refuses all but who passes locks",
    "owned": "refuses who holds less than it",
    "ignored": "ignored",
}


def there(rules: Rules, editions: list[Data]) -> Lines:
    """The microversions that it is there at, where it is not there at all of them, and where its rule changes."""
    if not editions or rules.oldest is None:
        return
    first, last = tuple(editions[0]["since"]), tuple(editions[-1]["until"])
    if first != rules.oldest or last != rules.newest:
        yield "microversion", f"{versions.text(first)} to {versions.text(last)}"
    changes = [versions.text(tuple(edition["since"])) for edition in editions[1:]]
    if changes:
        yield "changes at", listed(changes)


def rule_lines(rules: Rules, rule: Data) -> Lines:
    """What a rule asks, of whom, and what follows."""
    if rule["removed"]:
        yield "removed", rule["removed"]
        return
    yield from needs(rules, rule)
    yield "by", _by(rules, rule)
    yield "lock", LOCKS[rule["lock"]]
    yield from follows(rule)


def needs(rules: Rules, rule: Data) -> Lines:
    """What a rule asks of the thing, in the order in which it is asked."""
    asked = rule["requires"]
    for check in rules.checks:
        wanted = asked.get(check.name)
        if wanted is None or check.asks == "exists":
            continue
        if check.asks == "state":
            yield "state", listed(wanted, "or")
        elif check.asks == "task":
            yield "task", "none" if wanted == [None] else listed((task or "none" for task in wanted), "or")
        else:
            yield check.asks, rules.facts[check.asks]["says"][str(wanted).lower()]
    for name in rules.options:
        if name in asked:
            yield name, listed(asked[name], "or")


def follows(rule: Data) -> Lines:
    """What follows when it is accepted, a line an outcome."""
    for outcome in rule["outcomes"]:
        yield "then" if not outcome["when"] else "when", outcome_line(outcome)


def _by(rules: Rules, rule: Data) -> str:
    """Who may at least; with a policy file, all who may, and what the file makes the policy ask."""
    policy = rules.policy
    if policy is None or not rule["policy"]:
        return (rule["by"] or "anybody") + (f" ({rule['policy']})" if rule["policy"] else "")
    may = [name for name in rules.may(rule) if rules.callers[name].fails is None]
    told = policy.says(rule["policy"])
    asks = f": {told[0]} ({told[1]})" if told else ""
    return f"{listed(may) or 'nobody'} ({rule['policy']}{asks})"


def outcome_line(outcome: Data) -> str:
    """One outcome in a line: condition, code, tasks, ends."""
    parts = []
    if outcome["when"]:
        conditions = (f"{key} is {listed(map(_value, values), 'or')}" for key, values in outcome["when"].items())
        parts.append(f"{' and '.join(conditions)}:")
    parts.append(str(outcome["answers"]))
    parts += [" → ".join([*outcome["tasks"], listed(map(_end, outcome["becomes"] or ["same"]), "or")])]
    if outcome["fails"] and outcome["tasks"]:
        parts.append(f"(fails: {listed(map(_end, outcome['fails']), 'or')})")
    if outcome["loses"]:
        parts.append(f"loses {listed(outcome['loses'])}")
    return " ".join(parts)


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)


def _end(end: Any) -> str:
    return end if isinstance(end, str) else f"what it was before the {end['recall']}"


def shown_for(rules: Rules, status: str, most: int) -> Lines:
    """The states and tasks that show a status; of the tasks at most so many by name."""
    shown: dict[str, list[str]] = {}
    for state, task in rules.by_status[status]:
        shown.setdefault(state, []).append(task or "none")
    for state, tasks in shown.items():
        few = tasks if len(tasks) <= most else [*tasks[:most], f"{len(tasks) - most} more"]
        yield "shown for", f"vm_state {rules.states[state]['vm_state']}, task {listed(few, 'or')}"


def edition(rules: Rules, reading: str, name: str, variant: str | None, version: Microversion | None) -> Data | None:
    """The rule of a variant at a microversion; None where it is not there, or gone for good."""
    rule = rules.edition(name, variant, reading, version)
    return None if rule is None or rule["removed"] else rule


def documents(kind: str, rules: Rules, reading: str, name: str, version: Microversion | None) -> Documents:
    """The different documents of an action, each with the variants that have it."""
    found: Documents = []
    for variant in rules.variants(name) or (None,):
        rule = edition(rules, reading, name, variant, version)
        made = plain(kind, rules, name, rule, version) if rule else None
        if made is None:
            continue
        who = next((who for other, who in found if other == made), None)
        if who is None:
            who = []
            found.append((made, who))
        who += [variant] if variant else []
    return found


def document_lines(made: Schema) -> list[Line]:
    """The fields of a document, each with what it holds; of one that has none, what the whole may be."""
    return [row for row in fields(made) if row[1] != "required, an object"] or [("", holds(made))]


def header_lines(rules: Rules, rule: Data, version: Microversion | None) -> Lines:
    """The headers of an answer that matter, each with what it holds."""
    for header, editions in rule["headers"].items():
        field = field_at(editions, version)
        if field is not None:
            yield header, ("required, " if field.get("required") else "") + holds(schema(rules.types, field, version))
