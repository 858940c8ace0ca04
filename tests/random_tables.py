"""Small tables and properties by chance: what the two checkers are held against each other on."""

from typing import Any

from hypothesis import strategies as st

from lifecycle.engine.rules import Rules
from lifecycle.table.compile import compile_table
from lifecycle.table.load import Loaded
from lifecycle.table.model import Table
from lifecycle.table.source import Source

STATES, TASKS, ACTIONS, EVENTS = ("A", "B", "C"), ("work", "rest"), ("one", "two", "three"), ("chance",)
CALLERS, HOLDERS = ("admin", "member", "stranger"), ("owner", "admin")
SIGN = st.sampled_from(["zero", "positive", "negative"])


def some(names: tuple[str, ...], *, none: bool = False) -> st.SearchStrategy[Any]:
    """A name, a list of names, or all but some."""
    every = [*names, *(["none"] if none else [])]
    several = st.lists(st.sampled_from(every), min_size=1, max_size=2, unique=True)
    return st.one_of(st.sampled_from(every), several, several.map(lambda chosen: {"not": chosen}))


def told(**words: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these words, most of them left out."""
    return st.fixed_dictionaries({}, optional=words).map(lambda chosen: dict(list(chosen.items())[:2]))


ENDS = st.one_of(
    st.sampled_from([*STATES, "same"]),
    st.just({"recall": "mind"}),
    st.lists(st.sampled_from([*STATES, "same"]), min_size=1, max_size=2, unique=True),
)
EFFECTS: dict[str, st.SearchStrategy[Any]] = {
    "becomes": ENDS,
    "task": st.one_of(st.sampled_from(TASKS), st.just(list(TASKS)), st.just("none")),
    "fails": ENDS,
    "at_once": told(state=st.sampled_from(STATES), task=st.sampled_from([*TASKS, "none"])),
    "locks": st.booleans(),
    "remembers": st.just("mind"),
    "loses": st.sampled_from(["disk", "memory"]),
}
WHEN = told(
    state=some(STATES),
    task=some(TASKS, none=True),
    before=some(STATES, none=True),
    hot=st.booleans(),
    wet=st.booleans(),
    limit=SIGN,
)
OUTCOME = st.builds(lambda when, effects: {"when": when, **effects}, WHEN, told(**EFFECTS))
REQUIRES = told(state=some(STATES), task=some(TASKS, none=True), up=st.booleans(), hot=st.booleans(), wet=st.booleans())
CLAUSES: dict[str, st.SearchStrategy[Any]] = {
    "requires": REQUIRES,
    "lock": st.sampled_from(["refuses", "owned", "ignored"]),
    "by": st.sampled_from(["admin", "member"]),
    **EFFECTS,
    "outcomes": st.lists(OUTCOME, min_size=1, max_size=2),
}


def fields(words: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=words)


BOUNDS = st.one_of(fields({"since": st.sampled_from(["1.1", "1.2"])}), fields({"until": st.sampled_from(["1.1", "1.2"])}))
CHANGE = st.builds(lambda bounds, clauses: {**bounds, **clauses}, BOUNDS, fields({"requires": REQUIRES, "by": CLAUSES["by"]}))
ROW = st.builds(
    lambda row, bounds, changes: {"title": "t", "cite": "c", **row, **bounds, "changes": changes},
    fields(CLAUSES),
    BOUNDS,
    st.lists(CHANGE, max_size=1),
)
EVENT = st.builds(
    lambda row, when: {"title": "t", "cite": "c", **row, "when": when},
    fields({"requires": REQUIRES, **{key: EFFECTS[key] for key in ("becomes", "task", "fails", "at_once", "remembers")}}),
    told(hot=st.booleans(), limit=SIGN),
)
WHERE = told(
    state=some(STATES),
    task=some(TASKS, none=True),
    status=some((*STATES, "BUSY")),
    locked_by=some(HOLDERS, none=True),
    before=some(STATES, none=True),
    exists=st.booleans(),
    hot=st.booleans(),
    wet=st.booleans(),
    up=st.booleans(),
    limit=SIGN,
)
FEW = WHERE.map(lambda where: dict(list(where.items())[:1]))
HOWS = ("accepted", "refused", "happens", "advances", "settles", "fails", "turns")
WAY = st.builds(
    lambda way, which: {**way, **which},
    fields(
        {
            "how": st.lists(st.sampled_from(HOWS), min_size=1, max_size=2, unique=True),
            "from": FEW,
            "to": FEW,
            "changes": st.sampled_from(["state", "task", "locked_by", "before", "up", "any"]),
            "loses": st.sampled_from(["disk", "any"]),
        }
    ),
    st.one_of(fields({"action": some(ACTIONS), "by": some(CALLERS)}), fields({"event": some(EVENTS)})),
)
PROPERTY = st.builds(
    lambda said, bounds: {"title": "t", "cite": "c", **bounds, **said},
    st.one_of(
        st.builds(lambda when, always: {"when": when, "always": always}, WHERE, WHERE),
        st.builds(lambda way: {"never": way}, WAY),
        st.builds(lambda way: {"sometimes": way}, WAY),
        st.builds(
            lambda when, by, kind, where: {"when": when, "by": by, kind: where},
            WHERE,
            some(CALLERS, none=True),
            st.sampled_from(["leads_to", "reachable"]),
            WHERE,
        ),
        st.builds(
            lambda when, kind, where: {"when": when, kind: where}, WHERE, st.sampled_from(["leads_to", "reachable"]), WHERE
        ),
        st.builds(
            lambda by: {"when": {"task": TASKS[0]}, "by": by, "leads_to": {"task": {"not": TASKS[0]}}}, some(CALLERS, none=True)
        ),
    ),
    BOUNDS,
)
PROPERTIES = 8
CHECKS = {
    "microversion": {"code": 404, "ends": True},
    "exists": {"code": 404, "ends": True},
    **{name: {"code": 409} for name in ("policy", "lock", "state", "task", "up", "hot", "wet")},
}


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What the file of a table would hold."""
    creates = draw(st.booleans())
    actions = {name: draw(ROW) for name in ACTIONS}
    actions["one"]["remembers"] = "mind"
    if creates:
        made = {
            "requires": {"exists": "any"},
            "lock": "ignored",
            "at_once": {"state": "A"},
            "becomes": draw(st.sampled_from(STATES)),
        }
        actions["create"] = {"title": "t", "cite": "c", "address": "POST /things", **made}
    states: dict[str, Any] = {name: {} for name in STATES}
    states["B"] = {"implies": {"wet": draw(st.booleans())}}
    states["C"] = {"end": True} if draw(st.booleans()) else {}
    return {
        "name": "chance",
        "title": "By chance",
        "microversions": {"oldest": "1.1", "newest": "1.2"},
        "usual": {"state": "A", "caller": "member"},
        "callers": {
            "admin": {"holds": "admin", "passes_lock": True},
            "member": {"holds": "owner"},
            "stranger": {"like": "member", "holds": "owner", "fails": "exists"},
        },
        "lock_holders": {"owner": "its owner", "admin": "an admin"},
        "facts": {
            "up": {"usual": True, "turns": draw(st.booleans()), "yes": "is up", "no": "is down"},
            "hot": {"usual": False, "yes": "is hot", "no": "is cold"},
            "wet": {"usual": False, "yes": "is wet", "no": "is dry"},
        },
        "options": {"limit": draw(st.sampled_from([0, 1]))},
        "checks": CHECKS,
        "rows": {"all": {"requires": {"exists": True}, "lock": "refuses", "by": "member"}},
        "states": states,
        "statuses": {"BUSY": {"state": ["A", "B"], "task": "work"}},
        "tasks": list(TASKS),
        "events": {name: draw(EVENT) for name in EVENTS if draw(st.booleans())} if draw(st.booleans()) else {},
        "actions": actions,
        "properties": {f"p{number}": draw(PROPERTY) for number in range(PROPERTIES)},
    }


def compiled(content: dict[str, Any]) -> Rules:
    """The rules of what a file would hold, unlinted: a table by chance has states that nothing leads to."""
    loaded = Loaded()
    loaded.content, loaded.table = content, Table.model_validate(content)
    loaded.sources = [((), Source("chance.yaml", ""))]
    return Rules(compile_table(loaded))
