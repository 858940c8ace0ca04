"""lifecycle show: the rule of an action, or all that a status means, in words."""

from __future__ import annotations

import json
import textwrap

import click

from lifecycle.bodies.documents import of_all, plain, published
from lifecycle.bodies.words import fields, holds
from lifecycle.cli.commands import examples, load, table_options, version_option
from lifecycle.engine import microversion as versions
from lifecycle.errors import UnknownName, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

    Lines = Iterator[tuple[str, str]]


class UnknownTopic(UnknownName):
    """Neither an action nor a status."""

    kind = "action or status"


@click.command(
    "show",
    epilog=examples("lifecycle show os-stop", "lifecycle show VERIFY_RESIZE", "lifecycle show evacuate --microversion 2.95"),
)
@click.argument("name")
@version_option
@table_options
def command(name: str, microversion: str | None, as_json: bool, **options: Any) -> None:
    """The rule of the action NAME, or what the status NAME means."""
    lifecycle = load(options["table"], options["reading"], options["policy"])
    rules = lifecycle.rules
    if name in rules.actions:
        data: Any = {**rules.actions[name], **schemas(lifecycle, name, microversion)}
        lines = action_lines(lifecycle, name, microversion)
    elif name in rules.by_status:
        data = [
            {"state": state, "vm_state": rules.states[state]["vm_state"], "task_state": task}
            for state, task in rules.by_status[name]
        ]
        lines = status_lines(lifecycle, name, microversion)
    else:
        raise UnknownTopic(name, (*rules.actions, *rules.by_status), "`lifecycle actions` lists the actions")
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    for label, text in lines:
        click.echo(f"{click.style(f'{label:<12}', dim=True)}  {text}" if label else text)


def action_lines(lifecycle: Lifecycle, name: str, microversion: str | None) -> Lines:
    """An action's rule, a line a word of the table."""
    rules = lifecycle.rules
    action = rules.actions[name]
    version = rules.version(microversion)
    yield "", f"{click.style(name, bold=True)}  {action['title']}  ({action['at']})"
    if action["address"]:
        yield "request", action["address"]
    for variant in rules.variants(name) or (None,):
        editions = rules.editions(name, variant, lifecycle.reading)
        if variant:
            yield "variant", click.style(variant, bold=True)
        yield from _there(rules, editions)
        rule = rules.edition(name, variant, lifecycle.reading, version)
        if rule is None:
            here = versions.text(version) if version else ""
            yield "", f"It is not there at {here}; --microversion shows another."
        else:
            yield from _rule(rules, rule)
    for kind, label in DOCUMENTS.items():
        yield from _document(label, _plain(kind, lifecycle, name, version))
    for key, difference in action["differs"].items():
        yield "differs", f"{key}: {difference['why']} ({difference['at']})"
    if action["note"]:
        yield "note", action["note"]
    yield "cite", action["cite"]


def schemas(lifecycle: Lifecycle, name: str, microversion: str | None) -> dict[str, Any]:
    """The JSON Schema of an action's request and answer at a microversion; None where there is none."""
    rules, version = lifecycle.rules, lifecycle.rules.version(microversion)
    there = [rule for variant in rules.variants(name) or (None,) if (rule := _edition(lifecycle, name, variant, version))]
    return {kind: of_all(published(kind, rules, name, rule, version) for rule in there) for kind in DOCUMENTS}


DOCUMENTS = {"request": "body", "response": "answer"}


def _edition(lifecycle: Lifecycle, name: str, variant: str | None, version: Microversion | None) -> Data | None:
    """The rule of a variant at a microversion; None where it is not there, or gone for good."""
    rule = lifecycle.rules.edition(name, variant, lifecycle.reading, version)
    return None if rule is None or rule["removed"] else rule


def _plain(kind: str, lifecycle: Lifecycle, name: str, version: Microversion | None) -> list[tuple[Schema, list[str]]]:
    """The different documents of an action, each with the variants that have it."""
    found: list[tuple[Schema, list[str]]] = []
    for variant in lifecycle.rules.variants(name) or (None,):
        rule = _edition(lifecycle, name, variant, version)
        made = plain(kind, lifecycle.rules, name, rule, version) if rule else None
        if made is None:
            continue
        who = next((who for other, who in found if other == made), None)
        if who is None:
            who = []
            found.append((made, who))
        who += [variant] if variant else []
    return found


