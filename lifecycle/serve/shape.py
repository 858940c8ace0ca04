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

    def flagged(self, flag: str) -> bool:
        """Whether the request set a flag."""

    def __call__(self, shape: Shape) -> Any:
        """The value."""


class Field:
    """One field: whether it must be there, the statuses that it is there at, and the flags of the request it goes by.

    Worked out besides: `always`, nothing keeps it away; `plain`, it is told as it is known; `made`, it is there unknown too.
    """

    __slots__ = ("always", "beside", "made", "name", "plain", "required", "shape", "statuses", "unless", "when")

    def __init__(self, name: str, said: Data, shape: Shape) -> None:
        self.name = name
        self.shape = shape
        self.required = bool(said.get("required"))
        self.statuses = said.get("statuses")
        self.when: str | None = said.get("when")
        self.unless: str | None = said.get("unless")
        self.beside: str | None = said.get("beside")
        self.always = not (self.when or self.unless or self.beside) and self.statuses is None
        self.plain = shape.fields is None and shape.items is None and shape.every is None
        self.made = self.required or "example" in shape.said

    def there(self, known: Mapping[str, Any], make: Make, status: str | None) -> bool:
        """Whether nothing keeps it away: no flag, no other field, no status."""
        if (self.when and not make.flagged(self.when)) or (self.unless and make.flagged(self.unless)):
            return False
        if self.beside and not known.get(self.beside):
            return False
        return self.statuses is None or status in self.statuses


class Shape:
    """A document, or a part of one, as the table says it: `kinds` are its basic types, `said` its other words.

    `fields` are those with a name, `every` is what fields of any name hold, `items` what the entries of a list are.
    """

    __slots__ = ("every", "fields", "items", "kinds", "said")

    def __init__(
        self,
        kinds: list[str],
        said: dict[str, Any],
        fields: dict[str, Field] | None,
        items: Shape | None,
        every: Shape | None,
    ) -> None:
        self.kinds = kinds
        self.said = said
        self.fields = fields
        self.items = items
        self.every = every

    def fill(self, known: Any, make: Make, status: str | None = None) -> Any:
        """What is known, and no more of it than the table says; what must be there besides is made.

        `status` is the one that fields with `statuses` look at; what has a status of its own goes by that.
        """
        if self.fields is not None and isinstance(known, dict):
            status = known.get(make.status_field, status)
            found: dict[str, Any] = {}
            for name, field in self.fields.items():
                if not (field.always or field.there(known, make, status)):
                    continue
                if name in known:
                    found[name] = known[name] if field.plain else field.shape.fill(known[name], make, status)
                elif field.made:
                    found[name] = field.shape.made(make)
            return found
        if self.every is not None and isinstance(known, dict):
            return {name: self.every.fill(value, make, status) for name, value in known.items()}
        if self.items is not None and isinstance(known, list):
            return [self.items.fill(one, make, status) for one in known]
        return known

    def made(self, make: Make) -> Any:
        """A value of this shape, of which nothing is known."""
        example = self.said.get("example")
        if isinstance(example, (dict, list)):
            return self.fill(example, make)
        if example is None and self.fields is not None and "null" not in self.kinds:
            return self.fill({}, make)
        return make(self)


def shape(types: Mapping[str, Data], said: Data, version: Microversion | None, sees: Sees) -> Shape:
    """The shape that the table says, at a microversion, to whoever sees so much; types that it names are filled in."""
    kinds: list[str] = []
    words: dict[str, Any] = {}
    parts: dict[str, Any] = dict.fromkeys(("fields", "items", "every"))
    for name in said.get("type", ()):
        if name in BASIC or name == ANY:
            kinds.append(name)
            continue
        inner = shape(types, types[name], version, sees)
        kinds, words = [*kinds, *inner.kinds], {**words, **inner.said}
        parts = {part: getattr(inner, part) or known for part, known in parts.items()}
    words |= {word: value for word, value in said.items() if word not in ("type", "properties", "items", "patternProperties")}
    if "properties" in said:
        parts["fields"] = {**(parts["fields"] or {}), **_fields(types, said["properties"], version, sees)}
    if "items" in said:
        parts["items"] = shape(types, said["items"], version, sees)
    for every in said.get("patternProperties", {}).values():
        parts["every"] = shape(types, every, version, sees)
    return Shape(kinds, words, **parts)


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
