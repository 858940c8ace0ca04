"""Lint of bodies: what the words of `body`, `response`, `headers` and `types` say together, and examples that they refuse."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from lifecycle.bodies.documents import whole
from lifecycle.bodies.mistakes import sentence
from lifecycle.bodies.model import model
from lifecycle.bodies.schema import ANY, BASIC, schema, starts
from lifecycle.engine import microversion
from lifecycle.engine.microversion import Microversion
from lifecycle.engine.rules import READINGS
from lifecycle.errors import listed, shown
from lifecycle.table.body import Body, BodyField
from lifecycle.table.compile import layers, plain, runs
from lifecycle.table.load import Loaded
from lifecycle.table.model import Table, Variant
from lifecycle.table.names import bodies, nodes, parts, requests
from lifecycle.table.source import Mistake, Path_

MAX_FIELDS = 1_000  # of one body, those of the types that it names counted wherever they are named
MAX_ALL = 20_000  # of all bodies of a table
MAX_NESTED = 32
MAX_CHANGES = 50  # microversions at which one body changes

OF_KINDS = {
    ("string",): ("format", "pattern", "minLength", "maxLength"),
    ("integer", "number", "string"): ("minimum", "maximum"),
    ("array",): ("items", "minItems", "maxItems", "uniqueItems"),
    ("object",): ("properties", "patternProperties", "minProperties", "maxProperties", "additionalProperties"),
}
"""What says something only of these kinds of values."""
LIMITS = tuple(word for words in OF_KINDS.values() for word in words)
CALLED = {str: "string", bool: "boolean", int: "integer", type(None): "null"}


def circles(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Types that name each other in a circle, and so have no end."""
    for name, way in _circles(table).items():
        message = f"names itself: {' → '.join(way)}" if len(way) > 2 else "names itself"  # noqa: PLR2004 - itself, twice
        yield loaded.mistake(("types", name), message, key=True)


def _circles(table: Table) -> dict[str, list[str]]:
    """For each type that names itself the first way round, each circle once."""
    named = {name: _named(table, body) for name, body in table.types.items()}
    found: dict[str, list[str]] = {}
    done: set[str] = set()
    for start, first in named.items():
        stack: list[tuple[str, list[str]]] = [(start, [*first])]
        while stack:
            name, rest = stack[-1]
            way = [part for part, _ in stack]
            if not rest or name in done:
                done.add(name)
                stack.pop()
            elif (following := rest.pop(0)) in way:
                circle = way[way.index(following) :]
                found.setdefault(min(circle, key=[*named].index), [*circle, following])
            else:
                stack.append((following, [*named[following]]))
    return found


def _named(table: Table, body: Body) -> list[str]:
    """The types that a body names, itself and in all its parts."""
    return [name for _, part in nodes((), body) for name in part.type or () if name in table.types]


