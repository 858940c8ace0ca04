"""What `import lifecycle` offers: a table loaded, servers described, decisions asked for."""

from __future__ import annotations

from weakref import WeakValueDictionary

from lifecycle.engine.body import envelope
from lifecycle.engine.body import variant as read_variant
from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Decision, Ruling
from lifecycle.engine.document import read_document
from lifecycle.engine.rules import Rules, check_reading
from lifecycle.engine.situation import Situation, situate
from lifecycle.errors import CaseError, shown

TYPE_CHECKING = False  # typing itself takes as long to import as all of this package
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from os import PathLike
    from typing import Any, Self

    from pydantic import BaseModel

    from lifecycle.bodies.read import Document
    from lifecycle.engine.microversion import Microversion
    from lifecycle.explore.graph import Graph
    from lifecycle.explore.plan import Plan
    from lifecycle.explore.verify import Verdict
    from lifecycle.explore.ways import Map
    from lifecycle.machine.model import AsyncMachine, Machine
    from lifecycle.machine.plant import Callback, Plant

    Answers = dict[str, dict["Server", Decision]]

REMEMBERED = 200_000  # decisions that a Lifecycle keeps; then it forgets them all and begins anew


class Server:
    """What is known of a server, in the keys of a case; what is not told is what the table calls usual.

    Immutable and interned: two servers of which the same is known are one object, so that decisions
    about them are looked up and not worked out again.
    """

    __slots__ = ("__weakref__", "told")
    told: dict[str, Any]

    def __new__(cls, **told: Any) -> Self:
        """A server with `status`, `vm_state`, `task_state`, `locked_by`, `before`, `options` and the table's facts."""
        key = _key(told)
        server: Any = _servers.get(key)
        if server is None:
            new = object.__new__(cls)
            object.__setattr__(new, "told", told)
            server = _servers.setdefault(key, new)
        found: Self = server
        return found

    @classmethod
    def from_api(cls, body: Mapping[str, Any], table: Lifecycle | str = "compute") -> Server:
        """The server that `GET /servers/{id}` answered, at any microversion, with or without its envelope.

        Raises CaseError where it is no such document.
        """
        lifecycle = table if isinstance(table, Lifecycle) else Lifecycle.load(table)
        return cls(**read_document(lifecycle.rules, body))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Server does not change; make another one with its {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _server, (self.told,)

    def __repr__(self) -> str:
        return f"Server({', '.join(f'{key}={value!r}' for key, value in self.told.items())})"


_servers: WeakValueDictionary[Any, Server] = WeakValueDictionary()


def _server(told: dict[str, Any]) -> Server:
    return Server(**told)


def _key(told: Mapping[str, Any]) -> object:
    """A hashable that is equal just where the same was told; True and 1 are not the same."""
    options = told.get("options")
    if isinstance(options, dict):
        told = {**told, "options": tuple(sorted((str(name), repr(value)) for name, value in options.items()))}
    try:
        return frozenset((name, value, type(value)) for name, value in told.items())
    except TypeError:
        wrong = next(name for name, value in told.items() if not _hashable(value))
        raise CaseError(f"{wrong} cannot be {shown(told[wrong])}") from None


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


class Lifecycle:
    """A table, ready to decide; get one with `Lifecycle.load`. Safe to share between threads."""

    __slots__ = (
        "_answers",
        "_bound",
        "_callbacks",
        "_documents",
        "_kept",
        "_maps",
        "_plants",
        "_rulings",
        "_situations",
        "policy",
        "reading",
        "rules",
        "table",
    )

    def __init__(
        self,
        rules: Rules,
        reading: str = "reference",
        table: str | PathLike[str] | None = None,
        policy: str | PathLike[str] | None = None,
    ) -> None:
        """`reading`: the truth where the reference and a running Nova differ; `table` and `policy`: where the rules are from."""
        self.rules = rules
        self.policy = policy
        self.table = rules.name if table is None else table
        self.reading = check_reading(reading)
        self._answers: dict[str | None, dict[str | None, Answers]] = {}
        self._bound: dict[tuple[str | None, str | None], Bound] = {}
        self._rulings: dict[tuple[str, str | None, str, Microversion | None], Ruling] = {}
        self._situations: dict[Server, Situation] = {}
        self._callbacks: dict[str, Sequence[Callback]] = {}
        self._documents: dict[tuple[str, str, str | None, Microversion | str | None], Document | None] = {}
        self._kept = 0
        self._maps: dict[Microversion | None, Map] = {}
        self._plants: dict[tuple[str, Microversion | None], Plant] = {}

    @classmethod
    def load(
        cls,
        table: str | PathLike[str] = "compute",
        *,
        reading: str = "reference",
        policy: str | PathLike[str] | None = None,
    ) -> Lifecycle:
        """The table of this name, or in this file or folder; `policy` is a deployment's policy file, laid over it.

        Raises UnknownTable where there is none, TableError with every mistake where the table or the policy file
        has some, and LifecycleError where the file cannot change this table or oslo.policy is not installed.
        """
        from lifecycle.table.bundled import load_rules  # the table is read where one is loaded, not on import

        rules = load_rules(table)
        if policy is not None:
            from lifecycle.table.policy import with_policy

            rules = with_policy(rules, policy)
        return cls(rules, reading, table, policy)

    def bind(self, caller: str | None = None, microversion: str | None = None) -> Bound:
        """The decisions for one caller at one microversion (default: the usual caller, the newest): the fast form.

        Raises UnknownCaller and UnknownMicroversion.
        """
        self.rules.caller(caller)
        self.rules.version(microversion)
        bound = self._bound.get((caller, microversion))
        if bound is None:
            answers = self._answers.setdefault(caller, {}).setdefault(microversion, {})
            bound = self._bound[caller, microversion] = Bound(self, caller, microversion, answers)
        return bound

    def decide(
        self,
        action: str,
        server: Server,
        caller: str | None = None,
        microversion: str | None = None,
        variant: str | None = None,
        body: object = None,
    ) -> Decision:
        """May this caller do this to this server now? See `Decision`.

        `body` is the whole request document, as JSON reads; without one it is taken to be right. Raises
        UnknownAction, UnknownVariant, UnknownCaller, UnknownMicroversion and, of the server, UnknownStatus and CaseError.
        """
        if variant is None and body is None:
            try:
                return self._answers[caller][microversion][action][server]
            except (KeyError, TypeError):
                pass
        return self.bind(caller, microversion).decide(action, server, variant, body)

    def actions(self, server: Server, caller: str | None = None, microversion: str | None = None) -> dict[str, Decision]:
        """Every action with its decision, by key; a variant as `reboot:HARD`."""
        return self.bind(caller, microversion).actions(server)

    def machine(self, server: Server | Machine, caller: str | None = None, microversion: str | None = None) -> Machine:
        """A machine that runs from what is known of this server, its actions asked for by this caller.

        Of a machine it makes another one in the same situation, with the same work under way. Raises UnknownCaller,
        UnknownMicroversion and, of the server, UnknownStatus and CaseError.
        """
        from lifecycle.machine.model import Machine  # what runs is not needed to decide

        plant = self._plant(caller, microversion)
        return Machine(plant, self.situation(server)) if isinstance(server, Server) else server.handed(plant)

    def async_machine(self, server: Server, caller: str | None = None, microversion: str | None = None) -> AsyncMachine:
        """The same for asyncio."""
        from lifecycle.machine.model import AsyncMachine

        return AsyncMachine(self._plant(caller, microversion), self.situation(server))

    def plan(
        self,
        server: Server,
        status: str,
        caller: str | None = None,
        microversion: str | None = None,
        allow_loss: Collection[str] = (),
    ) -> Plan:
        """The fewest requests of this caller that bring a server to a status, losing nothing but `allow_loss`.

        Raises NoPlan, whose sentence says what stands in the way and who could help, and UnknownStatus.
        """
        from lifecycle.explore.plan import plan

        who, start = self.rules.caller(caller).name, self.situation(server)
        found = plan(self._map(microversion), start, status, who, allow_loss)
        found.draw = lambda drawn: _drawn("of_plan", drawn, self.rules, start)
        return found

    def graph(self, microversion: str | None = None, *, usual: bool = False) -> Graph:
        """All situations that a thing can come to, and the steps between them: in all deployments, or in the `usual` one.

        At one microversion, or at all of them at once (None). Raises UnknownMicroversion and TooMany.
        """
        from lifecycle.explore.graph import graph

        version = self.rules.version(microversion) if microversion else None
        return graph(self.rules, self.reading, version, usual=usual)

    def verify(self, *names: str) -> list[Verdict]:
        """The verdicts on the table's properties, all of them or those of these names.

        Raises UnknownProperty, and TooMany where there is more to explore than can be.
        """
        from lifecycle.explore.verify import verify

        return verify(self.rules, self.reading, names)[1]

    def _map(self, microversion: str | None) -> Map:
        from lifecycle.explore.ways import Map

        version = self.rules.run(self.rules.version(microversion))
        found = self._maps.get(version)
        if found is None:
            found = Map(self.rules, lambda action, variant, caller: self.ruling(action, variant, caller, microversion))
            self._maps[version] = found
        return found

    def _advise(self, decision: Decision) -> list[dict[str, Any]]:
        from lifecycle.engine.microversion import text
        from lifecycle.explore.plan import to_allow

        version = decision.ruling.request.version
        return to_allow(self._map(version and text(version)), decision)

    def _repr_svg_(self) -> str | None:
        """How a notebook shows it, where something is installed that draws: the lifecycle at a glance."""
        return _drawn("of_lifecycle", self.rules, self.reading)

    def _plant(self, caller: str | None, microversion: str | None) -> Plant:
        from lifecycle.machine.plant import Plant

        who, version = self.rules.caller(caller), self.rules.version(microversion)
        plant = self._plants.get((who.name, version))
        if plant is None:
            origin = (_machine_again, ((self.table, self.reading, self.policy), caller, microversion))
            plant = Plant(
                self.rules, lambda name, variant: self.ruling(name, variant, caller, microversion), self._callbacks, origin
            )
            self._plants[who.name, version] = plant
        return plant

    def transitions(self, cls: type | None = None, **options: Any) -> Any:
        """The table as one flat machine of the `transitions` library, or of a class of its own (`GraphMachine` …).

        Its triggers are the actions (`reboot:HARD`) and events, and `advance`, `settle` and `fail`; it takes
        our machines as models: `events["os-stop"].trigger(model)`.
        """
        from lifecycle.machine.flat import flat

        return flat(self.rules, **({"cls": cls} if cls else {}), **options)

    def on(self, moment: str, callback: Callback) -> None:
        """Calls back, for the machines of all servers, at `before_os-stop`, `exit_ACTIVE`, `enter_SHUTOFF` or `after_os-stop`.

        Raises UnknownCallback.
        """
        from lifecycle.machine.plant import added, check_moment

        check_moment(self.rules, moment)
        self._callbacks.update(added(self._callbacks, moment, callback))

    def situation(self, server: Server) -> Situation:
        """What the engine makes of a server. Raises UnknownStatus, UnknownKey and CaseError."""
        situation = self._situations.get(server)
        if situation is None:
            situation = self._situations[server] = situate(self.rules, server.told)
        return situation

    def ruling(self, action: str, variant: str | None, caller: str | None, microversion: str | None) -> Ruling:
        """The rule of an action as this caller meets it at this microversion."""
        who, version = self.rules.caller(caller), self.rules.version(microversion)
        if variant is None:
            variant = self.rules.usual_variant(action, self.reading, version)
        if self.rules.edition(action, variant, self.reading, version) is not None:
            version = self.rules.run(version)  # nothing changes within a run, so all of it shares a ruling
        key = (action, variant, who.name, version)
        ruling = self._rulings.get(key)
        if ruling is None:
            request = Request(self.rules, action, variant, who, version, self.reading)
            request.advise = self._advise
            request.draw = lambda decision: _drawn("of_decision", decision)
            ruling = self._rulings[key] = Ruling(request)
        return ruling

    def read(
        self, action: str, body: object, variant: str | None = None, microversion: str | None = None
    ) -> tuple[str | None, dict[str, str]]:
        """The variant that a whole request document asks for, and what is wrong with it, by the check that says so."""
        wrong = envelope(self.rules, action, body)
        if wrong:
            return variant, {"envelope": wrong}
        asked, other = read_variant(self.rules, action, body)
        if asked and self.rules.edition(action, asked, self.reading, self.rules.version(microversion)) is None:
            asked = None  # what makes it that variant means nothing yet
        document = self.document("request", action, variant or asked, microversion)
        wrong = document.mistakes(body) if document else other
        return variant or asked, {"body": wrong} if wrong else {}

    def request(self, action: str, microversion: str | None = None, variant: str | None = None) -> type[BaseModel] | None:
        """The pydantic model of the whole request document at a microversion (default: the newest); None where it has none.

        Made when it is asked for the first time. Raises UnknownAction, UnknownVariant, UnknownMicroversion.
        """
        document = self.document("request", action, variant, microversion)
        return None if document is None else document.model

    def response(self, action: str, microversion: str | None = None, variant: str | None = None) -> type[BaseModel] | None:
        """The pydantic model of the document that answers when the request is accepted; None where nothing does."""
        document = self.document("response", action, variant, microversion)
        return None if document is None else document.model

    def headers(self, action: str, microversion: str | None = None, variant: str | None = None) -> type[BaseModel] | None:
        """The pydantic model of that answer's headers, named as the table spells them; None where none matters."""
        document = self.document("headers", action, variant, microversion)
        return None if document is None else document.model

    def document(self, kind: str, action: str, variant: str | None = None, microversion: str | None = None) -> Document | None:
        """The `request`, `response` or `headers` of an action at a microversion, schema and model; None where it has none."""
        try:
            return self._documents[kind, action, variant, microversion]
        except (KeyError, TypeError):
            pass
        version = self.rules.version(microversion)
        meant = variant or self.rules.usual_variant(action, self.reading, version)
        key = (kind, action, meant, version)
        if key not in self._documents:
            from lifecycle.bodies import read  # pydantic is not needed where no body is read

            rule = self.rules.edition(action, meant, self.reading, version)
            self._documents[key] = None if rule is None else getattr(read, kind)(self.rules, action, rule, version)
        found = self._documents[kind, action, variant, microversion] = self._documents[key]
        return found

    def _keep(self, answers: Answers, server: Server, action: str, decision: Decision) -> None:
        if self._kept >= REMEMBERED:
            self._kept = 0
            self._situations.clear()
            for versions in self._answers.values():
                for known in versions.values():
                    known.clear()
        self._kept += 1
        answers.setdefault(action, {})[server] = decision


def _drawn(what: str, *asked: Any) -> str | None:
    """The SVG of something that was asked of a Lifecycle; None where nothing is installed that draws."""
    from lifecycle import drawing

    return drawing.svg(getattr(drawing, what)(*asked))


def _machine_again(
    source: tuple[str, str, str | None], caller: str | None, microversion: str | None, cls: type[Machine], *was: Any
) -> Machine:
    """A machine from what its pickle holds: where its table and its policy file lie, and how it was."""
    table, reading, policy = source
    plant = Lifecycle.load(table, reading=reading, policy=policy)._plant(caller, microversion)  # noqa: SLF001
    return cls.restored(plant, *was)


class Bound:
    """A Lifecycle that knows who asks and at which microversion."""

    __slots__ = ("_answers", "_lifecycle", "caller", "microversion")

    def __init__(
        self,
        lifecycle: Lifecycle,
        caller: str | None,
        microversion: str | None,
        answers: Answers,
    ) -> None:
        self._lifecycle = lifecycle
        self._answers = answers
        self.caller = caller
        self.microversion = microversion

    def decide(self, action: str, server: Server, variant: str | None = None, body: object = None) -> Decision:
        """As `Lifecycle.decide`, for this caller and microversion."""
        if variant is None and body is None:
            try:
                return self._answers[action][server]
            except (KeyError, TypeError):
                pass
        lifecycle = self._lifecycle
        if body is not None:
            asked, mistakes = lifecycle.read(action, body, variant, self.microversion)
            ruling = lifecycle.ruling(action, asked, self.caller, self.microversion)
            return ruling.decide(lifecycle.situation(server).but(**mistakes))
        ruling = lifecycle.ruling(action, variant, self.caller, self.microversion)
        decision = ruling.decide(lifecycle.situation(server))
        if variant is None:
            lifecycle._keep(self._answers, server, action, decision)  # noqa: SLF001 - one thing in two classes
        return decision

    def actions(self, server: Server) -> dict[str, Decision]:
        """Every action with its decision, by key; a variant as `reboot:HARD`."""
        rules = self._lifecycle.rules
        return {
            f"{action}:{variant}" if variant else action: self.decide(action, server, variant)
            for action in rules.actions
            for variant in rules.variants(action) or (None,)
        }
