"""Holds all 142,416 recorded answers of a real Nova against the table, with a progress bar: `python tests/matrix.py`."""

import sys
from collections import Counter

import click
from recorded import CUT, MATRIX_CALLERS, matrix

from lifecycle import Lifecycle

ROWS = 142_416


def main() -> int:
    """The number of answers that disagree, at most 1: an exit code."""
    nova = Lifecycle.load("compute", reading="nova")
    bound = {caller: nova.bind(caller, "2.47") for caller in MATRIX_CALLERS.values()}
    counts = Counter[str]()
    with click.progressbar(matrix(), length=ROWS, label="answers of a real Nova", file=sys.stderr, update_min_steps=1000) as bar:
        for action, variant, asked, caller, answer in bar:
            decision = bound[caller].decide(action, asked, variant)
            difference = None if answer.code >= SERVER_ERROR else answer.differs(decision, CUT)
            counts["defects" if answer.code >= SERVER_ERROR else "disagree" if difference else "agree"] += 1
            if difference:
                click.echo(f"{caller}: {action} {variant or ''} {asked}: {difference}")
    click.echo(
        f"{counts['agree']:,} answers of a real Nova agree with the table in code, rule, words and effect, "
        f"{counts['disagree']} disagree; {counts['defects']} were Nova's own 500s."
    )
    return min(1, counts["disagree"])


SERVER_ERROR = 500

if __name__ == "__main__":
    sys.exit(main())
