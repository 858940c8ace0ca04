"""lifecycle docs: the table as a reference to read, in Markdown or as a site."""

from __future__ import annotations

import json
import os
import sys

import click

from lifecycle.cli.commands import examples, load, table_options
from lifecycle.errors import LifecycleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle import Lifecycle

FOLDERS = {"markdown": "docs/reference", "html": "site"}


@click.command(
    "docs",
    epilog=examples(
        "lifecycle docs --output docs/reference            # pages of Markdown, to keep beside the table",
        "lifecycle docs --check --output docs/reference    # exits with 1 and shows what is not current",
        "lifecycle docs --format html --pages docs --output site",
        "lifecycle docs --table door.yaml --format html --output door",
    ),
)
@click.option("--format", "form", type=click.Choice(tuple(FOLDERS)), default="markdown", show_default=True)
@click.option("--output", "-o", metavar="DIR", help="Default: docs/reference, or site for html.")
@click.option("--pages", metavar="DIR", help="With html: a folder of pages in Markdown that the site has besides the reference.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and tell what differs where the folder is not current.")
@table_options
def command(form: str, output: str | None, pages: str | None, check: bool, as_json: bool, **options: Any) -> None:
    """Write a reference of the whole table: a page for each action and status, the matrices, the words.

    Everything in it follows from the table. Files that were made before and have no page any more go; what
    else the folder holds stays.
    """
    from lifecycle.docs.folder import difference, stale, write

    if pages is not None and form != "html":
        raise click.UsageError("--pages goes with --format html")
    folder = output or FOLDERS[form]
    files = _files(load(options["table"], options["reading"], options["policy"]), form, pages)
    if pages is not None and os.path.abspath(pages) == os.path.abspath(folder):
        raise LifecycleError("--output must be another folder than --pages")
    found = stale(folder, files) if check else write(folder, files)
    if as_json:
        click.echo(json.dumps({"folder": folder, "files": len(files), "stale": found}, indent=2))
    else:
        for path, wrong in found.items() if check else ():
            click.echo(f"{click.style('✗', fg='red')} {folder}/{path} {wrong}")
            for line in difference(folder, path, files):
                click.echo(f"  {click.style(line, fg='green' if line[0] == '+' else 'red')}")
        click.echo(f"{folder}: {len(files)} files, {len(found)} {'not current' if check else 'written'}")
    sys.exit(1 if check and found else 0)


def _files(lifecycle: Lifecycle, form: str, pages: str | None) -> dict[str, bytes]:
    """All files by path; a progress bar on a terminal."""
    from lifecycle.docs.reference import count, reference

    with click.progressbar(
        reference(lifecycle), length=count(lifecycle), label="pages", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as made:
        texts = dict(made)
    if form == "markdown":
        return {path: text.encode() for path, text in texts.items()}
    from lifecycle.docs.site import site

    return site(lifecycle, texts, pages)
