"""Strict YAML with positions: what a stranger's file says, or where it stops being a table.

Scalars are text, `true`, `false` and decimal integers; quoted ones are always text. No anchors, aliases,
tags or second documents, no key twice. Sizes are bounded before anything is built, so that a huge, deep
or hostile file costs no more than a small one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml

from lifecycle.errors import nearest, shown
from lifecycle.table.bundled import MAX_BYTES, read_bytes

MAX_DEPTH = 16
TABLE = "table"
MAX_NODES = 100_000
MAX_MISTAKES = 200  # of one kind in one file; who has more has not written a table
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path_ = tuple[str | int, ...]


class Place(NamedTuple):
    """A position in a file: line and column from 1, and how many characters the caret marks."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 1


class Mistake:
    """One thing wrong with a table; prints as `file:line:column: message [where]` with the line and a caret."""

    __slots__ = ("line", "message", "place", "where")

    def __init__(self, place: Place, message: str, where: str = "", line: str | None = None) -> None:
        self.place = place
        self.message = message
        self.where = where
        self.line = line

    def __str__(self) -> str:
        place = self.place
        head = f"{place.file}:{place.line}:{place.column}: {self.message}"
        if self.where:
            head += f"  [{self.where}]"
        if self.line is None:
            return head
        start = max(0, place.column - 60)  # a long line is shown around the place
        text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", self.line[start : start + 100]).replace("\t", " ")
        caret = "^" * max(1, min(place.width, len(text) - (place.column - 1 - start)))
        return f"{head}\n  {text}\n  {' ' * (place.column - 1 - start)}{caret}"


class Source:
    """One file of a table: its text, its content as plain data, and where each part of it stands."""

    def __init__(self, name: str, text: str, kind: str = TABLE) -> None:
        self.name = name
        self.kind = kind
        self.lines = text.splitlines()
        self.content: Any = None
        self.places: dict[Path_, Place] = {}
        self.keys: dict[Path_, Place] = {}

    def mistake(self, path: Path_, message: str, *, key: bool = False) -> Mistake:
        """A mistake at a part of the content; at its key, or at the nearest part around it that has a place."""
        at = self.standing(path)
        found = (self.keys if key else self.places).get(at) or self.places.get(at) or Place(self.name)
        return self.at(found, message, dotted(at))

    def standing(self, path: Path_) -> Path_:
        """As much of a path as stands in the file: a value alone is the first of a list that is not written."""
        at: Path_ = ()
        for part in path:
            if (*at, part) in self.places:
                at = (*at, part)
            elif part != 0:
                break
        return at

    def at(self, place: Place, message: str, where: str = "") -> Mistake:
        """A mistake at a place of this file, with its line."""
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else None
        return Mistake(place, message, where, line)


class _Refused(Exception):
    """The file is no table; carries the mistake."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.mistake = mistake


def read(path: str, name: str, kind: str = TABLE) -> tuple[Source, list[Mistake]]:
    """The source in a file, called `name` in messages, and the mistakes of its form; content is None on a fatal one.

    `kind` is what the file should be, as messages call it.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        return Source(name, ""), [Mistake(Place(name), f"cannot be read: {error.strerror or error}")]
    return parse(data, name, kind)


