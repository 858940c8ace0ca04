"""SCXML and XState: read back by other people's implementations, and asked the same as the table."""

import json
import random
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from lifecycle import Lifecycle, Server
from lifecycle.engine.situation import SIGNS
from lifecycle.errors import LifecycleError
from lifecycle.render.machines import scxml, xstate
from lifecycle.render.picture import Edge, Node, Picture
from lifecycle.render.rows import START, Scene
from lifecycle.render.views.action import sequence
from lifecycle.render.views.everything import everything
from lifecycle.render.views.overview import overview

CASES = 150
VOLUME = Path(__file__).parent.parent / "tables" / "real" / "volume.yaml"
NODE = """
const { createMachine, getNextSnapshot } = require("xstate");
const { config, cases } = JSON.parse(require("fs").readFileSync(0));
const fits = ({ context }, params) => Object.entries(params).every(([key, values]) => values.includes(context[key]));
const machine = createMachine(config).provide({ guards: { fits } });
const answer = ({ state, event, data }) => {
  const here = machine.resolveState({ value: state, context: { ...config.context, ...data } });
  return here.can({ type: event }) ? getNextSnapshot(machine, here, { type: event }).value : null;
};
console.log(JSON.stringify(cases.map(answer)));
"""


class Case:
    """A situation and an action, with the decision of the table: what a machine is asked, and must answer."""

    def __init__(self, lifecycle: Lifecycle, chance: random.Random, caller: str) -> None:
        rules = lifecycle.rules
        self.state = chance.choice([state for state, data in rules.states.items() if not data["end"]])
        implied = rules.states[self.state]["implies"]
        self.data: dict[str, Any] = {fact: implied.get(fact, chance.random() < 0.5) for fact in rules.facts}
        self.data |= {name: chance.choice(SIGNS) for name in rules.options}
        self.data["locked_by"] = chance.choice([None, None, *rules.holders])
        self.data["task_state"] = chance.choice([None, None, None, *rules.tasks])
        self.data["before"] = chance.choice(["ACTIVE", "SHUTOFF"]) if "ACTIVE" in rules.states else None
        triggers = [name for name in rules.actions if name != "create"]
        action = chance.choice(triggers)
        variant = chance.choice(rules.variants(action) or (None,))
        self.event = f"{action}:{variant}" if variant else action
        told = {key: value for key, value in self.data.items() if key not in rules.options}
        options = {name: SIGNS.index(self.data[name]) - 1 for name in rules.options}
        server = Server(state=self.state, **told, options=options)
        self.decision = lifecycle.decide(action, server, caller, variant=variant)

    def agrees(self, end: str | None) -> bool:
        """Whether a machine that went to this state (None: it refused) did as the table says."""
        outcome = self.decision.outcome
        if outcome is None or end is None:
            return outcome is None and end is None
        return end in (outcome.becomes or (self.state,))


def cases(lifecycle: Lifecycle, caller: str) -> list[Case]:
    chance = random.Random(8)  # noqa: S311 - the same cases every time
    return [Case(lifecycle, chance, caller) for _ in range(CASES)]


@pytest.fixture(scope="module", params=[("compute", "admin"), (str(VOLUME), "member")], ids=["compute", "volume"])
def asked(request: pytest.FixtureRequest) -> tuple[Lifecycle, str]:
    table, caller = request.param
    return Lifecycle.load(table), caller


def test_python_statemachine_reads_the_scxml_and_decides_as_the_table(asked: tuple[Lifecycle, str]) -> None:
    lifecycle, caller = asked
    picture = everything(Scene(lifecycle.rules, caller=caller))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about states that only events lead out of
        from statemachine.io import load

        chart = load(scxml(picture), format="scxml")
    machine, allowed = chart(), 0
    for case in cases(lifecycle, caller):
        machine = chart() if machine.is_terminated else machine
        machine.current_state_value = case.state
        for key, value in case.data.items():
            setattr(machine.model, key, value)
        enabled = any(event.id == case.event for event in machine.enabled_events())
        machine.send(case.event)
        went = str(machine.current_state_value) if enabled else None
        assert case.agrees(went), (case.state, case.event, case.data, case.decision, went)
        allowed += case.decision.allowed
    assert allowed > CASES / 20


def test_xstate_reads_its_json_and_decides_as_the_table(asked: tuple[Lifecycle, str]) -> None:
    lifecycle, caller = asked
    config = json.loads(xstate(everything(Scene(lifecycle.rules, caller=caller))))
    questions = cases(lifecycle, caller)
    answers = _node(config, [{"state": case.state, "event": case.event, "data": case.data} for case in questions])
    for case, went in zip(questions, answers, strict=True):
        assert case.agrees(went), (case.state, case.event, case.data, case.decision, went)


def _node(config: Any, asked: list[dict[str, Any]]) -> list[str | None]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "-e", NODE],
        input=json.dumps({"config": config, "cases": asked}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "Cannot find module 'xstate'" in done.stderr:
        pytest.skip("xstate is not installed where node looks for it: npm install xstate, and NODE_PATH")
    assert done.returncode == 0, done.stderr
    answers: list[str | None] = json.loads(done.stdout)
    return answers


def test_xstate_json_says_all_that_a_machine_needs(compute: Lifecycle) -> None:
    """What holds of it without node: every target is a state, the start is one, guards are of known keys."""
    config = json.loads(xstate(everything(Scene(compute.rules))))
    assert config["initial"] == START
    assert config["states"]["DELETED"] == {"type": "final"}
    for state in config["states"].values():
        for transitions in state.get("on", {}).values():
            for transition in transitions:
                assert transition["target"] in config["states"]
                assert set(transition.get("guard", {}).get("params", {})) <= set(config["context"])


def test_what_every_state_allows_leads_out_of_each(compute: Lifecycle) -> None:
    config = json.loads(xstate(overview(Scene(compute.rules))))
    live = [name for name in config["states"] if name not in {START, "DELETED"}]
    assert all(config["states"][name]["on"]["DELETE"] == [{"target": "DELETED"}] for name in live)
    assert "every state" not in json.dumps(config)


@pytest.mark.parametrize(("write", "form"), [(scxml, "scxml"), (xstate, "xstate")])
def test_a_sequence_is_no_machine(compute: Lifecycle, write: Any, form: str) -> None:
    with pytest.raises(LifecycleError, match=f"^{form} is a machine, and this view is a sequence; take another view"):
        write(sequence(Scene(compute.rules), "os-stop"))


def test_where_nothing_is_made_a_machine_starts_in_the_usual_state(root: Path) -> None:
    config = json.loads(xstate(everything(Scene(Lifecycle.load(root / "tests/tables/valid/door.yaml").rules))))
    assert config["initial"] == "OPEN"
    assert list(config["states"]) == ["OPEN", "SHUT", "BOLTED"]


def test_of_several_values_any_will_do_and_of_several_keys_all_must() -> None:
    when = (("host", (True,)), ("task_state", (None, "it's")))
    picture = Picture("p", "p", (Node("A"), Node("B")), (Edge("A", "B", ("go",), trigger="go", when=when),))
    transition = ET.fromstring(scxml(picture).encode())[0][0]  # noqa: S314 - our own text
    assert transition.attrib["cond"] == "host == true && (task_state == null || task_state == 'it\\'s')"
    assert json.loads(xstate(picture))["states"]["A"]["on"]["go"] == [
        {"target": "B", "guard": {"type": "fits", "params": {"host": [True], "task_state": [None, "it's"]}}}
    ]
