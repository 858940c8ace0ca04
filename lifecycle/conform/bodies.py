"""Bodies to ask with: right ones with each field, and ones with one thing changed, near every bound that the table names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.bodies.documents import plain
from lifecycle.bodies.words import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.bodies.schema import Schema
    from lifecycle.conform.deck import Deck

ODD: tuple[Any, ...] = (None, "", "a", 7, -1, True, [], {}, ["a"], {"a": "b"})
FORMATS: dict[str, tuple[str, ...]] = {
    "uuid": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", "155d900f4e144e4ca73d069cbf4541e6"),
    "uuid_or_nothing": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", ""),
    "uuid_or_url": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", "http://images.example/v2/155d900f-4e14-4e4c-a73d-069cbf4541e6"),
    "ip": ("10.0.0.1", "::1"),
    "ipv4": ("10.0.0.1", "::1"),
    "ipv6": ("::1", "10.0.0.1"),
    "ipv4_or_nothing": ("10.0.0.1", ""),
    "ipv6_or_nothing": ("::1", ""),
    "base64": ("Zm9v",),
    "name": ("a", "a b", " a"),
    "printable": ("a", "a\x01"),
    "uri": ("http://a.example/b",),
}
PATTERNS = ("a", "7", "-7", "a-b", "a/b", "a,b", "/dev/vdb", "auto", "none", "a_b.c", "/24")
LONG = 70_000  # longer than this nothing is sent


def bodies(deck: Deck, name: str, variant: str | None, version: str | None) -> Iterator[tuple[str, Any, Any]]:
    """Bodies of an action at a microversion, the plain one first: what is odd about each, and what kind of oddity that is."""
    lifecycle = deck.judge.lifecycle
    rule = lifecycle.rules.edition(name, variant, lifecycle.reading, lifecycle.rules.version(version))
    schema = None if rule is None else plain("request", lifecycle.rules, name, rule, lifecycle.rules.version(version))
    body = deck.body(name, variant, deck.callers[0], version)
    yield "plain", (name, variant, "plain"), body
    if schema is None:
        return
    key = lifecycle.rules.action(name)["body"]
    if key is not None:
        yield "no body", (name, "no body"), None
        yield "two keys", (name, "two keys"), {**(body if isinstance(body, dict) else {}), "and": None}
    for what, key, changed in _changed(body, schema):
        yield what, key, changed


def _changed(body: Any, schema: Schema) -> Iterator[tuple[str, Any, Any]]:
    """A body with one thing changed at a time."""
    for path, part in _parts(schema, body):
        where, kind = ".".join(path), repr(part)
        for value in _values(part):
            yield f"{where} is {str(value)[:20]!r}", (kind, repr(value)), _with(body, path, value)
        if path[-1] in _at(body, path[:-1], {}):
            yield f"no {where}", (where, "no"), _without(body, path)
        if "object" in kinds(part):
            yield f"more in {where}", (kind, "more"), _with(body, (*path, "nonsense"), "a")


def _parts(schema: Schema, body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every field that an object may have, with its schema."""
    if path:
        yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from _parts(field, body, (*path, name))


def _values(schema: Schema) -> Iterator[Any]:
    """Values at and beyond the bounds of a schema, and of every kind."""
    yield from ODD
    if "enum" in schema:
        yield from schema["enum"]
        return
    for kind in kinds(schema):
        yield from OF_A_KIND.get(kind, _nothing)(schema)


def _nothing(_: Schema) -> Iterator[Any]:
    """There is nothing odd in true and false."""
    return iter(())


def _texts(schema: Schema) -> Iterator[Any]:
    yield from FORMATS.get(schema.get("format", ""), ())
    if "pattern" in schema:
        yield from PATTERNS
    for length in _around(schema, "minLength", "maxLength"):
        yield "a" * length
        yield "7" * length
    if "minimum" in schema:
        yield from _numbers(schema)


def _numbers(schema: Schema) -> Iterator[Any]:
    for number in _around(schema, "minimum", "maximum", least=-(2**40)):
        yield number
        yield str(number)


def _lists(schema: Schema) -> Iterator[Any]:
    item = next(_right(schema.get("items", {})), "a")
    yield [item]
    yield [item, item]
    for length in _around(schema, "minItems", "maxItems"):
        yield [f"{item}{number}" if isinstance(item, str) else item for number in range(length)]
    for odd in _values(schema["items"]) if "items" in schema else ():
        yield [odd]


def _objects(schema: Schema) -> Iterator[Any]:
    for inner in schema.get("patternProperties", {}).values():
        for value in _values(inner):
            yield {"a": value}
        for length in LONG_NAMES:
            yield {"a" * length: "b"}
        yield {"a/b": "c"}
    if "properties" in schema:
        yield next(_right(schema), {})


LONG_NAMES = (255, 256)
OF_A_KIND = {"string": _texts, "integer": _numbers, "number": _numbers, "array": _lists, "object": _objects}


def _around(schema: Schema, low: str, high: str, least: int = 0) -> Iterator[int]:
    for bound, beyond in ((schema.get(low), -1), (schema.get(high), 1)):
        if isinstance(bound, int) and bound < LONG:
            yield from {max(bound, least), max(bound + beyond, least)}


def _right(schema: Schema) -> Iterator[Any]:
    """A few values that a schema probably allows."""
    if "enum" in schema:
        yield schema["enum"][0]
    elif "properties" in schema:
        required = schema.get("required", ())
        yield {name: next(_right(field), None) for name, field in schema["properties"].items() if name in required}
    elif "string" in kinds(schema):
        yield next(iter(FORMATS.get(schema.get("format", ""), ())), "a" * max(1, schema.get("minLength", 1)))
    elif "integer" in kinds(schema):
        yield max(1, schema.get("minimum", 1))
    elif "boolean" in kinds(schema):
        yield True


def _at(body: Any, path: tuple[str, ...], nothing: Any) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else nothing


def _with(body: Any, path: tuple[str, ...], value: Any) -> Any:
    """A body with another value at a path; what is not on the way is shared."""
    whole = dict(body) if isinstance(body, dict) else {}
    whole[path[0]] = value if len(path) == 1 else _with(whole.get(path[0]), path[1:], value)
    return whole


def _without(body: Any, path: tuple[str, ...]) -> Any:
    whole = dict(body)
    if len(path) == 1:
        del whole[path[0]]
    else:
        whole[path[0]] = _without(whole[path[0]], path[1:])
    return whole
