"""Which of a table's requests a method and a path are: looked up, not searched."""

from __future__ import annotations

import re
from operator import itemgetter

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from lifecycle.engine.rules import Data, Rules

    Pick = Callable[[list[str]], Any]
    """What a split path says in the places of an address's literal segments."""
    Group = tuple[int, Pick, dict[Any, "Route"]]
    """The number of segments, what to look up, and where."""

PARAMETER = re.compile(r"\{(\w+)\}")


class Route:
    """One method and path of the table, and the actions that are asked for there.

    `by_key`: those that the body's only key names, `addressed`: the one that the address alone names; `reads`: whether
    what is asked depends on the body at all.
    """

    __slots__ = ("addressed", "by_key", "method", "names", "only", "path", "places", "reads", "splits")

    def __init__(self, method: str, path: str) -> None:
        self.method = method
        self.path = path
        self.by_key: dict[str, str] = {}
        self.addressed: str | None = None
        self.reads = False
        segments = path.split("/")[1:]
        self.names: list[str] = PARAMETER.findall(path)
        self.places = tuple(number - len(segments) for number, text in enumerate(segments) if "{" in text)
        mixed = [text for text in segments if "{" in text and not PARAMETER.fullmatch(text)]
        self.splits = [_pattern(segments[place]) for place in self.places] if mixed else None
        self.only = self.names[0] if len(self.names) == 1 and not mixed else None  # most addresses have one name

    def add(self, name: str, action: Data) -> None:
        """One more action that is asked for here."""
        if action["body"] is None:
            self.addressed = self.addressed or name
            self.reads |= bool(action["variant_in"] or action["given"]) or any(
                edition["rule"]["body"] for edition in action["editions"]
            )
        else:
            self.by_key[action["body"]] = name
            self.reads = True

    def parameters(self, parts: list[str]) -> dict[str, str] | None:
        """What a split path says in the places of the address's names; None where it leaves one empty."""
        if self.only is not None:
            text = parts[self.places[0]]
            return {self.only: text} if text else None
        texts = [parts[place] for place in self.places]
        if not all(texts):
            return None
        if self.splits is None:
            return dict(zip(self.names, texts, strict=True))
        found = [split.fullmatch(text) for split, text in zip(self.splits, texts, strict=True)]
        return {name: text for match in found if match for name, text in match.groupdict().items()} if all(found) else None


def _pattern(segment: str) -> re.Pattern[str]:
    parts = PARAMETER.split(segment)  # text and names in turn
    return re.compile("".join(f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)))


class Routes:
    """All requests of a table, below any prefix or below those that are named (`/v2.1/{project}`)."""

    def __init__(self, rules: Rules, prefixes: Iterable[str] | None = None) -> None:
        self.every = list(_routes(rules))
        self._prefixes = None if prefixes is None else [_segments(prefix) for prefix in prefixes]
        self._deepest = max(route.path.count("/") for route in self.every) + max(map(len, self._prefixes or [[]]))
        self._methods: dict[str, list[Group]] = {}
        for method in {route.method for route in self.every}:
            self._methods[method] = list(_groups(route for route in self.every if route.method == method))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request, and what its path says; None where the table has no such request."""
        groups = self._methods.get(method)
        if groups is None or path[:1] != "/" or "//" in path:
            return None
        parts = path.rsplit("/", self._deepest)
        for size, pick, routes in groups:
            route = routes.get(pick(parts)) if len(parts) > size else None
            if route is not None and (self._prefixes is None or _among(self._prefixes, parts[:-size])):
                found = route.parameters(parts)
                if found is not None:
                    return route, found
        return None


def _routes(rules: Rules) -> Iterable[Route]:
    """A route for each method and path; addresses that differ only in what they call their parameters are one."""
    found: dict[tuple[str, str], Route] = {}
    for name, action in rules.actions.items():
        method, path = (action["address"] or f"POST {rules.data['action_path']}").split(" ", 1)
        route = found.setdefault((method, PARAMETER.sub("{}", path)), Route(method, path))
        route.add(name, action)
    return found.values()


def _groups(routes: Iterable[Route]) -> Iterator[Group]:
    """The routes that have their literal segments in the same places, the longest first: a longer address is meant."""
    groups: dict[tuple[int, tuple[int, ...]], list[Route]] = {}
    for route in routes:
        size = route.path.count("/")
        groups.setdefault((size, tuple(place for place in range(-size, 0) if place not in route.places)), []).append(route)
    for (size, literal), some in sorted(groups.items(), reverse=True):
        pick: Pick = itemgetter(*literal) if literal else _nothing
        yield size, pick, {pick(route.path.split("/")[1:]): route for route in some}


def _nothing(_: list[str]) -> None:
    """What an address without a literal segment says: any text will do."""


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _among(prefixes: list[list[str]], head: list[str]) -> bool:
    """Whether the segments before an address are those of a prefix; a `{name}` in it is any text."""
    return any(len(head) == len(prefix) + 1 and head[0] == "" and all(map(_fits, prefix, head[1:])) for prefix in prefixes)


def _fits(said: str, segment: str) -> bool:
    return said == segment or (said[:1] == "{" and bool(segment))
