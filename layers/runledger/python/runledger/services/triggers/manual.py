"""Opens a run by hand, for one contact."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import InvalidInputError, NoContactError, PayloadTooLargeError
from runledger.models.event import Event
from runledger.models.refusal import RefusalReason
from runledger.models.run import TriggerType
from runledger.services.contacts.named_contact import NAME_ONE, named_contact
from runledger.services.triggers.open_run import MAX_BODY_BYTES, OpenedRun, RunRequest
from runledger.services.triggers.refusals import RefusedEvent

if TYPE_CHECKING:
    from runledger.api.runs import RunDocument
    from runledger.models.contact import Contact
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.triggers.open_run import RunOpener
    from runledger.store.automations import AutomationStore


@dataclass(frozen=True, slots=True)
class ManualRuns:
    automations: "AutomationStore"
    contacts: "Contacts"
    opener: "RunOpener"

    def open(
        self, workspace_id: str, automation_id: str, document: "RunDocument", by: str
    ) -> OpenedRun:
        """Opens a run of any active automation, with any type of trigger.

        Raises InvalidInputError, with the field, if there is no such contact, PayloadTooLargeError
        if the payload is too large, and ConflictError if the automation accepts no events. A
        request that opened no run leaves a refusal."""
        automation = self.automations.get(workspace_id, automation_id)
        try:
            contact = self._contact(workspace_id, document)
        except (InvalidInputError, PayloadTooLargeError) as error:
            self.opener.refusals.record(automation, _refused(error, by))
            raise
        key = document.idempotency_key
        request = RunRequest(
            Event(
                trigger_type=TriggerType.MANUAL,
                details={"by": by, "dedupeKey": key, **document.event.details()},
                body=document.payload,
            ),
            dedupe_key=None if key is None else f"manual:{key}",
            source=by,
            must_match=key is not None,
        )
        return self.opener.open(automation, contact, request)

    def _contact(self, workspace_id: str, document: "RunDocument") -> "Contact":
        given_event = [document.payload, document.event.details()]
        if len(json.dumps(given_event, ensure_ascii=False).encode()) > MAX_BODY_BYTES:
            raise PayloadTooLargeError(
                f"payload and event must be at most {MAX_BODY_BYTES} bytes together"
            )
        contact = named_contact(self.contacts, workspace_id, document)
        if contact is None:
            raise InvalidInputError(NAME_ONE, field="contactId")
        return contact


def _refused(error: InvalidInputError | PayloadTooLargeError, by: str) -> RefusedEvent:
    is_unknown = isinstance(error, NoContactError)
    return RefusedEvent(
        trigger_type=TriggerType.MANUAL,
        reason=RefusalReason.NO_CONTACT if is_unknown else RefusalReason.INVALID_PAYLOAD,
        message=error.kept if isinstance(error, InvalidInputError) else str(error),
        source=by,
    )
