"""The checks and their sentences: every refusal of the project is worded here.

A check looks at one key of a situation, so that under one rule, for one caller, it becomes a
dictionary from the values of that key to the refusal, or None: a `Gate`.
"""

from __future__ import annotations

from lifecycle.engine import microversion
from lifecycle.engine.rules import NOTHING, Check
from lifecycle.errors import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Caller, Data, Policy, Rules

    Judge = Callable[["Request", Data, Any, Any], str | None]
    """From the request, its rule, what the rule wants of the key, and the key's value: a sentence, or None."""

CALLER = "caller"  # the target of a policy that is asked of the caller's own, before the thing is looked up
ASKED = "asked"  # the key of what depends on the request alone: one value, always
REFUSED = "{action} refused: {sentence} ({row})"  # the reason of a refusal
REMEMBERED = 512  # values of one key that a gate keeps; a stranger's bodies are without number


class Refusal:
    """One rule's refusal: its name, the code, the row, and, worded when they are read, our sentence and the service's.

    `texts` is for whoever writes many of them: what it made of this one.
    """

    __slots__ = ("_gate", "_value", "code", "row", "rule", "sentence", "texts")

    def __init__(self, gate: Gate, value: Any, sentence: str) -> None:
        check, rule = gate.check, gate.rule
        self._gate = gate
        self._value = value
        self.sentence = sentence
        self.rule = check.rule
        self.code: int = rule["codes"].get(check.name, check.code)
        self.row: str = _told_at(gate) or rule["lines"].get(check.name, rule["at"])
        self.texts: tuple[str, str] | None = None

    @property
    def reason(self) -> str:
        """Our sentence, with the file and line."""
        return REFUSED.format(action=self._gate.request.action, sentence=self.sentence, row=self.row)

    @property
    def message(self) -> str | None:
        """The service's own words, where they were seen."""
        return self._gate.words(self._value)


class Request:
    """What is asked, by whom and when: all that a gate is made for.

    `advise` tells of a refused decision what would make it allowed, `draw` gives the SVG of any, where it can be drawn;
    whoever can explore and draw gives them.
    """

    __slots__ = ("action", "advise", "caller", "draw", "reading", "rules", "variant", "version")

    def __init__(
        self,
        rules: Rules,
        action: str,
        variant: str | None,
        caller: Caller,
        version: Microversion | None,
        reading: str,
    ) -> None:
        self.rules = rules
        self.action = action
        self.variant = variant
        self.caller = caller
        self.version = version
        self.reading = reading
        self.advise: Callable[[Any], list[dict[str, Any]]] = lambda _: []
        self.draw: Callable[[Any], str | None] = lambda _: None


class Gate(dict):  # type: ignore[type-arg]  # dict[Any, ...] would need typing when the class is made
    """One check under one rule for one caller: what it answers for each value of the key it looks at."""

    __slots__ = ("check", "judge", "key", "request", "rule", "wanted")

    def __init__(self, check: Check, request: Request, rule: Data) -> None:
        super().__init__()
        self.check = check
        self.request = request
        self.rule = rule
        self.key, self.judge = JUDGES.get(check.asks) or (check.asks, _judge(request.rules, check.asks))
        self.wanted = rule["requires"].get(check.name)

    def __missing__(self, value: Any) -> Refusal | None:
        sentence = self.judge(self.request, self.rule, self.wanted, value)
        refusal = None if sentence is None else Refusal(self, value, sentence)
        if len(self) < REMEMBERED:
            self[value] = refusal
        return refusal

    def template(self, value: Any) -> str | None:
        """The service's own words as the table has them, with all placeholders."""
        own = None if value and self.check.name == self.request.caller.fails else self.rule["messages"].get(self.check.name)
        words: str | None = own or self.check.message
        return words

    def words(self, value: Any) -> str | None:
        """The service's own words; what only the service knows, such as {id}, stays as a placeholder."""
        words = self.template(value)
        if words is None:
            return None
        states = self.request.rules.states
        told = {
            "action": self.rule["called"] or self.request.action,
            "vm_state": states[value]["vm_state"] if value in states else "",
            "task_state": "None" if value is None else value,
            "policy": self.rule["policy"] or "",
            "microversion": self.request.version and microversion.text(self.request.version),
        }
        for placeholder, text in told.items():
            words = words.replace("{" + placeholder + "}", str(text))
        return words


