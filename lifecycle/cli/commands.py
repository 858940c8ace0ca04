"""The group of all commands, and what they share: options, errors, the way to a table."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module

import click

from lifecycle import Lifecycle, __version__
from lifecycle.engine.rules import READINGS
from lifecycle.errors import LifecycleError, TableError, nearest, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

COMMANDS = {
    "conform": "Does a server, a library or a simulator keep the lifecycle?",
    "check": "May this be done to this server now?",
    "actions": "Every action on a server, with a tick or a cross, and why.",
    "plan": "The fewest requests that bring a server to a status.",
    "show": "The rule of an action or of a status.",
    "lint": "Read a table strictly and tell all its mistakes.",
    "verify": "Prove what must be so in all that a table allows.",
    "claims": "What every sentence of the reference comes to.",
    "diff": "Which answers differ between two tables, microversions, readings, callers, policies or options.",
    "diagram": "Draw the lifecycle.",
    "docs": "A reference of the whole table, in Markdown or as a site.",
    "schema": "The JSON Schema of what an action asks for or answers, or of a table's files.",
    "openapi": "All requests of a table as an OpenAPI document.",
    "serve": "A reference service that obeys the table, on a port of this machine.",
}
PASTE = """\
The lifecycle of a server of the OpenStack Compute API, as a table that answers.

  lifecycle check os-stop --status PAUSED --as member
  lifecycle actions --status SHUTOFF --as member
  lifecycle show os-stop
  openstack server show NAME -f json | lifecycle actions --server -
  lifecycle diagram --view overview --format svg --output overview.svg

lifecycle --help lists the commands, lifecycle COMMAND --help shows examples.
"""


class Group(click.Group):
    """A group that imports a command when it is called, and turns our errors into one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of their use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"lifecycle.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was called, or what it was probably meant to be."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = nearest(name, COMMANDS)
            hint = f"did you mean {close}?" if close else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command is called {shown(name)}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command; what was wrong with the input is told in one line, with exit code 2."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except TableError as error:
            count = len(error.mistakes)
            click.echo(f"{error}\n{count} mistake{'s' if count > 1 else ''}", err=True)
        except LifecycleError as error:
            click.echo(f"Error: {error}", err=True)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly where nobody reads on
            _drop_output()
            click.echo(f"Error: cannot write the output: {error.strerror or error}", err=True)
        return ctx.exit(2)


def _drop_output() -> None:
    """Lets go of what could not be written, or Python would try once more on its way out."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@click.group(cls=Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lifecycle")
@click.pass_context
def main(context: click.Context) -> None:
    """What may be done to a server now, by whom, with which answer, and what becomes of it."""
    if context.invoked_subcommand is None:
        click.echo(PASTE, nl=False)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that mean the same everywhere: which table, which reading, JSON."""
    options = [
        click.option(
            "--table",
            "-t",
            default="compute",
            show_default=True,
            metavar="NAME|PATH",
            help="A table of the package, or your own file or folder.",
        ),
        click.option(
            "--reading",
            type=click.Choice(READINGS),
            default=READINGS[0],
            show_default=True,
            help="Which truth to tell where the reference and a running Nova differ.",
        ),
        click.option("--policy", metavar="FILE", help="A deployment's policy file, YAML or JSON, laid over the table."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def version_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--microversion`, the table's newest where it is not given."""
    return click.option("--microversion", metavar="X.Y", help="Default: the newest of the table.")(command)


def caller_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--as`, the table's usual caller where it is not given."""
    return click.option(
        "--as",
        "caller",
        metavar="CALLER",
        help="Who asks: admin, manager, member, reader, service, stranger, anonymous,"
        " or a role of the policy file. Default: member.",
    )(command)


def load(table: str, reading: str, policy: str | None = None) -> Lifecycle:
    """The table that the options name, with the policy file that they name."""
    return Lifecycle.load(table, reading=reading, policy=policy)


def examples(*lines: str) -> str:
    """The end of a help text: commands to paste."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
