"""Holding an automation during a partner's outage, and releasing it. Times are epoch
milliseconds."""

from runledger.models.base import Model


class Hold(Model):
    """A hold: runs that are opened from now on do not start until it is released."""

    at: int
    by: str
    reason: str | None = None


class Release(Model):
    """A release under way: the held runs of an automation are started, `rate` a minute.

    `started` counts them. A release ends after two looks a minute apart that find none, because an
    index may lag; `empty_at` is the first of them. `due_at` is when it goes on."""

    workspace_id: str
    automation_id: str
    rate: int
    at: int
    by: str
    started: int = 0
    empty_at: int | None = None
    due_at: int
