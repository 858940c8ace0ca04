"""lifecycle serve: a reference service that obeys a table."""

from __future__ import annotations

from contextlib import closing

import click

from lifecycle.cli.commands import examples
from lifecycle.engine.rules import READINGS
from lifecycle.errors import LifecycleError, UnknownName, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from lifecycle import Lifecycle

EXTRA = "a service needs starlette and uvicorn, which are not installed: pip install 'server-lifecycle[serve]'"


class UnknownOption(UnknownName):
    """The deployment has no such option."""

    kind = "option"


@click.command(
    "serve",
    epilog=examples(
        "lifecycle serve --port 8774 --clouds clouds.yaml   # then: openstack --os-cloud lifecycle server list",
        "lifecycle serve --db servers.db --clock 60x",
        "lifecycle serve --option reclaim_instance_interval=3600 --task-seconds 2",
    ),
)
@click.option("--port", type=click.IntRange(0, 65535), default=8774, show_default=True, help="0 is any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; anyone who reaches it may do anything.")
@click.option("--db", metavar="FILE", help="Keep all of it in this file, and go on from what is there; else in memory.")
@click.option("--clouds", metavar="FILE", help="Write a clouds.yaml, so that OpenStack's own clients find it.")
@click.option("--clock", default="real", show_default=True, metavar="real|10x|manual", help="How its time passes.")
@click.option(
    "--task-seconds", type=click.FloatRange(0, 1e6), default=0.05, show_default=True, help="How long a task takes by that clock."
)
@click.option("--option", "told", multiple=True, metavar="NAME=NUMBER", help="An option of the deployment; may be repeated.")
@click.option(
    "--table", "-t", default="compute", show_default=True, metavar="NAME|PATH", help="A table of the package, or yours."
)
@click.option("--reading", type=click.Choice(READINGS), default="nova", show_default=True, help="Which truth to obey.")
@click.option("--policy", metavar="FILE", help="A deployment's policy file, YAML or JSON, laid over the table.")
def command(port: int, host: str, clouds: str | None, **options: Any) -> None:
    """Serve the API of a table, for tests and for trying things out; Ctrl-C ends it.

    A token is USER:PROJECT or USER:PROJECT:ROLE,ROLE in X-Auth-Token; the user admin is one.
    """
    from lifecycle import Lifecycle

    lifecycle = Lifecycle.load(options["table"], reading=options["reading"], policy=options["policy"])
    told = deployment(lifecycle, options["told"])
    try:
        from lifecycle.serve import Clock, app, listen  # heavy, and only for this command
    except ModuleNotFoundError:
        raise LifecycleError(EXTRA) from None
    made = app(
        lifecycle,
        clock=Clock.read(options["clock"]),
        db=options["db"] or ":memory:",
        seconds=options["task_seconds"],
        options=told,
    )
    documents = made.state.cloud.documents
    with closing(made.state.cloud.store), listen.listen(host, port) as bound:
        address = listen.address(bound)
        if clouds is not None:
            others = {name: address + said["path"] for name, said in documents.catalogue.neighbours.items()}
            listen.write_clouds(clouds, "lifecycle", address + documents.base, others)
        listen.serve(made, bound, lambda: click.echo(f"{lifecycle.rules.title}: {address}{documents.base}"))


def deployment(lifecycle: Lifecycle, told: tuple[str, ...]) -> dict[str, int]:
    """The options of the deployment. Raises LifecycleError."""
    found: dict[str, int] = {}
    for one in told:
        name, _, number = one.partition("=")
        if name not in lifecycle.rules.options:
            raise UnknownOption(name, lifecycle.rules.options)
        try:
            found[name] = int(number)
        except ValueError:
            raise LifecycleError(f"option {name} must be a number, as in {name}=3600, not {shown(number)}") from None
    return found
