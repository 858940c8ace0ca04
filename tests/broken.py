"""The compute table with a mistake in it: what somebody could write."""

import copy
from functools import cache
from typing import Any

from lifecycle import Lifecycle
from lifecycle.engine.rules import Rules
from lifecycle.table.bundled import find
from lifecycle.table.compile import compile_table
from lifecycle.table.load import Loaded, read_table
from lifecycle.table.model import Table


@cache
def read() -> Loaded:
    loaded, mistakes = read_table(*find("compute"))
    assert not mistakes
    return loaded


def broken(*changes: tuple[str, Any]) -> Lifecycle:
    """The table with other words at some places: `actions.os-stop.becomes`, None to leave them out."""
    loaded = read()
    content = copy.deepcopy(loaded.content)
    for place, value in changes:
        *path, last = place.split(".")
        part: Any = content
        for name in path:
            part = part[int(name)] if isinstance(part, list) else part.setdefault(name, {})
        if value is None:
            del part[last]
        else:
            part[last] = value
    other = Loaded()
    other.content, other.sources, other.table = content, loaded.sources, Table.model_validate(content)
    return Lifecycle(Rules(compile_table(other)))
