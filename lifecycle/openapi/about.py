"""What OpenAPI has no word for: an action's rule as `x-lifecycle`."""

from __future__ import annotations

from lifecycle.engine import microversion
from lifecycle.openapi.reach import outcomes, refusals

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from typing import Any

    from lifecycle.engine.checks import Gate
    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.rules import Data
    from lifecycle.openapi.requests import Asked


def about(asked: Asked) -> dict[str, Any]:
    """The rule of an action: of each variant, where it has some."""
    action = asked.action
    head = {
        "action": asked.name,
        "cite": action["cite"],
        **({"note": action["note"]} if action["note"] else {}),
        "row": action["at"],
    }
    differs = {key: difference["why"] for key, difference in action["differs"].items()}
    if differs:
        head["differs"] = differs
    rules = {variant: rule(rulings) for variant, rulings in asked.rulings.items()}
    if None in rules:
        return {**head, **rules[None]}
    return {**head, "variant_in": action["variant_in"], "variants": rules}


def rule(rulings: list[Ruling]) -> dict[str, Any]:
    """From which states it may be done and what else is asked, by whom, what follows, and what can refuse it."""
    said = rulings[0].rule
    if said["removed"]:
        return {"removed": said["removed"], "refusals": _refusals(rulings)}
    made = {
        "requires": _requires(rulings[0]),
        "by": said["by"],
        "policy": said["policy"],
        "lock": said["lock"],
        "command": said["command"],
    }
    return {
        **{word: value for word, value in made.items() if value is not None},
        "outcomes": [_outcome(row) for row in outcomes(rulings)],
        "refusals": _refusals(rulings),
    }


def _requires(ruling: Ruling) -> dict[str, Any]:
    """By check what it asks: states, tasks with null for none, or whether a fact must be so."""
    asked = ruling.rule["requires"]
    return {check.name: asked[check.name] for check in ruling.request.rules.checks if check.name in asked}


def _outcome(row: Data) -> dict[str, Any]:
    made = {
        "when": row["when"],
        "answers": row["answers"],
        "tasks": row["tasks"],
        "at_once": row["at_once"],
        "becomes": row["becomes"] or ["same"],
        "on_failure": row["fails"] if row["tasks"] else None,
        "loses": row["loses"],
        "locks": row["lock"],
        "row": row["at"],
    }
    return {word: value for word, value in made.items() if value not in (None, {}, [])}


def _refusals(rulings: list[Ruling]) -> dict[str, dict[str, str]]:
    """By code, then by the name of the rule, the words."""
    found: dict[str, dict[str, str]] = {}
    for gate, value, refusal in refusals(rulings):
        found.setdefault(str(refusal.code), {}).setdefault(refusal.rule, words(gate, value))
    return dict(sorted(found.items()))


def words(gate: Gate, value: Any) -> str:
    """The service's own words, with placeholders for what differs from one server to the next; ours where it has none."""
    template = gate.template(value)
    if template is None:
        return gate.judge(gate.request, gate.rule, gate.wanted, value) or ""
    version = gate.request.version
    told = {
        "action": gate.rule["called"] or gate.request.action,
        "policy": gate.rule["policy"] or "",
        "microversion": microversion.text(version) if version else "",
    }
    for placeholder, text in told.items():
        template = template.replace("{" + placeholder + "}", text)
    return template
