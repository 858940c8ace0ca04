"""Promise: a wrong word of a cloud is found with at least 3 times fewer requests than by plain random hypothesis.

A program of its own, for it takes minutes: `python -m bench.finding`. schemathesis' stateful mode is shown beside them.
"""

from __future__ import annotations

import importlib
import logging
import statistics
import sys
import warnings
from typing import TYPE_CHECKING

import click

from bench.harness import TOLERATED, Line, table
from lifecycle import Lifecycle
from lifecycle.deviate import deviated, draw, seen
from lifecycle.errors import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.finders import Finding
    from lifecycle.deviate import Deviation

FINDERS = {
    "conform": "lifecycle conform",
    "plain": "plain random hypothesis",
    "document": "schemathesis, stateful mode",
}
FEWER = 3.0
BY_TIME_OR_FAILURE = {"event", "on_failure"}  # what no request brings about
SPARE = 3  # draws for each wrong word that is wanted
WIDE = 60


def visible(lifecycle: Lifecycle, number: int, seed: int) -> list[Deviation]:
    """So many deviations drawn by chance that show in what somebody is answered, or in what becomes of a server."""
    drawn = draw(lifecycle, number * SPARE, seed)
    seen_ = (one for one in drawn if {*seen(lifecycle, deviated(lifecycle, [one]))} - BY_TIME_OR_FAILURE)
    return [one for one, _ in zip(seen_, range(number), strict=False)]


def lines(findings: Mapping[str, Sequence[Finding]], limit: int) -> Iterable[Line]:
    """How many each has found, and with how many requests; a miss counts as the limit."""
    ours = findings.get("conform")
    for name, ones in findings.items():
        counts = counted(ones, limit)
        yield Line(
            f"{FINDERS[name]}: found within {limit:,} requests", f"{sum(what is not None for what, _ in ones)} of {len(ones)}"
        )
        yield Line("… requests to the first finding, median", f"{statistics.median(counts):,.0f}")
        if name == "conform" or ours is None:
            yield Line("… all together", f"{sum(counts):,}")
            continue
        promised = (FEWER, True) if name == "plain" else (None, False)
        yield Line("… all together", f"{sum(counts):,}", "lifecycle conform", sum(counts) / sum(counted(ours, limit)), *promised)
        both = [(one[1], other[1]) for one, other in zip(ones, ours, strict=True) if one[0] and other[0]]
        if both:
            its, mine = map(sum, zip(*both, strict=True))
            yield Line(f"… of the {len(both)} that both found", f"{its:,}", f"lifecycle conform, {mine:,}", its / mine)


def counted(findings: Iterable[Finding], limit: int) -> list[int]:
    """The requests of each; the limit where nothing was found."""
    return [limit if what is None else min(requests, limit) for what, requests in findings]


def each(wrong: Sequence[Deviation], findings: Mapping[str, Sequence[Finding]]) -> str:
    """What each has found of each wrong word, first, and after how many requests."""
    rows = [["wrong word", *(FINDERS[name] for name in findings)]]
    rows += [
        [
            shown(str(one), WIDE),
            *(f"{ones[number][1]:,}: {ones[number][0]}" if ones[number][0] else "-" for ones in findings.values()),
        ]
        for number, one in enumerate(wrong)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows)


@click.command()
@click.option("--number", default=10, show_default=True, help="Wrong words that are drawn.")
@click.option("--limit", default=1000, show_default=True, help="Requests that each finder may make for each.")
@click.option("--seed", default=1, show_default=True, help="Of the wrong words, and of what is drawn to find them.")
@click.option("--only", multiple=True, type=click.Choice([*FINDERS]), help="One finder alone; may be given again.")
def main(number: int, limit: int, seed: int, only: tuple[str, ...]) -> None:
    """Who finds a wrong word of the compute table, and after how many requests, looks at servers included.

    \b
      python -m bench.finding --number 30 --limit 3000 --only conform --only plain
    """  # noqa: D301 - click's own mark
    warnings.simplefilter("ignore")
    logging.disable()
    nova = Lifecycle.load("compute", reading="nova")
    wrong = visible(nova, number, seed)
    names = [name for name in FINDERS if not only or name in only]
    findings: dict[str, list[Finding]] = {name: [] for name in names}
    steps = [(name, one) for name in names for one in (None, *wrong)]
    with click.progressbar(steps, label="finding", file=sys.stderr) as bar:
        for name, one in bar:
            find = importlib.import_module(f"bench.finders.{name}").find
            found: Finding = find(nova, nova if one is None else deviated(nova, [one]), limit, seed)
            if one is not None:
                findings[name].append(found)
            elif found[0] is not None:
                raise SystemExit(f"{FINDERS[name]} finds {found[0]} in the right cloud")
    shown_ = [*lines(findings, limit)]
    click.echo(f"{len(wrong)} wrong words, seed {seed}; the right cloud has no finding\n")
    click.echo(each(wrong, findings) + "\n")
    click.echo(table(shown_))
    sys.exit(any(line.excess > TOLERATED for line in shown_))


if __name__ == "__main__":
    main()
