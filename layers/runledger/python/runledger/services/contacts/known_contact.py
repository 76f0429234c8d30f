"""Finds a contact, and distinguishes an erased one from one that never existed."""

from typing import TYPE_CHECKING

from runledger.errors import NotFoundError

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.store.contacts import ContactStore
    from runledger.store.erasures import ErasureStore


def known_contact(
    contacts: "ContactStore", erasures: "ErasureStore", workspace_id: str, contact_id: str
) -> "Contact":
    """Returns the contact. Raises GoneError if it was erased, NotFoundError if it never existed."""
    try:
        return contacts.get(workspace_id, contact_id)
    except NotFoundError:
        erasures.require_not_erased(workspace_id, contact_id)
        raise
