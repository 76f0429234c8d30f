"""What is asked of a list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a reader asked for, as they wrote it. `since` and `until` are dates or moments, which
    are read in `time_zone` (UTC where there is none) unless they name an offset; the statuses
    of refusals are their reasons; empty sets ask for everything. `channel`, `run_id` and
    `address` (as it was pasted) are of deliveries, `error_group` of runs."""

    statuses: frozenset[str]
    automation_id: str | None
    contact: str | None
    range: str | None
    since: str | None
    until: str | None
    limit: int
    cursor: str | None
    channel: str | None = None
    run_id: str | None = None
    address: str | None = None
    trigger_types: frozenset[str] = frozenset()
    error_group: str | None = None
    newest_first: bool = True
    time_zone: str | None = None
