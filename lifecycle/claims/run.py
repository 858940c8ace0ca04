"""Claims put to the table: every case asked, every listed code looked for, each with what is not as claimed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from lifecycle.cases import Cases
from lifecycle.claims.codes import codes_of
from lifecycle.claims.documents import answers_nothing, unknown
from lifecycle.errors import CaseError, LifecycleError, UnknownStatus, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.api import Lifecycle
    from lifecycle.table.claims import Book, Case, Claim, Expect, Section, Verdict

WHOLE = ("tasks", "becomes", "on_failure", "loses")  # lists, which are meant whole
NORMAL = "Normal response codes: "
ERRORS = "Error response codes: "
PARAMETERS = "rest_parameters:: "
PLACE = ("status", "state", "vm_state")  # who tells one of them takes none of the others from the section


class Result(NamedTuple):
    """What a claim came to under one reading; `failures` are sentences, each with the line of the claim."""

    section: str
    says: str
    verdict: Verdict
    about: str | None
    cases: int
    failures: tuple[str, ...]
    at: str

    def as_dict(self) -> dict[str, Any]:
        """The result in plain data."""
        return {**self._asdict(), "failures": list(self.failures)}


def run(lifecycle: Lifecycle, book: Book) -> Iterator[Result]:
    """Every claim of every section under the reading of the lifecycle, in the order of the file."""
    runner = _Runner(lifecycle, book)
    for key, section in book.claims.sections.items():
        if section.answers is not None or key in lifecycle.rules.actions:
            for number, claim in enumerate(book.claims.everywhere):
                yield runner.claim(key, section, claim, ("everywhere", number))
            yield from runner.codes(key, section)
            yield from runner.parameters(key, section)
        for claim, path in book.listed(key):
            yield runner.claim(key, section, claim, path)


def words(text: str, section: str) -> str:
    """The words of a claim as this section has them."""
    return text.replace("{action}", section)


class _Runner:
    """One run: the lifecycle, and what it was asked already."""

    def __init__(self, lifecycle: Lifecycle, book: Book) -> None:
        self.lifecycle = lifecycle
        self.book = book
        self.cases = Cases(lifecycle)
        self.nova = lifecycle.reading == "nova"

    def claim(self, key: str, section: Section, claim: Claim, path: tuple[str | int, ...]) -> Result:
        """One claim with all of its cases."""
        failures, count = [], 0
        for number, case in enumerate(claim.cases):
            at = self.book.at((*path, "cases", number))
            expect = case.nova if self.nova and case.nova else case.expect
            try:
                asked = list(self._asked(key, section, case))
            except LifecycleError as error:
                failures.append(f"{at}: {error}")
                continue
            count += len(asked)
            failures += [f"{at}: {_named(told)}: {failure}" for told in asked for failure in self._failures(told, expect)]
        if claim.no_document:
            count += 1
            if not answers_nothing(self.lifecycle, key):
                failures.append(f"{self.book.at(path)}: {key} is answered with a document")
        name = claim.differs or claim.id
        if name and name not in self._differences(key):
            failures.append(f"{self.book.at(path)}: no row of {key} differs by the id {name}")
        about = claim.checked_by or claim.contradicts or (name and self._why(key, name)) or claim.note
        says = words(claim.says or f"(silent on {claim.silent})", key)
        return Result(key, says, claim.verdict, about, count, tuple(failures), self.book.at(path))

    def _differences(self, key: str) -> dict[str, Any]:
        """The differences of an action's rows by id; a section that is about no action has none."""
        found: dict[str, Any] = self.lifecycle.rules.actions.get(key, {}).get("differs", {})
        return found

    def _why(self, key: str, name: str) -> str:
        """A difference in words: its id, and what both sides do."""
        return f"{name}: {self._differences(key).get(name, {}).get('why', 'unknown')}"

    def _asked(self, key: str, section: Section, case: Case) -> Iterator[dict[str, Any]]:
        """The cases that one stands for: one for each value of a list, over what is usual in the section."""
        told = case.told
        usual = {name: value for name, value in section.usual.items() if name not in PLACE or told.keys().isdisjoint(PLACE)}
        merged = {**({"action": key} if key in self.lifecycle.rules.actions else {}), **usual, **told}
        values = [[(name, _plain(one)) for one in self._each(name, value)] for name, value in merged.items()]
        for chosen in product(*values):
            yield dict(chosen)

    def _each(self, name: str, value: Any) -> list[Any]:
        """The values that a case names for a key: one, those of a list, or all but some."""
        if isinstance(value, dict) and set(value) == {"not"}:
            rules = self.lifecycle.rules
            domains: dict[str, Any] = {"state": rules.states, "task_state": rules.tasks, "caller": rules.callers}
            if name not in domains:
                raise CaseError(f"not can be said of {listed(domains)}, and not of {name}")
            left = _listed(value["not"])
            for one in left:
                if one not in domains[name]:
                    raise UnknownStatus(one, domains[name], name)
            return [one for one in domains[name] if one not in left]
        return _listed(value)

    def _failures(self, told: dict[str, Any], expect: Expect) -> Iterator[str]:
        try:
            decision = self.cases.decide(told)
        except LifecycleError as error:
            if expect.error is None or not str(error).startswith(expect.error):
                yield str(error)
            return
        if expect.error is not None:
            yield f"is a case, and should be an error: {expect.error}"
        for name, wanted in expect.model_dump(exclude_none=True, exclude={"error"}).items():
            found = getattr(decision, name)
            right = [
                decision.shown_before if one == "same" else _plain(one)
                for one in (wanted if isinstance(wanted, list) else [wanted])
            ]
            good = found == [one for one in right if one is not None] if name in WHOLE else found in right
            if not good:
                yield f"{name} is {_said(found)}, not {listed(map(_said, right), 'and' if name in WHOLE else 'or')}"

    def codes(self, key: str, section: Section) -> Iterator[Result]:
        """The codes that a section lists, and those that it forgets, each as a claim of its own."""
        found = codes_of(self.lifecycle, key)
        normal = {code for code, (_, allowed) in found.items() if allowed}
        refusing = {code: case for code, (case, allowed) in found.items() if not allowed}
        at = self.book.at(("sections", key, "answers"))
        wrong = (
            () if normal == {section.answers} else (f"{at}: {key} answers {listed(sorted(normal), 'or')}, not {section.answers}",)
        )
        yield Result(key, f"Normal response codes: {section.answers}", "holds", None, 1, wrong, at)
        for code in [*section.errors, *section.forgets]:
            yield self._code(key, section, code, refusing.get(code))
        at = self.book.at(("sections", key))
        for code in sorted(refusing.keys() - {*section.errors, *section.forgets}):
            wrong = (
                f"{at}: {_named(refusing[code])}: is answered {code}, which the section neither lists nor is said to forget",
            )
            yield Result(key, f"(silent on {code})", "contradicts itself", None, 1, wrong, at)

    def parameters(self, key: str, section: Section) -> Iterator[Result]:
        """The parameters that a section lists, each as a claim of its own: some field or header is called so."""
        for kind, names in (("request", section.request), ("response", section.response)):
            at = self.book.at(("sections", key, kind))
            wrong = unknown(self.lifecycle, kind, key, names)
            for name in names:
                failures = (f"{at}: no {kind} of {key} has {name}",) if name in wrong else ()
                yield Result(key, f"{PARAMETERS}{name} of the {kind}", "holds", None, 1, failures, at)

    def _code(self, key: str, section: Section, code: int, case: dict[str, Any] | None) -> Result:
        """One code, of which `case` is an example where there is one."""
        says, wanted, failures = f"{ERRORS}{code}", True, []
        about = _named(case) if case else None
        verdict: Verdict = "holds"
        at = self.book.at(("sections", key, "errors"))
        if code in section.forgets:
            says, verdict = f"(silent on {code})", "contradicts itself"
            at = self.book.at(("sections", key, "forgets"))
        elif name := section.differs.get(str(code)):
            verdict, about, wanted = "differs", self._why(key, name), not self.nova
            if name not in self._differences(key):
                failures.append(f"{at}: no row of {key} differs by the id {name}")
        elif str(code) in section.elsewhere:
            verdict, about, wanted = "not the table's", section.elsewhere[str(code)], False
        if wanted and case is None:
            failures.append(f"{at}: {key}: no case is answered {code}")
        elif case and not wanted:
            failures.append(f"{at}: {_named(case)}: is answered {code}, and should not be")
        return Result(key, says, verdict, about, int(verdict != "not the table's"), tuple(failures), at)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    return None if value == "none" else value


def _said(value: Any) -> str:
    """A value as claims.yaml writes it."""
    if isinstance(value, list):
        return listed(value) or "none"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_said(one)}" for name, one in value.items()) + "}"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _named(case: dict[str, Any]) -> str:
    """A case in one line: the action, then what is told."""
    return " ".join(
        [str(case.get("action", "")), *(f"{name}={_said(value)}" for name, value in case.items() if name != "action")]
    )
