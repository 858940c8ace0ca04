"""Values for what an answer must hold and nothing is known of: addresses, ids, times, and what the table gives as example."""

from __future__ import annotations

import re
from secrets import randbelow, token_hex
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lifecycle.serve.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.serve.shape import Shape

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
FLAGGED = (True, "1", "true", "on", "yes")
ADDRESSES = {
    "mac": lambda: "fa:16:3e:" + ":".join(token_hex(1) for _ in range(3)),
    **dict.fromkeys(("ip", "ipv4"), lambda: f"192.168.{randbelow(256)}.{1 + randbelow(254)}"),
    "ipv6": lambda: f"fd00::{1 + randbelow(65_535):x}",
}
EMPTY: dict[str, Any] = {"array": [], "object": {}, "boolean": False, "number": 0}


class Maker:
    """Makes values at one moment, under one address; `names` are what placeholders such as `{id}` stand for."""

    def __init__(self, base: str, now: float, status_field: str, names: Mapping[str, Any]) -> None:
        self.base = base
        self.status_field = status_field
        self.now = now
        self.names = dict(names)

    def but(self, names: Mapping[str, Any]) -> Maker:
        """The same where these names stand for something besides."""
        return Maker(self.base, self.now, self.status_field, {**self.names, **names})

    def flagged(self, flag: str) -> bool:
        """Whether the request set a flag, in one of the words for yes."""
        value = self.names.get(flag)
        return (value.lower() if isinstance(value, str) else value) in FLAGGED

    def __call__(self, shape: Shape) -> Any:
        """A value that fits; what is not known of an example that is one name alone is made as if there were none."""
        said = shape.said
        if "example" in said:
            alone = PLACEHOLDER.fullmatch(said["example"]) if isinstance(said["example"], str) else None
            if alone is None:
                return self._example(said["example"], said)
            if alone[1] in self.names:
                return self.names[alone[1]]
            made = self.names[alone[1]] = self._made(shape)
            return made
        return self._made(shape)

    def _made(self, shape: Shape) -> Any:
        said = shape.said
        if "null" in shape.kinds:
            return None
        if "enum" in said:
            return said["enum"][0]
        kind = next(iter(shape.kinds), "object")
        if kind == "string":
            return self._text(said)
        return max(0, said.get("minimum", 0)) if kind == "integer" else EMPTY.get(kind)

    def _example(self, example: Any, said: Mapping[str, Any]) -> Any:
        if not isinstance(example, str):
            return example
        text = self.filled(example)
        return self.base + text if said.get("format") == "uri" and text.startswith("/") else text

    def filled(self, text: str) -> str:
        """A text with what its placeholders stand for; an unknown one is a new id, and the same from then on."""
        return PLACEHOLDER.sub(lambda found: str(self.names.setdefault(found[1], str(uuid4()))), text)

    def _text(self, said: Mapping[str, Any]) -> str:
        form = said.get("format", "")
        if form == "uuid":
            return str(uuid4())
        if form == "uri":
            return f"{self.base}/{token_hex(8)}"
        if form == "date-time":
            return stamp(self.now)
        if form in ADDRESSES:
            return ADDRESSES[form]()
        return token_hex(-(-said.get("minLength", 0) // 2))
