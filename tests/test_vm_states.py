"""docs/vm-states.md: what Nova's own page says, held against what a running Nova was recorded to answer."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from vm_states import PAGE, answered, claimed, table, wrong

from lifecycle import Lifecycle, Server
from lifecycle.cli.commands import main

PAGE_OF_OURS = (Path(__file__).resolve().parent.parent / "docs" / "vm-states.md").read_text(encoding="utf-8")
COMMANDS = [
    part
    for block in re.findall(r"```console\n(.*?)```", PAGE_OF_OURS, re.DOTALL)
    for part in re.split(r"(?m)^(?=\$ )", block)
    if part
]


def test_every_point_is_told_with_the_codes_that_were_answered() -> None:
    """`python tests/vm_states.py` prints the table anew."""
    assert "\n".join(table()) in PAGE_OF_OURS


def test_the_compute_table_agrees_with_every_answer_that_the_page_does_not(compute: Lifecycle) -> None:
    answers, compared = answered(), 0
    for trigger, (too_many, too_few) in wrong().items():
        action, _, variant = trigger.partition(":")
        for state in (*too_many, *too_few):
            decision = compute.decide(action, Server(status=state), "member", "2.47", variant or None)
            assert decision.code == answers[trigger][state][0], (trigger, state)
            compared += 1
    assert compared > 20


def test_the_page_is_right_about_the_rest() -> None:
    """Or the table would be longer: each of its claims is either in it, or holds."""
    answers, mistakes = answered(), wrong()
    for trigger, states in claimed().items():
        for state in states - set(mistakes[trigger][0]):
            assert answers[trigger][state][0] < 400, (trigger, state)


@pytest.mark.parametrize("shown", COMMANDS, ids=lambda shown: shown.partition("\n")[0])
def test_what_a_console_shows_is_what_is_printed(root: Path, monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    monkeypatch.chdir(root)
    command, _, output = shown.partition("\n")
    assert CliRunner().invoke(main, shlex.split(command.removeprefix("$ lifecycle "))).output == output


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 8


def test_the_page_leaves_no_way_out_of_a_pending_resize() -> None:
    page = Lifecycle.load(PAGE)
    allowed = {name for name, decision in page.actions(Server(status="VERIFY_RESIZE")).items() if decision.allowed}
    assert allowed - {"create"} == {"DELETE"}


def test_its_links_lead_somewhere(root: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", PAGE_OF_OURS)
    assert [link for link in links if not (root / "docs" / link).exists()] == []
    assert links
