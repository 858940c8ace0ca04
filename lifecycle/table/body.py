"""What a table may say of a request or an answer: JSON Schema in few words. docs/table.md explains them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from lifecycle.table.words import NAME_SCHEMA, Name, Names, Strict, Text, Version, listed


class Body(Strict):
    """What a request or an answer holds: JSON Schema in few words. A name alone stands for `{type: name}`."""

    type: Names | None = Field(None, description="string, integer, number, boolean, null, object, array, any, or one of `types`")
    description: Text | None = None
    enum: list[str | int | bool | None] | None = None
    format: Name | None = Field(None, description="uuid, ip, ipv4, ipv6, base64, name, printable, date-time, uri …")
    pattern: Text | None = Field(None, description="a regular expression that is found in the text")
    min_length: int | None = Field(None, alias="minLength")
    max_length: int | None = Field(None, alias="maxLength")
    minimum: int | None = Field(None, description="of a number, or of a text that reads as one")
    maximum: int | None = Field(None, description="of a number, or of a text that reads as one")
    items: "Bodied | None" = Field(None, description="what each entry of an array is")
    min_items: int | None = Field(None, alias="minItems")
    max_items: int | None = Field(None, alias="maxItems")
    unique_items: bool | None = Field(None, alias="uniqueItems")
    properties: "dict[Text, Fields] | None" = Field(None, description="the fields of an object; it has no others")
    pattern_properties: "dict[Text, Bodied] | None" = Field(
        None, alias="patternProperties", description="fields of any name in which this regular expression is found", max_length=1
    )
    min_properties: int | None = Field(None, alias="minProperties")
    max_properties: int | None = Field(None, alias="maxProperties")
    additional_properties: bool | None = Field(None, alias="additionalProperties", description="true: any other fields as well")
    at_most: dict[Text, Text] | None = Field(None, alias="atMost", description="fields that are at most what another field is")
    default: Any = None
    example: Any = None


class BodyField(Body):
    """A field: what it holds, whether it must be there, the microversions and statuses that it is there at, and for whom."""

    required: bool = False
    by: Name | None = Field(None, description="in an answer: the caller who may at least see it")
    statuses: Names | None = Field(None, description="in an answer: the statuses that it is there at")
    when: Name | None = Field(None, description="in an answer: the flag of the request that it is there with")
    unless: Name | None = Field(None, description="in an answer: the flag of the request that it is there without")
    beside: Text | None = Field(None, description="in an answer: the field without which it is not there")
    since: Version | None = None
    until: Version | None = None


class _OrName:
    """For editors: a name alone will do, and one where many may stand."""

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        schema: dict[str, Any] = handler(core)
        one = {"anyOf": [NAME_SCHEMA, schema.get("items", schema)]}
        return {"anyOf": [*one["anyOf"], {**schema, "items": one}]} if "items" in schema else one


def _named(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


def _editions(value: object) -> object:
    return [_named(one) for one in listed(value)]


Bodied = Annotated[Body, BeforeValidator(_named), _OrName()]
Fields = Annotated[list[BodyField], BeforeValidator(_editions), Field(min_length=1), _OrName()]
