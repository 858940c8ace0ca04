"""What oslo.policy makes of check strings: parsed, walked through, weighed before they are asked, and asked."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from lifecycle.errors import LifecycleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oslo_policy.policy import Enforcer

    Data = Mapping[str, Any]


def library() -> None:
    """Raises LifecycleError where oslo.policy is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import oslo_policy.policy  # noqa: F401
    except ImportError:
        raise LifecycleError(
            "a policy file is read by oslo.policy, which is not installed: pip install 'server-lifecycle[policy]'"
        ) from None


class Weight(NamedTuple):
    """How much a rule asks, through all that it refers to."""

    parts: int
    depth: int


_parsing = threading.Lock()


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """What oslo.policy logs in this thread meanwhile: the only sign it gives of what it does not understand."""
    records: list[logging.LogRecord] = []
    log, me = logging.getLogger("oslo_policy"), threading.get_ident()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == me:
                records.append(record)

    with _parsing:
        ear, passed_on = Ear(logging.WARNING), log.propagate
        log.addHandler(ear)
        log.propagate = False
        try:
            yield records
        finally:
            log.removeHandler(ear)
            log.propagate = passed_on


def parsed(said: Mapping[str, Any]) -> dict[str, Any]:
    """The checks of rules; None for one that oslo.policy does not understand."""
    from oslo_policy import policy

    found: dict[str, Any] = {}
    for name, text in said.items():
        check = None
        with _heard() as records, suppress(RecursionError):
            check = policy.Rules.from_dict({name: text})[name]
        found[name] = None if records else check
    return found


def walked(check: Any) -> Iterator[tuple[Any, int]]:
    """A check and all within it, each with how deep it is."""
    todo = [(check, 1)]
    while todo:
        part, depth = todo.pop()
        yield part, depth
        within = getattr(part, "rules", None) or ([part.rule] if hasattr(part, "rule") else [])
        todo += [(inner, depth + 1) for inner in within]


def references(check: Any) -> list[str]:
    """The rules that a check refers to, in the order of the text."""
    return [part.match for part, _ in walked(check) if getattr(part, "kind", "") == "rule"][::-1]


def cycles(checks: Mapping[str, Any]) -> Iterator[list[str]]:
    """Rules that refer to each other in a circle, one circle for each way back."""
    done: set[str] = set()
    for root in checks:
        way: dict[str, Iterator[str]] = {}
        if root not in done:
            way[root] = iter(references(checks[root]))
        while way:
            name = next(reversed(way))
            other = next(way[name], None)
            if other is None:
                done.add(name)
                del way[name]
            elif other in way:
                names = list(way)
                yield names[names.index(other) :]
            elif other in checks and other not in done:
                way[other] = iter(references(checks[other]))


def weights(checks: Mapping[str, Any]) -> dict[str, Weight]:
    """How much each of the rules asks; they refer to themselves nowhere."""
    found: dict[str, Weight] = {}
    for root in checks:
        todo = [root]
        while todo:
            name = todo[-1]
            others = [other for other in references(checks[name]) if other in checks]
            missing = [other for other in others if other not in found]
            if missing:
                todo += missing
                continue
            todo.pop()
            parts = list(walked(checks[name]))
            inner = [found[other] for other in others]
            deepest = max((weight.depth for weight in inner), default=0) + max(depth for _, depth in parts)
            found[name] = Weight(len(parts) + sum(weight.parts for weight in inner), deepest)
    return found


def enforcer_of(path: str, defaults: Mapping[str, str], policies: Data) -> Enforcer:
    """Who asks the rules: of the file, of the table (`defaults`) where it is silent, of old where only that is in the file."""
    from oslo_config import cfg
    from oslo_policy import policy

    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    enforcer = policy.Enforcer(conf, policy_file=os.path.abspath(path))
    conf.set_override("enforce_new_defaults", True, group="oslo_policy")
    conf.set_override("policy_dirs", [], group="oslo_policy")
    enforcer.suppress_default_change_warnings = enforcer.suppress_deprecation_warnings = True
    enforcer.skip_undefined_check = True
    of_old = {name: (old, new["was"]) for old, new in policies["renamed"].items() for name in new["to"]}
    for name, text in defaults.items():
        was = of_old.get(name)
        renamed = {"deprecated_reason": "renamed", "deprecated_since": "before"}
        old = policy.DeprecatedRule(*was, **renamed) if was else None
        enforcer.register_default(policy.RuleDefault(name, text, deprecated_rule=old))
    with _heard():
        enforcer.load_rules()
    enforcer.use_conf = False  # it has read the file, and need not look again
    admin = policies["admin"]["carries"]
    for check in enforcer.rules.values():
        for part, _ in walked(check):
            if getattr(part, "kind", "") == admin:  # the service's own check: all but `true` is no
                part.match = str(part.match.lower() == "true")
    return enforcer


def lets_through(enforcer: Enforcer, name: str, target: dict[str, str], token: dict[str, Any]) -> bool:
    """Whether a policy lets whoever has this token do something to the target."""
    return bool(enforcer.enforce(name, target, dict(token)))
