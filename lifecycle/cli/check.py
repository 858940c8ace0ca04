"""lifecycle check: one question, or a file of them."""

from __future__ import annotations

import sys

import click

from lifecycle.cli.commands import caller_option, examples, load, table_options, version_option
from lifecycle.cli.server import read_text, server_options, told
from lifecycle.errors import CaseError, LifecycleError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from lifecycle import Decision
    from lifecycle.cases import Cases


@click.command(
    "check",
    epilog=examples(
        "lifecycle check os-stop --status PAUSED --as member",
        "lifecycle check reboot --variant HARD --status PAUSED --locked-by owner",
        "lifecycle check os-stop --server server.json --microversion 2.47",
        "lifecycle check os-stop --status PAUSED --locked-by admin --advice",
        "lifecycle check --cases cases.jsonl > decisions.jsonl",
    ),
)
@click.argument("action", required=False)
@server_options
@caller_option
@version_option
@click.option("--variant", metavar="V", help="The variant: SOFT or HARD for reboot.")
@click.option("--body", metavar="JSON|@FILE", help="The whole request document.")
@click.option("--cases", metavar="FILE", help="A JSON object a line; each is answered with its decision. - is standard input.")
@click.option("--advice", is_flag=True, help="Tell too what would make it allowed, and who can bring it about.")
@table_options
def command(action: str | None, cases: str | None, advice: bool, as_json: bool, **options: Any) -> None:
    """Decide whether ACTION may be done to this server now, by this caller.

    Exits with 0 when it may, 1 when it is refused, 2 when the question cannot be read.
    """
    lifecycle = load(options["table"], options["reading"], options["policy"])
    if cases is not None:
        if action is not None:
            raise click.UsageError("--cases brings its own actions; leave ACTION out")
        from lifecycle.cases import Cases

        sys.exit(0 if run_cases(Cases(lifecycle, options["caller"], options["microversion"], advice=advice), cases) else 2)
    if action is None:
        raise click.UsageError("which ACTION? `lifecycle actions` lists them")
    decision = lifecycle.decide(
        action, told(lifecycle, options), options["caller"], options["microversion"], options["variant"], _body(options["body"])
    )
    if as_json:
        import json

        click.echo(json.dumps({**decision.as_dict(), "to_allow": decision.to_allow}, ensure_ascii=False, indent=2))
    else:
        click.echo(report(decision, advice=advice))
    sys.exit(0 if decision.allowed else 1)


def _body(text: str | None) -> object:
    """The request document of --body. Raises CaseError where it is no JSON."""
    if text is None:
        return None
    from lifecycle.cases import read_json

    source = read_text(text[1:]) if text.startswith("@") else text
    try:
        return read_json(source)
    except CaseError as error:
        raise CaseError(f"--body {error}") from None


def report(decision: Decision, *, advice: bool = False) -> str:
    """A decision for a person at a terminal."""
    mark = click.style("✓", fg="green") if decision.allowed else click.style("✗", fg="red")
    lines = [f"{mark} {decision.code} {decision.reason}"]
    notes = [("also refused", other["reason"].partition(" refused: ")[2]) for other in decision.also]
    if decision.message:
        notes.append((f"{decision.ruling.request.rules.service} says", decision.message))
    if decision.allowed and decision.tasks:
        notes.append(("if it fails", " or ".join(decision.on_failure)))
    if decision.loses:
        notes.append(("is lost", ", ".join(decision.loses)))
    if advice and not decision.allowed:
        notes += [("to allow it", _advised(one)) for one in decision.to_allow] or [("to allow it", "nothing helps")]
    if decision.assumed:
        notes.append(("assumed", f"the usual {', '.join(decision.assumed)}"))
    return "\n".join(lines + [f"  {click.style(f'{name:<12}', dim=True)}  {text}" for name, text in notes])


def _advised(change: dict[str, Any]) -> str:
    """`state ACTIVE, locked_by none (by admin)`: what must be, and who can bring it about."""
    wanted = [f"{key} {'none' if value is None else value}" for key, value in change.items() if key != "by"]
    return f"{', '.join(wanted)} (by {change['by']})"


def run_cases(cases: Cases, name: str) -> bool:
    """Answers every line of a file; whether all could be read. A progress bar on a terminal."""
    try:
        file = click.open_file(name, "rb")
    except OSError as error:
        raise LifecycleError(f"cannot read {shown(name)}: {error.strerror or error}") from None
    with file:
        return _write(cases, file)


def _write(cases: Cases, file: IO[bytes]) -> bool:
    import gc

    from lifecycle.cases import answers, lines

    gc.freeze()  # the table stays to the end: it need not be looked through for garbage again and again
    out, good = sys.stdout, True
    size = _size(file)
    hidden = not sys.stderr.isatty() or sys.stdout.isatty() or not size
    with click.progressbar(length=size or 0, label="cases", file=sys.stderr, hidden=hidden, update_min_steps=1 << 16) as bar:
        for read, text in answers(cases, lines(file, None if hidden else bar.update)):
            good &= read
            out.write(f"{text}\n")
    out.flush()
    return good


def _size(file: IO[bytes]) -> int:
    import os
    import stat

    try:
        status = os.fstat(file.fileno())
    except (OSError, ValueError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
