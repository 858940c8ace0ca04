"""Whether a deviation can be seen from outside: some request is answered otherwise, or ends otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.bodies.documents import plain
from lifecycle.bodies.schema import ANY, AT_TIMES, BASIC, edition, starts
from lifecycle.engine.rules import bounds
from lifecycle.engine.situation import situate
from lifecycle.explore.diff import CALLER, Side, diff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lifecycle import Lifecycle
    from lifecycle.engine.microversion import Microversion
    from lifecycle.engine.rules import Data, Rules
    from lifecycle.explore.diff import Change, Group

    Fields = dict[str, tuple[bool, tuple[Any, ...], Any]]
    """By name whether a field must be there, what may keep it away, and the fields in it."""

ID = "{id}"
GROUPS = ("actions", "reads", "events")
MISTAKES = ("envelope", "body")
FAILURE = "on_failure"
ENDS = ("becomes", FAILURE)
NEVER = (None,) * len(AT_TIMES)
INSIDE = ("loses", "rule")  # what a difference may be in and no answer shows


def seen(right: Lifecycle, wrong: Lifecycle, situations: Sequence[Mapping[str, Any]] | None = None) -> list[str]:
    """In what answers are others than the right lifecycle has, for somebody who looks at nothing else; nothing: in none.

    `code`, `message`, `status`, `task_state`, `locked_by`, `tasks`, `becomes`, `on_failure` and `remembers` of a decision;
    `request`, what is taken for a body; `response` and `headers`; `keeps` and `gives_back`, what a document says afterwards;
    `event`, what happens without a request. `situations` are those that can be come to, in the keys of a case; without
    them every one counts.
    """
    one, other, reading = right.rules, wrong.rules, right.reading
    types = {name for name in one.types if one.types[name] != other.types[name]}
    rows = [name for group in GROUPS for name, row in one.data[group].items() if row is not other.data[group][name]]
    groups = diff(Side(one, reading), Side(other, reading), only=rows).groups if rows else []
    found = {
        "event" if group.action in one.events else change[0]
        for group in groups
        if _met(one, group) and (situations is None or any(_in(group, values) for values in situations))
        for change in group.changes
        if _comes(change)
    }
    for name in (*one.actions, *one.reads):
        if name in rows or (types and _names(one.types, one.action(name)) & types):
            for variant in one.variants(name) or (None,):
                found |= {*_apart(one, other, (name, variant, reading))}
    return sorted(found - {*INSIDE})


def _met(rules: Rules, group: Group) -> bool:
    """Whether the situations that a difference is in can be met: what is asked of no one thing meets the usual one alone.

    Where nothing is said of a body none is wrong, and a document without the one key that names an action asks for none.
    Of who has no token no body is read.
    """
    if group.action in rules.events:
        return True
    row, box = rules.action(group.action), group.box
    wrong = row["variant_in"] or any(edition["rule"]["body"] for edition in row["editions"])
    if True not in box.get("envelope", {True}) or not (wrong or True in box.get("body", {True})):
        return False
    if row["body"] and all(rules.callers[asks].fails == "token" for asks, _ in box.get(CALLER, ((rules.usual_caller, None),))):
        return False
    if not row["address"] or ID in row["address"]:
        return True
    usual = situate(rules, {}).values
    return all(usual[key] in values for key, values in box.items() if key in usual and key not in MISTAKES)


def _in(group: Group, values: Mapping[str, Any]) -> bool:
    """Whether a difference is in a situation."""
    return all(values[key] in box for key, box in group.box.items() if key in values)


def _comes(change: Change) -> bool:
    """Whether a difference can come about: of several ends the first comes, and where no words are known any are right."""
    key, left, right = change
    if key == "message" and left is None:
        return False
    return key not in ENDS or (left or ())[:1] != (right or ())[:1]


def _names(types: Mapping[str, Data], said: Any) -> set[str]:
    """The types that anything in a part of the rules names, and those that they name."""
    if isinstance(said, list):
        return {name for part in said for name in _names(types, part)}
    if not isinstance(said, dict):
        return set()
    own = {name for name in said.get("type") or () if isinstance(name, str) and name in types}
    inner = {name for part in said.values() for name in _names(types, part)}
    return own | inner | {name for of in own for name in _names(types, types[of])}


def _apart(one: Rules, other: Rules, asked: tuple[str, str | None, str]) -> Iterator[str]:
    """What of an action's documents differs at some microversion, to some caller, or is kept otherwise."""
    name, variant, reading = asked
    for version in _versions(one, other, asked):
        left, right = (rules.edition(name, variant, reading, version) for rules in (one, other))
        if left is None or right is None:
            continue  # which the decision says
        if _meant(plain("request", one, name, left, version)) != _meant(plain("request", other, name, right, version)):
            yield "request"
        if left["keeps"] != right["keeps"]:
            yield "keeps"
        if [row["gives_back"] for row in left["outcomes"]] != [row["gives_back"] for row in right["outcomes"]]:
            yield "gives_back"
        was, came = (_fields(rules, rule["response"] or {}, version) for rules, rule in ((one, left), (other, right)))
        yield from _says_more(was, came, "response")
        was, came = (_fields(rules, {"properties": rule["headers"]}, version) for rules, rule in ((one, left), (other, right)))
        yield from _says_more(was, came, "headers")


def _meant(said: Any) -> Any:
    """A schema without what does not matter: where all values are told, nothing else limits them."""
    if isinstance(said, list):
        return [_meant(part) for part in said]
    if not isinstance(said, dict):
        return said
    return {"enum": said["enum"]} if isinstance(said.get("enum"), list) else {word: _meant(part) for word, part in said.items()}


def _versions(one: Rules, other: Rules, asked: tuple[str, str | None, str]) -> set[Microversion | None]:
    """The microversions at which something may change, on either side."""
    found: set[Microversion | None] = {one.newest}
    for rules in (one, other):
        for edition_ in rules.editions(*asked):
            found |= {bounds(edition_)[0]}
            rule = edition_["rule"]
            wholes = (rule["body"], rule["response"], {"properties": rule["headers"]})
            found |= {start for whole in wholes if whole for start in starts(rules.types, whole)}
    oldest, newest = one.oldest, one.newest
    return {version for version in found if version is None or (oldest and newest and oldest <= version <= newest)}


def _fields(rules: Rules, said: Data, version: Microversion | None) -> Fields:
    found: Fields = {}
    for name in said.get("type", ()):
        if name != ANY and name not in BASIC:
            found |= _fields(rules, rules.types[name], version)
    for name, editions in said.get("properties", {}).items():
        field = edition(editions, version)
        if field is not None:
            found[name] = (bool(field.get("required")), tuple(map(field.get, AT_TIMES)), _fields(rules, field, version))
    if isinstance(said.get("items"), dict):
        found["[]"] = (False, NEVER, _fields(rules, said["items"], version))
    return found


def _says_more(right: Fields, wrong: Fields, kind: str) -> Iterator[str]:
    """Whether answers of the wrong shape may be none of the right one: a field more, one less that must be there, or for others.

    A part of which nothing is said shows what is known, which is right. What went wrong is told where work failed alone.
    """
    if not right or not wrong:
        return
    if wrong.keys() - right.keys() or any(needed and name not in wrong for name, (needed, _, _) in right.items()):
        yield kind
    for name in right.keys() & wrong.keys():
        needed, times, inner = right[name]
        told = FAILURE if inner and not needed and times[AT_TIMES.index("statuses")] else kind
        if times != wrong[name][1]:
            yield told
        yield from _says_more(inner, wrong[name][2], told)
