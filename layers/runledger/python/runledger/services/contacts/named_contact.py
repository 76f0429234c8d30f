"""Finds the contact that a request names."""

from typing import TYPE_CHECKING

from runledger.errors import InvalidInputError, NoContactError
from runledger.services.contacts.contacts import EXTERNAL_ID

if TYPE_CHECKING:
    from runledger.api.contacts import ContactReference
    from runledger.models.contact import Contact
    from runledger.services.contacts.contacts import Contacts

NAME_ONE = "name exactly one contact, by contactId, email, phone or externalId"


def named_contact(
    contacts: "Contacts", workspace_id: str, reference: "ContactReference"
) -> "Contact | None":
    """Returns the contact, or None if the request names none. Raises InvalidInputError, with the
    field, if it names several or the value is not valid, and NoContactError if no contact has the
    value."""
    external = reference.external_id
    given: dict[str, tuple[str, str | None, str | None]] = {
        "contactId": ("id", reference.contact_id, None),
        "email": ("email", reference.email, None),
        "phone": ("phone", reference.phone, None),
    }
    if external is not None:
        given[EXTERNAL_ID] = (EXTERNAL_ID, external.value, external.name)
    named = {field: each for field, each in given.items() if each[1] is not None}
    if not named:
        return None
    if len(named) > 1:
        raise InvalidInputError(NAME_ONE, field="contactId")
    ((field, (by, value, name)),) = named.items()
    try:
        contact = contacts.find(workspace_id, by, value or "", name)
    except ValueError as error:
        kept = f"the given {field} is not valid"
        raise InvalidInputError(f"{field}: {error}", field=field, kept=kept) from error
    if contact is None:
        raise NoContactError(f"no contact has this {field}", field=field)
    return contact
