"""lifecycle openapi: all requests of a table as one OpenAPI document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lifecycle.cli.commands import examples, load, table_options, version_option
from lifecycle.errors import LifecycleError, shown

if TYPE_CHECKING:
    from typing import Any


@click.command(
    "openapi",
    epilog=examples(
        "lifecycle openapi --microversion 2.47 --output compute-2.47.json",
        "lifecycle openapi --format yaml",
        "lifecycle openapi --table door.yaml",
    ),
)
@version_option
@click.option("--output", "-o", metavar="FILE", help="Write into this file and not to standard output.")
@click.option("--format", "form", type=click.Choice(("json", "yaml")), default="json", show_default=True)
@table_options
def command(microversion: str | None, output: str | None, form: str, **options: Any) -> None:
    """Write an OpenAPI 3.1 document of all actions that are there at a microversion.

    Each has its request and its answers, with the reasons of every refusal; what OpenAPI has no word for (from
    which states, by whom, the lock, the tasks, what becomes of it) stands under x-lifecycle.
    """
    from lifecycle.openapi.document import openapi

    lifecycle = load(options["table"], options["reading"])
    version = lifecycle.rules.version(microversion)
    made = openapi(
        lifecycle.rules, lifecycle.reading, version, lambda name, variant, who: lifecycle.ruling(name, variant, who, microversion)
    )
    text = _yaml(made) if form == "yaml" and not options["as_json"] else json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:  # a name with a NUL byte is a ValueError
        raise LifecycleError(f"cannot write {shown(output, MAX_PATH)}: {getattr(error, 'strerror', None) or error}") from None
    click.echo(output)


MAX_PATH = 4_096  # characters of a file's name that messages have


def _yaml(made: dict[str, Any]) -> str:
    import yaml

    class Whole(yaml.SafeDumper):
        """Says everything where it stands, and nothing by reference."""

        def ignore_aliases(self, data: object) -> bool:
            del data
            return True

    text: str = yaml.dump(made, Dumper=Whole, sort_keys=False, allow_unicode=True, width=120)
    return text
