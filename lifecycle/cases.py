"""Cases in a file: a JSON object a line in, the same with its decision out, in constant memory.

What many cases share is written as JSON once: a line costs hardly more than to read it.
"""

from __future__ import annotations

import json

from lifecycle.engine.decide import KEYS
from lifecycle.engine.situation import situate
from lifecycle.errors import CaseError, LifecycleError, UnknownKey, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO, Any

    from lifecycle.api import Lifecycle
    from lifecycle.engine.checks import Refusal
    from lifecycle.engine.decide import Decision, Ruling
    from lifecycle.engine.situation import Situation

MAX_LINE = 1_000_000
REMEMBERED = 4_000  # situations and texts that are kept
REQUEST_KEYS = ("action", "variant", "caller", "microversion", "body")


def read_case(text: str) -> dict[str, Any]:
    """The object in a line. Raises CaseError where it is not one, or not a JSON that all readers read alike."""
    case = read_json(text)
    if type(case) is not dict:
        raise CaseError(f"is not an object: {shown(text.strip())}")
    return case


def read_json(text: str) -> Any:
    """What a text of JSON says. Raises CaseError where it is none, or not one that all readers read alike."""
    text = text.strip()
    try:
        if text.count("{") == 1:
            value, end = _FAST.raw_decode(text)
            if end == len(text) and type(value) is dict and text.count(":") == len(value):
                return value
        return _STRICT.decode(text)  # nested, or a key that stands there twice, or something after it
    except RecursionError:
        raise CaseError("is nested too deeply") from None
    except ValueError as error:
        raise CaseError(f"is not JSON: {error}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {shown(next(name for name in names if names.count(name) > 1))} stands there twice")
    return found


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


_FAST = json.JSONDecoder(parse_constant=_constant)
_STRICT = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
_dumps: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False).encode


def _nested(value: object) -> bool:
    return isinstance(value, (dict, list))


class Cases:
    """Decides cases, and keeps what they have in common."""

    def __init__(
        self, lifecycle: Lifecycle, caller: str | None = None, microversion: str | None = None, *, advice: bool = False
    ) -> None:
        """`caller` and `microversion` stand for those that a case does not tell; `advice` adds `to_allow` to the answers."""
        self.lifecycle = lifecycle
        self.caller = caller
        self.microversion = microversion
        self.advice = advice
        self._rulings: dict[tuple[object, ...], Ruling] = {}
        self._situations: dict[tuple[object, ...], Situation] = {}
        self._allowed: dict[tuple[object, ...], tuple[str, str]] = {}
        self._tails: dict[tuple[str, ...], str] = {}
        self._shown: dict[tuple[object, ...], str] = {}
        self._before: dict[Situation, str] = {}

    def decide(self, case: dict[str, Any]) -> Decision:
        """The decision on one case. Raises LifecycleError where the case cannot be."""
        told = case.copy()
        take = told.pop
        action, variant, body = take("action", None), take("variant", None), take("body", None)
        caller, microversion = take("caller", None), take("microversion", None)
        if action is None:
            raise CaseError("has no action")
        situation = self._situation(told)
        if body is not None:
            variant, mistakes = self.lifecycle.read(action, body, variant, microversion or self.microversion)
            situation = situation.but(**mistakes)
        return self._ruling(action, variant, caller, microversion).decide(situation)

    def _ruling(self, action: str, variant: str | None, caller: str | None, microversion: str | None) -> Ruling:
        key = (action, variant, caller, microversion)
        try:
            return self._rulings[key]
        except KeyError:
            pass
        except TypeError:
            wrong = next(name for name, value in zip(REQUEST_KEYS, key, strict=False) if _nested(value))
            raise CaseError(f"{wrong} must be text") from None
        ruling = self.lifecycle.ruling(action, variant, caller or self.caller, microversion or self.microversion)
        self._rulings[key] = ruling
        return ruling

    def _situation(self, told: dict[str, Any]) -> Situation:
        options = told.pop("options", None)
        values = told.values()
        key: tuple[object, ...] = (*told, *values, *map(type, values))
        if options is not None:
            told["options"] = options
            if type(options) is dict:
                key = (*key, *options.items(), *map(type, options.values()))
            else:
                return self._situate(told)
        try:
            return self._situations[key]
        except KeyError:
            pass
        except TypeError:  # a value that no key of a case has
            return self._situate(told)
        if len(self._situations) >= REMEMBERED:
            self._situations.clear()
        situation = self._situations[key] = self._situate(told)
        return situation

    def _situate(self, told: dict[str, Any]) -> Situation:
        try:
            return situate(self.lifecycle.rules, told)
        except UnknownKey as error:
            raise UnknownKey(error.name, (*REQUEST_KEYS, *error.names)) from None

    def answer(self, text: str) -> str:
        """A line of JSON with its decision added, as a line of JSON without its end. Raises LifecycleError."""
        case = read_case(text)
        decision = self.decide(case)
        told = self._text(decision)
        if self.advice:
            told = f'{told[:-1]}, "to_allow": {_dumps(decision.to_allow)}}}'
        if "decision" in case:
            del case["decision"]
            text = _dumps(case)
        return f'{text.strip()[:-1]}, "decision": {told}}}'

    def _text(self, decision: Decision) -> str:
        """The decision as JSON, put together from parts that many decisions share."""
        assumed = decision.ruling.assumed(decision)
        tail = self._tails.get(assumed)
        if tail is None:
            tail = self._tails[assumed] = _part(decision, ("assumed",))
        situation, outcome = decision.situation, decision.outcome
        if outcome is not None:
            key = (outcome, decision.shown_before)  # an outcome belongs to one action
            known = self._allowed.get(key)
            if known is None:
                known = self._allowed[key] = _part(decision, BEFORE), _part(decision, AFTER)
            return f"{{{known[0]}, {self._shows(decision.status, decision.task_state, decision.locked_by)}, {known[1]}, {tail}}}"
        before = self._before.get(situation) or self._show_before(decision)
        texts = [refusal.texts or _texts(refusal) for refusal in decision.refusals]
        also = ", ".join([text for _, text in texts[1:]])
        return f'{texts[0][0]}, {before}, {REFUSED}, "also": [{also}], {tail}}}'

    def _show_before(self, decision: Decision) -> str:
        """What a server that is refused goes on to show."""
        if len(self._before) >= REMEMBERED:
            self._before.clear()
        values = decision.situation.values
        found = self._shows(decision.shown_before, values["task_state"], values["locked_by"])
        self._before[decision.situation] = found
        return found

    def _shows(self, *shows: str | None) -> str:
        text = self._shown.get(shows)
        if text is None:
            text = self._shown[shows] = _dumps(dict(zip(SHOWN, shows, strict=True)))[1:-1]
        return text


