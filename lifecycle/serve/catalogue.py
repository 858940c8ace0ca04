"""What a cloud has besides the things that are served: flavors, images; read from the file that lies beside a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lifecycle.table.bundled import CLOUD, find

if TYPE_CHECKING:
    from collections.abc import Mapping


class Catalogue:
    """By the name of one (`flavor`): where all of them are told (`many`), and `things`, each with its `id`."""

    def __init__(self, kinds: Mapping[str, Any]) -> None:
        self.kinds = kinds

    @classmethod
    def beside(cls, table: str | os.PathLike[str]) -> Catalogue:
        """The catalogue of a table; an empty one where none lies beside it."""
        root, _ = find(table)
        path = os.path.join(root, CLOUD)
        if not os.path.isfile(path):
            return cls({})
        import yaml

        with open(path, encoding="utf-8") as file:
            return cls(yaml.safe_load(file))

    def find(self, kind: str, name: object) -> dict[str, Any] | None:
        """The one of a kind that has this id."""
        return next((one for one in self.kinds[kind]["things"] if one["id"] == str(name)), None)
