"""A trace in words: what is asked, what happens, what the thing is then, and what is wrong with that."""

from __future__ import annotations

from lifecycle.engine.microversion import text
from lifecycle.errors import listed
from lifecycle.explore.moves import ADVANCE, EVENT, FAIL, REQUEST, SETTLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from lifecycle.engine.rules import Rules
    from lifecycle.explore.deployments import Run
    from lifecycle.explore.graph import Node, Step
    from lifecycle.explore.trace import Trace
    from lifecycle.explore.verify import Verdict


def strides(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps as they are told: work that goes on, task by task, and settles is one."""
    found: list[list[Step]] = []
    for step in steps:
        going = bool(found) and found[-1][-1].kind == ADVANCE
        if going and step.kind in (ADVANCE, SETTLE) and step.name == found[-1][-1].name:
            found[-1].append(step)
        else:
            found.append([step])
    return found


def where(verdict: Verdict, node: Node) -> str:
    """A situation in a line: what is usual is left out."""
    rules, values = verdict.graph.rules, node.values
    there = node.place.exists or rules.states[node.place.state]["end"]
    parts = [node.status if there else f"no {rules.thing} yet"]
    parts += [f"task {node.place.task_state}"] if node.place.task_state else []
    parts += [f"locked by {node.locked_by}"] if node.locked_by else []
    parts += [f"before {values['before']}"] if values["before"] else []
    implied = rules.states[node.place.state]["implies"]
    for name in verdict.graph.moves.keys:
        if name in rules.facts and name not in implied and values[name] != rules.facts[name]["usual"]:
            parts.append(f"{name} {str(values[name]).lower()}")
    if node.work and not node.place.task_state:
        parts.append(f"{node.work.name} under way")
    return ", ".join(parts)


def what(trace: Trace, stride: Sequence[Step]) -> str:
    """What happens in one stride: `lock by admin`, `create settles`, `host_up turns false`."""
    step = stride[-1]
    if step.kind == REQUEST:
        return f"{step.name} by {trace.caller(step)}"
    if step.kind == EVENT:
        return f"event {step.name}"
    if step.kind in WORK:
        return f"{step.name} {WORK[step.kind]}"
    return f"{step.name} turns {str(step.target.values[step.name]).lower()}"


WORK = {ADVANCE: "goes on", SETTLE: "settles", FAIL: "fails"}


def deployment(trace: Trace) -> str:
    """The deployment of a trace: its microversion, and what of it is not usual."""
    deployments = trace.verdict.graph.deployments
    version = deployments.told(trace.deployment).get("microversion")
    odd = [f"{key} {str(value).lower()}" for key, value in deployments.unusual(trace.deployment).items() if key != "microversion"]
    usual = "in the usual deployment" if deployments.size > 1 else "in every deployment"
    return ", ".join([*([f"at {version}"] if version else []), *odd]) or usual


def lines(trace: Trace) -> Iterator[str]:
    """A trace, line by line, and what is wrong at its end."""
    verdict = trace.verdict
    rows = [("", "", where(verdict, trace.start))]
    loop, taken = 0, 0
    for number, stride in enumerate(strides_of(trace), 1):
        loop = number if trace.loop == taken else loop
        taken += len(stride)
        rows.append((str(number), what(trace, stride), where(verdict, stride[-1].target)))
    if trace.refusal is not None:
        rows.append((str(len(rows)), f"{trace.refusal.name} by {trace.caller(trace.refusal)}", "refused"))
    width = max(len(told) for _, told, _ in rows)
    yield f"{deployment(trace)}:"
    for ordinal, told, place in rows:
        yield f"  {ordinal:>2}  {told:<{width}}  {place}".rstrip()
    yield f"  {_wrong(trace, loop)}"


def strides_of(trace: Trace) -> list[list[Step]]:
    """The strides of a trace; none reaches into its loop, or into the last step where that is what is wrong."""
    wrong = trace.verdict.kind == "never" and trace.refusal is None
    cut = len(trace.steps) - wrong if trace.loop is None else trace.loop
    return [*strides(trace.steps[:cut]), *strides(trace.steps[cut:])]


def _wrong(trace: Trace, loop: int) -> str:
    """What is wrong at the end of a trace."""
    verdict = trace.verdict
    if verdict.kind == "never":
        outcome = trace.steps[-1].outcome if trace.refusal is None else None
        return f"this must never be ({outcome.row})" if outcome else "this must never be"
    aim = said(verdict.graph.rules, verdict.said["wants"])
    if verdict.kind == "always":
        return f"here it must be {aim}"
    if verdict.kind == "reachable":
        who = listed(verdict.said["by"], "or") if verdict.said["by"] is not None else "anyone"
        return f"from here no request of {who} leads to {aim}"
    rests = trace.loop == len(trace.steps)
    return f"here nothing is under way, and it may never be {aim}" if rests else f"and so on for ever from {loop}: never {aim}"


def said(rules: Rules, where: Mapping[str, Sequence[Any]]) -> str:
    """What situations are meant, in words: `state ACTIVE or SHUTOFF, task none`."""
    return ", ".join(f"{WORDS.get(key, key)} {_values(rules, key, values)}" for key, values in where.items()) or "anything"


WORDS = {"task_state": "task", "locked_by": "locked by"}


def _values(rules: Rules, key: str, values: Sequence[Any]) -> str:
    domains: dict[str, list[Any]] = {"state": [*rules.states], "task_state": [None, *rules.tasks]}
    others = [value for value in domains.get(key, ()) if value not in values]
    if others and len(others) < len(values):
        return f"other than {listed(map(_value, others), 'or')}"
    return listed(map(_value, values), "or")


def _value(value: Any) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def missing(verdict: Verdict) -> str:
    """What is wrong with a property that nothing breaks: there is nothing of which it speaks, or that it says there is."""
    at = runs(verdict.vacuous)
    where = f" at {at}" if at and len(verdict.vacuous) < len(verdict.graph.deployments.runs) else ""
    what_is_not = "there is no such step" if verdict.kind == "sometimes" else "it is vacuous: nothing that it speaks of can be"
    return f"{what_is_not}{where}"


def runs(vacuous: Sequence[Run]) -> str:
    """Microversions in words: `2.1 to 2.43 and 2.95 to 2.104`; neighbours together."""
    ends = sorted((run for run in vacuous if run[0] and run[1]), key=lambda run: run[0] or (0, 0))
    spans: list[list[Any]] = []
    for first, last in ends:
        if spans and first == (spans[-1][1][0], spans[-1][1][1] + 1):
            spans[-1][1] = last
        else:
            spans.append([first, last])
    return listed(text(first) if first == last else f"{text(first)} to {text(last)}" for first, last in spans)
