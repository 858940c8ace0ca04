"""Microversions: `2.47` as a pair of integers that compare as versions do."""

from lifecycle.errors import UnknownMicroversion, shown

Microversion = tuple[int, int]
MAX_DIGITS = 5
HEADER = "OpenStack-API-Version"  # of requests and answers: the type of the service and a microversion


def parse(text: object) -> Microversion:
    """`"2.47"` as `(2, 47)`. Raises UnknownMicroversion for anything else, the number 2.47 included."""
    if isinstance(text, str):
        major, dot, minor = text.partition(".")
        if dot and _plain(major) and _plain(minor):
            return int(major), int(minor)
    hint = f': write it in quotes, "{text}"' if isinstance(text, float) else ", which looks like 2.47"
    raise UnknownMicroversion(f"{shown(text)} is not a microversion{hint}")


def _plain(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS and (digits == "0" or digits[0] != "0")


def within(version: Microversion, since: Microversion | None, until: Microversion | None) -> bool:
    """Whether `since <= version <= until`, where None has no bound."""
    return (since is None or since <= version) and (until is None or version <= until)


def text(version: Microversion) -> str:
    """`(2, 47)` as `2.47`."""
    return f"{version[0]}.{version[1]}"
