"""What a table may say of what a service keeps: fields of the thing, parts of it, its history, and what is made besides."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from lifecycle.table.words import NAME_SCHEMA, Code, Name, Strict, Text, listed


class Keep(Strict):
    """What of a request goes into a field of the thing's own document: a field of the body, or `{NAME}` of the address."""

    put: Text | None = Field(None, alias="set", description="is there in place of what was there; nothing where it is not told")
    add: Text | None = Field(None, description="is there besides: the fields of an object, or one more of a list")
    remove: Text | Literal[True] | None = Field(
        None, description="is there no more: this field, or the one of a list that the address names; true: all of it"
    )
    type: Name | None = Field(
        None, alias="as", description="what is kept of it, or each of a list: a type, with all of its fields"
    )
    means: dict[Text, Any] = Field({}, description="by the value that is told what is kept instead")
    otherwise: Any = Field(None, description="what is kept where nothing is told")
    settled: bool = Field(False, description="whether it is there only when the work has settled")
    lasts: bool = Field(False, description="whether it is there at once, whatever becomes of the work, and nothing gives it back")
    only: dict[Name, Any] = Field({}, description="of a list: those that say so")


def _kept(value: object) -> object:
    return {"set": value} if isinstance(value, str) else value


Kept = Annotated[Keep, BeforeValidator(_kept), WithJsonSchema({"anyOf": [NAME_SCHEMA, {"type": "object"}]})]


def _events(value: object) -> object:
    return value if isinstance(value, dict) else dict.fromkeys(listed(value))


_EVENTS_SCHEMA = {"anyOf": [NAME_SCHEMA, {"type": "array", "items": NAME_SCHEMA}, {"type": "object"}]}


class Records(Strict):
    """What the service's own history of the thing tells of a request."""

    name: Text = Field(description="what the history calls the request")
    events: Annotated[dict[Name, Name | None], BeforeValidator(_events), WithJsonSchema(_EVENTS_SCHEMA)] = Field(
        {}, description="what it tells happened: one, some, or by name the task that each begins with"
    )
    tells_failure: bool = Field(True, description="whether it tells that the work failed")


class Made(Strict):
    """Something of the catalogue that a request makes besides: an image of a server. It is gone where the work fails."""

    says: dict[Text, Any] = Field(description="its document; `{NAME}` is of the request, or else of the thing")
    begins: dict[Text, Any] = Field({}, description="what it says while the work is under way")
    settles: dict[Text, Any] = Field({}, description="what it says when the work has settled")


class Quota(Strict):
    """How many there may be, and the answer where more are asked for."""

    count: int = Field(ge=1, le=1_000)
    code: Code
    message: Text


class Repeats(Strict):
    """How many things one request makes: fields of the body, and what tells the things apart."""

    least: Name = Field(description="the field that says how many at least")
    most: Name = Field(description="the field that says how many are made; without it as many as `least` says")
    quota: Quota
    numbered: list[Name] = Field([], description="fields of the body that end in the thing's number where there are several")
    index: Text | None = Field(None, description="the field of each thing that tells its place, from 0")


class Part(Strict):
    """What an address names below a thing: where the thing's document holds such, and what tells one from another."""

    field: Text
    key: Text | None = Field(None, description="the field of each that the address names; default: the entry itself, or its name")


class View(Strict):
    """A field that shows what is kept under another name."""

    of: Text = Field(description="the list that is kept")
    each: Text | None = Field(None, description="the list in each of them whose entries are shown")
    by: Text | None = Field(None, description="the field by whose value they stand in groups")
    says: dict[Text, Text] = Field({}, description="by field the field of what is kept that it shows")


class History(Strict):
    """How the service tells what was done to a thing."""

    field: Text = Field(description="the field of answers that holds the records of a thing")
    times: Text = Field("%Y-%m-%dT%H:%M:%SZ", description="how it writes a moment, as strftime has it")
    tells: dict[Literal["name", "request", "id", "user", "project", "began", "changed", "events"], Text]
    of_events: dict[Literal["name", "began", "ended"], Text]
    fails: dict[Text, Any] = Field({}, description="what a record says besides when the work has failed")
    event_settles: dict[Text, Any] = Field({}, description="what an event says besides when it ended well")
    event_fails: dict[Text, Any] = Field({}, description="what an event says besides when it failed")
