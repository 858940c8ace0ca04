"""One thing that is served, as it is kept: its situation, its document, and what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Thing:
    """What is known of one thing. `work` is what is under way, `due` when it goes on, `event` what happens then instead.

    `aside` holds, by the name under which a state is remembered, the fields as they were then; `count` is how many records
    there are of it, `record` the one that is open. `closed` are those that are not written down yet, and `made` by id what it has
    made in the catalogue, each with its kind; None where it is gone.
    """

    KEPT = ("aside", "count", "document", "due", "event", "id", "project", "record", "values", "work")
    __slots__ = (*KEPT, "closed", "made")

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.id: str = data["id"]
        self.project: str = data["project"]
        self.values: dict[str, Any] = data["values"]
        self.document: dict[str, Any] = data["document"]
        self.work: dict[str, Any] | None = data.get("work")
        self.due: float | None = data.get("due")
        self.event: str | None = data.get("event")
        self.aside: dict[str, Any] = data.get("aside", {})
        self.count: int = data.get("count", 0)
        self.record: dict[str, Any] | None = data.get("record")
        self.closed: list[dict[str, Any]] = []
        self.made: dict[str, tuple[str, dict[str, Any] | None]] = {}

    def data(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {name: getattr(self, name) for name in self.KEPT}


def keep(document: dict[str, Any], kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Puts into a document what is kept of a request: by field what is `set`, `add`ed or `remove`d."""
    for field, change in kept.items():
        here = document.get(field)
        if "set" in change:
            document[field] = change["set"]
        elif "add" in change:
            document[field] = _with(here, change["add"], change.get("key"))
        else:
            document[field] = _without(here, change["remove"], change.get("key"))


def _with(here: Any, more: Any, key: str | None) -> Any:
    """What is there besides; what is there already of one with the same key stays where nothing else is said."""
    if isinstance(more, dict) and isinstance(here, dict):
        return {**here, **more}
    if key and any(one[key] == more[key] for one in here or ()):
        return [{**one, **more} if one[key] == more[key] else one for one in here]
    return [*(here or ()), more] if more not in (here or ()) else here


def _without(here: Any, gone: Any, key: str | None) -> Any:
    if gone is True:
        return type(here)() if isinstance(here, (list, dict)) else None
    if isinstance(here, dict):
        return {name: value for name, value in here.items() if name != gone}
    return [one for one in here or () if (one[key] if key else one) != gone]


def part(held: Any, name: str, key: str | None) -> Any:
    """What an address names of what a thing holds: one of a list, or a field of an object; None where it is not there."""
    if isinstance(held, dict):
        return {name: held[name]} if name in held else None
    return next((one for one in held or () if (one[key] if key else one) == name), None)
