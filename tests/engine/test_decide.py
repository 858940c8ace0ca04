"""Decisions, case by case: what answers first, in which words, and what follows."""

import pytest

from lifecycle import Lifecycle, Server
from lifecycle.errors import (
    CaseError,
    LifecycleError,
    UnknownAction,
    UnknownCaller,
    UnknownKey,
    UnknownMicroversion,
    UnknownStatus,
    UnknownVariant,
)


def row(text: str) -> str:
    """The file of a row, whatever its line."""
    return text.partition(":")[0].rpartition("/")[2]


@pytest.mark.parametrize(
    ("action", "told", "caller", "version", "code", "rule"),
    [
        ("os-stop", {"status": "ACTIVE"}, "member", None, 202, None),
        ("os-stop", {"status": "ACTIVE"}, "anonymous", None, 401, "token"),
        ("os-stop", {"status": "ACTIVE"}, "stranger", None, 404, "exists"),
        ("os-stop", {"exists": False}, "admin", None, 404, "exists"),
        ("os-stop", {"status": "ACTIVE"}, "reader", None, 403, "policy"),
        ("os-stop", {"status": "PAUSED", "locked_by": "owner"}, "member", None, 409, "lock"),
        ("os-stop", {"status": "PAUSED", "locked_by": "admin"}, "admin", None, 409, "state"),
        ("os-stop", {"status": "SHELVED_OFFLOADED"}, "member", None, 409, "host"),
        ("os-stop", {"status": "REBOOT"}, "member", None, 409, "task"),
        ("os-stop", {"status": "ACTIVE", "launched": False}, "member", None, 409, "launched"),
        ("resize", {"status": "ACTIVE", "host_up": False}, "member", None, 409, "host_up"),
        ("resize", {"status": "SHELVED_OFFLOADED"}, "member", None, 409, "state"),
        ("createBackup", {"status": "ACTIVE", "volume_backed": True}, "member", None, 400, "volume_backed"),
        ("changePassword", {"status": "ACTIVE", "driver": False}, "member", None, 501, "driver"),
        ("evacuate", {"status": "ACTIVE"}, "admin", None, 400, "host_up"),
        ("evacuate", {"status": "ACTIVE", "host_up": False}, "admin", None, 200, None),
        ("unlock", {"status": "ACTIVE", "locked_by": "admin"}, "member", None, 403, "lock"),
        ("unlock", {"status": "ACTIVE", "locked_by": "owner"}, "member", None, 202, None),
        ("resetNetwork", {"status": "ACTIVE"}, "admin", "2.1", 410, "removed"),
        ("resetNetwork", {"exists": False}, "stranger", "2.104", 410, "removed"),
        ("addFloatingIp", {"status": "ACTIVE"}, "member", "2.44", 404, "microversion"),
        ("addFloatingIp", {"status": "ACTIVE"}, "member", "2.43", 202, None),
        ("trigger_crash_dump", {"status": "ACTIVE"}, "member", "2.16", 404, "microversion"),
        ("trigger_crash_dump", {"status": "ACTIVE"}, "member", "2.17", 202, None),
        ("addTag", {"status": "ACTIVE"}, "stranger", None, 403, "policy"),
        ("attachVolume", {"status": "SHELVED", "locked_by": "owner"}, "member", "2.19", 409, "state"),
        ("attachVolume", {"status": "SHELVED", "locked_by": "owner"}, "member", "2.20", 409, "lock"),
        ("attachVolume", {"status": "ACTIVE"}, "member", "2.100", 200, None),
        ("attachVolume", {"status": "ACTIVE"}, "member", "2.101", 202, None),
        ("migrate", {"status": "ACTIVE"}, "manager", None, 202, None),
        ("migrate", {"status": "ACTIVE"}, "member", None, 403, "policy"),
    ],
)
def test_the_first_check_that_refuses_answers(  # noqa: PLR0913, PLR0917
    nova: Lifecycle, action: str, told: dict[str, object], caller: str, version: str | None, code: int, rule: str | None
) -> None:
    decision = nova.decide(action, Server(**told), caller, version)
    assert (decision.code, decision.rule, decision.allowed) == (code, rule, rule is None)


