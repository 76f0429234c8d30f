"""What the fan-out's machine and its function tell each other (statemachines/contact_fan_out)."""

from datetime import date
from enum import StrEnum

from runledger.models.base import WireModel
from runledger.models.schedule import FireSource, MissedReason


class FireOperation(StrEnum):
    BEGIN = "BEGIN"
    PAGE = "PAGE"


class FireInput(WireModel):
    """What an execution starts with. Scheduler tells `scheduled_time` (ISO 8601); the tick tells
    the `day`, and the `version` too where a fire goes on that was begun."""

    workspace_id: str
    automation_id: str
    scheduled_time: str | None = None
    day: date | None = None
    version: int | None = None
    by: FireSource = FireSource.SCHEDULE
    missed: MissedReason | None = None


class FirePlace(WireModel):
    """Which fire it is, how many pages this execution has looked at, and whether there is more
    for it to do. `day` and `version` are null where there was nothing to fire."""

    workspace_id: str
    automation_id: str
    day: date | None
    version: int | None
    pages: int
    goes_on: bool


class FireEvent(WireModel):
    """`input` goes with BEGIN, `fire` with PAGE."""

    operation: FireOperation
    input: FireInput | None = None
    fire: FirePlace | None = None
