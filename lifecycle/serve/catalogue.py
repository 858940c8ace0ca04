"""What a cloud has besides the things that are served: flavors, images, services; some in a file, some made meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lifecycle.table.bundled import CLOUD, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifecycle.serve.store import Store


class Catalogue:
    """`kinds`, by the name of one (`flavor`): where all of them are told (`many`), and `things`, each with its `id`.

    `neighbours` are the services that clients look at besides, each under a `path`: its `version`, the kind that it `lists`.
    What things have made besides is the project's whose thing it was; the store keeps it.
    """

    def __init__(self, kinds: Mapping[str, Any], neighbours: Mapping[str, Any], store: Store | None = None) -> None:
        self.kinds = kinds
        self.neighbours = neighbours
        self._store = store

    @classmethod
    def beside(cls, table: str | os.PathLike[str], store: Store | None = None) -> Catalogue:
        """The catalogue of a table; an empty one where none lies beside it."""
        root, _ = find(table)
        path = os.path.join(root, CLOUD)
        if not os.path.isfile(path):
            return cls({}, {}, store)
        import yaml

        with open(path, encoding="utf-8") as file:
            said = yaml.safe_load(file)
        return cls(said["kinds"], said["neighbours"], store)

    def things(self, kind: str, project: str | None) -> list[dict[str, Any]]:
        """All of a kind that a project may look at; None looks at everyone's. What was made comes last."""
        return [*self.kinds[kind]["things"], *(self._store.made(kind, project) if self._store else ())]

    def find(self, kind: str, name: object, project: str | None) -> dict[str, Any] | None:
        """The one of a kind that has this id."""
        return next((one for one in self.things(kind, project) if one["id"] == str(name)), None)
