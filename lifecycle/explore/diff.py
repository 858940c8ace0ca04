"""What differs between two tables, or two microversions, readings, callers, policies or options of one: by meaning, not text.

A difference is a request that is answered otherwise: another code, rule, wording, task, end, loss, or
another status, task or lock shown after it. What explains an answer (our sentences, the line, `also`) is no answer.
"""

from __future__ import annotations

from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.outcome import SAME
from lifecycle.engine.rules import bounds, check_reading
from lifecycle.engine.situation import SIGNS, Situation, UnknownOption, sign
from lifecycle.explore.boxes import WRONG, Piece, common, joined, pieces
from lifecycle.explore.facing import context, facing, row_meaning, rule_meaning, shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from lifecycle.engine.decide import Decision
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.explore.boxes import Box

    Pair = tuple[Any, Any]
    Change = tuple[str, Any, Any]
    """What differs, what it is on the left, and what on the right."""

ORDER = ("envelope", "body", "exists", "task_state", "locked_by", "before", "state", "microversion", "caller")
CALLER, VERSION = "caller", "microversion"


class Side:
    """One of the two that are compared. What is left open (None) is compared for all that both sides have."""

    __slots__ = ("caller", "options", "reading", "rules", "signs", "version")

    def __init__(
        self,
        rules: Rules,
        reading: str = "reference",
        caller: str | None = None,
        version: str | None = None,
        options: Mapping[str, int] | None = None,
    ) -> None:
        """Raises UnknownReading, UnknownCaller, UnknownMicroversion and UnknownOption."""
        self.rules = rules
        self.reading = check_reading(reading)
        self.caller = caller and rules.caller(caller).name
        self.version = rules.version(version) if version else None
        self.options = dict(options or {})
        for name in self.options:
            if name not in rules.options:
                raise UnknownOption(name, rules.options)
        self.signs = {name: sign(value) for name, value in self.options.items()}

    def ruling(self, name: str, variant: str | None, caller: str, version: Microversion | None) -> Ruling:
        """A rule of this side."""
        return Ruling(Request(self.rules, name, variant, self.rules.caller(caller), version, self.reading))


class Group:
    """Requests of one action that differ in the same way: what differs, and the situations in which it does.

    `box` names callers and microversions too, as pairs of what is asked on the left and on the right.
    """

    __slots__ = ("action", "box", "changes", "variants")

    def __init__(self, action: str, variants: Pair, box: Box, changes: tuple[Change, ...]) -> None:
        self.action = action
        self.variants = variants
        self.box = box
        self.changes = changes


class Diff:
    """All that differs: `table`, what one side says of itself otherwise, and `groups`, the answers that differ."""

    __slots__ = ("groups", "known", "left", "right", "table", "total")

    def __init__(self, left: Side, right: Side) -> None:
        self.left = left
        self.right = right
        same = left.rules is right.rules
        self.table: list[Change] = [] if same else list(facing(left.rules, right.rules))
        self.groups: list[Group] = []
        self.total = 0
        self.known: dict[tuple[object, ...], list[tuple[Box, tuple[Change, ...]]]] = {}

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.table and not self.groups

    def domain(self, key: str) -> tuple[Any, ...]:
        """The values of a key that both sides know."""
        one, other = self.left.rules, self.right.rules
        if key in {"state", "before"}:
            states = tuple(shared(one.states, other.states))
            return states if key == "state" else (None, *states)
        if key == "task_state":
            return (None, *shared(one.tasks, other.tasks))
        if key == "locked_by":
            return (None, *shared(one.holders, other.holders))
        if key in {"envelope", "body"}:
            return True, WRONG
        return SIGNS if key in one.options or key in other.options else (True, False)


def diff(
    left: Side, right: Side, done: Callable[[int, int], object] = lambda *_: None, only: Iterable[str] | None = None
) -> Diff:
    """What differs between two sides, or in `only` these rows; `done` is told how many of how many actions were compared."""
    found = Diff(left, right)
    alike = left.rules is right.rules or context(left.rules) == context(right.rules)
    every = shared({**left.rules.actions, **left.rules.events}, {**right.rules.actions, **right.rules.events})
    names = every if only is None else list(only)
    found.total = len(names)
    for number, name in enumerate(names):
        for variants in _variants(found, name):
            found.groups += _compared(found, name, variants, alike=alike)
        done(number + 1, len(names))
    return found


