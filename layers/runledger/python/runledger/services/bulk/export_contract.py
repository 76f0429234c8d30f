"""What the export's machine and its function tell each other (statemachines/export.asl.json)."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model, WireModel


class ExportOperation(StrEnum):
    """PAGE goes on with the file, FAIL ends the export without one."""

    PAGE = "PAGE"
    FAIL = "FAIL"


class ExportPlace(WireModel):
    """Which export it is, which of its executions this is and how often that has visited it, and
    whether there is more for it to do."""

    workspace_id: str
    export_id: str
    attempt: int = 1
    visits: int = 0
    goes_on: bool = True


class Caught(Model):
    """An error as Step Functions caught it."""

    error: str = Field(alias="Error")
    cause: str = Field(default="", alias="Cause")


class ExportEvent(WireModel):
    """`caught` goes with FAIL."""

    operation: ExportOperation
    export: ExportPlace
    caught: Caught | None = None
