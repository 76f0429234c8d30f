"""A request for a list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A reader's request, as they wrote it.

    `since` and `until` are dates or times, read in `time_zone` (default UTC) unless they have an
    offset. The statuses of refusals are their reasons. Empty sets mean everything. `channel`,
    `run_id`, `address` (in any format), `error_kind` and `bounce` apply only to deliveries.
    `health` (what open runs do), `error_group`, `recovered` (whether a rerun has completed),
    `rerun_of` (the run that they repeat), `recovery_id` (the recovery that opened them) and `key`
    (`name:value`) apply only to runs."""

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
    error_kind: str | None = None
    bounce: str | None = None
    trigger_types: frozenset[str] = frozenset()
    health: frozenset[str] = frozenset()
    error_group: str | None = None
    recovered: bool | None = None
    rerun_of: str | None = None
    recovery_id: str | None = None
    key: str | None = None
    newest_first: bool = True
    time_zone: str | None = None