def gates(request: Request, rule: Data) -> tuple[Gate, ...]:
    """The checks that could refuse this caller under this rule, in the order in which they are asked."""
    options = [name for name in request.rules.options if name in rule["requires"]]
    checks = (*request.rules.checks, *map(Check.of_option, options))
    made = (Gate(check, request, rule) for check in checks if _asks(check, request, rule))
    return tuple(gate for gate in made if gate.key != ASKED or gate[True] is not None)


def _asks(check: Check, request: Request, rule: Data) -> bool:
    """Whether a rule asks anything of a check, so that it could refuse."""
    if check.asks == "lock":
        by_policy = rule["lock"] == "owned" and rule["override"] and request.rules.policy
        return rule["lock"] != "ignored" and bool(by_policy or not request.caller.passes_lock)
    return check.name in rule["requires"] or (check.asks in JUDGES and JUDGES[check.asks][0] in UNCONDITIONAL)


def absent(request: Request) -> Data:
    """The rule of an action that is not there at this microversion: nothing is asked but that it were."""
    at = request.rules.action(request.action)["at"]
    return {**NOTHING, "at": at, "absent": True}


def _fails(request: Request, rule: Data, check: str) -> bool:
    """Whether this caller fails this check whatever the rest: a stranger, where the server is looked up."""
    fails = request.caller.fails
    if fails is None:
        return False
    instead = rule["fails_instead"].get(fails, fails)
    before_lookup = fails == "exists" and rule["target"] == CALLER and "exists" in rule["requires"]
    if before_lookup or (instead == "policy" and request.rules.policy is not None):
        instead = fails if request.caller.name in request.rules.may(rule) else "policy"
    found: bool = instead == check
    return found


