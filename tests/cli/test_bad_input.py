"""Wrong use and hostile input: each ends with exit code 2 and one clear line, never with a traceback."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle, Server
from lifecycle.table import bundled

COMMAND = [sys.executable, "-m", "lifecycle"]


def run(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] = {}) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, timeout=120, check=False, env={**os.environ, **environment}
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def refused(*arguments: str, stdin: bytes = b"") -> str:
    """The one line that says why this cannot be."""
    done = run(*arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b""), done
    errors = [line for line in done.stderr.decode().splitlines() if line.startswith("Error: ")]
    rest = [line for line in done.stderr.decode().splitlines() if not line.startswith(("Error: ", "Usage: ", "Try ")) and line]
    assert (len(errors), rest) == (1, [])
    assert len(errors[0]) < 1_000
    return errors[0].removeprefix("Error: ")


CHECK = ("check", "os-stop", "--status", "ACTIVE")
WRONG = {
    "command": (["chekc"], "no command is called chekc; did you mean check?"),
    "command like no other": (["xyzzy"], "no command is called xyzzy; there are conform, check,"),
    "option": ([*CHECK, "--statsu", "X"], "--statsu"),
    "action": (["check", "os-stpo", "--status", "ACTIVE"], "no action is called os-stpo; did you mean os-stop?"),
    "no action": (["check"], "which ACTION? `lifecycle actions` lists them"),
    "empty action": (["check", ""], "no action is called ''"),
    "action of control characters": (["check", "\x1b[31m"], r"no action is called '\x1b[31m'"),
    "long action": (["check", "x" * 100_000], "no action is called xxxxx"),
    "status": (["check", "os-stop", "--status", "PAUSD"], "no status is called PAUSD; did you mean PAUSED?"),
    "vm_state": (["check", "os-stop", "--vm-state", "x"], "no vm_state is called x; there are"),
    "task_state": (["check", "os-stop", "--task-state", "pausin"], "no task_state is called pausin; did you mean pausing?"),
    "holder": ([*CHECK, "--locked-by", "me"], "locked_by must be null or owner or admin, not me"),
    "caller": ([*CHECK, "--as", "memebr"], "no caller is called memebr; did you mean member?"),
    "microversion too new": ([*CHECK, "--microversion", "2.999"], "2.999 is not a microversion of the compute table: it knows"),
    "microversion that is none": ([*CHECK, "--microversion", "x"], "x is not a microversion, which looks like 2.47"),
    "microversion of three parts": ([*CHECK, "--microversion", "2.5.1"], "2.5.1 is not a microversion, which looks like 2.47"),
    "empty microversion": ([*CHECK, "--microversion", ""], "'' is not a microversion, which looks like 2.47"),
    "microversion in other digits": ([*CHECK, "--microversion", "2.٤٧"], "2.٤٧ is not a microversion, which looks like 2.47"),
    "variant": (["check", "reboot", "--variant", "SOFTT"], "no variant is called SOFTT; did you mean SOFT?"),
    "variant of none": ([*CHECK, "--variant", "HARD"], "no variant is called HARD; os-stop has no variants"),
    "reading": ([*CHECK, "--reading", "novva"], "'novva' is not one of 'reference', 'nova'"),
    "contradiction": ([*CHECK, "--vm-state", "paused"], "status ACTIVE does not go with vm_state paused:"),
    "contradiction of locks": (
        [*CHECK, "--locked-by", "owner", "--with", "locked=false"],
        "locked is false, but locked_by is owner",
    ),
    "body of nothing": ([*CHECK, "--body", ""], "--body is not JSON"),
    "body that is no JSON": ([*CHECK, "--body", "{os-stop: null}"], "--body is not JSON: Expecting property name"),
    "body with NaN": ([*CHECK, "--body", '{"os-stop": NaN}'], "--body is not JSON: NaN is no JSON number"),
    "body with Infinity": ([*CHECK, "--body", "[-Infinity]"], "--body is not JSON: -Infinity is no JSON number"),
    "deep body": ([*CHECK, "--body", "[" * 100_000], "--body is nested too deeply"),
    "body of a huge number": ([*CHECK, "--body", "9" * 5_000], "--body is not JSON: Exceeds the limit"),
    "key twice": ([*CHECK, "--body", '{"a": 1, "a": 2}'], "--body is not JSON: the key a stands there twice"),
    "key twice within": ([*CHECK, "--body", '{"a": {"b": 1, "b": 2}}'], "the key b stands there twice"),
    "body of no file": ([*CHECK, "--body", "@nowhere.json"], "cannot read nowhere.json: No such file or directory"),
    "body of a folder": ([*CHECK, "--body", "@/"], "cannot read /: Is a directory"),
    "cases of no file": (["check", "--cases", "nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory"),
    "cases of a folder": (["check", "--cases", "/"], "cannot read /: Is a directory"),
    "cases and an action": (["check", "os-stop", "--cases", "x"], "--cases brings its own actions; leave ACTION out"),
    "key without a value": ([*CHECK, "--with", "host"], "--with takes KEY=VALUE, not host"),
    "value of a wrong type": ([*CHECK, "--with", "host=maybe"], "host must be true or false, not maybe"),
    "number for a fact": ([*CHECK, "--with", "host=1"], "host must be true or false, not 1"),
    "null for a fact": ([*CHECK, "--with", "host=null"], "host must be true or false, not None"),
    "unknown key": ([*CHECK, "--with", "hots=true"], "no key of a case is called hots; did you mean host?"),
    "empty key": ([*CHECK, "--with", "=true"], "no key of a case is called ''"),
    "option of the deployment": (
        [*CHECK, "--with", "options.reclaim_interval=1"],
        "no option is called reclaim_interval; did you mean reclaim_instance_interval?",
    ),
    "option that is no number": ([*CHECK, "--with", "options.rescue_timeout=x"], "must be an integer, not x"),
    "options that are none": ([*CHECK, "--with", "options=x"], "options must be an object, not x"),
    "key of no object": ([*CHECK, "--with", "host=true", "--with", "host.x=1"], "host is not an object, so there is no host.x"),
    "before": ([*CHECK, "--with", "before=SHUTOF"], "no state is called SHUTOF; did you mean SHUTOFF?"),
    "server of no file": (["check", "os-stop", "--server", "nowhere.json"], "cannot read nowhere.json: No such file"),
    "table": (["actions", "--table", "compte"], "no table is called compte; did you mean compute?"),
    "table like no other": (["actions", "--table", "/no/where"], "no table is called /no/where; there is no such file or folder"),
    "empty table": (["actions", "--table", ""], "no table is called ''; there is no such file or folder"),
    "topic": (["show", "os-stpo"], "no action or status is called os-stpo; did you mean os-stop?"),
    "picture in no folder": (["diagram", "--output", "/no/where.dot"], "cannot write /no/where.dot: No such file or directory"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_told_in_one_line(name: str) -> None:
    arguments, message = WRONG[name]
    assert message in refused(*arguments)


@pytest.mark.parametrize("arguments", [["--table"], ["--server"], ["--cases"], ["--body"], ["--status"], ["--microversion"]])
def test_bytes_that_are_no_text_are_told_in_one_line(arguments: list[str]) -> None:
    action = [] if arguments == ["--cases"] else ["os-stop"]
    value = "@" * (arguments == ["--body"]) + os.fsdecode(b"\xff")
    assert r"\udcff" in refused("check", *action, *arguments, value)


def test_a_server_may_be_of_a_status_or_a_server_document_but_not_of_nothing_known() -> None:
    assert "no status is called none" in refused("check", "os-stop", "--status", "none")


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not JSON"),
    "no JSON": (b"{'server': 1}", "is not JSON: Expecting property name"),
    "list": (b"[]", "is not an object: []"),
    "text": (b'"ACTIVE"', 'is not an object: "ACTIVE"'),
    "number": (b"1", "is not an object: 1"),
    "list of servers": (b'{"servers": [{"status": "ACTIVE"}]}', "not the document of one server: it has no status"),
    "empty object": (b"{}", "not the document of one server: it has no status"),
    "server that is no object": (b'{"server": [1]}', "not the document of one server: [1] is no object"),
    "status of a wrong type": (b'{"server": {"status": ["ACTIVE"]}}', "status cannot be ['ACTIVE']"),
    "status that is no text": (b'{"server": {"status": 5}}', "no status is called 5"),
    "status of a lone surrogate": (rb'{"server": {"status": "\ud800"}}', r"no status is called '\ud800'"),
    "locked of a wrong type": (b'{"server": {"status": "ACTIVE", "locked": "yes"}}', "locked must be true or false, not yes"),
    "large": (b'{"a": "' + b"x" * 11_000_000 + b'"}', "is larger than 10,000,000 bytes"),
    "binary": (bytes(range(256)), "is not UTF-8 at byte 129"),
    "NUL": (b"\0", "is not JSON"),
    "UTF-16": ('{"server": {}}'.encode("utf-16"), "is not UTF-8 at byte 1"),
    "deep": (b'{"server": ' * 100_000, "is nested too deeply"),
    "key twice": (b'{"server": {"status": "ACTIVE", "status": "PAUSED"}}', "the key status stands there twice"),
}


def test_a_status_that_is_null_is_no_status() -> None:
    document = b'{"server": {"status": null}}'
    assert "not the document of one server" in refused("check", "os-stop", "--server", "-", stdin=document)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_document_of_a_server_is_told_in_one_line(name: str) -> None:
    document, message = DOCUMENTS[name]
    assert message in refused("check", "os-stop", "--server", "-", stdin=document)


def test_a_document_of_100_mb_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert "is larger than 10,000,000 bytes" in refused("check", "os-stop", "--server", str(path))


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert run("check", "os-stop", "--server", "-", stdin=b'\xef\xbb\xbf{"status": "ACTIVE"}').returncode == 0


GOOD = b'{"action": "os-stop", "status": "ACTIVE"}'
LINES: dict[bytes, str] = {
    b"garbage": "is not JSON: Expecting value",
    b"[]": "is not an object: []",
    b"null": "is not an object: null",
    b'{"action": "os-stop"} {}': "is not JSON: Extra data",
    b'{"action": "os-stop"': "is not JSON: Expecting ',' delimiter",
    b'{"action": "os-stpo"}': "no action is called os-stpo; did you mean os-stop?",
    b'{"action": "os-stop", "hots": true}': "no key of a case is called hots; did you mean host?",
    b'{"action": "os-stop", "microverson": "2.1"}': "no key of a case is called microverson; did you mean microversion?",
    b'{"status": "ACTIVE"}': "has no action",
    b'{"action": null}': "has no action",
    b"{}": "has no action",
    b'{"action": "os-stop", "body": ' + b"[" * 200_000 + b"}": "is nested too deeply",
    b'{"action": "os-st\xffop"}': "is not UTF-8 at byte 18",
    b'{"action": "' + b"x" * 2_000_000 + b'"}': "is longer than 1,000,000 bytes",
    b'{"action": "os-stop", "body": NaN}': "is not JSON: NaN is no JSON number",
    b'{"action": "os-stop", "options": {"rescue_timeout": 1e400}}': "options.rescue_timeout must be an integer, not inf",
    b'{"action": "os-stop", "options": {"rescue_timeout": true}}': "options.rescue_timeout must be an integer, not True",
    b'{"action": "os-stop", "options": {"rescue_timeout": [1]}}': "options.rescue_timeout must be an integer, not [1]",
    b'{"action": "os-stop", "options": 5}': "options must be an object, not 5",
    b'{"action": "os-stop", "options": [5]}': "options must be an object, not [5]",
    b'{"action": "os-stop", "status": "ACTIVE", "status": "PAUSED"}': "is not JSON: the key status stands there twice",
    b'{"action": "os-stop", "body": {"a": 1, "a": 1}}': "is not JSON: the key a stands there twice",
    b'{"action": 5}': "no action is called 5",
    b'{"action": true}': "no action is called True",
    b'{"action": ["os-stop"]}': "action must be text",
    b'{"action": ["os-stop"], "body": {}}': "no action is called ['os-stop']",
    b'{"action": "os-stop", "variant": {"a": 1}}': "variant must be text",
    b'{"action": "reboot", "variant": 5}': "no variant is called 5",
    b'{"action": "os-stop", "caller": []}': "caller must be text",
    b'{"action": "os-stop", "caller": 5}': "no caller is called 5",
    b'{"action": "os-stop", "microversion": 2.47}': '2.47 is not a microversion: write it in quotes, "2.47"',
    b'{"action": "os-stop", "microversion": [2, 47]}': "microversion must be text",
    b'{"action": "os-stop", "status": ["ACTIVE"]}': "no status is called ['ACTIVE']",
    b'{"action": "os-stop", "status": {"a": {}}}': "no status is called {'a': {}}",
    b'{"action": "os-stop", "vm_state": []}': "no vm_state is called []",
    b'{"action": "os-stop", "task_state": [1]}': "no task_state is called [1]",
    b'{"action": "os-stop", "locked": 1}': "locked must be true or false, not 1",
    b'{"action": "os-stop", "host": "yes"}': "host must be true or false, not yes",
    b'{"action": "os-stop", "exists": null}': "exists must be true or false, not None",
    b'{"action": "os-stop", "status": "ACTIVE", "vm_state": "paused"}': "status ACTIVE does not go with vm_state paused",
    rb'{"action": "\ud800"}': r"no action is called '\ud800'",
}


def answers(*lines: bytes, end: bytes = b"\n") -> tuple[int, list[dict[str, Any]]]:
    done = run("check", "--cases", "-", stdin=b"".join(line + end for line in lines))
    assert done.stderr == b""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_that_is_no_case_has_its_error_in_its_place_and_the_run_goes_on() -> None:
    code, found = answers(*(line for bad in LINES for line in (bad, GOOD)))
    assert code == 2
    assert len(found) == 2 * len(LINES)
    for number, (message, bad, good) in enumerate(zip(LINES.values(), found[::2], found[1::2], strict=True)):
        assert list(bad) == ["error"]
        assert bad["error"].startswith(f"line {2 * number + 1}: {message}")
        assert len(bad["error"]) < 1_000
        assert good["decision"]["allowed"] is True


NESTED: dict[bytes, str] = {
    b'{"action": "os-stop", "locked_by": ["owner"]}': "locked_by must be null or owner or admin, not ['owner']",
    b'{"action": "os-stop", "locked_by": {}}': "locked_by must be null or owner or admin, not {}",
    b'{"action": "os-stop", "before": []}': "no state is called []",
    b'{"action": "os-stop", "before": {"a": 1}}': "no state is called {'a': 1}",
}


@pytest.mark.parametrize("line", NESTED)
def test_a_list_or_a_mapping_for_a_name_is_an_error(line: bytes) -> None:
    code, found = answers(GOOD, line, GOOD)
    assert (code, len(found)) == (2, 3)
    assert found[1]["error"].startswith(f"line 2: {NESTED[line]}")


def test_empty_lines_are_passed_over_and_counted() -> None:
    code, found = answers(b"", b"  ", GOOD, b"\t", b"x")
    assert code == 2
    assert found[0]["decision"]["allowed"] is True
    assert found[1]["error"].startswith("line 5: is not JSON")


def test_lines_may_end_as_windows_ends_them() -> None:
    code, found = answers(GOOD, b"", GOOD, end=b"\r\n")
    assert (code, [case["decision"]["code"] for case in found]) == (0, [202, 202])


def test_a_byte_order_mark_before_the_first_line_is_no_case() -> None:
    code, found = answers(b"\xef\xbb\xbf" + GOOD, GOOD)
    assert len(found) == 2
    assert code == (2 if "error" in found[0] else 0)
    assert "decision" in found[1]


def test_no_lines_are_no_mistake() -> None:
    assert answers() == (0, [])


def test_a_text_of_a_lone_surrogate_is_answered() -> None:
    code, found = answers(rb'{"action": "os-stop", "body": {"os-stop": "\ud800"}}')
    assert (code, found[0]["decision"]["allowed"]) == (0, True)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes((GOOD + b"\n") * 20_000)
    with subprocess.Popen(
        [*COMMAND, "check", "--cases", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) != 0


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes that are started can be interrupted, even where the tests are run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_it_without_a_traceback() -> None:
    with subprocess.Popen(
        [*COMMAND, "check", "--cases", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write((GOOD + b"\n") * 200)
        assert process.stdout.read(10)  # it is at work
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        assert b"Traceback" not in errors
        assert process.wait(60) != 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
@pytest.mark.parametrize("arguments", [["check", "--cases", "-"], [*CHECK], ["actions"], ["show", "lock"], ["diagram"], ["lint"]])
def test_a_full_disk_is_told(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, *arguments], input=GOOD, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert b"Traceback" not in done.stderr
    assert b"No space left on device" in done.stderr
    assert done.returncode == 2


def test_a_picture_for_a_full_disk_is_told() -> None:
    assert "cannot write /dev/full: No space left on device" in refused("diagram", "--output", "/dev/full")


def test_a_folder_without_a_table_is_told(tmp_path: Path) -> None:
    done = run("actions", "--table", str(tmp_path))
    assert done.returncode == 2
    assert b"holds no .yaml file" in done.stderr


def test_a_table_at_a_path_that_cannot_be_is_told() -> None:
    for path in ("a\0b", "x" * 5_000):
        with pytest.raises(Exception, match="no table is called"):
            Lifecycle.load(path)


@pytest.fixture
def door(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of its own in an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "door.yaml"
    path.write_text((root / "tests/tables/valid/door.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def rules(door: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the rules of this table are kept in, as if the table were written long ago."""
    monkeypatch.setattr(bundled, "SETTLED", float("-inf"))
    monkeypatch.setattr(bundled, "_loaded", {})
    Lifecycle.load(door)
    (path,) = Path(bundled.cache_folder()).glob("*.rules")
    return path


