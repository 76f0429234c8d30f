"""What a list was asked to show: on the wire, and frozen so that it shows the same later."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from runledger.models.base import Model, WireModel


class ListName(StrEnum):
    RUNS = "RUNS"
    DELIVERIES = "DELIVERIES"
    REFUSALS = "REFUSALS"


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class FilterDocument(WireModel):
    """A list's filters, by the names that they have in its address. `status` is of runs and
    deliveries, `reason` of refusals, `trigger_type` of runs and
    refusals, `error_group` of runs, `channel`,
    `run_id` and `address` of deliveries."""

    status: Several = Field(default=(), description="One or several.")
    reason: Several = Field(default=(), description="One or several.")
    automation_id: str | None = None
    contact: str | None = Field(default=None, description="An id, an e-mail or a phone.")
    trigger_type: Several = Field(default=(), description="One or several.")
    error_group: str | None = Field(default=None, description="The id of a failure group.")
    channel: str | None = None
    run_id: str | None = None
    address: str | None = Field(default=None, description="An e-mail or a phone, as pasted.")
    range: str | None = Field(default=None, description="24h, 7d or 30d.")
    from_: str | None = Field(default=None, alias="from", description="ISO 8601.")
    to: str | None = Field(default=None, description="ISO 8601.")


class FilterView(WireModel):
    """A list's filters as they were frozen: the contact by its id, the range by its ends."""

    status: list[str]
    reason: list[str]
    automation_id: str | None
    contact: str | None
    trigger_type: list[str]
    error_group: str | None
    channel: str | None
    run_id: str | None
    address: str | None
    from_: str | None = Field(alias="from")
    to: str


class FrozenFilter(Model):
    """A list as it was at one moment: rows made later are none of it. `since` and `until` are
    epoch milliseconds, both included; no `statuses` mean every one (of refusals they are the
    reasons). `contact` is an id, None also where nobody is meant, and `address` as it was pasted;
    `is_empty` tells that no row can match."""

    statuses: tuple[str, ...] = ()
    automation_id: str | None = None
    contact: str | None = None
    trigger_types: tuple[str, ...] = ()
    error_group: str | None = None
    channel: str | None = None
    run_id: str | None = None
    address: str | None = None
    since: int = 0
    until: int
    is_empty: bool = False
