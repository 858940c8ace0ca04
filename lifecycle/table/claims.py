"""claims.yaml: what every sentence of the reference comes to. Read strictly; `lifecycle.claims` runs it.

A sentence has one claim or more. What is said of a claim makes its verdict: `cases` alone that it holds, `differs`
that a running service does otherwise, `contradicts` that the reference does not agree with itself, `checked_by` that
it is not the table's.
"""

import os
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from lifecycle.errors import LifecycleError, TableError, listed, shown
from lifecycle.table import bundled
from lifecycle.table.source import Mistake, Path_, Place, Source, meant, read
from lifecycle.table.words import Code, Name, Names, Strict, Text

Verdict = Literal["holds", "differs", "contradicts itself", "not the table's"]
VERDICTS: tuple[Verdict, ...] = ("holds", "differs", "contradicts itself", "not the table's")


def _many(value: object) -> object:
    return value if isinstance(value, list) else [value]


Codes = Annotated[list[Code], BeforeValidator(_many), Field(min_length=1)]
CodeKey = Annotated[str, StringConstraints(pattern=r"^[1-5][0-9][0-9]$")]  # a key of a file is always text


class Expect(Strict):
    """What a decision must say; `none` is nothing. Of several codes, rules or statuses each is right; lists are meant whole."""

    allowed: bool | None = None
    code: Codes | None = None
    rule: Names | None = None
    status: Names | None = Field(None, description="what is shown right after the answer")
    task_state: Names | None = None
    locked_by: Names | None = None
    tasks: Names | None = None
    becomes: Names | None = None
    on_failure: Names | None = None
    loses: Names | None = None
    error: Text | None = Field(None, description="how the error begins that says that there can be no such case")


