"""The page as one file: the table, the engine that decides from it, and what it is seen and asked with."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from html import escape

from lifecycle.page.data import compiled
from lifecycle.page.layout import layout
from lifecycle.render import palette

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lifecycle.engine.rules import Rules

FOLDER = os.path.dirname(__file__)
SCRIPTS = ("engine", "plan", "view", "ways", "panel", "app", "controls")
COLOURS = ("INK", "QUIET", "BLUE", "RED", "GREEN", "STATE", "TASK", "END", "HERE")
STRICT = '"use strict";\n'


def html(rules: Rules, reading: str, home: str | None = None) -> str:
    """The whole page; `home` is the address of a site that it belongs to."""
    data = json.dumps({**compiled(rules, reading), "layout": layout(rules, reading)}, ensure_ascii=False, separators=(",", ":"))
    light = {name: getattr(palette, name) for name in COLOURS}
    told = {
        "title": escape(rules.title),
        "home": f'<a href="{escape(home)}">Reference</a>' if home else "",
        "style": filled(
            asset("page.css"), {"light": _colours(light), "dark": _colours({n: palette.DARK[c] for n, c in light.items()})}
        ),
        "data": data.replace("<", "\\u003c"),  # nothing in it can end the script that it stands in
        "script": script(),
    }
    return filled(asset("page.html"), told)


@cache
def script() -> str:
    """All scripts as one."""
    return STRICT + "".join(asset(f"{name}.js").replace(STRICT, "") for name in SCRIPTS)


@cache
def asset(name: str) -> str:
    """A file that lies beside this module."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def filled(text: str, told: dict[str, str]) -> str:
    """A text with what stands in double braces filled in."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: told[found[1]], text)


def _colours(named: dict[str, str]) -> str:
    return " ".join(f"--{name.lower()}: {colour};" for name, colour in named.items())
