"""State machines of superseded versions. Times are epoch milliseconds."""

from runledger.models.base import Model


class SupersededMachine(Model):
    """A state machine that gets no new runs. `empty_at` is when a listing first found no open run
    of the machine; None if the last listing found some."""

    workspace_id: str
    automation_id: str
    version: int
    superseded_at: int
    empty_at: int | None
