"""Contacts as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.contacts import (
    ConsentChangeView,
    ConsentsView,
    ContactRowView,
    ContactView,
)
from runledger.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.models.consent import ConsentChange
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


def consents_view(contact: "Contact", record: "Iterable[ConsentChange]") -> ConsentsView:
    """Returns a contact's consents and their changes. `record` has the oldest change first."""
    return ConsentsView(consents=contact.consents, changes=_changes(record))


def contact_row_view(contact: "Contact", record: "Iterable[ConsentChange]") -> ContactRowView:
    """Returns a contact as a row of an export. `record` has the oldest change first."""
    view = contact_view(contact)
    fields = {name: getattr(view, name) for name in ContactView.model_fields}
    return ContactRowView(**fields, consent_changes=_changes(record))


def _changes(record: "Iterable[ConsentChange]") -> list[ConsentChangeView]:
    return [_change_view(each) for each in record][::-1]


def _change_view(change: "ConsentChange") -> ConsentChangeView:
    source = change.source
    return ConsentChangeView(
        purpose=change.purpose,
        channel=change.channel,
        is_given=change.is_given,
        at=iso(change.at),
        origin=source.origin,
        by=source.by,
        detail=source.detail,
        # 0: the time is unknown.
        given_at=iso(source.given_at) if source.given_at else None,
    )
