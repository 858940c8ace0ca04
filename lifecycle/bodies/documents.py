"""The whole documents of an action, request and answer, as they go over the wire: as JSON Schema that other tools read."""

from __future__ import annotations

from lifecycle.bodies.bounds import beyond
from lifecycle.bodies.schema import schema
from lifecycle.bodies.words import kinds
from lifecycle.engine import microversion

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

DRAFT = "https://json-schema.org/draft/2020-12/schema"
WHAT = {"request": "asks for", "response": "answers", "headers": "answers in headers"}
"""The kinds of documents, each as a sentence says what it is to the action."""


def said(kind: str, rules: Rules, action: str, rule: Data) -> Data | None:
    """What the table says of a whole document under a rule, in the words of a body; None where it says nothing."""
    if kind == "request":
        return _request(rules, action, rule)
    response: Data | None = rule["response"]
    return response and _object(response)


def _request(rules: Rules, action: str, rule: Data) -> Data | None:
    body: Data | None = rule["body"]
    key = rules.action(action)["body"]
    return None if body is None and key is None else whole(body or {}, key)


def whole(body: Data, key: str | None) -> Data:
    """A whole request: what stands under a key, or is all there is."""
    said = _object(body)
    return said if key is None else {"type": ["object"], "properties": {key: [{**said, "required": True}]}}


def _object(body: Data) -> Data:
    """What has fields is an object, unless it is told to be more."""
    return {"type": ["object"], **body} if "properties" in body else body


def plain(kind: str, rules: Rules, action: str, rule: Data, version: Microversion | None) -> Schema | None:
    """The schema of a whole document at a microversion, in the table's own words; None where there is none."""
    document = said(kind, rules, action, rule)
    return None if document is None else schema(rules.types, document, version)


def published(kind: str, rules: Rules, action: str, rule: Data, version: Microversion | None) -> Schema | None:
    """The same as JSON Schema of draft 2020-12, with its title and description; None where there is none."""
    made = plain(kind, rules, action, rule, version)
    if made is None:
        return None
    return {"title": class_name(kind, action), "description": about(kind, rules, action, version), **standard(made)}


def of_all(documents: Iterable[Schema | None]) -> Schema | None:
    """One schema for what some variants have: any of theirs, where they differ; None where none of them has one."""
    different: list[Schema] = []
    for made in documents:
        if made is not None and made not in different:
            different.append(made)
    if len(different) <= 1:
        return different[0] if different else None
    head = {word: different[0][word] for word in ("title", "description")}
    bare = [{word: value for word, value in made.items() if word not in head} for made in different]
    return {**head, "anyOf": bare}


def standard(made: Schema) -> Schema:
    """A schema without what JSON Schema says otherwise: examples, and bounds of texts that read as numbers."""
    out: Schema = {word: _inner(word, value) for word, value in made.items()}
    if "atMost" in out:
        out["x-at-most"] = out.pop("atMost")
    if "example" in out:
        out["examples"] = [out.pop("example")]
    bounds = made.get("minimum"), made.get("maximum")
    if "string" in kinds(made) and bounds != (None, None) and "enum" not in made:
        out["not"] = {"type": "string", "pattern": beyond(*bounds)}
    return out


def _inner(word: str, value: Any) -> Any:
    if word in ("properties", "patternProperties"):
        return {name: standard(field) for name, field in value.items()}
    return standard(value) if word in ("items", "additionalProperties") and isinstance(value, dict) else value


def class_name(kind: str, action: str) -> str:
    """What a document is called where it needs a name: `OsStopRequest`."""
    words = action.replace("_", "-").replace(".", "-").replace(":", "-").split("-")
    return "".join(part[0].upper() + part[1:] for part in words if part) + kind.capitalize()


def about(kind: str, rules: Rules, action: str, version: Microversion | None) -> str:
    """One sentence on a document."""
    at = f" at {microversion.text(version)}" if version else ""
    return f"{rules.action(action)['title']}: what {action} {WHAT[kind]}{at}."
