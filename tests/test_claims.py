"""Every sentence of the reference has a verdict, every verdict is the table's, and a wrong row or claim is found."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lifecycle import Lifecycle
from lifecycle.claims.complete import gaps
from lifecycle.claims.run import run
from lifecycle.claims.sentences import MARKUP, TITLE, sections
from lifecycle.cli.commands import main
from lifecycle.errors import TableError
from lifecycle.table import bundled
from lifecycle.table.claims import VERDICTS, Book, read_claims

SENTENCES = 276
VERSIONED = re.compile(r"2\.\d\d")


@pytest.fixture(scope="module")
def book() -> Book:
    return read_claims("compute")


@pytest.fixture(scope="module")
def reference(root: Path) -> str:
    return (root / "tests/data/reference.txt").read_text(encoding="utf-8")


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root / "specs/compute", tmp_path / "compute"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def claims(*args: str) -> Result:
    return CliRunner().invoke(main, ["claims", *args])


def failures(table: Path, book: Book, reading: str = "reference") -> list[str]:
    return [failure for result in run(Lifecycle.load(table, reading=reading), book) for failure in result.failures]


# The reference


def test_every_sentence_of_the_reference_has_a_verdict_and_no_other(book: Book, reference: str) -> None:
    assert list(gaps(book, reference)) == []


def test_the_reference_has_22_sections_of_actions_and_an_introduction(book: Book, reference: str) -> None:
    told = dict(sections(reference))
    assert list(book.claims.sections) == list(told)
    assert len(told) == 22 + 1
    assert sum(map(len, told.values())) == SENTENCES


def test_the_split_loses_no_word(reference: str) -> None:
    parts = TITLE.split(" ".join(reference.split()))
    kept = [word for _, sentences in sections(reference) for sentence in sentences for word in sentence.split()]
    assert kept == MARKUP.sub("", " ".join(parts[2::2])).split()


def test_a_sentence_without_a_claim_is_found(copy: Path, reference: str) -> None:
    change(copy / "claims.yaml", "      - says: The server status must be SHUTOFF\n", "      - silent: the status\n")
    change(copy / "claims.yaml", "    errors: [401, 403, 404, 409]\n", "    errors: [401, 403, 404]\n")
    found = [gap.partition(": ")[2] for gap in gaps(read_claims(copy), reference)]
    assert found == [
        "reboot: it lists the errors [401, 403, 404, 409], and the claims [401, 403, 404]",
        "os-start: no claim is about the sentence: The server status must be SHUTOFF.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "gap"),
    [
        ("``PAUSED``. Specify", "``PAUSED``. It hums. Specify", "pause: no claim is about the sentence: It hums."),
        (
            "must exist. You can only unrescue",
            "must exist. The server must exist. You can only unrescue",
            "unrescue: 2 sentences",
        ),
        ("Suspends a server and changes", "Suspends it and changes", "suspend: no claim is about the sentence: Suspends it"),
        (
            "Normal response codes: 204",
            "Normal response codes: 202",
            "confirmResize: no claim is about the sentence: Normal resp",
        ),
        (
            "conflict(409), notImplemented(501) Request",
            "conflict(409) Request",
            "changePassword: it lists the errors [400, 401, 403",
        ),
        ("name: server_name_optional", "names: server_name", "rebuild: it lists the parameters ['imageRef', 'accessIPv4'"),
        ("- image_id: snapshot_id", "- id: snapshot_id", "createBackup: it lists the parameters ['Location', 'id'], and the"),
        ("Unlock Server (unlock Action)", "Unlock Server (unlocks Action)", "unlocks: the reference has this section, and there"),
    ],
)
def test_a_reference_that_says_something_else_is_found(book: Book, reference: str, old: str, new: str, gap: str) -> None:
    assert old in reference
    assert any(gap in found for found in gaps(book, reference.replace(old, new, 1)))


# The verdicts


@pytest.mark.parametrize("reading", ["reference", "nova"])
def test_every_claim_comes_to_what_it_says(book: Book, reading: str) -> None:
    results = list(run(Lifecycle.load("compute", reading=reading), book))
    assert [failure for result in results for failure in result.failures] == []
    assert {result.verdict for result in results} == set(VERDICTS)
    assert [result.says for result in results if not result.cases and result.verdict != "not the table's"] == []


def test_the_readings_part_where_a_claim_says_that_they_differ(
    book: Book, compute: Lifecycle, nova: Lifecycle, copy: Path
) -> None:
    change(copy / "claims.yaml", "nova: {code: 202}", "nova: {code: 400}")
    found = [failure for result in run(nova, read_claims(copy)) for failure in result.failures]
    assert found
    assert all("addFloatingIp" in failure and "code is 202, not 400" in failure for failure in found)
    for action in ("pause", "unpause", "rescue", "unrescue"):
        there, gone = (
            [result for result in run(side, book) if (result.section, result.says) == (action, "Error response codes: 501")]
            for side in (compute, nova)
        )
        assert [(one.verdict, one.failures) for one in (*there, *gone)] == [("differs", ())] * 2


def test_every_difference_of_the_rows_is_named_by_a_claim(book: Book, compute: Lifecycle) -> None:
    for key, section in book.claims.sections.items():
        named = {name for claim, _ in book.listed(key) for name in (claim.differs, claim.id) if name} | {
            *section.differs.values()
        }
        assert named == set(compute.rules.actions.get(key, {}).get("differs", ()))


def test_every_microversion_that_a_sentence_names_has_a_claim_that_names_it(book: Book, reference: str) -> None:
    for key, sentences in sections(reference):
        for sentence in (sentence for sentence in sentences if not sentence.startswith("..")):
            for version in VERSIONED.findall(sentence):
                assert any(version in (claim.says or "") for claim, _ in book.listed(key)), sentence


WRONG_ROWS = [
    ("os-stop", "[ACTIVE, ERROR]", "ACTIVE", "os-stop state=ERROR: code is 409, not 202"),
    ("os-stop", "[ACTIVE, ERROR]", "[ACTIVE, ERROR, PAUSED]", "os-stop state=PAUSED: code is 202, not 409"),
    ("os-stop", "becomes: SHUTOFF", "becomes: PAUSED", "os-stop: becomes is PAUSED, not SHUTOFF"),
    ("os-stop", "task: powering-off", "task: pausing", "os-stop: tasks is pausing, not powering-off"),
    ("resize", "fails: [ERROR, same]", "fails: same", "resize state=ACTIVE: on_failure is ACTIVE, not ERROR and ACTIVE"),
    ("rescue", "answers: 200", "answers: 202", "rescue answers 202, not 200"),
    ("changePassword", ", driver: true", "", "changePassword: no case is answered 501"),
    ("addFloatingIp", "{state: 400,", "{state: 409,", "addFloatingIp microversion=2.43 state=BUILD: code is 409, not 400"),
    ("addFloatingIp", "until: 2.43", "until: 2.44", "addFloatingIp microversion=2.44: code is 202, not 404"),
    (
        "unlock",
        "codes: {lock: 403}",
        "codes: {lock: 409}",
        "is answered 409, which the section neither lists nor is said to forget",
    ),
    ("lock", "lock: ignored", "lock: refuses", "lock locked_by=owner caller=member: code is 409, not 202"),
    ("lock", "locks: true", "locks: false", "lock caller=admin: locked_by is none, not admin"),
    ("pause", "policy:", "by: admin\npolicy:", "pause caller=member: allowed is false, not true"),
    ("pause", "pause-501:", "pauses-501:", "no row of pause differs by the id pause-501"),
    (
        "confirmResize",
        "{recall: resize}",
        "ACTIVE",
        "confirmResize status=VERIFY_RESIZE: becomes is ACTIVE, not ACTIVE and SHUTOFF",
    ),
    ("createBackup", ", volume_backed: false", "", "createBackup volume_backed=true: code is 202, not 400"),
    ("removeSecurityGroup", "lock: ignored", "lock: refuses", "is answered 409, and should not be"),
    ("rebuild", "    preserve_ephemeral: flag\n", "", "no request of rebuild has preserve_ephemeral"),
    ("createImage", "{image_id:", "{imageId:", "no response of createImage has image_id"),
    ("createImage", "{Location:", "{Where:", "no response of createImage has Location"),
    ("pause", "policy:", "response: string\npolicy:", "pause is answered with a document"),
]


@pytest.mark.parametrize(("action", "old", "new", "failure"), WRONG_ROWS, ids=[f"{row[0]}: {row[2]}" for row in WRONG_ROWS])
def test_a_wrong_row_fails_a_claim_that_names_the_case(
    copy: Path, book: Book, action: str, old: str, new: str, failure: str
) -> None:
    change(copy / "actions" / f"{action}.yaml", old, new)
    found = failures(copy, book)
    assert any(failure in text for text in found), found
    assert all(re.match(r"specs/compute/claims\.yaml:\d+: ", text) for text in found)


def test_a_difference_that_nova_no_longer_shows_fails_under_that_reading(copy: Path, book: Book) -> None:
    change(
        copy / "actions/pause.yaml",
        "nova: {requires: {driver: any}, outcomes: [{when: {driver: false}, becomes: same}]}\n    ",
        "",
    )
    assert failures(copy, book) == []
    assert [text.partition(": ")[2] for text in failures(copy, book, "nova")] == [
        "pause driver=false: is answered 501, and should not be"
    ]


# A file of claims with a mistake

SECTION = "sections: {os-stop: {answers: 202, claims: [%s]}}\n"
MISTAKES = [
    ("", "is empty"),
    ("sections: {}\n", "should have at least 1 item"),
    (SECTION % "polling", "no shared claim is called polling; there are none"),
    (
        "shared: {poll: {says: poll it, checked_by: you}}\n" + SECTION % "",
        "1:10: no section names poll; leave it out  [shared.poll]",
    ),
    (SECTION % "{says: a, checked_by: you, verdict: good}", "no key is called verdict here  [sections.os-stop.claims.0.verdict]"),
    (
        SECTION % "{says: a}",
        "1:45: a claim has either cases, or checked_by where it is not the table's  [sections.os-stop.claims.0]",
    ),
    (SECTION % "{checked_by: you}", "a claim has either says, a few words of the sentence, or silent"),
    (SECTION % "{says: a, checked_by: you, contradicts: itself}", "a claim has one of differs, contradicts and checked_by"),
    (SECTION % "{says: a, cases: [{expect: {code: 1}}]}", "[sections.os-stop.claims.0.cases.0.expect.code"),
    (SECTION % "{says: a, cases: [{status: ACTIVE}]}", "expect is missing"),
    (SECTION % "{says: a, differs: x, cases: [{expect: {code: 202}}]}", "differs, and nova in one of the cases, go together"),
    (SECTION % "{says: a, id: x, cases: [{expect: {code: 202}}]}", "id names the difference that decided"),
    ("sections: {os-stop: {answers: 202, answers: 202, claims: []}}\n", "the key answers stands here twice"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[message[:30] for _, message in MISTAKES])
def test_a_mistake_is_told_with_its_place(copy: Path, text: str, message: str) -> None:
    (copy / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=re.escape(message)) as caught:
        read_claims(copy)
    assert str(caught.value).startswith(f"{copy}/claims.yaml:")


@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("{status: STOPPED, expect: {code: 409}}", "os-stop status=STOPPED: no status is called STOPPED"),
        ("{staus: ACTIVE, expect: {code: 409}}", "no key of a case is called staus; did you mean status?"),
        ("{state: {not: STOPPED}, expect: {code: 409}}", "no state is called STOPPED; there are BUILD"),
        ("{variant: {not: HARD}, expect: {code: 409}}", "not can be said of state, task_state and caller, and not of variant"),
        ("{status: ACTIVE, expect: {error: no status}}", "os-stop status=ACTIVE: is a case, and should be an error: no status"),
    ],
)
def test_a_case_that_cannot_be_fails(compute: Lifecycle, copy: Path, case: str, failure: str) -> None:
    text = (SECTION % f"{{says: a, cases: [{case}]}}").replace("202,", "202, errors: [401, 403, 404, 409], forgets: [400],")
    (copy / "claims.yaml").write_text(text, encoding="utf-8")
    (found,) = (failure for result in run(compute, read_claims(copy)) for failure in result.failures)
    assert failure in found


# The command


def test_the_command_prints_a_table_by_section(root: Path) -> None:
    result = claims("--reference", str(root / "tests/data/reference.txt"))
    assert result.exit_code == 0
    head, *rows = result.output.splitlines()
    assert head.split("  ")[0] == "section"
    assert all(verdict in head for verdict in VERDICTS)
    assert [row.split()[0] for row in rows] == [*read_claims("compute").claims.sections, "all"]


def test_one_section_is_shown_in_full() -> None:
    result = claims("confirmResize", "--reading", "nova")
    assert result.exit_code == 0
    assert "✓ contradicts itself  where the status is VERIFY_RESIZED, the vm_status is RESIZED" in result.output
    assert "✓ not the table's     and a migration_status of confirmed  the compute service's list of migrations" in result.output


def test_json_has_every_claim(root: Path) -> None:
    told = json.loads(claims("--json", "--reference", str(root / "tests/data/reference.txt")).output)
    assert (told["reading"], told["without_verdict"]) == ("reference", [])
    (one,) = [one for one in told["claims"] if one["section"] == "pause" and one["verdict"] == "differs"]
    assert (one["says"], one["failures"]) == ("Error response codes: 501", [])
    assert one["about"].startswith("pause-501: ")
    assert json.loads(claims("--json").output)["without_verdict"] is None


def test_what_fails_is_told_and_exits_with_1(copy: Path, root: Path) -> None:
    change(copy / "actions/os-stop.yaml", "becomes: SHUTOFF", "becomes: PAUSED")
    result = claims("--table", str(copy))
    assert result.exit_code == 1
    assert "os-stop: becomes is PAUSED, not SHUTOFF" in result.output
    change(copy / "actions/os-stop.yaml", "becomes: PAUSED", "becomes: SHUTOFF")
    change(copy / "claims.yaml", "      - says: The server status must be SHUTOFF\n", "      - silent: the status\n")
    result = claims("--table", str(copy), "--reference", str(root / "tests/data/reference.txt"))
    assert result.exit_code == 1
    assert "no claim is about the sentence: The server status must be SHUTOFF." in result.output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["os-stpo"], "no section is called os-stpo; did you mean os-stop?"),
        (["--table", "nothing"], "no table is called nothing"),
        (["--reference", "nothing.txt"], "cannot read nothing.txt"),
        (["--reading", "both"], "'both' is not one of"),
    ],
)
def test_wrong_use_exits_with_2(args: list[str], message: str) -> None:
    result = claims(*args)
    assert result.exit_code == 2
    assert message in result.output


def test_a_table_without_claims_and_claims_about_no_action_are_wrong_use(copy: Path) -> None:
    change(copy / "claims.yaml", "\n  os-stop:\n", "\n  os-stpo:\n")
    result = claims("--table", str(copy))
    assert (result.exit_code, result.output) == (2, "Error: no action is called os-stpo; did you mean os-stop?\n")
    (copy / "claims.yaml").unlink()
    result = claims("--table", str(copy))
    assert result.exit_code == 2
    assert "has no claims.yaml" in result.output


def test_claims_are_no_part_of_a_table(copy: Path) -> None:
    names = [name for name, _ in bundled.files(str(copy))]
    assert "claims.yaml" not in names
    assert "lifecycle.yaml" in names
    (copy / "claims.yaml").write_text("claims: are not a table's\n", encoding="utf-8")
    assert Lifecycle.load(copy).rules.actions
