"""Edits of contacts by one caller."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runledger.models.consent import ConsentSource
    from runledger.models.contact import Contact, ContactDocument
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.revisions import ExpectedRevision


@dataclass(frozen=True, slots=True)
class ContactEdits:
    """Creates and edits contacts as `Contacts` does. `source` is recorded for changed consents."""

    contacts: "Contacts"
    source: "ConsentSource"

    def create(self, workspace_id: str, document: "ContactDocument") -> "Contact":
        return self.contacts.create(workspace_id, document, self.source)

    def replace(
        self,
        workspace_id: str,
        contact_id: str,
        document: "ContactDocument",
        expected: "ExpectedRevision",
    ) -> "Contact":
        return self.contacts.replace(workspace_id, contact_id, document, expected, self.source)

    def patch(
        self,
        workspace_id: str,
        contact_id: str,
        changes: dict[str, Any],
        expected: "ExpectedRevision",
    ) -> "Contact":
        return self.contacts.patch(workspace_id, contact_id, changes, expected, self.source)