SHOWN = ("status", "task_state", "locked_by")
BEFORE = KEYS[: KEYS.index(SHOWN[0])]
AFTER = KEYS[KEYS.index(SHOWN[-1]) + 1 : KEYS.index("assumed")]
REFUSED = '"tasks": [], "becomes": [], "on_failure": []'


def _part(decision: Decision, keys: tuple[str, ...]) -> str:
    return _dumps({key: getattr(decision, key) for key in keys})[1:-1]


def _texts(refusal: Refusal) -> tuple[str, str]:
    """A refusal as the beginning of a decision, and as one of those that would refuse as well."""
    first = {"allowed": False, **{key: getattr(refusal, key) for key in BEFORE[1:]}}
    refusal.texts = _dumps(first)[:-1], _dumps({"rule": refusal.rule, "reason": refusal.reason})
    return refusal.texts


def lines(file: IO[bytes], read: Callable[[int], object] | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that say something, numbered from 1; of one that is too long, only its beginning.

    `read` is told how many bytes each took.
    """
    number = 0
    while line := file.readline(MAX_LINE):
        number += 1
        whole = line.endswith(b"\n")
        if line.strip():
            yield number, line
        while not whole and (rest := file.readline(MAX_LINE)):
            whole = rest.endswith(b"\n")
        if read is not None:
            read(len(line))


def answers(cases: Cases, numbered: Iterable[tuple[int, bytes]]) -> Iterator[tuple[bool, str]]:
    """For each line whether it could be read, and the line that answers it."""
    for number, line in numbered:
        try:
            if len(line) >= MAX_LINE:
                raise CaseError(f"is longer than {MAX_LINE:,} bytes")
            yield True, cases.answer(line.decode())
        except UnicodeDecodeError as error:
            yield False, _dumps({"error": f"line {number}: is not UTF-8 at byte {error.start + 1}"})
        except LifecycleError as error:
            yield False, _dumps({"error": f"line {number}: {error}"})
