"""Bodies that hypothesis draws from a request's schema, as one writes it by hand: mostly right, and any part may be anything."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lifecycle.bodies.words import kinds

if TYPE_CHECKING:
    from lifecycle.bodies.schema import Schema

    Values = st.SearchStrategy[Any]

LONGEST = 300  # of a text, where the schema has no shorter bound
RIGHT = 7  # of eight parts
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.just([]), st.just({}))
NOTHING = st.just("")
UUID = st.uuids().map(str)
FORMATS: dict[str, Values] = {
    "uuid": UUID,
    "uuid_or_nothing": UUID | NOTHING,
    "ip": st.ip_addresses().map(str),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
    "base64": st.binary(max_size=LONGEST).map(lambda raw: base64.b64encode(raw).decode()),
}


def drawn(schema: Schema) -> Values:
    """What a schema describes; one part of eight is anything."""
    right = _right(schema)
    return st.integers(0, RIGHT).flatmap(lambda number: ANYTHING if number == RIGHT else right)


def _right(schema: Schema) -> Values:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return st.one_of(*(_of_a_kind(kind, schema) for kind in kinds(schema))) if kinds(schema) else ANYTHING


def _of_a_kind(kind: str, schema: Schema) -> Values:
    if kind == "string":
        return _text(schema)
    if kind in ("integer", "number"):
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "array":
        most = min(schema.get("maxItems", 3), 3)
        return st.lists(drawn(schema.get("items", {})), min_size=min(schema.get("minItems", 0), most), max_size=most)
    if kind == "object":
        return _object(schema)
    return st.none() if kind == "null" else st.booleans()


def _text(schema: Schema) -> Values:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", LONGEST), LONGEST))


def _object(schema: Schema) -> Values:
    parts = {name: drawn(part) for name, part in schema.get("properties", {}).items()}
    needed = {name: part for name, part in parts.items() if name in schema.get("required", ())}
    named = st.fixed_dictionaries(needed, optional={name: part for name, part in parts.items() if name not in needed})
    if "patternProperties" not in schema:
        return named
    (pattern, inner), *_ = schema["patternProperties"].items()
    return st.dictionaries(st.from_regex(pattern), drawn(inner), max_size=3)
