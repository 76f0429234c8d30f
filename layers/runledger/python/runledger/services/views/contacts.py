"""Contacts as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.contacts import ContactView
from runledger.clock import iso

if TYPE_CHECKING:
    from runledger.models.contact import Contact


def contact_view(contact: "Contact") -> ContactView:
    return ContactView(
        id=contact.id,
        revision=contact.revision,
        email=contact.email,
        phone=contact.phone,
        external_ids=contact.external_ids,
        first_name=contact.first_name,
        last_name=contact.last_name,
        tags=list(contact.tags),
        consents=contact.consents,
        metadata=contact.metadata,
        created_at=iso(contact.created_at),
        updated_at=iso(contact.updated_at),
    )
