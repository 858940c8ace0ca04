"""How requests come and answers go: microversions, refusals, headers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from lifecycle.engine import microversion
from lifecycle.errors import UnknownMicroversion
from lifecycle.serve.make import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from lifecycle.engine.rules import Rules

HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
MAX_BODY = 114_688  # bytes, as oslo.middleware has it
MAX_SHOWN = 255  # characters of what a stranger wrote that an answer repeats


class Ask:
    """One request, read as far as its headers: who asks (the token), at which microversion, of what, with what."""

    __slots__ = ("body", "names", "path", "query", "request", "root", "token", "version")

    def __init__(self, root: str, path: str, token: str | None, query: Mapping[str, str]) -> None:
        self.root = root
        self.path = path
        self.token = token
        self.query = query
        self.version: str | None = None
        self.names: dict[str, str] = {}
        self.request = f"req-{uuid4()}"
        self.body: Any = None


class Answer:
    """A code, a document or none, and the headers that matter."""

    __slots__ = ("code", "document", "headers")

    def __init__(self, code: int, document: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.code = code
        self.document = document
        self.headers = dict(headers or {})


class Unread(Exception):
    """A request that does not come as far as a row; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Wire:
    """What a table says of how its service is spoken to."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._said: Mapping[str, Any] = rules.data["wire"]
        self.header: str = self._said["header"]
        self.legacy: str | None = self._said["legacy_header"]

    def refused(self, why: str, **names: object) -> Answer:
        """The answer to what does not come as far as a row."""
        said = self._said[why]
        return self.error(said["code"], said["message"], names)

    def error(self, code: int, message: str, names: Mapping[str, object]) -> Answer:
        """A refusal with this code and these words, in which names that are known are filled in."""
        return Answer(code, self._rules.error(code, filled(message, names)))

    def version(self, headers: Mapping[str, str]) -> str | None:
        """The microversion that a request asks for, the oldest where it asks for none. Raises Unread."""
        rules = self._rules
        if rules.oldest is None or rules.newest is None:
            return None
        asked = self._asked(headers) or microversion.text(rules.oldest)
        if asked == "latest":
            return microversion.text(rules.newest)
        try:
            version = microversion.parse(asked)
        except UnknownMicroversion:
            raise Unread(self.refused("malformed_version", version=asked)) from None
        if not rules.oldest <= version <= rules.newest:
            oldest, newest = microversion.text(rules.oldest), microversion.text(rules.newest)
            raise Unread(self.refused("unsupported_version", version=asked, oldest=oldest, newest=newest))
        return asked

    def _asked(self, headers: Mapping[str, str]) -> str | None:
        """What the last header says that speaks to this service; then what the one of old says."""
        for part in reversed(headers.get(self.header, "").split(",")):
            service, _, version = part.strip().partition(" ")
            if version and service.lower() == self._rules.service_type:
                return version.strip()
        old = headers.get(self.legacy) if self.legacy else None
        return old.rpartition(",")[2].strip() if old else None

    def says(self, version: str | None) -> dict[str, str]:
        """The headers of every answer: the microversion that was taken, and that answers differ by it."""
        if version is None or self._rules.service_type is None:
            return {}
        own = {self.header: f"{self._rules.service_type} {version}"}
        if self.legacy is None:
            return {**own, "Vary": self.header}
        return {**own, self.legacy: version, "Vary": f"{self.header}, {self.legacy}"}


def filled(words: str, names: Mapping[str, object]) -> str:
    """Words with the names that are known in place of placeholders."""
    return PLACEHOLDER.sub(lambda found: str(names[found[1]])[:MAX_SHOWN] if found[1] in names else found[0], words)


def header(text: str) -> str:
    """A text as a header can hold it: what is not plain is written as in addresses."""
    return text if text.isascii() and text.isprintable() else quote(text, safe="/:?&=%")


def read_json(raw: bytes) -> Any:
    """What a body says; no body at all is None. Raises ValueError."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def root(request: Request) -> str:
    """Where a request found the service, as it says itself, where that is a host."""
    host = request.headers.get("host", "")
    if not HOST.fullmatch(host):
        host = ":".join(str(part) for part in request.scope.get("server") or ("localhost",) if part)
    return f"{request.scope['scheme']}://{host}"
