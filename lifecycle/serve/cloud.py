"""The service itself: each request is decided by the table, kept in one transaction, and then answered."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lifecycle import Server
from lifecycle.serve.clock import stamp
from lifecycle.serve.documents import Documents
from lifecycle.serve.kept import ID, Keeper
from lifecycle.serve.life import Deed
from lifecycle.serve.listing import YES, linked, number, page
from lifecycle.serve.people import People
from lifecycle.serve.thing import Thing, part
from lifecycle.serve.wire import Answer, Unread, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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

BATCH = "batch"  # what examples call the things together that one request makes
LINKS = "links"


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
        self.keeper = Keeper(self.documents, self.wire)
        self.history = life.history
        self._nowhere = lifecycle.situation(Server(exists=False))
        self.troubles: list[Trouble] = []
        store.belongs(self.rules.name)
        clock.reach(store.moment() or 0.0)

    def deviate(self, deviations: Iterable[Deviation]) -> None:
        """Is wrong in just these words of the table from now on; in none where there are none. Raises UnknownDeviation."""
        from lifecycle.deviate import deviated  # the table's files are read where one deviates

        wanted = list(deviations)
        self.obey(deviated(self.table, wanted) if wanted else self.table)
        self.deviations = wanted

    def obey(self, lifecycle: Lifecycle) -> None:
        """Goes on by other rules of the same table."""
        self.lifecycle, self.rules = lifecycle, lifecycle.rules
        self.life.obey(lifecycle)
        self.documents.obey(lifecycle.rules)

    def ask(self, name: str, ask: Ask) -> Answer:
        """The answer to a request that asks for an action or a read of this name."""
        with self.store.transaction():
            now = self.clock.now()
            self._note(now)
            thing = self.find(ask.names[ID], now, gone=self._finds_gone(name, ask)) if ID in ask.names else None
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

    def _finds_gone(self, name: str, ask: Ask) -> bool:
        rule = self.lifecycle.ruling(name, None, self.people.nobody, ask.version).rule
        return bool(rule["finds_gone"])

    def find(self, name: str, now: float, *, gone: bool = False) -> Thing | None:
        """A thing as it is by now; None where it is not there, or not any more, if one that is `gone` is not looked for."""
        data = self.store.find(name)
        if data is None:
            return None
        thing = Thing(data)
        if self.life.run(thing, now):
            self.keep(thing, now)
        return None if self._gone(thing) and not gone else thing

    def run_due(self, now: float) -> None:
        """Lets all things come to where they are by now."""
        for name in self.store.due(now):
            self.find(name, now)

    def _gone(self, thing: Thing) -> bool:
        return bool(self.rules.states[thing.values["state"]]["end"])

    def things(self, kind: str, project: str) -> list[dict[str, Any]]:
        """What of a kind in the catalogue a project may look at, as it is by now."""
        with self.store.transaction():
            self.run_due(self.clock.now())
            return self.documents.catalogue.things(kind, project)

    def keep(self, thing: Thing, now: float) -> None:
        """Writes down how a thing is."""
        self.documents.came(thing, stamp(now))
        self.store.put(thing.id, thing.project, thing.data(), thing.due, gone=self._gone(thing))
        for record in thing.closed:
            self.store.record(thing.id, record["number"], record)
        for made, (kind, document) in thing.made.items():
            self.store.make(made, kind, thing.project, document)
        thing.closed.clear()
        thing.made.clear()

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
        said = ask.body if name in self.rules.actions else self._query(name, ask)
        variant, mistakes = self.lifecycle.read(name, said, None, ask.version)
        ruling = self.lifecycle.ruling(name, variant, caller, ask.version)
        if ID in ask.names:
            situation = self.life.situation(thing) if thing else self._nowhere
        else:
            situation = self.lifecycle.situation(Server())
        exists = thing is not None or ID not in ask.names
        return ruling.decide(situation.but(**mistakes, **self._named(thing, ask), exists=exists))

    def _query(self, name: str, ask: Ask) -> dict[str, str]:
        """What a query says; a flag that makes the read another one, and says no, makes none of it."""
        flags = self.rules.reads[name]["given"].values()
        return {key: value for key, value in ask.query.items() if key not in flags or value.lower() in YES}

    def _named(self, thing: Thing | None, ask: Ask) -> dict[str, bool]:
        """Whether the thing has what the address names below it."""
        fact = self.documents.said["named"]
        if thing is None or fact is None or not self.documents.parts.keys() & ask.names.keys():
            return {}
        return {fact: self._part(thing, ask) is not None}

    def _part(self, thing: Thing, ask: Ask) -> Any:
        """What an address names below a thing; None where it is not there."""
        name, said = next((name, said) for name, said in self.documents.parts.items() if name in ask.names)
        if said["field"] == self.history.field:
            return self.history.one(self._records(thing), ask.names[name])
        return part(self.documents.shown(thing, ask.root).get(said["field"]), ask.names[name], said["key"])

    def _records(self, thing: Thing) -> list[dict[str, Any]]:
        return [*self.store.records(thing.id), *([thing.record] if thing.record else ())]

    def _refused(self, decision: Decision, ask: Ask, thing: Thing | None) -> Answer:
        first = decision.refusals[0]
        names = {**ask.names, **({"host": "host1"} if thing else {})}
        return self.wire.error(decision.code, first.message or first.sentence, names)

    def _do(self, decision: Decision, ask: Ask, person: Person, thing: Thing | None, now: float) -> Answer:
        """What was accepted begins, is kept, and is answered; of several things that come of one request the first is."""
        content = _content(ask.body, self.documents.within)
        names = {**content, **ask.names, BATCH: token_hex(4)}
        if thing is not None:
            return self._begin(decision, ask, person, thing, content, self.documents.maker(ask.root, now, names))
        repeats = decision.ruling.rule["repeats"]
        first: Answer | None = None
        for place, own in enumerate(self._each(repeats, content)):
            maker = self.documents.maker(ask.root, now, {**names, **own})
            made = self._new(person, maker)
            if repeats and repeats["index"]:
                made.document[repeats["index"]] = place
            answer = self._begin(decision, ask, person, made, own, maker)
            first = first or answer
        assert first is not None  # noqa: S101 - a request makes one thing at least
        return first

    def _begin(self, decision: Decision, ask: Ask, person: Person, thing: Thing, content: dict[str, Any], maker: Maker) -> Answer:
        request = decision.ruling.request
        maker.names[ID] = thing.id
        kept = self.keeper.kept(decision.ruling.rule, ask, content, maker, person.project)
        who = {"request": ask.request, "user": person.user, "project": person.project}
        asked = [request.action, request.variant, request.caller.name, ask.version]
        deed = Deed(asked, kept, who, self.keeper.made(decision.outcome, thing, maker))
        self.life.begin(thing, decision, deed, maker.now)
        self.keeper.notice(thing, kept)
        self.keep(thing, maker.now)
        return self._answer(decision, ask, self.documents.shown(thing, ask.root), maker)

    def _each(self, repeats: Mapping[str, Any] | None, content: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What each of the things is made of that one request asks for. Raises Unread where they are too many."""
        if repeats is None:
            yield content
            return
        asked, quota = content.get(repeats["most"], content.get(repeats["least"], 1)), repeats["quota"]
        count = number(asked, quota["count"] + 1)
        if count > quota["count"]:
            raise Unread(self.wire.error(quota["code"], quota["message"], {"count": asked, "most": quota["count"]}))
        for place in range(1, count + 1):
            several = repeats["numbered"] if count > 1 else ()
            yield {**content, **{field: f"{content[field]}-{place}" for field in several if field in content}}

    def _new(self, person: Person, maker: Maker) -> Thing:
        name = str(uuid4())
        document = self.documents.blank(name, person.project, person.user, maker)
        return Thing({"id": name, "project": person.project, "values": {}, "document": document})

    def _answer(self, decision: Decision, ask: Ask, known: Mapping[str, Any], maker: Maker) -> Answer:
        """The document and the headers that the row says, filled with what is known."""
        rule, request = decision.ruling.rule, decision.ruling.request
        version = self.rules.version(ask.version)
        document = None
        if rule["response"] is not None:
            content = _content(ask.body, self.documents.within)
            whole = {**(ask.body if isinstance(ask.body, dict) else {}), **content, **known}
            whole[self.documents.within] = {**content, **known}
            document = self.documents.shape(rule["response"], version, request.caller.name).fill(whole, maker)
            maker.names |= {name: value for name, value in document.items() if isinstance(value, str)}
        headers = self.documents.headers(rule["headers"], version, request.caller.name).fill({}, maker)
        return Answer(decision.code, document, headers)

    def _read(self, decision: Decision, ask: Ask, person: Person, thing: Thing | None, now: float) -> Answer:
        maker = self.documents.maker(ask.root, now, ask.names)
        if thing is None:
            return self._answer(decision, ask, self._collections(decision, ask, person, now), maker)
        known = self.documents.shown(thing, ask.root)
        response = decision.ruling.rule["response"]
        if response is None:
            return self._answer(decision, ask, known, maker)
        if self.documents.parts.keys() & ask.names.keys():
            known |= dict.fromkeys(response["properties"], self._part(thing, ask))
        elif self.history.field in response["properties"]:
            asked = ask.query if decision.ruling.rule["body"] else {}
            found, marker = self.history.page(self._records(thing), asked, self.wire)
            known[str(self.history.field)] = found
            known.pop(LINKS)
            if marker is not None:
                known[LINKS] = linked(ask, marker)
        return self._answer(decision, ask, known, maker)

    def _collections(self, decision: Decision, ask: Ask, person: Person, now: float) -> dict[str, Any]:
        """What answers a read that is of no one thing: the catalogue's, or a list of things. Raises Unread."""
        self.run_due(now)
        found: dict[str, Any] = {}
        catalogue = self.documents.catalogue
        for kind, said in catalogue.kinds.items():
            things = catalogue.things(kind, person.project)
            found[said["many"]] = [self.documents.listed(kind, one, ask.root) for one in things]
            if kind in ask.names:
                one = catalogue.find(kind, ask.names[kind], person.project)
                if one is None:
                    raise Unread(self.wire.error(said["missing"]["code"], said["missing"]["message"], {ID: ask.names[kind]}))
                found[kind] = self.documents.listed(kind, one, ask.root)
        if self.documents.many in decision.ruling.rule["response"]["properties"]:
            request = decision.ruling.request
            found |= page(self, ask, person, everyones=request.variant in self.rules.reads[request.action]["given"])
        return found


def _content(body: Any, within: str) -> dict[str, Any]:
    """What stands under the thing's own key of a body that is an object, wherever it comes; else under the first."""
    inner = body.get(within, next(iter(body.values()), None)) if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}
