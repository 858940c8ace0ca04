"""What the pages of one reference share: the table, the reading, and where each action and status has its page."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property

from lifecycle.docs import markdown as md
from lifecycle.engine.situation import situate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from lifecycle import Lifecycle
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data

    Asked = tuple[str, str | None]
    Way = tuple[str, set[str], set[str]]

INDEX, MATRICES, GLOSSARY, EVENTS = "README.md", "matrices.md", "glossary.md", "events.md"
NEVER = re.compile(r"(?!)")


class Book:
    """One table under one reading, at its newest microversion."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.rules = lifecycle.rules
        self.actions = _paths("actions", self.rules.actions)
        self.statuses = _paths("statuses", self.rules.by_status)
        self._labels = _labels(self.statuses)
        names = sorted(map(re.escape, self.statuses), key=len, reverse=True)
        self._names = re.compile(rf"(?<![\w-])(?:{'|'.join(names)})(?![\w-])") if names else NEVER

    def asked(self) -> Iterator[tuple[str, str | None]]:
        """Every action with each of its variants."""
        for action in self.rules.actions:
            for variant in self.rules.variants(action) or (None,):
                yield action, variant

    def to_action(self, name: str, page: str, variant: str | None = None) -> str:
        """A link to an action's page from another page."""
        return md.link(md.code(f"{name} {variant}" if variant else name), _way(page, self.actions[name]))

    def to_status(self, name: str, page: str) -> str:
        """A link to a status' page: `[ACTIVE]`, which the end of the page says the way of, where it can be said so."""
        return f"[{name}]" if name in self._labels else md.link(md.text(name), _way(page, self.statuses[name]))

    def linked(self, sentence: str, page: str) -> str:
        """A sentence in which every status leads to its page."""
        return self._names.sub(lambda found: self.to_status(found[0], page), md.text(sentence))

    def page(self, path: str, title: str, *parts: Sequence[str]) -> str:
        """A whole page, and at its end the ways to the statuses that it names."""
        text = md.page(title, *parts)
        named = [name for name in self.statuses if name in self._labels and f"[{name}]" in text]
        return text + "".join(["\n" if named else "", *(f"[{name}]: {_way(path, self.statuses[name])}\n" for name in named)])

    def decide(self, action: str, variant: str | None, caller: str, **told: Any) -> Decision:
        """The decision at the newest microversion on a thing of which this is known, and that is as the action wants it."""
        ruling = self.lifecycle.ruling(action, variant, caller, None)
        if self._over(told):
            told = {**told, "exists": False}
        usual = situate(self.rules, told)
        wanted = {fact: value for fact, value in self.wanted(ruling).items() if fact not in usual.known}
        return ruling.decide(situate(self.rules, {**told, **wanted}) if wanted else usual)

    @cached_property
    def ways(self) -> dict[Asked, list[Way]]:
        """By action and variant the states that it may start from, each with the statuses that follow, and those of failure."""
        found: dict[Asked, list[Way]] = {}
        for asked in self.at_newest():
            for state in self.rules.states:
                decision = self.decide(*asked, self.people()[0], state=state)
                if decision.outcome is None:
                    continue
                shows = {self.rules.status(state, task) for task in decision.tasks} | {decision.status, *decision.becomes}
                changes = decision.tasks or decision.becomes != [state]
                found.setdefault(asked, []).append((state, shows, set(decision.on_failure) if changes else set()))
        return found

    def _over(self, told: dict[str, Any]) -> bool:
        """Whether a thing is told to be where it ends."""
        state: Data = self.rules.states.get(str(told.get("status") or told.get("state")), {})
        return bool(state.get("end"))

    def makes(self, action: str, variant: str | None) -> bool:
        """Whether an action asks for no thing, so that it is about none."""
        return self.rules.makes(self.lifecycle.ruling(action, variant, None, None).rule)

    def wanted(self, ruling: Ruling) -> dict[str, bool]:
        """The facts that an action asks for and that are not usual."""
        asked = ruling.rule["requires"]
        names = {check.asks: asked[check.name] for check in self.rules.checks if check.name in asked}
        return {name: names[name] for name, fact in self.rules.facts.items() if names.get(name) not in (None, fact["usual"])}

    def at_newest(self) -> Iterator[tuple[str, str | None]]:
        """The actions and variants that are there at the newest microversion, and not gone for good."""
        for action, variant in self.asked():
            rule = self.rules.edition(action, variant, self.lifecycle.reading, self.rules.newest)
            if rule is not None and not rule["removed"]:
                yield action, variant

    def people(self) -> list[str]:
        """The callers who do not fail always, from who may the most."""
        return [name for name, caller in self.rules.callers.items() if caller.fails is None]

    def last(self, action: str) -> Microversion | None:
        """The microversion at which a reader is shown an action: the newest, or the last at which it was there."""
        editions = [
            edition
            for variant in self.rules.variants(action) or (None,)
            for edition in self.rules.editions(action, variant, self.lifecycle.reading)
        ]
        ends = [tuple(edition["until"]) for edition in editions if edition["until"]]
        return max(ends, default=self.rules.newest)


def _labels(names: Iterable[str]) -> set[str]:
    """The names that a link can be called by: plain ones, of which no other differs in nothing but capitals."""
    count = Counter(name.casefold() for name in names)
    return {name for name in names if count[name.casefold()] == 1 and re.fullmatch(r"[\w-]+", name)}


def _paths(folder: str, names: Any) -> dict[str, str]:
    taken: set[str] = set()
    return {name: f"{folder}/{md.slug(name, taken)}.md" for name in names}


def _way(page: str, target: str) -> str:
    """The relative way from one page of the reference to another."""
    return f"{'../' * page.count('/')}{target}"
