"""What a table may say: the shape of every file, checked by pydantic. The words are explained in docs/table.md.

Names are not looked up here (`lint` does that), so that a mistake in one file does not hide those of another.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from lifecycle.table.body import Bodied, Fields
from lifecycle.table.kept import History, Kept, Made, Part, Records, Repeats, View
from lifecycle.table.properties import Explored, Property
from lifecycle.table.words import (
    NAME_SCHEMA,
    Choice,
    Chosen,
    Code,
    Name,
    Names,
    Strict,
    Text,
    Version,
    listed,
    one_or_many,
)

Losses = Annotated[list[Name], BeforeValidator(listed), one_or_many(NAME_SCHEMA)]  # [] takes back what the row says


class Recall(Strict):
    """The state that was remembered under this name."""

    recall: Name


_END_SCHEMA = {"anyOf": [NAME_SCHEMA, {"type": "object", "properties": {"recall": NAME_SCHEMA}, "required": ["recall"]}]}
End = Name | Recall
Ends = Annotated[list[End], BeforeValidator(listed), Field(min_length=1), one_or_many(_END_SCHEMA)]


class Requires(BaseModel):
    """What an action asks of the server: its state, its task, and any fact of the table (`host: true`)."""

    # a check that asks what another asks is named here as well, with states or tasks
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, bool | Choice | Literal["any"]]
    state: Chosen | None = None
    task: Chosen | None = None
    exists: bool | Literal["any"] | None = None


class When(BaseModel):
    """When an outcome holds: states, tasks, facts, options (`zero`, `positive`, `negative`), microversions."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, bool | Literal["zero", "positive", "negative"]]
    state: Chosen | None = None
    task: Chosen | None = None
    before: Chosen | None = None
    since: Version | None = None
    until: Version | None = None


class AtOnce(Strict):
    """What the answer itself changes, before any work is done; `none` is no task. Left out: it stays as it is."""

    state: Name | None = None
    task: Name | None = None


class Effects(Strict):
    """What an accepted request does."""

    answers: Code | None = Field(None, description="the code of the answer")
    task: Names | None = Field(None, description="the tasks that the server runs through, in order")
    at_once: AtOnce | None = Field(None, description="what is shown right after the answer; default: the first task")
    becomes: Ends | None = Field(None, description="where it ends when the work settles: states, same, or {recall: …}")
    fails: Ends | None = Field(None, description="where it ends when the work fails: states, same, or {recall: …}")
    failed: dict[Name, bool] | None = Field(None, description="facts that are so when the work has failed")
    loses: Losses | None = Field(None, description="what cannot be had back: disk, memory, server …")
    locks: bool | None = Field(None, description="true: the caller holds the lock then; false: nobody does")
    remembers: Name | None = Field(None, description="remembers the state that it was in, under this name")
    gives_back: Name | None = Field(None, description="what was kept of the request that remembered this is as it was before it")
    makes: dict[Name, Made] | None = Field(None, description="what it makes in the catalogue besides, by kind")
    records: Records | Literal["none"] | None = Field(
        None, description="what the service's history of the thing tells of it; none, or the default: nothing"
    )


class Outcome(Effects):
    """One of the outcomes: the first whose `when` fits wins; what it leaves out, the row says."""

    when: When | None = None
    note: Text | None = None


def _nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _nulls(part) for key, part in value.items()}
    return [_nulls(part) for part in value] if isinstance(value, list) else None if value == "null" else value


class Clauses(Effects):
    """The words that a row, a variant, a change and a difference share."""

    requires: Requires | None = None
    lock: Literal["refuses", "owned", "ignored"] | None = Field(
        None, description="refuses: everyone but who passes locks; owned: only who holds less than the lock; ignored"
    )
    by: Name | None = Field(None, description="the caller who may at least")
    policy: Name | None = Field(None, description="the service's own name of the policy rule")
    target: Name | None = Field(None, description="what the policy is asked of: one of `policies.targets`, or caller")
    override: Name | None = Field(None, description="the policy of whoever may undo a lock that it does not hold")
    called: Text | None = Field(None, description="what the service's own words call the action; default: its key")
    codes: dict[Name, Code] | None = Field(None, description="the code of a check, where it is not the usual one")
    messages: dict[Name, Text] | None = Field(None, description="the service's words for a check, where not the usual ones")
    command: Text | None = Field(None, description="the command of the service's own client, with {id} for the server")
    body: Bodied | None = Field(None, description="what stands under the action's key; all, at an address; of a read the query")
    response: Bodied | None = Field(None, description="the document that answers when the request is accepted; default: none")
    headers: dict[Text, Fields] | None = Field(None, description="the headers of that answer that matter")
    keeps: dict[Text, Kept] | None = Field(None, description="what of the request goes into fields of the thing's own document")
    repeats: Repeats | None = Field(None, description="how many things one request makes; default: one")
    finds_gone: bool | None = Field(None, description="whether a read finds a thing that is gone as well")
    example: Annotated[dict[Name, Any], BeforeValidator(_nulls)] | None = Field(
        None, description="what the body holds at least, null for JSON's null; default: nothing"
    )
    fails_instead: dict[Name, Name] | None = Field(None, description="callers that always fail a check fail this other one")
    removed: Text | None = Field(None, description="gone for good: since when, and why")
    outcomes: list[Outcome] | None = None
    note: Text | None = None


