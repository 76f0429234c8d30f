"""Erasing a contact: how far it has come. Times are epoch milliseconds."""

from enum import StrEnum
from typing import NamedTuple

from runledger.models.base import Model

# What stands in place of a text that was, or may have been, about a person.
ERASED_TEXT = "erased with the contact"
# Why an open run of an erased contact ended.
CANCEL_REASON = "contact erased"


class ErasureStatus(StrEnum):
    """ERASING: the contact itself is gone, what happened about it is being erased. ERASED: two
    looks found nothing more."""

    ERASING = "ERASING"
    ERASED = "ERASED"


class Address(NamedTuple):
    """`kind` is that of the channels that reach it: EMAIL or PHONE."""

    kind: str
    value: str


class Erasure(Model):
    """One contact's. A *look* goes through everything that the contact's index leads to:
    `position` is how far this one has come, `found_something` whether it found anything that has
    to be looked at again, and `quiet_since` when the first of those ended that did not.
    `blanked_at` is when the last look ended that found something: what was copied before may hold
    the person; `not_before` is when it may end at the earliest.
    `addresses` are known while it goes on only. `revision` grows with every change."""

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
