"""The glossary: the words that every table shares, and those of this one."""

from __future__ import annotations

from lifecycle.docs import markdown as md
from lifecycle.docs.book import EVENTS, GLOSSARY, MATRICES
from lifecycle.engine.rules import READINGS
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.docs.book import Book
    from lifecycle.engine.rules import Caller, Check

WORDS = {
    "status": "what the API shows. It follows from the vm_state and the task_state: each pair shows one status",
    "vm_state": "what a {thing} is when nothing is under way",
    "task_state": "what is under way, or none: the {thing} is idle",
    "state": "the idle status that stands for a vm_state",
    "action": "what a caller asks for: the key of a request's body, or a request with an address of its own; some have variants",
    "event": "what happens without a caller: see [what happens by itself]({events})",
    "precondition": "what an action asks of the {thing}",
    "lock": "what an owner or an admin puts on a {thing}, so that others may not change it: see [the matrices]({matrices})",
    "policy": "what an action asks of the caller; a deployment's policy file may ask something else",
    "decision": "the answer to “may this be done now?”: allowed or refused, the code, the rule that refused, the reason, the row",
    "rule": "the check that refused, by its name",
    "outcome": "what follows when a request is accepted: the tasks, where it ends, where it ends if the work fails",
    "loss": "what cannot be had back once the action was done",
    "row": "the file and the line of the table that say so",
    "source": "where a row is from: a section of the service's documentation, or what was observed",
    "reading": "which of two truths a decision speaks for where they differ: {readings}",
    "difference": "where the two readings part, with an id, both readings and why",
    "microversion": "the version of the API that a request asks for; actions, fields and outcomes come, change and go with it",
}
ORDER = "In the order in which they are asked; the first that refuses answers."


def glossary_page(book: Book) -> str:
    """The whole page, in Markdown."""
    rules = book.rules
    left_out = {"event": rules.events, "lock": rules.holders, "task_state": rules.tasks, "microversion": rules.newest}
    meant = {word: meaning for word, meaning in WORDS.items() if left_out.get(word, True)}
    words = {"thing": md.text(rules.thing), "events": EVENTS, "matrices": MATRICES, "readings": listed(READINGS, "or")}
    callers = ((md.text(name), md.text(_caller(book, caller))) for name, caller in rules.callers.items())
    says = f"{md.text(rules.service)} says"
    return book.page(
        GLOSSARY,
        "The words",
        md.table(("word", "what it means"), ((word, meaning.format(**words)) for word, meaning in meant.items())),
        md.section("Callers", [*md.paragraph("From who may the most to who may the least."), *md.table(("caller", ""), callers)]),
        md.section("Checks", [*md.paragraph(ORDER), *md.table(("check", "rule", "code", says), map(_check, rules.checks))]),
        md.section("Facts", md.table(("fact", "yes", "no", "usual"), _facts(book))),
        md.section("Options", md.table(("option", "usual"), ((md.code(k), str(v)) for k, v in rules.options.items()))),
        md.section("Locks", md.table(("locked by", "that is"), ((md.text(k), md.text(v)) for k, v in rules.holders.items()))),
        md.section("Losses", [f"- {md.text(loss)}: {_with_loss(book, loss)}" for loss in _losses(book)]),
        md.section("States", md.table(("status", "vm_state"), _states(book))),
        md.section("Tasks", md.table(("task_state", "of"), ((md.code(task), _runs(book, task)) for task in rules.tasks))),
    )


def _caller(book: Book, caller: Caller) -> str:
    holds = f"locks as {book.rules.holders[caller.holds]}" if caller.holds else "locks nothing"
    fails = f"fails the check {caller.fails}" if caller.fails else ""
    alike = [name for name, other in book.rules.callers.items() if other.rank == caller.rank and other is not caller]
    like = f"may as much as a {alike[0]}" if alike and caller.fails else ""
    return ", ".join(filter(None, [like, holds, "passes all locks" if caller.passes_lock else "", fails]))


def _check(check: Check) -> tuple[str, ...]:
    return md.text(check.name), md.text(check.rule), str(check.code), md.text(check.message or "—")


def _facts(book: Book) -> Iterator[tuple[str, ...]]:
    for name, fact in book.rules.facts.items():
        yield md.code(name), md.text(fact["says"]["true"]), md.text(fact["says"]["false"]), "yes" if fact["usual"] else "no"


def _states(book: Book) -> Iterator[tuple[str, str]]:
    for name, state in book.rules.states.items():
        yield book.to_status(name, GLOSSARY), md.text(state["vm_state"])


def _runs(book: Book, task: str) -> str:
    """The actions that run through a task."""
    found = {one: None for one, outcome in _outcomes(book) if task in outcome["tasks"]}
    return ", ".join(book.to_action(one, GLOSSARY) for one in found) or "no action"


def _with_loss(book: Book, loss: str) -> str:
    return ", ".join(book.to_action(one, GLOSSARY) for one in {one: None for one, row in _outcomes(book) if loss in row["loses"]})


def _losses(book: Book) -> list[str]:
    return list({loss: None for _, outcome in _outcomes(book) for loss in outcome["loses"]})


def _outcomes(book: Book) -> Iterator[tuple[str, dict[str, list[str]]]]:
    for name, action in book.rules.actions.items():
        for edition in action["editions"]:
            for outcome in edition["rule"]["outcomes"]:
                yield name, outcome
