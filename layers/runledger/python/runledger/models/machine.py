"""State machines that outlived their version. Times are epoch milliseconds."""

from runledger.models.base import Model


class SupersededMachine(Model):
    """A machine that no new run is started on; `empty_at` is when a listing first found no open
    run of it, None where the last one found some."""

    workspace_id: str
    automation_id: str
    version: int
    superseded_at: int
    empty_at: int | None
