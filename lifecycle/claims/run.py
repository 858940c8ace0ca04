"""Claims put to the table: every case asked, every listed code looked for, each with what is not as claimed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from lifecycle.cases import Cases
from lifecycle.claims.codes import codes_of
from lifecycle.errors import LifecycleError, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.api import Lifecycle
    from lifecycle.table.claims import Book, Case, Claim, Expect, Section, Verdict

WHOLE = ("tasks", "becomes", "on_failure", "loses")  # lists, which are meant whole
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
        if key in lifecycle.rules.actions:
            for number, claim in enumerate(book.claims.everywhere):
                yield runner.claim(key, section, claim, ("everywhere", number))
            yield from runner.codes(key, section)
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
            for told in self._asked(key, section, case):
                count += 1
                failures += [f"{at}: {_named(told)}: {failure}" for failure in self._failures(told, expect)]
        ids = filter(None, (claim.differs, claim.id))
        failures += [
            f"{self.book.at(path)}: no row differs by the id {name}" for name in ids if name not in self._differences(key)
        ]
        about = claim.checked_by or claim.contradicts or claim.differs or claim.note
        says = words(claim.says or f"(silent on {claim.silent})", key)
        return Result(key, says, claim.verdict, about, count, tuple(failures), self.book.at(path))

    def _differences(self, key: str) -> set[str]:
        action = self.lifecycle.rules.actions.get(key)
        return set(action["differs"]) if action else set()

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
            left = value["not"] if isinstance(value["not"], list) else [value["not"]]
            return [one for one in domains.get(name, ()) if one not in left]
        return value if isinstance(value, list) else [value]

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

    def _code(self, key: str, section: Section, code: int, case: dict[str, Any] | None) -> Result:
        """One code, of which `case` is an example where there is one."""
        says, verdict, about, wanted = f"Error response codes: {code}", "holds", case and _named(case), True
        kind = "errors"
        if code in section.forgets:
            says, verdict, kind = f"(silent on {code})", "contradicts itself", "forgets"
        elif str(code) in section.elsewhere:
            verdict, about, wanted = "not the table's", section.elsewhere[str(code)], False
        elif str(code) in section.differs:
            verdict, about, wanted = "differs", section.differs[str(code)], not self.nova
        at = self.book.at(("sections", key, kind))
        wrong = []
        if wanted != (case is not None):
            wrong.append(
                f"{at}: {key}: no case is answered {code}" if wanted else f"{at}: {_named(case or {})}: is answered {code}"
            )
        if verdict == "differs" and about not in self._differences(key):
            wrong.append(f"{at}: no row differs by the id {about}")
        return Result(key, says, verdict, about, int(verdict != "not the table's"), tuple(wrong), at)  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    return None if value == "none" else value


def _said(value: Any) -> str:
    if isinstance(value, list):
        return listed(value) or "none"
    return (
        {None: "none", True: "true", False: "false"}.get(value, str(value))
        if not isinstance(value, int) or isinstance(value, bool)
        else str(value)
    )


def _named(case: dict[str, Any]) -> str:
    """A case in one line: the action, then what is told."""
    return " ".join(
        [str(case.get("action", "")), *(f"{name}={_said(value)}" for name, value in case.items() if name != "action")]
    )
