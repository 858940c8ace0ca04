"""lifecycle diff: which answers change, for whom, with the shortest request that shows it."""

from __future__ import annotations

import json
import shlex
import sys
from time import monotonic

import click

from lifecycle.cli.commands import examples, load
from lifecycle.engine.microversion import text
from lifecycle.engine.rules import READINGS
from lifecycle.errors import CaseError, listed, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any

    from lifecycle.explore.diff import Change, Diff, Group, Side

BOTH = 2  # sides
NO_POLICY = "none"
PATIENCE = 1.0  # seconds before a progress bar is shown


@click.command(
    "diff",
    epilog=examples(
        "lifecycle diff compute ./my-compute",
        "lifecycle diff --microversion 2.43 --microversion 2.44",
        "lifecycle diff --reading reference --reading nova",
        "lifecycle diff --as member --as admin --json",
        "lifecycle diff --policy none --policy policy.yaml",
        "lifecycle diff --with options.reclaim_instance_interval=0 --with options.reclaim_instance_interval=3600",
    ),
)
@click.argument("tables", nargs=-1, metavar="[LEFT RIGHT]")
@click.option(
    "--table", "-t", default="compute", show_default=True, metavar="NAME|PATH", help="The one table, where two are not named."
)
@click.option("--microversion", multiple=True, metavar="X.Y", help="Once: as of then. Twice: the two sides. Default: all.")
@click.option("--reading", type=click.Choice(READINGS), multiple=True, help="Once or twice. Default: reference.")
@click.option("--as", "caller", multiple=True, metavar="CALLER", help="Who asks, once or twice. Default: everybody.")
@click.option("--policy", multiple=True, metavar="FILE", help="A deployment's policy file, once or twice; none is no file.")
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="options.NAME=VALUE",
    help="A deployment's option, once, or twice with two values. Default: whatever its value.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(as_json: bool, **options: Any) -> None:
    """Find every answer that differs between two tables, or two microversions, readings, callers, policies or options of one.

    By meaning, not by text: all states, tasks, locks, facts, options and callers are looked at. Each difference comes
    with the shortest request that tells the two sides apart, as a command that asks the left side.
    Exits with 0 when nothing differs, 1 when something does.
    """
    left, right = _sides(options)
    found = _diff(*left[:1], *right[:1])
    asks = (left[1], right[1])
    if as_json:
        click.echo(json.dumps(_data(found, asks), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(found, asks)))
    sys.exit(0 if found.same else 1)


def _sides(options: dict[str, Any]) -> list[tuple[Side, list[str]]]:
    """The two sides, each with the options by which `check` asks it. Raises UsageError where there are not two."""
    from lifecycle.explore.diff import Side

    tables: Sequence[str] = options["tables"] or (options["table"],) * BOTH
    if len(tables) != BOTH:
        raise click.UsageError("two tables are compared: name LEFT and RIGHT")
    values = _options(options["others"])
    named = {"--microversion": "microversion", "--reading": "reading", "--as": "caller", "--policy": "policy"}
    given = {**{flag: options[name] for flag, name in named.items()}, **values}
    for name, some in given.items():
        if len(some) > BOTH:
            raise click.UsageError(f"{name} is given {len(some)} times; there are two sides")
    if not options["tables"] and not any(len(some) == BOTH for some in given.values()):
        raise click.UsageError(
            "what is compared? Name two tables, or give --microversion, --reading, --as, --policy or --with options.NAME=… twice"
        )
    sides = []
    for number, table in enumerate(tables):
        version, reading, caller, policy = (some[number % len(some)] if some else None for some in list(given.values())[:4])
        policy = None if policy == NO_POLICY else policy
        fixed = {name: some[number % len(some)] for name, some in values.items()}
        lifecycle = load(table, reading or READINGS[0], policy)
        asks = ["--reading", reading] if reading and reading != READINGS[0] else []
        asks += ["--table", table] if table != "compute" else []
        asks += ["--policy", policy] if policy else []
        sides.append((Side(lifecycle.rules, lifecycle.reading, caller, version, fixed), asks))
    return sides


def _options(texts: Sequence[str]) -> dict[str, list[int]]:
    """The values of each option that was given. Raises CaseError."""
    found: dict[str, list[int]] = {}
    for given in texts:
        key, equals, value = given.partition("=")
        group, dot, name = key.partition(".")
        if not equals or not dot or group != "options" or not value.removeprefix("-").isdecimal():
            raise CaseError(f"--with takes options.NAME=NUMBER here, not {shown(given)}")
        found.setdefault(name, []).append(int(value))
    return found


