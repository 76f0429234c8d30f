"""The messages between the export's machine and its function (statemachines/export.asl.json)."""

from enum import StrEnum

from runledger.models.base import WireModel
from runledger.services.bulk.visits import Caught, Place


class ExportOperation(StrEnum):
    """PAGE continues the file; FAIL ends the export without one."""

    PAGE = "PAGE"
    FAIL = "FAIL"


class ExportPlace(Place):
    export_id: str


class ExportEvent(WireModel):
    """What the machine asks the export function to do. `caught` is the error that Step Functions
    caught; only FAIL has it."""

    operation: ExportOperation
    export: ExportPlace
    caught: Caught | None = None
