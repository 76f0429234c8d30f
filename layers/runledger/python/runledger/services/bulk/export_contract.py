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
    """`caught` is given with FAIL."""

    operation: ExportOperation
    export: ExportPlace
    caught: Caught | None = None
