"""Promise: a decision costs at most 2.5 bare look-ups, 4 where caller and microversion come with each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import peers
from bench.harness import Line, Row, measure
from bench.questions import CALLERS, MICROVERSION, RULES, draw, make_server, oracle
from lifecycle import Lifecycle

if TYPE_CHECKING:
    from bench.questions import Question

DICT = "dict of dicts: table[state][action], the state only"
BOUND = "ask.decide(action, server)"
TOLD = "compute.decide(action, server, caller=…, microversion=…)"
TRANSITIONS = "transitions: model.may_trigger(action)"
FIRST = "the first decision on a new server (made, read, decided)"
ROUNDS = 15
FEW, MANY = 1_024, 4_096


def lines() -> list[Line]:
    """Few questions, all libraries; then the floor and ours on many, which the processor's caches do not hold."""
    return [*_few(), *_many()]


def _few() -> list[Line]:
    """One line each for the floor, for us and for the peers; all are asked the same questions."""
    questions = _questions(FEW)
    right, count = [oracle(question) for question in questions], len(questions)
    table = peers.cells()
    rows = [
        *_floors(questions),
        *_ours(questions, right),
        Row(TRANSITIONS, peers.with_transitions(questions, table), right, count),
        Row("python-statemachine: action in enabled_events()", peers.with_statemachine(questions, table), right, count),
        Row(
            "automaton: initialize(situation), is_actionable_event(action)", peers.with_automaton(questions, table), right, count
        ),
        _first(questions),
    ]
    times = measure(rows, ROUNDS)
    limits = {BOUND: 2.5, TOLD: 4.0}
    found = [Line(row.name, times.of(row.name), "dict", times.ratio(row.name, DICT), limits.get(row.name)) for row in rows]
    less = Line(BOUND, times.of(BOUND), "may_trigger, less by", times.ratio(TRANSITIONS, BOUND), 90, at_least=True)
    return [Line(f"questions: {count:,}, of which {sum(right):,} allowed", ""), *found, less]


def _many() -> list[Line]:
    questions = _questions(MANY)
    right = [oracle(question) for question in questions]
    rows = [*_floors(questions), *_ours(questions, right)]
    times = measure(rows, ROUNDS)
    found = [Line(row.name, times.of(row.name), "dict", times.ratio(row.name, DICT)) for row in rows]
    return [Line(f"questions: {len(questions):,}, of which {sum(right):,} allowed", ""), *found]


def _questions(count: int) -> list[Question]:
    drawn = draw(count)
    return [question for caller in CALLERS for question in drawn if question.asked[-1] == caller]


def _floors(questions: list[Question]) -> list[Row]:
    pairs = [(question.action, question.state) for question in questions]
    lifecycle = Lifecycle(RULES)
    table = {
        state: {action: lifecycle.decide(action, make_server(state), "admin", MICROVERSION).allowed for action in RULES.actions}
        for state in RULES.states
    }
    idle = [table[state][action] for action, state in pairs]
    return [
        Row("empty loop", lambda: [True for action, state in pairs], None, len(pairs)),
        Row(DICT, lambda: [table[state][action] for action, state in pairs], idle, len(pairs)),
    ]


def _ours(questions: list[Question], right: list[bool]) -> list[Row]:
    compute = Lifecycle(RULES)
    bound = [
        (compute.bind(caller, MICROVERSION), [(one.action, one.server) for one in questions if one.asked[-1] == caller])
        for caller in CALLERS
    ]
    told = [(one.action, one.server, one.asked[-1], one.microversion) for one in questions]

    def by_bound() -> list[bool]:
        found = []
        for ask, pairs in bound:
            found += [ask.decide(action, server).allowed for action, server in pairs]
        return found

    def by_told() -> list[bool]:
        return [
            compute.decide(action, server, caller=caller, microversion=microversion).allowed
            for action, server, caller, microversion in told
        ]

    right_told = [oracle(question, question.microversion) for question in questions]
    return [Row(BOUND, by_bound, right, len(questions)), Row(TOLD, by_told, right_told, len(questions))]


def _first(questions: list[Question]) -> Row:
    """Each server is told another number of an option, so that none was asked about before."""
    compute = Lifecycle(RULES)
    ask = compute.bind("admin", MICROVERSION)
    serial = iter(range(1, 1 << 60))

    def run() -> None:
        for one in questions[:512]:
            task, holder, host, _ = one.asked
            ask.decide(one.action, make_server(one.state, task, locked_by=holder, host=host, options={OPTION: next(serial)}))

    return Row(FIRST, run, None, 512)


OPTION = "reclaim_instance_interval"