def _diff(left: Side, right: Side) -> Diff:
    """What differs; a progress bar on a terminal where that takes longer than a second."""
    from lifecycle.explore.diff import diff

    began = monotonic()
    bar: Any = None

    def done(number: int, total: int) -> None:
        nonlocal bar
        if bar is None and monotonic() - began > PATIENCE and number < total:
            bar = click.progressbar(length=total, label="actions", file=sys.stderr, hidden=not sys.stderr.isatty())
            bar.__enter__()
        if bar is not None:
            bar.update(number - bar.pos)

    try:
        return diff(left, right, done)
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def _lines(found: Diff, asks: tuple[list[str], list[str]]) -> Iterator[str]:
    """All that differs, for a person at a terminal."""
    if found.same:
        yield f"{click.style('✓', fg='green')} no answer differs ({found.total} actions and events, {_scope(found)})"
        return
    names = dict.fromkeys(group.action for group in found.groups)
    yield f"{click.style('✗', fg='red')} {len(names)} of {found.total} actions and events answer otherwise" + (
        f", and the tables say {len(found.table)} thing{'s' * (len(found.table) > 1)} otherwise" if found.table else ""
    )
    yield from (f"{what}: {_value(one)} → {_value(other)}" for what, one, other in found.table)
    for (name, callers), lines in _paragraphs(found, asks).items():
        yield ""
        yield "  ".join(filter(None, [click.style(name, bold=True), callers]))
        for line, command in lines:
            yield f"  {line}"
            if command:
                yield click.style(f"    {command}", dim=True)


