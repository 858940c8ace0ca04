"""lifecycle plan: the fewest requests to a status."""

from __future__ import annotations

import json
import shlex
import sys

import click

from lifecycle.cli.commands import caller_option, examples, load, table_options, version_option
from lifecycle.cli.server import server_options, told
from lifecycle.engine.microversion import HEADER, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from lifecycle.engine.microversion import Microversion
    from lifecycle.explore.plan import Plan


@click.command(
    "plan",
    epilog=examples(
        "lifecycle plan --status PAUSED --to SHUTOFF",
        "lifecycle plan --status SHELVED_OFFLOADED --locked-by admin --to RESCUE --as admin",
        "lifecycle plan --server server.json --to DELETED --allow-loss",
    ),
)
@server_options
@click.option("--to", "target", required=True, metavar="STATUS", help="The status to bring the server to.")
@click.option("--allow-loss", is_flag=True, help="Take ways that lose something too, and say what.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "curl", "openstack")),
    default="text",
    show_default=True,
    help="Steps, or commands to paste.",
)
@caller_option
@version_option
@table_options
def command(target: str, allow_loss: bool, form: str, as_json: bool, **options: Any) -> None:
    """Find the fewest requests that bring a server to a status, through waits, losing nothing.

    Exits with 0 when there are such requests, 1 when there are none.
    """
    from lifecycle.explore.plan import NoPlan, all_losses

    lifecycle = load(options["table"], options["reading"], options["policy"])
    losses = all_losses(lifecycle.rules) if allow_loss else ()
    try:
        plan = lifecycle.plan(told(lifecycle, options), target, options["caller"], options["microversion"], losses)
    except NoPlan as error:
        click.echo(json.dumps({"error": str(error)}) if as_json else f"{click.style('✗', fg='red')} {error}")
        sys.exit(1)
    version = lifecycle.rules.version(options["microversion"])
    lines = {"text": _lines, "curl": lambda plan: _curl(plan, version), "openstack": _openstack}[form]
    click.echo(json.dumps(_data(plan), indent=2) if as_json else "\n".join(lines(plan)))


def _data(plan: Plan) -> dict[str, Any]:
    ways = [
        {"action": way.decision and way.decision.action, "variant": way.decision and way.decision.variant, "status": way.status}
        for way in plan.ways
    ]
    return {"to": plan.target, "steps": ways, "loses": plan.loses}


def _lines(plan: Plan) -> Iterator[str]:
    if not plan.ways:
        yield f"{click.style('✓', fg='green')} it is {plan.target} already"
    yield from (f"{number}. {step}" for number, step in enumerate(plan.steps(), 1))
    if plan.loses:
        yield click.style(f"loses {', '.join(plan.loses)}", fg="red")


def _curl(plan: Plan, version: Microversion | None) -> Iterator[str]:
    """Requests to paste: the address of the service, the token and the server's id come from the shell."""
    yield ": ${OS_COMPUTE_URL:?} ${OS_TOKEN:?} ${SERVER:?}"
    for way in plan.ways:
        if way.decision is None:
            yield f"# wait until it is {way.status}"
            continue
        method, path, body = way.decision.ruling.wire
        service = way.decision.ruling.request.rules.service_type
        head = f' -H "{HEADER}: {service} {text(version)}"' if version else ""
        data = f" -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}" if body is not None else ""
        url = f"$OS_COMPUTE_URL{path}".replace("{id}", "$SERVER")
        yield f'curl -f -X {method} "{url}" -H "X-Auth-Token: $OS_TOKEN"{head}{data}'
        if way.shown is not way.end:
            yield f"# wait until it is {way.status}"


def _openstack(plan: Plan) -> Iterator[str]:
    """Commands of the service's own client."""
    from lifecycle.explore.plan import called

    for way in plan.ways:
        if way.decision is not None:
            command = way.decision.ruling.rule["command"] or f"# no command does {called(way.decision)}"
            yield command.replace("{id}", '"$SERVER"')
        if way.decision is None or way.shown is not way.end:
            yield f"# wait until it is {way.status}"
