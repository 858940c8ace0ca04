"""What is kept of a request, as its row says: fields of the thing's document, parts of it, and what is made besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lifecycle.serve.shape import shape
from lifecycle.serve.wire import Unread, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.engine.outcome import Outcome
    from lifecycle.engine.rules import Data
    from lifecycle.serve.documents import Documents
    from lifecycle.serve.make import Maker
    from lifecycle.serve.thing import Thing
    from lifecycle.serve.wire import Ask, Wire

HOW = ("set", "add", "remove")
WHEN = ("settled", "lasts")
ID = "id"


class Keeper:
    """Reads requests for what is to be kept of them."""

    def __init__(self, documents: Documents, wire: Wire) -> None:
        self._documents = documents
        self._wire = wire
        self._types = documents.rules.types

    def kept(self, rule: Data, ask: Ask, content: Mapping[str, Any], maker: Maker, project: str) -> dict[str, Any]:
        """By field how it changes. Raises Unread for what is not in the catalogue.

        What was made of the request's own words stands in its body from then on, so that the answer tells the same.
        """
        found: dict[str, Any] = {}
        for field, change in rule["keeps"].items():
            how = next(word for word in HOW if word in change)
            source = change[how]
            value: Any = source if source is True else self._said(source, ask, content, change)
            if value is ...:
                continue
            if "as" in change:
                value = self._filled(change, value, maker)
                if isinstance(ask.body, dict) and source in ask.body:
                    ask.body = {**ask.body, source: value}
            found[field] = {how: self._known(field, value, project), **{word: change.get(word, False) for word in WHEN}}
            part = self._documents.part_of(field)
            if how != "set" and part is not None and part["key"]:
                found[field]["key"] = part["key"]
        return found

    def _said(self, source: str, ask: Ask, content: Mapping[str, Any], change: Data) -> Any:
        """What a request says: `{tag}` in its address, or a field of its body; `...` where it says nothing."""
        told = ask.body if isinstance(ask.body, dict) else {}
        value: Any
        if source.startswith("{"):
            value = ask.names.get(source[1:-1], ...)
        else:
            value = content[source] if source in content else told.get(source, ...)
        if value is ...:
            return change.get("otherwise", ...)
        return change.get("means", {}).get(value, value) if isinstance(value, str) else value

    def _filled(self, change: Data, value: Any, maker: Maker) -> Any:
        """What is said as a type has it, all of its fields filled: each of a list, that says what it must."""
        form = shape(self._types, {"type": [change["as"]]}, None, lambda _: True)
        if not isinstance(value, list):
            return form.fill(value, maker.but(value))
        wanted = change.get("only", {}).items()
        return [form.fill(one, maker.but(one)) for one in value if all(one.get(name) == said for name, said in wanted)]

    def _known(self, field: str, value: Any, project: str) -> Any:
        """What a name of something in the catalogue stands for."""
        catalogue = self._documents.catalogue
        if field not in catalogue.kinds or value in (None, ""):
            return value
        found = catalogue.find(field, value, project)
        if found is None:
            unknown = catalogue.kinds[field]["unknown"]
            raise Unread(self._wire.error(unknown["code"], unknown["message"], {ID: value}))
        return found

    def made(self, outcome: Outcome | None, thing: Thing, maker: Maker) -> dict[str, Any]:
        """What a request makes in the catalogue besides: by id its kind, its document, and what that says in the end."""
        found: dict[str, Any] = {}
        for kind, said in (outcome.makes if outcome else {}).items():
            name = maker.names.setdefault(kind, str(uuid4()))
            names = {**thing.document, **maker.names}
            document = {ID: name, **_written({**said["says"], **said["begins"]}, names)}
            found[name] = (kind, document, said["settles"])
        return found

    def notice(self, thing: Thing, kept: Mapping[str, Any]) -> None:
        """Facts that follow from what is kept: what boots from a volume names no image."""
        facts = self._documents.rules.facts
        for key, field in self._documents.said["keys"].items():
            if key in facts and field["field"] in kept and field["yes"]:
                thing.values[key] = thing.document[field["field"]] in field["yes"]


def _written(said: Any, names: Mapping[str, Any]) -> Any:
    """Words with the names that are known in place of placeholders, in all of a document."""
    if isinstance(said, dict):
        return {name: _written(value, names) for name, value in said.items()}
    return filled(said, names) if isinstance(said, str) else said
