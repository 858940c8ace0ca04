"""A deployment's policy file, laid over a table: read strictly, understood by oslo.policy, kept as plain data.

What the file leaves out is as the table's `policies` say. Each policy that an action asks is asked once for
each caller, so that a decision looks it up; what a file could do to whoever asks is bounded before it is asked.
"""

from __future__ import annotations

import difflib
import os
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from lifecycle.engine.checks import CALLER, NOBODY
from lifecycle.engine.rules import Rules
from lifecycle.errors import LifecycleError, TableError, shown
from lifecycle.table.bundled import SETTLED
from lifecycle.table.oslo import cycles, enforcer_of, lets_through, library, parsed, references, walked, weights
from lifecycle.table.source import MAX_MISTAKES, Mistake, Source, meant, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Data = Mapping[str, Any]

KIND = "policy file"
MAX_CHECK = 10_000  # characters of one check string
MAX_DEPTH = 50  # checks within checks, through all rules that are referred to
MAX_PARTS = 5_000  # checks that one rule asks, all that it refers to counted each time
MAX_ROLES = 100  # that no caller of the table has
REMOTE = ("http", "https")

_loaded: dict[str, tuple[tuple[object, ...], Rules, Rules]] = {}


def with_policy(rules: Rules, path: str | os.PathLike[str]) -> Rules:
    """The same rules with a policy file laid over them: other rules, the given ones stay as they are.

    Raises TableError with every mistake of the file, and LifecycleError where the table has no policies or
    oslo.policy is not installed.
    """
    if rules.data["policies"] is None:
        raise LifecycleError(f"the {rules.name} table has no policies, so no file can change them")
    name = os.fspath(path)
    signature = _signature(name)
    known = _loaded.get(name)
    if known and known[0] == signature and known[1] is rules:
        return known[2]
    made = _laid_over(rules, name)
    if signature and time.time() - os.stat(name).st_mtime >= SETTLED:
        _loaded[name] = signature, rules, made
    return made


