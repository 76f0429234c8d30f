"""Withdraws the marketing consent of a message's recipient, by the link in the message.

Providers of mail and security scanners fetch the links of a message, so only a POST changes
something, and only with the form field of RFC 8058. The same field comes from the button of the
link's page and from a mail provider's own button.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, SECOND, Clock
from runledger.errors import (
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
)
from runledger.models.consent import ConsentOrigin, ConsentPurpose, ConsentSource
from runledger.observability import logger
from runledger.sources.formats.form import read_pairs
from runledger.sources.formats.multipart import read_fields

if TYPE_CHECKING:
    from runledger.services.contacts.contacts import Contacts
    from runledger.services.messages.unsubscribe_links import Recipient, UnsubscribeTokens
    from runledger.store.rates import RateStore
    from runledger.store.workspaces import WorkspaceStore

# RFC 8058, section 3.1: the header's value, which providers send back as the form's only field.
ONE_CLICK = ("List-Unsubscribe", "One-Click")
# The most requests a minute for one link. Links that are not ours are refused before any call to
# AWS, so they are not counted.
MOST_PER_MINUTE = 30
MAX_BODY_BYTES = 10_000
# The name under which the requests are counted, in the place of an automation's id.
_COUNTED_AS = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    tokens: "UnsubscribeTokens"
    contacts: "Contacts"
    workspaces: "WorkspaceStore"
    rates: "RateStore"
    clock: Clock

    def look(self, token: str) -> str:
        """Returns the name of the workspace whose messages the link is about, and changes nothing.
        Raises NotFoundError for a link that is not ours, GoneError for an expired one, and
        RateLimitedError if the link was used too often in this minute."""
        return self._workspace(self._recipient(token))

    def withdraw(self, token: str, body: bytes, content_type: str) -> str:
        """Withdraws the marketing consent on every channel, if it is given, and returns the name of
        the workspace. Does nothing for a contact that was erased. Raises the errors of `look`, and
        InvalidInputError or PayloadTooLargeError if the body is not the form of RFC 8058."""
        recipient = self._recipient(token)
        _require_one_click(body, content_type)
        source = ConsentSource(origin=ConsentOrigin.UNSUBSCRIBE, detail=recipient.delivery_id)
        try:
            self.contacts.set_consent(
                recipient.workspace_id,
                recipient.contact_id,
                ConsentPurpose.MARKETING,
                None,
                False,
                source,
            )
        except NotFoundError:
            logger.info("the contact was erased", extra={"deliveryId": recipient.delivery_id})
        return self._workspace(recipient)

    def _recipient(self, token: str) -> "Recipient":
        recipient = self.tokens.read(token)
        now = self.clock()
        count = self.rates.count(_COUNTED_AS, recipient.delivery_id, now // MINUTE)
        if count > MOST_PER_MINUTE:
            raise RateLimitedError(
                "this link was used too often; try again in a minute",
                retry_after=max(1, -(-(MINUTE - now % MINUTE) // SECOND)),
            )
        return recipient

    def _workspace(self, recipient: "Recipient") -> str:
        return self.workspaces.cached(recipient.workspace_id).name


def _require_one_click(body: bytes, content_type: str) -> None:
    """Raises an error unless the form has the field of a one-click request. RFC 8058 allows both
    types of forms."""
    if len(body) > MAX_BODY_BYTES:
        raise PayloadTooLargeError(f"the form must be at most {MAX_BODY_BYTES} bytes")
    is_multipart = content_type.strip().lower().startswith("multipart/")
    fields = read_fields(body, content_type) if is_multipart else read_pairs(body, content_type)
    if ONE_CLICK not in fields:
        raise InvalidInputError(
            "the form must have the field List-Unsubscribe with the value One-Click"
        )
