"""The requests of a table at one microversion: where each goes, in which variants, and under which rules."""

from __future__ import annotations

import re

from lifecycle.bodies.documents import of_all, published
from lifecycle.openapi.reach import outcomes, refusals

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lifecycle.bodies.schema import Schema
    from lifecycle.engine.checks import Gate, Refusal
    from lifecycle.engine.decide import Ruling
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules

    Rule = Callable[[str, str | None, str], Ruling]
    """The rule of an action and variant as a caller of this name meets it."""

PARAMETER = re.compile(r"\{([^{}]*)\}")


class Asked:
    """One action at one microversion: `rulings` by variant that is there, for each caller."""

    def __init__(self, rules: Rules, name: str, version: Microversion | None, rule: Rule) -> None:
        self.rules = rules
        self.name = name
        self.version = version
        self.action = rules.action(name)
        every = {
            variant: [rule(name, variant, caller) for caller in rules.callers] for variant in rules.variants(name) or (None,)
        }
        self.rulings = {variant: rulings for variant, rulings in every.items() if not rulings[0].rule.get("absent")}

    @property
    def wire(self) -> tuple[str, str]:
        """The method and the path."""
        return next(iter(self.rulings.values()))[0].wire[:2]

    @property
    def parameters(self) -> list[str]:
        """The names in braces of the path, in their order."""
        return PARAMETER.findall(self.wire[1])

    def documents(self, kind: str) -> Schema | None:
        """The schema of the request or the answer, of all variants in one; None where there is none."""
        return of_all(self.document(kind, variant) for variant in self.rulings)

    def document(self, kind: str, variant: str | None) -> Schema | None:
        """The schema of one variant."""
        rule = self.rulings[variant][0].rule
        return None if kind == "response" and rule["removed"] else published(kind, self.rules, self.name, rule, self.version)

    def examples(self) -> dict[str, Any]:
        """The body of the least request of each variant, by what it is called; none where the table gives none."""
        return {
            variant or self.name: rulings[0].wire[2]
            for variant, rulings in self.rulings.items()
            if rulings[0].rule["example"] is not None or (self.action["body"] and _may_be_null(rulings[0].rule["body"]))
        }

    def refusals(self, variant: str | None = None) -> Iterator[tuple[Gate, Any, Refusal]]:
        """What can refuse it, of one variant or of all."""
        for name, rulings in self.rulings.items():
            if variant in (None, name):
                yield from refusals(rulings)

    def outcomes(self) -> list[Data]:
        """What can follow when it is accepted."""
        return [row for rulings in self.rulings.values() for row in outcomes(rulings)]


def _may_be_null(body: Data | None) -> bool:
    """Whether a body can be null, as far as is plain to see."""
    return body is None or "null" in body.get("type", ())


def collect(rules: Rules, version: Microversion | None, rule: Rule) -> list[Asked]:
    """All actions that are there, in the table's order."""
    every = (Asked(rules, name, version, rule) for name in rules.actions)
    return [asked for asked in every if asked.rulings]


def by_address(asked: list[Asked]) -> dict[str, dict[str, list[Asked]]]:
    """The requests by path and method. Paths that differ only in what they call their parameters are one: the first."""
    paths: dict[str, str] = {}
    found: dict[str, dict[str, list[Asked]]] = {}
    for one in asked:
        method, path = one.wire
        known = paths.setdefault(PARAMETER.sub("{}", path), path)
        found.setdefault(known, {}).setdefault(method.lower(), []).append(one)
    return found
