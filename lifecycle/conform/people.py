"""Whom a target can be asked as: tokens of a service that reads them, `USER:PROJECT:ROLE,ROLE`, made from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.engine.rules import Rules


def tokens(rules: Rules, project: str) -> dict[str, str]:
    """A token for each caller of the table that has one, the owner's project being this one."""
    policies: Any = rules.data["policies"] or {}
    carried = policies.get("tokens", {})
    mine = policies.get("thing", {}).get("project_id")
    found: dict[str, str] = {}
    for name, caller in rules.callers.items():
        if name in carried:
            theirs = carried[name]["project_id"]
            found[name] = f"{name}:{project if theirs == mine else theirs}:{','.join(carried[name]['roles'])}"
        elif caller.fails != "token":
            found[name] = f"{name}:{'strangers' if caller.fails else project}:{name}"
    return found


def nobody(rules: Rules) -> str | None:
    """The caller that has no valid token."""
    return next((name for name, caller in rules.callers.items() if caller.fails == "token"), None)
