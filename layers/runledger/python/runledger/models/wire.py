"""What the API answers. Times are ISO 8601 UTC strings, durations milliseconds."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from runledger.models.base import WireModel
from runledger.models.contact import Consents
from runledger.models.refusal import RefusalReason
from runledger.models.run import RunStatus

ItemT = TypeVar("ItemT")


class ListView(WireModel, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(
        description="Ask for the next page with it; null at the end of the list."
    )


class ErrorView(WireModel):
    """Why a run, a step or a delivery failed."""

    node_id: str | None = Field(
        description="The node that failed; null where it failed outside of any node."
    )
    kind: str = Field(
        description="A stable code, such as STOP_ERROR, MISSING_VARIABLE or OUTCOME_UNKNOWN."
    )
    message: str = Field(description="The reason in words.")
    cause: str | None = Field(
        description="The technical cause, without secrets; null where the message says it all."
    )


class CanceledView(WireModel):
    """Who canceled a run, and why."""

    by: str = Field(description="The user's e-mail, or `system`.")
    reason: str = Field(description="Why, in the words of that user.")
    at: str = Field(description="When the run was canceled.")


class HealthView(WireModel):
    """More about a run or a delivery that is not at its end."""

    state: str = Field(
        description=(
            "Of a run QUEUED, SCHEDULED, RUNNING, WAITING, RETRYING or OVERDUE; of a "
            "delivery QUEUED, SENDING, RETRYING or UNKNOWN."
        )
    )
    text: str = Field(description="The state in words.")
    until: str | None = Field(default=None, description="When the waiting ends; with WAITING only.")
    attempt: int | None = Field(
        default=None, description="The number of the present try; with RETRYING only."
    )
    last_error: str | None = Field(
        default=None, description="Why the try before failed; with RETRYING only."
    )


class RunContactView(WireModel):
    """The contact as it was when the run was opened."""

    id: str = Field(description="The contact's id.")
    email: str | None = Field(
        description="The e-mail address at that time; null where there was none."
    )
    phone: str | None = Field(
        description="The phone number at that time, as E.164; null where there was none."
    )


UNREADABLE = (
    "What of the stored row is damaged and could not be read, in one sentence; its fields hold "
    "nothing then. Null for a row that was read in full."
)


class RunView(WireModel):
    """A run as lists show it."""

    id: str = Field(description="The run's id.")
    status: RunStatus = Field(description="Where the run is in its life.")
    health: HealthView | None = Field(description="More about an open run; null once it has ended.")
    automation_id: str = Field(description="The automation that ran.")
    automation_name: str = Field(description="The automation's name when the run was opened.")
    version: int = Field(description="The version of the automation that ran.")
    attempt: int = Field(
        description="How often the run's state machine was started; the first attempt is 1."
    )
    start_error: str | None = Field(
        description="Why the start was put off, or why the run needed another attempt."
    )
    trigger: dict[str, Any] = Field(
        description="What opened the run: its `type` and facts of that type."
    )
    contact: RunContactView | None = Field(
        description="The contact when the run was opened; null for a run without one."
    )
    created_at: str = Field(description="When the run was opened.")
    scheduled_for: str | None = Field(
        description="The moment that the run was scheduled for; null where it starts at once."
    )
    started_at: str | None = Field(description="When the first node began; null before.")
    finished_at: str | None = Field(description="When the run ended; null while it is open.")
    duration_ms: int | None = Field(
        description="Milliseconds from start to end; null while the run is open."
    )
    error: ErrorView | None = Field(description="Why the run failed; null unless it did.")
    error_group: str | None = Field(description="The id of the failure group of a failed run.")
    canceled: CanceledView | None = Field(
        description="Who canceled the run, and why; null unless it was canceled."
    )
    at: list[str] = Field(
        description=(
            "The nodes that the run is at: several in a fork, none before it begins, "
            "and the one that it ended at."
        )
    )
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class RefusalView(WireModel):
    """A trigger that opened no run. Refusals with one reason in the same minute share one row,
    which shows the first of them."""

    id: str = Field(description="The refusal's id.")
    reason: RefusalReason = Field(description="Why no run was opened.")
    message: str = Field(description="The reason in words.")
    automation_id: str = Field(description="The automation that was triggered.")
    automation_name: str = Field(description="The automation's name at that time.")
    version: int | None = Field(description="The version that was active; null where none was.")
    trigger: dict[str, Any] = Field(
        description="What was fired: its `type` and facts of that type."
    )
    contact_id: str | None = Field(
        description="The contact it was about; null where none was found."
    )
    run_id: str | None = Field(
        description="The run in the way, or the run that the same event had opened before."
    )
    source: str | None = Field(
        description="Who fired it: an address, a user's e-mail or the id of an upstream run."
    )
    count: int = Field(description="How many refusals this row stands for.")
    created_at: str = Field(description="When the first of them came.")
    last_at: str = Field(description="When the latest of them came.")
    erased_at: str | None = Field(
        default=None,
        description="When the contact was erased, and with it everything about the person.",
    )
    unreadable: str | None = Field(default=None, description=UNREADABLE)


class ContactView(WireModel):
    """A contact."""

    id: str = Field(description="The contact's id.")
    revision: int = Field(description="Grows with every change; the `ETag` without its quotes.")
    email: str | None = Field(description="The e-mail address, in lower case.")
    phone: str | None = Field(description="The phone number, as E.164.")
    first_name: str | None = Field(description="The first name.")
    last_name: str | None = Field(description="The last name.")
    tags: list[str] = Field(description="The contact's tags.")
    consents: Consents = Field(description="What the contact agreed to.")
    metadata: dict[str, Any] = Field(description="Your own fields, of any JSON type.")
    created_at: str = Field(description="When the contact was created.")
    updated_at: str = Field(description="When the contact was last changed.")


class SegmentView(WireModel):
    """A segment."""

    id: str = Field(description="The segment's id.")
    revision: int = Field(description="Grows with every change; the `ETag` without its quotes.")
    name: str = Field(description="The segment's name.")
    match: Literal["ALL", "ANY"] = Field(
        description="Whether a contact has to match all of the rules, or any."
    )
    rules: list[dict[str, Any]] = Field(
        # As they are stored: what reads them has no need to load what they mean.
        json_schema_extra={"items": {"$ref": "#/components/schemas/SegmentRule"}},
        description="The rules as they were written.",
    )
    created_at: str = Field(description="When the segment was created.")
    updated_at: str = Field(description="When the segment was last changed.")


class UnreadableContactView(WireModel):
    """A contact that nobody can say of whether it belongs to the segment."""

    contact_id: str = Field(description="The contact's id.")
    problem: str = Field(description="The value that could not be compared, and what can be.")


class SegmentPreviewView(WireModel):
    """The contacts that belong to a segment now."""

    contacts: list[ContactView] = Field(description="The first of them.")
    count: int = Field(description="How many contacts were found.")
    is_whole: bool = Field(
        description=(
            "False where only a part of the workspace was read, so that there may be more."
        )
    )
    unreadable_count: int = Field(
        description="Contacts that are left out as a value of theirs cannot be compared."
    )
    unreadable: list[UnreadableContactView] = Field(description="The first of these.")


class TemplateView(WireModel):
    """A message template."""

    id: str = Field(description="The template's id.")
    revision: int = Field(description="Grows with every change; the `ETag` without its quotes.")
    name: str = Field(description="The template's name.")
    channel: str = Field(description="The channel that it is written for.")
    subject: str | None = Field(description="The subject as Liquid; null for channels without one.")
    body: str = Field(description="The body as Liquid.")
    created_at: str = Field(description="When the template was created.")
    updated_at: str = Field(description="When the template was last changed.")


class SecretDocument(WireModel):
    """A secret as a client writes it."""

    value: str | None = Field(
        default=None,
        description="The value. No answer ever shows it. Without one, that of a secret that is set "
        "stays as it is.",
    )
    allowed_hosts: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] | None = (
        Field(
            default=None,
            max_length=50,
            description="The hosts that the value may be sent to, such as `api.partner.example` or "
            "`*.partner.example`, with a port where only that is meant. Without the field they "
            "stay as they are. An empty list leaves the hosts that automations name themselves.",
        )
    )


class SecretNameView(WireModel):
    """A secret without its value."""

    name: str = Field(description="The name; an INTEGRATION uses the value as `{{secret.NAME}}`.")
    allowed_hosts: list[str] = Field(
        description="The hosts that the value may be sent to; where it is empty, those that "
        "automations name themselves, in addresses without Liquid in their host."
    )
    updated_at: str = Field(description="When the value was last set.")
    last_used_at: str | None = Field(
        description="When a run last read the value, to the hour; null where none did."
    )


class RunDocument(WireModel):
    """A run to open by hand. Name the contact by exactly one of id, e-mail and phone."""

    contact_id: str | None = Field(default=None, description="The contact's id.")
    email: str | None = Field(default=None, description="The contact's e-mail address.")
    phone: str | None = Field(
        default=None, description="The contact's phone number, with its country code."
    )
    payload: dict[str, Any] = Field(
        default_factory=dict, description="What templates and conditions read as `{{trigger.*}}`."
    )
    idempotency_key: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
        | None
    ) = Field(default=None, description="The same key opens one run, however often it is sent.")


class CancelDocument(WireModel):
    """Why a run is canceled."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)
    ] = Field(description="Why, for the history.")


class OpenedView(WireModel):
    """The answer to a trigger."""

    run_id: str = Field(description="The run that was opened, now or by the same event before.")
    status: RunStatus = Field(description="Where that run is in its life.")
    duplicate: bool = Field(
        default=False, description="True where the same event had opened the run before."
    )
