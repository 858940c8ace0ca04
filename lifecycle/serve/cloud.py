"""The service itself: each request is decided by the table, kept in one transaction, and then answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lifecycle import Server
from lifecycle.serve.clock import stamp
from lifecycle.serve.documents import Documents
from lifecycle.serve.listing import page
from lifecycle.serve.people import People
from lifecycle.serve.thing import Thing
from lifecycle.serve.wire import Answer, Unread, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lifecycle import Lifecycle
    from lifecycle.deviate import Deviation
    from lifecycle.engine.decide import Decision
    from lifecycle.serve.catalogue import Catalogue
    from lifecycle.serve.clock import Clock
    from lifecycle.serve.control import Trouble
    from lifecycle.serve.life import Life
    from lifecycle.serve.make import Maker
    from lifecycle.serve.people import Person
    from lifecycle.serve.store import Store
    from lifecycle.serve.wire import Ask

ID = "id"  # what the table's addresses call the thing


class Cloud:
    """Things of one table, for everyone who asks. One thread at a time: a request is answered before the next is read."""

    def __init__(self, lifecycle: Lifecycle, store: Store, clock: Clock, life: Life, catalogue: Catalogue) -> None:
        self.table = self.lifecycle = lifecycle
        self.rules = lifecycle.rules
        self.deviations: list[Deviation] = []
        self.store = store
        self.clock = clock
        self.life = life
        self.documents = Documents(self.rules, catalogue)
        self.people = People(self.rules)
        self.wire = Wire(self.rules)
        self._nowhere = lifecycle.situation(Server(exists=False))
        self.troubles: list[Trouble] = []
        store.belongs(self.rules.name)
        clock.reach(store.moment() or 0.0)

    def deviate(self, deviations: Iterable[Deviation]) -> None:
        """Is wrong in just these words of the table from now on; in none where there are none. Raises UnknownDeviation."""
        from lifecycle.deviate import deviated  # the table's files are read where one deviates

        wanted = list(deviations)
        lifecycle = deviated(self.table, wanted) if wanted else self.table
        self.lifecycle, self.rules, self.deviations = lifecycle, lifecycle.rules, wanted
        self.life.obey(lifecycle)
        self.documents.obey(lifecycle.rules)

    def ask(self, name: str, ask: Ask) -> Answer:
        """The answer to a request that asks for an action or a read of this name."""
        with self.store.transaction():
            now = self.clock.now()
            self._note(now)
            thing = self.find(ask.names[ID], now) if ID in ask.names else None
            person = self.people.read(ask.token)
            decision = self._decide(name, ask, person, thing)
            if not decision.allowed or person is None:
                return self._refused(decision, ask, thing)
            if name in self.rules.reads:
                return self._read(decision, ask, person, thing, now)
            return self._do(decision, ask, person, thing, now)

    def _note(self, now: float) -> None:
        if self.clock.rate != 1:
            self.store.note(now)

    def find(self, name: str, now: float) -> Thing | None:
        """A thing as it is by now; None where it is not there, or not any more."""
        data = self.store.find(name)
        if data is None:
            return None
        thing = Thing(data)
        if self.life.run(thing, now):
            self.keep(thing, now)
        return None if self._gone(thing) else thing

    def _gone(self, thing: Thing) -> bool:
        return bool(self.rules.states[thing.values["state"]]["end"])

    def keep(self, thing: Thing, now: float) -> None:
        """Writes down how a thing is."""
        self.documents.came(thing, stamp(now))
        self.store.put(thing.id, thing.project, thing.data(), thing.due, gone=self._gone(thing))

    def fail(self, name: str) -> bool:
        """Lets the work fail that is under way on a thing; whether there was any."""
        with self.store.transaction():
            now = self.clock.now()
            thing = self.find(name, now)
            if thing is None or thing.work is None:
                return False
            self.life.end(thing, now, fails=True)
            self.documents.failed(thing, self.documents.maker("", now, {}))
            self.keep(thing, now)
            return True

    def change(self, name: str, facts: Mapping[str, bool], *, hold: bool, release: bool) -> dict[str, Any] | None:
        """Holds a thing where it is, lets it go on, or changes what is so of it; what is so then, None where it is not there."""
        with self.store.transaction():
            now = self.clock.now()
            thing = self.find(name, now)
            if thing is None:
                return None
            thing.values |= facts
            if hold:
                thing.due = None
            elif release and thing.due is None and (thing.work or thing.event):
                thing.due = now
            self.keep(thing, now)
            return {**thing.values, "held": thing.due is None and bool(thing.work or thing.event)}

    def advance(self, seconds: float) -> float:
        """Lets the clock go ahead, and writes down what it shows."""
        with self.store.transaction():
            now = self.clock.advance(seconds)
            self.store.note(now)
        return now

    def _decide(self, name: str, ask: Ask, person: Person | None, thing: Thing | None) -> Decision:
        caller = self.people.caller(person, thing.project if thing else None) if person else self.people.nobody
        variant: str | None = None
        mistakes: dict[str, str] = {}
        if name in self.rules.actions:
            variant, mistakes = self.lifecycle.read(name, ask.body, None, ask.version)
        ruling = self.lifecycle.ruling(name, variant, caller, ask.version)
        if ID in ask.names:
            situation = self.life.situation(thing) if thing else self._nowhere
        else:
            situation = self.lifecycle.situation(Server())
        return ruling.decide(situation.but(**mistakes))

    def _refused(self, decision: Decision, ask: Ask, thing: Thing | None) -> Answer:
        first = decision.refusals[0]
        names = {**ask.names, **({"host": "host1"} if thing else {})}
        return self.wire.error(decision.code, first.message or first.sentence, names)

    def _do(self, decision: Decision, ask: Ask, person: Person, thing: Thing | None, now: float) -> Answer:
        """What was accepted begins, is kept, and is answered."""
        request = decision.ruling.request
        content = _content(ask.body)
        maker = self.documents.maker(ask.root, now, {**content, **ask.names})
        if thing is None:
            thing = self._new(person, maker)
        maker.names[ID] = thing.id
        kept = self._kept(decision, ask, content)
        asked = [request.action, request.variant, request.caller.name, ask.version]
        self.life.begin(thing, decision, asked, kept, now)
        self._notice(thing, kept)
        self.keep(thing, now)
        return self._answer(decision, ask, self.documents.shown(thing, ask.root), maker)

    def _new(self, person: Person, maker: Maker) -> Thing:
        name = str(uuid4())
        document = self.documents.blank(name, person.project, person.user, maker)
        return Thing({"id": name, "project": person.project, "values": {}, "document": document})

    def _notice(self, thing: Thing, kept: Mapping[str, Any]) -> None:
        """Facts that follow from what is kept: what boots from a volume names no image."""
        for key, field in self.documents.said["keys"].items():
            if key in self.rules.facts and field["field"] in kept and field["yes"]:
                thing.values[key] = thing.document[field["field"]] in field["yes"]

    def _kept(self, decision: Decision, ask: Ask, content: Mapping[str, Any]) -> dict[str, Any]:
        """What of a request goes into which field of the document, and how. Raises Unread for what is not in the catalogue."""
        found: dict[str, Any] = {}
        for field, change in decision.ruling.rule["keeps"].items():
            how, source = next(iter(change.items()))
            value = source if source is True else self._said(source, ask, content)
            if value is not ...:
                found[field] = {how: self._known(field, value)}
        return found

    def _said(self, source: str, ask: Ask, content: Mapping[str, Any]) -> Any:
        """What a request says: `{tag}` in its address, or a field of its body; `...` where it says nothing."""
        if source.startswith("{"):
            return ask.names.get(source[1:-1], ...)
        if source in content:
            return content[source]
        return ask.body.get(source, ...) if isinstance(ask.body, dict) else ...

    def _known(self, field: str, value: Any) -> Any:
        """What a name of something in the catalogue stands for."""
        catalogue = self.documents.catalogue
        if field not in catalogue.kinds or not value:
            return value
        found = catalogue.find(field, value)
        if found is None:
            unknown = catalogue.kinds[field]["unknown"]
            raise Unread(self.wire.error(unknown["code"], unknown["message"], {ID: value}))
        return found

    def _answer(self, decision: Decision, ask: Ask, known: Mapping[str, Any], maker: Maker) -> Answer:
        """The document and the headers that the row says, filled with what is known."""
        rule, request = decision.ruling.rule, decision.ruling.request
        version = self.rules.version(ask.version)
        document = None
        if rule["response"] is not None:
            content = _content(ask.body)
            whole = {**(ask.body if isinstance(ask.body, dict) else {}), **content, **known}
            whole[self.documents.within] = {**content, **known}
            document = self.documents.shape(rule["response"], version, request.caller.name).fill(whole, maker)
            maker.names |= {name: value for name, value in document.items() if isinstance(value, str)}
        headers = self.documents.headers(rule["headers"], version, request.caller.name).fill({}, maker)
        return Answer(decision.code, document, headers)

    def _read(self, decision: Decision, ask: Ask, person: Person, thing: Thing | None, now: float) -> Answer:
        maker = self.documents.maker(ask.root, now, ask.names)
        known = self.documents.shown(thing, ask.root) if thing else self._collections(decision, ask, person, now)
        return self._answer(decision, ask, known, maker)

    def _collections(self, decision: Decision, ask: Ask, person: Person, now: float) -> dict[str, Any]:
        """What answers a read that is of no one thing: the catalogue's, or a list of things. Raises Unread."""
        found: dict[str, Any] = {}
        for kind, said in self.documents.catalogue.kinds.items():
            found[said["many"]] = [self.documents.listed(kind, one, ask.root) for one in said["things"]]
            if kind in ask.names:
                one = self.documents.catalogue.find(kind, ask.names[kind])
                if one is None:
                    raise Unread(self.wire.error(said["missing"]["code"], said["missing"]["message"], {ID: ask.names[kind]}))
                found[kind] = self.documents.listed(kind, one, ask.root)
        if self.documents.many in decision.ruling.rule["response"]["properties"]:
            found |= page(self, ask, person, now)
        return found


def _content(body: Any) -> dict[str, Any]:
    """What stands under the first key of a body that is an object."""
    inner = next(iter(body.values()), None) if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}
