"""What a list was asked to show: on the wire, and frozen so that it shows the same later."""

from enum import StrEnum

from runledger.models.base import Model


class ListName(StrEnum):
    """The lists that can be exported."""

    RUNS = "RUNS"
    DELIVERIES = "DELIVERIES"
    REFUSALS = "REFUSALS"


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
