"""Bodies as strangers send them: right ones drawn from a schema, and those with something wrong in them."""

from __future__ import annotations

import copy
import string
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lifecycle import Server
from lifecycle.bodies.documents import said
from lifecycle.bodies.schema import parts, starts
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from lifecycle import Lifecycle
    from lifecycle.engine.microversion import Microversion

    Schema = dict[str, Any]

UUID = "155d900f-4e14-4e4c-a73d-069cbf4541e6"
PATTERNS = {
    "^[a-zA-Z0-9._-]*$": "az09._-",
    "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$": "azAZ09",
    "^[^,/]*$": "a .;:ü",
    "^[0-9]*$": "123",
    "^[0-9]+$": "123",
    "^-?[0-9]+$": "0123",
    "^[a-zA-Z0-9._/-]*$": "a/._-",
    "^/[0-9a-f.:]+$": None,
    "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$": None,
    "^(none|auto)$": None,
}
WHOLE = {
    "^/[0-9a-f.:]+$": ["/24", "/1.2.3.4"],
    "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$": ["/dev/vdb", "/dev/xvda1", "/dev/a"],
    "^(none|auto)$": ["none", "auto"],
}
FORMATS: dict[str, list[str]] = {
    "uuid": [UUID, UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}"],
    "uuid_or_nothing": [UUID, ""],
    "uuid_or_url": [UUID, "http://glance.example/v2/images/" + UUID],
    "ip": ["10.0.0.1", "::1"],
    "ipv4": ["10.0.0.1"],
    "ipv6": ["::1", "2001:db8::8a2e:370:7334"],
    "base64": ["", "Zg==", "Zm9v", "Zm 9v\n"],
    "name": ["a", "a b", "ü", "a\n"],
    "printable": ["", " a ", "é"],
}
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    1.0,
    1.5,
    2**31,
    2**31 - 1,
    10**30,
    1e400,
    "",
    " ",
    "a",
    "0",
    "1",
    "-1",
    "-5",
    "01",
    "1.5",
    "1\n",
    "a\n",
    " a",
    "a ",
    "a\u00a0",
    "\u200b",
    "\u2028",
    "\x00",
    "\x7f",
    "\U0001f600",
    "a" * 60,
    "a" * 61,
    "a" * 63,
    "a" * 64,
    "a" * 255,
    "a" * 256,
    "a" * 36,
    "a" * 37,
    "true",
    "TRUE",
    "tRUE",
    "yes",
    "on",
    "auto",
    "none",
    "AUTO",
    "hard",
    "HARD",
    "active",
    UUID,
    UUID[:-1],
    f"{{{UUID}",
    UUID + "\n",
    "g" * 32,
    "1" * 32,
    "\uff11" * 32,
    "1.2.3",
    "1.2.3.4",
    "01.2.3.4",
    "1.2.3.4\n",
    "fe80::1%eth0",
    "::",
    "::ffff:1.2.3.4",
    "/dev/vdb",
    "/dev/",
    "vdb",
    "Zg",
    "Zg=",
    "Z",
    "$$$$",
    "/24",
    "a,b",
    "a/b",
    [],
    {},
    [None],
    ["a"],
    ["a", "a"],
    ["a"] * 51,
    [{}],
    [[]],
    {"a": "b"},
    {"a": None},
    {"": ""},
    {"a/b": "c"},
    {"é": "e"},
    {"a": "b" * 256},
    {"a" * 256: "b"},
    {"a": "1", "b": "2"},
]


