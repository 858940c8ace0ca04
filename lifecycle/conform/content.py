"""What a server's document must hold because of what was asked of it: fields that requests set, add to and take away."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lifecycle.conform.deck import NAME, SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifecycle.conform.target import Request
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.rules import Rules

HOW = ("set", "add", "remove")
ID = "id"


class Change(NamedTuple):
    """What a field must hold from now on, or no more; `row` is the line of the table that says so."""

    how: str
    value: Any
    row: str
    action: str


class Content:
    """The document of one server as it was last seen, and what must have become of it since."""

    def __init__(self, rules: Rules) -> None:
        said = rules.data["document"] or {"within": "", "parts": {}, "shows": {}, "keys": {}}
        self._within: str = said["within"]
        self._parts: Mapping[str, Mapping[str, Any]] = said["parts"]
        self._views = {view["of"]: name for name, view in said["shows"].items() if not view["says"] and not view["each"]}
        self._facts = {field["field"] for key, field in said["keys"].items() if key in rules.facts}
        self._aside: dict[str, dict[str, Any]] = {}
        self.expected: dict[str, list[Change]] = {}
        self.document: dict[str, Any] | None = None
        self._known: dict[str, list[str]] = {}
        self._listed: dict[str, Any] = {}
        self._lists = {part: read for part, one in self._parts.items() if (read := _lists(rules, one["field"]))}

    def saw(self, document: Any) -> None:
        """Somebody looked."""
        inner = document.get(self._within) if isinstance(document, dict) else None
        self.document = inner if isinstance(inner, dict) else None
        self._listed = {}
        self.learn(inner)

    def learn(self, document: Any) -> None:
        """An answer may tell what there is below the server, by the names that addresses call it."""
        for name, said in self._parts.items():
            held = self._shown(document, said["field"]) if isinstance(document, dict) else None
            if isinstance(held, (list, dict)):
                self._known[name] = [one for one in _names(held, said["key"]) if isinstance(one, str)]

    def name(self, part: str) -> str | None:
        """What an address may call one of those that are there; None where none is known."""
        return next(iter(self._known.get(part, ())), None)

    def has(self, part: str, name: str) -> bool:
        """Whether one of that name is known to be there."""
        return name in self._known.get(part, ())

    def unlisted(self, part: str) -> str | None:
        """The read that lists what there is of a part, where nobody has asked for it yet."""
        return None if part in self._known else self._lists.get(part)

    def elsewhere(self) -> list[str]:
        """The reads that list what is expected and the document does not show."""
        fields = [field for field in self.expected if self.document is not None and self._shown(self.document, field) is ...]
        return [read for part, read in self._lists.items() if self._parts[part]["field"] in fields]

    def lists(self, document: Any) -> None:
        """What one of them answers."""
        self._listed |= document if isinstance(document, dict) else {}

    def forget(self) -> None:
        """Nothing is known any more of what was asked."""
        self.expected, self._aside, self.document, self._known = {}, {}, None, {}

    def accept(self, decision: Decision, request: Request) -> None:
        """A request was accepted: what its row keeps of it will be there once its work has settled."""
        rule, row, name = decision.ruling.rule, str(decision.row or decision.ruling.rule["at"]), request.action
        outcome = decision.outcome
        if outcome is not None and outcome.remembers and self.document is not None:
            self._aside[outcome.remembers] = {
                field: self._shown(self.document, field) for field, how in rule["keeps"].items() if not how.get("lasts")
            }
        self._known = {part: names for part, names in self._known.items() if self._parts[part]["field"] not in rule["keeps"]}
        for field, change in rule["keeps"].items():
            how = next(word for word in HOW if word in change)
            value = _told(request, change[how], change)
            if value is not ... and ("as" not in change or how != "set"):
                before = [] if how == "set" or value is True else self.expected.get(field, [])
                self.expected[field] = [*before, Change(how, value, row, name)]
            elif field in self.expected:
                del self.expected[field]
        if outcome is not None and outcome.gives_back:
            for field, value in self._aside.pop(outcome.gives_back, {}).items():
                self.expected[field] = [] if value is ... else [Change("set", value, row, name)]

    def wrong(self) -> tuple[Change, str, str] | None:
        """The first change that the document does not show: the change, what it should be, and what there is."""
        for field, changes in self.expected.items() if self.document is not None else ():
            shown = self._shown({**self._listed, **(self.document or {})}, field)
            for number, change in enumerate(changes):
                later = changes[number + 1 :]
                if shown is not ... and all(one.how == change.how for one in later) and not self._holds(field, change, shown):
                    words = {"set": "", "add": "with ", "remove": "without "}[change.how]
                    value = "any" if change.value is True and change.how == "remove" else change.value
                    return change, f"{field} {words}{value!r}", f"{field} {shown!r}"
        return None

    def there(self, request: Request) -> bool | None:
        """Whether there is what the address names below the server; None where the document does not tell."""
        if self.expected or self.document is None:
            return None
        for name, said in self._parts.items():
            held = self.document.get(said["field"])
            if name in request.names and isinstance(held, (list, dict)):
                return any(one == request.names[name] for one in _names(held, said["key"]))
        return None

    def _shown(self, document: Mapping[str, Any], field: str) -> Any:
        """What a document shows of a field that is kept; `...` where it does not."""
        return document.get(field, document.get(self._views.get(field, ""), ...))

    def _holds(self, field: str, change: Change, shown: Any) -> bool:
        """Whether a field shows a change; one that cannot be told is held to be there."""
        value = change.value
        if change.how != "set" and not (shown is None or isinstance(shown, (list, dict))):
            return False
        if change.how == "set":
            if isinstance(value, str) and not isinstance(shown, str):
                return shown.get(ID, value) == value if isinstance(shown, dict) else False
            return (field in self._facts and value != shown and isinstance(shown, str)) or _same(value, shown)
        if value is True or shown is None:
            return not shown and change.how == "remove"
        if isinstance(shown, dict):
            return _in(shown, value, change.how)
        key = next((said["key"] for said in self._parts.values() if said["field"] == field), None)
        one = value.get(key) if isinstance(value, dict) else value
        return one is None or (any(one in _leaves(entry) for entry in shown) == (change.how == "add"))


@lru_cache
def _lists(rules: Rules, field: str) -> str | None:
    """The read of a thing that answers with all that a field holds."""
    for name, row in rules.reads.items():
        own = NAME.findall(row["address"] or "") == [SERVER]
        if own and any(field in (edition["rule"]["response"] or {}).get("properties", {}) for edition in row["editions"]):
            return name
    return None


def _told(request: Request, source: Any, change: Mapping[str, Any]) -> Any:
    """What a request says for a field; `...` where it says nothing."""
    if source is True:
        return True
    if source.startswith("{"):
        return request.names.get(source[1:-1], ...)
    body = request.body if isinstance(request.body, dict) else {}
    inner = next(iter(body.values()), None)
    value = inner[source] if isinstance(inner, dict) and source in inner else body.get(source, ...)
    return change["means"].get(value, value) if isinstance(value, str) and change.get("means") else value


def _in(shown: Mapping[str, Any], value: Any, how: str) -> bool:
    """Whether an object has what was added to it, or has no more what was taken away."""
    if how == "remove":
        return value not in shown
    return all(shown.get(key) == one for key, one in value.items()) if isinstance(value, dict) else value in shown


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other)


def _names(held: Any, key: str | None) -> Iterator[Any]:
    """By what a list, or an object, tells what is in it apart."""
    for one in held:
        yield one.get(key, one.get(ID)) if key and isinstance(one, dict) else one


def _leaves(entry: Any) -> list[Any]:
    return [*entry.values()] if isinstance(entry, dict) else [entry]