def large_bodies(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A body that is larger than any request, counted with all that it names."""
    if _circles(table):
        return
    known: dict[str, tuple[int, int]] = {}
    total = 0
    for path, body in bodies(table):
        fields, nested = _size(table, body, known)
        total += fields
        if fields > MAX_FIELDS:
            message = f"has more than {MAX_FIELDS:,} fields, those of the types that it names counted; a request has fewer"
            yield loaded.mistake(path, message, key=True)
        elif nested > MAX_NESTED:
            message = f"is nested more than {MAX_NESTED} deep, through the types that it names"
            yield loaded.mistake(path, message, key=True)
    if total > MAX_ALL:
        yield loaded.mistake(("actions",), f"the bodies have more than {MAX_ALL:,} fields together", key=True)


def _bounded(loaded: Loaded, table: Table) -> bool:
    """Whether all bodies can be looked at with all that they name."""
    return not _circles(table) and next(large_bodies(loaded, table), None) is None


def _size(table: Table, body: Body, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """How many parts a body has and how deep they are nested; `known`: the same of types."""
    total, deepest = 0, 0
    for path, part in nodes((), body):
        total += 1
        deepest = max(deepest, len(path) + 1)
        for name in part.type or ():
            if name in table.types:
                fields, nested = _of_type(table, name, known)
                total, deepest = min(total + fields, MAX_ALL), max(deepest, len(path) + 1 + nested)
    return total, deepest


def _of_type(table: Table, start: str, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The size of a type, those that it names first: a chain of types may be longer than Python's stack."""
    waiting = [start]
    while waiting:
        name = waiting[-1]
        missing = [] if name in known else [other for other in _named(table, table.types[name]) if other not in known]
        waiting += missing
        if not missing:
            waiting.pop()
            known[name] = known.get(name) or _size(table, table.types[name], known)
    return known[start]


def combinations(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Words that say nothing of the type beside which they stand, or that cannot stand together."""
    if not _bounded(loaded, table):
        return
    for path, body in bodies(table):
        for where, part in nodes(path, body):
            top = where == path and path[0] != "types"
            yield from _combined(loaded, table, where, part, implied=top)


def _combined(loaded: Loaded, table: Table, path: Path_, part: Body, *, implied: bool) -> Iterator[Mistake]:
    own = plain(part)
    said, kinds = _merged(table, part)
    if not set(kinds) <= set(BASIC):
        return  # a name that nothing is called is told elsewhere
    if implied and "type" not in own and "properties" in own:
        kinds = ["object"]
    for of, words in OF_KINDS.items():
        for word in words:
            if word in own and not set(of) & set(kinds):
                type_is = f"its type is {listed(kinds, 'or')}" if kinds else "it has no type"
                yield loaded.mistake((*path, word), f"{word} is said of {_kind(of)}, and {type_is}", key=True)
    yield from _objects(loaded, path, own, said)
    yield from _enum(loaded, path, own, said, kinds)
    yield from _twice(loaded, table, path, part)


def _objects(loaded: Loaded, path: Path_, own: dict[str, Any], said: dict[str, Any]) -> Iterator[Mistake]:
    if {"properties", "patternProperties"} <= said.keys() and {"properties", "patternProperties"} & own.keys():
        at = "patternProperties" if "patternProperties" in own else "properties"
        yield loaded.mistake((*path, at), "an object has either properties or patternProperties", key=True)


def _enum(loaded: Loaded, path: Path_, own: dict[str, Any], said: dict[str, Any], kinds: list[str]) -> Iterator[Mistake]:
    """All the values that there are: of the kinds that there are, and each kind with one."""
    if "enum" not in said or not {"enum", "type", *LIMITS} & own.keys():
        return
    at = "enum" if "enum" in own else "type"
    values = said["enum"]
    for word in LIMITS:
        if word in said:
            yield loaded.mistake((*path, word if word in own else at), f"an enum says all the values; {word} says nothing more")
    without = [kind for kind in kinds if not any(_is(value, kind) for value in values)]
    for kind in without:
        yield loaded.mistake((*path, at), f"it can be {_kind((kind,))}, and no value of the enum is one", key=at == "enum")
    for value in values:
        if kinds and not any(_is(value, kind) for kind in kinds):
            yield loaded.mistake((*path, at), f"{_value(value)} in its enum is not {_kind(kinds)}", key=at == "enum")


def _twice(loaded: Loaded, table: Table, path: Path_, part: Body) -> Iterator[Mistake]:
    """Two types of one kind, whose limits could not be told apart."""
    seen: dict[str, str] = {}
    for number, name in enumerate(part.type or ()):
        for kind in _kinds(table, name):
            other = seen.setdefault(kind, name)
            if other != name and kind != "null":
                message = f"{other} and {name} are both {_kind((kind,))}; it can be one of them"
                yield loaded.mistake((*path, "type", number), message)


def _merged(table: Table, part: Body) -> tuple[dict[str, Any], list[str]]:
    """All that a part says with the types that it names, and the basic kinds that it can be."""
    said: dict[str, Any] = {}
    kinds: list[str] = []
    for name in part.type or ():
        if name in table.types and name not in BASIC:
            inner, more = _merged(table, table.types[name])
            said |= {**inner, "enum": [*said.get("enum", ()), *inner["enum"]]} if "enum" in inner else inner
            kinds += more
        elif name != ANY:
            kinds.append(name)
    own = plain(part)
    if "enum" in own:
        own["enum"] = [*said.get("enum", ()), *own["enum"]]
    return {**said, **own}, list(dict.fromkeys(kinds))


def _kinds(table: Table, name: str) -> list[str]:
    return _merged(table, table.types[name])[1] if name in table.types and name not in BASIC else [name]


def _is(value: object, kind: str) -> bool:
    called = CALLED.get(type(value))
    return called == kind or (called == "integer" and kind == "number")


def _kind(kinds: Iterable[str]) -> str:
    """`a string`, `an integer or a number`."""
    return listed((kind if kind == "null" else f"an {kind}" if kind[0] in "aio" else f"a {kind}" for kind in kinds), "or")


def _value(value: object) -> str:
    return shown(value) if isinstance(value, str) else "null" if value is None else str(value).lower()


def basic_types(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A type that is called as JSON Schema calls one of its own."""
    for name in table.types:
        if name in (*BASIC, ANY):
            yield loaded.mistake(("types", name), f"{name} is a type of JSON Schema; call yours otherwise", key=True)


def patterns(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Patterns that are no regular expressions."""
    for path, body in bodies(table):
        for where, part in nodes(path, body):
            said = [((*where, "pattern"), part.pattern, False)] if part.pattern else []
            said += [((*where, "patternProperties", name), name, True) for name in part.pattern_properties or ()]
            for at, pattern, key in said:
                wrong = _uncompiled(pattern)
                if wrong:
                    yield loaded.mistake(at, f"is no regular expression: {wrong}", key=key)


def _uncompiled(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def editions(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Two editions of one field that are there at some of the same microversions."""
    for path, name, fields in _fields(table):
        ordered = sorted(enumerate(fields), key=lambda pair: _bounds(pair[1])[0])
        for (one, before), (other, after) in pairwise(ordered):
            if _bounds(after)[0] <= _bounds(before)[1]:
                late, early = max(one, other), min(one, other)
                line = loaded.place((*path, name, early)).line
                message = f"{name} is said on line {line} too, at some of the same microversions"
                yield loaded.mistake((*path, name, late), message)


def _fields(table: Table) -> Iterator[tuple[Path_, str, list[BodyField]]]:
    """Every field, with the path of those that it is one of."""
    for path, body in bodies(table):
        for where, part in nodes(path, body):
            yield from (((*where, "properties"), name, fields) for name, fields in (part.properties or {}).items())
    for path, part in parts(table):
        yield from (((*path, "headers"), name, fields) for name, fields in (getattr(part, "headers", None) or {}).items())


def _bounds(field: BodyField) -> tuple[Microversion, Microversion]:
    return microversion.parse(field.since or "0.0"), microversion.parse(field.until or "99999.99999")


def examples(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """An example that the body refuses at some microversion; what its texts look like does not matter, IMAGE stands for one."""
    if any(True for check in SAID for _ in check(loaded, table)):
        return  # bodies that are not right refuse for their own reasons
    types = {name: plain(body) for name, body in table.types.items()}
    told: set[Path_] = set()
    for name, row in table.actions.items():
        for held in _holders(("actions", name), row):
            for version, path, example, body in _exemplified(table, types, held):
                if path not in told:
                    said = whole(plain(body), None if row.address else name)
                    wrong = _refused(types, said, version, example if row.address else {name: example})
                    if wrong:
                        told.add(path)
                        at = f" at {microversion.text(version)}" if version else ""
                        yield loaded.mistake(path, f"is not what the body takes{at}: {wrong}", key=True)


def _holders(path: Path_, row: Any) -> Iterator[list[tuple[Path_, Variant]]]:
    """The parts of a row that make up each of its requests."""
    for name, variant in (row.variants or {}).items():
        yield [(path, row), ((*path, "variants", name), variant)]
    if not row.variants:
        yield [(path, row)]


def _exemplified(
    table: Table, types: dict[str, Any], held: list[tuple[Path_, Variant]]
) -> Iterator[tuple[Microversion | None, Path_, dict[str, Any], Body]]:
    """At each microversion at which something changes: the example, where it stands, and its body."""
    for since, until in runs(table, held):
        for reading in READINGS:
            stack = layers(table, held, reading, since)
            example = next(((path, part.example) for path, part in reversed(stack) if part.example is not None), None)
            body = next((part.body for _, part in reversed(stack) if part.body is not None), None)
            if example is None or body is None:
                continue
            cuts = {since, *(cut for cut in starts(types, plain(body)) if since and until and since < cut <= until)}
            for version in sorted(cuts, key=lambda cut: cut or (0, 0)):
                yield version, (*example[0], "example"), example[1] or {}, body


def _refused(types: dict[str, Any], said: Any, version: Microversion | None, example: object) -> str | None:
    """What is wrong with an example, in a sentence."""
    pruned = _pruned(schema(types, said, version), example)
    try:
        model("Example", pruned, "").__pydantic_validator__.validate_python(example)
    except ValidationError as error:
        return sentence(error, pruned, types, said)
    return None


def _pruned(made: dict[str, Any], example: object) -> dict[str, Any]:
    """A schema without the fields that an example neither has nor lacks, and without how texts look."""
    out = {word: value for word, value in made.items() if word not in ("format", "pattern")}
    if "properties" in out and isinstance(example, dict):
        kept = {*example, *out.get("required", ())}
        out["properties"] = {name: _pruned(field, example.get(name)) for name, field in out["properties"].items() if name in kept}
    if "items" in out:
        first = example[0] if isinstance(example, list) and example else None
        out["items"] = out["items"] if isinstance(first, dict) else _pruned(out["items"], first)
    return out


def many_changes(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """A body that changes more often than any API does."""
    if not _bounded(loaded, table):
        return
    types = {name: plain(body) for name, body in table.types.items()}
    for path, body in bodies(table):
        if len(set(starts(types, plain(body)))) > MAX_CHANGES:
            yield loaded.mistake(path, f"changes at more than {MAX_CHANGES} microversions", key=True)


ADDRESS = re.compile(r"(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (/\S*)")
PATH = re.compile(r"(/|(/([^/{}?#\s]|\{\w+\})+)+/?)")


def addresses(loaded: Loaded, table: Table) -> Iterator[Mistake]:
    """Addresses that are no method and path."""
    for path, row in requests(table):
        found = ADDRESS.fullmatch(row.address) if row.address else None
        if row.address and not (found and PATH.fullmatch(found[2])):
            message = f"{shown(row.address)} is not a method and a path, as in POST /{table.thing}s/{{id}}"
            yield loaded.mistake((*path, "address"), message)
    if not PATH.fullmatch(table.action_path):
        yield loaded.mistake(("action_path",), f"{shown(table.action_path)} is not a path, as in /{table.thing}s/{{id}}/action")


SAID = (basic_types, circles, large_bodies, many_changes, patterns, editions, combinations)
