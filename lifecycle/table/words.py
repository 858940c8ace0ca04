"""What all words of a table are made of: names and versions, lists that may be one thing, models that are strict."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.:-]+$")]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})$")]
Code = Annotated[int, Field(ge=100, le=599)]


def listed(value: object) -> list[Any]:
    """A list, of one where it is none."""
    return value if isinstance(value, list) else [value]


def one_or_many(item: dict[str, Any]) -> WithJsonSchema:
    """For editors: one of these, or a list of them."""
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item}]})


NO_TASK = "none"
NAME_SCHEMA = {"type": "string"}
Names = Annotated[list[Name], BeforeValidator(listed), Field(min_length=1), one_or_many(NAME_SCHEMA)]


class Strict(BaseModel):
    """Unknown keys are mistakes, and nothing is converted: `yes` is not true, `202` is not text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_by_name=True)


class Choice(Strict):
    """Some of the states or tasks: those named, or all but those named; `none` among tasks is no task."""

    of: Names | None = None
    but: Names | None = Field(None, alias="not")


def _choice(value: object) -> object:
    return value if isinstance(value, dict) else {"of": value}


_CHOICE_SCHEMA = {
    "anyOf": [
        NAME_SCHEMA,
        {"type": "array", "items": NAME_SCHEMA, "minItems": 1},
        {"type": "object", "properties": {"not": {}}, "required": ["not"], "additionalProperties": False},
    ]
}
Chosen = Annotated[Choice, BeforeValidator(_choice), WithJsonSchema(_CHOICE_SCHEMA)]


def choose(choice: Choice, names: Iterable[str]) -> list[str]:
    """The names that a choice names, in the order of the row; or all of `names` but those."""
    return list(choice.of) if choice.of else [name for name in names if name not in (choice.but or ())]