def parse(data: bytes, name: str, kind: str = TABLE) -> tuple[Source, list[Mistake]]:
    """The source in these bytes and the mistakes of its form; content is None where it cannot be read on."""
    if len(data) > MAX_BYTES:
        return Source(name, ""), [Mistake(Place(name), f"is larger than {MAX_BYTES:,} bytes; a {kind} is not")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        message = f"is not UTF-8: byte 0x{error.object[error.start]:02x} cannot stand here; save the file as UTF-8"
        return Source(name, ""), [Mistake(_end(name, before), message)]
    source = Source(name, text, kind)
    bad = CONTROL.search(text)
    if bad:
        message = f"a control character ({bad.group()!a}) cannot stand in a {kind}; leave it out"
        return source, [source.at(_end(name, text[: bad.start()]), message)]
    return _build(source, text)


def _end(name: str, before: str) -> Place:
    """The position right after a text."""
    lines = f"{before}.".splitlines()
    return Place(name, len(lines), len(lines[-1]))


def _build(source: Source, text: str) -> tuple[Source, list[Mistake]]:
    builder = _Builder(source)
    try:
        for event in _events(source, text):
            builder.take(event)
    except _Refused as refused:
        fatal = refused.mistake
        return source, [*(mistake for mistake in builder.mistakes if mistake.place[:3] != fatal.place[:3]), fatal]
    if builder.root is _NOTHING or builder.root == "":
        if source.kind != TABLE:  # all of it may be left out
            source.content = {}
            return source, []
        return source, [Mistake(Place(source.name), "is empty; a table has at least its name, states and actions")]
    source.content = builder.root
    return source, builder.mistakes


def _events(source: Source, text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source.name, mark.line + 1, mark.column + 1) if mark else Place(source.name)
        if "maximum nesting" in str(error.problem):
            raise _Refused(source.at(place, _too_deep(source))) from None
        raise _Refused(source.at(place, f"is not YAML: {_problem(source, place, error)}")) from None
    except yaml.YAMLError as error:
        raise _Refused(Mistake(Place(source.name), f"is not YAML: {shown(str(error))}")) from None
    except RecursionError:
        raise _Refused(Mistake(Place(source.name), _too_deep(source))) from None


def _too_deep(source: Source) -> str:
    return f"is nested more than {MAX_DEPTH} deep; a {source.kind} is not"


def _problem(source: Source, place: Place, error: yaml.MarkedYAMLError) -> str:
    """What the parser found wrong, and where that began."""
    if "".join(source.lines[place.line - 1 : place.line])[place.column - 1 :].startswith("\t"):
        return "a tab cannot stand at the beginning of a line; indent with spaces"
    problem = ", ".join(filter(None, [error.context, error.problem]))
    begin = error.context_mark
    return problem if begin is None or begin.line + 1 == place.line else f"{problem} (it begins on line {begin.line + 1})"


_NOTHING: Any = object()


class _Builder:
    """Builds plain data from YAML's events, without recursion, and notes where each part stands."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Any = _NOTHING
        self.mistakes: list[Mistake] = []
        self.stack: list[tuple[Any, Path_, dict[str, str]]] = []  # the third: its keys, by themselves in small letters
        self.key: str | None = None
        self.nodes = 0
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                one = "a file of a table" if self.source.kind == TABLE else f"a {self.source.kind}"
                raise _Refused(self._at(event, f"a second document begins here; {one} has one"))

    def _at(self, event: yaml.Event, message: str, where: str = "") -> Mistake:
        return self.source.at(self._place(event), message, where)

    def _place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:  # only an event that is made by hand has none
            return Place(self.source.name)
        width = end.column - start.column if end.line == start.line else 1
        return Place(self.source.name, start.line + 1, start.column + 1, max(1, width))

    def _note(self, event: yaml.NodeEvent, message: str, path: Path_) -> None:
        if len(self.mistakes) >= MAX_MISTAKES:
            raise _Refused(self._at(event, f"has more than {MAX_MISTAKES} mistakes; is it a {self.source.kind}?"))
        self.mistakes.append(self._at(event, message, dotted(path)))

    def _node(self, event: yaml.NodeEvent) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Refused(self._at(event, f"has more than {MAX_NODES:,} parts; a {self.source.kind} has fewer"))
        if isinstance(event, yaml.AliasEvent):
            instead = "write it out" + ", or put it in rows.all" * (self.source.kind == TABLE)
            raise _Refused(self._at(event, f"an alias (*{shown(event.anchor)}) cannot stand in a {self.source.kind}: {instead}"))
        if event.anchor:
            raise _Refused(
                self._at(event, f"an anchor (&{shown(event.anchor)}) cannot stand in a {self.source.kind}; leave it out")
            )
        tag = getattr(event, "tag", None)
        if tag:
            raise _Refused(self._at(event, f"a tag ({shown(tag)}) cannot stand in a {self.source.kind}; leave it out"))
        if self.stack and isinstance(self.stack[-1][0], dict) and self.key is None:
            self._key(event)
        else:
            self._value(event)

    def _key(self, event: yaml.NodeEvent) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Refused(self._at(event, "a key must be a word, not a list or a mapping"))
        mapping, path, folded = self.stack[-1]
        self.key = event.value
        here = (*path, self.key)
        if self.key in mapping:
            first = self.source.keys[here].line
            self._note(event, f"the key {shown(self.key)} stands here twice, first on line {first}", path)
            return
        similar = folded.setdefault(self.key.lower(), self.key)
        if similar != self.key:
            self._note(event, f"the keys {shown(similar)} and {shown(self.key)} differ only in case", path)
        self.source.keys.setdefault(here, self._place(event))

    def _here(self) -> Path_:
        """Where the next value stands."""
        if not self.stack:
            return ()
        parent, above, _ = self.stack[-1]
        return (*above, self.key or "") if isinstance(parent, dict) else (*above, len(parent))

    def _value(self, event: yaml.NodeEvent) -> None:
        path = self._here()
        value: Any = (
            self._scalar(event)
            if isinstance(event, yaml.ScalarEvent)
            else {}
            if isinstance(event, yaml.MappingStartEvent)
            else []
        )
        if not self.stack:
            self.root = value
        else:
            parent = self.stack[-1][0]
            if isinstance(parent, dict):
                parent.setdefault(self.key, value)
                self.key = None
            else:
                parent.append(value)
        self.source.places.setdefault(path, self._place(event))
        if not isinstance(event, yaml.ScalarEvent):
            if len(self.stack) >= MAX_DEPTH:
                raise _Refused(self._at(event, _too_deep(self.source)))
            self.stack.append((value, path, {}))

    def _scalar(self, event: yaml.ScalarEvent) -> str | bool | int:
        if event.style:
            return str(event.value)
        text: str = event.value
        if text in ("true", "false"):
            return text == "true"
        if text == "":
            self._note(event, "has no value; write one, or leave it out", self._here())
        return int(text) if INTEGER.fullmatch(text) else text


def dotted(path: Path_) -> str:
    """A path as messages have it: `actions.os-stop.requires`."""
    return ".".join(str(part) for part in path)


def meant(name: object, names: Iterable[str]) -> str:
    """`; did you mean x?` where a misspelt name is close to one of `names`, else nothing."""
    close = nearest(name, names)
    return f"; did you mean {close}?" if close else ""
