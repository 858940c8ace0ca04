"""Where things are kept: SQLite, in a file or in memory; what was answered is there."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lifecycle.errors import LifecycleError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MEMORY = ":memory:"
LAYOUT = 2  # of what is kept; another one is another program's
MAX_PATH = 4_096
WRITTEN = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

PLACE = "json_extract(data, '$.values.state') || ' ' || coalesce(json_extract(data, '$.values.task_state'), '')"
TABLES = """
CREATE TABLE IF NOT EXISTS things (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL, gone INTEGER NOT NULL,
    due REAL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_due ON things (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_project ON things (gone, project, number);
CREATE TABLE IF NOT EXISTS records (
    thing TEXT NOT NULL, number INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (thing, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made (id TEXT PRIMARY KEY, kind TEXT NOT NULL, project TEXT NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS about (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), moment REAL NOT NULL);
"""


class Unkept(LifecycleError):
    """Nothing can be written now: another process writes all the time, or the disk is full."""


class Store:
    """One database. Its methods are called within `transaction`, from one thread."""

    def __init__(self, path: str = MEMORY, patience: float = 5.0) -> None:
        """`patience`: seconds to wait for another process that writes.

        Raises LifecycleError where this is no database of ours, or cannot be written.
        """
        try:
            self._sql = sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)
            self._sql.execute("PRAGMA journal_mode=WAL")
            self._sql.execute("PRAGMA synchronous=NORMAL")  # a kill loses nothing; only a machine that stops may lose the last
            layout = self._sql.execute("PRAGMA user_version").fetchone()[0]
            if layout not in (0, LAYOUT) or (not layout and self._sql.execute("SELECT 1 FROM sqlite_master").fetchone()):
                raise LifecycleError(f"{shown(path, MAX_PATH)} is a database of something else")
            self._sql.executescript(TABLES + f"PRAGMA user_version={LAYOUT};")
        except (sqlite3.Error, ValueError) as error:  # a name with a NUL byte is a ValueError
            raise LifecycleError(f"cannot keep anything in {shown(path, MAX_PATH)}: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within, or nothing of it; nobody else writes meanwhile. Raises Unkept."""
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sql.execute("ROLLBACK")
                raise
            self._sql.execute("COMMIT")
        except sqlite3.Error as error:
            raise Unkept(f"nothing can be kept now: {error}") from None

    def belongs(self, name: str) -> None:
        """Says whose the things in it are. Raises LifecycleError where they are another table's."""
        self._sql.execute("INSERT OR IGNORE INTO about (one, name) VALUES (1, ?)", (name,))
        owner = self._sql.execute("SELECT name FROM about").fetchone()[0]
        if owner != name:
            raise LifecycleError(f"the database is of the {owner} table, and this is {name}")

    def close(self) -> None:
        """Lets go of the database."""
        self._sql.close()

    def find(self, name: str) -> dict[str, Any] | None:
        """What is kept of the thing with this id."""
        row = self._sql.execute("SELECT data FROM things WHERE id = ?", (name,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, name: str, project: str, data: dict[str, Any], due: float | None, *, gone: bool) -> None:
        """Keeps a thing, new or known; `due` is when it changes by itself."""
        self._sql.execute(
            "INSERT INTO things (id, project, gone, due, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " project = excluded.project, gone = excluded.gone, due = excluded.due, data = excluded.data",
            (name, project, gone, due, WRITTEN(data)),
        )

    def record(self, thing: str, number: int, data: dict[str, Any]) -> None:
        """Keeps a record of what was done to a thing."""
        self._sql.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (thing, number, json.dumps(data)))

    def records(self, thing: str) -> list[dict[str, Any]]:
        """What is recorded of a thing, the first first."""
        found = self._sql.execute("SELECT data FROM records WHERE thing = ? ORDER BY number", (thing,))
        return [json.loads(row[0]) for row in found]

    def make(self, name: str, kind: str, project: str, data: dict[str, Any] | None) -> None:
        """Keeps something that was made in the catalogue; None takes it away."""
        if data is None:
            self._sql.execute("DELETE FROM made WHERE id = ?", (name,))
        else:
            self._sql.execute(
                "INSERT INTO made VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
                (name, kind, project, json.dumps(data)),
            )

    def made(self, kind: str, project: str | None) -> list[dict[str, Any]]:
        """What was made of a kind, by a project or by all."""
        query, given = "SELECT data FROM made WHERE kind = ?", [kind]
        if project is not None:
            query, given = query + " AND project = ?", [kind, project]
        return [json.loads(row[0]) for row in self._sql.execute(query + " ORDER BY rowid", given)]

    def due(self, now: float) -> list[str]:
        """The things that have changed by themselves by now, the first to change first."""
        return [row[0] for row in self._sql.execute("SELECT id FROM things WHERE due <= ? ORDER BY due, number", (now,))]

    def number(self, name: str) -> int | None:
        """Where a thing that is not gone stands in the order in which they came."""
        row = self._sql.execute("SELECT number FROM things WHERE id = ? AND NOT gone", (name,)).fetchone()
        return None if row is None else int(row[0])

    def every(
        self,
        project: str | None,
        before: int | None,
        places: Sequence[tuple[str, str | None]] | None = None,
        named: str = "",
    ) -> Iterator[dict[str, Any]]:
        """The things of a project, or of all, that are not gone: the newest first, those that came before this number.

        Of `places` (state and task), where some are told; with this in their name. What is not wanted is passed over by SQLite.
        """
        query, given = "SELECT data FROM things WHERE NOT gone", list[Any]()
        if project is not None:
            query, given = query + " AND project = ?", [project]
        if before is not None:
            query, given = query + " AND number < ?", [*given, before]
        if named:
            query, given = query + " AND instr(json_extract(data, '$.document.name'), ?)", [*given, named]
        if places is not None:
            query += f" AND {PLACE} IN ({', '.join('?' * len(places))})"
            given += [f"{state} {task or ''}" for state, task in places]
        for row in self._sql.execute(query + " ORDER BY number DESC", given):
            yield json.loads(row[0])

    def moment(self) -> float | None:
        """What the clock showed when it was last written down."""
        row = self._sql.execute("SELECT moment FROM clock").fetchone()
        return None if row is None else float(row[0])

    def note(self, moment: float) -> None:
        """Writes down what the clock shows."""
        self._sql.execute(
            "INSERT INTO clock (one, moment) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET moment = excluded.moment", (moment,)
        )
