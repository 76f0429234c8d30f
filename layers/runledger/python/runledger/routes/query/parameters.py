"""The query parameters of lists. A list and its counts take the same filters.

The dataclasses of parameters have no `__eq__` and `__repr__`, because nothing uses these methods,
and creating them would slow the start of every new instance of the function.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import StringConstraints

from runledger.channels.registry import CHANNEL_NAMES
from runledger.models.delivery import DeliveryStatus
from runledger.models.refusal import RefusalReason
from runledger.models.report import BounceKind
from runledger.models.run import RunHealth, RunStatus, TriggerType
from runledger.services.lists.requests import ListRequest


class Order(StrEnum):
    """Which rows of a list come first: the newest or the oldest."""

    NEWEST = "newest"
    OLDEST = "oldest"


Limit = Annotated[int, Query(ge=1, le=200, description="The number of rows per page.")]
Cursor = Annotated[str | None, Query(description="`nextCursor` of the previous page.")]
AutomationId = Annotated[str | None, Query(alias="automationId", description="An automation's id.")]
ContactText = Annotated[
    str | None,
    Query(
        description="A contact's id, e-mail address, phone number or external id, such as "
        "stripe:cus_123."
    ),
]
RangeText = Annotated[
    str | None, Query(alias="range", description="A range that ends now: 1h, 24h, 7d or 30d.")
]
FromText = Annotated[
    str | None,
    Query(
        alias="from",
        description=(
            "The earliest creation time: a date (its start), a date-time, or seconds or "
            "milliseconds since 1970."
        ),
    ),
]
ToText = Annotated[
    str | None,
    Query(description="The latest creation time, in the same formats. A date means its end."),
]
TimeZoneText = Annotated[
    str | None,
    Query(
        alias="timeZone",
        description="The IANA time zone for dates and times without an offset; UTC by default.",
    ),
]
_Channel = Annotated[str, StringConstraints(pattern=f"^({'|'.join(CHANNEL_NAMES)})$")]
_TriggerTypes = Annotated[
    list[TriggerType] | None, Query(alias="triggerType", description="One or more trigger types.")
]


@dataclass(eq=False, repr=False)
class Page:
    """A page of a list that can be read from either end."""

    order: Annotated[Order, Query(description="The order by creation time.")] = Order.NEWEST
    limit: Limit = 50
    cursor: Cursor = None


# Counts read no page.
_NO_PAGE = Page(limit=1)


@dataclass(eq=False, repr=False)
class RunFilters:
    status: Annotated[list[RunStatus] | None, Query(description="One or more statuses.")] = None
    automation_id: AutomationId = None
    contact: ContactText = None
    trigger_type: _TriggerTypes = None
    health: Annotated[
        list[RunHealth] | None,
        Query(description="Only open runs that do one of these, such as WAITING or OVERDUE."),
    ] = None
    error_group: Annotated[
        str | None, Query(alias="errorGroup", description="A failure group's id.")
    ] = None
    recovered: Annotated[
        bool | None,
        Query(
            description="false: leave out runs that have a completed rerun. true: only these runs."
        ),
    ] = None
    rerun_of: Annotated[
        str | None, Query(alias="rerunOf", description="A run's id: only its reruns.")
    ] = None
    recovery_id: Annotated[
        str | None,
        Query(alias="recoveryId", description="A recovery's id: only the reruns that it opened."),
    ] = None
    key: Annotated[
        str | None,
        Query(
            description="The name and value of a key, such as orderId:A-1001; upper and lower case "
            "are the same. It finds runs whose trigger declares the key. If the name is the "
            "trigger's `dedupePath`, it finds the run of the event with exactly this value."
        ),
    ] = None
    range_: RangeText = None
    from_: FromText = None
    to: ToText = None
    time_zone: TimeZoneText = None

    def request(self, page: Page = _NO_PAGE) -> ListRequest:
        return _request(
            self,
            page,
            statuses=frozenset(self.status or ()),
            trigger_types=frozenset(self.trigger_type or ()),
            health=frozenset(self.health or ()),
            error_group=self.error_group,
            recovered=self.recovered,
            rerun_of=self.rerun_of,
            recovery_id=self.recovery_id,
            key=self.key,
        )


@dataclass(eq=False, repr=False)
class RefusalFilters:
    reason: Annotated[list[RefusalReason] | None, Query(description="One or more reasons.")] = None
    automation_id: AutomationId = None
    contact: ContactText = None
    trigger_type: _TriggerTypes = None
    range_: RangeText = None
    from_: FromText = None
    to: ToText = None
    time_zone: TimeZoneText = None

    def request(self, page: Page = _NO_PAGE) -> ListRequest:
        return _request(
            self,
            page,
            statuses=frozenset(self.reason or ()),
            trigger_types=frozenset(self.trigger_type or ()),
        )


@dataclass(eq=False, repr=False)
class DeliveryFilters:
    status: Annotated[list[DeliveryStatus] | None, Query(description="One or more statuses.")] = (
        None
    )
    channel: Annotated[
        _Channel | None, Query(description="The channel: EMAIL, SMS or WHATSAPP.")
    ] = None
    automation_id: AutomationId = None
    contact: ContactText = None
    run_id: Annotated[str | None, Query(alias="runId", description="A run's id.")] = None
    address: Annotated[
        str | None,
        Query(description="The recipient's e-mail address or phone number, in any format."),
    ] = None
    error_kind: Annotated[
        str | None,
        Query(
            alias="errorKind",
            description="Why the delivery failed: the code of its error, such as BOUNCED.",
        ),
    ] = None
    bounce: Annotated[
        BounceKind | None, Query(description="Why the message bounced: only such deliveries.")
    ] = None
    range_: RangeText = None
    from_: FromText = None
    to: ToText = None
    time_zone: TimeZoneText = None

    def request(self, page: Page = _NO_PAGE) -> ListRequest:
        return _request(
            self,
            page,
            statuses=frozenset(self.status or ()),
            channel=self.channel,
            run_id=self.run_id,
            address=self.address,
            error_kind=self.error_kind,
            bounce=self.bounce,
        )


def _request(
    filters: RunFilters | RefusalFilters | DeliveryFilters, page: Page, **own: Any
) -> ListRequest:
    """Returns a request with the filters that all lists share, and the `own` filters of one
    list."""
    return ListRequest(
        automation_id=filters.automation_id,
        contact=filters.contact,
        range=filters.range_,
        since=filters.from_,
        until=filters.to,
        time_zone=filters.time_zone,
        limit=page.limit,
        cursor=page.cursor,
        newest_first=page.order is Order.NEWEST,
        **own,
    )
