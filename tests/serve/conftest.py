from collections.abc import Iterator

import pytest
from serving import Client

from lifecycle.serve import Clock, app


@pytest.fixture
def client() -> Iterator[Client]:
    """A service with no socket, whose clock stands."""
    clock = Clock(0)
    made = app(clock=clock)
    yield Client(made, clock)
    made.state.cloud.store.close()
