"""A JSON Schema as a pydantic model: strict, nothing converted, and the wire's own names as aliases."""

import math
import re
from collections.abc import Callable
from types import NoneType
from typing import Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from lifecycle.bodies.formats import FORMATS
from lifecycle.bodies.words import holds

type_ = type
Schema = dict[str, Any]
CONFIG = ConfigDict(
    strict=True,
    validate_by_alias=True,
    validate_by_name=False,
    serialize_by_alias=True,
    protected_namespaces=(),
    regex_engine="python-re",
)
LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}
SIZES = {"object": ("minProperties", "maxProperties"), "array": ("minItems", "maxItems")}


def model(name: str, schema: Schema, doc: str) -> type[BaseModel]:
    """The class that takes just what the schema allows; `name` is its name."""
    made = _annotation(name, schema)
    if isinstance(made, type) and issubclass(made, BaseModel):
        made.__doc__ = doc
        return made
    root: type[BaseModel] = type(name, (RootModel[made],), {"__doc__": doc, "__module__": __name__})  # type: ignore[valid-type]
    return root


def _annotation(name: str, schema: Schema) -> Any:
    if "enum" in schema:
        return _enum(schema["enum"])
    said = schema.get("type")
    kinds = [said] if isinstance(said, str) else said
    if not kinds:
        return Any
    return _either({kind: MAKERS[kind](name, schema) for kind in kinds})


def _enum(values: list[Any]) -> Any:
    """One of some values; pydantic's own Literal would take 1 for True."""
    by_kind: dict[str, list[Any]] = {}
    for value in values:
        by_kind.setdefault(KINDS[type_(value)], []).append(value)
    return _either({kind: _one_of(kind, some) for kind, some in by_kind.items()})


def _one_of(kind: str, values: list[Any]) -> Any:
    if kind == "null":
        return None
    if kind == "boolean":
        return StrictBool if len({*values}) > 1 else Annotated[StrictBool, _check("enum", values.__contains__)]
    if kind == "integer":
        return Annotated[_integer("", {}), _check("enum", values.__contains__)]
    return Literal[tuple(values)]


def _either(options: dict[str, Any]) -> Any:
    if len(options) == 1:
        return next(iter(options.values()))
    if len(options) == 2 and "null" in options:  # noqa: PLR2004 - it and another
        return Union[tuple(options.values())]  # noqa: UP007 - made from a tuple
    tagged = [Annotated[option, Tag(tag(kind))] for kind, option in options.items()]
    return Annotated[Union[tuple(tagged)], Discriminator(_chooser(options))]  # noqa: UP007


def tag(kind: str) -> str:
    """How a location in an error names the type that was chosen: as no field is called."""
    return f"<{kind}>"


KINDS: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null", list: "array"}


def _chooser(options: dict[str, Any]) -> Callable[[Any], str]:
    """Which of several types a value is one of; an integer is a number too, and 1.0 an integer."""
    other = {"integer": "number", "number": "integer"}
    tags = {kind: tag(kind if kind in options else other.get(kind, kind)) for kind in (*KINDS.values(), "object")}

    def choose(value: Any) -> str:
        return tags[KINDS.get(type_(value), "object")]

    return choose


def _string(_: str, schema: Schema) -> Any:
    checks: list[Any] = [Field(**{ours: schema[word] for word, ours in LENGTHS.items() if word in schema})]
    if "pattern" in schema:
        checks.append(_check("pattern", re.compile(schema["pattern"]).search))
    if "format" in schema:
        checks.append(_check("format", FORMATS[schema["format"]][0]))
    if "minimum" in schema or "maximum" in schema:
        checks.append(_check("bounds", lambda text: _bounded(schema, text)))
    return Annotated[(StrictStr, *checks)]


def _bounded(schema: Schema, text: str) -> bool:
    """A text that reads as a number keeps the bounds of numbers."""
    try:
        number = float(text)
    except ValueError:
        return True
    return bool(schema.get("minimum", -math.inf) <= number <= schema.get("maximum", math.inf))


def _check(kind: str, passes: Callable[[Any], object]) -> AfterValidator:
    def check(value: Any) -> Any:
        if not passes(value):
            raise PydanticCustomError(kind, kind)
        return value

    return AfterValidator(check)