def _variants(found: Diff, name: str) -> Iterator[Pair]:
    """The variants to compare; who has none is compared with the usual one of who has some."""
    one, other = (
        list(side.rules.actions[name]["variants"]) if name in side.rules.actions else [] for side in (found.left, found.right)
    )
    if one and other:
        yield from ((variant, variant) for variant in shared(one, other))
    else:
        yield next(iter(one), None), next(iter(other), None)


def _callers(found: Diff, name: str) -> list[tuple[str, str]]:
    """The callers to compare; nobody asks for an event."""
    left, right = found.left, found.right
    if name in left.rules.events:
        return [(left.rules.usual_caller, right.rules.usual_caller)]
    if left.caller and right.caller:
        return [(left.caller, right.caller)]
    return [(caller, caller) for caller in shared(left.rules.callers, right.rules.callers)]


def runs(found: Diff, name: str, variants: Pair) -> list[tuple[Pair, Pair]]:
    """The runs of microversions in which neither side changes anything about an action: for each side the first and last."""
    left, right = found.left, found.right
    if left.version or right.version:
        only = (left.version or left.rules.newest, right.version or right.rules.newest)
        return [(only, only)]
    known = [side.rules.oldest is not None and side.rules.newest is not None for side in (left, right)]
    if not any(known):
        return [((None, None), (None, None))]
    first = max(side.rules.oldest for side in (left, right) if side.rules.oldest)
    last = min(side.rules.newest for side in (left, right) if side.rules.newest)
    starts = {first}
    for side, variant in ((left, variants[0]), (right, variants[1])):
        for edition in side.rules.editions(name, variant, side.reading):
            since, until = bounds(edition)
            starts |= {since} if since else set()
            starts |= {(until[0], until[1] + 1)} if until else set()
    cuts = sorted(start for start in starts if first <= start <= last)
    ends = [*((cut[0], cut[1] - 1) for cut in cuts[1:]), last]
    return [
        (((known[0] and start) or None, (known[1] and start) or None), ((known[0] and end) or None, (known[1] and end) or None))
        for start, end in zip(cuts, ends, strict=False)
    ]


def _compared(found: Diff, name: str, variants: Pair, *, alike: bool) -> Iterator[Group]:
    """The groups of one action or event and variant."""
    left, right = found.left, found.right
    callers, versions = _callers(found, name), [last for _, last in runs(found, name, variants)]
    same_checks = all(left.rules.data.get(key) == right.rules.data.get(key) for key in ("checks", "policy"))
    cells: dict[tuple[Change, ...], list[Box]] = {}
    for run in versions:
        rules = [
            side.rules.edition(name, variant, side.reading, version)
            for side, variant, version in zip((left, right), variants, run, strict=True)
        ]
        settled = alike and same_checks and rule_meaning(rules[0]) == rule_meaning(rules[1]) and not _optional(found, rules[0])
        asked = [pair for pair in callers if not settled or pair[0] != pair[1]]
        for pair in asked:
            one, other = (
                side.ruling(name, variant, caller, version)
                for side, variant, caller, version in zip((left, right), variants, pair, run, strict=True)
            )
            for box, changes in _differing(found, one, other, alike=alike):
                cells.setdefault(changes, []).append({**box, CALLER: frozenset((pair,)), VERSION: frozenset((run,))})

    def domain(key: str) -> tuple[Any, ...]:
        return tuple({CALLER: callers, VERSION: versions}.get(key) or found.domain(key))

    for changes, boxes in cells.items():
        keys = dict.fromkeys(key for box in boxes for key in box)
        order = [*(key for key in keys if key not in ORDER), *ORDER]
        for box in joined(boxes, order, domain):
            yield Group(name, variants, box, changes)


def _optional(found: Diff, rule: Data | None) -> bool:
    """Whether a rule looks at an option that is another on the other side."""
    one, other = found.left.signs, found.right.signs
    differing = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    looked_at = {key for row in rule["outcomes"] for key in row["when"]} | set(rule["requires"]) if rule else set()
    return not differing.isdisjoint(looked_at)


