"""Where tables lie, and their compiled rules, kept in the user's cache until a file of the table changes."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lifecycle import __version__
from lifecycle.engine.rules import Rules
from lifecycle.errors import LifecycleError, UnknownTable

PACKAGE = Path(__file__).resolve().parent.parent
SPECS = next((path for path in (PACKAGE / "specs", PACKAGE.parent / "specs") if path.is_dir()), PACKAGE / "specs")
FORMAT = "1"  # of the compiled rules; a new one makes the kept ones old
MAX_FILES = 1_000

_loaded: dict[Path, tuple[str, Rules]] = {}


def find(table: str | os.PathLike[str]) -> tuple[Path, str]:
    """The file or folder of a table, and how messages call it. Raises UnknownTable.

    A bare word is a table that comes with the package; what has a separator or a suffix is a path.
    """
    name = os.fspath(table)
    bundled = SPECS / name
    if name and Path(name).name == name and not name.startswith(".") and (bundled / "lifecycle.yaml").is_file():
        return bundled, f"specs/{name}"
    path = Path(name)
    try:
        if path.is_file() or path.is_dir():
            return path, name.rstrip("/") if name != "/" else name
    except (OSError, ValueError) as error:
        raise LifecycleError(f"cannot look for a table at {name!r}: {error}") from None
    names = sorted(path.parent.name for path in SPECS.glob("*/lifecycle.yaml"))
    raise UnknownTable(name, names, f"there is no such file or folder, and the package has {', '.join(names)}")


def files(root: Path) -> Iterator[tuple[str, Path]]:
    """The YAML files of a table, each with its name within it; a table of one file is called by that name.

    Raises LifecycleError where there are too many for a table.
    """
    if root.is_file():
        yield "", root
        return
    for count, path in enumerate(sorted([*root.glob("*.yaml"), *root.glob("*/*.yaml")])):
        if count >= MAX_FILES:
            raise LifecycleError(f"{root} holds more than {MAX_FILES} files; is it the folder of a table?")
        yield path.relative_to(root).as_posix(), path


def load_rules(table: str | os.PathLike[str]) -> Rules:
    """The compiled rules of a table, from the cache where none of its files has changed.

    Raises UnknownTable and TableError.
    """
    root, label = find(table)
    key = _fingerprint(root, label)
    known = _loaded.get(root)
    if known and known[0] == key:
        return known[1]
    kept = cache_folder() / f"{key}.json"
    data = _kept(kept)
    if data is None:
        from lifecycle.table.compile import compile_table  # pydantic and yaml, only where a table is new
        from lifecycle.table.load import load_table

        data = compile_table(load_table(root, label))
        _keep(kept, data)
    rules = Rules(data)
    _loaded[root] = key, rules
    return rules


def cache_folder() -> Path:
    """Where compiled rules are kept: data in JSON, never code."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "server-lifecycle"


def _fingerprint(root: Path, label: str) -> str:
    """A key that is another one as soon as a file of the table has other content, or the package is another."""
    digest = hashlib.sha256(f"{__version__} {FORMAT} {label}".encode())
    for name, path in files(root):
        try:
            with open(path, "rb") as file:
                content = file.read(2_000_000)
        except OSError:
            content = b""  # load says why
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and data.get("format") == FORMAT else None


def _keep(path: Path, data: dict[str, Any]) -> None:
    """Keeps compiled rules; a cache that cannot be written is only slower."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
