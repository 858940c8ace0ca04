"""Bodies to ask with: right ones with each field, and ones with one thing changed, near every bound that the table names."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from lifecycle.bodies.documents import plain
from lifecycle.bodies.words import kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lifecycle.bodies.schema import Schema
    from lifecycle.conform.deck import Deck

    Change = tuple[str, Any, Any]
    """What is odd about a body, what kind of oddity that is, and the body."""
    Row = tuple[str | None, ...]
    """An action and its variant, and the names that lead into its body."""

ODD: tuple[Any, ...] = (None, "", "a", 7, -1, True, [], {}, ["a"], {"a": "b"})
OF_A_KIND_AT_ALL: dict[str, Any] = {"string": "a", "integer": 7, "boolean": True, "array": [], "object": {}}
FORMATS: dict[str, tuple[str, ...]] = {
    "uuid": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", "155d900f4e144e4ca73d069cbf4541e6"),
    "uuid_or_nothing": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", ""),
    "uuid_or_url": ("155d900f-4e14-4e4c-a73d-069cbf4541e6", "http://images.example/v2/155d900f-4e14-4e4c-a73d-069cbf4541e6"),
    "ip": ("10.0.0.1", "::1"),
    "ipv4": ("10.0.0.1", "::1"),
    "ipv6": ("::1", "10.0.0.1"),
    "ipv4_or_nothing": ("10.0.0.1", ""),
    "ipv6_or_nothing": ("::1", ""),
    "base64": ("Zm9v", "Zm9v!"),
    "name": ("a", "a b", " a"),
    "printable": ("a", "a\x01"),
    "uri": ("http://a.example/b", "a b"),
    "date-time": ("2026-01-01T00:00:00Z", "yesterday"),
}
"""Texts by their format, a right one first."""
PATTERNS = ("a", "7", "-7", "a-b", "a/b", "a,b", "a b", "/dev/vdb", "auto", "none", "a_b.c", "/24")
EXTRA = "nonsense"  # a field that nothing has
MOST = 70_000  # longer than this nothing is sent
HUGE = 2**40
LONG_NAMES = (255, 256)
DEPTH = 2  # names after which a body is no longer the row's own: its key, and what stands under it


def bodies(deck: Deck, name: str, variant: str | None, version: str | None, *, every: bool = False) -> Iterator[Change]:
    """Bodies of an action at a microversion, the plain one first; `every`: with values of every kind in every place."""
    schema = _schema(deck, name, variant, version)
    body = deck.body(name, variant, deck.callers[0], version)
    yield "plain", (name, variant, "plain"), body
    if schema is None:
        return
    if deck.judge.lifecycle.rules.action(name)["body"] is not None:  # else it is for no action, which is the same for all
        yield "no body", "no body", None
        yield "two keys", "two keys", {**(body if isinstance(body, dict) else {}), "and": None}
    if "properties" not in schema:
        yield from _variations(schema, body, every=every)
    yield from _inside(schema, body, row=(name, variant), every=every)


def edges(deck: Deck, name: str, variant: str | None, version: str | None, neighbour: str | None) -> Iterator[Change]:
    """Bodies of an action with each field that is there at this microversion or at a neighbouring one, and not at both."""
    here, there = (_schema(deck, name, variant, one) or {} for one in (version, neighbour))
    body = deck.body(name, variant, deck.callers[0], version)
    for what, changed in _apart(here, there, body):
        yield f"{what} beside {neighbour}", (name, variant, version, what), changed


def _schema(deck: Deck, name: str, variant: str | None, version: str | None) -> Schema | None:
    lifecycle = deck.judge.lifecycle
    at = lifecycle.rules.version(version)
    rule = lifecycle.rules.edition(name, variant, lifecycle.reading, at)
    return None if rule is None else plain("request", lifecycle.rules, name, rule, at)


def _inside(schema: Schema, body: Any, *, row: Row | None = None, every: bool) -> Iterator[Change]:
    """An object with one thing changed in one of its fields, or one of them left out; `row` where it is the row's own body."""
    base = body if isinstance(body, dict) else {}
    own: Any = row or _own(schema)
    for name, field in schema.get("properties", {}).items():
        within, wrong = base.get(name, right(field)), [*_few(field)][-1]
        there = wrong if schema.get("additionalProperties") is True else within  # what shows that there is such a field
        yield f"{name} is there", (own, name, "there"), {**base, name: there}
        if row is not None:
            yield f"{name} is of a wrong kind", (own, name, "wrong"), {**base, name: wrong}
            if every and there is not within:
                yield f"{name} is right", (own, name, "right"), {**base, name: within}
        inner = None if row is None or len(row) > DEPTH else (*row, name)
        for what, key, value in _variations(field, within, row=inner, every=every):
            yield f"{name}{what}", key, {**base, name: value}
        if name in base:
            yield f"no {name}", (own, "no", name, _own(field)), {one: value for one, value in base.items() if one != name}
    if "properties" in schema:
        yield "more", (own, "more"), {**base, EXTRA: "a"}


