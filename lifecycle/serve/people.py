"""Who asks: a token `USER:PROJECT[:ROLE,ROLE]`, and the caller of the table that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.engine.rules import Rules

MAX_TOKEN = 1_024
REMEMBERED = 1_000  # tokens
USUAL_ROLES = ("member", "reader")


class Person:
    """Whom a token names."""

    __slots__ = ("project", "roles", "user")

    def __init__(self, user: str, project: str, roles: tuple[str, ...]) -> None:
        self.user = user
        self.project = project
        self.roles = roles


class People:
    """The callers of a table, told apart by the roles and the project of a token."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        policies: Any = rules.data["policies"] or {}
        self._roles = {name: token["roles"][0] for name, token in policies.get("tokens", {}).items() if token.get("roles")}
        outside: str = policies.get("admin", {}).get("others_fail", "exists")
        self._outside = [name for name in rules.callers if rules.callers[name].fails == outside]
        self.nobody = next((name for name, caller in rules.callers.items() if caller.fails == "token"), None)
        self._admin = next((name for name, caller in rules.callers.items() if caller.passes_lock), None)
        self._known: dict[str | None, Person | None] = {}

    def read(self, token: str | None) -> Person | None:
        """The person that a token names; None where it names nobody whom the table knows."""
        if token not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[token] = self._read(token)
        return self._known[token]

    def _read(self, token: str | None) -> Person | None:
        user, colon, rest = (token or "")[:MAX_TOKEN].partition(":")
        project, _, roles = rest.partition(":")
        if not (user and colon and project):
            return None
        usual = (user, *USUAL_ROLES) if user == self._admin else USUAL_ROLES
        person = Person(user, project, tuple(filter(None, roles.split(","))) or usual)
        return person if self.caller(person, project) else None

    def caller(self, person: Person, project: str | None) -> str | None:
        """The caller that a person is to a thing of this project, or to its own where there is no thing (None)."""
        names = [name for name, role in self._named() if role in person.roles]
        if not names or names[0] == self._admin:
            return names[0] if names else None
        strange = project is not None and project != person.project
        if strange and self._outside:
            return next((name for name in names if name in self._outside), self._outside[-1])
        inside = [name for name in names if name not in self._outside]
        return (inside or names)[0]

    def all_things(self, person: Person) -> bool:
        """Whether a person meets the things of all projects."""
        return self.caller(person, None) == self._admin

    def _named(self) -> list[tuple[str, str]]:
        """Every caller with the role that makes it: who may the most first."""
        return [(name, self._roles.get(name, name)) for name in self._rules.callers if name != self.nobody]
