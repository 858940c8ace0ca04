"""Texts that go into a picture: what no format can hold, what reads from right to left, long lines."""

from __future__ import annotations

import re
import textwrap
import unicodedata

LOST = "\N{REPLACEMENT CHARACTER}"
FIRST_STRONG, ISOLATED = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def clean(text: str) -> str:
    """The text with what XML cannot hold replaced, and one kind of end for all lines."""
    if text.isascii() and text.isprintable():
        return text
    return NOT_XML.sub(LOST, LINE_ENDS.sub("\n", text))


def line(text: str) -> str:
    """The text on one line; what reads from right to left turns nothing around it."""
    text = " ".join(clean(text).split())
    turns = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)
    return f"{FIRST_STRONG}{text}{ISOLATED}" if turns else text


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, none longer than `width`; a word that is longer is broken, and nothing is lost but spaces."""
    text = clean(text)
    if len(text) <= width and "\n" not in text:
        return [text]
    lines = (textwrap.wrap(part, width, break_on_hyphens=False) or [""] for part in text.split("\n"))
    return [line for some in lines for line in some]


def identifiers(names: list[str]) -> dict[str, str]:
    """For each name one of letters, digits, _ and - that is its own: the name itself where it is one, else what is like it."""
    found = {name: name for name in names if NAME.fullmatch(name)}
    taken = set(found)
    for name in names:
        if name not in found:
            like = re.sub(r"[^\w-]+", "_", name, flags=re.ASCII)
            base = like if NAME.fullmatch(like) else f"_{like}"
            candidates = (base if not number else f"{base}_{number}" for number in range(len(names) + 1))
            found[name] = next(candidate for candidate in candidates if candidate not in taken)
            taken.add(found[name])
    return found
