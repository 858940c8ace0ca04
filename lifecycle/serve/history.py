"""What was done to a thing, as its service tells it: a record for each request, with what happened in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lifecycle.serve.listing import number
from lifecycle.serve.wire import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.engine.rules import Data
    from lifecycle.serve.thing import Thing
    from lifecycle.serve.wire import Wire

    Record = dict[str, Any]
    """`number` tells its place, `says` is its document, `begins` by event the task that it begins with."""

MOST = 1_000  # records of one answer
NUMBER = "number"


class History:
    """Writes the records of things in the words of a table, and reads them a page at a time."""

    def __init__(self, said: Data | None) -> None:
        """`said`: the table's `document.history`, None where its service tells nothing."""
        self._said: Data = said or {}
        self.field: str | None = self._said.get("field")
        self._tells: Mapping[str, str] = self._said.get("tells", {})
        self._of_events: Mapping[str, str] = self._said.get("of_events", {})

    def open(self, thing: Thing, records: Data | None, who: Mapping[str, str | None], now: float) -> Record | None:
        """A new record of what is asked of a thing; `who` tells the request, user and project. None where none is kept."""
        if records is None or self.field is None:
            return None
        thing.count += 1
        moment = self._moment(now)
        told = {**who, "name": records["name"], "id": thing.id, "began": moment, "changed": moment, "events": []}
        says = {field: told[key] for key, field in self._tells.items()}
        return {NUMBER: thing.count, "says": says, "begins": records["events"], "quiet": not records["tells_failure"]}

    def come(self, record: Record | None, task: str | None, now: float) -> None:
        """Work has come to a task: events that were under way are over where others begin."""
        begins = [name for name, first in (record or {"begins": {}})["begins"].items() if first == task]
        if record is None or not begins:
            return
        self._settle(record, now, fails=False)
        for name in begins:
            told = {"name": name, "began": self._moment(now), "ended": None}
            later = dict.fromkeys((*self._said["event_settles"], *self._said["event_fails"]))
            self._events(record).insert(0, {**later, **{field: told[key] for key, field in self._of_events.items()}})
        self._changed(record, now)

    def close(self, record: Record, now: float, *, fails: bool = False) -> None:
        """The work is over, well or not."""
        told = fails and not record["quiet"]
        if told:
            record["says"].update(self._said["fails"])
        self._settle(record, now, fails=told)

    def _settle(self, record: Record, now: float, *, fails: bool) -> None:
        ended = self._of_events["ended"]
        for event in self._events(record):
            if event[ended] is None:
                event[ended] = self._moment(now)
                event.update(self._said["event_fails" if fails else "event_settles"])
                self._changed(record, now)

    def _events(self, record: Record) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = record["says"][self._tells["events"]]
        return found

    def _changed(self, record: Record, now: float) -> None:
        record["says"][self._tells["changed"]] = self._moment(now)

    def _moment(self, now: float) -> str:
        return datetime.fromtimestamp(now, UTC).strftime(self._said["times"])

    def one(self, records: list[Record], name: str) -> dict[str, Any] | None:
        """The record of a request."""
        return next((one["says"] for one in records if one["says"][self._tells["request"]] == name), None)

    def page(self, records: list[Record], query: Mapping[str, str], wire: Wire) -> tuple[list[dict[str, Any]], str | None]:
        """The records that a query asks for, the newest first, and the last of them where the page is full. Raises Unread."""
        found = [one["says"] for one in sorted(records, key=lambda one: -one[NUMBER])]
        marker, limit = query.get("marker"), number(query.get("limit", MOST), MOST)
        if marker is not None:
            names = [one[self._tells["request"]] for one in found]
            if marker not in names:
                raise Unread(wire.refused("bad_record_marker", marker=marker))
            found = found[names.index(marker) + 1 :]
        since, before = (_read(query.get(name)) for name in ("changes-since", "changes-before"))
        if since and before and since > before:
            raise Unread(wire.refused("bad_changes"))
        found = [one for one in found if self._within(one, since, before)]
        shown = found[:limit]
        return shown, shown[-1][self._tells["request"]] if shown and len(found) >= limit else None

    def _within(self, says: Mapping[str, Any], since: datetime | None, before: datetime | None) -> bool:
        changed = _read(says[self._tells["changed"]] or says[self._tells["began"]])
        return changed is not None and (since is None or changed >= since) and (before is None or changed <= before)


def _read(text: str | None) -> datetime | None:
    if text is None:
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
