"""Verdicts that do not hold as tests to paste: each leads a machine to where the table is wrong, and fails there."""

from __future__ import annotations

import json

from lifecycle.explore.moves import ADVANCE, EVENT, FAIL, REQUEST, SETTLE, TURN
from lifecycle.explore.telling import said, strides_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from lifecycle.explore.graph import Step
    from lifecycle.explore.trace import Trace
    from lifecycle.explore.verify import Verdict

HEAD = """\
# Made by `lifecycle verify --format test`: each test fails as long as the table breaks its property.
from lifecycle import Lifecycle{imports}
"""


def as_tests(verdicts: Iterable[Verdict], load: Sequence[str]) -> str:
    """A module of tests, one for each verdict that does not hold; `load` are the arguments that load the table, as code."""
    made = ["\n".join(_test(verdict, load)) for verdict in verdicts if not verdict.holds]
    imports = ", Server" if any("Server(" in one for one in made) else ""
    return "\n\n".join([HEAD.format(imports=imports), *(f"{one}\n" for one in made)])


def code(value: Any) -> str:
    """A value as Python has it, its texts in double quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{code(key)}: {code(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(code, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _test(verdict: Verdict, load: Sequence[str]) -> Iterator[str]:
    yield f"def test_{''.join(char if char.isalnum() else '_' for char in verdict.name)}() -> None:"
    yield f'    """{verdict.said["title"]} ({verdict.said["at"]})."""'.replace("\\", "\\\\")
    yield f"    lifecycle = Lifecycle.load({', '.join(load)})"
    made = verdict.trace
    if made is not None:
        yield from (f"    {line}" for line in _walk(made))
    if made is None or verdict.kind == "reachable":
        yield f"    (verdict,) = lifecycle.verify({code(verdict.name)})"
        yield "    assert verdict.holds, verdict"


def _walk(made: Trace) -> Iterator[str]:
    """The steps of a trace, and the assertion that fails after them."""
    version = made.verdict.graph.deployments.told(made.deployment).get("microversion")
    at = f", {code(version)}" if version else ""
    thing, asking = f"Server({_told(made)})", None
    strides = strides_of(made)
    refused = made.refusal is not None
    last = strides.pop() if made.verdict.kind == "never" and not refused else None
    loop, taken = made.loop, 0
    callers = (
        [_caller(made, stride) for stride in strides] + [_caller(made, last)] if last else [_caller(made, one) for one in strides]
    )
    callers += [made.caller(made.refusal)] if made.refusal is not None else []
    first = next((caller for caller in callers if caller), made.verdict.graph.rules.usual_caller)
    yield f"thing = lifecycle.machine({thing}, {code(first)}{at})"
    asking = first
    for stride in strides:
        if taken == loop:
            yield "before = thing.told()"
        taken += len(stride)
        caller = _caller(made, stride)
        if caller and caller != asking:
            yield f"thing = lifecycle.machine(thing, {code(caller)}{at})"
            asking = caller
        yield _does(stride)
    caller = callers[-1] if callers else None
    if (last or refused) and caller and caller != asking:
        yield f"thing = lifecycle.machine(thing, {code(caller)}{at})"
    yield from _asserts(made, last)


def _caller(made: Trace, stride: Sequence[Step]) -> str | None:
    return made.caller(stride[-1]) if stride[-1].kind == REQUEST else None


def _does(stride: Sequence[Step]) -> str:
    step = stride[-1]
    end = code(step.target.place.state)
    words = {
        REQUEST: f"trigger({code(step.name)})",
        EVENT: f"trigger({code(step.name)})",
        SETTLE: f"settle({end})",
        FAIL: f"fail({end})",
        TURN: f"turn({code(step.name)})",
        ADVANCE: "advance()",
    }
    return "; ".join([f"thing.{words[ADVANCE]}"] * len(stride)) if step.kind == ADVANCE else f"thing.{words[step.kind]}"


def _asserts(made: Trace, last: Sequence[Step] | None) -> Iterator[str]:
    verdict = made.verdict
    if last is not None:
        yield f"assert not {_may(last)}, {code(verdict.said['title'])}"
    elif made.refusal is not None:
        yield f"assert thing.may({code(made.refusal.name)}), {code(verdict.said['title'])}"
    elif verdict.kind == "always" or made.loop == len(made.steps):
        if verdict.kind != "always":
            yield "thing.settle()  # nothing is under way: it stays as it is"
        wants = verdict.said["wants"]
        options = verdict.graph.rules.options
        yield f"assert {' and '.join(_so(key, values, option=key in options) for key, values in wants.items())}, thing.told()"
    elif made.loop is not None:
        why = f"it goes round for ever, and is never {said(verdict.graph.rules, verdict.said['wants'])}"
        yield f"assert thing.told() != before, {code(why)}"


def _may(last: Sequence[Step]) -> str:
    """Whether the last step can be taken."""
    step = last[-1]
    if step.kind in (SETTLE, FAIL):
        return f"thing.leads({code(step.kind)}, {code(step.target.place.state)})"
    return f"thing.may({code(step.name)})" if step.outcome else code(step.kind)


def _so(key: str, values: Sequence[Any], *, option: bool) -> str:
    shown = "thing.status" if key == "status" else f"thing.{'situation.values' if option else 'told()'}[{code(key)}]"
    if len(values) == 1:
        return f"{shown} {'is' if values[0] is None or isinstance(values[0], bool) else '=='} {code(values[0])}"
    return f"{shown} in {code(list(values))}"


def _told(made: Trace) -> str:
    """What a machine begins from, in the keys of a case: what is not usual."""
    graph = made.verdict.graph
    rules, values = graph.rules, made.start.values
    odd = graph.deployments.unusual(made.deployment)
    told: dict[str, Any] = {} if values["exists"] else {"exists": False}
    told |= {key: values[key] for key in rules.facts if key in graph.moves.keys and values[key] != rules.facts[key]["usual"]}
    told |= {key: value for key, value in odd.items() if key in rules.facts}
    options = {key: value for key, value in odd.items() if key in rules.options}
    told |= {"options": options} if options else {}
    return ", ".join(f"{key}={code(value)}" for key, value in told.items())
