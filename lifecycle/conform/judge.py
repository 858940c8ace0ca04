"""Holds an answer against the table: in every situation that the server may be in, under both readings."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lifecycle import Lifecycle
from lifecycle.bodies.schema import starts
from lifecycle.conform.belief import Belief, Deployment
from lifecycle.conform.faults import Fault
from lifecycle.conform.presence import Presence
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import READINGS, bounds
from lifecycle.serve.wire import filled

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from lifecycle.conform.target import Answer, Request
    from lifecycle.engine.checks import Refusal
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Rules
    from lifecycle.engine.situation import Situation

SERVER_FAULT, REFUSED = 500, 400
MAKE = "create"  # what a request to make a thing is called where the table has no action for it
PLACEHOLDER = re.compile(r"\{\w+\}")
NOT_THERE = (400, 403, 404, 409)  # what a service answers where a request names what is not there, or is taken
OF_A_QUERY = ("bad_limit", "bad_marker", "bad_record_marker", "bad_changes")


class Asked:
    """A request that was read once: the rule that it meets under each reading, and what is wrong with its body."""

    __slots__ = ("mistakes", "request", "rulings")

    def __init__(self, request: Request, rulings: tuple[Ruling, ...], mistakes: Mapping[str, str]) -> None:
        self.request = request
        self.rulings = rulings
        self.mistakes = mistakes

    @property
    def ruling(self) -> Ruling:
        """The rule under the reading that is held against."""
        return self.rulings[0]

    def decide(self, situation: Situation, reading: int = 0) -> Decision:
        """The decision in a situation."""
        return self.rulings[reading].decide(situation.but(**self.mistakes) if self.mistakes else situation)


class Verdict:
    """What an answer comes to: the decisions that explain it, or the fault; `difference` where only another reading explains."""

    __slots__ = ("belief", "decisions", "difference", "fault")

    def __init__(
        self, belief: Belief, decisions: list[Decision], fault: Fault | None = None, difference: str | None = None
    ) -> None:
        self.belief = belief
        self.decisions = decisions
        self.fault = fault
        self.difference = difference


class Judge:
    """A table that answers are held against."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        knows: Mapping[str, Any] | None = None,
        *,
        wire: bool = True,
        named: Container[str] | None = None,
    ) -> None:
        """`wire`: requests and answers are as they go over HTTP, whole documents and all; else a code says enough.

        `named`: all that requests may name and that is there, where the target looks; None where it looks nothing up.
        """
        self.lifecycle = lifecycle
        self.rules = lifecycle.rules
        self._readings = (lifecycle, *_others(lifecycle))
        self.deployment = Deployment(lifecycle, knows or {})
        self._presence = Presence(self.rules)
        self.wire = wire
        self.named = named
        self.not_there: dict[str, str] = {}
        self.stuck: set[tuple[str, str]] = set()  # kinds of faults, and of what: no waiting makes them good
        self._first: dict[tuple[str, str | None], str | None] = {}
        self._words: dict[int, tuple[Refusal, tuple[str | None, str, Mapping[str, Any]]]] = {}

    def asked(self, request: Request) -> Asked:
        """A request, read; one to make a thing of a table without such an action is none of the table's."""
        if request.action == MAKE and MAKE not in self.rules.actions:
            return Asked(request, (), {})
        rulings: list[Ruling] = []
        mistakes: Mapping[str, str] = {}
        for lifecycle in self._readings:
            variant = request.variant
            if self.wire:
                alike = self._alike(request.action, request.microversion)
                said = queried(request.body) if request.action in self.rules.reads else request.body
                variant, mistakes_here = lifecycle.read(request.action, said, None, alike)
                mistakes = mistakes if rulings else mistakes_here
            rulings.append(lifecycle.ruling(request.action, variant, request.caller, request.microversion))
        return Asked(request, tuple(rulings), mistakes)

    def _alike(self, action: str, version: str | None) -> str | None:
        """The first microversion at which all documents of an action are as at this one, so that they are read by one model."""
        found = self._first.get((action, version))
        if found is None and version is not None:
            here = self.rules.version(version)
            starts_ = changes(self.rules, action)
            first = max((start for start in starts_ if here and start <= here), default=here)
            found = self._first[action, version] = first and text(first)
        return found

    def judge(self, belief: Belief, asked: Asked, answer: Answer, server: str | None = None) -> Verdict:
        """What an answer comes to."""
        first: Decision | None = None
        for number in range(len(self._readings)):
            worlds: list[Situation] = []
            decisions: list[Decision] = []
            for world in belief.worlds(self.deployment, asked.rulings[number]):
                decision = asked.decide(world, number)
                if first is None or (not number and answer.code == decision.code != first.code):
                    first = decision
                if self._wrong(asked, decision, answer, server) is None:
                    worlds.append(world)
                    decisions.append(decision)
            if worlds:
                left = belief.narrowed(self.deployment, asked.rulings[number], worlds)
                return Verdict(left, distinct(decisions), None, self._difference(asked) if number else None)
        assert first is not None  # noqa: S101 - a belief has at least one world
        if answer.code in NOT_THERE and self._names_something(asked):
            self.not_there.setdefault(name(asked.ruling), f"{answer.code} {answer.message or ''}".strip())
            return Verdict(belief, [])
        if self._of_the_query(asked, answer):
            return Verdict(belief, [])
        return Verdict(belief, [first], self._wrong(asked, first, answer, server))

    def _of_the_query(self, asked: Asked, answer: Answer) -> bool:
        """Whether a read is refused in the words for a query that names what is not there."""
        request, wire = asked.request, self.rules.data["wire"]
        if not self.wire or not wire or request.action not in self.rules.reads or not request.body or answer.message is None:
            return False
        asks = queried(request.body)
        said = (wire[word] for word in OF_A_QUERY)
        return any((answer.code, answer.message) == (one["code"], filled(one["message"], asks)) for one in said)

    def _names_something(self, asked: Asked) -> bool:
        """Whether a request names, besides its server, something of which nobody knows whether it is there."""
        if self.named is None:
            return False
        request = asked.request
        return any(name not in self.named for name in (*request.names.values(), *leaves(request.body)))

    def _difference(self, asked: Asked) -> str:
        """The name of the difference that explains an answer."""
        differs = self.rules.action(asked.request.action)["differs"]
        mine = [name for name, one in differs.items() if one["variant"] in (None, asked.ruling.request.variant)]
        return ", ".join(mine) or self._readings[1].reading

    def expected(self, decision: Decision, server: str | None) -> str:
        """What the table expects, in words."""
        words = decision.message
        said = f": {words.replace('{id}', server) if server else words}" if words else ""
        return f"{decision.code}{f' {decision.rule}' if decision.rule else ''}{said}"

    def _wrong(self, asked: Asked, decision: Decision, answer: Answer, server: str | None) -> Fault | None:
        """What is wrong with an answer where this is the decision."""
        if answer.code == 0:  # an implementation that does not say; what it does will tell
            return None if decision.allowed else self._fault("accepted", asked, decision, answer, server)
        if answer.code != decision.code:
            kind = "code"
            if answer.code >= SERVER_FAULT > decision.code:
                kind = "crash"
            elif decision.allowed and answer.code >= REFUSED:
                kind = "refused"
            elif not decision.allowed and answer.code < REFUSED:
                kind = "accepted"
            return self._fault(kind, asked, decision, answer, server)
        if not self.wire or answer.bare:
            words = None if decision.allowed or answer.message is None else self._said(decision.refusals[0])[0]
            told = words is None or matches(words, str(answer.message), server)
            return None if told else self._fault("words", asked, decision, answer, server, about=())
        return self._accepted(asked, decision, answer) if decision.allowed else self._refused(asked, decision, answer, server)

    def _fault(self, kind: str, asked: Asked, decision: Decision, answer: Answer, server: str | None, **more: Any) -> Fault:
        came = f"{answer.code}" + (f": {answer.message}" if answer.message else "")
        told = {"expected": self.expected(decision, server), "came": came, "about": (answer.code,), **more}
        return Fault(
            kind,
            row=decision.row,
            action=name(asked.ruling),
            rule=decision.rule,
            request=asked.request,
            answer=answer,
            status=decision.shown_before,
            **told,
        )

    def _refused(self, asked: Asked, decision: Decision, answer: Answer, server: str | None) -> Fault | None:
        """A refusal's document, and its words where the table knows them."""
        words, envelope, bare = self._said(decision.refusals[0])
        inner = answer.document.get(envelope) if isinstance(answer.document, dict) else None
        if (
            not isinstance(inner, dict)
            or {key: inner.get(key) for key in bare} != bare
            or not isinstance(inner.get("message"), str)
        ):
            came = f"{answer.code} with {short(answer.document)}"
            return self._fault(
                "document", asked, decision, answer, server, expected=f"{envelope} with {bare} and a message", came=came, about=()
            )
        if words and not matches(words, inner["message"], server):
            return self._fault("words", asked, decision, answer, server, about=())
        return None

    def _said(self, refusal: Refusal) -> tuple[str | None, str, Mapping[str, Any]]:
        """The words of a refusal, the name of its document's only key, and what stands there besides the words."""
        found = self._words.get(id(refusal))
        if found is None:
            words = refusal.message
            envelope, inner = next(iter(self.rules.error(refusal.code, words or refusal.sentence).items()))
            bare = {key: value for key, value in inner.items() if key != "message"}
            found = self._words[id(refusal)] = refusal, (words, envelope, bare)
        return found[1]

    def _accepted(self, asked: Asked, decision: Decision, answer: Answer) -> Fault | None:
        """The document and the headers that answer what was accepted."""
        request = decision.ruling.request
        lifecycle = next(one for one in self._readings if one.reading == request.reading)
        version = self._alike(request.action, asked.request.microversion)
        document = lifecycle.document("response", request.action, request.variant, version)
        if document is None and answer.document is not None:
            return self._fault(
                "document", asked, decision, answer, None, expected="no document", came=short(answer.document), about=()
            )
        if document is not None:
            wrong = document.mistakes(answer.document) or self._presence.wrong(
                decision.ruling.rule, "response", asked.request, answer.document
            )
            if wrong:
                return self._misshaped("document", asked, decision, answer, wrong)
        headers = lifecycle.document("headers", request.action, request.variant, version)
        if headers is not None:
            told = spelt(answer.headers, headers.schema)
            wrong = headers.mistakes(told) or self._presence.wrong(decision.ruling.rule, "headers", asked.request, told)
            if wrong:
                return self._misshaped("headers", asked, decision, answer, wrong)
        return None

    def _misshaped(self, kind: str, asked: Asked, decision: Decision, answer: Answer, wrong: str) -> Fault:
        return self._fault(kind, asked, decision, answer, None, expected=f"its {kind}", came=wrong, about=(fields(wrong),))