def _variations(schema: Schema, known: Any, *, row: Row | None = None, every: bool) -> Iterator[Change]:
    """A part with one thing changed: what it is itself, or something in it."""
    own = _own(schema)
    for value in chain(ODD if every else _few(schema), _values(schema)):
        yield f" is {str(value)[:20]!r}", (own, repr(value)), value
    if "properties" in schema:
        inner = known if isinstance(known, dict) else right(schema)
        for what, key, value in _inside(schema, inner, row=row, every=every):
            yield f".{what}", key, value
    if isinstance(schema.get("items"), dict):
        for what, key, value in _variations(schema["items"], right(schema["items"]), every=every):
            yield f"[]{what}", key, [value]
    for part in schema.get("patternProperties", {}).values():
        for what, key, value in _variations(part, right(part), every=every):
            yield f".a{what}", key, {"a": value}


def _own(schema: Schema) -> str:
    """What a part says of itself: of the fields and entries within it, only which there are."""
    bare = {word: value for word, value in schema.items() if word not in ("properties", "items", "patternProperties")}
    return repr((bare, [*schema.get("properties", ())], [*schema.get("patternProperties", ())]))


def _few(schema: Schema) -> Iterator[Any]:
    """Null, something of each kind that a part may be, and of one that it may not be."""
    own, told = kinds(schema), {type(value) for value in _values(schema)}
    yield None
    yield from (value for kind, value in OF_A_KIND_AT_ALL.items() if kind in own and type(value) not in told)
    yield next((value for kind, value in OF_A_KIND_AT_ALL.items() if own and kind not in own), {"a": "b"})


def _values(schema: Schema) -> Iterator[Any]:
    """Values at and beyond the bounds of a part."""
    if "enum" in schema:
        yield from schema["enum"]
        yield f"{schema['enum'][-1]}-2"
        return
    for kind in kinds(schema):
        yield from OF_A_KIND.get(kind, _nothing)(schema)


def _nothing(_: Schema) -> Iterator[Any]:
    """There is nothing odd in true and false."""
    return iter(())


def _texts(schema: Schema) -> Iterator[Any]:
    yield from _of_format(schema.get("format", ""))
    if "pattern" in schema:
        yield from PATTERNS
    for length in _around(schema, "minLength", "maxLength"):
        yield "a" * length
        yield "7" * length
    if "minimum" in schema:
        yield from _numbers(schema)


def _of_format(name: str) -> Iterator[str]:
    """Texts of a format, and those that only one of its kin allows: `uuid`, `uuid_or_url`."""
    kin = (FORMATS[one] for one in FORMATS if one.partition("_")[0] == name.partition("_")[0])
    return iter(dict.fromkeys((*FORMATS.get(name, ()), *chain.from_iterable(kin))))


def _numbers(schema: Schema) -> Iterator[Any]:
    for number in _around(schema, "minimum", "maximum", -HUGE, HUGE):
        yield number
        yield str(number)


