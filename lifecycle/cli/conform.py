"""lifecycle conform: whether an implementation keeps the lifecycle."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli.commands import examples
from lifecycle.engine.rules import READINGS
from lifecycle.errors import LifecycleError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lifecycle import Lifecycle
    from lifecycle.conform.run import Report
    from lifecycle.conform.tour import Tour

QUICK = 25.0  # seconds after which --quick tells what it has seen
USUAL = 100.0  # seconds of an ordinary run, where no limit is told
TOLD = 20  # findings that are told in full
COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "expected": {"fg": "green"},
    "came": {"fg": "red"},
    "seen": {"dim": True},
}
RESOURCES = {"image": "imageRef", "flavor": "flavorRef"}


@click.command(
    "conform",
    epilog=examples(
        "lifecycle conform                                  # the embedded reference server",
        "lifecycle conform --quick --url http://127.0.0.1:8774/v2.1 --token alice:demo --admin-token admin:demo",
        "lifecycle conform --url URL --token T --save found.json   # then: --replay found.json, or --baseline found.json",
        "lifecycle conform mypackage.cloud:MyCloud          # an object with create, act and show",
    ),
)
@click.argument("name", required=False, metavar="[MODULE:NAME]")
@click.option("--url", help="Any service of this API; its base, as http://127.0.0.1:8774/v2.1.")
@click.option("--token", help="Of a member of a project: whose servers are made. Also LIFECYCLE_TOKEN.", envvar="LIFECYCLE_TOKEN")
@click.option("--admin-token", help="Of an admin; without it some things cannot be seen.", envvar="LIFECYCLE_ADMIN_TOKEN")
@click.option("--manager-token", help="Of a manager of the project.", envvar="LIFECYCLE_MANAGER_TOKEN")
@click.option("--reader-token", help="Of somebody who may only look.", envvar="LIFECYCLE_READER_TOKEN")
@click.option("--stranger-token", help="Of a member of another project.", envvar="LIFECYCLE_STRANGER_TOKEN")
@click.option("--service-token", help="Of another service of the cloud.", envvar="LIFECYCLE_SERVICE_TOKEN")
@click.option("--image", metavar="ID", help="The image to use; the first that is listed where none is told.")
@click.option("--flavor", metavar="ID", help="The flavor to use.")
@click.option("--network", metavar="ID|auto|none", help="The network to use; as the table's example where none is told.")
@click.option("--option", "told", multiple=True, metavar="NAME=NUMBER", help="An option of the deployment; may be repeated.")
@click.option("--quick", is_flag=True, help="A first verdict within 30 seconds.")
@click.option("--seconds", type=click.FloatRange(0.1), help="Ask for so long.")
@click.option("--requests", type=click.IntRange(1), help="Ask so often.")
@click.option("--servers", type=click.IntRange(1), help="Make so many servers.")
@click.option("--seed", type=click.IntRange(0), help="Of the random histories, to have them again.")
@click.option("--replay", metavar="FILE", help="Only tell the stories of this file again.")
@click.option("--baseline", metavar="FILE", help="The findings of this file are known, and fail no run.")
@click.option("--save", metavar="FILE", help="Write the findings there: for --replay and --baseline.")
@click.option("--junit", metavar="FILE", help="Write a JUnit XML report.")
@click.option("--html", metavar="FILE", help="Write one HTML page.")
@click.option(
    "--table", "-t", default="compute", show_default=True, metavar="NAME|PATH", help="A table of the package, or yours."
)
@click.option("--reading", type=click.Choice(READINGS), default="nova", show_default=True, help="Which truth to hold it against.")
@click.option("--policy", metavar="FILE", help="A deployment's policy file, YAML or JSON, laid over the table.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Hold an implementation against the table: every answer, legal and illegal, by code, words, document and effect.

    Exits with 0 when it holds, 1 when it diverges, 2 when that could not be told.
    """
    from lifecycle import Lifecycle

    lifecycle = Lifecycle.load(options["table"], reading=options["reading"], policy=options["policy"])
    report = _run(lifecycle, options)
    _write(report, options)
    if options["as_json"]:
        from lifecycle.conform.reports import as_dict

        click.echo(json.dumps(as_dict(report), indent=1, ensure_ascii=False))
    else:
        _tell(report)
    context.exit(report.exit_code)


