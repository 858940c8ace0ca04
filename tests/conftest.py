"""What all tests share: a cache of their own, and the compute table in both readings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lifecycle import Lifecycle

# The tests that need a running Nova are collected where there is one; .ci/live installs it.
collect_ignore = [] if os.environ.get("LIFECYCLE_NOVA_PYTHON") else ["live"]

settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def compute(_own_cache: None) -> Lifecycle:
    return Lifecycle.load("compute")


@pytest.fixture(scope="session")
def nova(_own_cache: None) -> Lifecycle:
    return Lifecycle.load("compute", reading="nova")
