"""Where tables lie, and their compiled rules, kept in the user's cache until a file of the table changes."""

from __future__ import annotations

import json
import os
import time
from binascii import crc32

from lifecycle.engine.rules import Rules
from lifecycle.errors import LifecycleError, UnknownTable, shown
from lifecycle.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPECS = next(filter(os.path.isdir, (os.path.join(root, "specs") for root in (PACKAGE, os.path.dirname(PACKAGE)))), "")
MAX_FILES = 1_000
SETTLED = 1.0  # seconds after which a changed file can be trusted to show its next change
MAX_BYTES = 1_000_000  # of one file
SUFFIX = ".yaml"
CLAIMS = "claims.yaml"
CLOUD = "cloud.yaml"
BESIDE = (CLAIMS, CLOUD)  # they stand beside a table and speak about it; no decision depends on them

_loaded: dict[str, tuple[bytes, Rules]] = {}


def find(table: str | os.PathLike[str]) -> tuple[str, str]:
    """The file or folder of a table, and how messages call it. Raises UnknownTable.

    A bare word is a table that comes with the package; what has a separator or a suffix is a path.
    """
    name = os.fspath(table)
    if name and os.path.basename(name) == name and os.path.isfile(os.path.join(SPECS, name, "lifecycle.yaml")):
        return os.path.join(SPECS, name), f"specs/{name}"
    try:
        found = os.path.exists(name)
    except ValueError:  # a NUL byte
        found = False
    if not found:
        names = bundled()
        raise UnknownTable(name, names, f"there is no such file or folder, and the package has {', '.join(names)}")
    if not os.path.isfile(name) and not os.path.isdir(name):
        raise LifecycleError(f"{shown(name)} is neither a file nor a folder")
    return name, name.rstrip("/") or name


def bundled() -> list[str]:
    """The names of the tables that come with the package."""
    return sorted(name for name in os.listdir(SPECS) if os.path.isfile(os.path.join(SPECS, name, "lifecycle.yaml")))


def files(root: str) -> Iterator[tuple[str, str]]:
    """The YAML files of a table, each with its name within it; a table of one file is called by no name.

    What only speaks about the table (`BESIDE`) is none of it. Raises LifecycleError where there are too many for a table.
    """
    if not os.path.isdir(root):
        yield "", root
        return
    try:
        names = _names(root)
    except OSError as error:
        raise LifecycleError(f"cannot read the folder {shown(root)}: {error.strerror or error}") from None
    for name in names:
        yield name, os.path.join(root, *name.split("/"))


def _names(root: str) -> list[str]:
    """The names of a folder's YAML files, those at the top first; those of a folder in it with its name."""
    names: list[str] = []
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if _is_folder(entry):
            names += [f"{entry.name}/{name}" for name in sorted(os.listdir(entry.path)) if name.endswith(SUFFIX)]
        elif entry.name.endswith(SUFFIX) and entry.name not in BESIDE:
            names.append(entry.name)
        if len(names) > MAX_FILES:
            raise LifecycleError(f"{root} holds more than {MAX_FILES} files; is it the folder of a table?")
    return sorted(names, key=lambda name: ("/" in name, name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def read_bytes(path: str) -> bytes:
    """What a file holds, cut right after the size that no table has. Raises OSError; a pipe is no file."""
    if not os.path.isfile(path):
        raise OSError(0, "it is no plain file")
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def load_rules(table: str | os.PathLike[str]) -> Rules:
    """The compiled rules of a table, from the cache where none of its files has changed.

    Raises UnknownTable and TableError.
    """
    root, label = find(table)
    signature, changed = _signature(root, label)
    known = _loaded.get(root)
    if known and known[0] == signature:
        return known[1]
    kept = os.path.join(cache_folder(), f"{os.path.abspath(root)[-150:].replace(os.sep, '%')}.rules")
    data = _kept(kept, signature)
    if data is not None:
        rules = Rules(data)
    else:
        from lifecycle.table.compile import compile_table  # pydantic and yaml, only where a table is new
        from lifecycle.table.load import load_table

        data = compile_table(load_table(root, label))
        rules = Rules(data)
        if time.time() - changed < SETTLED:
            return rules  # a file may change again within one tick of its clock, and nobody would see it
        _keep(kept, signature, data)
    _loaded[root] = signature, rules
    return rules


def cache_folder() -> str:
    """Where compiled rules are kept: data in JSON, never code."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "server-lifecycle")


def _signature(root: str, label: str) -> tuple[bytes, float]:
    """What tells one state of a table's files from another, its name in messages, and this package; and the newest change.

    A file is known by its size, its number and the times at which it and its entry changed: whoever
    sets one time back changes the other.
    """
    parts, newest = [__version__, label], 0.0
    for name, path in (*_makers(), *files(root)):
        try:
            status = os.stat(path)
        except OSError:
            parts.append(name)  # load says why
            continue
        parts.append(f"{name} {status.st_size} {status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns}")
        newest = max(newest, status.st_mtime, status.st_ctime)
    return "\n".join(parts).encode(errors="surrogateescape"), newest


def _makers() -> list[tuple[str, str]]:
    """The modules that make rules from a table: where one of them is changed, the rules are made anew."""
    folder = os.path.join(PACKAGE, "table")
    return [(name, os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".py")]


def _kept(path: str, signature: bytes) -> dict[str, Any] | None:
    """The rules that were kept under just this signature, if they are as they were written."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            head, found = file.readline(40), file.read(len(signature))
            text = file.read()
    except OSError:
        return None
    if found != signature or head != _head(signature, text):
        return None
    data: dict[str, Any] = json.loads(text)
    return data


def _head(signature: bytes, text: bytes) -> bytes:
    """The first line of a kept file: the length of the signature, and a checksum of the rules."""
    return b"%d %d\n" % (len(signature), crc32(text))


def _keep(path: str, signature: bytes, data: dict[str, Any]) -> None:
    """Keeps compiled rules; a cache that cannot be written is only slower."""
    draft = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        text = json.dumps(data, separators=(",", ":")).encode()
        with open(draft, "wb") as file:
            file.write(_head(signature, text) + signature + text)
        os.replace(draft, path)
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
