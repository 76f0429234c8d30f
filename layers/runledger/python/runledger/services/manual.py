"""Opening a run by hand, for one contact."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import InvalidInputError, PayloadTooLargeError
from runledger.models.run import TriggerType
from runledger.services.open_run import MAX_BODY_BYTES, Opened, TriggerFacts

if TYPE_CHECKING:
    from runledger.models.wire import RunDocument
    from runledger.services.contacts import Contacts
    from runledger.services.open_run import Opener
    from runledger.store.automations import AutomationStore


@dataclass(frozen=True, slots=True)
class ManualRuns:
    automations: "AutomationStore"
    contacts: "Contacts"
    opener: "Opener"

    def open(
        self, workspace_id: str, automation_id: str, document: "RunDocument", by: str
    ) -> Opened:
        """Any active automation can be run by hand, whatever else triggers it.

        InvalidInputError names the field that tells no contact; ConflictError where the
        automation takes no runs."""
        if len(json.dumps(document.payload, ensure_ascii=False).encode()) > MAX_BODY_BYTES:
            raise PayloadTooLargeError(f"the payload is over {MAX_BODY_BYTES} bytes")
        automation = self.automations.get(workspace_id, automation_id)
        given = {
            "contactId": ("id", document.contact_id),
            "email": ("email", document.email),
            "phone": ("phone", document.phone),
        }
        named = {field: pair for field, pair in given.items() if pair[1] is not None}
        if len(named) != 1:
            raise InvalidInputError(
                "name one contact, by contactId, email or phone", field="contactId"
            )
        ((field, (kind, value)),) = named.items()
        try:
            contact = self.contacts.find(workspace_id, kind, value or "")
        except ValueError as error:
            raise InvalidInputError(f"{field}: {error}", field=field) from error
        if contact is None:
            raise InvalidInputError(f"there is no contact with this {field}", field=field)
        key = document.idempotency_key
        facts = TriggerFacts(
            type=TriggerType.MANUAL,
            details={"by": by, "dedupeKey": key},
            body=document.payload,
            dedupe_key=None if key is None else f"manual:{key}",
            source=by,
        )
        return self.opener.open(automation, contact, facts)
