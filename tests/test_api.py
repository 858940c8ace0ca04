"""Lifecycle and Server, as a program that embeds them uses them."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lifecycle import Lifecycle, LifecycleError, Server
from lifecycle.api import REMEMBERED
from lifecycle.errors import CaseError, UnknownTable


def test_servers_of_which_the_same_is_known_are_one() -> None:
    server = Server(status="PAUSED", locked_by="owner", options={"rescue_timeout": 1})
    assert Server(locked_by="owner", options={"rescue_timeout": 1}, status="PAUSED") is server
    assert Server(status="PAUSED", locked_by="owner", options={"rescue_timeout": 2}) is not server
    assert Server(host=True) is not Server(host=1)
    assert copy.deepcopy(server) is server
    assert pickle.loads(pickle.dumps(server)) is server  # noqa: S301 - our own
    assert repr(Server(status="PAUSED")) == "Server(status='PAUSED')"


def test_a_server_does_not_change() -> None:
    server = Server(status="PAUSED")
    with pytest.raises(AttributeError, match="make another one with its told"):
        server.told = {}
    with pytest.raises(CaseError, match="status cannot be"):
        Server(status=["PAUSED"])


def test_bound_and_unbound_give_the_same_decision(compute: Lifecycle) -> None:
    server = Server(status="ACTIVE")
    ask = compute.bind("member", "2.47")
    assert ask.decide("os-stop", server) is compute.decide("os-stop", server, caller="member", microversion="2.47")
    assert compute.bind("member", "2.47") is ask
    assert ask.decide("os-stop", server) is ask.decide("os-stop", server)


def test_actions_has_every_action_and_variant(compute: Lifecycle) -> None:
    decisions = compute.actions(Server(status="ACTIVE"))
    assert {name.partition(":")[0] for name in decisions} == set(compute.rules.actions)
    assert decisions["reboot:HARD"].variant == "HARD"
    assert decisions["os-stop"].allowed
    assert decisions["os-stop"] is compute.decide("os-stop", Server(status="ACTIVE"))


def test_threads_get_the_same_answers(compute: Lifecycle) -> None:
    def ask(number: int) -> tuple[int, bool]:
        lifecycle = Lifecycle(compute.rules)
        status = list(compute.rules.states)[number % 12]
        return lifecycle.decide("os-stop", Server(status=status)).code, Server(status=status) is Server(status=status)

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(ask, range(240)))
    assert codes == [ask(number) for number in range(240)]
    assert all(same for _, same in codes)


def test_what_is_kept_is_bounded(compute: Lifecycle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifecycle.api.REMEMBERED", 10)
    lifecycle = Lifecycle(compute.rules)
    for number in range(50):
        lifecycle.decide("os-stop", Server(status="ACTIVE", options={"rescue_timeout": number}))
    assert sum(len(row) for versions in lifecycle._answers.values() for rows in versions.values() for row in rows.values()) <= 10  # noqa: SLF001
    assert REMEMBERED > 10


def test_a_table_is_found_by_name_or_path(compute: Lifecycle, root: Path, tmp_path: Path) -> None:
    assert Lifecycle.load(root / "specs" / "compute").rules.name == compute.rules.name
    with pytest.raises(UnknownTable, match="no table is called compte; did you mean compute"):
        Lifecycle.load("compte")
    with pytest.raises(LifecycleError, match="no reading is called novva; did you mean nova"):
        Lifecycle.load("compute", reading="novva")
    with pytest.raises(LifecycleError, match=r"holds no \.yaml file"):
        Lifecycle.load(tmp_path)


def test_a_changed_file_is_noticed(tmp_path: Path, root: Path) -> None:
    door = (root / "tests/tables/valid/door.yaml").read_text(encoding="utf-8")
    path = tmp_path / "door.yaml"
    path.write_text(door, encoding="utf-8")
    assert Lifecycle.load(path).decide("shut", Server(status="SHUT")).code == 409
    path.write_text(door.replace("409", "418"), encoding="utf-8")
    assert Lifecycle.load(path).decide("shut", Server(status="SHUT")).code == 418
