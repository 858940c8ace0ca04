"""A table of many states, each with two ways on."""

from pathlib import Path

HEAD = """name: ring
title: A ring
thing: token
usual: {state: S0, caller: anyone}
callers: {anyone: {}}
checks: {state: {code: 409}}
rows: {all: {answers: 200}}
"""


def ring(folder: Path, size: int) -> Path:
    """The file of a table of this many states in a ring, with a step and a leap from each."""
    states = ", ".join(f"S{number}: {{}}" for number in range(size))
    leads = {"step": 1, "leap": 7}
    actions = "".join(
        f"  {name}{number}: {{title: On, requires: {{state: S{number}}}, becomes: S{(number + far) % size}, cite: here}}\n"
        for number in range(size)
        for name, far in leads.items()
    )
    path = folder / "ring.yaml"
    path.write_text(f"{HEAD}states: {{{states}}}\nactions:\n{actions}", encoding="utf-8")
    return path
