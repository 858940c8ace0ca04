"""A run for programs and for pages: JSON, JUnit XML, and one HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from lifecycle.conform import replay
from lifecycle.conform.faults import KINDS
from lifecycle.conform.tell import lines, summary, times
from lifecycle.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.conform.findings import Finding
    from lifecycle.conform.run import Report


def as_dict(report: Report) -> dict[str, Any]:
    """All of a report, as JSON can hold it."""
    return {
        "table": report.lifecycle.rules.name,
        "reading": report.lifecycle.reading,
        "where": report.where,
        "holds": report.exit_code == 0,
        "exit_code": report.exit_code,
        "requests": report.requests,
        "servers": report.servers,
        "seconds": round(report.seconds, 3),
        "ended": report.ended,
        "broken": report.broken,
        "seed": report.seed,
        "cells": len(report.coverage.cells),
        "differences": report.differences,
        "not_seen": report.unseen,
        "left_behind": report.left,
        "findings": [replay.as_dict(finding) for finding in report.findings.every],
    }


def junit(report: Report) -> str:
    """A test case for each kind of fault, and within it a failure for each finding."""
    every = report.findings.every
    cases = [_case(kind, [one for one in every if one.fault.kind == kind], report) for kind in KINDS]
    failing = len({one.fault.kind for one in report.failing})
    errors = 1 if report.broken else 0
    if report.broken:
        cases.append(f'<testcase classname="conform" name="the run"><error message={quoteattr(report.broken)}/></testcase>')
    counts = f'tests="{len(cases)}" failures="{failing}" errors="{errors}" time="{report.seconds:.3f}"'
    head = f'<testsuite name="lifecycle conform" {counts}>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _case(kind: str, findings: list[Finding], report: Report) -> str:
    told = [_told(one, report, number) for number, one in enumerate((one for one in findings if one.fails), 1)]
    many = quoteattr(f"{len(told)} findings")
    failure = f"<failure message={many}>{_xml(chr(10).join(told))}</failure>" if told else ""
    return f'<testcase classname="conform" name={quoteattr(f"{kind}: {KINDS[kind]}")}>{failure}</testcase>'


def _told(finding: Finding, report: Report, number: int) -> str:
    return "\n".join(line for _, line in lines(finding, report.lifecycle.rules, number))


def _xml(text: str) -> str:
    """A text without what XML cannot hold."""
    return escape("".join(char if char in "\n\t" or char >= " " else "�" for char in text))


STYLE = """
:root{color-scheme:light dark;
--ink:#1d2430;--soft:#5b6575;--line:#d9dee7;--paper:#fff;--back:#f5f7fa;--good:#18794e;--bad:#c4320a}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf3;--soft:#9aa6b8;--line:#2c3644;--paper:#161c26;--back:#0f141c;
--good:#4cc38a;--bad:#ff8b5e}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0;padding:2rem 1rem}
main{max-width:62rem;margin:auto}h1{font-size:1.5rem;margin:0 0 .3rem}.verdict{font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--soft)}dd{margin:0}
details{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;margin:.7rem 0;padding:.6rem .9rem}
summary{cursor:pointer;font-weight:600}summary small{font-weight:400;color:var(--soft)}
pre{overflow-x:auto;background:var(--back);padding:.7rem;border-radius:.4rem;font-size:13px;line-height:1.45}
ul{color:var(--soft);padding-left:1.2rem}
"""


def html(report: Report) -> str:
    """One page."""
    good = report.exit_code == 0
    verdict = "keeps the lifecycle" if good else "could not be judged" if report.broken else "diverges from the lifecycle"
    notes = "".join(f"<li>{escape(line)}</li>" for line in summary(report))
    body = "".join(_details(report))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Conformance of {escape(report.where)}</title><style>{STYLE}</style><main>"
        f"<h1>{escape(report.where)}</h1><p class='verdict {'good' if good else 'bad'}'>{'✓' if good else '✗'} {verdict}</p>"
        f"<ul>{notes}</ul>{body}<p><small>server-lifecycle {__version__}, table {escape(report.lifecycle.rules.name)}, "
        f"reading {escape(report.lifecycle.reading)}, seed {report.seed}</small></p></main></html>\n"
    )


def _details(report: Report) -> Iterator[str]:
    for number, finding in enumerate(report.findings.every, 1):
        fault = finding.fault
        state = "" if finding.fails else " (known)" if finding.accepted else " (not confirmed)"
        story = "\n".join(line for kind, line in lines(finding, report.lifecycle.rules, number) if kind in ("step", "seen"))
        title = escape(f"{number}. {fault.action}: {KINDS[fault.kind]}{state}")
        yield (
            f"<details{' open' if number == 1 else ''}><summary>{title} "
            f"<small>seen {times(finding.times)}</small></summary><dl><dt>expected</dt><dd>{escape(fault.expected)}</dd>"
            f"<dt>came</dt><dd class=bad>{escape(fault.came)}</dd><dt>says</dt><dd><code>{escape(fault.row)}</code></dd>"
            f"<dt>where</dt><dd>{escape(', '.join(finding.where))}</dd></dl><pre>{escape(story)}</pre></details>"
        )
