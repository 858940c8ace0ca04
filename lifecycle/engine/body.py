"""The body of a request: which variant it asks for, and whether it is shaped like a request at all."""

from __future__ import annotations

from lifecycle.errors import listed, shown

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from lifecycle.engine.rules import Data, Rules


def envelope(rules: Rules, name: str, body: object) -> str | None:
    """What is wrong with a body that is not one object whose single key is the action's; nothing at an address of its own."""
    key = rules.action(name)["body"]
    if key is None:
        return None
    if not isinstance(body, dict):
        return f"it must be an object, not {shown(body)}"
    if len(body) != 1:
        return f"it must have one key, {key}, and it has {len(body)}"
    return None if key in body else f"its key must be {key}, not {shown(next(iter(body)))}"


def variant(rules: Rules, name: str, body: object) -> tuple[str | None, str | None]:
    """The variant that a body with the right envelope asks for, and else what is wrong with it."""
    action: Data = rules.action(name)
    field, variants = action["variant_in"], action["variants"]
    if field is None:
        return _given(action, body), None
    content = _content(action["body"], field, body)
    if not isinstance(content, dict) or field not in content:
        return None, f"{field} is missing: it must be {listed(variants, 'or')}"
    asked = content[field]
    if asked in variants:
        return asked, None
    found = next((one for one in variants if isinstance(asked, str) and asked.upper() == one.upper()), None)
    return found, None if found else f"{field} must be {listed(variants, 'or')}, not {shown(asked)}"


def _given(action: Data, body: object) -> str | None:
    """The variant whose field the body has."""
    for variant, field in action["given"].items():
        content = _content(action["body"], field, body)
        if isinstance(content, dict) and content.get(field) is not None:
            found: str = variant
            return found
    return None


def _content(key: str | None, field: str, body: object) -> object:
    """What holds the field that says the variant: what stands under the action's key, or under the only key there is."""
    if not isinstance(body, dict) or field in body:
        return body
    return body.get(key) if key else next(iter(body.values()), None) if len(body) == 1 else None
