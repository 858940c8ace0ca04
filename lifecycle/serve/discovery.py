"""What tells clients which versions there are, before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.engine import microversion
from lifecycle.serve.wire import Answer

if TYPE_CHECKING:
    from lifecycle.engine.microversion import Microversion
    from lifecycle.serve.cloud import Cloud

UPDATED = "2013-07-23T11:33:21Z"


def versions(cloud: Cloud, root: str) -> Answer:
    """All versions: the one there is."""
    return Answer(200, {"versions": [_about(cloud, root)]})


def version(cloud: Cloud, root: str) -> Answer:
    """The one version, in full."""
    about = _about(cloud, root)
    name = about["id"].removeprefix("v")
    kind = f"application/vnd.openstack.{cloud.rules.service_type or cloud.rules.name}+json;version={name}"
    return Answer(200, {"version": {**about, "media-types": [{"base": "application/json", "type": kind}]}})


def _about(cloud: Cloud, root: str) -> dict[str, Any]:
    base = cloud.documents.base
    return {
        "id": base.strip("/"),
        "status": "CURRENT",
        "version": _text(cloud.rules.newest),
        "min_version": _text(cloud.rules.oldest),
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{root}{base}/"}],
    }


def _text(version_: Microversion | None) -> str:
    return microversion.text(version_) if version_ else ""
