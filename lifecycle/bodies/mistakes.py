"""What is wrong with a body: every mistake with its path, in our words."""

from __future__ import annotations

import json

from lifecycle.bodies.schema import bounds
from lifecycle.bodies.words import FEW, KINDS, holds
from lifecycle.engine import microversion
from lifecycle.errors import listed, nearest, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pydantic import ValidationError

    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data

    Path = tuple[str | int, ...]

MOST = 20  # mistakes that a refusal tells
MISSING = ("missing",)
UNKNOWN = ("extra_forbidden",)
COUNTED: dict[type, tuple[str, str]] = {str: ("characters", "Length"), dict: ("fields", "Properties"), list: ("entries", "Items")}


def sentence(error: ValidationError, document: Schema, types: Mapping[str, Data], said: Data) -> str:
    """All mistakes in one sentence; the first twenty where there are more."""
    found = list(dict.fromkeys(_mistake(detail, document, types, said) for detail in error.errors(include_url=False)))
    rest = len(found) - MOST
    return "; ".join(found[:MOST]) + (f"; and {rest} more" if rest > 0 else "")


def _mistake(detail: Any, document: Schema, types: Mapping[str, Data], said: Data) -> str:
    kind, place, given = detail["type"], _place(detail["loc"]), detail["input"]
    if kind in MISSING:
        return f"{dotted(place)} is missing"
    if kind in UNKNOWN:
        return f"{dotted(place)} is not known{_hint(place, document, types, said)}"
    if detail["loc"] and detail["loc"][-1] == "[key]":
        return f"{dotted(place[:-1])} has a key that it cannot have: {shown(place[-1])}"
    what = dotted(place) or "it"
    if kind == "at_most":
        low, high = detail["ctx"]["low"], detail["ctx"]["high"]
        return f"{dotted((*place, low))} must be at most {dotted((*place, high))}"
    size = _size(kind, at(document, place), given)
    return f"{what} {size}" if size else f"{what} must be {holds(at(document, place))}, not {_said(given)}"


def _size(kind: str, schema: Schema, given: Any) -> str:
    """What is wrong with how much there is of something."""
    if kind == "unique":
        return "holds something twice"
    what, bound = COUNTED.get(type(given), ("", ""))
    if kind in ("string_too_short", "too_short"):
        return f"has {len(given)} {what}; it takes {schema[f'min{bound}']} at least"
    if kind in ("string_too_long", "too_long"):
        return f"has {len(given):,} {what}; it takes {schema[f'max{bound}']} at most"
    return ""


def _place(loc: Sequence[str | int]) -> Path:
    """A location without the names of the types that pydantic tried."""
    last = len(loc) - 1
    tags = {f"<{kind}>" for kind in KINDS}
    inner = {"int", "float", "function-after[check(), float]", "constrained-int", "constrained-float", "[key]"}
    return tuple(part for number, part in enumerate(loc) if part not in tags and not (number == last and part in inner))


def dotted(place: Path) -> str:
    """`server.networks[0].uuid`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def at(schema: Schema, place: Path) -> Schema:
    """What a schema says of a part of the document."""
    for part in place:
        if isinstance(part, int):
            schema = schema.get("items", {})
        elif part in schema.get("properties", {}):
            schema = schema["properties"][part]
        else:
            schema = next(iter(schema.get("patternProperties", {}).values()), {})
    return schema


def _said(given: Any) -> str:
    """A value as JSON calls it; of what holds others only what it is."""
    if isinstance(given, (dict, list, tuple)):
        return "an object" if isinstance(given, dict) else "a list"
    if given is None or isinstance(given, bool):
        return json.dumps(given)
    return shown(given)


def _hint(place: Path, document: Schema, types: Mapping[str, Data], said: Data) -> str:
    """Where a field is, when it is not here; or the one that was meant."""
    *above, name = place
    editions = _editions(types, said, above).get(str(name))
    if editions:
        return f" at this microversion; it is there {listed(_spans(editions))}"
    names = at(document, tuple(above)).get("properties", {})
    meant = nearest(name, names)
    return (
        f"; did you mean {meant}?"
        if meant
        else f"; there {'is' if len(names) == 1 else 'are'} {listed(names)}" * (0 < len(names) <= FEW)
    )


def _spans(editions: Sequence[Data]) -> list[str]:
    """When a field is there: `since 2.32`, `until 2.56`, `from 2.32 to 2.36`; editions that follow each other are one."""
    spans: list[list[Microversion | None]] = []
    for low, high in map(bounds, editions):
        last = spans[-1][1] if spans else None
        if last and low == (last[0], last[1] + 1):
            spans[-1][1] = high
        else:
            spans.append([low, high])
    return [_span(low and microversion.text(low), high and microversion.text(high)) for low, high in spans]


def _span(low: str | None, high: str | None) -> str:
    if low and high:
        return f"from {low} to {high}" if low != high else f"at {low}"
    return f"since {low}" if low else f"until {high}"


def _editions(types: Mapping[str, Data], said: Data, path: Sequence[str | int]) -> Mapping[str, Sequence[Data]]:
    """All fields that the part of a body at a path has at some microversion."""
    found: dict[str, Sequence[Data]] = {}
    for name in said.get("type", ()):
        if name in types:
            found |= _editions(types, types[name], path)
    if not path:
        return {**found, **said.get("properties", {})}
    first, *rest = path
    inner = [said["items"]] if isinstance(first, int) and "items" in said else said.get("properties", {}).get(first, ())
    for part in inner:
        found |= _editions(types, part, rest)
    return found