class Change(Clauses):
    """What is different at some microversions."""

    since: Version | None = None
    until: Version | None = None


class Difference(Strict):
    """Where the reference and a running Nova part, or the reference contradicts itself; its key is its id."""

    nova: Clauses | None = Field(None, description="what a running Nova was seen to do; the row is what the reference says")
    why: Text


class Variant(Clauses):
    """One of the requests that share an action's key, told apart by the body."""

    given: Name | None = Field(None, description="the field that makes a request this variant; without any it is the row's own")
    since: Version | None = None
    until: Version | None = None
    changes: list[Change] | None = None
    differs: dict[Name, Difference] | None = None


class Row(Variant):
    """An action."""

    title: Text
    cite: Text = Field(description="where it is written: the section of the reference, or what was observed")
    variants: dict[Name, Variant] | None = None
    variant_in: Name | None = Field(None, description="the field of the body that says which variant")
    address: Text | None = Field(None, description="the method and path of a request with an address of its own")


class Event(Effects):
    """What happens without a caller."""

    title: Text
    cite: Text
    note: Text | None = None
    requires: Requires | None = None
    when: When | None = None


class State(Strict):
    """An idle status, and the vm_state that it stands for."""

    vm_state: Name | None = Field(None, description="what the service calls it; default: the name of the state")
    implies: dict[Name, bool] | None = Field(None, description="facts that this state implies")
    end: bool = Field(False, description="whether nothing may follow: no way out is asked for")
    says: dict[Text, str | int | bool | None] = Field({}, description="fields of the thing's own document that this state has")
    title: Text | None = None


class Shown(Strict):
    """A status shown while one of some tasks is under way in one of some states."""

    state: Names
    task: Names


class Caller(Strict):
    """Someone who asks. Callers are listed from who may the most to who may the least."""

    title: Text | None = None
    like: Name | None = Field(None, description="may as much as this other caller")
    holds: Name | None = Field(None, description="the lock that this caller holds when it locks")
    passes_lock: bool = False
    fails: Name | None = Field(None, description="the check that this caller always fails")


class Fact(Strict):
    """Something that is so or not so of a server: `usual`, and how a sentence says both."""

    usual: bool
    yes: Text
    no: Text
    turns: bool = Field(False, description="whether it may turn into the other while nobody asks for anything")


class CheckRow(Strict):
    """A reason to refuse, with its code and the service's words; the table lists them in the order they are asked."""

    code: Code
    message: Text | None = None
    asks: Name | None = Field(None, description="asks what this other check asks, and is known by its name")
    rule: Name | None = Field(None, description="the name that a decision gives it, where it is not its own")
    ends: bool = Field(False, description="whether nothing more is looked at after it")


_CODE_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"const": "other"}]}
Codes = Annotated[list[Code | Literal["other"]], BeforeValidator(listed), Field(min_length=1), one_or_many(_CODE_SCHEMA)]


class Error(Strict):
    """The codes whose documents have this name, and what stands in them besides `code` and `message`."""

    code: Codes = Field(description="the codes; other: all that no other name has")
    says: dict[Name, Text] = Field({}, description="fields that stand beside code and message")


class Refused(Strict):
    """The code and the service's words for a request that does not come as far as a row."""

    code: Code
    message: Text


class Wire(Strict):
    """What a service answers by before it looks at any row."""

    base: Text = Field(description="the path under which all addresses lie")
    header: Text = Field("OpenStack-API-Version", description="asks for a microversion, after the name of the service's type")
    legacy_header: Text | None = Field(None, description="asks for a microversion as of old")
    malformed_version: Refused
    unsupported_version: Refused
    malformed_body: Refused
    unknown_action: Refused
    unknown_address: Refused
    wrong_method: Refused
    too_large: Refused
    bad_limit: Refused
    bad_marker: Refused
    bad_record_marker: Refused = Refused(code=400, message="Marker {marker} could not be found.")
    bad_changes: Refused = Refused(code=400, message="changes-since must be at most changes-before")


