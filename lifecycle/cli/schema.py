"""lifecycle schema: what an action asks for or answers, and what editors check and complete a table with."""

from __future__ import annotations

import json
import os

import click

from lifecycle.cli.commands import examples, load, table_options, version_option
from lifecycle.errors import LifecycleError, UnknownName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle import Lifecycle

KINDS = ("table", "lifecycle", "states", "events", "reads", "types", "policies", "action")


class UnknownSchema(UnknownName):
    """Neither an action nor a kind of file."""

    kind = "action or kind of file"


@click.command(
    "schema",
    epilog=examples(
        "lifecycle schema rebuild --microversion 2.47   # what an action asks for",
        "lifecycle schema createImage --response        # what it answers",
        "lifecycle schema action                        # of a file in actions/, for an editor",
        "lifecycle schema --write specs/schema",
    ),
)
@click.argument("name", required=False)
@click.option("--response", is_flag=True, help="Of an action: the document that answers, not the one that asks.")
@click.option("--variant", metavar="NAME", help="Of an action: only what this variant asks for (SOFT, HARD).")
@version_option
@table_options
@click.option("--write", "folder", metavar="DIR", help="Write the schema of every kind of file into this folder.")
def command(name: str | None, folder: str | None, **options: Any) -> None:
    """The JSON Schema of NAME: the request of an action, or a kind of file of a table.

    The kinds of files are table (a whole one in one file; the default), lifecycle, states, events, reads,
    types, policies and action. All else is the key of an action.
    """
    asked = [f"--{option}" for option in ("response", "variant", "microversion") if options[option]]
    if name is not None and name not in KINDS:
        if folder is not None:
            raise click.UsageError("--write writes the schemas of the kinds of files; leave out the action")
        lifecycle = load(options["table"], options["reading"])
        if name not in lifecycle.rules.actions:
            raise UnknownSchema(name, (*KINDS, *lifecycle.rules.actions), "`lifecycle actions --all` lists the actions")
        kind = "response" if options["response"] else "request"
        click.echo(json.dumps(document(lifecycle, kind, name, options), ensure_ascii=False, indent=2))
    elif asked:
        raise click.UsageError(f"{asked[0]} goes with an action, as in `lifecycle schema rebuild`")
    else:
        _files(name or KINDS[0], folder)


def document(lifecycle: Lifecycle, kind: str, action: str, options: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an action's request or answer. Raises LifecycleError where there is none."""
    from lifecycle.bodies.documents import DRAFT, of_all, published
    from lifecycle.engine.checks import absence

    microversion, variant = options["microversion"], options["variant"]
    variants = (variant,) if variant else lifecycle.rules.variants(action) or (None,)
    rulings = [lifecycle.ruling(action, one, None, microversion) for one in variants]
    there = [ruling for ruling in rulings if not ruling.rule.get("absent")]
    if not there:
        raise LifecycleError(f"{action} has no schema here: {absence(rulings[0].request)}")
    if all(ruling.rule["removed"] for ruling in there):
        raise LifecycleError(f"{action} has no schema: it is gone for good, {there[0].rule['removed']}")
    version = lifecycle.rules.version(microversion)
    made = of_all([published(kind, lifecycle.rules, action, ruling.rule, version) for ruling in there])
    if made is None:
        method, path, _ = there[0].wire
        what = "request document" if kind == "request" else "response document that the table tells of"
        raise LifecycleError(f"{action} ({method} {path}) has no {what}")
    return {"$schema": DRAFT, **made}


def _files(kind: str, folder: str | None) -> None:
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
