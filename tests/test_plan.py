"""Plans and advice, case by case."""

from pathlib import Path

import pytest

from lifecycle import Lifecycle, Server
from lifecycle.errors import UnknownStatus
from lifecycle.explore.plan import NoPlan


@pytest.mark.parametrize(
    ("told", "target", "requests"),
    [
        ({"status": "PAUSED"}, "SHUTOFF", ["unpause", "os-stop"]),
        ({"status": "ACTIVE"}, "ACTIVE", []),
        ({"status": "RESIZE"}, "PAUSED", ["confirmResize", "pause"]),
        ({"status": "VERIFY_RESIZE", "before": "SHUTOFF"}, "RESCUE", ["confirmResize", "rescue"]),
        ({"status": "ACTIVE", "locked_by": "owner"}, "SHUTOFF", ["unlock", "os-stop"]),
        ({"status": "ACTIVE"}, "RESIZE", ["resize"]),
        ({"status": "SHELVED_OFFLOADED"}, "SUSPENDED", ["unshelve", "suspend"]),
    ],
)
def test_the_fewest_requests(compute: Lifecycle, told: dict[str, object], target: str, requests: list[str]) -> None:
    plan = compute.plan(Server(**told), target)
    assert [decision.action for decision in plan.requests] == requests
    assert plan.loses == []


@pytest.mark.parametrize(
    ("told", "target", "sentence"),
    [
        (
            {"status": "ACTIVE"},
            "DELETED",
            "no requests of a member bring a server from ACTIVE to DELETED without a loss; DELETE would, and lose server",
        ),
        (
            {"status": "ACTIVE", "locked_by": "admin"},
            "SHUTOFF",
            "no requests of a member bring a server from ACTIVE to SHUTOFF without a loss; an admin could: os-stop",
        ),
        (
            {"status": "DELETED"},
            "ACTIVE",
            "no requests of a member bring a server from DELETED to ACTIVE without a loss, and of nobody else",
        ),
    ],
)
def test_why_there_is_no_plan(compute: Lifecycle, told: dict[str, object], target: str, sentence: str) -> None:
    with pytest.raises(NoPlan) as caught:
        compute.plan(Server(**told), target)
    assert str(caught.value) == sentence


def test_a_loss_is_taken_when_it_is_allowed(compute: Lifecycle) -> None:
    plan = compute.plan(Server(status="ACTIVE"), "DELETED", allow_loss=["server"])
    assert (plan.requests[0].action, plan.loses) == ("DELETE", ["server"])
    with pytest.raises(UnknownStatus, match="no status is called SHUTOF; did you mean SHUTOFF"):
        compute.plan(Server(status="ACTIVE"), "SHUTOF")


def test_what_would_make_it_allowed(compute: Lifecycle) -> None:
    decision = compute.decide("os-stop", Server(status="PAUSED", locked_by="admin"))
    assert decision.to_allow == [
        {"locked_by": None, "state": "ACTIVE", "by": "admin"},
        {"caller": "admin", "state": "ACTIVE", "by": "admin"},
    ]
    assert compute.decide("os-stop", Server(status="PAUSED")).to_allow == [{"state": "ACTIVE", "by": "member"}]
    assert compute.decide("resize", Server(status="REBOOT")).to_allow == [{"task_state": None, "by": "member"}]
    assert compute.decide("addFloatingIp", Server(status="ACTIVE")).to_allow == [{"microversion": "2.43", "by": "member"}]
    assert compute.decide("rescue", Server(status="ACTIVE", volume_backed=True)).to_allow == []
    assert compute.decide("os-stop", Server(status="ACTIVE")).to_allow == []


def test_a_table_whose_things_are_always_there_has_plans(root: Path) -> None:
    door = Lifecycle.load(root / "tests" / "tables" / "valid" / "door.yaml")
    plan = door.plan(Server(status="OPEN"), "BOLTED", "owner")
    assert [decision.action for decision in plan.requests] == ["shut", "bolt"]
