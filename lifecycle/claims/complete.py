"""Whether the claims are about the reference: every sentence has one, and every claim its sentence."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lifecycle.claims.run import ERRORS, NORMAL, PARAMETERS, words
from lifecycle.claims.sentences import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.table.claims import Book


def gaps(book: Book, text: str) -> Iterator[str]:
    """What the reference says and no claim does, and the other way round, each as a sentence; none where all is well."""
    told = dict(sections(text))
    for key, sentences in told.items():
        if key in book.claims.sections:
            yield from (f"{book.at(('sections', key))}: {key}: {gap}" for gap in _gaps(book, key, sentences))
        else:
            yield f"{book.source.name}: {key}: the reference has this section, and there are no claims about it"
    for key in book.claims.sections.keys() - told.keys():
        yield f"{book.at(('sections', key))}: {key}: the reference has no such section"


def _gaps(book: Book, key: str, sentences: list[str]) -> Iterator[str]:
    section = book.claims.sections[key]
    said = Counter(claim.says for claim, _ in book.listed(key) if claim.says)
    always: list[str] = []
    if section.answers is not None:
        said[f"{NORMAL}{section.answers}"] = 1
        always = [words(claim.says, key) for claim in book.claims.everywhere if claim.says]
    listed = iter((section.request, section.response))
    for sentence in sentences:
        if PARAMETERS in sentence:
            names = [name for name in re.findall(r" - (\S+):", sentence) if name not in ("server_id", key)]
            expected = next(listed, [])
            if names != expected:
                yield f"it lists the parameters {names}, and the claims {expected}"
        elif sentence.startswith(ERRORS):
            codes = [int(code) for code in re.findall(r"\((\d+)\)", sentence)]
            if codes != section.errors:
                yield f"it lists the errors {codes}, and the claims {section.errors}"
        elif not any(part in sentence for part in (*said, *always)):
            yield f"no claim is about the sentence: {sentence}"
    for part in (*said, *always):
        number = sum(part in sentence for sentence in sentences)
        if number != said.get(part, max(number, 1)):
            yield f"{number} sentences have the words of {said[part] or 'a'} claim: {part}"