def test_a_refusal_tells_the_words_of_nova_and_every_other_rule_that_would_refuse(compute: Lifecycle) -> None:
    decision = compute.decide("os-stop", Server(status="PAUSED", task_state="pausing", locked_by="owner", host=False), "reader")
    assert decision.message == "Policy doesn't allow os_compute_api:servers:stop to be performed."
    assert decision.reason.startswith("os-stop refused: it takes a member, and this is a reader (specs/compute/")
    assert [other["rule"] for other in decision.also] == ["lock", "host", "state", "task"]
    assert decision.also[2]["reason"].startswith("os-stop refused: the server is PAUSED, it must be ACTIVE or ERROR (")


def test_a_refused_server_is_shown_as_it_was(compute: Lifecycle) -> None:
    decision = compute.decide("pause", Server(status="RESIZE", locked_by="admin"))
    shown = (decision.status, decision.task_state, decision.locked_by)
    assert shown == ("RESIZE", "resize_prep", "admin")
    assert (decision.tasks, decision.becomes, decision.on_failure) == ([], [], [])


def test_words_name_the_state_and_the_task(compute: Lifecycle) -> None:
    stopped = compute.decide("os-start", Server(status="ACTIVE"))
    assert stopped.message == "Cannot 'start' instance {id} while it is in vm_state active"
    busy = compute.decide("pause", Server(vm_state="active", task_state="powering-off"))
    assert busy.message == "Cannot 'pause' instance {id} while it is in task_state powering-off"


@pytest.mark.parametrize(
    ("action", "variant", "told", "tasks", "becomes", "fails"),
    [
        ("os-stop", None, {"status": "ACTIVE"}, ["powering-off"], ["SHUTOFF"], ["ACTIVE"]),
        (
            "rebuild",
            None,
            {"status": "SHUTOFF"},
            [*["rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"], "powering-off"],
            ["SHUTOFF"],
            ["ERROR", "SHUTOFF"],
        ),
        ("confirmResize", None, {"status": "VERIFY_RESIZE"}, [], ["ACTIVE", "SHUTOFF"], ["ERROR"]),
        ("confirmResize", None, {"status": "VERIFY_RESIZE", "before": "SHUTOFF"}, [], ["SHUTOFF"], ["ERROR"]),
        (
            "revertResize",
            None,
            {"status": "VERIFY_RESIZE", "before": "SHUTOFF"},
            ["resize_reverting", "powering-off"],
            ["SHUTOFF"],
            ["ERROR"],
        ),
        (
            "shelve",
            None,
            {"status": "PAUSED"},
            ["shelving", "shelving_image_uploading", "shelving_offloading"],
            ["SHELVED_OFFLOADED"],
            ["PAUSED", "SHELVED"],
        ),
        (
            "shelve",
            None,
            {"status": "PAUSED", "options": {"shelved_offload_time": -1}},
            ["shelving", "shelving_image_uploading"],
            ["SHELVED"],
            ["PAUSED"],
        ),
        ("DELETE", None, {"status": "ACTIVE"}, ["deleting"], ["DELETED"], ["ERROR"]),
        (
            "DELETE",
            None,
            {"status": "ACTIVE", "options": {"reclaim_instance_interval": 60}},
            ["soft-deleting"],
            ["SOFT_DELETED"],
            ["ACTIVE"],
        ),
        (
            "reboot",
            "HARD",
            {"status": "SHUTOFF"},
            ["rebooting_hard", "reboot_pending_hard", "reboot_started_hard"],
            ["ACTIVE"],
            ["ERROR"],
        ),
        ("lock", None, {"status": "REBOOT"}, [], ["REBOOT"], ["REBOOT"]),
    ],
)
def test_what_follows(  # noqa: PLR0913, PLR0917
    compute: Lifecycle,
    action: str,
    variant: str | None,
    told: dict[str, object],
    tasks: list[str],
    becomes: list[str],
    fails: list[str],
) -> None:
    decision = compute.decide(action, Server(**told), variant=variant)
    assert (decision.tasks, decision.becomes, decision.on_failure) == (tasks, becomes, fails)