def _document(label: str, found: list[tuple[Schema, list[str]]]) -> Lines:
    """The fields of a document, aligned; a line that is too long goes on below itself."""
    for made, variants in found:
        if len(found) > 1:
            yield label, f"of {listed(variants)}:"
            label = MORE
        rows = [row for row in fields(made) if row[1] != "required, an object"] or [("", holds(made))]
        width = min(max(len(path) for path, _ in rows), WIDEST)
        for path, what in rows:
            first, *rest = textwrap.wrap(what, WIDTH - LABEL - 2 - width, break_long_words=False, break_on_hyphens=False)
            if len(path) > width:
                yield label, path
                path, label = "", MORE  # noqa: PLW2901 - what it holds stands below
            for line in (first, *rest):
                yield label, f"{path:<{width}}  {line}".rstrip()
                path, label = "", MORE  # noqa: PLW2901 - only the first line is called by its name


MORE = " "  # the label of a line that goes on under another
WIDTH, LABEL, WIDEST = 100, 14, 44  # columns: of a line, of its label, of the path of a field


def _there(rules: Rules, editions: list[Data]) -> Lines:
    """The microversions that it is there at, where it is not there at all of them, and where its rule changes."""
    if not editions or rules.oldest is None:
        return
    first, last = tuple(editions[0]["since"]), tuple(editions[-1]["until"])
    if first != rules.oldest or last != rules.newest:
        yield "microversion", f"{versions.text(first)} to {versions.text(last)}"
    changes = [versions.text(tuple(edition["since"])) for edition in editions[1:]]
    if changes:
        yield "changes at", listed(changes)


def _rule(rules: Rules, rule: Data) -> Lines:
    if rule["removed"]:
        yield "removed", rule["removed"]
        return
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
    yield "by", _by(rules, rule)
    yield (
        "lock",
        {"refuses": "refuses all but who passes locks", "owned": "refuses who holds less than it", "ignored": "ignored"}[
            rule["lock"]
        ],
    )
    for outcome in rule["outcomes"]:
        yield "then" if not outcome["when"] else "when", _outcome(outcome)


def _by(rules: Rules, rule: Data) -> str:
    """Who may at least; with a policy file, all who may, and what the file makes the policy ask."""
    policy = rules.policy
    if policy is None or not rule["policy"]:
        return f"{rule['by']}" + (f" ({rule['policy']})" if rule["policy"] else "")
    there = [name for name in rules.may(rule) if rules.callers[name].fails is None]
    told = policy.says(rule["policy"])
    asks = f": {told[0]} ({told[1]})" if told else ""
    return f"{listed(there) or 'nobody'} ({rule['policy']}{asks})"


def _outcome(outcome: Data) -> str:
    """One outcome in a line: condition, code, tasks, ends."""
    parts = []
    if outcome["when"]:
        parts.append(
            " and ".join(f"{key} is {listed(map(_value, values), 'or')}" for key, values in outcome["when"].items()) + ":"
        )
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


def status_lines(lifecycle: Lifecycle, name: str, microversion: str | None) -> Lines:
    """What a status means: the states and tasks that show it, and what the usual caller may do to it."""
    from lifecycle import Server

    rules = lifecycle.rules
    yield "", click.style(name, bold=True)
    shown: dict[str, list[str]] = {}
    for state, task in rules.by_status[name]:
        shown.setdefault(state, []).append(task or "none")
    for state, tasks in shown.items():
        few = tasks if len(tasks) <= FEW else [*tasks[:FEW], f"{len(tasks) - FEW} more"]
        yield "shown for", f"vm_state {rules.states[state]['vm_state']}, task {listed(few, 'or')}"
    decisions = lifecycle.actions(Server(status=name), None, microversion)
    yield "may", listed(action for action, decision in decisions.items() if decision.allowed)


FEW = 6
