"""Writes into a table's own file how many situations and steps it has, and leaves all else of it as it is."""

import os
from collections.abc import Mapping

from lifecycle.errors import LifecycleError
from lifecycle.table import bundled
from lifecycle.table.load import load_table

KEY = "explored"
NOTE = "# `lifecycle verify --pin` writes it: a row that opens the space shows here."


def pin(table: str | os.PathLike[str], counts: Mapping[str, Mapping[str, int]]) -> str:
    """Writes the counts by reading; the name of the file that holds them. Raises LifecycleError where it cannot be written.

    Where the table has none yet they come after its properties.
    """
    root, label = bundled.find(table)
    loaded = load_table(root, label)
    beside = next((key for key in (KEY, "properties", "name") if key in loaded.content), "name")
    source, _ = loaded.locate((beside,))
    path = next(path for name, path in bundled.files(root) if source.name == (os.path.join(label, name) if name else label))
    lines = list(source.lines)
    begin = source.keys[KEY,].line - 1 if (KEY,) in source.keys else len(lines)
    end = next((number for number in range(begin + 1, len(lines)) if lines[number][:1] not in ("", " ")), len(lines))
    if begin == len(lines):
        lines += ["", NOTE]
        begin = end = len(lines)
    said = [f"  {reading}: {{situations: {found['situations']}, steps: {found['steps']}}}" for reading, found in counts.items()]
    lines[begin:end] = [f"{KEY}:", *said]
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        raise LifecycleError(f"cannot write {source.name}: {error.strerror or error}") from None
    return source.name
