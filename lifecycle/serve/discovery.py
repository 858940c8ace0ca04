"""What tells clients which versions there are, before anything else; and as much of other services as they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.engine import microversion
from lifecycle.serve.wire import Answer, root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from lifecycle.engine.microversion import Microversion
    from lifecycle.serve.cloud import Cloud

UPDATED = "2013-07-23T11:33:21Z"


def versions(cloud: Cloud, request: Request) -> Answer:
    """All versions: the one there is."""
    return Answer(200, {"versions": [_about(cloud, request)]})


def version(cloud: Cloud, request: Request) -> Answer:
    """The one version, in full."""
    about = _about(cloud, request)
    name = about["id"].removeprefix("v")
    kind = f"application/vnd.openstack.{cloud.rules.service_type or cloud.rules.name}+json;version={name}"
    return Answer(200, {"version": {**about, "media-types": [{"base": "application/json", "type": kind}]}})


def _about(cloud: Cloud, request: Request) -> dict[str, Any]:
    base = cloud.documents.base
    return {
        "id": base.strip("/"),
        "status": "CURRENT",
        "version": _text(cloud.rules.newest),
        "min_version": _text(cloud.rules.oldest),
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{root(request)}{base}/"}],
    }


def _text(version_: Microversion | None) -> str:
    return microversion.text(version_) if version_ else ""


def neighbour(said: Mapping[str, Any], cloud: Cloud, request: Request) -> Answer:
    """The version of another service."""
    del cloud
    links = [{"rel": "self", "href": f"{root(request)}{said['path']}/"}]
    return Answer(200, {"version": {"id": said["version"], "status": "CURRENT", "updated": UPDATED, "links": links}})


def neighbours_list(said: Mapping[str, Any], cloud: Cloud, request: Request) -> Answer:
    """All that another service lists to whoever asks, or those of one name."""
    wanted = request.query_params.get("name")
    things = [one for one in _things(said, cloud, request) if wanted in (None, one["name"])]
    return Answer(200, {cloud.documents.catalogue.kinds[said["lists"]]["many"]: things})


def neighbours_one(said: Mapping[str, Any], cloud: Cloud, request: Request) -> Answer:
    """One of them."""
    name = request.path_params["name"]
    found = next((one for one in _things(said, cloud, request) if one["id"] == name), None)
    if found is None:
        missing = cloud.documents.catalogue.kinds[said["lists"]]["missing"]
        return cloud.wire.error(missing["code"], missing["message"], {"id": name})
    return Answer(200, found)


def _things(said: Mapping[str, Any], cloud: Cloud, request: Request) -> list[dict[str, Any]]:
    """What another service lists, in its own spelling; what a project has made is told to nobody else."""
    person = cloud.people.read(request.headers.get("x-auth-token"))
    spells: dict[str, dict[str, Any]] = said.get("spells", {})
    return [
        {**one, **{field: words.get(str(one.get(field)), one.get(field)) for field, words in spells.items()}, **said["says"]}
        for one in cloud.things(said["lists"], person.project if person else "")
    ]
