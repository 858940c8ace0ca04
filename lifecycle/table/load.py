"""A table from its files: read, put together, shaped by the model, linted; all its mistakes at once.

A folder reads as a mapping: `states.yaml` adds its keys to the table, `actions/os-stop.yaml` is what
stands under `os-stop` in `actions`. A small table can be one file that has it all.
"""

import os
import types
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from lifecycle.errors import TableError, listed, shown
from lifecycle.table import bundled
from lifecycle.table.model import Table
from lifecycle.table.source import INTEGER, MAX_MISTAKES, Mistake, Path_, Place, Source, dotted, meant, read

ENTRY = 2  # parts of the path of an entry: `states.ACTIVE`; without it others would seem misspelt
MAX_SIZE = 5_000_000  # characters of all files of a table
MAX_PATH = 4_096  # characters of a file's name that messages have


class Loaded:
    """A table with the places of its parts, for messages and for the row that a decision names."""

    def __init__(self) -> None:
        self.content: dict[str, Any] = {}
        self.table: Table | None = None
        self.sources: list[tuple[Path_, Source]] = []

    def locate(self, path: Path_) -> tuple[Source, Path_]:
        """The file that holds a part of the table, and where in it the part stands."""
        found = max(
            (
                (prefix, source)
                for prefix, source in self.sources
                if path[: len(prefix)] == prefix and _holds(prefix, source, path)
            ),
            key=lambda pair: len(pair[0]),
            default=((), self.sources[0][1]),
        )
        return found[1], path[len(found[0]) :]

    def place(self, path: Path_) -> Place:
        """Where a part stands; where it does not, the part around it."""
        source, local = self.locate(path)
        while local and local not in source.keys and local not in source.places:
            local = local[:-1]
        return source.keys.get(local) or source.places.get(local) or Place(source.name)

    def at(self, path: Path_) -> str:
        """The same as `file:line`."""
        place = self.place(path)
        return f"{place.file}:{place.line}"

    def mistake(self, path: Path_, message: str, *, key: bool = False) -> Mistake:
        """A mistake at a part of the table; `key` marks the part's key and not its value."""
        source, local = self.locate(path)
        found = source.mistake(local, message, key=key)
        found.where = dotted((*path[: len(path) - len(local)], *source.standing(local)))
        return found


def _holds(prefix: Path_, source: Source, path: Path_) -> bool:
    return bool(prefix) or not path or path[:1] in source.keys


def load_table(root: str, label: str) -> Loaded:
    """The table in a file or folder, called `label` in messages. Raises TableError with every mistake."""
    loaded, mistakes = read_table(root, label)
    if mistakes:
        raise TableError(mistakes)
    return loaded


def read_table(root: str, label: str) -> tuple[Loaded, list[Mistake]]:
    """The table as far as it can be read, and all its mistakes in the order of files and lines."""
    from lifecycle.table.lint import lint

    loaded = Loaded()
    mistakes: list[Mistake] = []
    size = 0
    for name, path in bundled.files(root):
        source, found = read(path, shown(os.path.join(label, name) if name else label, limit=MAX_PATH))
        mistakes += found
        mistakes += _add(loaded, source, name)
        size += sum(map(len, source.lines))
        if size > MAX_SIZE:
            mistakes.append(Mistake(Place(label), f"holds more than {MAX_SIZE:,} characters; is it the folder of a table?"))
            break
    if not loaded.sources:
        return loaded, mistakes or [Mistake(Place(label), "holds no .yaml file; a table has at least a lifecycle.yaml")]
    broken = bool(mistakes)
    shape = _shape(loaded)
    told = {mistake.place for mistake in mistakes}
    mistakes += [mistake for mistake in shape if mistake.place not in told]
    if loaded.table is not None:
        mistakes += lint(loaded, loaded.table, whole=not broken and not shape)
    order = {source.name: number for number, (_, source) in enumerate(loaded.sources)}
    unique = {(mistake.place, mistake.message): mistake for mistake in mistakes}
    return loaded, sorted(unique.values(), key=lambda mistake: (order.get(mistake.place.file, -1), mistake.place))