def right(schema: Schema) -> SearchStrategy[Any]:
    """Values that the schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    said = schema.get("type", ["null", "string"])
    kinds = [said] if isinstance(said, str) else said
    return st.one_of([_of(kind, schema) for kind in kinds])


def _of(kind: str, schema: Schema) -> SearchStrategy[Any]:
    low, high = schema.get("minimum", 0), schema.get("maximum", 2**31 - 1)
    if kind == "string":
        return _text(schema)
    if kind == "array":
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
        unique: Any = repr if schema.get("uniqueItems") else None
        return st.lists(right(schema.get("items", {"type": "string"})), min_size=least, max_size=most, unique_by=unique)
    if kind == "object":
        return _object(schema)
    others: dict[str, SearchStrategy[Any]] = {
        "integer": st.integers(low, high),
        "number": st.integers(low, high) | st.floats(low, high),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return others[kind]


def _text(schema: Schema) -> SearchStrategy[str]:
    if schema.get("pattern") in WHOLE:
        return st.sampled_from(WHOLE[schema["pattern"]])
    if "format" in schema:
        return st.sampled_from(FORMATS[schema["format"]])
    letters = PATTERNS.get(schema.get("pattern", ""), string.ascii_letters)
    return st.text(letters or "", min_size=max(schema.get("minLength", 0), 1), max_size=min(schema.get("maxLength", 8), 8))


def _object(schema: Schema) -> SearchStrategy[dict[str, Any]]:
    if "properties" in schema:
        fields = {name: right(field) for name, field in schema["properties"].items()}
        required = {name: fields.pop(name) for name in schema.get("required", ())}
        found = st.fixed_dictionaries(required, optional=fields)
        return found.map(lambda body: _in_order(body, schema["atMost"])) if "atMost" in schema else found
    value = next(iter(schema.get("patternProperties", {}).values()), {"type": "string"})
    least, most = schema.get("minProperties", 0), schema.get("maxProperties", 2)
    return st.dictionaries(st.text("abc_. -", min_size=1, max_size=4), right(value), min_size=least, max_size=most)


def _in_order(body: dict[str, Any], pairs: dict[str, str]) -> dict[str, Any]:
    for low, high in pairs.items():
        if low in body and high in body and float(body[low]) > float(body[high]):
            body[low], body[high] = body[high], body[low]
    return body


@st.composite
def wrong(draw: Any, schema: Schema, others: tuple[str, ...] = ()) -> Any:
    """A right body with one or two things changed: mostly wrong, sometimes right again. `others`: fields of other times."""
    body = draw(right(schema))
    for _ in range(draw(st.integers(1, 2))):
        if not isinstance(body, (dict, list)):
            return draw(st.sampled_from(ODD))
        if not body:
            return body
        body = copy.deepcopy(body)
        holder, key = draw(st.sampled_from(list(_places(body))))
        change = draw(st.sampled_from(("odd", "odd", "odd", "gone", "more", "inside")))
        if change == "odd":
            holder[key] = draw(st.sampled_from(ODD))
        elif change == "gone":
            del holder[key]
        elif change == "more" and isinstance(holder, dict):
            holder[draw(st.sampled_from((*others, "nonsense", str(key).upper())))] = draw(st.sampled_from(ODD))
        else:
            holder[key] = [holder[key]] if change == "inside" else holder[key]
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a body, as what holds it and its key; the inner ones more often."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield value, key
        yield from _places(part)


def boundaries(lifecycle: Lifecycle, action: str) -> list[str]:
    """The microversions at which something about an action's body changes, each with the one before, and the last."""
    found: set[Microversion] = set()
    for edition in lifecycle.rules.editions(action, None, lifecycle.reading):
        body = said("request", lifecycle.rules, action, edition["rule"])
        if body is None:
            continue
        low, high = bounds(edition)
        assert low
        assert high
        for start in {low, *starts(lifecycle.rules.types, body)}:
            found |= {version for version in ((start[0], start[1] - 1), start, high) if low <= version <= high}
    return [text(version) for version in sorted(found)]


def fields(lifecycle: Lifecycle, action: str) -> tuple[str, ...]:
    """All names of fields that an action's body has at any time."""
    editions = lifecycle.rules.editions(action, None, lifecycle.reading)
    bodies = [said("request", lifecycle.rules, action, edition["rule"]) for edition in editions]
    inner = [part for one in bodies if one for part in parts(lifecycle.rules.types, one)]
    return tuple(sorted({name for part in inner for name in part.get("properties", ())}))


def judged(lifecycle: Lifecycle, action: str, at: str, body: Any) -> int:
    """The code that the table answers where there is no such server, or, to create one, to a reader."""
    caller = "reader" if action == "create" else "admin"
    server = Server() if action == "create" else Server(exists=False)
    return lifecycle.decide(action, server, caller, at, body=body).code
