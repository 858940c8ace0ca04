"""lifecycle actions: all that may be done to a server, and why not the rest."""

from __future__ import annotations

import json

import click

from lifecycle.cli.commands import caller_option, examples, load, table_options, version_option
from lifecycle.cli.server import server_options, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle import Decision


@click.command(
    "actions",
    epilog=examples(
        "lifecycle actions --status SHUTOFF",
        "lifecycle actions --server server.json --as admin",
        "lifecycle actions --status ACTIVE --json | jq 'keys'",
    ),
)
@server_options
@caller_option
@version_option
@click.option("--all", "everything", is_flag=True, help="Those too that are not there at this microversion.")
@table_options
def command(everything: bool, as_json: bool, **options: Any) -> None:
    """Every action on a server, each with a tick or a cross, and why."""
    lifecycle = load(options["table"], options["reading"], options["policy"])
    server = told(lifecycle, options)
    decisions = lifecycle.actions(server, options["caller"], options["microversion"])
    if as_json:
        click.echo(json.dumps({name: decision.as_dict() for name, decision in decisions.items()}, ensure_ascii=False, indent=2))
        return
    there = {name: decision for name, decision in decisions.items() if everything or decision.rule not in ABSENT}
    width = max((len(name) for name in there), default=0)
    allowed = {name: decision for name, decision in there.items() if decision.allowed}
    for name, decision in [*allowed.items(), *(pair for pair in there.items() if pair[0] not in allowed)]:
        click.echo(line(name.ljust(width), decision))
    left = len(decisions) - len(there)
    if left:
        click.echo(click.style(f"{left} more are not there at this microversion; --all shows them", dim=True), err=True)


ABSENT = ("microversion", "removed")


def line(name: str, decision: Decision) -> str:
    """One action in one line: what becomes of the server, or why not."""
    mark = click.style("✓", fg="green") if decision.allowed else click.style("✗", fg="red")
    if decision.allowed:
        now = [decision.shown_before]
        text = "" if decision.becomes == now and not decision.tasks else f"→ {' or '.join(decision.becomes)}"
    else:
        text = decision.reason.partition(" refused: ")[2]
    return f"{mark} {name}  {decision.code}  {text}".rstrip()
