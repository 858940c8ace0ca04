"""lifecycle serve: what it is told is read before anything is opened, and each mistake is one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lifecycle.cli.commands import main
from lifecycle.errors import LifecycleError
from lifecycle.serve import app
from lifecycle.serve.store import Store

DOOR = """\
name: door
title: A door
thing: door
usual: {state: OPEN, caller: visitor}
callers: {visitor: {}}
checks: {state: {code: 409}}
states: {OPEN: {}, SHUT: {}}
actions:
  shut: {title: Shut it, requires: {state: OPEN}, becomes: SHUT, cite: house rules}
  open: {title: Open it, requires: {state: SHUT}, becomes: OPEN, cite: house rules}
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "fast"], "Error: no clock is called fast; there are real, manual and such as 10x\n"),
        (["--option", "reclaim=1"], "Error: no option is called reclaim"),
        (
            ["--option", "rescue_timeout=soon"],
            "Error: option rescue_timeout must be a number, as in rescue_timeout=3600, not soon\n",
        ),
        (["--db", "/nowhere/at/all.db"], "Error: cannot keep anything in /nowhere/at/all.db: unable to open database file\n"),
        (["--clouds", "/nowhere/clouds.yaml"], "Error: cannot write /nowhere/clouds.yaml: No such file or directory\n"),
        (["--host", "no such host"], "Error: cannot listen on no such host:0"),
        (["--table", "nowhere"], "Error: no table is called nowhere"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert result.exit_code == 2
    assert result.output.startswith(words)
    assert result.output.count("\n") == 1


def test_a_table_that_cannot_be_served_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "door.yaml").write_text(DOOR, encoding="utf-8")
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--table", str(tmp_path / "door.yaml")])
    assert result.exit_code == 2
    assert "the door table cannot be served: it needs `wire`, `document` and an action that makes a door" in result.output


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from lifecycle.cli.commands import main; main(['serve', '--port', '0'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("Error: a service needs starlette and uvicorn")


def test_the_things_of_another_table_are_not_served(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "volumes.db"))
    store.belongs("volume")
    store.close()
    with pytest.raises(LifecycleError, match="the database is of the volume table, and this is compute"):
        app(db=str(tmp_path / "volumes.db"))
