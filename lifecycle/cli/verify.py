"""lifecycle verify: whether the properties of a table hold, in all that it allows."""

from __future__ import annotations

import json
import sys
from time import monotonic

import click

from lifecycle.cli.commands import examples, load, table_options
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import READINGS
from lifecycle.errors import LifecycleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.explore.graph import Graph, Node
    from lifecycle.explore.trace import Trace
    from lifecycle.explore.verify import Verdict

PATIENCE = 0.5  # seconds after which it is shown how far it is


@click.command(
    "verify",
    epilog=examples(
        "lifecycle verify",
        "lifecycle verify every-task-ends --reading nova",
        "lifecycle verify --table mine --format test > test_mine.py",
        "lifecycle verify --table mine --pin",
    ),
)
@click.argument("names", nargs=-1, metavar="[PROPERTY]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "test")),
    default="text",
    show_default=True,
    help="A broken property as a trace to read, or as a test to paste.",
)
@click.option("--pin", "pins", is_flag=True, help="Write how many situations and steps there are into the table.")
@table_options
def command(names: Sequence[str], form: str, pins: bool, as_json: bool, **options: Any) -> None:
    """Prove the properties of a table, or those that are named, in every situation that can be come to.

    All states, tasks, locks, callers and what is remembered, in every deployment, at every microversion at which something
    changes. A broken property comes with the shortest run that breaks it.

    Exits with 0 when all hold and the counts are the table's, else with 1.
    """
    lifecycle = load(options["table"], options["reading"], options["policy"])
    if pins:
        _pin(lifecycle)
        return
    found, verdicts = _verified(lifecycle, names)
    counted = None if names or lifecycle.policy is not None else _counted(found)
    if as_json:
        told = {"table": lifecycle.rules.name, "reading": lifecycle.reading, **found.counts(), "miscounted": counted is not None}
        told["deployments"] = found.deployments.size
        click.echo(json.dumps({**told, "properties": [_data(verdict) for verdict in verdicts]}, ensure_ascii=False, indent=2))
    elif form == "test":
        from lifecycle.explore.paste import as_tests

        click.echo(as_tests(verdicts, _loading(lifecycle)), nl=False)
    else:
        for line in (*_lines(verdicts), *_summary(found, verdicts)):
            click.echo(line)
    if counted is not None and not as_json:
        click.echo(f"{click.style('✗', fg='red')} {counted}", err=form == "test")
    sys.exit(0 if counted is None and all(verdict.holds for verdict in verdicts) else 1)


def _verified(lifecycle: Lifecycle, names: Sequence[str]) -> tuple[Graph, list[Verdict]]:
    """The verdicts; who waits for them is shown how far they are."""
    from lifecycle.explore.verify import verify

    bar: Any = None
    began = monotonic()

    def done(number: int, total: int) -> None:
        nonlocal bar
        if bar is None and monotonic() - began > PATIENCE and number < total:
            bar = click.progressbar(length=100, label="explored", file=sys.stderr, hidden=not sys.stderr.isatty())
            bar.__enter__()
        if bar is not None:
            bar.update(max(0, 100 * number // total - bar.pos))

    try:
        return verify(lifecycle.rules, lifecycle.reading, names, done)
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _counted(found: Graph) -> str | None:
    """What is wrong with the counts that the table has, if anything is."""
    from lifecycle.explore.verify import pinned

    was, now = pinned(found), found.counts()
    if was is None or dict(was) == now:
        return None
    told = " and ".join(f"{was[key]:,} {key}" for key in now)
    return f"the table says that it has {told}, and it has {_counts(now)}; `lifecycle verify --pin` writes that down"


def _counts(counts: dict[str, int]) -> str:
    return " and ".join(f"{number:,} {key}" for key, number in counts.items())


def _pin(lifecycle: Lifecycle) -> None:
    """Counts under each reading and writes it into the table's file; the second only where it differs."""
    from lifecycle.explore.graph import graph
    from lifecycle.table.pin import pin

    if lifecycle.policy is not None:
        raise LifecycleError("the counts are the table's own; leave out --policy")
    counts = {reading: graph(lifecycle.rules, reading).counts() for reading in READINGS}
    first = counts[READINGS[0]]
    told = {reading: count for reading, count in counts.items() if reading == READINGS[0] or count != first}
    name = pin(lifecycle.table, told)
    for reading, count in told.items():
        click.echo(f"{name}: {reading}, {_counts(count)}")


def _loading(lifecycle: Lifecycle) -> list[str]:
    """The arguments that load a table as code."""
    from lifecycle.explore.paste import code

    parts = [code(str(lifecycle.table))]
    parts += [f"reading={code(lifecycle.reading)}"] if lifecycle.reading != READINGS[0] else []
    parts += [f"policy={code(str(lifecycle.policy))}"] if lifecycle.policy is not None else []
    return parts


def _lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line for each property, and the trace of each that is broken."""
    from lifecycle.explore import telling

    width = max((len(verdict.name) for verdict in verdicts), default=0)
    for verdict in verdicts:
        mark = click.style("✓", fg="green") if verdict.holds else click.style("✗", fg="red")
        yield f"{mark} {verdict.name:<{width}}  {verdict.said['title']}"
        if verdict.trace is not None:
            yield from (f"    {line}" for line in telling.lines(verdict.trace))
        elif not verdict.holds:
            yield f"    {telling.missing(verdict)}"
        if not verdict.holds:
            yield click.style(f"    {verdict.said['at']}", dim=True)


def _summary(found: Graph, verdicts: Sequence[Verdict]) -> Iterator[str]:
    rules, deployments = found.rules, found.deployments
    where = f"{deployments.size:,} deployment{'s' if deployments.size > 1 else ''}"
    if len(deployments.runs) > 1:
        where += f", {len(deployments.runs)} runs of microversions among them"
    hold = sum(verdict.holds for verdict in verdicts)
    told = f"{hold} of {len(verdicts)} properties hold" if verdicts else "the table says no properties"
    yield f"{rules.name}: {told}; {_counts(found.counts())} in {where}"


def _data(verdict: Verdict) -> dict[str, Any]:
    """A verdict for programs."""
    return {
        "name": verdict.name,
        "title": verdict.said["title"],
        "kind": verdict.kind,
        "at": verdict.said["at"],
        "holds": verdict.holds,
        "vacuous": [[first and text(first), last and text(last)] for first, last in verdict.vacuous],
        "broken_in": len(verdict.broken),
        "trace": _trace_data(verdict.trace) if verdict.trace else None,
    }


def _trace_data(made: Trace) -> dict[str, Any]:
    from lifecycle.explore import telling

    steps: list[dict[str, Any]] = [
        {"kind": step.kind, "name": step.name, "by": made.caller(step), **_place(step.target)} for step in made.steps
    ]
    if made.refusal is not None:
        one = made.refusal
        steps.append({"kind": "refused", "name": one.name, "by": made.caller(one), **_place(one.node)})
    return {
        "deployment": made.verdict.graph.deployments.told(made.deployment),
        "start": _place(made.start),
        "steps": steps,
        "loop": made.loop,
        "text": list(telling.lines(made)),
    }


def _place(node: Node) -> dict[str, Any]:
    return {"status": node.status, **node.values}
