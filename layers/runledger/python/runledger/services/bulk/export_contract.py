"""The messages between the export's machine and its function (statemachines/export.asl.json)."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model, WireModel


class ExportOperation(StrEnum):
    """PAGE continues the file; FAIL ends the export without one."""

    PAGE = "PAGE"
    FAIL = "FAIL"


class ExportPlace(WireModel):
    """The export, the number of this execution, how many visits the execution has made, and whether
    more work is left."""

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
    """`caught` is given with FAIL."""

    operation: ExportOperation
    export: ExportPlace
    caught: Caught | None = None
