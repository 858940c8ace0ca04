"""The fixture that other people's tests use."""

import httpx
from serving import NEW

from lifecycle.pytest_plugin import LifecycleCloud

HEADERS = {"X-Auth-Token": "alice:demo", "OpenStack-API-Version": "compute 2.96"}


def test_a_test_has_a_cloud_and_its_time(lifecycle_cloud: LifecycleCloud) -> None:
    with httpx.Client(base_url=lifecycle_cloud.url, headers=HEADERS, trust_env=False) as client:
        server = client.post("/servers", json={"server": {**NEW, "networks": "auto"}}).json()["server"]["id"]
        assert client.get(f"/servers/{server}").json()["server"]["status"] == "BUILD"
        lifecycle_cloud.clock.advance(60)
        assert client.get(f"/servers/{server}").json()["server"]["status"] == "ACTIVE"


def test_a_test_has_a_cloud_of_its_own(lifecycle_cloud: LifecycleCloud) -> None:
    assert httpx.get(f"{lifecycle_cloud.url}/servers", headers=HEADERS, trust_env=False).json() == {"servers": []}


def test_nothing_is_started_that_no_test_asks_for(lifecycle_cloud: LifecycleCloud) -> None:
    assert lifecycle_cloud.app.state.cloud.documents.base == "/v2.1"
