"""The event that opens a run, whatever fired it."""

from typing import Any

from runledger.models.base import Model
from runledger.models.run import TriggerType


class Event(Model):
    """`body` is what came in, as Liquid reads it; `details` are facts of the trigger's type, in
    wire words (`by`, `source`, `dedupeKey`, `upstreamRunId` …). `unreadable` as of a run."""

    trigger_type: TriggerType
    details: dict[str, Any]
    body: Any
    unreadable: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """`{"type": …}` and the details beside it, as they are stored and shown."""
        return {"type": self.trigger_type.value, **self.details}

    @property
    def upstream_run_id(self) -> str | None:
        """The run whose end fired it, where one did."""
        return self.details.get("upstreamRunId") if self._is_upstream else None

    @property
    def depth(self) -> int:
        """How many runs came one after the other before the one that it opens."""
        return int(self.details["depth"]) if self._is_upstream else 0

    @property
    def _is_upstream(self) -> bool:
        return self.trigger_type is TriggerType.UPSTREAM
