"""One thing that is served, as it is kept: its situation, its document, and what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Thing:
    """What is known of one thing. `work` is what is under way, `due` when it goes on, `event` what happens then instead.

    `aside` holds, by the name under which a state is remembered, the fields as they were then.
    """

    __slots__ = ("aside", "document", "due", "event", "id", "project", "values", "work")

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.id: str = data["id"]
        self.project: str = data["project"]
        self.values: dict[str, Any] = data["values"]
        self.document: dict[str, Any] = data["document"]
        self.work: dict[str, Any] | None = data.get("work")
        self.due: float | None = data.get("due")
        self.event: str | None = data.get("event")
        self.aside: dict[str, Any] = data.get("aside", {})

    def data(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {name: getattr(self, name) for name in self.__slots__}


def keep(document: dict[str, Any], kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Puts into a document what is kept of a request: by field what is `set`, `add`ed or `remove`d."""
    for field, change in kept.items():
        here = document.get(field)
        if "set" in change:
            document[field] = change["set"]
        elif "add" in change:
            document[field] = _with(here, change["add"])
        else:
            document[field] = _without(here, change["remove"])


def _with(here: Any, more: Any) -> Any:
    if isinstance(more, dict) and isinstance(here, dict):
        return {**here, **more}
    return [*here, more] if more not in (here or ()) else here


def _without(here: Any, gone: Any) -> Any:
    if gone is True:
        return type(here)() if isinstance(here, (list, dict)) else None
    if isinstance(here, dict):
        return {name: value for name, value in here.items() if name != gone}
    return [one for one in here or () if one != gone and not (isinstance(one, dict) and one.get("id") == gone)]
