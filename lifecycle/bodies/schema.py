"""A body as the table says it, made into the JSON Schema that holds at one microversion."""

from __future__ import annotations

from lifecycle.engine import microversion

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data

    Schema = dict[str, Any]

BASIC = ("string", "integer", "number", "boolean", "null", "object", "array")
ANY = "any"
AT_TIMES = ("by", "statuses", "when", "unless", "beside")
"""What may keep a field of an answer away: one that is `required` besides must be there where nothing does."""
OF_A_FIELD = ("required", "since", "until", *AT_TIMES)


def schema(types: Mapping[str, Data], said: Data, version: Microversion | None) -> Schema:
    """The JSON Schema of what the table says, at a microversion; the types that it names are filled in."""
    kinds, made = _kinds(types, said, version)
    known, values = made.get("properties", {}), made.get("enum", [])
    made |= {word: value for word, value in said.items() if word not in ("type", *OF_A_FIELD)}
    if "enum" in said:
        made["enum"] = [*values, *said["enum"]]
    if "properties" in said:
        _properties(types, said["properties"], version, made, known)
    if "patternProperties" in said:
        made["patternProperties"] = {key: schema(types, one, version) for key, one in said["patternProperties"].items()}
    if "properties" in said or "patternProperties" in said:
        made["additionalProperties"] = said.get("additionalProperties", False)
    for word in ("items", "additionalProperties"):
        if isinstance(said.get(word), dict):
            made[word] = schema(types, said[word], version)
    return {"type": kinds[0] if len(kinds) == 1 else kinds, **made} if kinds else made


def _kinds(types: Mapping[str, Data], said: Data, version: Microversion | None) -> tuple[list[str], Schema]:
    """The basic types, and what the named ones say besides; none where anything will do."""
    kinds: list[str] = []
    made: Schema = {}
    for name in said.get("type", ()):
        if name == ANY:
            continue
        found = {"type": name} if name in BASIC else schema(types, types[name], version)
        kind = found.pop("type", [])
        kinds += [one for one in ([kind] if isinstance(kind, str) else kind) if one not in kinds]
        made |= found
    return kinds, made


def _properties(
    types: Mapping[str, Data],
    said: Mapping[str, Sequence[Data]],
    version: Microversion | None,
    made: Schema,
    known: Mapping[str, Schema],
) -> None:
    """The fields at a microversion, added to those of the type, of which they replace their namesakes."""
    fields = {name: field for name, editions in said.items() if (field := edition(editions, version)) is not None}
    made["properties"] = {**known, **{name: schema(types, field, version) for name, field in fields.items()}}
    needed = [name for name in made.pop("required", ()) if name not in fields]
    needed += [name for name, field in fields.items() if field.get("required") and not any(map(field.get, AT_TIMES))]
    if needed:
        made["required"] = needed


def edition(editions: Sequence[Data], version: Microversion | None) -> Data | None:
    """What a field is at a microversion; None where it is not there."""
    return next((field for field in editions if version is None or microversion.within(version, *bounds(field))), None)


def bounds(field: Data) -> tuple[Microversion | None, Microversion | None]:
    """The first and the last microversion of a field; None where it has no bound."""
    since, until = field.get("since"), field.get("until")
    return since and microversion.parse(since), until and microversion.parse(until)


def starts(types: Mapping[str, Data], said: Data) -> Iterator[Microversion]:
    """The microversions at which something about a body changes, in no order, some of them twice."""
    for field in parts(types, said):
        since, until = bounds(field)
        if since:
            yield since
        if until:
            yield until[0], until[1] + 1


def parts(types: Mapping[str, Data], said: Data) -> Iterator[Data]:
    """What is said of a body and of all within it, named types included."""
    yield said
    for name in said.get("type", ()):
        if name in types:
            yield from parts(types, types[name])
    for editions in said.get("properties", {}).values():
        for field in editions:
            yield from parts(types, field)
    for part in (*said.get("patternProperties", {}).values(), said.get("items"), said.get("additionalProperties")):
        if isinstance(part, dict):
            yield from parts(types, part)
