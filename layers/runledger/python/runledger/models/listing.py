"""The filters of a list, stored so that an export or a bulk cancel reads the same rows later."""

from enum import StrEnum

from runledger.models.base import Model


class ListName(StrEnum):
    """The lists that can be exported."""

    RUNS = "RUNS"
    DELIVERIES = "DELIVERIES"
    REFUSALS = "REFUSALS"
    CONTACTS = "CONTACTS"


class FrozenFilter(Model):
    """The filters of a list at one moment. Rows created later are not included. `since` and `until`
    are epoch milliseconds, both included. If `statuses` is empty, the list has rows of every
    status. In a list of refusals, `statuses` has their reasons. `contact` is an id, or None for no
    filter. `address` and `key` (`name:value`) are as the user typed them. `is_empty` says that no
    row can match.

    `segment_id` names the segment of a list of contacts, and `segment_rules` has its rules at that
    moment, as JSON."""

    statuses: tuple[str, ...] = ()
    automation_id: str | None = None
    contact: str | None = None
    trigger_types: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    error_group: str | None = None
    recovered: bool | None = None
    rerun_of: str | None = None
    recovery_id: str | None = None
    key: str | None = None
    channel: str | None = None
    run_id: str | None = None
    address: str | None = None
    error_kind: str | None = None
    bounce: str | None = None
    segment_id: str | None = None
    segment_rules: str | None = None
    since: int = 0
    until: int
    is_empty: bool = False
