"""What the engine itself makes of a refused request: each is asked of it once, and must leave all as it was."""

from __future__ import annotations

from lifecycle.engine.checks import Request
from lifecycle.engine.decide import Ruling
from lifecycle.engine.situation import Situation, sign
from lifecycle.engine.step import begun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from lifecycle.engine.microversion import Microversion
    from lifecycle.explore.graph import Graph, Node


REFUSED = "refused"


class Refusal:
    """A request that is refused at a node: a trigger, the caller of this bit, the deployments. It leads nowhere."""

    __slots__ = ("callers", "deployments", "name", "node")

    def __init__(self, node: Node, name: str, callers: int, deployments: int) -> None:
        self.node = node
        self.name = name
        self.callers = callers
        self.deployments = deployments


def changed(found: Graph, refusal: Refusal, keys: Collection[str]) -> bool:
    """Whether the engine, asked, says that a refused request changes one of these keys after all; `any` is any key.

    It looks at nothing but the refusal then: where a request of a caller leaves all as it was, so it does elsewhere.
    """
    known = _changed(found, refusal)
    return bool(known) if "any" in keys else not known.isdisjoint(keys)


def _changed(found: Graph, refusal: Refusal) -> set[str]:
    rules, deployments = found.rules, found.deployments
    told = deployments.told(deployments.first(refusal.deployments))
    options = {name: sign(value) for name, value in {**rules.options, **told.pop("options")}.items()}
    version = rules.version(told.pop("microversion", None))
    values = {**refusal.node.place.situation.values, "locked_by": refusal.node.locked_by, **told, **options}
    before = Situation(values, frozenset())
    decision = _ruling(found, refusal, version).decide(before)
    after, work = begun(rules, decision)
    differing = {key for key in values if after.values[key] != values[key]}
    return differing | ({"task_state"} if work or decision.allowed else set())


def _ruling(found: Graph, refusal: Refusal, version: Microversion | None) -> Ruling:
    key = (refusal.name, refusal.callers, version)
    ruling = found.rulings.get(key)
    if ruling is None:
        action, _, variant = refusal.name.partition(":")
        caller = found.rules.caller(found.callers(refusal.callers)[0])
        ruling = found.rulings[key] = Ruling(Request(found.rules, action, variant or None, caller, version, found.reading))
    return ruling