def _token(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del wanted, value
    return "the request has no valid token" if _fails(request, rule, "token") else None


def _removed(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del request, wanted, value
    removed: str | None = rule.get("removed")
    return removed and f"it is gone for good, {removed}"


def _microversion(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del wanted, value
    return absence(request) if rule.get("absent") else None


def absence(request: Request, here: str = "") -> str | None:
    """Where an action is, when it is not here: `it is gone since 2.44, and this is 2.104; try --microversion 2.43`.

    `here` is said in place of the request's microversion.
    """
    if request.version is None:
        return None
    here = here or microversion.text(request.version)
    later, earlier = [], []
    for edition in request.rules.editions(request.action, request.variant, request.reading):
        since, until = edition["since"], edition["until"]
        if since and request.version < tuple(since):
            later.append(tuple(since))
        elif until:
            earlier.append(tuple(until))
    if earlier and not later:
        last = max(earlier)
        gone = microversion.text((last[0], last[1] + 1))
        return f"it is gone since {gone}, and this is {here}; try --microversion {microversion.text(last)}"
    first = microversion.text(min(later))
    return f"it comes with {first}, and this is {here}; try --microversion {first}"


def _body(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del rule, wanted
    what = "query" if request.action in request.rules.reads else "body"
    return None if value is True else f"the {what} is wrong, {value}"


def _exists(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del wanted
    thing = request.rules.thing
    if not value:
        return f"there is no such {thing}"
    return f"to {_a(request.caller.name)} the {thing} is not there" if _fails(request, rule, "exists") else None


def _policy(request: Request, rule: Data, wanted: Any, value: object) -> str | None:
    del wanted, value
    policy, name = request.rules.policy, request.caller.name
    may = name in request.rules.may(rule)
    if may and not _fails(request, rule, "policy"):
        return None
    if policy is not None and policy.says(rule["policy"]) and not may:
        why = _asks_for(policy, rule["policy"])
    elif rule["fails_instead"].get(request.caller.fails) == "policy":
        why = f"the {request.rules.thing} is another project's"
    else:
        why = f"it takes {_a(rule['by'])}"
    return f"{why}, and this is {_a(name)}"


def _asks_for(policy: Policy, name: str) -> str:
    """What a policy that the file speaks of asks for."""
    asks, _ = policy.says(name) or ("", "")
    return f"the policy {name} lets nobody through" if asks == NOBODY else f"the policy {name} asks for {asks}"


NOBODY = "!"


def _told_at(gate: Gate) -> str | None:
    """The line of a policy file that refuses, where one does."""
    policy, rule = gate.request.rules.policy, gate.rule
    name = {"policy": rule["policy"], "lock": rule["override"]}.get(gate.check.asks)
    told = policy and name and policy.says(name)
    return told[1] if told else None


def _lock(request: Request, rule: Data, wanted: Any, value: str | None) -> str | None:
    """Refused by a lock: of anyone, or (`owned`) only of somebody above the caller."""
    del wanted
    caller, thing, holders = request.caller, request.rules.thing, request.rules.holders
    if value is None:
        return None
    ranks = list(holders)
    policy = request.rules.policy
    if rule["lock"] == "owned" and policy is not None and rule["override"]:
        if caller.holds == value or caller.name in policy.lets(rule["override"], rule["target"]):
            return None
        if policy.says(rule["override"]):
            return f"the {thing} is locked by {holders[value]}, {_asks_for(policy, rule['override'])}"
    elif rule["lock"] == "owned" and caller.holds in ranks and ranks.index(caller.holds) >= ranks.index(value):
        return None
    passing = listed((_a(name) for name, other in request.rules.callers.items() if other.passes_lock), "or")
    undo = " or an unlock" if caller.holds == value and rule["lock"] != "owned" else ""
    return f"the {thing} is locked by {holders[value]}, it takes {passing}{undo}"


def _state(request: Request, rule: Data, wanted: Any, value: str) -> str | None:
    del rule
    if wanted is None or value in wanted:
        return None
    states = request.rules.states
    unwanted = [state for state in states if state not in wanted]
    needed = listed(wanted, "or") if len(wanted) <= len(unwanted) else f"anything but {listed(unwanted, 'or')}"
    return f"the {request.rules.thing} is {value}, it must be {needed}"


def _task(request: Request, rule: Data, wanted: Any, value: str | None) -> str | None:
    del rule
    if wanted is None or value in wanted:
        return None
    thing = request.rules.thing
    if wanted == [None]:
        return f"the {thing} is busy ({value}), it must be idle"
    if value is None:
        return f"the {thing} is idle, it must be busy with {listed(wanted, 'or')}"
    if len(wanted) > len(request.rules.tasks) / 2:
        return f"the {thing} is busy with {value}"
    options = ["idle" if task is None else task for task in wanted]
    return f"the {thing} is busy ({value}), it must be {listed(options, 'or')}"


def _judge(rules: Rules, name: str) -> Judge:
    return _option(name) if name in rules.options else _fact(name)


def _option(name: str) -> Judge:
    """The check of a deployment's option, which only events ask."""

    def judge(request: Request, rule: Data, wanted: Any, value: str) -> str | None:
        del request, rule
        return None if value in wanted else f"the option {name} is {value}, it must be {listed(wanted, 'or')}"

    return judge


def _fact(name: str) -> Judge:
    """The check of a fact: a plain yes or no that the table declares."""

    def judge(request: Request, rule: Data, wanted: Any, value: bool) -> str | None:
        del rule
        if wanted is None or value == wanted:
            return None
        says = request.rules.facts[name]["says"]
        return f"the {request.rules.thing} {says[str(value).lower()]}; it must be one that {says[str(wanted).lower()]}"

    return judge


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


JUDGES: dict[str, tuple[str, Judge]] = {
    "token": (ASKED, _token),
    "removed": (ASKED, _removed),
    "microversion": (ASKED, _microversion),
    "envelope": ("envelope", _body),
    "body": ("body", _body),
    "exists": ("exists", _exists),
    "policy": (ASKED, _policy),
    "lock": ("locked_by", _lock),
    "state": ("state", _state),
    "task": ("task_state", _task),
}
"""The checks that every lifecycle has, each with the key that it looks at; all others are facts."""

UNCONDITIONAL = (ASKED, "envelope", "body")
