"""Markdown that a stranger's names cannot break: text, code, links and tables."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPECIAL = re.compile(r"[\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w]+;)")
BEGINS = re.compile(r"^(\d*)(?=[#+=.)-])")  # what would make a line a heading, a list or a rule
RUN = re.compile(r"`+")


def text(words: object) -> str:
    """Plain words on one line: what Markdown would read as its own is escaped."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(str(words).split()))


def paragraph(words: object) -> list[str]:
    """Plain words as a paragraph of their own, and no heading or list."""
    return ["", BEGINS.sub(r"\1\\", text(words))]


def code(words: object) -> str:
    """A span of code, also inside a table."""
    line = " ".join(str(words).split())
    fence = "`" * (1 + max((len(run) for run in RUN.findall(line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{space}{line}{space}{fence}".replace("|", "\\|")


def link(words: str, target: str) -> str:
    """A link whose words are Markdown already."""
    return f"[{words}]({target})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already, a line a row; nothing where there are no rows."""
    lines = [_row(row) for row in rows]
    return ["", _row(heads), _row(["---"] * len(heads)), *lines] if lines else []


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def section(title: str, lines: Sequence[str]) -> list[str]:
    """A heading and what stands below it; nothing where there is nothing."""
    return ["", f"## {title}", *([] if lines[0] == "" else [""]), *lines] if lines else []


def page(title: str, *parts: Sequence[str]) -> str:
    """A whole page."""
    return "\n".join([f"# {title}", *(line for part in parts for line in part)]) + "\n"


def slug(name: str, taken: set[str]) -> str:
    """A name for a file: no two are alike, not even where capitals do not count."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "page"
    found, number = plain, 1
    while found.lower() in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found.lower())
    return found
