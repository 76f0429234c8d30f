"""The records that a step keeps of its visit: its evidence, and the request and response of a call.

These are JSON objects with wire names, stored and answered as a node wrote them. The types are for
the code that writes and reads them. At run time they are plain objects, so that rows of older
versions keep every byte, and a damaged part does not hide the rest.
"""

from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, final

# In a step's request or response: `{key, bytes}` of the file that holds a long body.
KEPT_FILE: Final = "bodyObject"
# The key that readers see instead.
SHOWN_FILE: Final = "bodyLink"


class Operand(TypedDict):
    """One side of a comparison: its source text, and its value at that visit."""

    source: Any
    value: Any


class RuleFacts(TypedDict):
    """The fields that a rule of this kind has, and the values it compared."""

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
    """One rule of a condition. `verdict` is null if an earlier rule decided, and `reason` says why
    a rule was not evaluated."""

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
    """The rules that were tried, in order. `matched` is the label of the last one if it held, or
    None if no rule held."""

    rules: list[SwitchRuleEvidence]
    matched: str | None
    branchesNotTaken: list[str]


class WaitMode(TypedDict):
    """The mode of a wait: a delay, a time of day, or a field with a date."""

    delayMinutes: NotRequired[int]
    timeOfDay: NotRequired[str]
    day: NotRequired[str]
    field: NotRequired[str]
    value: NotRequired[Any]
    timeZone: NotRequired[str]
    timeZoneFrom: NotRequired[str]


@final
class WaitEvidence(WaitMode):
    """`until` is an instant in UTC; `passed` says that it lay in the past."""

    until: str
    passed: bool


@final
class SetEvidence(TypedDict):
    mode: str


class TryError(TypedDict):
    kind: str
    message: str


class TryEnd(TypedDict):
    """How one try ended: with a status or an error. `sent` is false if nothing was sent;
    `waitSeconds` is the wait before the next try."""

    status: NotRequired[int]
    error: NotRequired[TryError]
    sent: NotRequired[bool]
    waitSeconds: NotRequired[float]


class CallTry(TryEnd):
    """One try of a call; `at` is an instant in UTC."""

    at: str
    durationMs: int


@final
class CallEvidence(TypedDict):
    """`gaveUp` says why there was no further try."""

    tries: list[CallTry]
    gaveUp: NotRequired[str]


class MessageAttempt(TypedDict):
    recipient: str
    channel: str
    deliveryId: str
    status: str
    reason: str | None


class MessageCounts(TypedDict):
    """How many contacts could not be compared, and the first of them. If the step does not list all
    attempts, also how many attempts and recipients there are."""

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
    """`expiresAt` is an instant in UTC."""

    url: str
    expiresAt: str
    bytes: int | None


class Binary(TypedDict):
    contentType: str | None
    bytes: int
    sha256: str


class Body(TypedDict):
    """A body as the step shows it: JSON or text, and cut if there is a `note`. `rest` says that a
    long body could not be kept whole."""

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