def _integer(_: str, schema: Schema) -> Any:
    whole = Annotated[StrictFloat, _check("int_type", float.is_integer)]
    return Annotated[StrictInt | whole, Field(**_bounds(schema))]


def _number(_: str, schema: Schema) -> Any:
    return Annotated[StrictInt | StrictFloat, Field(**_bounds(schema))]


def _bounds(schema: Schema) -> dict[str, Any]:
    return {ours: schema[word] for word, ours in (("minimum", "ge"), ("maximum", "le")) if word in schema}


def _array(name: str, schema: Schema) -> Any:
    items: Any = _annotation(name.removesuffix("s"), schema["items"]) if "items" in schema else Any
    checks: list[Any] = [Field(**_sizes("array", schema))]
    if schema.get("uniqueItems"):
        checks.append(_check("unique", lambda items: len(items) == len({repr(item) for item in items})))
    return Annotated[(list[items], *checks)]


def _sizes(kind: str, schema: Schema) -> dict[str, Any]:
    return {ours: schema[word] for word, ours in zip(SIZES[kind], LENGTHS.values(), strict=True) if word in schema}


def _object(name: str, schema: Schema) -> Any:
    if "properties" in schema:
        return _fields(name, schema)
    if "patternProperties" not in schema:
        return Annotated[dict[str, Any], Field(**_sizes("object", schema))]
    ((pattern, value),) = schema["patternProperties"].items()
    key: Any = Annotated[StrictStr, _check("pattern", re.compile(pattern).search)]
    inner: Any = _annotation(name, value)
    return Annotated[dict[key, inner], Field(**_sizes("object", schema))]


def _fields(name: str, schema: Schema) -> type[BaseModel]:
    required = schema.get("required", ())
    fields: dict[str, Any] = {}
    for wire, field in schema["properties"].items():
        inner = _annotation(f"{name}{_camel(wire)}", field)
        default = ... if wire in required else field.get("default")
        said = {"alias": wire, "description": holds(field), "examples": [field["example"]] if "example" in field else None}
        fields[_python(wire)] = (inner, Field(default, **said))
    extra: Literal["allow", "forbid"] = "allow" if schema.get("additionalProperties") else "forbid"
    checks: dict[str, Any] = {"at_most": _at_most(schema["atMost"])} if "atMost" in schema else {}
    checks |= _counted(schema)
    made: type[BaseModel] = create_model(
        name, __config__=ConfigDict(**CONFIG, extra=extra), __module__=__name__, __validators__=checks, **fields
    )
    return made


def _at_most(pairs: dict[str, str]) -> Any:
    """Fields that are at most what others are; texts count as the numbers that they read as."""

    def check(self: BaseModel) -> BaseModel:
        for low, high in pairs.items():
            values = [getattr(self, _python(wire), None) for wire in (low, high)]
            if None not in values and float(str(values[0])) > float(str(values[1])):
                raise PydanticCustomError("at_most", "at_most", {"low": low, "high": high})
        return self

    return model_validator(mode="after")(check)


def _counted(schema: Schema) -> dict[str, Any]:
    """The check of how many fields an object with named ones has."""
    least, most = (schema.get(word) for word in SIZES["object"])
    if least is None and most is None:
        return {}

    def check(value: Any) -> Any:
        count = len(value) if isinstance(value, dict) else least or 0
        if count < (least or 0):
            raise PydanticCustomError("too_short", "too_short")
        if most is not None and count > most:
            raise PydanticCustomError("too_long", "too_long")
        return value

    return {"counted": model_validator(mode="before")(check)}


def _python(wire: str) -> str:
    """A field's name in Python: `OS_DCF_diskConfig` for OS-DCF:diskConfig."""
    text = re.sub(r"\W", "_", wire).strip("_") or "field"
    return f"{text}_" if hasattr(BaseModel, text) else text


def _camel(wire: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in re.split(r"[\W_]+", wire) if part)


MAKERS: dict[str, Callable[[str, Schema], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda _, __: StrictBool,
    "null": lambda _, __: None,
    "array": _array,
    "object": _object,
}