def _differing(found: Diff, one: Ruling, other: Ruling, *, alike: bool) -> Iterator[tuple[Box, tuple[Change, ...]]]:
    """Where two rules differ, and in what."""
    gone = [_gone(ruling) for ruling in (one, other)]
    rights = list(pieces(other, found.domain, found.right.signs))
    for piece in pieces(one, found.domain, found.left.signs):
        for facing_it in rights:
            box = common(piece.box, facing_it.box)
            if box is None:
                continue
            if piece.refused is None and facing_it.refused is None:
                if not (alike and _does_alike(one, other, piece, facing_it)):
                    yield from _ends_apart(found, one, other, (piece, facing_it), box)
            elif changes := _refused_apart(piece, facing_it):
                yield box, _without_reasons(changes, gone) if gone[0] != gone[1] else changes


def _gone(ruling: Ruling) -> bool:
    """Whether an action is not there at all, so that it matters little what it would be refused for."""
    return bool(ruling.rule.get("absent") or ruling.rule["removed"])


def _without_reasons(changes: tuple[Change, ...], gone: list[bool]) -> tuple[Change, ...]:
    """What differs where one side has the action and the other has not: whatever the one answers, it is no more."""
    told = tuple(
        (key, None if gone[1] else one, None if gone[0] else other) for key, one, other in changes if key in {"code", "rule"}
    )
    return (("there", not gone[0], not gone[1]), *told) if len(told) > 1 else changes


def _does_alike(one: Ruling, other: Ruling, piece: Piece, facing_it: Piece) -> bool:
    """Whether two rows of tables that mean their names alike do the same."""
    row, row_ = piece.row or {}, facing_it.row or {}
    holds = row["lock"] is None or one.request.caller.holds == other.request.caller.holds
    return holds and row_meaning({**row, "when": None}) == row_meaning({**row_, "when": None})


def _refused_apart(piece: Piece, facing_it: Piece) -> tuple[Change, ...]:
    """How two answers differ, one of which at least is a refusal."""
    one, other = piece.refused, facing_it.refused
    codes = tuple(part.refused.code if part.refused else (part.row or {})["answers"] for part in (piece, facing_it))
    changes: list[Change] = [("code", *codes)] if codes[0] != codes[1] else []
    if one is None or other is None or one.rule != other.rule:
        return (("code", *codes), ("rule", one and one.rule, other and other.rule))
    if one.message != other.message:
        forms = (one.form, other.form) if one.form != other.form else (one.message, other.message)
        changes.append(("message", *forms))
    return tuple(changes) and (*changes, ("rule", one.rule, other.rule))


def _ends_apart(
    found: Diff, one: Ruling, other: Ruling, both: tuple[Piece, Piece], box: Box
) -> Iterator[tuple[Box, tuple[Change, ...]]]:
    """How what two rows do differs. It does so alike for all callers, but for the locks that they hold."""
    rows = [piece.row or {} for piece in both]
    holds = [ruling.request.caller.holds for ruling, row in zip((one, other), rows, strict=True) if row["lock"]]
    key = (*map(id, rows), *holds, *(box.get(key) for key in POINT))
    if key not in found.known:
        found.known[key] = list(_apart(found, (one, other), rows, box))
    yield from (({**box, **cell}, changes) for cell, changes in found.known[key])


def _apart(found: Diff, rulings: tuple[Ruling, Ruling], rows: list[Data], box: Box) -> Iterator[tuple[Box, tuple[Change, ...]]]:
    """The same, situation by situation of those that can make a difference: what differs in which part of the box."""
    names = [name for ruling in rulings for name in (*ruling.request.rules.facts, *ruling.request.rules.options)]
    values: dict[str, Any] = {"asked": True, "envelope": True, "body": True, "exists": True}
    values |= {name: next(iter(box.get(name) or found.domain(name))) for name in names}
    points = [(point, _decided(found, rulings, {**values, **point})) for point in _points(found, rows, box)]
    unlike = [(point, decisions, keys) for point, decisions in points if (keys := _unlike(decisions))]
    differing = {key for _, _, keys in unlike for key in keys}
    cells: dict[tuple[Change, ...], list[Box]] = {}
    for point, decisions, _ in unlike:
        cell = {key: frozenset((point[key],)) for key in _matter(rows)}
        cells.setdefault(tuple(_changes(rows, decisions, differing)), []).append(cell)
    for changes, parts in cells.items():
        yield from ((part, changes) for part in joined(parts, POINT, lambda key: tuple(box.get(key) or found.domain(key))))


