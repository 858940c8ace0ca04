"""What an import may load: the core stays light."""

import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    """The modules that code loads which a bare Python has not loaded."""
    script = f"import sys; bare = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - bare))"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "module", ["pydantic", "yaml", "oslo_policy", "click", "graphviz", "typing", "dataclasses", "inspect", "difflib"]
)
def test_import_lifecycle_loads_nothing_heavy(module: str) -> None:
    assert module not in loaded_by("import lifecycle")


@pytest.mark.parametrize("module", ["pydantic", "yaml", "oslo_policy", "asyncio", "starlette", "fastapi", "openstack"])
def test_the_guard_loads_no_framework(module: str) -> None:
    assert module not in loaded_by("import lifecycle.guard")


@pytest.mark.parametrize("module", ["pydantic", "yaml", "oslo_policy", "oslo_config"])
def test_a_decision_from_kept_rules_reads_no_yaml(module: str) -> None:
    loaded_by("import lifecycle; lifecycle.Lifecycle.load()")  # so that they are kept
    code = "import lifecycle; lifecycle.Lifecycle.load().decide('os-stop', lifecycle.Server(status='ACTIVE'))"
    assert module not in loaded_by(code)


@pytest.mark.parametrize(
    "module", ["pydantic", "yaml", "oslo_policy", "graphviz", "lifecycle.render", "lifecycle.drawing", "lifecycle.cli.lint"]
)
def test_a_command_loads_only_what_it_needs(module: str) -> None:
    code = (
        "from lifecycle.cli.commands import main\ntry: main(['check', 'os-stop', '--status', 'ACTIVE'])\nexcept SystemExit: pass"
    )
    loaded_by(code)
    assert module not in loaded_by(code)
