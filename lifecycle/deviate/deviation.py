"""One word of one row that is another: as JSON, and as a sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lifecycle.errors import LifecycleError, shown

KEYS = ("path", "before", "after")
MAX_TEXT = 20_000
MAX_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Deviation:
    """At `path` the table says `after` and not `before`; both as a row may say it, None where it says nothing.

    The first two parts of a path are the row: `("actions", "os-stop", "requires", "state")`.
    """

    path: tuple[str | int, ...]
    before: Any
    after: Any

    @property
    def row(self) -> tuple[str, str]:
        """The row in which it is: its group and its name."""
        return str(self.path[0]), str(self.path[1])

    @classmethod
    def from_json(cls, text: object) -> Deviation:
        """What `as_json` wrote, or the same as an object. Raises LifecycleError."""
        said = _read(text)
        if not isinstance(said, dict) or not set(KEYS) >= said.keys() >= {"path"}:
            raise LifecycleError(f"a deviation is an object with path, before and after, not {shown(said)}")
        path = said["path"]
        parts = isinstance(path, list) and all(isinstance(part, (str, int)) and not isinstance(part, bool) for part in path)
        if not parts or len(path) <= len(("group", "name")):
            raise LifecycleError(f'a path is as ["actions", "os-stop", "requires", "state"], not {shown(path)}')
        return cls(tuple(path), said.get("before"), said.get("after"))

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {"path": [*self.path], "before": self.before, "after": self.after}

    def as_json(self) -> str:
        """One line that says all of it, the same for the same deviation."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def __str__(self) -> str:
        where = f"{self.row[0]}/{self.row[1]}: {'.'.join(map(str, self.path[2:]))}"
        if self.after is None:
            return f"{where} is left out; it was {_said(self.before)}"
        return f"{where} is {_said(self.after)}" + ("" if self.before is None else f" and not {_said(self.before)}")


def _read(text: object) -> Any:
    if not isinstance(text, (str, bytes)):
        return text
    if len(text) > MAX_TEXT:
        raise LifecycleError(f"a deviation has at most {MAX_TEXT:,} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LifecycleError(f"a deviation is written in JSON: {error}") from None


def _said(value: Any) -> str:
    """A value as a row says it."""
    return shown(json.dumps(value, ensure_ascii=False).replace('"', ""), MAX_SHOWN)
