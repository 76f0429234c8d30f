"""Erasing a contact: how far it has come. Times are epoch milliseconds."""

from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from runledger.models.base import Model, WireModel

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


class EraseDocument(WireModel):
    """Why a contact is erased."""

    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = Field(
        default=None,
        description="For the record, which stays: name a request or a ticket, not the person.",
    )


class ErasureView(WireModel):
    """How far the erasing of a contact is. It takes some minutes."""

    contact_id: str = Field(description="The contact's id.")
    status: ErasureStatus = Field(description="Whether anything is left to erase.")
    reason: str | None = Field(description="Why it was asked for.")
    requested_by: str = Field(description="The e-mail of the user who asked for it.")
    requested_at: str = Field(description="When it was asked for.")
    finished_at: str | None = Field(description="When nothing was left to erase; null before.")