def _paragraphs(found: Diff, asks: tuple[list[str], list[str]]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The lines under each heading, an action and who is answered otherwise; the plainest first, what reads the same once."""
    names = list(dict.fromkeys(map(_name, found.groups)))
    lines: dict[tuple[str, str], list[Group]] = {}
    for group in sorted(found.groups, key=lambda group: (names.index(_name(group)), _where(found, group).count(";"))):
        lines.setdefault((_name(group), f"{_where(found, group)}: {_changes(group.changes)}"), []).append(group)
    paragraphs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (name, line), groups in lines.items():
        usual = (found.left.rules.usual_caller, found.right.rules.usual_caller)
        shown_ = next((group for group in groups if usual in group.box.get("caller", (usual,))), groups[0])
        command = next(iter(_commands(found, shown_, asks)), "")
        paragraphs.setdefault((name, _callers(found, groups)), []).append((line, command))
    return paragraphs


def _scope(found: Diff) -> str:
    return f"{len(found.domain('state'))} states, {len(found.domain('task_state')) - 1} tasks"


def _name(group: Group) -> str:
    variants = dict.fromkeys(filter(None, group.variants))
    return " ".join([group.action, *variants])


def _callers(found: Diff, groups: Sequence[Group]) -> str:
    """Who is answered otherwise; nothing where everybody is."""
    if any("caller" not in group.box for group in groups):
        return ""
    order = list(found.left.rules.callers)
    pairs = sorted({pair for group in groups for pair in group.box["caller"]}, key=lambda pair: order.index(pair[0]))
    return ", ".join(one if one == other else f"{one} → {other}" for one, other in pairs)


def _where(found: Diff, group: Group) -> str:
    """The situations of a group, what is usual left out: `ACTIVE, SHUTOFF; locked by admin; host false`."""
    parts = [] if "state" in group.box else ["every state"]
    for key in sorted(group.box, key=lambda key: (FIRST.index(key) if key in FIRST else len(FIRST), key)):
        if key == "microversion":
            parts.append(_versions(found, group))
        elif key != "caller" and not _is_usual(found, group, key):
            words = _some(found.domain(key), group.box[key])
            parts.append(
                {"state": words, "task_state": f"task {words}".replace(BUSY, "busy")}.get(key, f"{LABELS.get(key, key)} {words}")
            )
    return "; ".join(parts)


def _some(domain: Sequence[Any], values: Collection[Any]) -> str:
    """Some values of a domain, or all but the others where these are fewer."""
    few = [value for value in domain if value in values]
    rest = [value for value in domain if value not in values]
    return ", ".join(map(_value, few)) if len(few) <= len(rest) + 1 else f"all but {', '.join(map(_value, rest))}"


def _is_usual(found: Diff, group: Group, key: str) -> bool:
    """Whether a group asks of a key just what is meant where nothing is told."""
    from lifecycle.explore.example import usual

    values = group.box[key]
    if key == "state":
        return False
    if key in PLAIN:
        return values == {PLAIN[key]}
    states = group.box.get("state") or found.domain("state")
    sides = (found.left.rules, found.right.rules)
    return all(values == {usual(rules, key, state)} for rules in sides for state in states)


PLAIN = {"task_state": None, "locked_by": None, "before": None, "exists": True, "envelope": True, "body": True}
FIRST = ("state", "task_state", "locked_by", "before")
LABELS = {"locked_by": "locked by"}
BUSY = "task all but none"


def _versions(found: Diff, group: Group) -> str:
    """The microversions of a group as ranges: each is told by the last of its run."""
    from lifecycle.explore.diff import runs

    ranges: list[list[Any]] = []
    every = runs(found, group.action, group.variants)
    for number, (first, last) in enumerate(every):
        if last not in group.box["microversion"]:
            continue
        if ranges and ranges[-1][2] == number - 1:
            ranges[-1][1:] = [last, number]
        else:
            ranges.append([first, last, number])
    texts = (_range(next(filter(None, first)), next(filter(None, last))) for first, last, _ in ranges)
    return f"microversion {listed(texts)}"


def _range(first: Any, last: Any) -> str:
    return text(first) if first == last else f"{text(first)} to {text(last)}"


def _changes(changes: Sequence[Change]) -> str:
    """What differs, in a line: `202 → 409 state`, `becomes SHUTOFF → ACTIVE`."""
    told = {key: (one, other) for key, one, other in changes}
    if "there" in told:
        return " → ".join(
            "there" if code is None else f"{code} {rule}" for code, rule in zip(told["code"], told["rule"], strict=True)
        )
    codes, rules = told.pop("code", None), told.pop("rule", None)
    parts = []
    if rules and (codes or rules[0] != rules[1]):
        sides = zip(codes or ("", ""), rules, strict=True)
        parts.append(" → ".join(" ".join(filter(None, [str(code), rule])) for code, rule in sides))
    elif codes:
        parts.append(f"{codes[0]} → {codes[1]}")
    parts += [f"{WORDS.get(key, key)} {_value(one)} → {_value(other)}" for key, (one, other) in told.items()]
    return ", ".join(parts)


WORDS = {
    "message": "words",
    "on_failure": "if it fails",
    "status": "shown as",
    "task_state": "task shown",
    "locked_by": "locked by",
}


def _value(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(one)}" for key, one in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)


def _commands(found: Diff, group: Group, asks: tuple[list[str], list[str]]) -> list[str]:
    """The commands that ask the left side and the right for the smallest example; none where there is none."""
    from lifecycle.explore.example import example

    cases = example(found, group) or ()
    return [_command(case, ask) for case, ask in zip(cases, asks, strict=False)]


def _command(case: dict[str, Any], asks: Collection[str]) -> str:
    words = ["lifecycle", "check", case["action"]]
    for key, value in case.items():
        if key in FLAGS:
            words += [FLAGS[key], json.dumps(value) if key == "body" else "null" if value is None else value]
        elif key == "options":
            words += [word for name, number in value.items() for word in ("--with", f"options.{name}={number}")]
        elif key != "action":
            words += ["--with", f"{key}={_value(value)}"]
    return shlex.join([*words, *asks])


FLAGS = {
    "variant": "--variant",
    "status": "--status",
    "vm_state": "--vm-state",
    "task_state": "--task-state",
    "locked_by": "--locked-by",
    "caller": "--as",
    "microversion": "--microversion",
    "body": "--body",
}


def _data(found: Diff, asks: tuple[list[str], list[str]]) -> dict[str, Any]:
    """The same for programs."""
    from lifecycle.explore.example import example

    groups = []
    for group in found.groups:
        cases = example(found, group)
        where = {key: [value for value in found.domain(key) if value in group.box[key]] for key in group.box if key not in ASKED}
        groups.append(
            {
                "action": group.action,
                "event": group.action in found.left.rules.events,
                "variant": list(group.variants) if group.variants[0] != group.variants[1] else group.variants[0],
                "callers": sorted(map(list, group.box["caller"])) if "caller" in group.box else None,
                "microversions": _versions(found, group).partition(" ")[2] if "microversion" in group.box else None,
                "where": where,
                "changes": {key: [one, other] for key, one, other in group.changes},
                "cases": list(cases) if cases else None,
                "commands": _commands(found, group, asks),
            }
        )
    table = [{"what": what, "left": one, "right": other} for what, one, other in found.table]
    return {"same": found.same, "table": table, "actions": groups}


ASKED = ("caller", "microversion")
