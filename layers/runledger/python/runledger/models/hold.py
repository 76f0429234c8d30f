"""Holds on automations during a partner's outage, and their releases. Times are epoch
milliseconds."""

from runledger.models.base import Model


class Hold(Model):
    """A hold on an automation: runs that are opened during the hold start after its release."""

    at: int
    by: str
    reason: str | None = None


class Release(Model):
    """A release in progress: it starts the held runs of an automation, `rate` per minute.

    `started` is the number of started runs. `total` is the number of started and still held runs
    together; None while there are too many held runs to count. A release ends after two searches, a
    minute apart, that find no held run, because an index may lag; `empty_at` is the time of the
    first of them. `due_at` is when the release continues.
    """

    workspace_id: str
    automation_id: str
    rate: int
    at: int
    by: str
    started: int = 0
    total: int | None = None
    empty_at: int | None = None
    due_at: int
