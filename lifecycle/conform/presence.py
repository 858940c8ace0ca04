"""Whether an answer shows each field to whom, and when, the table says: by caller, by status, and by the flags of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.serve.make import FLAGGED
from lifecycle.serve.shape import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.conform.target import Request
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.serve.shape import Field, Shape


class Presence:
    """Knows the shapes of a table's answers, and what is missing in one or should not be there."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        document = rules.data["document"] or {"keys": {}}
        self._status_field: str = document["keys"].get("status", {}).get("field", "status")
        self._shapes: dict[tuple[int, str, str | None, str], tuple[Data, Shape]] = {}

    def wrong(self, rule: Data, part: str, request: Request, document: Any) -> str | None:
        """What is wrong with what answers a request under a rule, as a sentence; `part` is `response` or `headers`."""
        caller = request.caller or self._rules.usual_caller
        view = View(caller, self._status_field, request.body)
        return "; ".join(dict.fromkeys(view.astray(self._shape(rule, part, caller, request.microversion), document))) or None

    def _shape(self, rule: Data, part: str, caller: str, version: str | None) -> Shape:
        key = (id(rule), part, version, caller)
        found = self._shapes.get(key)
        if found is None:
            rank, at = self._rules.callers[caller].rank, self._rules.version(version)
            said = rule[part] if part == "response" else {"properties": rule[part], "additionalProperties": True}
            whole = {"type": ["object"], **said} if "properties" in said else said
            made = shape(self._rules.types, whole, at, lambda least: rank <= self._rules.callers[least].rank)
            found = self._shapes[key] = rule, made
        return found[1]


class View:
    """One answer, as one caller may see it."""

    def __init__(self, caller: str, status_field: str, body: Any) -> None:
        self.caller = caller
        self.status_field = status_field
        inner = next(iter(body.values()), None) if isinstance(body, dict) else None
        self._flags = {**(body if isinstance(body, dict) else {}), **(inner if isinstance(inner, dict) else {})}

    def flagged(self, flag: str) -> bool:
        """Whether the request set a flag, in one of the words for yes."""
        value = self._flags.get(flag)
        return (value.lower() if isinstance(value, str) else value) in FLAGGED

    def __call__(self, shape: Shape) -> Any:
        """Nothing is made here."""

    def astray(self, shape: Shape, document: Any, path: str = "", status: str | None = None) -> Iterator[str]:
        """What of a document is missing, and what should not be there."""
        if isinstance(document, list) and shape.items is not None:
            for one in document:
                yield from self.astray(shape.items, one, f"{path}[]", status)
        elif isinstance(document, dict) and shape.fields is not None:
            yield from self._fields(shape.fields, document, f"{path}." if path else "", document.get(self.status_field, status))
            if not shape.said.get("additionalProperties"):
                yield from (
                    f"{path}{'.' if path else ''}{name} is shown to {self.caller}"
                    for name in document
                    if name not in shape.fields
                )
        elif isinstance(document, dict) and shape.every is not None:
            for value in document.values():
                yield from self.astray(shape.every, value, f"{path}.*", status)

    def _fields(self, fields: dict[str, Field], document: dict[str, Any], path: str, status: str | None) -> Iterator[str]:
        for name, field in fields.items():
            there = self._there(field, status)
            if name not in document:
                if there and field.required:
                    yield f"{path}{name} is missing"
            elif there is False:
                yield f"{path}{name} is shown" + (f" in {status}" if field.statuses else "")
            else:
                yield from self.astray(field.shape, document[name], path + name, status)

    def _there(self, field: Field, status: str | None) -> bool | None:
        """Whether a field must be there if it is required; None where that hangs on what is not known."""
        if field.beside or (field.statuses is not None and status is None):
            return None
        return field.there({}, self, status)