def _decided(found: Diff, rulings: tuple[Ruling, Ruling], values: Mapping[str, Any]) -> tuple[Decision, Decision]:
    one, other = (
        ruling.decide(Situation({**values, **side.signs}, frozenset()))
        for ruling, side in zip(rulings, (found.left, found.right), strict=True)
    )
    return one, other


def _unlike(decisions: tuple[Decision, Decision]) -> set[str]:
    """What two accepted requests do not do alike."""
    one, other = map(_done, decisions)
    return {key for key in one if one[key] != other[key]}


POINT = ("task_state", "locked_by", "before", "state")


def _matter(rows: list[Data]) -> set[str]:
    """The keys by which what rows do can differ within one box."""
    ends = [end for row in rows for end in (*(row["becomes"] or ()), *(row["fails"] or ()))]
    keys = {"state"}
    keys |= {"before"} if any(not isinstance(end, str) for end in ends) else set()
    keys |= {"locked_by"} if any(row["lock"] is not None for row in rows) else set()
    return keys | ({"task_state"} if any(map(_keeps_task, rows)) else set())


def _keeps_task(row: Data) -> bool:
    """Whether what is told after a row depends on the task before it."""
    kept = "task" not in row["at_once"] if row["at_once"] is not None else not row["tasks"]
    return kept or row["becomes"] is None or row["fails"] is None


def _points(found: Diff, rows: list[Data], box: Box) -> Iterator[dict[str, Any]]:
    """The situations of a box, one for all that make no difference."""
    from itertools import product

    matter = _matter(rows)
    values = [sorted(box.get(key) or found.domain(key), key=found.domain(key).index) for key in POINT]
    yield from (
        dict(zip(POINT, point, strict=True))
        for point in product(*(some if key in matter else some[:1] for key, some in zip(POINT, values, strict=True)))
    )


def _changes(rows: list[Data], decisions: tuple[Decision, Decision], differing: set[str]) -> Iterator[Change]:
    """What differs between two accepted requests, said as the rows say it where they do not say the same."""
    one, other = map(_done, decisions)
    forms, others = (_form(decision, row) for decision, row in zip(decisions, rows, strict=True))
    for key, value in one.items():
        if key in differing and forms[key] != others[key]:
            yield key, forms[key], others[key]
        elif value != other[key]:
            yield key, value, other[key]


def _done(decision: Decision) -> dict[str, Any]:
    """What an accepted request does. The status is told as the state that it is in, as tables may show it otherwise."""
    outcome, values = decision.outcome, decision.situation.values
    state, task = (outcome and outcome.shown) or (values["state"], values["task_state"])
    return {
        "code": decision.code,
        "tasks": tuple(decision.tasks),
        "becomes": tuple(decision.becomes),
        "on_failure": tuple(decision.on_failure),
        "loses": tuple(sorted(decision.loses)),
        "status": state,
        "task_state": task,
        "locked_by": decision.locked_by,
        "remembers": outcome and outcome.remembers,
    }


def _form(decision: Decision, row: Data) -> dict[str, Any]:
    """The same as the row says it, whatever the state: `same`, `what it was before the resize`."""
    becomes, fails = (tuple(map(_end, row[key] or (SAME,))) for key in ("becomes", "fails"))
    at_once, first = row["at_once"], row["tasks"][0] if row["tasks"] else SAME
    lock, holds = row["lock"], decision.ruling.request.caller.holds
    return {
        "code": decision.code,
        "tasks": tuple(decision.tasks),
        "becomes": becomes,
        "on_failure": fails,
        "loses": tuple(sorted(decision.loses)),
        "status": SAME if at_once is None and row["tasks"] else becomes[0] if at_once is None else at_once.get("state", SAME),
        "task_state": first if at_once is None else at_once.get("task", SAME),
        "locked_by": SAME if lock is None else holds if lock else None,
        "remembers": row["remembers"],
    }


def _end(end: Any) -> str:
    return end if isinstance(end, str) else f"before the {end['recall']}"
