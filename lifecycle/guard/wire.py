"""What a request says on the wire: its microversion, and its body, which nobody has vouched for."""

from __future__ import annotations

from json import dumps

from lifecycle.cases import read_json
from lifecycle.engine.microversion import HEADER, parse, text
from lifecycle.errors import CaseError, UnknownMicroversion

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from lifecycle.engine.rules import Rules

    Headers = Iterable[tuple[bytes, bytes]]

LIMIT = 114_688  # bytes of a body, as in the services of OpenStack unless they are told otherwise
LATEST = "latest"
REASON = "X-Lifecycle-Reason"
LONGEST = 1_000  # characters of a reason in a header
KEPT = 1_000  # spellings of a microversion that are remembered
BAD, NOT_ACCEPTABLE = 400, 406  # of a microversion: it is none, or none that the service has


class NoMicroversion(Exception):
    """The headers ask for a microversion that is none, or that the table does not have."""

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class Microversions:
    """Reads what a request's headers ask for, as all services of OpenStack do; knows how an answer names it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        old = f"X-OpenStack-{rules.service}-API-Version" if rules.service.isalnum() else None
        self._name, self._old = HEADER.lower().encode(), old and old.lower().encode()
        self._names = [name for name in (HEADER, old) if name]
        self._oldest = rules.oldest and text(rules.oldest)
        self._known: dict[tuple[bytes | None, bytes | None], str | None] = {(None, None): self._oldest}

    def asked(self, headers: Headers) -> str | None:
        """The microversion that is asked for: the oldest where none is. Raises NoMicroversion."""
        if self._oldest is None:
            return None
        name, old = self._name, self._old
        new_said = old_said = None
        for key, value in headers:
            if key == name:
                new_said = value if new_said is None else new_said + b"," + value
            elif key == old:
                old_said = value
        try:
            return self._known[new_said, old_said]
        except KeyError:
            return self._read(new_said, old_said)

    def _read(self, new_said: bytes | None, old_said: bytes | None) -> str | None:
        said = self._of_service(new_said) if new_said else None
        if said is None and old_said is not None:
            said = old_said.decode("latin-1").split(",")[-1].strip()
        if not said:
            return self._oldest
        found = self._checked(said)
        if len(self._known) < KEPT:
            self._known[new_said, old_said] = found
        return found

    def _of_service(self, said: bytes) -> str | None:
        """What the last part of the header that is for this service asks for: `compute 2.47, volume 3.60`."""
        for part in reversed(said.decode("latin-1").split(",")):
            service, _, version = part.strip().partition(" ")
            if service.lower() == self._rules.service_type.lower() and version.strip():
                return version.strip()
        return None

    def _checked(self, said: str) -> str | None:
        rules = self._rules
        try:
            if said != LATEST:
                parse(said)
        except UnknownMicroversion as error:
            raise NoMicroversion(BAD, str(error)) from None
        try:
            version = rules.version(said)
        except UnknownMicroversion as error:
            raise NoMicroversion(NOT_ACCEPTABLE, str(error)) from None
        return version and text(version)

    def answered(self, version: str | None) -> list[tuple[str, str]]:
        """The headers by which an answer says which microversion was taken."""
        if version is None:
            return []
        said = [(name, f"{self._rules.service_type} {version}" if name == HEADER else version) for name in self._names]
        return [*said, ("Vary", ", ".join(self._names))]


def read_body(raw: bytes) -> Any:
    """The document that a body is; None where there is none. Raises CaseError where it is no JSON that all read alike."""
    if not raw:
        return None
    try:
        said = raw.decode()
    except UnicodeDecodeError as error:
        raise CaseError(f"it is not UTF-8 at byte {error.start + 1}") from None
    try:
        document = read_json(said)
    except CaseError as error:
        raise CaseError(f"it {error}") from None
    if "\\u" in said:
        _check_text(document)
    return document


def _check_text(document: object) -> None:
    """Raises CaseError for half a surrogate pair: it is no character, and cannot be written down again."""
    try:
        dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise CaseError("it is not JSON: it holds half a surrogate pair") from None
    except RecursionError:
        raise CaseError("it is nested too deeply") from None


def one_line(words: str) -> str:
    """A sentence as a header can hold it: one line of ASCII, not too long."""
    line = " ".join(words.split())
    told = line.encode("ascii", "backslashreplace").decode()
    return told if len(told) <= LONGEST else told[: LONGEST - 3] + "..."
