"""How a contact, and the record of its consents, are written as items."""

from typing import TYPE_CHECKING

from runledger.errors import UnreadableError
from runledger.models.consent import ConsentChange, Consents
from runledger.models.contact import Contact
from runledger.observability import logger
from runledger.store import keys
from runledger.store.bodies import compress, decompress
from runledger.store.salvage import DAMAGES
from runledger.store.table import key_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runledger.store.values import Item


def to_item(contact: Contact) -> "Item":
    return {
        **key_attributes(keys.contact(contact.workspace_id, contact.id)),
        "workspaceId": contact.workspace_id,
        "email": contact.email,
        "phone": contact.phone,
        "externalIds": contact.external_ids or None,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "tags": list(contact.tags),
        "consents": _stored_consents(contact.consents),
        # Stored as one value: DynamoDB limits numbers and depth more than JSON does.
        "metadata": compress(contact.metadata),
        "createdAt": contact.created_at,
        "updatedAt": contact.updated_at,
    }


def _stored_consents(consents: Consents) -> "Item":
    """Returns the consents as they are stored. `channels` is left out if it is empty, as it is for
    most contacts."""
    stored = consents.model_dump(mode="json", exclude_none=True)
    if not consents.channels:
        del stored["channels"]
    return stored


def record_item(contact: Contact, record: tuple[ConsentChange, ...]) -> "Item":
    changes = [each.model_dump(mode="json", exclude_none=True) for each in record]
    key = keys.consent_record(contact.workspace_id, contact.id)
    return {**key_attributes(key), "changes": compress(changes)}


def record_of(item: "Item") -> tuple[ConsentChange, ...]:
    return tuple(
        ConsentChange.model_validate({"channel": None, **each})
        for each in decompress(item["changes"])
    )


def from_item(item: "Item") -> Contact:
    """Returns the contact of a row. Raises UnreadableError if the row is damaged."""
    try:
        return Contact(
            workspace_id=item["workspaceId"],
            id=item["sk"],
            email=item.get("email"),
            phone=item.get("phone"),
            external_ids=item.get("externalIds", {}),
            first_name=item.get("firstName"),
            last_name=item.get("lastName"),
            tags=tuple(item["tags"]),
            consents=Consents.model_validate(item["consents"]),
            metadata=decompress(item["metadata"]),
            created_at=item["createdAt"],
            updated_at=item["updatedAt"],
        )
    except DAMAGES as error:
        raise UnreadableError("the stored contact cannot be read") from error


def readable(items: "Iterable[Item]") -> list[Contact]:
    """Returns the contacts of the rows that are not damaged. A damaged one must not keep the others
    from being worked on."""
    found = []
    for item in items:
        try:
            found.append(from_item(item))
        except UnreadableError:
            logger.warning("a contact is damaged", extra={"contactId": item["sk"]})
    return found
