"""What differs between two tables, or two microversions, readings, callers or options of one: by meaning, not by text.

A difference is a request that is answered otherwise: another code, rule, wording, task, end, loss, or
another status, task or lock shown after it. What explains an answer (our sentences, the line, `also`) is no answer.
"""

from __future__ import annotations

from lifecycle.engine import microversion
from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.outcome import SAME
from lifecycle.engine.rules import bounds
from lifecycle.engine.situation import SIGNS, Situation
from lifecycle.explore.boxes import WRONG, Piece, common, joined, pieces
from lifecycle.explore.facing import facing, meaning, shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
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

    __slots__ = ("caller", "options", "reading", "rules", "version")

    def __init__(
        self,
        rules: Rules,
        reading: str = "reference",
        caller: str | None = None,
        version: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """`options` holds signs. Raises UnknownCaller and UnknownMicroversion."""
        self.rules = rules
        self.reading = reading
        self.caller = caller and rules.caller(caller).name
        self.version = rules.version(version) if version else None
        self.options = dict(options or {})

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

    __slots__ = ("groups", "left", "right", "table", "total")

    def __init__(self, left: Side, right: Side) -> None:
        self.left = left
        self.right = right
        same = left.rules is right.rules
        self.table: list[Change] = [] if same else list(facing(left.rules, right.rules))
        self.groups: list[Group] = []
        self.total = 0

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


def diff(left: Side, right: Side, done: Callable[[int, int], object] = lambda *_: None) -> Diff:
    """What differs between two sides; `done` is told how many of how many actions were compared."""
    found = Diff(left, right)
    alike = left.rules is right.rules or meaning(left.rules.data) == meaning(right.rules.data)
    names = shared({**left.rules.actions, **left.rules.events}, {**right.rules.actions, **right.rules.events})
    found.total = len(names)
    for number, name in enumerate(names):
        for variants in _variants(found, name):
            found.groups += _compared(found, name, variants, alike=alike)
        done(number + 1, len(names))
    return found


def _variants(found: Diff, name: str) -> Iterator[Pair]:
    """The variants to compare; who has none is compared with the usual one of who has some."""
    one, other = (list(side.rules.actions[name]["variants"]) if name in side.rules.actions else [] for side in (found.left, found.right))
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


def _versions(found: Diff, name: str, variants: Pair) -> list[tuple[Microversion | None, Microversion | None]]:
    """The microversions to compare: the last of each run in which neither side changes anything about an action."""
    left, right = found.left, found.right
    if left.version or right.version:
        return [(left.version or left.rules.newest, right.version or right.rules.newest)]
    known = [side for side in (left, right) if side.rules.oldest]
    if not known:
        return [(None, None)]
    first = max(side.rules.oldest for side in known if side.rules.oldest)
    last = min(side.rules.newest for side in known if side.rules.newest)
    cuts = {last}
    for side, variant in ((left, variants[0]), (right, variants[1])):
        for edition in side.rules.editions(name, variant, side.reading):
            since, until = bounds(edition)
            cuts |= {(since[0], since[1] - 1)} if since else set()
            cuts |= {until} if until else set()
    runs = sorted(cut for cut in cuts if first <= cut <= last)
    return [tuple(run if side in known else None for side in (left, right)) for run in runs]  # type: ignore[misc]  # two of them


def _compared(found: Diff, name: str, variants: Pair, *, alike: bool) -> Iterator[Group]:
    """The groups of one action or event and variant."""
    left, right = found.left, found.right
    callers, versions = _callers(found, name), _versions(found, name, variants)
    cells: dict[tuple[Change, ...], list[Box]] = {}
    for run in versions:
        rules = [
            side.rules.edition(name, variant, side.reading, version)
            for side, variant, version in zip((left, right), variants, run, strict=True)
        ]
        if alike and left.options == right.options and meaning(rules[0]) == meaning(rules[1]):
            asked = [pair for pair in callers if pair[0] != pair[1]]
        else:
            asked = callers
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


def _differing(found: Diff, one: Ruling, other: Ruling, *, alike: bool) -> Iterator[tuple[Box, tuple[Change, ...]]]:
    """Where two rules differ, and in what."""
    rights = list(pieces(other, found.domain, found.right.options))
    for piece in pieces(one, found.domain, found.left.options):
        for facing_it in rights:
            box = common(piece.box, facing_it.box)
            if box is None:
                continue
            if piece.refused is None and facing_it.refused is None:
                if not (alike and _does_alike(one, other, piece, facing_it)):
                    yield from _ends_apart(found, one, other, (piece, facing_it), box)
            elif changes := _refused_apart(piece, facing_it):
                yield box, changes


def _does_alike(one: Ruling, other: Ruling, piece: Piece, facing_it: Piece) -> bool:
    """Whether two rows of tables that mean their names alike do the same."""
    row, row_ = piece.row or {}, facing_it.row or {}
    holds = row["lock"] is None or one.request.caller.holds == other.request.caller.holds
    return holds and meaning({**row, "when": None}) == meaning({**row_, "when": None})


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


def _ends_apart(found: Diff, one: Ruling, other: Ruling, both: tuple[Piece, Piece], box: Box) -> Iterator[tuple[Box, tuple[Change, ...]]]:
    """How what two rows do differs, situation by situation of those that can make a difference."""
    rows = [piece.row or {} for piece in both]
    usual = {key: next(iter(box.get(key) or found.domain(key))) for key in one.request.rules.facts.keys() | other.request.rules.facts.keys()}
    signs = {key: next(iter(box.get(key) or SIGNS)) for key in one.request.rules.options.keys() | other.request.rules.options.keys()}
    values: dict[str, Any] = {"asked": True, "envelope": True, "body": True, "exists": True, **usual, **signs}
    cells: dict[tuple[Change, ...], list[Box]] = {}
    for point in _points(found, rows, box):
        sides = [
            ruling.decide(Situation({**values, **side.options, **point}, frozenset()))
            for ruling, side in ((one, found.left), (other, found.right))
        ]
        changes = tuple(_changes(rows, sides, point))
        if changes:
            cell = {key: frozenset((value,)) for key, value in point.items() if key in _matter(rows)}
            cells.setdefault(changes, []).append({**box, **cell})
    for changes, boxes in cells.items():
        yield from ((part, changes) for part in joined(boxes, POINT, found.domain))


POINT = ("task_state", "locked_by", "before", "state")


def _matter(rows: list[Data]) -> set[str]:
    """The keys by which what rows do can differ within one box."""
    ends = [end for row in rows for end in (*(row["becomes"] or ()), *(row["fails"] or ()))]
    keys = {"state"}
    keys |= {"before"} if any(not isinstance(end, str) for end in ends) else set()
    keys |= {"locked_by"} if any(row["lock"] is not None for row in rows) else set()
    shown = any(not row["tasks"] or row["at_once"] is not None or row["becomes"] is None or row["fails"] is None for row in rows)
    return keys | ({"task_state"} if shown else set())


def _points(found: Diff, rows: list[Data], box: Box) -> Iterator[dict[str, Any]]:
    """The situations of a box, one for all that make no difference."""
    from itertools import product

    matter = _matter(rows)
    values = [sorted(box.get(key) or found.domain(key), key=found.domain(key).index) for key in POINT]
    yield from (
        dict(zip(POINT, point, strict=True))
        for point in product(*(some if key in matter else some[:1] for key, some in zip(POINT, values, strict=True)))
    )


def _changes(rows: list[Data], sides: list[Decision], point: Mapping[str, Any]) -> Iterator[Change]:
    """What differs between two accepted requests, said as the rows say it where they do not say the same."""
    one, other = (_done(decision, point) for decision in sides)
    forms, others = (_form(decision, row) for decision, row in zip(sides, rows, strict=True))
    for key, value in one.items():
        if value != other[key]:
            said = (forms[key], others[key]) if forms[key] != others[key] else (value, other[key])
            yield key, *said


def _done(decision: Decision, point: Mapping[str, Any]) -> dict[str, Any]:
    """What an accepted request does. The status is told as the state that it is in, as tables may show it otherwise."""
    outcome = decision.outcome
    state, task = (outcome and outcome.shown) or (point["state"], point["task_state"])
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


def text(version: Microversion | None) -> str:
    """A microversion in words; nothing for none."""
    return microversion.text(version) if version else ""