def _add(loaded: Loaded, source: Source, name: str) -> list[Mistake]:
    """Puts the content of a file in its place in the table."""
    group_name, _, key = name.removesuffix(bundled.SUFFIX).rpartition("/")
    prefix = (group_name, key) if group_name else ()
    content = source.content
    if not isinstance(content, dict):
        loaded.sources.append((prefix, source))
        return (
            [source.mistake((), f"a file of a table is a mapping of keys, not {_said(content)}")] if content is not None else []
        )
    if prefix:
        group = loaded.content.setdefault(prefix[0], {})
        if not isinstance(group, dict):
            loaded.sources.append((prefix, source))
            elsewhere = loaded.at(prefix[:1])
            return [source.mistake((), f"{group_name} is said at {elsewhere} too, and not as a mapping; say it in one place")]
        content = {key: content}
    else:
        group = loaded.content
    twice = {name: loaded.at((*prefix[:1], name)) for name in content if name in group}
    group.update({name: value for name, value in content.items() if name not in twice})
    loaded.sources.append((prefix, source))
    return [
        source.mistake(() if prefix else (name,), f"{name} is said at {elsewhere} too; say it in one place", key=True)
        for name, elsewhere in twice.items()
    ]


def _shape(loaded: Loaded) -> list[Mistake]:
    """Validates the content; what pydantic finds wrong, in our words. What is wrong is left out of the lint."""
    try:
        loaded.table = Table.model_validate(loaded.content)
    except ValidationError as error:
        found = _found(loaded, error)
    else:
        return []
    with suppress(ValidationError):  # what it would find is found
        loaded.table = Table.model_validate(_without(loaded.content, found))
    return list(found.values())


def _found(loaded: Loaded, error: ValidationError) -> dict[Path_, Mistake]:
    """The mistakes by the part that they are about; what is missing counts as a part of what it is missing from."""
    unread = {prefix[0] if prefix else None for prefix, source in loaded.sources if not isinstance(source.content, dict)}
    found: dict[Path_, Mistake] = {}
    for detail in error.errors(include_url=False)[:MAX_MISTAKES]:
        path, message, key = _worded(loaded.content, detail)
        about = (*path, detail["loc"][-1]) if detail["type"] == "missing" else path
        maybe = len(about) == 1 and detail["type"] in ("missing", "too_short") and not unread.isdisjoint((None, about[0]))
        if not maybe:  # what no file says, one that cannot be read may say
            found.setdefault(about, loaded.mistake(path, message, key=key))
    above = {path[:end] for path in found for end in range(len(path))}  # a closer look found more than "not text"
    return {path: mistake for path, mistake in found.items() if path not in above}


def _without(content: dict[str, Any], wrong: Iterable[Path_]) -> dict[str, Any]:
    """The content without what is wrong: whole rows of actions and events, single values of all else."""
    rows = ("actions", "events", "reads", "properties", "explored")
    single = [path for path in wrong if len(path) > ENTRY or path[0] not in Table.model_fields]
    cuts = {*single, *(path[:ENTRY] for path in wrong if path[0] in rows)}

    def copy(value: Any, path: Path_) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: copy(part, (*path, name)) for name, part in value.items() if (*path, name) not in cuts}

    left: dict[str, Any] = copy(content, ())
    return left


def _worded(content: Any, detail: Any) -> tuple[Path_, str, bool]:
    """A detail of a ValidationError: the part of the table, the message, and whether its key is meant."""
    kind, loc = detail["type"], tuple(detail["loc"])
    path = _real(content, loc)
    last = path[-1] if path else ""
    if kind == "extra_forbidden":
        names = _fields(loc[:-1])
        return path, f"no key is called {shown(last)} here{meant(last, names) or f'; {there(names)}'}", True
    if kind == "missing":
        return path, f"{loc[-1]} is missing{_meaning(loc)}", True
    if loc[-1] == "[key]":
        return path, f"a name is made of letters, digits, _ . : -, which {shown(last)} is not", True
    return path, _wrong(kind, loc, path, detail), False