def _lists(schema: Schema) -> Iterator[Any]:
    item = right(schema.get("items", {}))
    yield [item]
    yield [item, item]
    for length in _around(schema, "minItems", "maxItems"):
        yield [f"{item}{number}" if isinstance(item, str) else item for number in range(length)]


def _objects(schema: Schema) -> Iterator[Any]:
    for _ in schema.get("patternProperties", {}):
        for length in LONG_NAMES:
            yield {"a" * length: "b"}
        yield {"a/b": "c"}
        yield {}
    for length in _around(schema, "minProperties", "maxProperties"):
        yield {f"a{number}": "b" for number in range(length)}
    if "properties" in schema:
        yield right(schema)


OF_A_KIND = {"string": _texts, "integer": _numbers, "number": _numbers, "array": _lists, "object": _objects}


def _around(schema: Schema, low: str, high: str, least: int = 0, most: int = MOST) -> Iterator[int]:
    for bound, beyond in ((schema.get(low), -1), (schema.get(high), 1)):
        if isinstance(bound, int) and bound < most:
            yield from {max(bound, least), max(bound + beyond, least)}


def right(schema: Schema) -> Any:
    """A small value that a part probably allows; None where anything will do."""
    example = schema.get("example")
    if "enum" in schema:
        return schema["enum"][0]
    if example is not None and not isinstance(example, str):
        return example
    own = kinds(schema)
    return next((make(schema) for kind, make in RIGHT.items() if kind in own), None)


def _right_object(schema: Schema) -> dict[str, Any]:
    needed = schema.get("required", ())
    inner = next(iter(schema.get("patternProperties", {}).values()), None)
    found = {} if inner is None else {"a": right(inner)}
    return found | {name: right(field) for name, field in schema.get("properties", {}).items() if name in needed}


def _right_list(schema: Schema) -> list[Any]:
    return [right(schema.get("items", {}))] * schema.get("minItems", 0)


def _right_number(schema: Schema) -> Any:
    return max(1, schema.get("minimum", 1))


def _right_text(schema: Schema) -> str:
    least = max(1, schema.get("minLength", 1))
    wanted: Iterable[str] = FORMATS.get(schema.get("format", ""), ())[:1] or ("a" * least, "7" * least, *PATTERNS)
    pattern = re.compile(schema.get("pattern", ""))
    return next((text for text in wanted if pattern.search(text)), "a" * least)


RIGHT = {
    "object": _right_object,
    "string": _right_text,
    "integer": _right_number,
    "number": _right_number,
    "boolean": lambda _: True,
    "array": _right_list,
}


def _few_of(*schemas: Schema) -> list[Any]:
    """Values that one of several schemas of a part without parts probably allows, and the others may not."""
    found = [] if any({"properties", "items", "patternProperties"} & one.keys() for one in schemas) else [*map(right, schemas)]
    return [*{repr(one): one for one in (*found, *(one for schema in schemas if found for one in _few(schema)))}.values()]


def _open(schema: Schema) -> bool:
    """Whether a part may have fields that it does not name."""
    return schema.get("additionalProperties", True) is not False


def _apart(here: Schema, there: Schema, known: Any) -> Iterator[tuple[str, Any]]:
    """A part with each field that only one of two schemas has in it, at any depth."""
    base = known if isinstance(known, dict) else {}
    mine, others = here.get("properties", {}), there.get("properties", {})
    if _open(here) != _open(there):
        yield "more", {**base, EXTRA: "a"}
    for name in dict.fromkeys((*mine, *others)):
        if (name in mine) != (name in others):
            yield name, {**base, name: right(mine.get(name) or others[name])}
        elif mine[name] != others[name]:
            values = ((f"is {one}", one) for one in _few_of(mine[name], others[name]))
            for what, value in chain(values, _apart(mine[name], others[name], base.get(name, right(mine[name])))):
                yield f"{name}.{what}", {**base, name: value}
    if isinstance(here.get("items"), dict) and isinstance(there.get("items"), dict):
        for what, value in _apart(here["items"], there["items"], right(here["items"])):
            yield f"[].{what}", [value]
