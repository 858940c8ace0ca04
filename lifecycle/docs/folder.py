"""A folder of made files: what of it is not current, and how it is made so. What others put there stays."""

from __future__ import annotations

import difflib
import os

from lifecycle.docs.reference import MARK
from lifecycle.errors import LifecycleError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Files = Mapping[str, bytes]
    """What the folder should have, by the path within it."""

MISSING, CHANGED, EXTRA = "is missing", "differs", "is of no page any more"
MOST = 40  # lines of a difference that are shown


def stale(folder: str, files: Files) -> dict[str, str]:
    """The paths that are not as they should be, each with what is wrong. Raises LifecycleError."""
    found = {}
    for path, content in files.items():
        there = _read(os.path.join(folder, path))
        if there != content:
            found[path] = MISSING if there is None else CHANGED
    return found | {path: EXTRA for path in _made(folder) if path not in files}


def difference(folder: str, path: str, files: Files) -> Iterator[str]:
    """The lines that differ, with a sign before each; the first of them where they are many."""
    old = (_read(os.path.join(folder, path)) or b"").decode(errors="replace").splitlines()
    new = files[path].decode(errors="replace").splitlines() if path in files else []
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    yield from (line for line in lines[:MOST] if not line.startswith("@@"))
    if len(lines) > MOST:
        yield f"… {len(lines) - MOST} lines more"


def write(folder: str, files: Files) -> dict[str, str]:
    """Makes the folder current; what was wrong before. Raises LifecycleError."""
    found = stale(folder, files)
    for path, wrong in found.items():
        place = os.path.join(folder, path)
        try:
            if wrong == EXTRA:
                os.remove(place)
                continue
            os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
            with open(place, "wb") as file:
                file.write(files[path])
        except (OSError, ValueError) as error:  # a name with a NUL byte is a ValueError
            raise LifecycleError(f"cannot write {shown(place)}: {getattr(error, 'strerror', None) or error}") from None
    return found


def _read(place: str) -> bytes | None:
    try:
        with open(place, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LifecycleError(f"cannot read {shown(place)}: {getattr(error, 'strerror', None) or error}") from None


def _made(folder: str) -> Iterator[str]:
    """The files of the folder that were made, by the mark that they bear."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(place, name)
            if name.endswith((".md", ".html")) and MARK.encode() in (_read(path) or b""):
                yield os.path.relpath(path, folder).replace(os.sep, "/")