class DocumentField(Strict):
    """Where a document holds a key: a field, and for a fact the values that mean yes or no."""

    field: Text
    yes: list[Any] | None = None
    no: list[Any] | None = None
    also: list[Text] = Field([], description="fields that are there with it, and say nothing where it is not so")


def _field(value: object) -> object:
    return {"field": value} if isinstance(value, str) else value


class Document(Strict):
    """How to read the document of one server."""

    within: Name
    tells: dict[Literal["id", "project", "user", "changed"], Text] = Field(
        {}, description="the fields that tell its id, whose it is, who made it, and when it changed"
    )
    parts: dict[Name, Part] = Field({}, description="what addresses name below a thing, by the parameter")
    named: Name | None = Field(None, description="the fact that is so where the thing has what the address names below it")
    shows: dict[Text, View] = Field({}, description="fields that show what is kept under other names")
    history: History | None = Field(None, description="how the service tells what was done to a thing")
    keys: dict[Name, Annotated[DocumentField, BeforeValidator(_field), WithJsonSchema({})]]


class Microversions(Strict):
    """The first and the last microversion that the table knows."""

    oldest: Version
    newest: Version


class Rows(Strict):
    """What all rows say unless they say otherwise."""

    all: Clauses = Clauses()
    reads: Clauses = Field(Clauses(), description="what every read says besides, unless it says otherwise")
    where_states_are_named: Requires = Field(Requires(), description="what a row asks besides, when it names states")


class Admin(Strict):
    """The policy rule that makes an admin: who passes it passes every lock, and meets the things of all projects."""

    rule: Name
    carries: Name = Field(description="what the token of an admin carries besides: true")
    finds_by: Name = Field(description="what of a token must be the thing's, for who is no admin to find it")
    others_fail: Name = Field(description="the check that those fail who do not find it")


class Renamed(Strict):
    """A name of old: the rules that follow it, and the check string that it had; a file that has it changes nothing."""

    to: Names
    was: Text


class Policies(Strict):
    """What the files need that change who may: the rules by default, and what they are asked about."""

    tokens: dict[Name, dict[Name, bool | Name | list[Name]]] = Field(description="by caller: what its token carries")
    any_role: Name = Field(description="the caller whose token one carries that has only a role of a policy file")
    thing: dict[Name, Name] = Field(description="whose the thing is, as tokens say it")
    targets: dict[Name, list[Name]] = Field(description="what a policy is asked of: how much of the thing it is told")
    admin: Admin
    by: dict[Name, Text] = Field(description="the check string of rows whose `by` is this caller")
    rules: dict[Name, Text] = Field({}, description="the check strings of rules that no row names, or not by its `by`")
    renamed: dict[Name, Renamed] = Field({}, description="names of old, each with those that follow it where a file has it")
    others: list[Name] = Field([], description="rules of the same groups that no row asks")


class Usual(Strict):
    """What is taken when it is not told."""

    state: Name
    caller: Name


class Table(Strict):
    """A whole lifecycle."""

    name: Name
    title: Text
    thing: Text = Field("thing", description="what sentences call it: the server, the volume")
    service: Text = Field("the service", description="whose own words `messages` are")
    service_type: Name | None = Field(
        None, description="the service's type, as catalogues and the headers of microversions have it; default: `name`"
    )
    action_path: Text = Field("/{id}/action", description="where an action is posted that has no address of its own")
    microversions: Microversions | None = None
    usual: Usual
    callers: dict[Name, Caller] = Field(min_length=1)
    lock_holders: dict[Name, Text] = Field({}, description="from the weakest lock to the strongest, as a sentence says it")
    facts: dict[Name, Fact] = Field({})
    options: dict[Name, int] = Field({})
    checks: dict[Name, CheckRow]
    errors: dict[Name, Error] = Field({}, description="the name under which a refusal's document holds its code and message")
    types: dict[Name, Bodied] = Field({}, description="what bodies call by a name")
    document: Document | None = None
    wire: Wire | None = Field(None, description="how the service is spoken to, and what it answers before it looks at a row")
    policies: Policies | None = None
    rows: Rows = Rows()
    states: dict[Name, State] = Field(min_length=1)
    statuses: dict[Name, Shown] = Field({})
    tasks: list[Name] = Field([])
    other_tasks: list[Name] = Field([], description="tasks that a server may show, and that no row runs through")
    events: dict[Name, Event] = Field({})
    actions: dict[Name, Row] = Field(min_length=1)
    reads: dict[Name, Row] = Field({}, description="requests that only look: what answers them")
    properties: dict[Name, Property] = Field(
        {}, description="what is always so, never, sometimes …; `lifecycle verify` proves it"
    )
    explored: Explored = Field(
        Explored(), description="by reading how many situations and steps there are; `lifecycle verify --pin` writes it"
    )
