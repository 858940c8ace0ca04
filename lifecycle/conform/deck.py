"""All that can be asked of a target: each action and read, as each caller, on both sides of every change of a microversion."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from lifecycle.bodies.documents import plain
from lifecycle.conform.bodies import right
from lifecycle.conform.judge import changes
from lifecycle.conform.target import Request
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import bounds

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from lifecycle import Lifecycle
    from lifecycle.conform.judge import Asked, Judge
    from lifecycle.engine.microversion import Microversion

NAME = re.compile(r"\{(\w+)\}")
SERVER = "id"


def invented(name: str) -> str:
    """What stands for a name of an address when nothing better is known: always the same."""
    return str(uuid5(NAMESPACE_URL, name))


class Words:
    """What stands in requests for what the table leaves open: `FLAVOR`, `{tag}`, the image that there is."""

    def __init__(self, lifecycle: Lifecycle, words: Mapping[str, str], fields: Mapping[str, Any]) -> None:
        """`words`: for placeholders of the table's examples; `fields`: by the name of the field that holds it."""
        self._fields = dict(fields)
        rows = (*lifecycle.rules.actions.values(), *lifecycle.rules.reads.values())
        names = {name for row in rows for name in NAME.findall(row["address"] or "")} - {SERVER}
        self._names = {name: words.get(name.upper()) or invented(name) for name in names}
        self._words = {**{name.upper(): value for name, value in self._names.items()}, **words}

    def names(self, address: str | None) -> dict[str, str]:
        """What fills an address, besides the server's id."""
        return {name: self._names[name] for name in NAME.findall(address or "") if name != SERVER}

    def filled(self, body: Any, *, makes: bool = False) -> Any:
        """A body with all of that in its place; what `makes` a server has the first of a kind, so that another can come after."""
        if isinstance(body, dict):
            return {self._words.get(name, name): self._field(name, value, makes=makes) for name, value in body.items()}
        if isinstance(body, list):
            return [self.filled(one, makes=makes) for one in body]
        return self._words.get(body, body) if isinstance(body, str) else body

    def _field(self, name: str, value: Any, *, makes: bool) -> Any:
        here = self._fields.get(name)
        other = not makes and isinstance(value, str) and value in self._words
        return self.filled(value, makes=makes) if here is None or other or isinstance(value, dict) else here


