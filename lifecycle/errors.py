"""What can go wrong with what a person gave us; nothing here is raised for a refusal, which is an answer.

Every error is one sentence that says where, what, and what would be right.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LifecycleError(Exception):
    """The root of all errors of this package; its text is meant for the person who gave the input."""


class UnknownName(LifecycleError):
    """A name that the table does not have; `nearest` is the one that was probably meant, or None."""

    kind = "name"

    def __init__(self, name: object, names: Iterable[str], hint: str = "") -> None:
        """`names` are those that would be right; `hint` replaces the list where more can be said."""
        self.name = name
        self.names = tuple(names)
        self.nearest = nearest(name, self.names)
        if self.nearest:
            hint = f"did you mean {self.nearest}?"
        elif not hint:
            hint = f"there are {listed(self.names)}" if self.names else f"there is no {self.kind} at all"
        super().__init__(f"no {self.kind} is called {shown(name)}; {hint}")


class UnknownAction(UnknownName):
    """No action of the table has this key (`os-stop`, `reboot` …)."""

    kind = "action"


class UnknownVariant(UnknownName):
    """The action has no such variant (`SOFT`, `HARD`)."""

    kind = "variant"


class UnknownStatus(UnknownName):
    """No state or task shows this status, or no such vm_state or task_state exists."""

    kind = "status"

    def __init__(self, name: object, names: Iterable[str], kind: str = "status") -> None:
        """`kind` is the key of the case that was wrong: status, vm_state or task_state."""
        self.kind = kind
        super().__init__(name, names)


class UnknownCaller(UnknownName):
    """No caller is called this (admin, member, reader …)."""

    kind = "caller"


class UnknownReading(UnknownName):
    """There are two readings: reference and nova."""

    kind = "reading"


class UnknownKey(UnknownName):
    """A case has no such key."""

    kind = "key of a case"


class UnknownTable(UnknownName):
    """No table of this name comes with the package, and there is no such file or folder."""

    kind = "table"


class UnknownMicroversion(LifecycleError):
    """Not a microversion of the table: not `major.minor`, or outside its range."""


class CaseError(LifecycleError):
    """A case, or the server in it, that cannot be: a wrong type, or keys that contradict each other."""


class TableError(LifecycleError):
    """A table with mistakes: all of them, in the order of files and lines."""

    def __init__(self, mistakes: Sequence[object]) -> None:
        """`mistakes` print as `file:line:column: message [where]`, each with the line shown."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that was probably meant by `name`, or None; case does not count."""
    import difflib  # only on the way to an error message

    folded = {known.lower(): known for known in names}
    close = difflib.get_close_matches(str(name)[:100].lower(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listed(names: Iterable[object], word: str = "and") -> str:
    """The names as a sentence has them: `a`, `a and b`, `a, b and c`."""
    texts = [str(name) for name in names]
    return f" {word} ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def shown(value: object, limit: int = 60) -> str:
    """A stranger's value, fit for one line of an error: control characters escaped, long ones cut."""
    text = value if isinstance(value, str) else _printed(value)
    if not text or not text.isprintable() or text != text.strip():
        text = repr(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _printed(value: object) -> str:
    try:
        return repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of too many digits
        return f"a very large {type(value).__name__}"
