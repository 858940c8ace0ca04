"""A table from its files: read, put together, shaped by the model, linted; all its mistakes at once.

A folder reads as a mapping: `states.yaml` adds its keys to the table, `actions/os-stop.yaml` is what
stands under `os-stop` in `actions`. A small table can be one file that has it all.
"""

import os
import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from lifecycle.errors import TableError, listed, shown
from lifecycle.table import bundled
from lifecycle.table.model import Table
from lifecycle.table.source import Mistake, Path_, Place, Source, meant, read


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
        found.where = ".".join(str(part) for part in path)
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
    for name, path in bundled.files(root):
        source, found = read(path, os.path.join(label, name) if name else label)
        mistakes += found
        mistakes += _add(loaded, source, name)
    if not loaded.sources:
        return loaded, mistakes or [Mistake(Place(label), "holds no .yaml file; a table has at least a lifecycle.yaml")]
    broken = bool(mistakes)
    mistakes += _shape(loaded)
    if loaded.table is not None:
        mistakes += lint(loaded, loaded.table, whole=not broken)
    order = {source.name: number for number, (_, source) in enumerate(loaded.sources)}
    unique = {(mistake.place, mistake.message): mistake for mistake in mistakes}
    return loaded, sorted(unique.values(), key=lambda mistake: (order.get(mistake.place.file, -1), mistake.place))


def _add(loaded: Loaded, source: Source, name: str) -> list[Mistake]:
    """Puts the content of a file in its place in the table."""
    group_name, _, key = name.removesuffix(bundled.SUFFIX).rpartition("/")
    prefix = (group_name, key) if group_name else ()
    loaded.sources.append((prefix, source))
    content = source.content
    if content is None:
        return []
    if not isinstance(content, dict):
        return [source.mistake((), f"a file of a table is a mapping of keys, not {shown(content)}")]
    if prefix:
        group = loaded.content.setdefault(prefix[0], {})
        if not isinstance(group, dict):
            return [source.mistake((), f"{prefix[0]} is also said elsewhere, and not as a mapping")]
        content = {prefix[1]: content}
    else:
        group = loaded.content
    twice = [key for key in content if key in group]
    group.update({key: value for key, value in content.items() if key not in twice})
    return [source.mistake((key,) if not prefix else (), f"{key} is said in another file too", key=True) for key in twice]


def _shape(loaded: Loaded) -> list[Mistake]:
    """Validates the content; what pydantic finds wrong, in our words. Rows with mistakes are left out of the lint."""
    content = dict(loaded.content)
    mistakes: dict[Path_, Mistake] = {}
    for _ in range(2):
        try:
            loaded.table = Table.model_validate(content)
            break
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                path, message, key = _worded(loaded.content, detail)
                mistakes.setdefault(path, loaded.mistake(path, message, key=key))
            content = {
                name: {key: row for key, row in group.items() if not any(path[:2] == (name, key) for path in mistakes)}
                if isinstance(group, dict) and name in ("actions", "events")
                else group
                for name, group in content.items()
            }
    return list(mistakes.values())


def _worded(content: Any, detail: Any) -> tuple[Path_, str, bool]:
    """A detail of a ValidationError: the part of the table, the message, and whether its key is meant."""
    kind, loc, context = detail["type"], tuple(detail["loc"]), detail.get("ctx", {})
    path = _real(content, loc)
    last = path[-1] if path else ""
    if kind == "extra_forbidden":
        names = _fields(loc[:-1])
        hint = meant(last, names) or f"; there are {listed(names)}"
        return path, f"no key is called {shown(last)} here{hint}", True
    if kind == "missing":
        return path, f"{loc[-1]} is missing", True
    if kind == "string_pattern_mismatch" and "\\." in context["pattern"]:
        return path, f"{shown(detail['input'])} is not a microversion, which looks like 2.47", False
    if kind == "literal_error":
        expected = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(",")]
        return path, f"must be {listed(expected, 'or')}, not {shown(detail['input'])}{meant(detail['input'], expected)}", False
    wanted = _WANTED.get(kind)
    if wanted:
        return path, f"must be {wanted}, not {shown(detail['input'])}", False
    return path, f"{detail['msg'][0].lower()}{detail['msg'][1:]}", False


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
    return [field.alias or name for name, field in fields.items()]


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
        field = kind.model_fields.get(str(loc[0]))
        return _step(field.annotation, loc[1:]) if field else _step(kind, loc[1:])
    return None
