"""A run in words for a terminal, and its findings as requests that can be pasted."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from lifecycle.conform.faults import KINDS
from lifecycle.conform.story import CREATE, NOWHERE
from lifecycle.conform.wire import TOKEN, asked, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.conform.findings import Finding
    from lifecycle.conform.run import Report
    from lifecycle.conform.story import Step
    from lifecycle.engine.rules import Rules

SHOWN = 20  # findings that are told in full
WAITS = {"settle": "wait until nothing is under way", "advance": "wait until the task has ended"}


def lines(finding: Finding, rules: Rules, number: int) -> Iterator[tuple[str, str]]:
    """A finding in lines, each with what it is: title, fact, step."""
    fault = finding.fault
    yield "title", f"{number}. {fault.action}: {KINDS[fault.kind]}"
    yield "expected", f"expected  {fault.expected}  ({fault.row})"
    yield "came", f"came      {fault.came}"
    more = [action for action in finding.actions if action != fault.action]
    if finding.times > 1:
        also = f", also of {', '.join(more[:4])}{' …' if len(more) > 4 else ''}" if more else ""  # noqa: PLR2004
        yield "fact", f"seen {times(finding.times)}{also}"
    if finding.confirmed is False:
        yield "fact", "it did not come again on a new server, and fails no run"
    last = None
    for step in finding.story:
        if step.seen is None or step.seen != last:
            yield from _step(step, rules)
        last = step.seen


def times(number: int) -> str:
    """How often, in words."""
    return "once" if number == 1 else f"{number:,} times"


def _step(step: Step, rules: Rules) -> Iterator[tuple[str, str]]:
    if step.asked is None:
        if step.seen is not None:
            yield "seen", f"      → {step.seen}"
        elif step.what in WAITS:
            yield "step", f"    # {WAITS[step.what]}"
        return
    answer = step.answer
    code = "no answer" if answer is None or answer.lost else str(answer.code or f"made {answer.id}")
    words = f" {answer.message}" if answer and answer.message else ""
    call = f"  [{answer.request_id}]" if answer and answer.request_id else ""
    if rules.data["wire"] is None:
        yield "step", f"    {step.asked.request}"
    else:
        yield "step", f"    {curl(step, rules)}"
    yield "seen", f"      → {code}{words}{call}"


def curl(step: Step, rules: Rules) -> str:
    """A request as a line for a shell: `$CLOUD` is the address of the service, `$MEMBER` a token, `$SERVER` the server."""
    assert step.asked is not None  # noqa: S101
    request = step.asked.request
    server = None if step.what == CREATE else "$SERVER" if step.what != NOWHERE else "nowhere"
    method, path, body = asked(rules, request, None)
    path = path.replace("{id}", server or "")
    said = headers(rules, request.microversion, None)
    said.pop("Accept")
    anonymous = rules.callers[request.caller].fails == "token" if request.caller in rules.callers else False
    parts = ["curl", "-s", *(["-X", method] if method != "GET" else []), f'"$CLOUD{path}"']
    if request.caller and not anonymous:
        parts += ["-H", f'"{TOKEN}: ${request.caller.upper()}"']
    parts += [part for name, value in said.items() for part in ("-H", shlex.quote(f"{name}: {value}"))]
    if body is not None:
        parts += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(short(body))]
    return " ".join(parts)


def short(body: Any) -> str:
    """A body as JSON, cut where it is very long."""
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


LONG = 2_000


def summary(report: Report) -> Iterator[str]:
    """What was asked, and what came of it."""
    seconds = f"{report.seconds:.1f} s"
    yield f"{report.requests:,} requests to {report.servers:,} servers in {seconds}; {report.ended}"
    yield f"{len(report.coverage.cells):,} cells of status, action, caller and lock were visited"
    for name, request in sorted(report.differences.items()):
        yield f"named difference {name}: {request}"
    for sentence in report.unseen:
        yield f"not seen: {sentence}"
    if report.left:
        yield f"left behind: {', '.join(report.left)}"
    if report.broken:
        yield f"broken off: {report.broken}"
