"""A list of things, a page at a time: whose they are, which of them are asked for, and where the next page is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lifecycle.serve.thing import Thing
from lifecycle.serve.wire import Unread

if TYPE_CHECKING:
    from lifecycle.serve.cloud import Cloud
    from lifecycle.serve.people import Person
    from lifecycle.serve.wire import Ask

MAX = 1_000  # things of one page
YES = ("1", "true", "yes", "on", "t", "y", "")
PAGING = ("limit", "marker")
DIGITS = 9


def page(cloud: Cloud, ask: Ask, person: Person, *, everyones: bool) -> dict[str, Any]:
    """The things that are asked for, newest first; after a full page the address of the rest, of which there may be none.

    Raises Unread.

    `everyones`: those of all projects, which the table lets this person ask for.
    """
    limit = _limit(cloud, ask)
    found: list[dict[str, Any]] = []
    documents, many = cloud.documents, cloud.documents.many
    whose, before = None if everyones else person.project, _marker(cloud, ask, person)
    for data in cloud.store.every(whose, before, _places(cloud, ask), ask.query.get("name", "")):
        if len(found) == limit:
            break
        found.append(documents.shown(Thing(data), ask.root))
    if not found or len(found) < limit:
        return {many: found}
    return {many: found, f"{many}_links": linked(ask, found[-1][documents.said["tells"]["id"]])}


def linked(ask: Ask, marker: str) -> list[dict[str, str]]:
    """Where the rest is told, after the last of a page."""
    query = urlencode({**ask.query, "marker": marker})
    return [{"rel": "next", "href": f"{ask.root}{ask.path}?{query}"}]


def number(text: object, most: int) -> int:
    """The number that a text of digits says, of any length, or a number as JSON has it (`2.0`); no more than `most`."""
    text = int(text) if isinstance(text, float) else text
    return most if len(str(text)) > DIGITS else min(int(str(text)), most)


def _limit(cloud: Cloud, ask: Ask) -> int:
    said = ask.query.get("limit")
    if said is None:
        return MAX
    if not (said.isascii() and said.isdigit() and len(said) <= DIGITS):
        raise Unread(cloud.wire.refused("bad_limit", limit=said))
    return number(said, MAX)


def _marker(cloud: Cloud, ask: Ask, person: Person) -> int | None:
    """The number of the last thing of the page before."""
    marker = ask.query.get("marker")
    if marker is None:
        return None
    data = cloud.store.find(marker)
    number = cloud.store.number(marker)
    if data is None or number is None or not (cloud.people.all_things(person) or data["project"] == person.project):
        raise Unread(cloud.wire.refused("bad_marker", marker=marker))
    return number


def _places(cloud: Cloud, ask: Ask) -> list[tuple[str, str | None]] | None:
    """The states and tasks that show the status that is asked for; None where none is."""
    status = ask.query.get("status")
    if status is None:
        return None
    shown = cloud.rules.by_status.items()
    return [place for name, places in shown if name.lower() == status.lower() for place in places]
