"""Nova's page on vm states, held against its recorded answers: `python tests/vm_states.py` prints the table of docs/vm-states.md.

The page's rows are tests/tables/real/vm-states.yaml; the answers are those to the owner of an idle, unlocked server at 2.47.
"""

from __future__ import annotations

import csv
import lzma
from collections import Counter
from functools import cache
from pathlib import Path

from recorded import DATA

from lifecycle import Lifecycle
from lifecycle.errors import listed
from lifecycle.render.rows import Scene, rows

PAGE = Path(__file__).parent / "tables" / "real" / "vm-states.yaml"
HEAD = ("| action | the page allows it, Nova refuses | Nova allows it, the page does not |", "| --- | --- | --- |")
OPEN = frozenset(("DELETE", "create"))  # of which the page says two things, or which no state is asked for


def claimed() -> dict[str, set[str]]:
    """The states in which the page says that an action is allowed, by action and variant."""
    found: dict[str, set[str]] = {}
    for row in rows(Scene(Lifecycle.load(PAGE).rules)):
        if row.action not in OPEN:
            found.setdefault(row.trigger, set()).add(row.source)
    return found


@cache
def answered() -> dict[str, dict[str, tuple[int, str]]]:
    """By action and state what the recorded Nova answered: the code and its words."""
    rules = Lifecycle.load("compute").rules
    found: dict[str, dict[str, tuple[int, str]]] = {}
    with lzma.open(DATA / "matrix-2.47.csv.xz", "rt") as file:
        for row in csv.DictReader(line for line in file if line.startswith(("caller,", "owner,,"))):
            if row["task_state"] == "":
                found.setdefault(row["action"], {})[rules.by_vm_state[row["vm_state"]]] = (int(row["code"]), row["message"])
    return found


def wrong() -> dict[str, tuple[list[str], list[str]]]:
    """By action the states that the page wrongly has, and those that it lacks, in the order of the table."""
    order = [name for name, state in Lifecycle.load("compute").rules.states.items() if not state["end"]]
    answers, found = answered(), {}
    for trigger, claims in claimed().items():
        codes = {state: answers[trigger][state][0] for state in order}
        too_many = [state for state in order if state in claims and codes[state] >= 400]
        too_few = [state for state in order if state not in claims and codes[state] < 400]
        found[trigger] = (too_many, too_few)
    return found


def table() -> list[str]:
    """The lines of the table, a row for each action of which the page is wrong; with the codes that were answered."""
    answers = answered()
    lines = list(HEAD)
    for trigger, (too_many, too_few) in wrong().items():
        if too_many or too_few:
            cells = (_cell(answers[trigger], too_many), _cell(answers[trigger], too_few))
            lines.append(f"| `{trigger.replace(':', ' ')}` | {cells[0]} | {cells[1]} |")
    return lines


def _cell(answers: dict[str, tuple[int, str]], states: list[str]) -> str:
    codes = Counter(answers[state][0] for state in states)
    return "; ".join(f"{listed([one for one in states if answers[one][0] == code])}: {code}" for code in codes)


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201 - it is for reading
