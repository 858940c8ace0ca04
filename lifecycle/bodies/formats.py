"""What texts of a format look like, where JSON Schema's own words do not say it."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-f]{32}")
LAST = 0xFFFE  # the last code point that Nova's names may have: planes beyond the first are not looked at


def uuid(text: str) -> bool:
    """Four hyphens or none, in braces or as a URN."""
    if CANONICAL.fullmatch(text):
        return True
    bare = text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()
    return HEX.fullmatch(bare) is not None


def ipv4(text: str) -> bool:
    """Four numbers."""
    return _address(ipaddress.IPv4Address, text)


def ipv6(text: str) -> bool:
    """An address without a zone."""
    return "%" not in text and _address(ipaddress.IPv6Address, text)


def ip(text: str) -> bool:
    """Either of them."""
    return ipv4(text) or ipv6(text)


def _address(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def base64_(text: str) -> bool:
    """What is not of its alphabet is passed over, as most decoders do."""
    try:
        base64.b64decode(text.encode(errors="surrogatepass"))
    except binascii.Error:
        return False
    return True


def printable(text: str) -> bool:
    """Letters, marks, numbers, punctuation, symbols and spaces; a newline may end it."""
    return all(map(_prints, text.removesuffix("\n")))


def name(text: str) -> bool:
    """Printable, and no space at either end."""
    text = text.removesuffix("\n")
    return printable(text) and not any(unicodedata.category(end) == "Zs" for end in (text[:1], text[-1:]) if end)


def _prints(char: str) -> bool:
    category = unicodedata.category(char)
    return ord(char) <= LAST and category[0] != "C" and (category[0] != "Z" or category == "Zs")


DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+[^\s]*")


def _is_time(text: str) -> bool:
    if not DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:  # the 30th of February
        return False
    return True


FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "uuid": (uuid, "a UUID"),
    "uuid_or_nothing": (lambda text: not text or uuid(text), "a UUID or an empty text"),
    "uuid_or_url": (lambda text: uuid(text) or bool(URI.fullmatch(text)), "a UUID or a URL"),
    "ipv4": (ipv4, "an IPv4 address"),
    "ipv6": (ipv6, "an IPv6 address"),
    "ip": (ip, "an IP address"),
    "ipv4_or_nothing": (lambda text: not text or ipv4(text), "an IPv4 address or an empty text"),
    "ipv6_or_nothing": (lambda text: not text or ipv6(text), "an IPv6 address or an empty text"),
    "mac": (lambda text: bool(MAC.fullmatch(text)), "a MAC address"),
    "base64": (base64_, "Base64"),
    "printable": (printable, "printable text"),
    "name": (name, "printable text without a space at either end"),
    "date-time": (_is_time, "a time as ISO 8601 has it"),
    "uri": (lambda text: bool(URI.fullmatch(text)), "a URL"),
}
"""For each format the check of a text, and what a sentence calls it."""
