"""What an admin may do to the service itself, at `/control`: time, failures, facts, trouble with answers, other rules.

    POST /control/clock        {"advance": 60}
    POST /control/things/ID    {"fail": true}, {"hold": true}, {"release": true}, {"facts": {"host_up": false}}
    POST /control/answers      [{"code": 500}, {"delay": 2}, {"code": 503, "done": true}, {"drop": true}]: of the next requests
    PUT /control/deviations    [{"path": ["actions", "os-stop", "lock"], "after": "ignored"}], or {"draw": 3, "seed": 7}

Each answers what is so then; GET tells the deviations that there are, and DELETE ends them. A `code`, or a connection that
breaks off (`drop`), comes in place of the request, unless it is `done` and only its answer lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lifecycle.errors import LifecycleError
from lifecycle.serve.wire import Answer

if TYPE_CHECKING:
    from typing import Any

    from lifecycle.serve.cloud import Cloud

MAX_ADVANCE = 1e9  # seconds
MAX_DELAY = 600.0
MAX_TROUBLES = 1_000
MAX_DEVIATIONS = 100
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Advance(BaseModel):
    """How far the clock goes ahead."""

    model_config = STRICT
    advance: float = Field(ge=0, le=MAX_ADVANCE)


class Trouble(BaseModel):
    """What happens to an answer."""

    model_config = STRICT
    code: int | None = Field(None, ge=400, le=599)
    delay: float = Field(0.0, ge=0, le=MAX_DELAY)
    drop: bool = False
    done: bool = False


class Deed(BaseModel):
    """What happens to a thing."""

    model_config = STRICT
    fail: bool = False
    hold: bool = False
    release: bool = False
    facts: dict[str, bool] = {}


class Draw(BaseModel):
    """So many deviations by chance, the same for the same seed."""

    model_config = STRICT
    draw: int = Field(ge=1, le=MAX_DEVIATIONS)
    seed: int


TROUBLES = TypeAdapter(Annotated[list[Trouble], Field(max_length=MAX_TROUBLES)])


def control(cloud: Cloud, path: tuple[str, str, str], token: str | None, body: Any) -> Answer:
    """What becomes of a request to the service itself, by its method, what it is about, and the name of a thing.

    Whoever may not do all may do nothing.
    """
    person = cloud.people.read(token)
    if person is None or not cloud.people.all_things(person):
        return Answer(401 if person is None else 403, {"error": "this takes an admin"})
    try:
        return _done(cloud, path, body)
    except ValidationError as error:
        first = error.errors()[0]
        return Answer(400, {"error": f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}"})
    except LifecycleError as error:
        return Answer(400, {"error": str(error)})


def _done(cloud: Cloud, path: tuple[str, str, str], body: Any) -> Answer:
    """Raises LifecycleError and ValidationError."""
    method, about, name = path
    if about == "clock":
        return Answer(200, {"now": cloud.advance(Advance.model_validate(body).advance)})
    if about == "answers":
        cloud.troubles[:] = TROUBLES.validate_python(body)
        return Answer(200, {"waiting": len(cloud.troubles)})
    if about == "deviations":
        return _deviations(cloud, method, body)
    return _deed(cloud, name, Deed.model_validate(body))


def _deviations(cloud: Cloud, method: str, body: Any) -> Answer:
    """The deviations that there are then. Raises LifecycleError and ValidationError."""
    from lifecycle.deviate import Deviation, draw

    if method == "DELETE":
        cloud.deviate([])
    elif method == "PUT":
        wanted = None if isinstance(body, list) else Draw.model_validate(body)
        if wanted is None and len(body) > MAX_DEVIATIONS:
            return Answer(400, {"error": f"there are at most {MAX_DEVIATIONS} deviations at a time"})
        cloud.deviate(draw(cloud.table, wanted.draw, wanted.seed) if wanted else map(Deviation.from_json, body))
    return Answer(200, {"deviations": [{**one.as_dict(), "says": str(one)} for one in cloud.deviations]})


def _deed(cloud: Cloud, name: str, deed: Deed) -> Answer:
    for fact in deed.facts:
        if fact not in cloud.rules.facts:
            return Answer(400, {"error": f"facts.{fact}: there are {', '.join(cloud.rules.facts)}"})
    if deed.fail:
        cloud.fail(name)
    found = cloud.change(name, hold=deed.hold, release=deed.release, facts=deed.facts)
    return Answer(404, {"error": "there is no such thing"}) if found is None else Answer(200, found)
