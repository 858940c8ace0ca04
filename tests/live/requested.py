"""How each action is asked for over the wire, at any microversion: method, path below the server, body."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

IMAGE = "155d900f-4e14-4e4c-a73d-069cbf4541e6"
NETWORK = "3cb9bc59-5699-4588-a4b1-b87f96708bc6"
BOOT_VOLUME = "6ca404f3-d844-4169-bb96-bc792f37de98"
VOLUME = "a07f71dc-8151-4e7d-a0cc-cd24a3f11113"
OTHER_VOLUME = "227cc671-f30b-4488-96fd-7d0bf13648d8"
FREE_ADDRESS, ADDRESS = "172.24.4.11", "172.24.4.10"
FREE_GROUP, GROUP = "aec9df91-db1f-4e04-8ac6-000000000002", "aec9df91-db1f-4e04-8ac6-e761d8461c53"

HOSTS, ZONE = ("host1", "host2", "host3"), "nova"

CONSOLES = {
    "vnc": ("vnc", "novnc"),
    "spice": ("spice", "spice-html5"),
    "serial": ("serial", "serial"),
    "rdp": ("rdp", "rdp-html5"),
    "mks": ("mks", "webmks"),
    "spice-direct": ("spice", "spice-direct"),
}
CONSOLE_COMES = {"mks": 8, "spice-direct": 99}

Wire = tuple[str, str, object]


@dataclass(frozen=True, slots=True)
class World:
    """A server that was really made and is kept in a checkpoint: its name, and what requests have to know of it."""

    name: str
    id: str
    port: str = ""
    fixed_address: str = ""
    volume_backed: bool = False
    before: str | None = None
    elsewhere: str = HOSTS[-1]  # a host that it is not on


PLAIN: dict[str, object] = {
    "resize": {"flavorRef": "2"},
    "rebuild": {"imageRef": IMAGE},
    "createImage": {"name": "i"},
    "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1},
    "changePassword": {"adminPass": "secret"},
    "os-getConsoleOutput": {"length": 10},
    "os-getVNCConsole": {"type": "novnc"},
    "os-getSPICEConsole": {"type": "spice-html5"},
    "os-getRDPConsole": {"type": "rdp-html5"},
    "os-getSerialConsole": {"type": "serial"},
    "addFixedIp": {"networkId": NETWORK},
    "addFloatingIp": {"address": FREE_ADDRESS},
    "removeFloatingIp": {"address": ADDRESS},
    "addSecurityGroup": {"name": FREE_GROUP},
    "removeSecurityGroup": {"name": GROUP},
}
"""What stands under the action's key; nothing for those that are not here."""

ADDRESSED: dict[str, Wire] = {
    "DELETE": ("DELETE", "", None),
    "update": ("PUT", "", {"server": {"name": "b"}}),
    "detachVolume": ("DELETE", f"/os-volume_attachments/{VOLUME}", None),
    "attachInterface": ("POST", "/os-interface", {"interfaceAttachment": {"net_id": NETWORK}}),
    "setMetadata": ("PUT", "/metadata", {"metadata": {"k": "w"}}),
    "updateMetadata": ("POST", "/metadata", {"metadata": {"l": "w"}}),
    "updateMetadataItem": ("PUT", "/metadata/k", {"meta": {"k": "w"}}),
    "deleteMetadata": ("DELETE", "/metadata/k", None),
    "setTags": ("PUT", "/tags", {"tags": ["z"]}),
    "addTag": ("PUT", "/tags/z", None),
    "deleteTag": ("DELETE", "/tags/x", None),
    "deleteTags": ("DELETE", "/tags", None),
}
"""Those with an address of their own and nothing that varies."""


def wire(action: str, variant: str | None, minor: int, world: World) -> Wire | None:
    """The request at 2.`minor`; None where no valid body asks for it there."""
    if action in ADDRESSED:
        return ADDRESSED[action]
    if action in VARYING:
        return VARYING[action](variant, minor, world)
    return "POST", "/action", {action: PLAIN.get(action)}


def _reboot(variant: str | None, minor: int, world: World) -> Wire:
    del minor, world
    return "POST", "/action", {"reboot": {"type": variant}}


def _reset_state(variant: str | None, minor: int, world: World) -> Wire:
    del minor, world
    return "POST", "/action", {"os-resetState": {"state": variant}}


def _migrate_live(variant: str | None, minor: int, world: World) -> Wire:
    host = world.elsewhere if variant else None
    if minor < 25:
        body: dict[str, object] = {"host": host, "block_migration": False, "disk_over_commit": False}
    else:
        body = {"host": host, "block_migration": "auto"}
    return "POST", "/action", {"os-migrateLive": body}


def _evacuate(variant: str | None, minor: int, world: World) -> Wire:
    del variant, world
    return "POST", "/action", {"evacuate": {"onSharedStorage": False} if minor < 14 else {}}


def _remove_fixed_address(variant: str | None, minor: int, world: World) -> Wire:
    del variant, minor
    return "POST", "/action", {"removeFixedIp": {"address": world.fixed_address}}


def _console(variant: str | None, minor: int, world: World) -> Wire | None:
    del world
    if variant is None or minor < CONSOLE_COMES.get(variant, 0):
        return None
    protocol, kind = CONSOLES[variant]
    return "POST", "/remote-consoles", {"remote_console": {"protocol": protocol, "type": kind}}


def _attach_volume(variant: str | None, minor: int, world: World) -> Wire:
    """Nova's stub of Cinder has every volume; this one is attached nowhere."""
    del variant, minor, world
    return "POST", "/os-volume_attachments", {"volumeAttachment": {"volumeId": str(uuid4())}}


def _update_volume(variant: str | None, minor: int, world: World) -> Wire | None:
    del world
    if variant == "swap":
        body: dict[str, object] = {"volumeId": OTHER_VOLUME}
    elif minor < 85:
        return None
    else:
        body = {"volumeId": VOLUME, "delete_on_termination": True}
    return "PUT", f"/os-volume_attachments/{VOLUME}", {"volumeAttachment": body}


def _detach_interface(variant: str | None, minor: int, world: World) -> Wire:
    del variant, minor
    return "DELETE", f"/os-interface/{world.port}", None


def _to(variant: str | None, minor: int, world: World) -> Wire | None:
    """To a host or a zone, or wherever the scheduler likes."""
    if variant is None:
        return "POST", "/action", {"unshelve": None}
    if minor < {"zone": 77, "host": 91}[variant]:
        return None
    return "POST", "/action", {"unshelve": {"zone": {"availability_zone": ZONE}, "host": {"host": world.elsewhere}}[variant]}


def _migrate(variant: str | None, minor: int, world: World) -> Wire | None:
    if variant is None:
        return "POST", "/action", {"migrate": None}
    return ("POST", "/action", {"migrate": {"host": world.elsewhere}}) if minor >= 56 else None


VARYING = {
    "unshelve": _to,
    "migrate": _migrate,
    "reboot": _reboot,
    "os-resetState": _reset_state,
    "os-migrateLive": _migrate_live,
    "evacuate": _evacuate,
    "removeFixedIp": _remove_fixed_address,
    "remote-consoles": _console,
    "attachVolume": _attach_volume,
    "updateVolume": _update_volume,
    "detachInterface": _detach_interface,
}
