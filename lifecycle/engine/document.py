"""A server's own document, as `GET /servers/{id}` answers it, read into the keys of a case.

Which field holds what is said by the table (`document` in lifecycle.yaml). What a microversion or a
policy leaves out of the document is simply not told.
"""

from __future__ import annotations

from lifecycle.errors import CaseError, shown

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lifecycle.engine.rules import Rules


def read_document(rules: Rules, body: object) -> dict[str, Any]:
    """The keys of a case that the document tells. Raises CaseError where it is no such document."""
    described = rules.data["document"]
    if described is None:
        raise CaseError(f"the {rules.name} table does not say how to read a document; tell the keys of a case")
    envelope: str = described["within"]
    if isinstance(body, dict) and envelope in body:
        body = body[envelope]
    if not isinstance(body, dict):
        raise CaseError(f"not the document of one {rules.thing}: {shown(body)} is no object")
    told = {key: value for key, field in described["keys"].items() if (value := _read(rules, key, field, body)) is not ...}
    if "status" in told and told["status"] is None:
        raise CaseError(f"not the document of one {rules.thing}: its status is null")
    if not told.keys() & {"status", "vm_state"}:
        wanted = described["keys"].get("status", {}).get("field", "status")
        raise CaseError(
            f"not the document of one {rules.thing}: it has no {wanted} (its keys: {shown(', '.join(map(str, body)))})"
        )
    return told


def _read(rules: Rules, key: str, field: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    """The value of one key; `...` where the document does not tell it."""
    if field["field"] not in body:
        return ...
    value = body[field["field"]]
    yes, no = field["yes"], field["no"]
    if yes is not None or no is not None:
        if yes is not None and value in yes:
            return True
        if no is not None and value in no:
            return False
        return ... if yes is not None and no is not None else yes is None
    return bool(value) if key in rules.facts else value
