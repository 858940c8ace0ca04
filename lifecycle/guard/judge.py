"""What the table says of one request as it came over the wire, whatever carried it."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps

from lifecycle.api import Lifecycle, Server
from lifecycle.bodies.schema import starts
from lifecycle.engine.microversion import parse, text
from lifecycle.engine.rules import bounds
from lifecycle.engine.situation import SERVER_KEYS
from lifecycle.errors import CaseError, shown
from lifecycle.guard.routes import PARAMETER, Routes
from lifecycle.guard.wire import LIMIT, REASON, Microversions, NoMicroversion, one_line, read_body

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from typing import Any, Literal

    from lifecycle.bodies.read import Document
    from lifecycle.engine.decide import Decision
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.guard.routes import Route
    from lifecycle.guard.wire import Headers

    Told = Server | Mapping[str, Any] | None
    """A server as a service tells it: the keys of a case, the document of its GET, or None where there is none."""
    Scope = MutableMapping[str, Any]
    State = Callable[[str, Scope], Told | Awaitable[Told]]
    Caller = Callable[[Scope], str | Awaitable[str | None] | None]

THING = "id"  # the name of an address that says which server is meant
TOO_LARGE = 413
REMEMBERED = 10_000  # decisions on variants
UNREADABLE = ("envelope", "body")  # the checks by which a table refuses what cannot be read
GONE = Server(exists=False)


class Asked:
    """One request of the table: all that is known of it before a server is looked up.

    `id` is None where its address names no server, `action` where the request is so wrong that it names none;
    `unread` is why its body is no document, `wrong` what is wrong with it all: a code, the rule that refuses, a sentence.
    """

    __slots__ = ("action", "document", "id", "parameters", "reads", "unread", "version", "wrong")

    def __init__(self, route: Route, parameters: Mapping[str, str]) -> None:
        self.parameters = parameters
        self.id = parameters.get(THING)
        self.reads = route.reads
        self.version: str | None = None
        self.action: str | None = None
        self.document: object = None
        self.unread: str | None = None
        self.wrong: tuple[int, str, str] | None = None


class Verdict:
    """What the table says of one request: the decision, and how it is answered where it is refused.

    `decision` is None where the request could not be read, so that it names no action that could be decided on.
    """

    __slots__ = ("_judge", "_sentence", "allowed", "asked", "code", "decision", "rule")

    def __init__(self, judge: Judge, asked: Asked, decision: Decision | None) -> None:
        self._judge = judge
        self.asked = asked
        self.decision = decision
        if decision is not None:
            self.allowed, self.code, self.rule = decision.allowed, decision.code, decision.rule
        elif asked.wrong is not None:
            self.allowed = False
            self.code, self.rule, self._sentence = asked.wrong

    @property
    def action(self) -> str | None:
        """The key of the action that was asked for."""
        return self.asked.action

    @property
    def id(self) -> str | None:
        """The server that is meant; None where the address names none."""
        return self.asked.id

    @property
    def reason(self) -> str:
        """One sentence for a person, with the file and line of the table where one decided."""
        return f"refused: {self._sentence}" if self.decision is None else self.decision.reason

    @property
    def message(self) -> str | None:
        """The service's own words where they were seen, with what the request's address says filled in."""
        words = self.decision.message if self.decision else None
        return None if words is None else self._filled(words)

    @property
    def document(self) -> dict[str, dict[str, Any]] | None:
        """The document that a refusal is answered with; None where it is allowed."""
        if self.allowed:
            return None
        return self._judge.lifecycle.rules.error(self.code, self.message or self._why)

    @property
    def _why(self) -> str:
        """Our sentence of a refusal, without the file and line, which are nobody's business who is refused."""
        return self.decision.refusals[0].sentence if self.decision else self._sentence

    def _filled(self, words: str) -> str:
        told = self.asked.parameters
        return PARAMETER.sub(lambda match: told.get(match[1], match[0]), words)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of the answer to a refusal, besides those of its body: why, and at which microversion."""
        what = f"{self.action} refused" if self.action else "refused"
        return [(REASON, one_line(f"{what}: {self._why}")), *self._judge.microversions.answered(self.asked.version)]

    @property
    def content(self) -> bytes:
        """The body of the answer to a refusal: the document as JSON."""
        return dumps(self.document).encode()

    def __repr__(self) -> str:
        return f"<Verdict {self.code} {self.rule or 'allowed'}: {self.reason}>"


class Judge:
    """A table that requests are held against. Safe to share between threads and tasks: it only remembers."""

    def __init__(self, lifecycle: Lifecycle, prefixes: str | Iterable[str] | None = None, limit: int = LIMIT) -> None:
        """`prefixes`: below which the addresses lie, any where none are told; `limit`: the bytes that a body may have."""
        rules = lifecycle.rules
        self.lifecycle = lifecycle
        self.limit = limit
        self.microversions = Microversions(rules)
        self.find = Routes(rules, [prefixes] if isinstance(prefixes, str) else prefixes).find
        self._decided: dict[tuple[str, str, str | None, str | None, Server], Decision] = {}
        self._only: dict[tuple[str, str | None], Document | Literal[False]] = {}
        self._first: dict[tuple[str, str | None], str] = {}
        codes = {check.name: check.code for check in rules.checks}
        self._unreadable = next((codes[name] for name in UNREADABLE if name in codes), 400)

    def asked(self, route: Route, parameters: Mapping[str, str], headers: Headers, raw: bytes | None) -> Asked | None:
        """What a request asks for; None where it is no action of the table. A body of None is one that is too large."""
        asked = Asked(route, parameters)
        if raw is None or len(raw) > self.limit:
            asked.wrong = TOO_LARGE, UNREADABLE[-1], f"the body is longer than {self.limit:,} bytes"
            return asked
        if route.reads:
            try:
                asked.document = read_body(raw)
            except CaseError as error:
                asked.unread = str(error)
        if not self._named(asked, route):
            return None
        try:
            asked.version = self.microversions.asked(headers)
        except NoMicroversion as error:
            asked.wrong = error.code, "microversion", str(error)
        return asked

    def _named(self, asked: Asked, route: Route) -> bool:
        """Whether the table has what is asked for, right or wrong."""
        document = asked.document
        if isinstance(document, dict) and route.by_key:
            asked.action = next((route.by_key[key] for key in document if key in route.by_key), None)
        asked.action = asked.action or route.addressed
        if asked.action is None and (not isinstance(document, dict) or not document):
            wrong = asked.unread or f"it must be an object whose only key is the action's, not {shown(document)}"
            asked.wrong = self._unreadable, UNREADABLE[-1], f"the body is wrong, {wrong}"
        return asked.action is not None or asked.wrong is not None

    async def ask(self, asked: Asked, scope: Scope, state: State, caller: Caller | None) -> Verdict | None:
        """The verdict on a request, where a service's own callables tell who asks and of which server."""
        if asked.wrong is not None:
            return Verdict(self, asked, None)
        who: Any = caller(scope) if caller else None
        if hasattr(who, "__await__"):
            who = await who
        told: Any = None if asked.id is None else state(asked.id, scope)
        if hasattr(told, "__await__"):
            told = await told
        return self.verdict(asked, who, told)

    def verdict(self, asked: Asked, caller: str | None = None, told: Told = None) -> Verdict | None:
        """What the table says of a request to this server; None where it depends on a server that its address does not name.

        Raises UnknownCaller and, where the server that is told cannot be, UnknownStatus, UnknownKey or CaseError.
        """
        if asked.wrong is not None or asked.action is None:
            return Verdict(self, asked, None)
        decision = self._decide(asked, asked.action, caller, Server() if asked.id is None else as_server(self.lifecycle, told))
        if asked.id is None and not decision.allowed and decision.assumed:
            return None
        return Verdict(self, asked, decision)

    def _decide(self, asked: Asked, action: str, caller: str | None, server: Server) -> Decision:
        variant, mistakes = self._mistakes(asked, action) if asked.reads else (None, {})
        if mistakes:
            ruling = self.lifecycle.ruling(action, variant, caller, asked.version)
            return ruling.decide(self.lifecycle.situation(server).but(**mistakes))
        if variant is None:
            return self.lifecycle.decide(action, server, caller, asked.version)  # which remembers
        key = (action, variant, caller, asked.version, server)
        decision = self._decided.get(key)
        if decision is None:
            if len(self._decided) >= REMEMBERED:
                self._decided.clear()
            decision = self._decided[key] = self.lifecycle.decide(action, server, caller, asked.version, variant)
        return decision

    def _alike(self, action: str, version: str | None) -> str | None:
        """The first of the microversions at which a body is read alike, so that no stranger has a model made for each."""
        found = self._first.get((action, version))
        if found is None and version is not None:
            rules, asked = self.lifecycle.rules, parse(version)
            first = max((start for start in _starts(rules, rules.action(action)) if start <= asked), default=asked)
            found = self._first[action, version] = text(first)
        return found

    def _mistakes(self, asked: Asked, action: str) -> tuple[str | None, dict[str, str]]:
        """The variant that the body asks for, and what is wrong with it; nothing where the table does not look at it."""
        only = self._only.get((action, asked.version))
        if only is None:
            only = self._only[action, asked.version] = self._only_document(action, asked.version)
        if only and type(asked.document) is dict and len(asked.document) == 1:  # so that its envelope is right
            wrong = only.mistakes(asked.document)
            return None, {"body": wrong} if wrong else {}
        version = self._alike(action, asked.version)
        if asked.unread is None:
            return self.lifecycle.read(action, asked.document, None, version)
        looked_at = self.lifecycle.document("request", action, None, version)
        return None, {} if looked_at is None else {"body": asked.unread}

    def _only_document(self, action: str, version: str | None) -> Document | Literal[False]:
        """The request of an action that has no variants, as most: all that there is to say of its body is said by it."""
        if self.lifecycle.rules.variants(action):
            return False
        return self.lifecycle.document("request", action, None, self._alike(action, version)) or False


def _starts(rules: Rules, action: Data) -> set[Microversion]:
    """The microversions at which something about an action or its body changes."""
    found: set[Microversion] = set()
    for edition in action["editions"]:
        since, until = bounds(edition)
        found |= {since} if since else set()
        found |= {(until[0], until[1] + 1)} if until else set()
        found.update(starts(rules.types, edition["rule"]["body"] or {}))
    return found


def below(scope: Scope) -> str:
    """The path of a request below the place where its application is mounted, decoded."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    return path[len(root) :] if root and path.startswith(root + "/") else path


def as_server(lifecycle: Lifecycle, told: Told) -> Server:
    """The server that a service tells. Raises CaseError where it cannot be one."""
    if isinstance(told, Server):
        return told
    if told is None:
        return GONE
    if not isinstance(told, Mapping):
        raise CaseError(f"a {lifecycle.rules.thing} is told as a Server, as a dict or as None, not as {shown(told)}")
    if all(key in SERVER_KEYS or key in lifecycle.rules.facts for key in told):
        return Server(**told)
    return Server.from_api(told, lifecycle)
