"""A list's filters as the API shows and takes them."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StrictBool

from runledger.models.base import WireModel


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class FilterDocument(WireModel):
    """A list's filters, with the names of its query parameters."""

    status: Several = Field(
        default=(), description="One or more statuses. For lists of runs and deliveries only."
    )
    reason: Several = Field(
        default=(), description="One or more reasons. For lists of refusals only."
    )
    automation_id: str | None = Field(default=None, description="An automation's id.")
    contact: str | None = Field(
        default=None,
        description="A contact's id, e-mail address, phone number or external id, such as "
        "stripe:cus_123.",
    )
    trigger_type: Several = Field(
        default=(), description="One or more trigger types. For lists of runs and refusals only."
    )
    health: Several = Field(
        default=(),
        description="What open runs do, such as WAITING or OVERDUE. For lists of runs only.",
    )
    error_group: str | None = Field(
        default=None, description="The id of a failure group. For lists of runs only."
    )
    recovered: StrictBool | None = Field(
        default=None,
        description="false: leave out runs that have a completed rerun. true: only these runs. "
        "For lists of runs only.",
    )
    rerun_of: str | None = Field(
        default=None, description="The id of a run: only its reruns. For lists of runs only."
    )
    recovery_id: str | None = Field(
        default=None,
        description="The id of a recovery: only the reruns that it opened. For lists of runs only.",
    )
    key: str | None = Field(
        default=None,
        description="The name and value of a key, such as orderId:A-1001. For lists of runs only.",
    )
    channel: str | None = Field(
        default=None, description="A channel. For lists of deliveries only."
    )
    run_id: str | None = Field(
        default=None, description="The id of a run. For lists of deliveries only."
    )
    address: str | None = Field(
        default=None,
        description="An e-mail address or phone number, in any format. For lists of "
        "deliveries only.",
    )
    error_kind: str | None = Field(
        default=None,
        description="The code of an error, such as BOUNCED. For lists of deliveries only.",
    )
    bounce: str | None = Field(
        default=None,
        description="Why messages bounced, such as MAILBOX_FULL. For lists of deliveries only.",
    )
    segment_id: str | None = Field(
        default=None, description="A segment's id. For exports of contacts only."
    )
    range: str | None = Field(
        default=None, description="A range that ends now: 1h, 24h, 7d or 30d."
    )
    from_: str | None = Field(
        default=None,
        alias="from",
        description=(
            "The earliest creation time: a date (its start), a date-time, or seconds or "
            "milliseconds since 1970."
        ),
    )
    to: str | None = Field(
        default=None,
        description="The latest creation time, in the same formats. A date means its end.",
    )
    time_zone: str | None = Field(
        default=None,
        description="The IANA time zone for dates and times without an offset; UTC by default.",
    )


class FilterView(WireModel):
    """The filters of a list. `to` is at the latest the time of the request, so rows created later
    are not included."""

    status: list[str] = Field(description="The statuses; empty for all.")
    reason: list[str] = Field(description="The reasons; empty for all.")
    automation_id: str | None = Field(description="An automation's id; null for all.")
    contact: str | None = Field(description="A contact's id; null for all.")
    trigger_type: list[str] = Field(description="The trigger types; empty for all.")
    health: list[str] = Field(
        default_factory=list, description="What the open runs do; empty for all runs."
    )
    error_group: str | None = Field(description="A failure group's id; null for all.")
    recovered: bool | None = Field(
        default=None,
        description="false: without runs that have a completed rerun. true: only these runs. null: "
        "all runs.",
    )
    rerun_of: str | None = Field(
        default=None, description="The run whose reruns are listed; null for all runs."
    )
    recovery_id: str | None = Field(
        default=None, description="The recovery whose reruns are listed; null for all runs."
    )
    key: str | None = Field(
        default=None, description="The name and value of a key, as entered; null for all runs."
    )
    channel: str | None = Field(description="A channel; null for all.")
    run_id: str | None = Field(description="A run's id; null for all.")
    address: str | None = Field(
        description="An e-mail address or phone number, as it was entered; null for all."
    )
    error_kind: str | None = Field(
        default=None,
        description="The code of the error, such as BOUNCED; null if not filtered by it.",
    )
    bounce: str | None = Field(
        default=None, description="Why messages bounced; null if not filtered by it."
    )
    segment_id: str | None = Field(
        default=None, description="The segment whose contacts are listed; null for all contacts."
    )
    from_: str | None = Field(
        alias="from", description="The earliest creation time; null if there is no limit."
    )
    to: str = Field(description="The latest creation time.")