@pytest.mark.parametrize(
    ("version", "status", "becomes"),
    [("2.94", "ACTIVE", "ACTIVE"), ("2.95", "ACTIVE", "SHUTOFF"), ("2.95", "ERROR", "ACTIVE"), ("2.94", "SHUTOFF", "SHUTOFF")],
)
def test_an_evacuated_server_is_stopped_from_2_95_on_unless_it_was_in_error(
    compute: Lifecycle, version: str, status: str, becomes: str
) -> None:
    decision = compute.decide("evacuate", Server(status=status, host_up=False), "admin", version)
    assert decision.becomes == [becomes]


@pytest.mark.parametrize(
    ("caller", "holder", "after"),
    [("member", None, "owner"), ("member", "admin", "admin"), ("admin", "owner", "admin"), ("manager", None, "owner")],
)
def test_a_lock_is_only_ever_made_stronger(compute: Lifecycle, caller: str, holder: str | None, after: str) -> None:
    assert compute.decide("lock", Server(status="ACTIVE", locked_by=holder), caller).locked_by == after
    assert compute.decide("unlock", Server(status="ACTIVE", locked_by=holder), "admin").locked_by is None


def test_what_was_assumed_is_what_the_decision_depends_on_and_was_not_told(compute: Lifecycle) -> None:
    decision = compute.decide("os-stop", Server(status="ACTIVE"))
    assert decision.assumed == ["locked_by", "host", "task_state", "launched"]
    told = Server(vm_state="active", task_state=None, locked_by=None, host=True, launched=True)
    assert compute.decide("os-stop", told).assumed == []
    assert compute.decide("os-stop", Server(status="PAUSED")).assumed == ["locked_by", "host"]
    assert compute.decide("os-stop", Server(status="ACTIVE"), "admin").assumed == ["host", "task_state", "launched"]
    assert compute.decide("shelve", Server(status="ACTIVE", volume_backed=False)).assumed[-1] == "options"
    assert compute.decide("lock", Server(status="ACTIVE")).assumed == []


def test_a_body_is_judged_in_its_place_among_the_checks(compute: Lifecycle) -> None:
    paused = Server(status="PAUSED", locked_by="owner")
    assert compute.decide("reboot", paused, body={"reboot": {"type": "HARD"}}).variant == "HARD"
    bodies: list[object] = [
        [],
        {},
        {"reboot": {}, "pause": None},
        {"pause": None},
        {"reboot": {"type": "WARM"}},
        {"reboot": None},
    ]
    for body in bodies:
        decision = compute.decide("reboot", paused, body=body)
        assert (decision.code, decision.rule) == (400, "body")
        assert "lock" in [other["rule"] for other in decision.also]
    assert compute.decide("reboot", paused, "anonymous", body=[]).rule == "token"
    assert compute.decide("addFixedIp", paused, body={"addFixedIp": {}, "more": 1}).code == 400
    assert compute.decide("addFixedIp", paused, body={"addFixedIp": {}}).rule == "microversion"


