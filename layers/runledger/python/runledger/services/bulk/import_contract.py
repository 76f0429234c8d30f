"""The messages between the machine of imports and its function
(statemachines/contact_import.asl.json)."""

from enum import StrEnum

from runledger.models.base import WireModel
from runledger.services.bulk.visits import Caught, Place


class ImportOperation(StrEnum):
    """ROWS continues the import; FAIL ends it as it is."""

    ROWS = "ROWS"
    FAIL = "FAIL"


class ImportPlace(Place):
    import_id: str


class ImportEvent(WireModel):
    """`caught` is given with FAIL."""

    operation: ImportOperation
    place: ImportPlace
    caught: Caught | None = None