class Case(BaseModel):
    """One question, or one for each value of a list, in the keys of a case; `nova` is what a running service answers."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    expect: Expect
    nova: Expect | None = None

    @property
    def told(self) -> dict[str, Any]:
        """The case itself."""
        return dict(self.model_extra or {})


class Claim(Strict):
    """What a sentence, or a part of it, claims; `silent` names what a section does not say and the table must."""

    says: Text | None = Field(None, description="a few words of the sentence, as they stand there")
    silent: Text | None = Field(None, description="what the section says nothing of")
    cases: list[Case] = Field([])
    differs: Name | None = Field(None, description="the id of the difference from a running service")
    contradicts: Text | None = Field(None, description="what else the reference says, and what was decided")
    id: Name | None = Field(None, description="the id of the difference that decided a contradiction")
    no_document: bool = Field(False, description="whether it says that no document answers")
    checked_by: Text | None = Field(None, description="who checks what is not the table's")
    note: Text | None = None

    @model_validator(mode="after")
    def _one_verdict(self) -> "Claim":
        if (self.says is None) == (self.silent is None):
            raise ValueError("a claim has either says, a few words of the sentence, or silent")
        if sum(map(bool, (self.differs, self.contradicts, self.checked_by))) > 1:
            raise ValueError("a claim has one of differs, contradicts and checked_by; what is two claims is said as two")
        if [bool(self.cases), self.no_document, bool(self.checked_by)].count(True) != 1:
            raise ValueError("a claim has either cases, or checked_by where it is not the table's")
        if bool(self.differs) != any(case.nova for case in self.cases):
            raise ValueError("differs, and nova in one of the cases, go together")
        if self.id and not self.contradicts:
            raise ValueError("id names the difference that decided what contradicts, and nothing contradicts here")
        return self

    @property
    def verdict(self) -> Verdict:
        """What the sentence comes to."""
        if self.differs:
            return "differs"
        if self.contradicts:
            return "contradicts itself"
        return "not the table's" if self.checked_by else "holds"


def _kind(value: object) -> str:
    return "name" if isinstance(value, str) else "claim"


Listed = Annotated[Annotated[Name, Tag("name")] | Annotated[Claim, Tag("claim")], Discriminator(_kind)]


class Section(Strict):
    """One section of the reference: its codes, and its other sentences in their order."""

    usual: dict[Name, Any] = Field({}, description="what a case of this section tells unless it tells otherwise")
    answers: Code | None = Field(None, description="the normal response code")
    errors: list[Code] = Field([], description="the error response codes that it lists")
    differs: dict[CodeKey, Name] = Field(
        {}, description="of these the ones that a running service never gives, with the difference"
    )
    elsewhere: dict[CodeKey, Text] = Field({}, description="of these the ones that are not the table's, with who gives them")
    forgets: list[Code] = Field([], description="the codes that it does not list, and that are answered all the same")
    request: list[Text] = Field(
        [], description="the parameters that it lists for the request, without the server and the action's key"
    )
    response: list[Text] = Field([], description="the parameters that it lists for the answer")
    claims: list[Listed] = Field(description="a claim, or the name of a shared one, for each other sentence in order")


class Claims(Strict):
    """The whole file. `everywhere` is claimed by every section of an action, `shared` by those that name it."""

    everywhere: list[Claim] = Field([])
    shared: dict[Name, Claim] = Field({})
    sections: dict[Name, Section] = Field(min_length=1)


class Book:
    """The claims of a table, with the places of their parts."""

    def __init__(self, source: Source, claims: Claims) -> None:
        self.source = source
        self.claims = claims

    def at(self, path: Path_) -> str:
        """Where a part stands, as `file:line`."""
        place = self.source.keys.get(path) or self.source.places.get(path) or Place(self.source.name)
        return f"{place.file}:{place.line}"

    def listed(self, key: str) -> list[tuple[Claim, Path_]]:
        """The claims of a section in order, the shared ones too, each with its path."""
        return [
            (self.claims.shared[claim], ("shared", claim))
            if isinstance(claim, str)
            else (claim, ("sections", key, "claims", number))
            for number, claim in enumerate(self.claims.sections[key].claims)
        ]


def read_claims(table: str | os.PathLike[str]) -> Book:
    """The claims of a table, which stand in the claims.yaml of its folder.

    Raises UnknownTable, LifecycleError where the table has none, and TableError with every mistake.
    """
    root, label = bundled.find(table)
    path, name = os.path.join(root, bundled.CLAIMS), os.path.join(label, bundled.CLAIMS)
    if not os.path.isfile(path):
        raise LifecycleError(f"the table {shown(label)} has no {bundled.CLAIMS}, where the claims about it would stand")
    source, mistakes = read(path, name)
    if source.content is None:
        raise TableError(mistakes)
    try:
        claims = Claims.model_validate(source.content)
    except ValidationError as error:
        raise TableError(_sorted([*mistakes, *_worded(source, error)])) from None
    mistakes += _unshared(source, claims)
    if mistakes:
        raise TableError(_sorted(mistakes))
    return Book(source, claims)


def _sorted(mistakes: list[Mistake]) -> list[Mistake]:
    return sorted(mistakes, key=lambda mistake: mistake.place)


def _unshared(source: Source, claims: Claims) -> list[Mistake]:
    """The names in a section that no shared claim has, and the shared claims that no section names."""
    found, used = [], set()
    for key, section in claims.sections.items():
        for number, claim in enumerate(section.claims):
            if isinstance(claim, str):
                used.add(claim)
                if claim not in claims.shared:
                    hint = meant(claim, claims.shared) or f"; there are {listed(claims.shared) or 'none'}"
                    message = f"no shared claim is called {shown(claim)}{hint}"
                    found.append(source.mistake(("sections", key, "claims", number), message))
    unused = [name for name in claims.shared if name not in used]
    return found + [source.mistake(("shared", name), f"no section names {name}; leave it out", key=True) for name in unused]


def _worded(source: Source, error: ValidationError) -> list[Mistake]:
    """What pydantic found wrong, each at its place and in our words."""
    found: dict[Path_, Mistake] = {}
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if part not in TAGS)
        kind = detail["type"]
        if kind == "missing":
            message, key = f"{path[-1]} is missing", True
        elif kind == "extra_forbidden":
            message, key = f"no key is called {shown(path[-1])} here", True
        else:
            text = detail["msg"].removeprefix("Value error, ")
            message, key = f"{text[0].lower()}{text[1:]}", False
        found.setdefault(path, source.mistake(path, message, key=key))
    return list(found.values())


TAGS = ("name", "claim", "[key]")  # what pydantic adds to a location
