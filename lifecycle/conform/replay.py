"""A finding as a file that tells its story again: JSON that a person can read and `--replay` can run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lifecycle.conform.story import CREATE, NOWHERE, REQUEST, TOGETHER, Step
from lifecycle.conform.target import Request
from lifecycle.errors import LifecycleError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lifecycle.conform.findings import Finding
    from lifecycle.conform.judge import Judge

VERSION = 1
REQUESTS = (CREATE, REQUEST, NOWHERE, TOGETHER)
KEYS = ("action", "variant", "body", "caller", "microversion", "names")


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding with its story, as JSON can hold it."""
    fault = finding.fault
    return {
        "kind": fault.kind,
        "action": fault.action,
        "keys": finding.keys,
        "title": finding.title,
        "expected": fault.expected,
        "came": fault.came,
        "row": fault.row,
        "rule": fault.rule,
        "status": fault.status,
        "times": finding.times,
        "actions": [*finding.actions],
        "where": [*finding.where],
        "confirmed": finding.confirmed,
        "accepted": finding.accepted,
        "story": [_step(step) for step in finding.story],
    }


def _step(step: Step) -> dict[str, Any]:
    if step.asked is None:
        return {step.what: step.seen} if step.seen else {step.what: True}
    request = {key: getattr(step.asked.request, key) for key in KEYS}
    told: dict[str, Any] = {step.what: {key: value for key, value in request.items() if value not in (None, {})}}
    if step.answer is not None:
        answer = {"code": step.answer.code, "message": step.answer.message, "request_id": step.answer.request_id}
        told["answer"] = {key: value for key, value in answer.items() if value is not None}
    return told


def written(findings: Iterable[Finding], table: str) -> str:
    """Findings as a replay file."""
    return json.dumps(
        {"lifecycle": VERSION, "table": table, "findings": [as_dict(one) for one in findings]}, indent=1, ensure_ascii=False
    )


def read(path: str) -> list[dict[str, Any]]:
    """The findings of a replay file. Raises LifecycleError where it is none."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise LifecycleError(f"cannot read {shown(path, 200)}: {getattr(error, 'strerror', None) or error}") from None
    found = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) and _is_story(one.get("story")) for one in found):
        raise LifecycleError(f"{shown(path, 200)} is no replay file: it needs findings, each with a story")
    return found


def _is_story(told: object) -> bool:
    return isinstance(told, list) and bool(told)


def story(judge: Judge, told: dict[str, Any]) -> list[Step]:
    """The steps of a finding in a replay file. Raises LifecycleError where one of them is none."""
    return [_read_step(judge, step) for step in told["story"]]


def _read_step(judge: Judge, step: Any) -> Step:
    if not isinstance(step, dict) or not step:
        raise LifecycleError(f"a step of a story is an object, not {shown(step)}")
    what = next(iter(step))
    if what not in REQUESTS:
        return Step(what)
    said = step[what]
    if not isinstance(said, dict) or "action" not in said or set(said) - set(KEYS):
        raise LifecycleError(f"a request has the keys {', '.join(KEYS)}, and this is {shown(said)}")
    names = said.get("names", {})
    if not isinstance(names, dict) or not all(isinstance(one, str) for one in names.values()):
        raise LifecycleError(f"the names of a request are texts by what they name, not {shown(names)}")
    return Step(what, judge.asked(Request(**said)))
