"""The parameters that a section lists, looked for among the fields of an action's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.bodies.documents import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifecycle.api import Lifecycle

    Data = Mapping[str, Any]


def answers_nothing(lifecycle: Lifecycle, action: str) -> bool:
    """Whether no accepted request of an action is answered with a document, at any microversion."""
    return all(rule["response"] is None for rule in _rules(lifecycle, action))


def unknown(lifecycle: Lifecycle, kind: str, action: str, names: list[str]) -> list[str]:
    """Those of the names that no field of the `request` or `response`, and no header, has at any microversion.

    A name is the end of a field's path: `accessIPv4`, `flavor.vcpus`; of a field that holds any names all are known.
    """
    known: set[str] = set()
    maps: set[str] = set()
    for rule in _rules(lifecycle, action):
        document = said(kind, lifecycle.rules, action, rule)
        for path, field in _fields(lifecycle.rules.types, document or {}, ()):
            known |= _ends(path)
            if any("patternProperties" in part for part in _alike(lifecycle.rules.types, field)):
                maps |= _ends(path)
        known |= set(rule["headers"])
    return [name for name in names if name not in known and name.rpartition(".")[0] not in maps]


def _rules(lifecycle: Lifecycle, action: str) -> Iterator[Data]:
    for edition in lifecycle.rules.action(action)["editions"]:
        if edition["reading"] in (None, lifecycle.reading):
            yield edition["rule"]


def _ends(path: tuple[str, ...]) -> set[str]:
    return {".".join(path[start:]) for start in range(len(path))}


def _alike(types: Mapping[str, Data], one: Data) -> list[Data]:
    """What is said of a part itself: by it, and by the types that it names."""
    return [one, *(part for name in one.get("type", ()) if name in types for part in _alike(types, types[name]))]


def _fields(types: Mapping[str, Data], one: Data, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Data]]:
    """Each field within a part, with the names that lead to it."""
    for part in _alike(types, one):
        for name, editions in part.get("properties", {}).items():
            for field in editions:
                yield (*path, name), field
                yield from _fields(types, field, (*path, name))
        if isinstance(part.get("items"), dict):
            yield from _fields(types, part["items"], path)