def _run(lifecycle: Lifecycle, options: Mapping[str, Any]) -> Report:
    from lifecycle.conform.run import Run
    from lifecycle.conform.tour import Limits

    targets = list(_targets(lifecycle, options))
    seconds = options["seconds"] or (QUICK if options["quick"] else None)
    if not (seconds or options["requests"] or options["servers"]):
        seconds = USUAL
    where = options["url"] or options["name"] or "the embedded reference server"
    run = Run(lifecycle, where, Limits(seconds, options["requests"], options["servers"]), options["seed"])
    signal.signal(signal.SIGTERM, _interrupted)
    if options["baseline"]:
        from lifecycle.conform.replay import read

        run.known = [str(key) for one in read(options["baseline"]) for key in one.get("keys", ())]
    if options["replay"]:
        from lifecycle.conform.replay import read

        for other in targets[1:]:
            other.close()
        return run.again(targets[0], read(options["replay"]))
    if not options["as_json"] and os.isatty(2):
        length = int(seconds or options["requests"] or options["servers"])
        with click.progressbar(range(length), length=length, label="asking", file=sys.stderr, item_show_func=_shown) as bar:
            run.progress = _Bar(bar, by_time=bool(seconds))
            return run.over(targets)
    return run.over(targets)


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def _shown(item: Any) -> str | None:
    return None if item is None else str(item)


class _Bar:
    """Moves a progress bar as time goes by, and shows what was seen."""

    def __init__(self, bar: Any, *, by_time: bool) -> None:
        self.bar = bar
        self.by_time = by_time

    def __call__(self, report: Report, tour: Tour) -> None:
        passed = int(tour.passed) if self.by_time else min(tour.subject.requests, self.bar.length)
        if passed > self.bar.pos:
            self.bar.update(passed - self.bar.pos, f"{len(report.coverage.cells):,} cells, {len(report.findings)} findings")


def _targets(lifecycle: Lifecycle, options: Mapping[str, Any]) -> Iterator[Any]:
    deployment = _deployment(lifecycle, options["told"])
    if options["url"] and options["name"]:
        raise LifecycleError("either an address or the name of a Python object is tested, not both")
    if options["url"]:
        yield _remote(lifecycle, options, deployment)
    elif options["name"]:
        from lifecycle.conform.named import load

        yield load(options["name"])
    else:
        from lifecycle.conform.embedded import embedded

        yield from embedded(lifecycle, deployment)


def _remote(lifecycle: Lifecycle, options: Mapping[str, Any], deployment: Mapping[str, int]) -> Any:
    from lifecycle.conform.remote import Remote
    from lifecycle.engine.situation import sign

    usual = lifecycle.rules.usual_caller
    given = {name: options.get(f"{name}_token") for name in lifecycle.rules.callers}
    tokens = {name: token for name, token in {**given, usual: options["token"]}.items() if token}
    if usual not in tokens:
        raise LifecycleError(f"a service is asked as a {usual} at least: --token TOKEN")
    target = Remote(lifecycle, options["url"], tokens, {name: sign(value) for name, value in deployment.items()})
    try:
        target.find({**{field: options[kind] for kind, field in RESOURCES.items()}, "networks": _network(options["network"])})
    except BaseException:
        target.close()
        raise
    return target


def _network(told: str | None) -> Any:
    return told if told in (None, "auto", "none") else [{"uuid": told}]


class UnknownOption(UnknownName):
    """The deployment has no such option."""

    kind = "option"


def _deployment(lifecycle: Lifecycle, told: tuple[str, ...]) -> dict[str, int]:
    """The options of the deployment. Raises LifecycleError."""
    from lifecycle.cli.serve import deployment

    return deployment(lifecycle, told)


def _write(report: Report, options: Mapping[str, Any]) -> None:
    """The files that were asked for."""
    from lifecycle.conform import replay, reports

    made: dict[str, Callable[[], str]] = {
        "save": lambda: replay.written(report.findings.every, report.lifecycle.rules.name),
        "junit": lambda: reports.junit(report),
        "html": lambda: reports.html(report),
    }
    for name, write in made.items():
        if options[name]:
            with open(options[name], "w", encoding="utf-8") as file:
                file.write(write())


def _tell(report: Report) -> None:
    from lifecycle.conform.tell import lines, summary

    rules = report.lifecycle.rules
    failing = report.failing
    for number, finding in enumerate(failing[:TOLD], 1):
        for kind, line in lines(finding, rules, number):
            click.echo(click.style(line if kind == "title" else f"   {line}", **COLOURS.get(kind, {})))
        click.echo()
    if len(failing) > TOLD:
        click.echo(f"… and {len(failing) - TOLD} findings more; --save FILE, --json or --html FILE tell them all\n")
    others = len(report.findings) - len(failing)
    for line in summary(report):
        click.echo(line)
    if report.broken:
        click.secho(f"✗ it could not be told whether {report.where} keeps the lifecycle", fg="red")
    elif failing:
        many = "s" if len(failing) > 1 else ""
        click.secho(
            f"✗ {report.where} diverges: {len(failing)} finding{many}" + (f", {others} known or not confirmed" if others else ""),
            fg="red",
        )
    else:
        click.secho(
            f"✓ {report.where} keeps the lifecycle" + (f"; {others} findings known or not confirmed" if others else ""),
            fg="green",
        )
