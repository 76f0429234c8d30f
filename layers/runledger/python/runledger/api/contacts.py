"""Contacts as the API shows them. Times are ISO 8601 UTC strings."""

from typing import Any, TypeVar

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.contact import Consents, ExternalIdName

ItemT = TypeVar("ItemT")


class ExternalIdDocument(WireModel):
    """An id in another system."""

    name: ExternalIdName = Field(description="The name of the external id, e.g. stripe.")
    value: str = Field(description="The id in that system.")


class ContactReference(WireModel):
    """Names a contact by exactly one of its id, e-mail address, phone number and external ids."""

    contact_id: str | None = Field(default=None, description="The contact's id.")
    email: str | None = Field(default=None, description="The contact's e-mail address.")
    phone: str | None = Field(
        default=None, description="The contact's phone number, with its country code."
    )
    external_id: ExternalIdDocument | None = Field(
        default=None, description="One of the contact's ids in other systems."
    )


class ContactView(WireModel):
    """A contact."""

    id: str = Field(description="The contact's id.")
    revision: int = Field(description="Grows with every change. It is the `ETag` without quotes.")
    email: str | None = Field(description="The e-mail address, in lower case.")
    phone: str | None = Field(description="The phone number in E.164 format.")
    external_ids: dict[str, str] = Field(
        description="The contact's ids in other systems, by a name for each system."
    )
    first_name: str | None = Field(description="The first name.")
    last_name: str | None = Field(description="The last name.")
    tags: list[str] = Field(description="The contact's tags.")
    consents: Consents = Field(description="What the contact consented to.")
    metadata: dict[str, Any] = Field(description="Custom fields, of any JSON type.")
    created_at: str = Field(description="When the contact was created.")
    updated_at: str = Field(description="When the contact was last changed.")
