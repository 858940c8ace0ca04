"""Files that nobody wrote in good faith: each is refused in a sentence, in bounded memory and with no traceback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.errors import LifecycleError
from lifecycle.table import bundled
from lifecycle.table.load import read_table
from lifecycle.table.source import read

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured where Linux says it")

ALLOWED = 300 * 1024  # kB; reading a plain table takes about 60,000
CPU_SECONDS = 120  # so that what never ends is a failure; all files together take 10
RUN = """
import atexit, resource, runpy, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv.pop(1)), 200))
peak = lambda: next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
atexit.register(lambda: print(peak(), file=sys.stderr))
"""
COMMAND = 'runpy.run_module("lifecycle", run_name="__main__", alter_sys=True)'
READ_ALL = """
import json, os
from lifecycle.table.load import read_table
folder = sys.argv[1]
for name in os.listdir(folder):
    print(json.dumps([name, [str(mistake) for mistake in read_table(os.path.join(folder, name), name)[1]]]), flush=True)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a Python of its own makes of this code; bounded memory is checked here."""
    command = [sys.executable, "-c", RUN + code, str(CPU_SECONDS), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    done.stderr, _, peak = done.stderr.strip().rpartition("VmHWM:")
    assert int(peak.split()[0]) < ALLOWED
    assert "Traceback" not in done.stderr
    return done


def run(*arguments: str) -> tuple[str, str]:
    """What the command prints, and what it says went wrong, with exit code 2."""
    done = python(COMMAND, *arguments)
    assert done.returncode == 2, done.stderr
    return done.stdout, done.stderr


START = "name: x\ntitle: x\nusual: {state: s0, caller: a}\ncallers: {a: {}}\nchecks: {}\n"
STATE = "states: {s0: {}}\n"


def mapping(word: str, count: int) -> str:
    """A mapping of many short keys."""
    return "".join(f"  {word}{number}: {{}}\n" for number in range(count))


def rows(count: int, text: str) -> str:
    if not count:
        return "actions: {}\n"
    return "actions:\n" + "".join(f"  r{number}: {{title: x, cite: x{text}}}\n" for number in range(count))


def table(states: int = 1, tasks: int = 0, actions: int = 1, text: str = "") -> Callable[[], bytes]:
    """Makes a table of so many states, tasks and actions; each action has the text in its row."""
    named = ", ".join(f"t{number}" for number in range(tasks))
    return f"{START}states:\n{mapping('s', states)}tasks: [{named}]\n{rows(actions, text)}".encode


def bodies(text: Callable[[int], str], count: int, last: str) -> Callable[[], bytes]:
    """Makes a table of so many types, the first of which is the body of an action."""
    types = "".join(f"  t{number}: {text(number)}\n" for number in range(count))
    action = "actions: {r: {title: x, cite: x, body: {type: object, properties: {a: t0}}, example: {a: b}}}\n"
    return f"{START}{STATE}{action}types:\n{types}  {last}\n".encode


def fields(count: int, text: str) -> str:
    return f"{{type: object, properties: {{{', '.join(f'f{n}: {text.format(n)}' for n in range(count or 20_000))}}}}}"


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "100 MB": (lambda: b"a: b\n" * 20_000_000, "is larger than 1,000,000 bytes"),
    "a line of 10 MB": (lambda: b"a: " + b"x" * 10_000_000, "is larger than 1,000,000 bytes"),
    "a line of 1 MB": (lambda: b"a: " + b"x" * 999_000, "no key is called a here"),
    "a million keys": (lambda: b"".join(b"%d: x\n" % number for number in range(1_000_000)), "is larger than 1,000,000 bytes"),
    "keys and no end": (lambda: b"".join(b"%d: x\n" % number for number in range(60_000)), "has more than 100,000 parts"),
    "keys that nobody knows": (lambda: b"".join(b"k%d: x\n" % number for number in range(45_000)), "no key is called k0 here"),
    "long keys": (lambda: b"".join(b"%d: x\n" % number for number in range(10**90, 10**90 + 9_000)), "no key is called 1000"),
    "one key over and over": (lambda: b"a: x\n" * 45_000, "has more than 200 mistakes"),
    "no values": (lambda: b"".join(b"%d:\n" % number for number in range(45_000)), "has more than 200 mistakes"),
    "sequences in sequences": (lambda: b"a: " + b"[" * 10_000, "is nested more than 16 deep"),
    "mappings in mappings": (lambda: b"{a: " * 10_000, "is nested more than 16 deep"),
    "block in block": (lambda: b"- " * 10_000, "is nested more than 16 deep"),
    "flow of questions": (lambda: b"{? " * 10_000, "a key must be a word"),
    "quotes and no end": (lambda: b'a: "' + b"x\n " * 300_000, "is not YAML"),
    "billion laughs": (
        lambda: b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 123)),
        "an anchor (&a) cannot stand",
    ),
    "nothing but NUL": (lambda: bytes(900_000), r"a control character ('\x00')"),
    "UTF-16": (lambda: (START + STATE).encode("utf-16"), "is not UTF-8"),
    "UTF-16 without a mark": (lambda: (START + STATE).encode("utf-16-le"), r"a control character ('\x00')"),
    "latin-1": (lambda: "title: Tür".encode("latin-1"), "is not UTF-8: byte 0xfc"),
    "many states": (table(states=20_000, actions=0), "is empty; it must hold one at least"),
    "states and actions": (table(states=8_000, actions=6_000, text=", requires: {state: {not: s1}}"), "has 8,000 entries"),
    "states and tasks": (table(states=9_000, tasks=9_000), "has 9,000 entries; a table has at most 1,000"),
    "changes": (table(text=f", changes: [{'{since: 2.1, lock: ignored}, ' * 9_000}]"), "has more than 100 entries"),
    "outcomes": (table(actions=5, text=f", outcomes: [{'{when: {state: s0}}, ' * 3_000}]"), "has more than 100 entries"),
    "variants": (table(text=f", variants: {{{''.join(f'v{n}: {{}}, ' for n in range(9_000))}}}"), "has more than 100 entries"),
    "types in a long chain": (
        bodies(lambda n: f"{{type: t{n + 1}}}", 900, "t900: string"),
        "is nested more than 32 deep, through the types that it names",
    ),
    "billion laughs of types": (
        bodies(lambda n: f"{{type: object, properties: {{a: t{n + 1}, b: t{n + 1}}}}}", 60, "t60: string"),
        "has more than 1,000 fields, those of the types that it names counted",
    ),
    "types that are the same twice": (
        bodies(lambda n: f"{{type: [t{n + 1}, t{n + 1}]}}", 60, "t60: string"),
        "has more than 1,000",
    ),
    "a circle of types": (bodies(lambda n: f"{{type: array, items: t{n + 1}}}", 900, "t900: t0"), "names itself: t0 → t1"),
    "a body of many fields": (bodies(lambda n: fields(n, "string"), 1, ""), "has more than 1,000 fields"),
    "a body that changes often": (
        bodies(lambda _: fields(900, "{{type: string, since: 2.{}}}"), 1, ""),
        "the table has no microversions",
    ),
    "a pattern of groups": (bodies(lambda _: f'{{type: string, pattern: "{"(" * 990}"}}', 1, ""), "is no regular expression"),
    "names that nothing is called": (table(actions=900, text=f", becomes: [{'b, ' * 90}]"), "no state is called b"),
    "rows of a wrong shape": (table(actions=9_000, text=", colour: red"), "no key is called colour here"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is said of each file, all read by one process."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (made, _) in FILES.items():
        (folder / name).write_bytes(made())
    return dict(json.loads(line) for line in python(READ_ALL, str(folder)).stdout.splitlines())


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_costs_no_more_than_a_plain_one(name: str, said: dict[str, list[str]]) -> None:
    assert any(FILES[name][1] in mistake for mistake in said[name]), said[name][:3]
    assert sum(map(len, said[name])) < 300_000


@pytest.mark.parametrize("name", ["100 MB", "billion laughs", "states and actions", "keys that nobody knows"])
def test_nor_does_it_when_it_is_loaded(name: str, tmp_path: Path) -> None:
    made, message = FILES[name]
    path = tmp_path / "t.yaml"
    path.write_bytes(made())
    assert message in run("actions", "--table", str(path))[1]


def test_a_file_of_a_gigabyte_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "t.yaml").open("wb") as file:
        file.truncate(1_000_000_000)
    assert "is larger than 1,000,000 bytes" in run("lint", str(tmp_path))[0]
    assert "is larger than 1,000,000 bytes" in run("actions", "--table", str(tmp_path))[1]


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "is neither a file nor a folder" in run("lint", str(tmp_path / "pipe.yaml"))[1]
    assert "pipe.yaml:1:1: cannot be read: it is no plain file" in run("lint", str(tmp_path))[0]
    assert "cannot be read: it is no plain file" in run("actions", "--table", str(tmp_path))[1]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/full"])
def test_a_device_is_no_table(device: str, tmp_path: Path) -> None:
    assert f"{device} is neither a file nor a folder" in run("lint", device)[1]
    (tmp_path / "t.yaml").symlink_to(device)
    assert "cannot be read: it is no plain file" in run("lint", str(tmp_path))[0]


def test_links_that_lead_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "lifecycle.yaml").write_text("name: x\n")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    found, _ = run("lint", str(tmp_path))
    assert "no key is called again here" in found


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "lifecycle.yaml").write_text("name: x\n")
    (tmp_path / "itself.yaml").symlink_to(tmp_path / "itself.yaml")
    found, _ = run("lint", str(tmp_path))
    assert "itself.yaml:1:1: cannot be read: it is no plain file" in found
    assert "title is missing" not in found  # the file that cannot be read may say it


def test_folders_in_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c" / "x.yaml").write_text("name: x\n")
    assert "holds no .yaml file" in run("lint", str(tmp_path))[0]


def test_a_folder_of_5000_files_is_no_table(tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / f"{number}.yaml").touch()
    assert "holds more than 1000 files; is it the folder of a table?" in run("lint", str(tmp_path))[1]


def test_a_thousand_files_of_one_key_are_read_to_the_end(tmp_path: Path) -> None:
    for number in range(999):
        (tmp_path / f"{number:03}.yaml").write_text("name: x\n")
    found, _ = run("lint", str(tmp_path))
    assert found.count("name is said at") == 998


def test_a_folder_of_large_files_is_not_read_to_its_end(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.yaml").write_bytes(b"title: " + b"x" * 990_000)
    assert "holds more than 5,000,000 characters; is it the folder of a table?" in run("lint", str(tmp_path))[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read all")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(START)
    path.chmod(0)
    assert "cannot be read: Permission denied" in run("lint", str(path))[0]


def test_a_file_that_vanishes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.yaml").write_text(START)
    there = [("gone.yaml", str(tmp_path / "gone.yaml")), ("here.yaml", str(tmp_path / "here.yaml"))]
    monkeypatch.setattr(bundled, "files", lambda _root: iter(there))
    mistakes = [str(mistake) for mistake in read_table(str(tmp_path), "t")[1]]
    assert mistakes == ["t/gone.yaml:1:1: cannot be read: it is no plain file"]
    with pytest.raises(LifecycleError, match=r"gone\.yaml"):
        bundled.load_rules(tmp_path)


def test_a_file_that_vanishes_while_it_is_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "isfile", lambda _path: True)
    (mistake,) = read(str(tmp_path / "gone.yaml"), "gone.yaml")[1]
    assert str(mistake) == "gone.yaml:1:1: cannot be read: No such file or directory"


def test_names_of_files_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text("a: b\n")
    (tmp_path / "new\nline\x1b[31m.yaml").write_text("b: b\n")
    found, _ = run("lint", str(tmp_path))
    assert r"\udcff.yaml':1:1: no key is called a here" in found
    assert r"new\nline\x1b[31m.yaml':1:1: no key is called b here" in found
