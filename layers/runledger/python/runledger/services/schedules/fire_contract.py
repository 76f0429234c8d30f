"""The messages between the state machine statemachines/contact_fan_out and its function."""

from datetime import date
from enum import StrEnum

from runledger.models.base import WireModel
from runledger.models.schedule import FireSource, MissedReason


class FireOperation(StrEnum):
    BEGIN = "BEGIN"
    PAGE = "PAGE"


class FireInput(WireModel):
    """The input of an execution. Scheduler sets `scheduled_time` (ISO 8601). The tick sets `day`,
    and also `version` to continue a fire that was begun."""

    workspace_id: str
    automation_id: str
    scheduled_time: str | None = None
    day: date | None = None
    version: int | None = None
    by: FireSource = FireSource.SCHEDULE
    missed: MissedReason | None = None


class FirePlace(WireModel):
    """The fire, how many pages this execution has looked at, and whether more work is left. `day`
    and `version` are null if there was nothing to fire."""

    workspace_id: str
    automation_id: str
    day: date | None
    version: int | None
    pages: int
    goes_on: bool


class FireEvent(WireModel):
    """What the machine asks its function to do. `input` is given with BEGIN, `fire` with PAGE."""

    operation: FireOperation
    input: FireInput | None = None
    fire: FirePlace | None = None
