"""lifecycle claims: what every sentence of the reference comes to, asked of the table."""

from __future__ import annotations

import json
import sys

import click

from lifecycle.cli.commands import examples, load, table_options
from lifecycle.cli.server import read_text
from lifecycle.errors import UnknownName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from lifecycle.claims.run import Result


class UnknownSection(UnknownName):
    """The claims have no such section."""

    kind = "section"


@click.command(
    "claims",
    epilog=examples(
        "lifecycle claims",
        "lifecycle claims confirmResize",
        "lifecycle claims --reading nova --json",
        "lifecycle claims --reference tests/data/reference.txt",
    ),
)
@click.argument("section", required=False)
@click.option("--reference", metavar="FILE", help="The reference's text: every sentence of it must have a verdict.")
@table_options
def command(section: str | None, reference: str | None, as_json: bool, **options: Any) -> None:
    """Run the claims about the reference and count their verdicts by section; those of one SECTION in full.

    Exits with 0 when all claims hold as they are said, and every sentence has one; else with 1.
    """
    from lifecycle.claims.complete import gaps
    from lifecycle.claims.run import run
    from lifecycle.table.claims import read_claims

    book = read_claims(options["table"])
    if section is not None and section not in book.claims.sections:
        raise UnknownSection(section, book.claims.sections)
    results = [
        result
        for result in run(load(options["table"], options["reading"], options["policy"]), book)
        if section in (None, result.section)
    ]
    missing = list(gaps(book, read_text(reference))) if reference is not None else None
    if as_json:
        told = {"reading": options["reading"], "claims": [result.as_dict() for result in results], "without_verdict": missing}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in counts(results) if section is None else map(sentence, results):
            click.echo(line)
        wrong = [*(failure for result in results for failure in result.failures), *(missing or ())]
        for text in wrong:
            click.echo(f"{click.style('✗', fg='red')} {text}")
    sys.exit(1 if missing or any(result.failures for result in results) else 0)


def counts(results: Iterable[Result]) -> Iterator[str]:
    """A table: how many claims of each section have which verdict, how many cases were asked, and what fails."""
    from lifecycle.table.claims import VERDICTS

    heads = ("section", *VERDICTS, "cases", "fail")
    rows: dict[str, dict[str, int]] = {}
    for result in results:
        for name in (result.section, TOTAL):
            row = rows.setdefault(name, dict.fromkeys(heads[1:], 0))
            row[result.verdict] += 1
            row["cases"] += result.cases
            row["fail"] += bool(result.failures)
    rows[TOTAL] = rows.pop(TOTAL)
    width = max(map(len, (*rows, heads[0])))
    yield click.style("  ".join([heads[0].ljust(width), *heads[1:]]), bold=True)
    for name, row in rows.items():
        cells = [(str(row[head]) if row[head] else "·").rjust(len(head)) for head in heads[1:]]
        yield "  ".join([name.ljust(width), *cells])


TOTAL = "all"


def sentence(result: Result) -> str:
    """One claim in a line: its verdict, the words of the sentence, and what is to be said about it."""
    mark = click.style("✗", fg="red") if result.failures else click.style("✓", fg="green")
    about = click.style(f"  {result.about}", dim=True) if result.about else ""
    return f"{mark} {result.verdict:<18}  {result.says}{about}"
