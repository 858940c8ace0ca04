"""The body of a request: which variant it asks for, and whether it is shaped like a request at all."""

from __future__ import annotations

from lifecycle.errors import listed, shown

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from lifecycle.engine.rules import Data, Rules


def read_body(rules: Rules, name: str, body: object) -> tuple[str | None, dict[str, str]]:
    """The variant that a whole request document asks for, and what is wrong with it, by the check that says so.

    `envelope`: it is not one object whose single key is the action's; `body`: what is in it. What an
    address of its own takes is not looked at.
    """
    action: Data = rules.action(name)
    if not isinstance(body, dict):
        return None, {"envelope": f"it must be an object, not {shown(body)}"}
    key = action["body"]
    if key is None:
        return None, {}
    if len(body) != 1:
        return None, {"envelope": f"it must have one key, {key}, and it has {len(body)}"}
    if key not in body:
        return None, {"envelope": f"its key must be {key}, not {shown(next(iter(body)))}"}
    return _variant(action, body[key])


def _variant(action: Data, content: object) -> tuple[str | None, dict[str, str]]:
    field, variants = action["variant_in"], action["variants"]
    if field is None:
        return None, {}
    if not isinstance(content, dict) or field not in content:
        return None, {"body": f"{field} is missing: it must be {listed(variants, 'or')}"}
    asked = content[field]
    found = next((variant for variant in variants if isinstance(asked, str) and asked.upper() == variant.upper()), None)
    return found, {} if found else {"body": f"{field} must be {listed(variants, 'or')}, not {shown(asked)}"}
