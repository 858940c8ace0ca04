"""For pytest: a cloud of one's own in every test that asks for `lifecycle_cloud`; nothing heavy until one does."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from starlette.applications import Starlette

    from lifecycle.deviate import Deviation
    from lifecycle.serve.clock import Clock

OPTIONS = {
    "--lifecycle-seed": ("LIFECYCLE_CONFORM_SEED", "NUMBER", "the seed of conformance's random histories"),
    "--lifecycle-replay": ("LIFECYCLE_CONFORM_REPLAY", "FILE", "conformance tells the stories of this file again"),
    "--lifecycle-report": ("LIFECYCLE_CONFORM_REPORT", "FILE", "conformance writes its report there, one HTML page"),
}
"""The options of pytest, each with the variable in which a test case of `lifecycle.conform.testing` finds it."""
STARTS = 10  # seconds in which a server starts, or never will


class LifecycleCloud:
    """A service that obeys the compute table. Its `clock` stands still until the test lets it go ahead.

    `app` is to be called with no socket, as by `httpx.ASGITransport`; `url` is there for clients that need one.
    """

    def __init__(self) -> None:
        """All of it is in memory."""
        from lifecycle.serve import Clock, app

        self.clock: Clock = Clock(0)
        self.app: Starlette = app(clock=self.clock)
        self._server: Any = None
        self._url: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the API is, from the first time that this is asked."""
        if self._url is None:
            from lifecycle.serve import listen

            bound, ready = listen.listen("127.0.0.1", 0), threading.Event()
            self._server = listen.server(self.app, ready.set)
            self._thread = threading.Thread(target=self._server.run, args=([bound],), daemon=True)
            self._thread.start()
            if not ready.wait(STARTS):
                raise RuntimeError("the service did not start")
            self._url = listen.address(bound) + self.app.state.cloud.documents.base
        return self._url

    def deviate(self, *deviations: Deviation) -> None:
        """Is wrong in just these words of the table from now on; with none of them it is right again."""
        self.app.state.cloud.deviate(deviations)

    def close(self) -> None:
        """Ends it, and waits until it has ended."""
        if self._thread is None:
            self.app.state.cloud.store.close()
            return
        self._server.should_exit = True
        self._thread.join(STARTS)


@pytest.fixture
def lifecycle_cloud() -> Iterator[LifecycleCloud]:
    """A cloud in which nothing is yet, and in which time passes as the test says: `lifecycle_cloud.clock.advance(60)`."""
    cloud = LifecycleCloud()
    yield cloud
    cloud.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `conformance` of lifecycle.conform.testing may be told."""
    group = parser.getgroup("lifecycle")
    for option, (_, metavar, text) in OPTIONS.items():
        group.addoption(option, metavar=metavar, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Hands the options on."""
    for option, (variable, _, _) in OPTIONS.items():
        said = config.getoption(option)
        if said is not None:
            os.environ[variable] = said
