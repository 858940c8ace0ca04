"""What one action asks for and gives back at one microversion: its schema, its model, and what is wrong with a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from lifecycle.bodies.mistakes import sentence
from lifecycle.bodies.model import model
from lifecycle.bodies.schema import edition, schema
from lifecycle.bodies.words import fields
from lifecycle.engine import microversion

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules


class Document:
    """A whole document as it goes over the wire, request or answer."""

    def __init__(self, rules: Rules, name: str, said: Data, version: Microversion | None, doc: str) -> None:
        """`said`: what the table says of the whole document; `name`: of the class; `doc`: the first line of its docstring."""
        self._types, self._said = rules.types, said
        self.schema = schema(rules.types, said, version)
        lines = [f"{path}: {holds}" for path, holds in fields(self.schema)]
        self.model: type[BaseModel] = model(name, self.schema, "\n\n".join([doc, "\n".join(lines)]) if lines else doc)
        self._validator = self.model.__pydantic_validator__

    def mistakes(self, document: object) -> str | None:
        """All that is wrong with a document in one sentence, or None."""
        try:
            self._validator.validate_python(document)
        except ValidationError as error:
            return sentence(error, self.schema, self._types, self._said)
        return None


def request(rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    """The request's document under a rule; None where the table says nothing of it."""
    said = whole(rules, action, rule)
    return (
        None
        if said is None
        else Document(rules, f"{_class(action)}Request", said, version, _doc(rules, action, "asks for", version))
    )


def response(rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    """The document that answers when the request is accepted; None where nothing does."""
    said: Data | None = rule["response"]
    return (
        None
        if said is None
        else Document(rules, f"{_class(action)}Response", _object(said), version, _doc(rules, action, "answers", version))
    )


def headers(rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    """The headers of that answer, with any others besides; None where the table names none."""
    said: Data = {"type": ["object"], "properties": rule["headers"], "additionalProperties": True}
    if all(edition(editions, version) is None for editions in rule["headers"].values()):
        return None
    return Document(rules, f"{_class(action)}Headers", said, version, _doc(rules, action, "answers in headers", version))


def whole(rules: Rules, action: str, rule: Data) -> Data | None:
    """What is said of the whole request: of an action with no address of its own, its key and what stands under it."""
    said: Data | None = rule["body"]
    key = rules.action(action)["body"]
    return (
        {"type": ["object"], "properties": {key: [{**_object(said or {}), "required": True}]}} if key else said and _object(said)
    )


def _object(said: Data) -> Data:
    """What has fields is an object, unless it is told to be more."""
    return {"type": ["object"], **said} if "properties" in said else said


def _doc(rules: Rules, action: str, what: str, version: Microversion | None) -> str:
    at = f" at {microversion.text(version)}" if version else ""
    return f"{rules.action(action)['title']}: what {action} {what}{at}."


def _class(action: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in action.replace("_", "-").split("-"))
