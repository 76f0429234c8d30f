"""What a step records: the evidence of its node, and the request and response of a call.

The records are JSON objects with camelCase names, stored and returned as a node wrote them. The
types here are only for the type checker. At run time the records are plain objects, so that old
rows are returned unchanged, and one damaged part does not make the rest unreadable.
"""

from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, final

# In a step's request or response: `{key, bytes}` of the file that holds a long body.
KEPT_FILE: Final = "bodyObject"
# The key that readers see instead.
SHOWN_FILE: Final = "bodyLink"


class Operand(TypedDict):
    """One side of a comparison: its source text, and its value when the rule was checked."""

    source: Any
    value: Any


class RuleFacts(TypedDict):
    """The fields of a rule, and the values that it compared. Which fields exist depends on the kind
    of rule."""

    kind: str
    tag: NotRequired[str]
    field: NotRequired[str]
    key: NotRequired[str]
    name: NotRequired[str]
    value: NotRequired[Any]
    operand: NotRequired[Any]
    left: NotRequired[Operand]
    operator: NotRequired[str]
    right: NotRequired[Operand]
    conditions: NotRequired["list[RuleEvidence]"]
    reason: NotRequired[str]


class RuleEvidence(RuleFacts):
    """One rule of a condition. `verdict` is null if the rule was not evaluated, because an earlier
    rule decided; `reason` then says why."""

    verdict: bool | None


@final
class ConditionEvidence(TypedDict):
    rule: RuleEvidence
    verdict: bool | None
    branchesNotTaken: list[str]


class SwitchRuleEvidence(TypedDict):
    """One rule of a switch. `missing` names the variable that had no value."""

    label: str
    field: str
    operand: Any
    operator: str
    value: NotRequired[Any]
    verdict: NotRequired[bool]
    missing: NotRequired[str]


@final
class SwitchEvidence(TypedDict):
    """The rules that were tried, in order. `matched` is the label of the rule that held, or None if
    none did."""

    rules: list[SwitchRuleEvidence]
    matched: str | None
    branchesNotTaken: list[str]


class WaitMode(TypedDict):
    """The mode of a wait: a duration, a time of day, or the date in a field."""

    delayMinutes: NotRequired[int]
    timeOfDay: NotRequired[str]
    day: NotRequired[str]
    field: NotRequired[str]
    value: NotRequired[Any]
    timeZone: NotRequired[str]
    timeZoneFrom: NotRequired[str]


@final
class WaitEvidence(WaitMode):
    """When a wait ends: at `until`, a time in UTC. `passed` says that this time was in the past
    when the node ran."""

    until: str
    passed: bool


@final
class SetEvidence(TypedDict):
    mode: str


@final
class ContactChangeEvidence(TypedDict):
    """What a node changed of the run's contact: the fields that it set and cleared, and the tags
    that it added and removed. The step's input has the values."""

    fields: list[str]
    cleared: list[str]
    addedTags: list[str]
    removedTags: list[str]


class TryError(TypedDict):
    kind: str
    message: str


class TryEnd(TypedDict):
    """How one try ended: with a status or an error. `sent` is false if nothing was sent.
    `waitSeconds` is the wait before the next try."""

    status: NotRequired[int]
    error: NotRequired[TryError]
    sent: NotRequired[bool]
    waitSeconds: NotRequired[float]


class CallTry(TryEnd):
    """One try of a call; `at` is a time in UTC."""

    at: str
    durationMs: int


@final
class CallEvidence(TypedDict):
    """The tries of a call. `gaveUp` says why there was no further try."""

    tries: list[CallTry]
    gaveUp: NotRequired[str]


class MessageAttempt(TypedDict):
    recipient: str
    channel: str
    deliveryId: str
    status: str
    reason: str | None


class MessageCounts(TypedDict):
    """Counts that a step with messages may record. `notCompared` is the number of contacts for whom
    the segment's rules could not be evaluated, and `notComparedFirst` are the first few of them. If
    the step does not list all delivery attempts, `attemptCount` and `recipientCount` are the total
    numbers of attempts and recipients."""

    notCompared: NotRequired[int]
    notComparedFirst: NotRequired[list[dict[str, str]]]
    attemptCount: NotRequired[int]
    recipientCount: NotRequired[int]


@final
class MessageEvidence(MessageCounts):
    attempts: list[MessageAttempt]


class BodyFile(TypedDict):
    key: str
    bytes: int


class BodyLink(TypedDict):
    """A download link for a body; `expiresAt` is a time in UTC."""

    url: str
    expiresAt: str
    bytes: int | None


class Binary(TypedDict):
    contentType: str | None
    bytes: int
    sha256: str


class Body(TypedDict):
    """A body as the step shows it: JSON or text. If `note` is set, the body was cut because it was
    too long. If the complete body could not be stored beside the step, `rest` says so."""

    body: Any
    binary: NotRequired[Binary]
    note: NotRequired[str]
    bodyObject: NotRequired[BodyFile]
    bodyLink: NotRequired[BodyLink]
    rest: NotRequired[str]


class RequestHead(TypedDict):
    method: str
    url: str
    headers: dict[str, str]
    auth: NotRequired[str]


@final
class CallRequest(RequestHead, Body):
    query: dict[str, Any]
    size: int


class ResponseHead(TypedDict):
    status: int
    headers: dict[str, str]
    size: int
    truncated: bool
    durationMs: int
    redirectsTo: NotRequired[str]
    notes: NotRequired[list[str]]


@final
class CallResponse(ResponseHead, Body):
    pass


@final
class LeftOut(TypedDict):
    """Replaces a record that is too large for an answer."""

    leftOut: str


if TYPE_CHECKING:
    Evidence = (
        ConditionEvidence
        | SwitchEvidence
        | WaitEvidence
        | SetEvidence
        | ContactChangeEvidence
        | CallEvidence
        | MessageEvidence
    )
    Attempts = list[MessageAttempt]
    Request = CallRequest
    Response = CallResponse
    ShownEvidence = Evidence | LeftOut
    ShownRequest = Request | LeftOut
    ShownResponse = Response | LeftOut
else:
    Attempts = list[dict[str, Any]]
    Evidence = Request = Response = dict[str, Any]
    ShownEvidence = ShownRequest = ShownResponse = dict[str, Any]
