"""A running Nova and the reference service side by side: the same server on both, the same request, and what differs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from live.cloud import BUILD, DELETED, OPTIONS, PASSWORD, SCHEDULED, STEPS, UNDER_WAY
from live.requested import BOOT_VOLUME, IMAGE, VOLUME, World, wire
from serving import LONG, TASK, Client

from lifecycle.serve import Clock, app

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    import httpx
    from live.cloud import Cloud, Reply

    from lifecycle import Lifecycle

SAME = (
    "status",
    "OS-EXT-STS:vm_state",
    "OS-EXT-STS:task_state",
    "OS-EXT-STS:power_state",
    "OS-SRV-USG:terminated_at",
    "OS-DCF:diskConfig",
    "locked",
    "locked_reason",
    "host_status",
    "name",
    "description",
    "metadata",
    "tags",
    "progress",
)
"""What a server says of itself alike on both, to the letter."""
HISTORY = "os-instance-actions"
BELOW = ("os-volume_attachments", "os-interface", "metadata", "tags", "ips")
"""What is shown below a server besides its history."""
UNFURNISHED = ("ERROR of a build", BUILD, SCHEDULED)  # nothing was given to it: no volume, tags or addresses
FEW = 2  # of them that are looked at after one request
SHOWN_AT = 96
MOST_TASKS = 30
NEVER = 10**9  # the clock of one service goes on from case to case


@dataclass(frozen=True)
class Case:
    """One request: an action from a world, by someone, at a microversion."""

    world: str
    action: str
    variant: str | None
    caller: str
    minor: int

    def __str__(self) -> str:
        return f"{self.world}: {self.action}{f':{self.variant}' if self.variant else ''} by {self.caller} at 2.{self.minor}"


class Sides:
    """Both, each with its own server of the same world; a refusal leaves both as they were, and nothing is restored then."""

    def __init__(self, cloud: Cloud, nova: Lifecycle, rng: random.Random) -> None:
        self.cloud = cloud
        self._rng = rng
        self._clock = Clock(0)
        self._client = Client(app(nova, clock=self._clock, options={**OPTIONS, "reclaim_instance_interval": NEVER}), self._clock)
        self._store = self._client.app.state.cloud.store._sql  # noqa: SLF001 - a test may look behind the scenes
        self._empty = self._store.serialize()
        self._worlds: dict[str, tuple[World, bytes]] = {}
        self._at: str | None = None
        self._lost: str | None = None  # a task whose work was lost before anything was asked
        self._records = 0  # that there are then, the last of them without an end
        self.theirs = self.ours = World("", "")

    def close(self) -> None:
        self.cloud.deliver(casts=True)
        self._store.close()

    def go(self, name: str) -> None:
        """Both as they were when this world was made."""
        if self._at == name:
            return
        if name not in self.cloud.worlds:
            self.cloud.lose(name)
        self.theirs = self.cloud.restore(name)
        self.cloud.control("PUT", "/mode", {"casts": "queue"})
        if name not in self._worlds:
            self._store.deserialize(self._empty)
            self._worlds[name] = (self._made(name), self._store.serialize())
        self.ours, kept = self._worlds[name]
        self._store.deserialize(kept)
        self._at, self._lost = name, self.cloud.row(self.theirs.id)["task_state"]
        told = self.cloud.ask("GET", f"/servers/{self.theirs.id}/{HISTORY}") if self._lost else None
        self._records = len(told.document["instanceActions"]) if told else 0

    def _made(self, name: str) -> World:
        """A server of the reference service that came the same way."""
        world, step = UNDER_WAY.get(name, ("ACTIVE" if name in (DELETED, PASSWORD) else name, None))
        made = self._came(world)
        if name == DELETED:
            self._do(made, "forceDelete", None)
        if step:
            self._do(made, *step, settles=False)
        lost: dict[str, Any] = {"$.work": None, "$.due": None}
        if name in (BUILD, PASSWORD):
            lost["$.values.task_state"] = "spawning" if name == BUILD else "updating_password"
        if name not in STEPS and name != DELETED:
            for path, value in lost.items():
                self._store.execute("UPDATE things SET due = NULL, data = json_set(data, ?, ?)", (path, value))
        return made

    def _came(self, name: str) -> World:
        client, volume = self._client, name.endswith("of a volume")
        disk = {"boot_index": 0, "uuid": BOOT_VOLUME, "source_type": "volume", "destination_type": "volume"}
        more: dict[str, Any] = {"imageRef": "", "block_device_mapping_v2": [disk]} if volume else {"imageRef": IMAGE}
        server = client.create(name="a", metadata={"k": "v"}, settles=name not in UNFURNISHED, **more)
        if name in UNFURNISHED:
            assert name != "ERROR of a build" or client.app.state.cloud.fail(server)
            return World(name, server)
        at = f"/servers/{server}"
        client.ask("PUT", f"{at}/tags", {"tags": ["x", "y"]}, "admin")
        client.ask("POST", f"{at}/os-volume_attachments", {"volumeAttachment": {"volumeId": VOLUME}}, "admin")
        port = client.ask("GET", f"{at}/os-interface").json()["interfaceAttachments"][0]
        world = World(name, server, port["port_id"], port["fixed_ips"][0]["ip_address"], volume_backed=volume)
        for action, variant in STEPS[name]:
            self._do(world, action, variant)
        return world

    def _do(self, world: World, action: str, variant: str | None, *, settles: bool = True) -> None:
        asked = wire(action, variant, 104, world)
        assert asked
        assert self._client.ask(asked[0], f"/servers/{world.id}{asked[1]}", _body(asked[2]), "admin").status_code < 300
        self._client.clock.advance(LONG if settles else 0)

    def looks(self, path: str, caller: str, minor: int) -> Iterator[str]:
        """What is answered otherwise to a request that only looks; `{id}` and `{port}` are each one's own."""
        self.go("ACTIVE")
        their, our = (path.format(id=world.id, port=world.port) for world in (self.theirs, self.ours))
        yield from self._answers(self.cloud.ask("GET", their, None, caller, minor), self._ask("GET", our, None, caller, minor))

    def differences(self, case: Case, *, going_on: bool = False) -> Iterator[str]:
        """What one request brings otherwise in the reference service than in Nova, from its world or from where both are."""
        if not going_on:
            self.go(case.world)
        theirs_asked = wire(case.action, case.variant, case.minor, self.theirs)
        ours_asked = wire(case.action, case.variant, case.minor, replace(self.ours, elsewhere=self.theirs.elsewhere))
        if theirs_asked is None or ours_asked is None:
            return
        since = self.cloud.mark()
        (method, path, body), (_, our_path, our_body) = theirs_asked, ours_asked
        if case.action == "attachVolume":
            our_body = body
        theirs = self.cloud.ask(method, f"/servers/{self.theirs.id}{path}", body, case.caller, case.minor)
        ours = self._ask(method, f"/servers/{self.ours.id}{our_path}", our_body, case.caller, case.minor)
        if theirs.code == 500:
            self._at = None
            return  # a defect of Nova, which its own tests tell of
        yield from self._answers(theirs, ours)
        if theirs.code >= 400 and ours.status_code >= 400:
            return
        self._at = None
        yield from self._servers("right after", "admin", SHOWN_AT)
        self.cloud.control("POST", "/pump", {"n": -1})
        self.cloud.settle()
        told = self.cloud.tasks(self.theirs.id, since), self._tasks()
        tasks, seen = ([*dropwhile(lambda task: task == self._lost, one)] for one in told)
        if tasks != seen:
            yield f"it runs through {seen}, not {tasks}"
        yield from self._servers("in the end", case.caller, case.minor)
        yield from self._below(case)

    def _ask(self, method: str, path: str, body: object = None, caller: str = "admin", minor: int = SHOWN_AT) -> httpx.Response:
        return self._client.ask(method, path, _body(body), caller, f"2.{minor}")

    def _tasks(self) -> Iterator[str]:
        """The tasks that the reference service's server runs through from now on."""
        last = None
        for _ in range(MOST_TASKS):
            shown = self._ask("GET", f"/servers/{self.ours.id}")
            task = shown.json()["server"]["OS-EXT-STS:task_state"] if shown.status_code == 200 else None
            if task is not None and task != last:
                yield task
            last = task
            self._clock.advance(TASK)
        self._clock.advance(LONG)

    def _answers(self, theirs: Reply, ours: httpx.Response) -> Iterator[str]:
        document: Any = ours.json() if ours.content else None
        if ours.status_code != theirs.code:
            yield f"answers {ours.status_code} {document}, not {theirs.code} {theirs.message}"
        elif theirs.code >= 400:
            words = next(iter(document.values()))["message"]
            if theirs.code != 401 and self._neutral(words) != self._neutral(theirs.message):
                yield f"says {words!r}, not {theirs.message!r}"
        else:
            yield from differing("the answer", shape(document), shape(theirs.document))
            if ("location" in ours.headers) != ("location" in theirs.headers):
                yield f"{'has a' if 'location' in ours.headers else 'has no'} Location"

    def _neutral(self, words: str) -> str:
        """Words without what is each one's own."""
        for world in (self.ours, self.theirs):
            for name in (world.id, world.port):
                words = words.replace(name, "{…}") if name else words
        return re.sub(r"host[0-9]", "{host}", words)

    def _servers(self, when: str, who: str, minor: int) -> Iterator[str]:
        """How both show the server to someone."""
        theirs = self.cloud.ask("GET", f"/servers/{self.theirs.id}", caller=who, minor=minor)
        ours = self._ask("GET", f"/servers/{self.ours.id}", caller=who, minor=minor)
        if ours.status_code != theirs.code:
            yield f"{when} GET answers {ours.status_code}, not {theirs.code}"
        elif theirs.code == 200:
            their, our = theirs.document["server"], ours.json()["server"]
            yield from differing(f"{when}, to {who} at 2.{minor},", shape(our), shape(their))
            for name in SAME:
                if our.get(name) != their.get(name):
                    yield f"{when} {name} is {our.get(name)!r}, not {their.get(name)!r}"

    def _below(self, case: Case) -> Iterator[str]:
        """What both show below the server: shapes, how many of each, and what was done with which events."""
        for part in (HISTORY, *self._rng.sample(BELOW, FEW)):
            theirs = self.cloud.ask("GET", f"/servers/{self.theirs.id}/{part}", caller="admin", minor=case.minor)
            ours = self._ask("GET", f"/servers/{self.ours.id}/{part}", caller="admin", minor=case.minor)
            if ours.status_code != theirs.code:
                yield f"{part} answers {ours.status_code}, not {theirs.code}"
            elif theirs.code == 200:
                document = ours.json()
                many = part != "ips"  # a floating address is another service's
                yield from differing(part, shape(document, many=many), shape(theirs.document, many=many))
                if part == HISTORY:
                    yield from self._histories(theirs.document["instanceActions"], document["instanceActions"], case)

    def _histories(self, theirs: list[Any], ours: list[Any], case: Case) -> Iterator[str]:
        """The last record of each with its events."""
        names = [[(one["action"], one["message"]) for one in records] for records in (ours, theirs)]
        if names[0] != names[1]:
            yield f"the history tells {names[0]}, not {names[1]}"
        if names[0] != names[1] or len(names[0]) == self._records:
            return
        for who in {"admin", case.caller}:
            told = []
            for side, records, server in ((self._events, ours, self.ours), (self._their_events, theirs, self.theirs)):
                told.append(side(f"/servers/{server.id}/os-instance-actions/{records[0]['request_id']}", who, case.minor))
            if told[0] != told[1]:
                yield f"the last record is {told[0]} to {who}, not {told[1]}"

    def _events(self, path: str, who: str, minor: int) -> Any:
        return _told(self._ask("GET", path, caller=who, minor=minor).json())

    def _their_events(self, path: str, who: str, minor: int) -> Any:
        return _told(self.cloud.ask("GET", path, caller=who, minor=minor).document)


def _body(body: object) -> object:
    return ... if body is None else body


def _told(document: Any) -> Any:
    """What a record says but for moments and hosts, with the fields of its events."""
    action = document["instanceAction"]
    events = [(event["event"], event["result"], sorted(event)) for event in action.get("events", ())]
    return sorted(action), action["message"], sorted(events, key=str)


def shape(document: Any, *, many: bool = False) -> Any:
    """The keys of a document and the types of what stands there; of a list how many there are (`many`), and its first's."""
    if isinstance(document, dict):
        return {name: shape(value, many=many) for name, value in document.items()}
    if isinstance(document, list):
        return [len(document) if many else bool(document), *([shape(document[0], many=many)] if document else [])]
    return "number" if type(document) in (int, float) else type(document).__name__


def differing(what: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Where two shapes part, by path."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            if name not in theirs:
                yield f"{what} has {name}, which Nova's has not"
            elif name not in ours:
                yield f"{what} has no {name}"
            else:
                yield from differing(f"{what} {name}", ours[name], theirs[name])
    elif ours != theirs:
        yield f"{what} is {ours}, not {theirs}"
