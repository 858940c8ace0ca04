"""The documents of things: what is kept of them, what they show, and what answers a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.errors import LifecycleError
from lifecycle.serve.make import Maker
from lifecycle.serve.shape import Shape, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.serve.catalogue import Catalogue
    from lifecycle.serve.thing import Thing

LINKS = "links"


class Documents:
    """The shapes of a table's documents, and what fills them."""

    def __init__(self, rules: Rules, catalogue: Catalogue) -> None:
        """Raises LifecycleError where a table does not say how its things are made, shown and spoken of."""
        self.rules = rules
        self.catalogue = catalogue
        self.base: str = (rules.data["wire"] or {}).get("base", "")
        self.said: dict[str, Any] = rules.data["document"] or {}
        self.create = next((name for name, row in rules.actions.items() if (row["address"] or "{").find("{") < 0), None)
        if self.create is None or not self.base or not self.said:
            raise LifecycleError(
                f"the {rules.name} table cannot be served: it needs `wire`, `document` and an action that makes a {rules.thing}"
            )
        self.path = rules.actions[self.create]["address"].partition(" ")[2]
        self.many = self.path.rpartition("/")[2]
        self.within: str = self.said["within"]
        self.status_field: str = self.said["keys"].get("status", {}).get("field", "status")
        self.parts: dict[str, dict[str, Any]] = self.said["parts"]
        self._shapes: dict[tuple[int, Microversion | None, str], Shape] = {}
        self._whole = self._shape_of_all()

    def obey(self, rules: Rules) -> None:
        """Answers as other rules of the same table say; what a thing's document holds stays as it is."""
        self.rules = rules
        self._shapes.clear()

    def _shape_of_all(self) -> Shape:
        """All fields of a thing's own document, as who may the most sees it at the newest microversion."""
        address = f"GET {self.path}/{{id}}"
        read = next((row for row in self.rules.reads.values() if row["address"] == address), None)
        response = read and read["editions"][-1]["rule"]["response"]
        found = response and self.shape(response, self.rules.newest, next(iter(self.rules.callers))).fields
        if not found or self.within not in found:
            raise LifecycleError(f"the {self.rules.name} table cannot be served: it needs a read at {address}")
        whole: Shape = found[self.within].shape
        return whole

    def part_of(self, field: str) -> dict[str, Any] | None:
        """How addresses name what a field holds."""
        return next((said for said in self.parts.values() if said["field"] == field), None)

    def shape(self, said: Data, version: Microversion | None, caller: str) -> Shape:
        """What a document looks like to a caller at a microversion."""
        key = (id(said), version, caller)  # rules are kept, and so their ids
        found = self._shapes.get(key)
        if found is None:
            ranks = {name: one.rank for name, one in self.rules.callers.items()}
            whole = {"type": ["object"], **said} if "properties" in said else said
            found = shape(self.rules.types, whole, version, lambda least: ranks[caller] <= ranks[least])
            self._shapes[key] = found
        return found

    def headers(self, said: Data, version: Microversion | None, caller: str) -> Shape:
        """The headers of an answer, as a document of which they are the fields."""
        key = (id(said), version, caller)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = shape(self.rules.types, {"type": ["object"], "properties": said}, version, lambda _: True)
        return found

    def maker(self, root: str, now: float, names: Mapping[str, Any]) -> Maker:
        """What makes values for an answer under an address."""
        return Maker(root + self.base, now, self.status_field, names)

    def blank(self, thing_id: str, project: str, user: str, maker: Maker) -> dict[str, Any]:
        """The document of a new thing, of which nothing is known yet."""
        fields = self._whole.fields or {}
        made = {name: field.shape.made(maker) for name, field in fields.items() if not self._at_times(name)}
        told = {"id": thing_id, "project": project, "user": user}
        return {**made, **{self.said["tells"].get(key, key): value for key, value in told.items()}}

    def _at_times(self, name: str) -> bool:
        """Whether a field is an object that is there in some statuses only: what went wrong."""
        field = (self._whole.fields or {})[name]
        return field.statuses is not None and field.shape.fields is not None

    def failed(self, thing: Thing, maker: Maker) -> None:
        """Puts into a document what tells that work failed."""
        for name, field in (self._whole.fields or {}).items():
            if self._at_times(name):
                thing.document[name] = field.shape.made(maker)

    def shown(self, thing: Thing, root: str) -> dict[str, Any]:
        """All that a thing shows now, to whoever may see everything at every microversion."""
        rules, values = self.rules, thing.values
        known: dict[str, Any] = {
            "status": rules.status(values["state"], values["task_state"]),
            "vm_state": rules.states[values["state"]]["vm_state"],
            "task_state": values["task_state"],
            "locked": values["locked_by"] is not None,
            "locked_by": values["locked_by"],
            "before": values["before"],
        }
        document = dict(thing.document)
        for key, field in self.said["keys"].items():
            document[field["field"]] = known[key] if key in known else self._fact(field, document, yes=values[key])
        for key, field in self.said["keys"].items():
            for other in field["also"]:
                document[other] = self._fact({"field": other, "yes": None, "no": None}, document, yes=values[key])
        document.update(rules.states[values["state"]]["says"])
        for field, view in self.said["shows"].items():
            document[field] = _seen(document.get(view["of"]) or (), view)
        for kind, said in self.catalogue.kinds.items():
            if isinstance(document.get(kind), dict):
                document[kind] = {**document[kind], LINKS: self.links(root, f"/{said['many']}", document[kind]["id"])[1:]}
        document[LINKS] = self.links(root, self.path, thing.id)
        return document

    def _fact(self, field: Mapping[str, Any], document: Mapping[str, Any], *, yes: bool) -> Any:
        """What a field says where a fact is so, or is not."""
        values = field["yes"] if yes else field["no"]
        here = document.get(field["field"])
        if values:
            return values[0]
        if yes or field["yes"] or field["no"]:
            return here
        said = (self._whole.fields or {})[field["field"]].shape
        return None if "null" in said.kinds else ""

    def links(self, root: str, path: str, name: object) -> list[dict[str, str]]:
        """Where one of something is told, at this version and at any."""
        return [
            {"rel": "self", "href": f"{root}{self.base}{path}/{name}"},
            {"rel": "bookmark", "href": f"{root}{path}/{name}"},
        ]

    def listed(self, kind: str, one: Mapping[str, Any], root: str) -> dict[str, Any]:
        """What is told of one in the catalogue."""
        found = {**one, LINKS: self.links(root, f"/{self.catalogue.kinds[kind]['many']}", one["id"])}
        thing = self.rules.thing
        if thing in one:
            found[thing] = {**one[thing], LINKS: self.links(root, self.path, one[thing]["id"])}
        return found

    def came(self, thing: Thing, now: str) -> None:
        """Fields that hold when a fact became so, or where it is so: filled in once it is."""
        for key, field in self.said["keys"].items():
            if key in self.rules.facts and not (field["yes"] or field["no"]):
                shape_ = (self._whole.fields or {})[field["field"]].shape
                if thing.values[key] and thing.document.get(field["field"]) is None and shape_.said.get("format") == "date-time":
                    thing.document[field["field"]] = now


def _seen(held: Iterable[Mapping[str, Any]], view: Mapping[str, Any]) -> Any:
    """What is kept under another name, as a view shows it: a list, or lists by what stands in a field."""
    entries = [{**one, **entry} for one in held for entry in (one.get(view["each"], ()) if view["each"] else ({},))]
    shown = [{**entry, **{field: entry.get(source) for field, source in view["says"].items()}} for entry in entries]
    if view["by"] is None:
        return shown
    groups: dict[str, list[Any]] = {}
    for entry in shown:
        groups.setdefault(str(entry[view["by"]]), []).append(entry)
    return groups
