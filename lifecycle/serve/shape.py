"""What a document looks like at one microversion to one caller, and documents made to look like that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from lifecycle.bodies.schema import ANY, BASIC, edition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data

    Sees = Callable[[str], bool]
    """Whether whoever asks may see what takes this caller at least."""


class Make(Protocol):
    """Makes a value for a part that nothing is known of; `status_field` is where documents tell their status."""

    status_field: str

    def __call__(self, shape: Shape) -> Any:
        """The value."""


class Field:
    """One field: whether it must be there, and the statuses that it is there at; worked out besides what that comes to.

    `only` are the statuses at which it is there at all, `plain` is what is told as it is known, and `made` what is made where
    nothing is known.
    """

    __slots__ = ("made", "name", "only", "plain", "required", "shape", "statuses")

    def __init__(self, name: str, said: Data, shape: Shape) -> None:
        self.name = name
        self.shape = shape
        self.required = bool(said.get("required"))
        self.statuses = said.get("statuses")
        self.only = None if self.required else self.statuses
        self.plain = shape.fields is None and shape.items is None
        self.made = self.required or "example" in shape.said


class Shape:
    """A document, or a part of one, as the table says it: `kinds` are its basic types, `said` its other words."""

    __slots__ = ("fields", "items", "kinds", "said")

    def __init__(self, kinds: list[str], said: dict[str, Any], fields: dict[str, Field] | None, items: Shape | None) -> None:
        self.kinds = kinds
        self.said = said
        self.fields = fields
        self.items = items

    def fill(self, known: Any, make: Make, status: str | None = None) -> Any:
        """What is known, and no more of it than the table says; what must be there besides is made.

        `status` is the one that fields with `statuses` look at; what has a status of its own goes by that.
        """
        if self.fields is not None and isinstance(known, dict):
            status = known.get(make.status_field, status)
            found: dict[str, Any] = {}
            for name, field in self.fields.items():
                if field.only is not None and status not in field.only:
                    continue
                if name in known:
                    found[name] = known[name] if field.plain else field.shape.fill(known[name], make, status)
                elif field.made:
                    found[name] = field.shape.made(make)
            return found
        if self.items is not None and isinstance(known, list):
            return [self.items.fill(one, make, status) for one in known]
        return known

    def made(self, make: Make) -> Any:
        """A value of this shape, of which nothing is known."""
        if "example" not in self.said and self.fields is not None and "null" not in self.kinds:
            return self.fill({}, make)
        return make(self)


def shape(types: Mapping[str, Data], said: Data, version: Microversion | None, sees: Sees) -> Shape:
    """The shape that the table says, at a microversion, to whoever sees so much; types that it names are filled in."""
    kinds: list[str] = []
    words: dict[str, Any] = {}
    fields: dict[str, Field] | None = None
    items: Shape | None = None
    for name in said.get("type", ()):
        if name in BASIC or name == ANY:
            kinds.append(name)
            continue
        inner = shape(types, types[name], version, sees)
        kinds, words = [*kinds, *inner.kinds], {**words, **inner.said}
        fields, items = inner.fields or fields, inner.items or items
    words |= {word: value for word, value in said.items() if word not in ("type", "properties", "items")}
    if "properties" in said:
        fields = {**(fields or {}), **_fields(types, said["properties"], version, sees)}
    if "items" in said:
        items = shape(types, said["items"], version, sees)
    return Shape(kinds, words, fields, items)


def _fields(
    types: Mapping[str, Data], said: Mapping[str, list[Data]], version: Microversion | None, sees: Sees
) -> dict[str, Field]:
    """The fields that are there at a microversion, for whoever sees so much."""
    there = {name: field for name, editions in said.items() if (field := edition(editions, version)) is not None}
    return {
        name: Field(name, field, shape(types, field, version, sees))
        for name, field in there.items()
        if field.get("by") is None or sees(field["by"])
    }
