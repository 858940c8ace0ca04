"""What must be so of a table as a whole: the shape of `properties`, and what `lifecycle verify` counted of it.

A property says one of five words: `always` and `reachable` and `leads_to` of situations, `never` and `sometimes` of steps.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lifecycle.table.words import Chosen, Names, Strict, Text, Version, listed, one_or_many

KINDS = ("always", "never", "sometimes", "leads_to", "reachable")
HOW = ("accepted", "refused", "happens", "advances", "settles", "fails", "turns")
How = Annotated[
    list[Literal["accepted", "refused", "happens", "advances", "settles", "fails", "turns"]],
    BeforeValidator(listed),
    Field(min_length=1),
    one_or_many({"enum": list(HOW)}),
]


class Where(BaseModel):
    """Some situations: states, tasks, statuses, locks, facts, options; all that are so."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, bool | Literal["zero", "positive", "negative"]]
    state: Chosen | None = None
    task: Chosen | None = Field(None, description="`none` is no task")
    status: Chosen | None = Field(None, description="what is shown")
    locked_by: Chosen | None = Field(None, description="holders of the lock; `none` is no lock")
    before: Chosen | None = Field(None, description="the state that is remembered; `none` is none")
    exists: bool | None = None


class Way(Strict):
    """Some steps: who asks for what, or what happens by itself, from where to where, and what it changes."""

    action: Chosen | None = Field(None, description="the actions, or those whose work it is; `reboot:HARD` is one variant")
    event: Chosen | None = Field(None, description="the events")
    by: Chosen | None = Field(None, description="the callers who ask")
    how: How | None = Field(None, description="what kind of step; default: all but `refused`")
    origin: Where | None = Field(None, alias="from", description="where it starts")
    to: Where | None = Field(None, description="where the step itself leads; work may lead on from there")
    changes: Names | None = Field(
        None, description="what it changes at once or when its work ends: state, task, locked_by, before, a fact; or any"
    )
    loses: Names | None = Field(None, description="what it loses: disk, memory …; or any")


class Property(Strict):
    """What must be so, of every deployment at every microversion."""

    title: Text
    cite: Text
    note: Text | None = None
    since: Version | None = None
    until: Version | None = None
    when: Where | None = Field(None, description="of `always`, `leads_to` and `reachable`: the situations that it speaks of")
    by: Chosen | None = Field(
        None, description="whose requests count: for `reachable` anybody's by default, for `leads_to` nobody's (`none`)"
    )
    always: Where | None = Field(None, description="every situation is so")
    never: Way | None = Field(None, description="no step is so")
    sometimes: Way | None = Field(None, description="there is such a step, at each of the microversions")
    leads_to: Where | None = Field(None, description="whatever happens, it comes to be so, when work that began ends")
    reachable: Where | None = Field(None, description="requests, and work that settles, can make it so")

    @property
    def kinds(self) -> list[str]:
        """The words of the five that it says."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]


class Counts(Strict):
    """How many situations a table has, and how many steps."""

    situations: int
    steps: int


class Explored(Strict):
    """The counts under each reading; `reference` stands for both where they are alike."""

    reference: Counts | None = None
    nova: Counts | None = None
