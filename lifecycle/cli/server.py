"""The options that describe a server, and the server that they describe."""

from __future__ import annotations

import json

import click

from lifecycle import Lifecycle, Server
from lifecycle.cases import read_case
from lifecycle.errors import CaseError, LifecycleError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOBODY = ("null", "none", "nobody")
MAX_DOCUMENT = 10_000_000


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--status` and the like, or `--server` with a document."""
    options = [
        click.option("--status", metavar="STATUS", help="The status that the API shows: ACTIVE, PAUSED, RESIZE …"),
        click.option("--vm-state", metavar="STATE", help="The vm_state, where you know it."),
        click.option("--task-state", metavar="TASK", help="The task_state; null where no task is under way."),
        click.option("--locked-by", metavar="HOLDER", help="Who locked it: owner, admin, null."),
        click.option(
            "--with",
            "others",
            metavar="KEY=VALUE",
            multiple=True,
            help="Any other key of a case: host=false, before=SHUTOFF, options.reclaim_instance_interval=3600.",
        ),
        click.option("--server", "document", metavar="FILE", help="What GET /servers/{id} answered; - is standard input."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def told(lifecycle: Lifecycle, options: dict[str, Any]) -> Server:
    """The server that the options describe: the document's keys, and over them those that were given."""
    keys: dict[str, Any] = {}
    if options["document"] is not None:
        keys |= Server.from_api(_document(options["document"]), lifecycle).told
    for key in ("status", "vm_state", "task_state", "locked_by"):
        if options[key] is not None:
            keys[key] = None if options[key].lower() in NOBODY and key != "status" else options[key]
    if "locked_by" in keys:
        keys.pop("locked", None)
    for text in options["others"]:
        key, equals, value = text.partition("=")
        if not equals:
            raise CaseError(f"--with takes KEY=VALUE, not {shown(text)}")
        _put(keys, key, _value(value))
    return Server(**keys)


def _put(keys: dict[str, Any], key: str, value: object) -> None:
    group, dot, name = key.partition(".")
    if dot:
        inner = keys.setdefault(group, {})
        if not isinstance(inner, dict):
            raise CaseError(f"{group} is not an object, so there is no {key}")
        inner[name] = value
    else:
        keys[key] = value


def _value(text: str) -> object:
    """`true`, `null` and numbers as JSON has them; anything else is text."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if value is None or isinstance(value, (bool, int)) else text


def read_text(name: str) -> str:
    """What a file, or for `-` standard input, holds. Raises LifecycleError."""
    try:
        with click.open_file(name, "rb") as file:
            data: bytes = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise LifecycleError(f"cannot read {shown(name)}: {error.strerror or error}") from None
    if len(data) > MAX_DOCUMENT:
        raise LifecycleError(f"{shown(name)} is larger than {MAX_DOCUMENT:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LifecycleError(f"{shown(name)} is not UTF-8 at byte {error.start + 1}") from None


def _document(name: str) -> dict[str, Any]:
    try:
        return read_case(read_text(name))
    except CaseError as error:
        raise CaseError(f"{shown(name)} {error}") from None