def _wrong(kind: str, loc: Path_, path: Path_, detail: Any) -> str:
    """What a value must be, and what it is."""
    given = detail["input"]
    if path[-1:] and path[-1] in VERSIONS and kind.startswith("string_"):
        return f"{_said(given)} is not a microversion, which looks like 2.47"
    if kind == "literal_error":
        expected = [word.strip("' ") for word in detail["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"must be {listed(expected, 'or')}, not {_said(given)}{meant(given, expected)}"
    if kind == "too_short":
        return "is empty; it must hold one at least"
    wanted = _EITHER.get(str(path[-2])) if "bool" in loc and len(path) > 1 else None
    wanted = wanted or (_CODE if "constrained-int" in loc else None) or _WANTED.get(kind)
    if wanted:
        return f"must be {wanted}, not {_said(given)}{_quotes(kind, given)}"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}"


def there(names: Iterable[str]) -> str:
    """The names that there are, as the end of a sentence."""
    texts = list(names)
    return f"there are {listed(texts)}" if len(texts) > 1 else f"there is only {texts[0]}" if texts else "the table has none"


def _said(value: Any) -> str:
    """A value as the table says it."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return str(value).lower() if isinstance(value, bool) else shown(value)


def _quotes(kind: str, given: Any) -> str:
    """What quotes have to do with it, if they have."""
    if kind == "string_type" and isinstance(given, (bool, int)):
        return "; put it in quotes"
    quoted = isinstance(given, str) and (given in ("true", "false") if kind == "bool_type" else INTEGER.fullmatch(given))
    return " in quotes; leave them out" if quoted else ""


def _meaning(loc: Path_) -> str:
    """What a missing key would say, where the model tells."""
    model = _step(Table, loc[:-1])
    field = model.model_fields.get(str(loc[-1])) if model else None
    return f"; it says {field.description}" if field and field.description else ""


VERSIONS = ("since", "until", "oldest", "newest")
_EITHER = {
    "requires": "true, false or any",
    "when": "true or false for a fact, or zero, positive or negative for an option",
}
_CODE = "an HTTP code of 100 to 599, or other"
_WANTED = {
    "string_type": "text",
    "string_too_short": "some text",
    "string_pattern_mismatch": "a name of letters, digits, _ . : -",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "greater_than_equal": "an HTTP code of 100 to 599",
    "less_than_equal": "an HTTP code of 100 to 599",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
}


def _real(content: Any, loc: Path_) -> Path_:
    """The part of a location that stands in the content: pydantic adds the names of the types it tried."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(content, dict) and part in content:
            content = content[str(part)]
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _fields(loc: Path_) -> list[str]:
    """The keys that may stand at a location of the table."""
    model = _step(Table, loc)
    fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    return [field.alias or name for name, field in fields.items() if name != "of"]  # a list says it without


def _step(kind: Any, loc: Path_) -> Any:
    origin = get_origin(kind)
    if origin is Annotated:
        return _step(get_args(kind)[0], loc)
    if origin in (Union, types.UnionType):
        return next((found for option in get_args(kind) if (found := _step(option, loc)) is not None), None)
    if not loc:
        return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    if origin in (dict, list):
        return _step(get_args(kind)[-1], loc[1:])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _within(kind, loc)
    return None


def _within(model: type[BaseModel], loc: Path_) -> Any:
    """The model at a location within another; a part that is no field is the name of a type that pydantic tried."""
    field = model.model_fields.get(str(loc[0]))
    if field:
        return _step(field.annotation, loc[1:])
    if model.model_config.get("extra") == "allow":
        return _step(model.__annotations__["__pydantic_extra__"], loc)
    return _step(model, loc[1:])