@lru_cache(4)
def _others(lifecycle: Lifecycle) -> list[Lifecycle]:
    """The same table in its other readings; kept, for their models of bodies take a second to make."""
    others = [reading for reading in READINGS if reading != lifecycle.reading]
    return [Lifecycle(lifecycle.rules, reading, lifecycle.table, lifecycle.policy) for reading in others]


def changes(rules: Rules, action: str) -> set[Microversion]:
    """The microversions at which something about an action or its documents changes."""
    found: set[Microversion] = set()
    for edition in rules.action(action)["editions"]:
        since, until = bounds(edition)
        rule = edition["rule"]
        wholes = (rule["body"], rule["response"], {"properties": rule["headers"]})
        found |= {start for whole in wholes if whole for start in starts(rules.types, whole)}
        found |= {since} if since else set()
        found |= {(until[0], until[1] + 1)} if until else set()
    return found


def name(ruling: Ruling) -> str:
    """An action with its variant: `reboot:HARD`."""
    request = ruling.request
    return f"{request.action}:{request.variant}" if request.variant else request.action


def distinct(decisions: list[Decision]) -> list[Decision]:
    """One decision for each verdict and server that it leads to."""
    if len(decisions) == 1:
        return decisions
    found: dict[Any, Decision] = {}
    for decision in decisions:
        found.setdefault((decision.verdict, decision.locked_by, decision.situation.values["before"]), decision)
    return list(found.values())


