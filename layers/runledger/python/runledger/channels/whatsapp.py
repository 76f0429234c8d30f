"""WhatsApp by AWS End User Messaging Social.

A message cannot carry an id of ours. The answer to our call has AWS's id of the message, and the
receipts, which arrive as events, name the message only by that id. So if the answer is lost, the
outcome stays unknown.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from runledger.channels.base import ClientOf, ProviderAnswer, RenderedMessage
from runledger.channels.phone import PhoneChannel
from runledger.channels.provider import ask, not_set_up
from runledger.models.report import FeedbackReport, ReportKind

if TYPE_CHECKING:
    from runledger.settings import ChannelSettings

# text.body of a message: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
_MAX_CHARACTERS = 4_096

# Documented for SendWhatsAppMessage and marked as retryable by the service's own model:
# https://docs.aws.amazon.com/social-messaging/latest/APIReference/API_SendWhatsAppMessage.html
_TRANSIENT = frozenset({"ThrottledRequestException"})

# https://docs.aws.amazon.com/social-messaging/latest/userguide/monitor-event-bridge.html That page
# lists further types without their fields. A message that was read has arrived.
_SOURCE = "aws.social-messaging"
_KINDS = {
    "WhatsApp Message Delivered": ReportKind.DELIVERED,
    "WhatsApp Message Read": ReportKind.DELIVERED,
    "WhatsApp Message Failed": ReportKind.FAILED,
}


class _Error(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    code: int
    title: str | None = None


class _Detail(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    message_id: str = Field(alias="messageId")
    status: str
    # Seconds, as text.
    event_timestamp: int = Field(alias="eventTimestamp")
    errors: tuple[_Error, ...] = ()


class _Event(BaseModel):
    """The fields of the event that are read."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
    id: str
    detail: _Detail


class WhatsAppChannel(PhoneChannel):
    name: ClassVar[str] = "WHATSAPP"
    noun: ClassVar[str] = "a WhatsApp message"
    max_characters: ClassVar[int] = _MAX_CHARACTERS
    is_found_by_provider_id: ClassVar[bool] = True

    def __init__(self, client: ClientOf, settings: "ChannelSettings") -> None:
        self._client = client
        self._phone_number_id = settings.whatsapp_phone_number_id
        self._api_version = settings.whatsapp_api_version

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        if not self._phone_number_id:
            return not_set_up(self.name)
        if problem := self.too_long(message.body):
            return ProviderAnswer(accepted=False, code="TooLong", message=problem)
        text = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.address,
            "type": "text",
            "text": {"preview_url": False, "body": message.body},
        }
        social = self._client("socialmessaging")
        return ask(
            lambda: social.send_whatsapp_message(
                originationPhoneNumberId=self._phone_number_id,
                metaApiVersion=self._api_version,
                message=json.dumps(text, ensure_ascii=False).encode(),
            ),
            "messageId",
            _TRANSIENT,
        )

    def reports(self, event: Mapping[str, Any]) -> tuple[FeedbackReport, ...]:
        kind = _KINDS.get(str(event.get("detail-type")))
        if event.get("source") != _SOURCE or kind is None:
            return ()
        read = _Event.model_validate(event)
        detail = read.detail
        error = detail.errors[0] if detail.errors else None
        return (
            FeedbackReport(
                event_id=read.id,
                delivery_id=None,
                workspace_id=None,
                kind=kind,
                at=detail.event_timestamp * 1_000,
                code=detail.status if error is None else str(error.code),
                message=None if error is None else error.title,
                provider_id=detail.message_id,
            ),
        )
