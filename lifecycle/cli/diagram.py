"""lifecycle diagram: the table as a picture."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace

import click

from lifecycle.cli.commands import caller_option, examples, load, table_options
from lifecycle.cli.server import read_text, server_options, told
from lifecycle.errors import LifecycleError, UnknownName, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.render.picture import Picture
    from lifecycle.render.rows import Scene

VIEWS = {
    "overview": "the lifecycle at a glance",
    "all": "every row that fires",
    "action": "NAME with its tasks, ends and failures",
    "sequence": "NAME between caller, API and service",
    "status": "NAME with all that may happen to it",
    "lock": "who may what under which lock",
    "caller": "what --as may at --microversion",
    "server": "where a server is, the way it took, what may be next",
    "changes": "what two tables, or --microversion twice, have and have not",
    "plan": "the requests that bring a server --to a status",
}
BROWSED = "html"
FORMATS = ("dot", "svg", "png", "mermaid", "plantuml", "scxml", "xstate", "markdown", "text", BROWSED)
SUFFIXES = {"mmd": "mermaid", "gv": "dot", "puml": "plantuml", "md": "markdown", "txt": "text", "json": "xstate"}
CHOSEN_THERE = {
    "view": "--view",
    "status": "--status",
    "vm_state": "--vm-state",
    "task_state": "--task-state",
    "locked_by": "--locked-by",
    "others": "--with",
    "document": "--server",
    "target": "--to",
    "trace": "--trace",
    "caller": "--as",
    "microversion": "--microversion",
}
TWO = 2  # sides of what changes


@click.command(
    "diagram",
    epilog=examples(
        "lifecycle diagram",
        "lifecycle diagram --view all --format svg --output all.svg",
        "lifecycle diagram resize --open",
        "lifecycle diagram --view sequence resize --format mermaid",
        "lifecycle diagram --view caller --as reader --microversion 2.43",
        "lifecycle diagram --server server.json --trace trace.txt",
        "lifecycle diagram --view changes --microversion 2.94 --microversion 2.95",
        "lifecycle diagram --status PAUSED --to SHUTOFF",
        "lifecycle diagram --table door.yaml --format xstate -o door.json",
        "lifecycle diagram --format html --open         # one page that answers",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME]")
@click.option("--view", type=click.Choice(list(VIEWS)), help="; ".join(f"{name}: {what}" for name, what in VIEWS.items()) + ".")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Default: what the output's name says, else text on a terminal and dot."
)
@click.option("--output", "-o", metavar="FILE", help="Default: standard output.")
@click.option("--open", "opens", is_flag=True, help="Show it in the program that your system has for it.")
@click.option("--to", "target", metavar="STATUS", help="For a plan: the status to bring the server to.")
@click.option(
    "--trace", metavar="FILE", help="Requests and events that a server went through, one a line: create, settle, os-stop …"
)
@server_options
@caller_option
@click.option("--microversion", multiple=True, metavar="X.Y", help="Default: the newest of the table. Twice: what changes.")
@table_options
def command(names: tuple[str, ...], output: str | None, as_json: bool, **options: Any) -> None:
    """Draw the lifecycle, or a part of it: as text, in a language for pictures or machines, or with Graphviz as svg or png.

    The view follows from what is told where it is not named: NAME is an action, an event or a status; --server and
    --status tell of a server, with --to of a plan for it. As html it is one page of everything, which answers.
    """
    lifecycle = load(options["table"], options["reading"], options["policy"])
    form = options["form"] or _form(output, opens=options["opens"])
    if form == BROWSED and not as_json:
        _write(_page(lifecycle, names, options), form, output, opens=options["opens"])
        return
    view = options["view"] or _view(lifecycle, names, options)
    picture = _picture(lifecycle, view, names, options)
    if as_json:
        import json

        data = json.dumps(asdict(picture), ensure_ascii=False, indent=2).encode() + b"\n"
    else:
        from lifecycle.render.formats import render

        data = render(picture, form)
    _write(data, form, output, opens=options["opens"])


def _page(lifecycle: Lifecycle, names: tuple[str, ...], options: dict[str, Any]) -> bytes:
    """The page, which has all views in one; what to look at is chosen there."""
    from lifecycle.page.html import html

    told = [*names, *(option for key, option in CHOSEN_THERE.items() if options[key])]
    if told:
        raise click.UsageError(f"--format html is one page, in which all of this is chosen; leave out {told[0]}")
    return html(lifecycle.rules, lifecycle.reading).encode()


def _view(lifecycle: Lifecycle, names: tuple[str, ...], options: dict[str, Any]) -> str:
    """The view that is meant where none is named."""
    rules = lifecycle.rules
    if len(names) == TWO or len(options["microversion"]) == TWO:
        return "changes"
    if names:
        kinds = {"action": (*rules.actions, *rules.events), "status": tuple(rules.by_status)}
        found = [view for view, known in kinds.items() if names[0] in known]
        if not found:
            raise UnknownTopic(names[0], (*kinds["action"], *kinds["status"]))
        return found[0]
    if options["target"]:
        return "plan"
    told_of = any(options[key] for key in ("status", "vm_state", "task_state", "document", "trace"))
    return "server" if told_of else "overview"


class UnknownTopic(UnknownName):
    """Neither an action nor an event nor a status."""

    kind = "action, event or status"


def _picture(lifecycle: Lifecycle, view: str, names: Sequence[str], options: dict[str, Any]) -> Picture:
    takes = {"changes": (0, TWO), "action": (1, 1), "sequence": (1, 1), "status": (1, 1)}.get(view, (0, 0))
    if not takes[0] <= len(names) <= takes[1]:
        raise click.UsageError(_wrong_names(view, takes[1]))
    if view != "changes" and len(options["microversion"]) > 1:
        raise click.UsageError("two microversions are for --view changes")
    if view == "changes":
        return _changes(lifecycle, names, options)
    if view == "plan":
        return _plan(lifecycle, options)
    scene = _scene(lifecycle, options["caller"], next(iter(options["microversion"]), None))
    if view == "server":
        return _server(lifecycle, scene, options)
    if view == "caller":
        scene = replace(scene, caller=lifecycle.rules.caller(options["caller"]).name)
    return _drawer(view)(scene, *names)


def _wrong_names(view: str, most: int) -> str:
    if most == 0:
        return f"--view {view} takes no NAME; action, sequence and status do"
    if most == 1:
        what = "a status" if view == "status" else "an action or event"
        return f"--view {view} takes {what}: lifecycle diagram --view {view} NAME"
    return f"--view {view} takes two tables at most"


def _drawer(view: str) -> Callable[..., Picture]:
    """What draws a view, imported now."""
    from importlib import import_module

    module, name = {
        "overview": ("overview", "overview"),
        "all": ("everything", "everything"),
        "caller": ("everything", "everything"),
        "action": ("action", "action"),
        "sequence": ("action", "sequence"),
        "status": ("status", "status"),
        "lock": ("locks", "locks"),
    }[view]
    found: Callable[..., Picture] = getattr(import_module(f"lifecycle.render.views.{module}"), name)
    return found


def _scene(lifecycle: Lifecycle, caller: str | None, microversion: str | None) -> Scene:
    from lifecycle.render.rows import Scene

    rules = lifecycle.rules
    return Scene(rules, lifecycle.reading, caller and rules.caller(caller).name, rules.version(microversion))


def _changes(lifecycle: Lifecycle, names: Sequence[str], options: dict[str, Any]) -> Picture:
    """Two tables, each at the microversion that was told, or one at two."""
    from lifecycle.render.views.changes import changes

    versions = list(options["microversion"]) or [None]
    if TWO not in {len(names), len(versions)} or len(versions) > TWO:
        raise click.UsageError("--view changes takes two tables, LEFT RIGHT, or --microversion twice")
    tables = [load(name, options["reading"], options["policy"]) for name in names] or [lifecycle]
    sides = [(table, version) for table, version in zip(_both(tables), _both(versions), strict=True)]
    called = [" ".join(filter(None, (names[number] if names else "", version))) for number, (_, version) in enumerate(sides)]
    left, right = (_scene(table, options["caller"], version) for table, version in sides)
    return changes(left, right, (called[0], called[1]))


def _both(some: list[Any]) -> list[Any]:
    return some * TWO if len(some) == 1 else some


def _server(lifecycle: Lifecycle, scene: Scene, options: dict[str, Any]) -> Picture:
    from lifecycle.render.views.everything import title
    from lifecycle.render.views.server import server

    one = told(lifecycle, options)
    situation, legs = lifecycle.situation(one), []
    if options["trace"]:
        from lifecycle.cli.trace import read_trace, replay

        trace = read_trace(read_text(options["trace"]), options["trace"])
        done = replay(lifecycle, trace, one.told, options["caller"], next(iter(options["microversion"]), None))
        situation, legs = done.situation, done.legs
    here = lifecycle.rules.status(situation.values["state"], situation.values["task_state"])
    return server(lifecycle.rules, scene.ruling, situation, legs, title(scene, f"a {lifecycle.rules.thing} that is {here}"))


def _plan(lifecycle: Lifecycle, options: dict[str, Any]) -> Picture:
    from lifecycle.drawing import of_plan
    from lifecycle.explore.plan import NoPlan

    if not options["target"]:
        raise click.UsageError("--view plan takes --to STATUS")
    server = told(lifecycle, options)
    try:
        plan = lifecycle.plan(server, options["target"], options["caller"], next(iter(options["microversion"]), None))
    except NoPlan as error:
        click.echo(f"{click.style('✗', fg='red')} {error}")
        sys.exit(1)
    return of_plan(plan, lifecycle.rules, lifecycle.situation(server))


def _write(data: bytes, form: str, output: str | None, *, opens: bool) -> None:
    """To the file or standard output, and to whatever shows it."""
    if output is None and opens:
        import tempfile

        suffix = next((suffix for suffix, name in SUFFIXES.items() if name == form), form)
        with tempfile.NamedTemporaryFile(prefix="lifecycle-", suffix=f".{suffix}", delete=False) as file:
            output = file.name
    if output is None:
        if form == "png" and sys.stdout.isatty():
            raise LifecycleError("a terminal shows no png; name a file with --output, or --open it")
        if form == "text" and sys.stdout.isatty():
            click.echo(_coloured(data.decode()), nl=False)
        else:
            sys.stdout.buffer.write(data)
        return
    try:
        with open(output, "wb") as file:
            file.write(data)
    except OSError as error:
        raise LifecycleError(f"cannot write {shown(output)}: {error.strerror or error}") from None
    if opens and click.launch(output):
        raise LifecycleError(f"nothing here opens it; it is in {output}")


def _coloured(text: str) -> str:
    """Text for a terminal: failures red, events dim, and where one is bold."""
    styles: dict[str, dict[str, Any]] = {"─✗▶": {"fg": "red"}, "┄┄▶": {"dim": True}, "◉ ": {"bold": True}}
    lines = []
    for line in text.splitlines():
        style = next((style for sign, style in styles.items() if sign in line), {})
        lines.append(click.style(line, **style) if style else line)
    return "\n".join(lines) + "\n"


def _form(output: str | None, *, opens: bool) -> str:
    suffix = output.rpartition(".")[2].lower() if output else ""
    found = SUFFIXES.get(suffix, suffix)
    if found in FORMATS:
        return found
    if opens:
        return "svg"
    return "text" if output is None and sys.stdout.isatty() else "dot"
