"""The guard in front of what services are really written with."""

from __future__ import annotations

from typing import Any

import pytest
from asgi import Answer, ask
from fastapi import Body, Depends, FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from lifecycle import Lifecycle, Server
from lifecycle.guard import Guard, Verdict
from lifecycle.guard.fastapi import Refused, answer, dependency

VMS = {"a": {"status": "ACTIVE"}, "p": {"status": "PAUSED", "locked_by": "owner"}}
LOCKED = {"conflictingRequest": {"code": 409, "message": "Instance p is locked"}}


STOP = {"os-stop": None}


def post(app: Any, path: str, body: object) -> Answer:
    return ask(app, "POST", path, body, {"Content-Type": "application/json", "OpenStack-API-Version": "compute 2.47"})


def put(app: Any, path: str, body: object) -> Answer:
    return ask(app, "PUT", path, body, {"Content-Type": "application/json"})


async def state(id_: str, _: Any) -> dict[str, Any] | None:
    return VMS.get(id_)


async def act(request: Any) -> JSONResponse:
    return JSONResponse({"did": await request.json(), "to": request.path_params["id"]}, 202)


@pytest.mark.parametrize("mounted", [False, True])
def test_starlette(compute: Lifecycle, mounted: bool) -> None:
    routes: list[Any] = [Route("/servers/{id}/action", act, methods=["POST"])]
    if mounted:
        inner = Guard(Starlette(routes=routes), compute, state, prefixes="")
        app = Starlette(routes=[Mount("/v2.1", app=inner)])
    else:
        guard = Middleware(Guard, compute=compute, state=state, prefixes="/v2.1")
        app = Starlette(routes=[Mount("/v2.1", routes=routes)], middleware=[guard])
    answer = post(app, "/v2.1/servers/a/action", STOP)
    assert (answer.status, answer.document) == (202, {"did": STOP, "to": "a"})
    answer = post(app, "/v2.1/servers/p/action", STOP)
    assert (answer.status, answer.document) == (409, LOCKED)
    assert "locked by its owner" in answer.reason
    assert post(app, "/v2.1/servers/none/action", STOP).status == 404
    assert post(app, "/v2.1/servers/p/action", b"[").status == 400
    assert post(app, "/v2.1/servers/p/act", STOP).status == 404
    assert post(app, "/v2.1/servers/p/x/action", STOP).status == 404  # as p%2Fx comes
    assert "openstack-api-version" not in post(app, "/v2.1/servers/p/x/action", STOP).headers


@pytest.fixture
def api(compute: Lifecycle) -> FastAPI:
    app = FastAPI()
    guard = dependency(compute, state, limit=1_000)

    @app.post("/servers/{id}/action", status_code=202)
    async def action(id: str, body: dict[str, Any], verdict: Verdict = Depends(guard)) -> dict[str, Any]:  # noqa: A002, B008, FAST002
        return {"id": id, "did": body, "by": verdict.action}

    @app.delete("/servers/{id}", status_code=204, dependencies=[Depends(guard)])
    def delete(id: str) -> None:  # noqa: A002
        pass

    @app.put("/servers/{id}", dependencies=[Depends(guard)])
    async def update(id: str, request: Request) -> Any:  # noqa: A002, ARG001
        return await request.json()

    @app.get("/servers/{id}")
    async def get(verdict: Verdict | None = Depends(guard)) -> bool:  # noqa: B008, FAST002
        return verdict is None

    return app


def test_a_dependency_of_fastapi(api: FastAPI) -> None:
    found = post(api, "/servers/a/action", STOP)
    assert (found.status, found.document) == (202, {"id": "a", "did": STOP, "by": "os-stop"})
    found = post(api, "/servers/p/action", STOP)
    assert (found.status, found.document) == (409, {"detail": LOCKED})
    assert "locked by its owner" in found.reason
    assert found.headers["openstack-api-version"] == "compute 2.47"
    assert ask(api, "DELETE", "/servers/a").status == 204
    assert ask(api, "DELETE", "/servers/none").status == 404
    assert ask(api, "GET", "/servers/p").document is True


def test_its_body_is_still_there_for_the_route(api: FastAPI) -> None:
    sent = {"server": {"name": "a"}}
    assert put(api, "/servers/a", sent).document == sent
    assert put(api, "/servers/a", {"server": {"nmae": "a"}}).status == 400
    assert put(api, "/servers/a", b"[").status == 400
    assert put(api, "/servers/a", b"[" * 2_000).status == 413


def test_it_answers_as_the_service_does(api: FastAPI) -> None:
    api.add_exception_handler(Refused, answer)  # type: ignore[arg-type]  # as all handlers of one kind of error
    found = post(api, "/servers/p/action", STOP)
    assert (found.status, found.document) == (409, LOCKED)
    assert found.headers["content-type"] == "application/json"
    assert "locked by its owner" in found.reason


def test_the_guard_in_front_of_fastapi(compute: Lifecycle) -> None:
    app = FastAPI()

    @app.post("/v2.1/servers/{id}/action", status_code=202)
    async def action(id: str, body: dict[str, Any] = Body(...)) -> dict[str, Any]:  # noqa: A002, ARG001, B008, FAST002
        return body

    app.add_middleware(Guard, compute=compute, state=lambda *_: Server(status="PAUSED"))
    assert post(app, "/v2.1/servers/a/action", STOP).status == 409
    assert post(app, "/v2.1/servers/a/action", {"unpause": None}).document == {"unpause": None}
    assert ask(app, "GET", "/docs").status == 200
