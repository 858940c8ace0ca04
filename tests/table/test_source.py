"""What a file of a table may hold: scalars as they are read, positions, and bytes that are no table at all."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.table.source import CONTROL, MAX_MISTAKES, MAX_NODES, Mistake, Source, parse


def said(text: str) -> Any:
    source, mistakes = parse(f"value: {text}\n".encode(), "t.yaml")
    assert mistakes == []
    return source.content["value"]


def messages(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [mistake.message for mistake in parse(data, "t.yaml")[1]]


TEXTS = """
no off yes on y n No NO True TRUE False ~ null Null 2.10 2.1 010 0o10 0x10 1_000 00 -01 +1 -0.5 1e3 .inf .nan
12:30:00 2026-08-01 = << 1234567890123456789
"""


@pytest.mark.parametrize("text", TEXTS.split())
def test_what_other_readers_convert_stays_text(text: str) -> None:
    assert said(text) == text


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("0", 0), ("202", 202), ("-1", -1)])
def test_booleans_and_decimal_integers_are_read(text: str, value: object) -> None:
    assert said(text) == value
    assert type(said(text)) is type(value)


@pytest.mark.parametrize("text", ['"true"', "'202'", '"0"', "'false'", '"2.10"'])
def test_what_is_quoted_is_text(text: str) -> None:
    assert said(text) == text[1:-1]


def test_text_of_many_lines_is_text() -> None:
    assert said("|\n  true\n  202") == "true\n202\n"


def test_an_integer_of_any_length_is_bounded() -> None:
    assert isinstance(said("9" * 100_000), str)


@given(st.binary(max_size=200))
def test_any_bytes_give_mistakes_and_no_error(data: bytes) -> None:
    source, mistakes = parse(data, "t.yaml")
    assert mistakes or source.content is not None
    assert all(str(mistake).startswith("t.yaml:") for mistake in mistakes)


WORDS = ["a", ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", "#", "&x ", "*x", "!t ", "'", '"', "|", ">", "?", "---"]


@given(st.lists(st.sampled_from([*WORDS, "\t", "\r", "\x85", "\u2028", "\ufeff", "é", "🙂", "\0", "<<", "true", "0", "\ud800"])))
def test_any_pieces_of_yaml_give_mistakes_and_no_error(pieces: list[str]) -> None:
    source, mistakes = parse("".join(pieces).encode(errors="surrogatepass"), "t.yaml")
    assert mistakes or source.content is not None
    for mistake in mistakes:
        assert mistake.place.line >= 1
        assert mistake.place.column >= 1
        assert not CONTROL.search(str(mistake))


NAMES = st.text("abcXYZ019_-é🙂", min_size=1, max_size=8).filter(lambda name: name.lower() not in ("true", "false"))


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=4))
def test_what_is_written_is_read(content: dict[str, list[str]]) -> None:
    folded = {name.lower() for name in content}
    text = yaml.safe_dump(content, allow_unicode=True, default_style='"')
    source, mistakes = parse(text.encode(), "t.yaml")
    assert source.content == content
    assert len(mistakes) == len(content) - len(folded)


def marked(mistake: Mistake) -> str:
    """What the caret stands under."""
    _, line, caret = str(mistake).split("\n")
    return line[caret.index("^") : len(caret)]


@pytest.mark.parametrize(
    "line",
    [
        "wrong",
        "  wrong",
        "{äöü: 1, wrong",
        "{'🙂🙂': 1, wrong",
        "{a:\t1,\twrong",
        "{漢字: 'ß', wrong",
        "{" + "x" * 90 + ": 1, wrong",
        "{" + "é" * 500 + ": 1, wrong",
    ],
)
@pytest.mark.parametrize("above", ["", "# ünïcödé 🙂\n", "\n\n", "# a\r\n", "# a\r", "# a\x85", "# a\u2028", "\ufeff"])
def test_the_caret_stands_under_the_word(line: str, above: str) -> None:
    text = f"{above}{line}: 1}}\n" if "{" in line else f"{above}{line}: 1\n"
    source, mistakes = parse(text.encode(), "t.yaml")
    assert mistakes == []
    mistake = source.mistake(("wrong",), "is wrong", key=True)
    assert marked(mistake) == "wrong"
    assert source.lines[mistake.place.line - 1][mistake.place.column - 1 :].startswith("wrong")


@pytest.mark.parametrize("before", ["", "é", "🙂🙂", "a\nb", "a\r\nü", "a\rb", "x" * 200])
def test_a_control_character_is_found_where_it_stands(before: str) -> None:
    (mistake,) = parse(f"{before}\x07".encode(), "t.yaml")[1]
    lines = f"{before}.".splitlines()
    assert (mistake.place.line, mistake.place.column) == (len(lines), len(lines[-1]))
    assert marked(mistake) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(("before", "place"), [("", (1, 1)), ("ab", (1, 3)), ("é\nüü", (2, 3))])
def test_a_byte_that_is_not_utf_8_is_found_where_it_stands(mark: bytes, before: str, place: tuple[int, int]) -> None:
    (mistake,) = parse(mark + before.encode() + b"\xff", "t.yaml")[1]
    assert (mistake.place.line, mistake.place.column) == place
    assert "0xff" in mistake.message


def test_a_place_that_does_not_stand_is_that_of_what_is_around_it() -> None:
    source = parse(b"a:\n  b: [x, y]\n  c: z\n", "t.yaml")[0]
    found = [source.mistake(path, "") for path in (("a", "b", 1), ("a", "c", 0), ("a", "b", 7), ("a", "d"), ("e", "f"))]
    assert [(mistake.where, mistake.place.line) for mistake in found] == [
        ("a.b.1", 2),
        ("a.c", 3),
        ("a.b", 2),
        ("a", 2),
        ("", 1),
    ]


def test_a_key_that_stands_three_times_is_told_each_time_and_the_first_counts() -> None:
    source, mistakes = parse(b"a: 1\na: {b: 2, b: 3}\na: 3\n", "t.yaml")
    assert source.content == {"a": 1}
    assert [mistake.place.line for mistake in mistakes] == [2, 2, 3]


def test_too_many_parts_are_refused() -> None:
    assert messages("[" + "a," * MAX_NODES + "]") == [f"has more than {MAX_NODES:,} parts; a table has fewer"]


def test_too_many_mistakes_are_cut() -> None:
    found = messages("a: 1\n" * 10_000)
    assert len(found) == MAX_MISTAKES + 1
    assert found[-1] == f"has more than {MAX_MISTAKES} mistakes; is it a table?"


def test_an_empty_key_is_a_key() -> None:
    assert parse(b'"": x\n', "t.yaml")[0].content == {"": "x"}


def test_without_a_text_a_mistake_is_one_line() -> None:
    assert str(Source("t.yaml", "").mistake((), "is wrong")) == "t.yaml:1:1: is wrong"
