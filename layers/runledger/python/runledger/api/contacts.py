"""Contacts as the API shows them. Times are ISO 8601 UTC strings."""

from typing import Any, TypeVar

from pydantic import Field

from runledger.models.base import WireModel
from runledger.models.consent import ConsentChannel, ConsentOrigin, ConsentPurpose, Consents
from runledger.models.contact import ExternalIdName

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


class ConsentChangeView(WireModel):
    """A recorded change of a consent."""

    purpose: ConsentPurpose = Field(description="The messages that the consent is for.")
    channel: ConsentChannel | None = Field(
        description="The channel, or null if the consent was changed for all channels."
    )
    is_given: bool = Field(description="true: the contact agreed. false: it withdrew the consent.")
    at: str = Field(
        description="When the consent was changed; for an answer by SMS, when AWS received it."
    )
    origin: ConsentOrigin = Field(
        description="Where it was changed. CONSOLE: by a person in the console. API: by a request "
        "of a program. IMPORT: by an import of contacts. WEBHOOK: by an event. UNSUBSCRIBE: by the "
        "contact, with the link in a message. MESSAGE: by the contact, with STOP or START by SMS."
    )
    by: str | None = Field(
        description="The e-mail address of the member who changed it; null if no member did."
    )
    detail: str | None = Field(
        description="The cause: a text, or the id of an import, automation or delivery."
    )
    given_at: str | None = Field(
        description="When the contact agreed, if that was earlier than the change and is known."
    )


class ConsentsView(WireModel):
    """The consents of a contact, with the record of their changes."""

    consents: Consents = Field(description="What the contact consented to.")
    changes: list[ConsentChangeView] = Field(
        description="The newest 50 changes, newest first. The last change of each consent is "
        "always among them. Consents that were never changed have none."
    )


class ContactRowView(ContactView):
    """A contact in an export, with the record of its consents."""

    consent_changes: list[ConsentChangeView] = Field(
        description="The recorded changes of the contact's consents, newest first."
    )
