"""An answer as a running Nova gave it, and how it is held against what the table says of it; no Nova is needed.

A row is what was asked (`action`, `microversion`, `caller`, perhaps a `variant`) with the `answer`: its `code`, its
`headers` in small letters, and the `document`, where there was one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from recorded import wild

from lifecycle import Server
from lifecycle.bodies.schema import starts
from lifecycle.engine.rules import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from lifecycle import Lifecycle

UNKNOWN = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
MADE = {
    r"127\.0\.0\.1:(?!60)\d+": "127.0.0.1:8774",
    r"\b[0-9a-f]{56}\b": "0" * 56,
    r'"adminPass": "\w+"': '"adminPass": "secret"',
    r"\br-\w{8}\b": "r-00000000",
    r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ": "2026-11-25T20:00:00Z",
    r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+": "2026-11-25T20:00:00.000001",
    r"\b00(:[0-9a-f]{2}){5}\b": "00:0c:29:00:00:01",
    r'"details": "Traceback.*?[^\\]"': '"details": "Traceback"',
}
"""What is another one each time, and what is kept instead."""


def stable(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with ids, times and secrets that are the same each time."""
    text = json.dumps(row)
    for pattern, kept in MADE.items():
        text = re.sub(pattern, kept, text)
    ids: dict[str, str] = {}
    made: dict[str, Any] = json.loads(
        UNKNOWN.sub(lambda found: ids.setdefault(found[0], f"00000000-0000-4000-8000-{len(ids) + 1:012}"), text)
    )
    return made


def minors(nova: Lifecycle, action: str) -> list[int]:
    """The microversions on both sides of each at which something about the answer changes, the first and the last."""
    rules, cuts = nova.rules, set[int]()
    for variant in rules.variants(action) or (None,):
        before: object = None
        end = 0
        for edition in rules.editions(action, variant, nova.reading):
            (since, until), rule = bounds(edition), edition["rule"]
            assert since
            assert until
            answer = rule["response"], rule["headers"], {outcome["answers"] for outcome in rule["outcomes"]}
            parts = (rule["response"] or {}, {"properties": rule["headers"]})
            inner = {start for said in parts for start in starts(rules.types, said) if since < start <= until}
            cuts |= {start[1] for start in inner}
            if answer != before:
                cuts.add(since[1])
            before, end = answer, until[1] + 1
        cuts.add(end)
    return sorted({*cuts, *(cut - 1 for cut in cuts)} - {min(cuts) - 1, max(cuts)})


def wrong(nova: Lifecycle, row: Mapping[str, Any]) -> str | None:
    """What an answer to an accepted request has otherwise than the table says; None where they agree."""
    asked, answer = (row["action"], row["microversion"], row.get("variant")), row["answer"]
    return (
        _wrong(nova.headers(*asked), answer["headers"], "headers")
        or _wrong(nova.response(*asked), answer.get("document"), "document")
        or (f"code {code}, not {answer['code']}" if (code := accepted(nova, row)) != answer["code"] else None)
    )


def _wrong(model: type[BaseModel] | None, given: Any, what: str) -> str | None:
    if model is None:
        return None if given is None or what == "headers" else f"a document where none is said: {given}"
    if what == "headers":
        given = {field.alias: given[key] for field in model.model_fields.values() if (key := str(field.alias).lower()) in given}
    try:
        model.model_validate(given)
    except ValidationError as error:
        return f"{what}: {error}"
    return None


def accepted(nova: Lifecycle, row: Mapping[str, Any]) -> int | None:
    """The code that accepts the request in every outcome of its row."""
    rule = nova.rules.edition(row["action"], row.get("variant"), nova.reading, nova.rules.version(row["microversion"]))
    codes = {outcome["answers"] for outcome in rule["outcomes"]} if rule else set()
    return codes.pop() if len(codes) == 1 else None


def misnamed(nova: Lifecycle, row: Mapping[str, Any]) -> str | None:
    """What a refusal's document has otherwise; a row that tells of a `server` is decided, too."""
    answer = row["answer"]
    document, code = answer["document"], answer["code"]
    ((name, inner),) = document.items()
    said = nova.rules.error(code, inner["message"])
    if said != document:
        return f"{said}, not {document}"
    if "server" not in row:
        return None
    asked = (row["action"], Server(**row["server"]), row["caller"], row["microversion"], row.get("variant"), row.get("body"))
    decision = nova.decide(*asked)
    ours = decision.document
    if ours is None or ours.keys() != {name} or ours[name].keys() != inner.keys():
        return f"{ours}, not {document}"
    if decision.message and not wild(decision.message).fullmatch(inner["message"]):
        return f"{decision.message}, not {inner['message']}"
    return None