def _signature(path: str) -> tuple[object, ...]:
    """What tells one state of a file from another; nothing where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ()
    return status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _laid_over(rules: Rules, path: str) -> Rules:
    library()
    try:
        source, mistakes = read(path, shown(path, limit=4_096), KIND)
    except ValueError:  # a NUL byte
        raise LifecycleError(f"cannot read {shown(path)}: no file is called so") from None
    file = _File(rules, source, path)
    if source.content is not None:
        mistakes += file.mistakes()
    if mistakes:
        mistakes.sort(key=lambda mistake: mistake.place)
        raise TableError(mistakes)
    return Rules({**rules.data, **_compiled(rules, file)})


class _File:
    """The rules of a policy file with those that the table has by default, as oslo.policy understands them."""

    def __init__(self, rules: Rules, source: Source, path: str) -> None:
        self.source = source
        self.path = path
        self.policies: Data = rules.data["policies"]
        self.asked = dict(_asked(rules))
        self.defaults = {**self.policies["rules"], **{name: text for name, (text, _) in self.asked.items()}}
        self.says: dict[str, Any] = {}
        self.checks: dict[str, Any] = {}
        self._known = {*self.defaults, *self.policies["renamed"], *self.policies["others"]}

    def mistakes(self) -> list[Mistake]:
        """All that is wrong with the rules of the file; `checks` are those of all rules that are right."""
        if not isinstance(self.source.content, dict):
            return [self.source.mistake((), "a policy file is a mapping of rules, each with its check string")]
        found: list[Mistake] = []
        for check in (self._understood, self._misspelt, self._references):
            found += islice(check(), MAX_MISTAKES)
        for check in (self._heavy, self._undecidable):
            found += [] if found else islice(check(), MAX_MISTAKES)
        return found

    def _understood(self) -> Iterator[Mistake]:
        """What oslo.policy cannot read."""
        defaults = parsed(self.defaults)
        self.checks = {name: check for name, check in defaults.items() if check is not None}
        for name, said in self.source.content.items():
            wrong = _wrong(said)
            if wrong is None:
                check = parsed({name: said})[name]
                if check is not None and max((depth for _, depth in walked(check)), default=0) <= MAX_DEPTH:
                    self.says[name] = said
                    self.checks[name] = check
                    continue
                wrong = f"is nested more than {MAX_DEPTH} deep" if check is not None else _not_understood(said)
            self.checks.setdefault(name, parsed({name: NOBODY})[name])  # it is there, though nobody can say what it asks
            yield self.source.mistake((name,), wrong)

    def _misspelt(self) -> Iterator[Mistake]:
        """Names that are nearly those of the table, and that no other rule refers to."""
        referred = {name for own in self.says for name in references(self.checks[own])}
        for name in self.source.content:
            if name not in self._known and name not in referred:
                near = _nearly(name, self._known)
                if near:
                    yield self.source.mistake((name,), f"no policy is called {shown(name)}; did you mean {near}?", key=True)

    def _references(self) -> Iterator[Mistake]:
        """Rules that refer to what is not there, or to themselves."""
        ours = self._reachable(self.asked)
        for name in self.says:
            for other in dict.fromkeys(references(self.checks[name])):
                if other not in self.checks and (name in ours or ":" not in other):
                    near = None if other in self._known else _nearly(other, self.checks)
                    if near:
                        why = f"which is nowhere; did you mean {near}?"
                    elif ":" in other:
                        why = "whose default the table does not know; say it in the file"
                    else:
                        why = f"which is nowhere{meant(other, self.checks)}"
                    yield self.source.mistake((name,), f"refers to rule:{shown(other)}, {why}")
        for cycle in cycles(self.checks):
            first = next((name for name in cycle if name in self.says), None)
            if first is not None:
                at = cycle.index(first)
                way = " → ".join([*cycle[at:], *cycle[:at], first])
                yield self.source.mistake((first,), f"refers to itself: {shown(way, limit=200)}")

    def _reachable(self, names: Iterable[str]) -> set[str]:
        """The rules that these ask, through whatever they refer to."""
        found, todo = set[str](), list(names)
        todo += [old for old, new in self.policies["renamed"].items() if old in self.says and set(new["to"]) & set(todo)]
        while todo:
            name = todo.pop()
            if name not in found and name in self.checks:
                found.add(name)
                todo += references(self.checks[name])
        return found

    def _heavy(self) -> Iterator[Mistake]:
        """Rules that would take too long to ask; roles without number."""
        for name, weight in weights(self.checks).items():
            if name in self.says and (weight.parts > MAX_PARTS or weight.depth > MAX_DEPTH):
                many = f"more than {MAX_PARTS:,} checks" if weight.parts > MAX_PARTS else f"checks more than {MAX_DEPTH} deep"
                yield self.source.mistake((name,), f"asks {many}, with all the rules that it refers to")
        if len(self.roles()) > MAX_ROLES:
            yield self.source.mistake((), f"speaks of more than {MAX_ROLES} roles; no deployment has so many")

    def _undecidable(self) -> Iterator[Mistake]:
        """What is not decided by the token and the thing alone, where an action of the table asks it."""
        ours = self._reachable(self.asked)
        for name in self.says:
            for check, _ in walked(self.checks[name]):
                kind = getattr(check, "kind", None)
                if kind in REMOTE and name in ours:
                    yield self.source.mistake((name,), f"asks a service of your own ({kind}:), which cannot be decided here")

    def roles(self) -> list[str]:
        """The roles that the file speaks of, by the names that no caller of the table has."""
        taken = {name.lower() for name in self.policies["tokens"]}
        found: dict[str, str] = {}
        for name in self.says:
            for check, _ in walked(self.checks[name]):
                role = getattr(check, "match", "") if getattr(check, "kind", "") == "role" else ""
                if role and "%" not in role and role.lower() not in taken:
                    found.setdefault(role.lower(), role)
        return list(found.values())

    def told(self, name: str) -> tuple[str, str] | None:
        """What the file makes a rule ask, and the line where: its own, or that of the first rule it refers to."""
        seen, todo = set[str](), [self._spoken(name)]
        while todo:
            rule = todo.pop(0)
            if rule in self.says:
                return self._words(self._spoken(name)), f"{self.source.name}:{self.source.keys[rule,].line}"
            if rule not in seen:
                seen.add(rule)
                todo += references(self.checks[rule])
        return None

    def _spoken(self, name: str) -> str:
        """The rule that speaks for a name: a name of old where only that stands in the file and says something new."""
        if name not in self.says:
            for old, new in self.policies["renamed"].items():
                was = parsed({name: new["was"]})[name]
                if name in new["to"] and old in self.says and self.checks[old] not in (was, self._refers(name)):
                    return str(old)
        return name

    @staticmethod
    def _refers(name: str) -> Any:
        return parsed({name: f"rule:{name}"})[name]

    def _words(self, name: str) -> str:
        """What a rule asks; of one that only refers to another also what that asks."""
        said = self.says.get(name, self.defaults.get(name, ""))
        words = str(self.checks[name]) if isinstance(said, list) else said.strip() or "nothing"
        other = words.removeprefix("rule:")
        if words.startswith("rule:") and other in self.checks:
            further = self._words(other)
            return NOBODY if further == NOBODY else f"{words}, that is {further.rpartition(', that is ')[2]}"
        return words


def _asked(rules: Rules) -> Iterator[tuple[str, tuple[str, set[str]]]]:
    """Every policy that the table asks: its check string by default, and what it is asked of."""
    policies = rules.data["policies"]
    targets: dict[str, set[str]] = {policies["admin"]["rule"]: {CALLER}}
    least: dict[str, str] = {}
    for action in (*rules.actions.values(), *rules.reads.values()):
        for edition in action["editions"]:
            rule = edition["rule"]
            for name in filter(None, (rule["policy"], rule["override"])):
                targets.setdefault(name, set()).add(rule["target"] or "")
            if rule["policy"]:
                least[rule["policy"]] = policies["by"].get(rule["by"], NOBODY) if rule["by"] else "@"
    for name, some in targets.items():
        yield name, (policies["rules"].get(name) or least.get(name, NOBODY), some)


def _wrong(said: object) -> str | None:
    """Why this is no check string, or None where it is one, or a list of lists of checks as of old."""
    lists = said if isinstance(said, list) else [said]
    texts: list[Any] = [text for part in lists for text in (part if isinstance(part, list) else [part])]
    if not all(isinstance(text, str) for text in texts):
        return "must be a check string, such as role:admin or rule:admin_api"
    if sum(len(text) for text in texts) > MAX_CHECK:
        return f"is longer than {MAX_CHECK:,} characters; no check string is"
    return None


def _not_understood(said: Any) -> str:
    text = said if isinstance(said, str) else repr(said)
    return f"is no check string that oslo.policy understands: {shown(text)}"


def _nearly(name: str, known: Iterable[str]) -> str | None:
    """The known name from which this one differs in one part only, and there in little."""
    parts = name.split(":")
    best, found = 0.0, None
    for other in known:
        theirs = other.split(":")
        differing = [number for number, part in enumerate(parts) if len(theirs) == len(parts) and part != theirs[number]]
        if len(differing) != 1:
            continue
        at = differing[0]
        ratio = difflib.SequenceMatcher(None, parts[at][:100], theirs[at]).ratio()
        if ratio > best and ratio >= (ALIKE_LAST if at == len(parts) - 1 and at > 1 else ALIKE):
            best, found = ratio, other
    return found


ALIKE_LAST, ALIKE = 0.7, 0.9  # the last part is short, and of its group all that there are is known


def _compiled(rules: Rules, file: _File) -> dict[str, Any]:
    """The parts of a table's rules that a policy file makes others: the callers, and whom each policy lets through."""
    policies = file.policies
    enforcer = enforcer_of(file.path, file.defaults, policies)
    tokens: dict[str, dict[str, Any]] = {name: dict(token) for name, token in policies["tokens"].items()}
    tokens |= {role: {**tokens[policies["any_role"]], "roles": [role]} for role in file.roles() if role not in rules.callers}
    callers = {name: dict(data) for name, data in rules.data["callers"].items()}
    like = callers[policies["any_role"]]
    least = max(data["rank"] for data in callers.values()) + 1
    callers |= {name: {**like, "rank": least} for name in tokens if name not in callers}
    admin = policies["admin"]
    for name, token in tokens.items():
        token[admin["carries"]] = None
        is_admin = lets_through(enforcer, admin["rule"], _target(policies, CALLER, token), token)
        token[admin["carries"]] = is_admin
        own = token.get(admin["finds_by"]) == policies["thing"][admin["finds_by"]]
        callers[name] |= {"passes_lock": is_admin, "fails": None if is_admin or own else admin["others_fail"]}
    known: dict[tuple[str, str], list[str]] = {}
    lets: dict[str, dict[str, list[str]]] = {name: {} for name in file.asked}
    for name, (_, targets) in file.asked.items():
        for target in sorted(targets):
            key = str(enforcer.rules[name]), target  # most policies ask the same
            if key not in known:
                asked = ((who, _target(policies, target, token), token) for who, token in tokens.items())
                known[key] = [who for who, told, token in asked if lets_through(enforcer, name, told, token)]
            lets[name][target] = known[key]
    spoken = {name: file.told(name) for name in file.asked}
    says = {name: {"asks": words[0], "at": words[1]} for name, words in spoken.items() if words}
    return {"callers": callers, "policy": {"name": file.source.name, "lets": lets, "rules": says}}


def _target(policies: Data, target: str, token: Data) -> dict[str, str]:
    """What a policy is told of the thing, or of the caller's own."""
    if target == CALLER:
        return {key: token[key] for key in policies["thing"] if key in token}
    return {key: policies["thing"][key] for key in policies["targets"].get(target, ())}