@pytest.mark.parametrize(
    ("error", "sentence", "arguments"),
    [
        (UnknownAction, "no action is called os-stpo; did you mean os-stop?", {"action": "os-stpo"}),
        (UnknownAction, "no action is called OS-STOP; did you mean os-stop?", {"action": "OS-STOP"}),
        (UnknownVariant, "no variant is called WARM; there are SOFT and HARD", {"action": "reboot", "variant": "WARM"}),
        (UnknownVariant, "no variant is called HARD; pause has no variants", {"action": "pause", "variant": "HARD"}),
        (UnknownCaller, "no caller is called adminn; did you mean admin?", {"caller": "adminn"}),
        (
            UnknownMicroversion,
            "2.105 is not a microversion of the compute table: it knows 2.1 to 2.104",
            {"microversion": "2.105"},
        ),
        (UnknownMicroversion, "2.010 is not a microversion, which looks like 2.47", {"microversion": "2.010"}),
        (UnknownMicroversion, '2.5 is not a microversion: write it in quotes, "2.5"', {"microversion": 2.5}),
    ],
)
def test_an_unknown_name_is_an_error_that_says_the_right_one(
    compute: Lifecycle, error: type[LifecycleError], sentence: str, arguments: dict[str, str]
) -> None:
    with pytest.raises(error) as caught:
        compute.decide(**{"action": "os-stop", "server": Server(status="ACTIVE"), **arguments})  # type: ignore[arg-type]
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("error", "sentence", "told"),
    [
        (UnknownStatus, "no status is called PAUSD; did you mean PAUSED?", {"status": "PAUSD"}),
        (UnknownStatus, "no vm_state is called stoped; did you mean stopped?", {"vm_state": "stoped"}),
        (UnknownStatus, "no task_state is called powering_off; did you mean powering-off?", {"task_state": "powering_off"}),
        (UnknownKey, "no key of a case is called hots; did you mean host?", {"hots": True}),
        (CaseError, "host must be true or false, not 1", {"host": 1}),
        (CaseError, "locked_by must be null or owner or admin, not bob", {"locked_by": "bob"}),
        (CaseError, "locked is false, but locked_by is owner", {"locked": False, "locked_by": "owner"}),
        (
            LifecycleError,
            "no option is called reclaim_interval; did you mean reclaim_instance_interval?",
            {"options": {"reclaim_interval": 1}},
        ),
        (CaseError, "options.rescue_timeout must be an integer, not true", {"options": {"rescue_timeout": "true"}}),
        (
            CaseError,
            (
                "status ACTIVE does not go with vm_state paused: it is shown for vm_state active with task_state null, "
                "scheduling, networking, block_device_mapping, …"
            ),
            {"status": "ACTIVE", "vm_state": "paused"},
        ),
        (
            CaseError,
            (
                "status REBOOT does not go with task_state None: it is shown for vm_state active with task_state rebooting, "
                "reboot_pending, reboot_started"
            ),
            {"status": "REBOOT", "task_state": None},
        ),
    ],
)
def test_a_server_that_cannot_be_is_an_error(
    compute: Lifecycle, error: type[LifecycleError], sentence: str, told: dict[str, object]
) -> None:
    with pytest.raises(error) as caught:
        compute.decide("os-stop", Server(**told))
    assert str(caught.value) == sentence


def test_a_status_stands_for_the_first_that_shows_it(compute: Lifecycle) -> None:
    values = compute.situation(Server(status="RESIZE")).values
    assert (values["state"], values["task_state"]) == ("ACTIVE", "resize_prep")
    values = compute.situation(Server(status="RESIZE", vm_state="stopped")).values
    assert (values["state"], values["task_state"]) == ("SHUTOFF", "resize_prep")
    values = compute.situation(Server(status="ACTIVE", task_state="powering-off")).values
    assert (values["state"], values["task_state"]) == ("ACTIVE", "powering-off")


def test_the_readings_part_where_the_table_says_so(compute: Lifecycle, nova: Lifecycle) -> None:
    paused = Server(status="PAUSED")
    assert compute.decide("addFloatingIp", paused, microversion="2.43").rule == "state"
    assert nova.decide("addFloatingIp", paused, microversion="2.43").allowed
    helpless = Server(status="ACTIVE", driver=False)
    assert compute.decide("pause", helpless).code == 501
    assert nova.decide("pause", helpless).becomes == ["ACTIVE"]
