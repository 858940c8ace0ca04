"""Starts a Nova for the live tests: the interpreter that `LIFECYCLE_NOVA_PYTHON` names has it installed."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).with_name("nova_server.py")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A running Nova with its worlds made, on free ports of loopback."""
    python = os.environ.get("LIFECYCLE_NOVA_PYTHON")
    if not python:
        pytest.skip("LIFECYCLE_NOVA_PYTHON names no interpreter that has Nova installed")
    folder = tmp_path_factory.mktemp("nova")
    bus = folder / "bus.jsonl"
    ports = ["--port", "0", "--control-port", "0"]
    command = [python, str(SERVER), *ports, "--notifications", str(bus), "--tmp", str(folder / "scratch")]
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
        try:
            yield from _ready(process, folder, bus)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _ready(process: subprocess.Popen[str], folder: Path, bus: Path) -> Iterator[Cloud]:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"Nova did not start: {(folder / 'stderr').read_text()[-2000:]}")
    cloud = Cloud(json.loads(line), bus)
    try:
        cloud.build()
        yield cloud
    finally:
        cloud.close()


@pytest.fixture
def rng() -> random.Random:
    """Chance that can be had again: `LIFECYCLE_LIVE_SEED` is the number that was printed."""
    seed = int(os.environ.get("LIFECYCLE_LIVE_SEED") or random.SystemRandom().randrange(10**6))
    print(f"LIFECYCLE_LIVE_SEED={seed}")  # noqa: T201 - shown where a test fails
    return random.Random(seed)  # noqa: S311 - nothing is to be kept secret
