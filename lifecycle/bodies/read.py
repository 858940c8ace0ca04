"""What one action asks for and gives back at one microversion: its schema, its model, and what is wrong with a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from lifecycle.bodies.documents import about, class_name, said
from lifecycle.bodies.mistakes import sentence
from lifecycle.bodies.model import model
from lifecycle.bodies.schema import edition, schema
from lifecycle.bodies.words import fields

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
    return _document("request", rules, action, rule, version)


def response(rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    """The document that answers when the request is accepted; None where nothing does."""
    return _document("response", rules, action, rule, version)


def headers(rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    """The headers of that answer, with any others besides; None where the table names none."""
    whole: Data = {"type": ["object"], "properties": rule["headers"], "additionalProperties": True}
    if all(edition(editions, version) is None for editions in rule["headers"].values()):
        return None
    return Document(rules, class_name("headers", action), whole, version, about("headers", rules, action, version))


def _document(kind: str, rules: Rules, action: str, rule: Data, version: Microversion | None) -> Document | None:
    whole = said(kind, rules, action, rule)
    if whole is None:
        return None
    return Document(rules, class_name(kind, action), whole, version, about(kind, rules, action, version))
