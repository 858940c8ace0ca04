"""What a cloud has besides the things that are served, read from the file that lies beside a table: flavors, images, services."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lifecycle.table.bundled import CLOUD, find

if TYPE_CHECKING:
    from collections.abc import Mapping


class Catalogue:
    """`kinds`, by the name of one (`flavor`): where all of them are told (`many`), and `things`, each with its `id`.

    `neighbours` are the services that clients look at besides, each under a `path`: its `version`, the kind that it `lists`.
    """

    def __init__(self, kinds: Mapping[str, Any], neighbours: Mapping[str, Any]) -> None:
        self.kinds = kinds
        self.neighbours = neighbours

    @classmethod
    def beside(cls, table: str | os.PathLike[str]) -> Catalogue:
        """The catalogue of a table; an empty one where none lies beside it."""
        root, _ = find(table)
        path = os.path.join(root, CLOUD)
        if not os.path.isfile(path):
            return cls({}, {})
        import yaml

        with open(path, encoding="utf-8") as file:
            said = yaml.safe_load(file)
        return cls(said["kinds"], said["neighbours"])

    def find(self, kind: str, name: object) -> dict[str, Any] | None:
        """The one of a kind that has this id."""
        return next((one for one in self.kinds[kind]["things"] if one["id"] == str(name)), None)
