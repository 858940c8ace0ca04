"""lifecycle show: the rule of an action, or all that a status means, in words."""

from __future__ import annotations

import json
import textwrap

import click

from lifecycle.bodies.documents import of_all, published
from lifecycle.cli.commands import examples, load, table_options, version_option
from lifecycle.docs.rule import DOCUMENTS, document_lines, documents, edition, rule_lines, shown_for, there
from lifecycle.engine import microversion as versions
from lifecycle.errors import UnknownName, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.docs.rule import Documents

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
    rules, reading = lifecycle.rules, lifecycle.reading
    action = rules.actions[name]
    version = rules.version(microversion)
    yield "", f"{click.style(name, bold=True)}  {action['title']}  ({action['at']})"
    if action["address"]:
        yield "request", action["address"]
    for variant in rules.variants(name) or (None,):
        if variant:
            yield "variant", click.style(variant, bold=True)
        yield from there(rules, rules.editions(name, variant, reading))
        rule = rules.edition(name, variant, reading, version)
        if rule is None:
            here = versions.text(version) if version else ""
            yield "", f"It is not there at {here}; --microversion shows another."
        else:
            yield from rule_lines(rules, rule)
    for kind, label in DOCUMENTS.items():
        yield from _documents(label, documents(kind, rules, reading, name, version))
    for key, difference in action["differs"].items():
        yield "differs", f"{key}: {difference['why']} ({difference['at']})"
    if action["note"]:
        yield "note", action["note"]
    yield "cite", action["cite"]


def schemas(lifecycle: Lifecycle, name: str, microversion: str | None) -> dict[str, Any]:
    """The JSON Schema of an action's request and answer at a microversion; None where there is none."""
    rules, version = lifecycle.rules, lifecycle.rules.version(microversion)
    every = (edition(rules, lifecycle.reading, name, variant, version) for variant in rules.variants(name) or (None,))
    known = [rule for rule in every if rule]
    return {kind: of_all(published(kind, rules, name, rule, version) for rule in known) for kind in DOCUMENTS}


def _documents(label: str, found: Documents) -> Lines:
    """The fields of a document, aligned; a line that is too long goes on below itself."""
    for made, variants in found:
        if len(found) > 1:
            yield label, f"of {listed(variants)}:"
            label = MORE
        rows = document_lines(made)
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


def status_lines(lifecycle: Lifecycle, name: str, microversion: str | None) -> Lines:
    """What a status means: the states and tasks that show it, and what the usual caller may do to it."""
    from lifecycle import Server

    yield "", click.style(name, bold=True)
    yield from shown_for(lifecycle.rules, name, FEW)
    decisions = lifecycle.actions(Server(status=name), None, microversion)
    yield "may", listed(action for action, decision in decisions.items() if decision.allowed)


FEW = 6