def opens(door: Path, **environment: str) -> bool:
    done = run("check", "open", "--status", "SHUT", "--table", str(door), environment=environment)
    assert done.stderr == b""
    return done.returncode == 0


class Loud:
    """Whoever unpickles this makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


def test_a_cache_that_holds_anything_else_is_made_anew(
    door: Path, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = rules.read_bytes()
    text = good[: good.index(b'{"name":"door"')]
    mark = str(tmp_path / "mark")
    bad = [b"", b"garbage", good[:-1], good[: len(good) // 2], bytes(100), pickle.dumps(Loud(mark))]
    bad.append(good.replace(b"door.yaml", b"gate.yaml", 1))  # kept under another signature of this length
    bad += [b"9" * 10_000, b"-1\n" + good, text, text + b"[]", text + b"null", text + pickle.dumps(Loud(mark)), text + b"\xff"]
    for content in bad:
        rules.write_bytes(content)
        monkeypatch.setattr(bundled, "_loaded", {})
        assert Lifecycle.load(door).decide("open", Server(status="SHUT")).allowed
        assert rules.read_bytes() == good, content[:80]
    assert not Path(mark).exists()


@pytest.mark.parametrize("content", [b"{}", b'{"name": "door"}', b'{"name": 5, "checks": 7}', b"[" * 100_000])
def test_a_cache_that_holds_other_data_is_made_anew(door: Path, rules: Path, content: bytes) -> None:
    text = rules.read_bytes()
    rules.write_bytes(text[: text.index(b'{"name":"door"')] + content)
    assert opens(door)


def test_a_cache_that_cannot_be_is_only_slower(door: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "nowhere").symlink_to(tmp_path / "not" / "there")
    for cache in ("file", "circle", "nowhere"):
        assert opens(door, XDG_CACHE_HOME=str(tmp_path / cache))
    for cache in ("/dev/null", "/proc", "x" * 5_000):
        assert opens(door, XDG_CACHE_HOME=cache)


def test_a_kept_file_that_is_a_link_is_replaced_and_what_it_leads_to_stays(
    door: Path, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    rules.unlink()
    rules.symlink_to(other)
    monkeypatch.setattr(bundled, "_loaded", {})
    Lifecycle.load(door)
    assert other.read_text() == "precious"
    assert not rules.is_symlink()


def test_a_kept_file_that_is_a_folder_is_only_slower(door: Path, rules: Path) -> None:
    rules.unlink()
    rules.mkdir()
    assert opens(door)


def test_a_kept_file_that_is_a_pipe_is_only_slower(door: Path, rules: Path) -> None:
    rules.unlink()
    os.mkfifo(rules)
    command = [*COMMAND, "check", "open", "--status", "SHUT", "--table", str(door)]
    subprocess.run(command, timeout=5, check=True, capture_output=True)


def changed(door: Path) -> None:
    """Another rule for `open`, in a file of the same size and time."""
    before, text = door.stat(), door.read_bytes()
    door.write_bytes(text.replace(b"{state: SHUT}, becomes: OPEN", b"{state: OPEN}, becomes: SHUT"))
    os.utime(door, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (door.stat().st_size, door.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert door.read_bytes() != text


def test_a_changed_file_of_the_same_size_and_time_is_noticed(door: Path, rules: Path) -> None:
    assert rules.exists()
    assert opens(door)
    changed(door)
    assert not opens(door)


def test_a_changed_file_is_noticed_within_a_process(door: Path, rules: Path) -> None:
    assert rules.exists()
    assert Lifecycle.load(door).decide("open", Server(status="SHUT")).allowed
    changed(door)
    assert not Lifecycle.load(door).decide("open", Server(status="SHUT")).allowed
