"""Erasures of contacts and their progress. Times are epoch milliseconds."""

from enum import StrEnum

from runledger.models.addresses import Address
from runledger.models.base import Model

# Replaces a text that was, or may have been, about a person.
ERASED_TEXT = "erased with the contact"
# The reason why an open run of an erased contact was canceled.
CANCEL_REASON = "contact erased"


class ErasureStatus(StrEnum):
    """The status of an erasure. ERASING: the contact is deleted, and its history is being erased.
    ERASED: two searches found nothing more to erase."""

    ERASING = "ERASING"
    ERASED = "ERASED"


class Erasure(Model):
    """The erasure of one contact. A *look* is one search through everything in the contact's index.

    - `position` is how far the current look has come.
    - `found_something` says that the current look found rows that need another look.
    - `quiet_since` is the end of the first look that found nothing.
    - `blanked_at` is the end of the last look that found something. Copies made before that time
      may contain personal data.
    - `not_before` is the earliest time at which the erasure may end.
    - `addresses` are kept only until it ends.
    - `revision` grows with every change.
    """

    workspace_id: str
    contact_id: str
    status: ErasureStatus = ErasureStatus.ERASING
    reason: str | None
    requested_by: str
    requested_at: int
    finished_at: int | None = None
    addresses: frozenset[Address] = frozenset()
    position: str | None = None
    found_something: bool = False
    quiet_since: int | None = None
    blanked_at: int
    not_before: int
    due_at: int | None = None
    revision: int = 1
