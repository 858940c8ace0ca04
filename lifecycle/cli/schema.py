"""lifecycle schema: what editors check and complete a table with."""

from __future__ import annotations

import os

import click

from lifecycle.cli.commands import examples


@click.command("schema", epilog=examples("lifecycle schema action", "lifecycle schema --write specs/schema"))
@click.argument(
    "kind", required=False, type=click.Choice(("action", "events", "lifecycle", "policies", "states", "table")), default="table"
)
@click.option("--write", "folder", metavar="DIR", help="Write the schema of every kind of file into this folder.")
def command(kind: str, folder: str | None) -> None:
    """The JSON Schema of KIND of file: a whole table in one file, or a file of a table's folder."""
    from lifecycle.table.schema import schemas

    made = schemas()
    if folder is None:
        click.echo(made[kind], nl=False)
        return
    os.makedirs(folder, exist_ok=True)
    for name, text in made.items():
        path = os.path.join(folder, f"{name}.schema.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        click.echo(path)
