"""The JSON Schema of each kind of file, for editors: made from the model, kept in specs/schema."""

import json
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from pydantic import TypeAdapter

from lifecycle.table.model import Row, Table

FILES = {
    "states": ("states", "statuses", "tasks", "other_tasks"),
    "events": ("events",),
    "reads": ("reads",),
    "types": ("types",),
    "policies": ("policies",),
    "properties": ("properties", "explored"),
}


def schemas() -> dict[str, str]:
    """For each kind of file its JSON Schema as text: a whole table, and the files of a table's folder."""
    table = TypeAdapter(Table).json_schema(by_alias=True)
    rest = [name for name in Table.model_fields if name not in {"actions", *chain(*FILES.values())}]
    parts = {
        "table": table,
        "lifecycle": _only(table, rest),
        **{kind: _only(table, names) for kind, names in FILES.items()},
        "action": TypeAdapter(Row).json_schema(by_alias=True),
    }
    return {kind: json.dumps({"$schema": DRAFT, **part}, indent=1) + "\n" for kind, part in parts.items()}


REFERENCE = re.compile(r'"#/\$defs/(\w+)"')
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _only(table: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The schema of a file that says only some of the keys of a table, with the definitions that it needs."""
    part = {
        **{key: value for key, value in table.items() if key != "$defs"},
        "properties": {name: table["properties"][name] for name in names},
        "required": [name for name in table["required"] if name in names],
    }
    needed: dict[str, Any] = {}
    while missing := set(REFERENCE.findall(json.dumps([part, needed]))) - needed.keys():
        needed |= {name: table["$defs"][name] for name in sorted(missing)}
    return {**part, "$defs": needed} if needed else part