class Deck:
    """Requests without number, made when they are asked for, and each made once."""

    def __init__(
        self,
        judge: Judge,
        words: Words,
        callers: Sequence[str],
        newest: Microversion | None = None,
        actions: Container[str] | None = None,
    ) -> None:
        """`newest`: of the target, where that is older than the table's; `actions`: those that it has (None: all)."""
        self.judge = judge
        self.rules = judge.rules
        self.words = words
        self.callers = callers
        self.newest = newest or judge.rules.newest
        self._asked: dict[tuple[str, str | None, str, str | None], Asked] = {}
        self._points: dict[tuple[str, str | None], list[str | None]] = {}
        rows = {**self.rules.actions, **(self.rules.reads if judge.wire else {})}
        self.names = [
            (name, variant)
            for name, row in rows.items()
            if actions is None or name in actions
            for variant in row["variants"] or (None,)
            if judge.wire or self._here(name, variant)
        ]

    def _here(self, name: str, variant: str | None) -> bool:
        """Whether there is such an action at the newest microversion."""
        lifecycle = self.judge.lifecycle
        return self.of_a_server(name) and lifecycle.rules.edition(name, variant, lifecycle.reading, self.newest) is not None

    def address(self, name: str) -> str:
        """The path of an action or a read."""
        address: str = self.rules.action(name)["address"] or f"POST {self.rules.data['action_path']}"
        return address.partition(" ")[2]

    def of_a_server(self, name: str) -> bool:
        """Whether a request is to one server."""
        return "{" + SERVER + "}" in self.address(name)

    def has_body(self, name: str) -> bool:
        """Whether a request says anything in its body, or a read in its query."""
        row = self.rules.action(name)
        return name in self.rules.actions or any(edition["rule"]["body"] for edition in row["editions"])

    @property
    def create(self) -> str | None:
        """The action that makes a server."""
        found = (name for name, row in self.rules.actions.items() if row["address"] and "{" not in row["address"])
        return next(found, None)

    def points(self, name: str, variant: str | None) -> list[str | None]:
        """The microversions to ask at: the newest that has it, then both sides of every change."""
        found = self._points.get((name, variant))
        if found is None:
            found = self._points[name, variant] = list(self._find_points(name, variant))
        return found

    def _find_points(self, name: str, variant: str | None) -> Iterator[str | None]:
        rules = self.rules
        if rules.oldest is None or self.newest is None:
            yield None
            return
        if not self.judge.wire:
            yield text(self.newest)
            return
        here: set[Microversion] = set()
        outside: set[Microversion] = set()
        for edition in rules.editions(name, variant, self.judge.lifecycle.reading):
            since, until = bounds(edition)
            low, high = since or rules.oldest, min(until or self.newest, self.newest)
            if low > high:
                continue
            here |= {low, high}
            outside |= {(low[0], low[1] - 1), (high[0], high[1] + 1)}
            for start in changes(rules, name):
                if low < start <= high:
                    here |= {start, (start[0], start[1] - 1)}
        first = max(here, default=self.newest)
        yield text(first)
        within = {one for one in here | outside if rules.oldest <= one <= self.newest}
        for one in sorted(within - {first}, reverse=True):
            yield text(one)

    def asked(self, name: str, variant: str | None, caller: str, version: str | None) -> Asked:
        """The plain request for an action: the table's example, with what there is in place of its words."""
        key = (name, variant, caller, version)
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = self.judge.asked(self.request(name, variant, caller, version))
        return found

    def request(self, name: str, variant: str | None, caller: str, version: str | None) -> Request:
        """The same, unread."""
        body = self.body(name, variant, caller, version)
        return Request(name, variant, body, caller, version, self.words.names(self.rules.action(name)["address"]))

    def fuller(self, request: Request) -> Request | None:
        """The same request with all that a service keeps of such a one; None where there is nothing more to say."""
        lifecycle, rules = self.judge.lifecycle, self.rules
        version = rules.version(request.microversion)
        rule = rules.edition(request.action, request.variant, lifecycle.reading, version)
        whole = rule and plain("request", rules, request.action, rule, version)
        if not rule or not whole or request.action in rules.reads:
            return None
        body = request.body if isinstance(request.body, dict) else {}
        key = rules.action(request.action)["body"] or next(iter(body), "")
        schema, inner = whole.get("properties", {}).get(key, {}), body.get(key) or {}
        sources = [change["set"] for change in rule["keeps"].values() if "set" in change and "as" not in change]
        fields = {name: right(schema["properties"][name]) for name in sources if name in schema.get("properties", {})}
        more = {name: value for name, value in fields.items() if name not in inner and value is not None}
        if not isinstance(inner, dict):
            return None
        if request.action != self.create:
            more |= {
                name: f"{value}-2" for name, value in inner.items() if name in sources and value == self.words.filled("NAME")
            }
        if not more:
            return None
        filled = self.words.filled(more, makes=request.action == self.create)
        return replace(request, body={**body, key: {**inner, **filled}})

    def body(self, name: str, variant: str | None, caller: str, version: str | None) -> Any:
        """The whole document of the plain request, or the query of a read; None where it has none."""
        lifecycle = self.judge.lifecycle
        if name in self.rules.reads:
            flag = self.rules.reads[name]["given"].get(variant)
            return {flag: 1} if flag else None
        if lifecycle.rules.edition(name, variant, lifecycle.reading, self.rules.version(version)) is None:
            version = self.points(name, variant)[0]  # it is not there: asked for as when it was
        return self.words.filled(lifecycle.ruling(name, variant, caller, version).wire[2], makes=name == self.create)
