"""What finds a wrong word of a cloud: three ways, each told the right table, the wrong one, a limit of requests and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

Finding = tuple[str | None, int]
"""What was found first, None where nothing was; and after how many requests, looks at servers included."""


class Found(BaseException):
    """A finder is done. hypothesis would take an Exception for a failure, and tell it again to shrink it."""


class Search:
    """One search, until the first finding or the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.what: str | None = None
        self.over = False

    def told(self, what: str | None, requests: int) -> None:
        """What a request has shown, and how many there were. Raises Found where that is enough."""
        if what is not None or requests >= self.limit:
            self.end(what)

    def end(self, what: str | None) -> NoReturn:
        """Raises Found."""
        self.what, self.over = what, True
        raise Found

    def run(self, search: Callable[[], object]) -> str | None:
        """What a search has found."""
        from hypothesis.errors import FlakyStrategyDefinition

        try:
            search()
        except (Found, FlakyStrategyDefinition):  # to break off in the midst of a history is flaky where it began like another
            if not self.over:
                raise
        return self.what
