"""WhatsApp by AWS End User Messaging Social.

Its receipts go to a topic of the linked business account, outside this stack. So if the answer to a
message is lost, its outcome stays unknown.
"""

import json
from typing import TYPE_CHECKING, ClassVar

from runledger.channels.base import ClientOf, ProviderAnswer, RenderedMessage
from runledger.channels.phone import PhoneChannel
from runledger.channels.provider import ask, not_set_up

if TYPE_CHECKING:
    from runledger.settings import ChannelSettings

# text.body of a message: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
_MAX_CHARACTERS = 4_096

# Documented for SendWhatsAppMessage and marked as retryable by the service's own model:
# https://docs.aws.amazon.com/social-messaging/latest/APIReference/API_SendWhatsAppMessage.html
_TRANSIENT = frozenset({"ThrottledRequestException"})


class WhatsAppChannel(PhoneChannel):
    name: ClassVar[str] = "WHATSAPP"
    noun: ClassVar[str] = "a WhatsApp message"
    max_characters: ClassVar[int] = _MAX_CHARACTERS

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
