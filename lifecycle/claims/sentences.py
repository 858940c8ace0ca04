"""The sentences of the API reference: its reST, run together into one line, split again. It judges nothing."""

import re
from collections.abc import Iterator

TITLE = re.compile(
    r"(?:[A-Z][A-Za-z()\- ]+? \(([\w-]+) Action\)(?: \(DEPRECATED\))?|Servers - run an action \(servers, action\)) =====+"
)
PIECES = re.compile(
    r"(\.\. rest_method:: \S+ \S+"
    r"|\.\. rest_parameters:: \S+(?: - \S+: [\w:-]+)*"
    r"|\.\. literalinclude:: \S+ :language: \w+"
    r"|Normal response codes: [\d, ]+"
    r"|Error response codes: (?:\w+\(\d+\),? ?)+)"
)
MARKUP = re.compile(r"\.\. (?:warning|note)::|\*\*[^*]+\*\*|Re(?:quest|sponse) -{5,}|`__|`")
END = re.compile(r"(?<=\.) +(?=[A-Z])")


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section of the reference, by the key of its action or as `introduction`, with its sentences in order.

    Directives count as sentences; headings and the marks of a note or a warning do not.
    """
    _, *parts = TITLE.split(" ".join(text.split()))
    for action, body in zip(parts[::2], parts[1::2], strict=True):
        yield action or "introduction", list(_sentences(body))


def _sentences(body: str) -> Iterator[str]:
    for piece in PIECES.split(body):
        for sentence in END.split(" ".join(MARKUP.sub("", piece).split())):
            if sentence:
                yield sentence
