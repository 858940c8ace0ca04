"""OpenStack's own clients live a server's whole life here, with no identity service."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.exceptions import ConflictException, ForbiddenException, NotFoundException
from serving import IMAGE, NETWORK, OTHER_IMAGE, VOLUME
from serving_process import SECONDS, served

pytestmark = pytest.mark.filterwarnings("ignore:::openstack")  # the SDK warns of itself


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("clouds") / "clouds.yaml"
    with served("--clouds", str(path), "--task-seconds", "0.02"):
        yield path


def connect(clouds: Path, name: str = "lifecycle") -> Any:
    config = openstack.config.OpenStackConfig(config_files=[str(clouds)], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(name)).compute


def create(compute: Any, name: str = "web") -> Any:
    compute.default_microversion = "2.96"
    server = compute.create_server(name=name, flavor_id="1", image_id=IMAGE, networks="auto")
    return compute.wait_for_server(server, interval=0.02, wait=SECONDS)


def test_the_sdk_lives_a_whole_life(clouds: Path) -> None:
    compute = connect(clouds)
    server = create(compute)

    def reaches(status: str) -> None:
        compute.wait_for_server(server, status, interval=0.02, wait=SECONDS)

    compute.stop_server(server)
    reaches("SHUTOFF")
    compute.start_server(server)
    reaches("ACTIVE")
    compute.pause_server(server)
    reaches("PAUSED")
    compute.unpause_server(server)
    reaches("ACTIVE")
    compute.suspend_server(server)
    reaches("SUSPENDED")
    compute.resume_server(server)
    reaches("ACTIVE")
    compute.resize_server(server, "2")
    reaches("VERIFY_RESIZE")
    compute.confirm_server_resize(server)
    reaches("ACTIVE")
    assert compute.get_server(server).flavor.original_name == "m1.small"
    compute.rescue_server(server)
    reaches("RESCUE")
    compute.unrescue_server(server)
    reaches("ACTIVE")
    compute.rebuild_server(server, OTHER_IMAGE, name="web2")
    reaches("ACTIVE")
    rebuilt = compute.get_server(server)
    assert (rebuilt.name, rebuilt.image.id) == ("web2", OTHER_IMAGE)
    compute.shelve_server(server)
    reaches("SHELVED_OFFLOADED")
    compute.unshelve_server(server)
    reaches("ACTIVE")
    compute.reboot_server(server, "HARD")
    reaches("ACTIVE")
    compute.lock_server(server, locked_reason="hands off")
    assert compute.get_server(server).is_locked
    compute.unlock_server(server)
    compute.set_server_metadata(server, role="db")
    assert compute.get_server(server).metadata == {"role": "db"}
    admin = connect(clouds, "lifecycle-admin")
    admin.migrate_server(server)
    reaches("VERIFY_RESIZE")
    compute.revert_server_resize(server)
    reaches("ACTIVE")
    assert [one.name for one in compute.servers(status="ACTIVE")] == ["web2"]
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.02, wait=SECONDS)


def test_the_sdk_makes_an_image_and_builds_from_it(clouds: Path) -> None:
    compute = connect(clouds)
    server = create(compute, "imaged")
    image = compute.create_server_image(server, "snapshot", wait=True, timeout=SECONDS)
    assert (image.name, image.status) == ("snapshot", "active")
    compute.rebuild_server(server, image.id)
    compute.wait_for_server(server, interval=0.02, wait=SECONDS)
    assert compute.get_server(server).image.id == image.id
    compute.delete_server(server)


def test_the_sdk_attaches_and_detaches(clouds: Path) -> None:
    compute = connect(clouds)
    server = create(compute, "attached")
    compute.create_volume_attachment(server, volume_id=VOLUME, delete_on_termination=True)
    assert [one.volume_id for one in compute.volume_attachments(server)] == [VOLUME]
    assert compute.get_volume_attachment(server, VOLUME).delete_on_termination
    compute.update_volume_attachment(server, VOLUME, delete_on_termination=False)
    assert [one["id"] for one in compute.get_server(server).attached_volumes] == [VOLUME]
    compute.delete_volume_attachment(server, VOLUME, ignore_missing=False)
    assert list(compute.volume_attachments(server)) == []
    with pytest.raises(NotFoundException, match="is not attached to volume"):
        compute.delete_volume_attachment(server, VOLUME, ignore_missing=False)
    interface = compute.create_server_interface(server, net_id=NETWORK)
    assert interface.port_id in [one.port_id for one in compute.server_interfaces(server)]
    assert len(compute.get_server(server).addresses["private"]) == 2
    compute.delete_server_interface(interface.port_id, server=server)
    assert interface.port_id not in [one.port_id for one in compute.server_interfaces(server)]
    compute.delete_server(server)


def test_the_sdk_reads_what_was_done(clouds: Path) -> None:
    compute = connect(clouds)
    server = create(compute, "told")
    compute.stop_server(server)
    compute.wait_for_server(server, "SHUTOFF", interval=0.02, wait=SECONDS)
    stop, made = compute.server_actions(server)
    assert (stop.action, made.action) == ("stop", "create")
    events = compute.get_server_action(stop.request_id, server).events
    assert [(event.event, event.result) for event in events] == [("compute_stop_instance", "Success")]
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.02, wait=SECONDS)
    assert next(iter(compute.server_actions(server))).action == "delete"


def test_the_sdk_is_refused_as_by_a_cloud(clouds: Path) -> None:
    compute, admin, reader = (connect(clouds, f"lifecycle{who}") for who in ("", "-admin", "-reader"))
    server = create(compute, "refused")
    with pytest.raises(ConflictException, match=r"Cannot 'unpause' instance .* while it is in vm_state active"):
        compute.unpause_server(server)
    with pytest.raises(ForbiddenException, match="os_compute_api:servers:stop"):
        reader.stop_server(server)
    with pytest.raises(NotFoundException):
        compute.get_server("6a976525-f111-4c26-9a77-afdda2d49db3")
    admin.lock_server(server)
    with pytest.raises(ConflictException, match="is locked"):
        compute.delete_server(server)
    admin.unlock_server(server)
    compute.delete_server(server)


def openstack_command(clouds: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = "import sys; from openstackclient.shell import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, "--os-cloud", "lifecycle", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * 4,
        env={"OS_CLIENT_CONFIG_FILE": str(clouds), "HOME": str(clouds.parent), "PATH": "/usr/bin:/bin"},
    )


def test_the_openstack_command_works(clouds: Path) -> None:
    made = openstack_command(
        clouds,
        "server",
        "create",
        "cli",
        "--flavor",
        "m1.tiny",
        "--image",
        "fakeimage7",
        "--nic",
        "none",
        "--wait",
        "-f",
        "value",
        "-c",
        "status",
    )
    assert made.stdout.split() == ["ACTIVE"], made.stderr
    assert openstack_command(clouds, "server", "stop", "cli").returncode == 0
    listed = openstack_command(
        clouds, "server", "list", "--name", "cli", "-f", "value", "-c", "Name", "-c", "Flavor", "-c", "Image"
    )
    assert listed.stdout.split() == ["cli", "fakeimage7", "m1.tiny"], listed.stderr
    refused = openstack_command(clouds, "server", "unpause", "cli")
    assert refused.returncode != 0
    assert "Cannot 'unpause' instance" in refused.stderr
    words = ("--name", "kept", "--wait", "-f", "value", "-c", "status")
    imaged = openstack_command(clouds, "server", "image", "create", "cli", *words)
    assert imaged.stdout.split()[-1:] == ["active"], imaged.stderr
    told = openstack_command(clouds, "server", "event", "list", "cli", "-f", "value", "-c", "Action")
    assert told.stdout.split() == ["createImage", "stop", "create"], told.stderr
    attached = openstack_command(clouds, "server", "volume", "list", "cli", "-f", "json")
    assert json.loads(attached.stdout) == [], attached.stderr
    deleted = openstack_command(clouds, "server", "delete", "cli", "--wait")
    assert deleted.returncode == 0, deleted.stderr
