"""The event that opens a run, for every type of trigger."""

from typing import Any

from runledger.models.base import Model
from runledger.models.run import TriggerType


class Event(Model):
    """An event. `body` is the received data, as Liquid reads it; `details` are facts of the
    trigger's type, in wire names (`by`, `source`, `dedupeKey`, `upstreamRunId` …). `unreadable`
    says which parts of a damaged event were left out."""

    trigger_type: TriggerType
    details: dict[str, Any]
    body: Any
    unreadable: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """`{"type": …}` with the details, as stored and shown."""
        return {"type": self.trigger_type.value, **self.details}

    @property
    def upstream_run_id(self) -> str | None:
        """The run whose end fired the event, if its trigger is UPSTREAM."""
        return self.details.get("upstreamRunId") if self._is_upstream else None

    @property
    def depth(self) -> int:
        """The length of the chain of runs before the run that the event opens."""
        return int(self.details["depth"]) if self._is_upstream else 0

    @property
    def _is_upstream(self) -> bool:
        return self.trigger_type is TriggerType.UPSTREAM
