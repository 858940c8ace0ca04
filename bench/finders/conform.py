"""`lifecycle conform`, until its first finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.finders import Search
from lifecycle.conform.embedded import embedded
from lifecycle.conform.run import Run
from lifecycle.conform.tour import Limits

if TYPE_CHECKING:
    from bench.finders import Finding
    from lifecycle import Lifecycle
    from lifecycle.conform.faults import Fault
    from lifecycle.conform.story import Step


class First(Run):
    """A run that ends with its first finding."""

    search: Search

    def note(self, fault: Fault, story: list[Step]) -> None:
        """Raises Found."""
        del story
        self.search.end(fault.kind)


def find(right: Lifecycle, wrong: Lifecycle, limit: int, seed: int) -> Finding:
    """The tour, and random histories after it where the limit allows."""
    run = First(right, "the embedded service", Limits(requests=limit), seed)
    run.search = Search(limit)
    what = run.search.run(lambda: run.over(embedded(right, {}, wrong)))
    return what, sum(tour.subject.requests for tour in run.tours)
