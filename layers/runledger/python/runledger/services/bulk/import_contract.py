"""The messages between the machine of imports and its function
(statemachines/contact_import.asl.json)."""

from enum import StrEnum

from runledger.models.base import WireModel
from runledger.services.bulk.visits import Caught, Place


class ImportOperation(StrEnum):
    """ROWS continues the import; FAIL ends it as FAILED and keeps the rows that were written."""

    ROWS = "ROWS"
    FAIL = "FAIL"


class ImportPlace(Place):
    import_id: str


class ImportEvent(WireModel):
    """What the machine asks the import function to do. `caught` is the error that Step Functions
    caught; only FAIL has it."""

    operation: ImportOperation
    place: ImportPlace
    caught: Caught | None = None
