"""Withdraws the marketing consent of a person who answers STOP to an SMS, and gives it again after
START.

The answer names a phone number and no workspace. All workspaces of a stack send from the same
number, so STOP counts in every workspace that sent a marketing SMS to the phone. START counts only
in the workspace that sent the newest marketing SMS, because the person most likely answers that
SMS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.channels.sms_answers import answers_in
from runledger.clock import MINUTE, Clock
from runledger.errors import NotFoundError
from runledger.models.consent import (
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    ConsentSource,
)
from runledger.observability import logger

if TYPE_CHECKING:
    from runledger.channels.sms_answers import SmsAnswer
    from runledger.services.contacts.contacts import Contacts
    from runledger.store.contacts import ContactStore
    from runledger.store.deliveries import DeliveryStore, TextedPhone

# By how much two clocks of AWS may differ.
CLOCK_DIFFERENCE = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class SmsAnswers:
    deliveries: "DeliveryStore"
    known: "ContactStore"
    contacts: "Contacts"
    clock: Clock

    def take(self, event: Mapping[str, Any]) -> None:
        """Applies the SMS in an SNS event. The same event again changes nothing. Raises ValueError
        if the event does not match AWS's documentation. No log line names the phone number."""
        for answer in answers_in(event):
            self._apply(answer)

    def _apply(self, answer: "SmsAnswer") -> None:
        known = {"messageId": answer.message_id}
        if answer.is_given is None:
            logger.info("an inbound SMS is neither STOP nor START; it changes nothing", extra=known)
            return
        sent = [] if answer.phone is None else self.deliveries.texted(answer.phone)
        if answer.phone is None or not sent:
            logger.info(
                "an SMS answer came from a phone that got no marketing SMS; it changes nothing",
                extra=known,
            )
            return
        errors = []
        for each in sent[:1] if answer.is_given else sent:
            try:
                self._set(answer, answer.phone, answer.is_given, each)
            except Exception as error:
                # A fault of one workspace must not keep the contact's word from the others.
                errors.append(error)
        if errors:
            raise errors[0]

    def _set(self, answer: "SmsAnswer", phone: str, is_given: bool, sent: "TextedPhone") -> None:
        now = self.clock()
        # The phone decides, not the recipient of that message: the number may have been corrected.
        contact_id = self.known.find_address(sent.workspace_id, "PHONE", phone)
        source = ConsentSource(
            origin=ConsentOrigin.MESSAGE,
            detail=sent.delivery_id,
            # A time in the future would win over every later answer. Small differences of two
            # clocks stay, so that a message delivered twice has the same time twice.
            answered_at=answer.at if answer.at <= now + CLOCK_DIFFERENCE else now,
        )
        try:
            if contact_id is None:
                raise NotFoundError("no contact has this phone number")
            self.contacts.set_consent(
                sent.workspace_id,
                contact_id,
                ConsentPurpose.MARKETING,
                ConsentChannel.SMS,
                is_given,
                source,
            )
        except NotFoundError:
            logger.info(
                "an SMS answer is about a contact that was erased or has another phone now; "
                "it changes nothing",
                extra={"messageId": answer.message_id, "deliveryId": sent.delivery_id},
            )