def matches(words: str, came: str, server: str | None) -> bool:
    """Whether these are the words, whatever stands for what only the service knows."""
    meant = words.replace("{id}", server) if server else words
    if meant == came:
        return True
    parts = PLACEHOLDER.split(meant)
    return re.fullmatch(".+?".join(map(re.escape, parts)), came, re.DOTALL) is not None


def queried(said: Mapping[str, Any] | None) -> dict[str, str]:
    """What a read says in its query, as it comes: all of it is text."""
    return {name: str(value) for name, value in (said or {}).items()}


def spelt(headers: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, str]:
    """Headers, spelt as the table does."""
    names = {name.lower(): name for name in schema.get("properties", {})}
    return {names.get(name.lower(), name): value for name, value in headers.items()}


def fields(sentence: str) -> str:
    """The fields that a sentence of mistakes is about, without their values."""
    return "; ".join(sorted({part.split(" ")[0] for part in sentence.split("; ")}))


def leaves(body: Any) -> Iterator[str]:
    """The texts in a body."""
    if isinstance(body, dict):
        for value in body.values():
            yield from leaves(value)
    elif isinstance(body, list):
        for value in body:
            yield from leaves(value)
    elif isinstance(body, str):
        yield body


def short(document: Any) -> str:
    """A document in a few words."""
    if document is None:
        return "no document"
    text = str(document)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


SHORT = 160
