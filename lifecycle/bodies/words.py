"""A JSON Schema in words: `text of 1 to 255 characters, or null`."""

from __future__ import annotations

import json

from lifecycle.bodies.formats import FORMATS
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Schema = dict[str, Any]

NOTHING = "an empty text"
FEW = 6  # names that a sentence lists
MANY = 12
KINDS = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "object": "an object",
    "array": "a list",
}


def kinds(schema: Schema) -> list[str]:
    """The basic types that a schema allows; none where it allows any."""
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def holds(schema: Schema) -> str:
    """What a schema allows, in one line; of an object or a list only what it is."""
    if "enum" in schema:
        values = list(
            dict.fromkeys((value or NOTHING) if isinstance(value, str) else json.dumps(value) for value in schema["enum"])
        )
        if len(values) > MANY:  # the same words in capitals
            values = list(dict.fromkeys(map(str.lower, values)))
        return listed(values, "or")
    parts = [_holds(kind, schema) for kind in kinds(schema)]
    return ", or ".join(parts) if any("," in part or " or " in part for part in parts) else listed(parts, "or") or "anything"


def _holds(kind: str, schema: Schema) -> str:
    text = KINDS[kind]
    if kind == "string" and schema.get("maxLength") == 0:
        text = NOTHING
    elif kind == "string":
        if "format" in schema:
            text = FORMATS[schema["format"]][1]
        limits = _limits(schema, "minLength", "maxLength", "characters")
        text += f"{',' if 'format' in schema else ' of'} {limits}" if limits else ""
        text += f" like {schema['pattern']}" if "pattern" in schema else ""
    elif kind in ("integer", "number"):
        limits = _limits(schema, "minimum", "maximum", "")
        text += f", {limits}" if limits else ""
    elif kind == "array":
        inner = holds(schema["items"]) if "items" in schema else ""
        limits = _limits(schema, "minItems", "maxItems", "")
        text += f" of {limits}" * bool(limits) + f", each {inner}" * bool(inner)
    return text


def _limits(schema: Schema, low: str, high: str, what: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return ""
    end = f" {what}" if what else ""
    if most is None:
        return f"{least:,} or more{end}"
    if least is None:
        return f"at most {most:,}{end}"
    return f"{least:,}{end}" if least == most else f"{least:,} to {most:,}{end}"


def fields(schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a document, as `rebuild.imageRef`, with whether it is required and what it holds."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        where = f"{path}.{name}" if path else name
        yield where, ("required, " if name in required else "") + holds(field)
        yield from fields(field, where)
    if "array" in kinds(schema) and "items" in schema:
        yield from fields(schema["items"], f"{path}[]")
    for pattern, field in schema.get("patternProperties", {}).items():
        yield f"{path}.*", f"{holds(field)}; named like {pattern}"
        yield from fields(field, f"{path}.*")
