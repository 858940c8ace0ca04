"""Requests of a table as they go over HTTP, and answers as they come back; whatever carries them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from lifecycle.conform.target import Answer
from lifecycle.engine.microversion import HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.conform.target import Request
    from lifecycle.engine.rules import Rules

ID = "id"
TOKEN = "X-Auth-Token"  # noqa: S105 - the header's name
CREATED = "Location"


def asked(rules: Rules, request: Request, server: str | None) -> tuple[str, str, Any]:
    """The method, the path and the body of a request; a read says in its query what others say in a body.

    Names that nothing fills stay as they are written.
    """
    address = rules.action(request.action)["address"] or f"POST {rules.data['action_path']}"
    method, _, path = address.partition(" ")
    for name, value in {**({ID: server} if server else {}), **request.names}.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    if request.action in rules.reads:
        return method, f"{path}?{urlencode(request.body)}" if request.body else path, None
    return method, path, request.body


def headers(rules: Rules, version: str | None, token: str | None) -> dict[str, str]:
    """The headers that every request has."""
    found = {"Accept": "application/json"}
    if version is not None and rules.newest is not None:
        found[HEADER] = f"{rules.service_type} {version}"
    if token is not None:
        found[TOKEN] = token
    return found


def content(body: Any) -> bytes:
    """A body as it is sent; None is none."""
    return b"" if body is None else json.dumps(body).encode()


def answered(rules: Rules, code: int, sent: Mapping[str, str], raw: bytes) -> Answer:
    """An answer as it came; what is no JSON is a document that is a text."""
    document: Any = None
    if raw.strip():
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):
            document = raw[:1000].decode("utf-8", "replace")
    return Answer(code, document, sent, made(rules, code, document, sent))


def made(rules: Rules, code: int, document: Any, sent: Mapping[str, str]) -> str | None:
    """The id of the server that an answer says was made."""
    said = rules.data["document"]
    if code >= REFUSED or said is None:
        return None
    inner = document.get(said["within"]) if isinstance(document, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get(ID), str):
        return str(inner[ID])
    place = next((value for name, value in sent.items() if name.lower() == CREATED.lower()), "")
    return place.rstrip("/").rpartition("/")[2] or None


REFUSED = 400
