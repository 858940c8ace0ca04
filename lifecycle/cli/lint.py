"""lifecycle lint: a table read strictly."""

from __future__ import annotations

import json
import sys

import click

from lifecycle.cli.commands import examples


@click.command("lint", epilog=examples("lifecycle lint", "lifecycle lint specs/volumes", "lifecycle lint door.yaml --json"))
@click.argument("table", default="compute")
@click.option("--table", "-t", "named", metavar="NAME|PATH", help="The same as TABLE.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(table: str, named: str | None, as_json: bool) -> None:
    """Tell all mistakes of TABLE, each with its file, line and column. Exits with 0 when there are none, else 2."""
    from lifecycle.table.bundled import find
    from lifecycle.table.load import read_table

    loaded, mistakes = read_table(*find(named or table))
    if as_json:
        keys = ("file", "line", "column")
        found = [{**dict(zip(keys, m.place, strict=False)), "message": m.message, "where": m.where} for m in mistakes]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for mistake in mistakes:
            click.echo(str(mistake))
        if mistakes:
            click.echo(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}", err=True)
        elif loaded.table is not None:
            content = loaded.table
            counts = f"{len(content.actions)} actions, {len(content.states)} states, {len(content.tasks)} tasks"
            click.echo(f"{content.name}: {counts}, no mistakes")
    sys.exit(2 if mistakes else 0)
