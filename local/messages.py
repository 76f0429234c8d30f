"""Messages that were sent through the emulator, and two services that the emulator lacks.

SMS (`PinpointSMSVoiceV2.SendTextMessage`) and WhatsApp (`POST /v1/whatsapp/send`) are accepted
here. They are authorized as on AWS, and checked enough to detect a wrong call. E-mail is passed on
to the emulator's SES.

`GET /_local/messages` lists all messages, oldest first, as `{channel, messageId, deliveryId,
workspaceId, to, subject, body, at}`; e-mails also have `headers`. `?to=` and `?deliveryId=` filter.
SMS are also in the emulator's mailbox: `/_ministack/sns/sms-messages`.
"""

import base64
import binascii
import json
import re
import time
import uuid
from collections import deque
from typing import Any
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import sns

from local.asgi import (
    Answer,
    App,
    Receive,
    Scope,
    Send,
    headers_of,
    json_answer,
    pass_on,
    read_body,
    send_answer,
)
from local.faults import operation_of

PATH = "/_local/messages"
_KEPT = 5_000
_PHONE = re.compile(r"^\+?[1-9][0-9]{1,18}$")
_MOST_SMS, _MOST_WHATSAPP = 1_600, 4_096

Message = dict[str, Any]


class Messages:
    """The last accepted messages."""

    def __init__(self) -> None:
        self._kept: deque[Message] = deque(maxlen=_KEPT)

    def add(self, channel: str, message_id: str, to: str, body: str, **more: Any) -> None:
        message = {
            "channel": channel,
            "messageId": message_id,
            "to": to,
            "subject": None,
            "body": body,
            "deliveryId": None,
            "workspaceId": None,
            "at": int(time.time() * 1_000),
        }
        self._kept.append({**message, **more})

    def found(self, **wanted: str) -> list[Message]:
        return [
            message
            for message in self._kept
            if all(message[name] == value for name, value in wanted.items())
        ]


MESSAGES = Messages()


def with_messages(app: App) -> App:
    """Wraps the emulator's app, so that it has the SMS and WhatsApp services too, and answers
    requests to PATH."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif (scope["method"], scope["path"]) == ("GET", PATH):
            asked = parse_qs(scope["query_string"].decode())
            wanted = {name: asked[name][0] for name in ("to", "deliveryId") if name in asked}
            await send_answer(send, json_answer(200, {"items": MESSAGES.found(**wanted)}))
        elif (operation := operation_of(scope)) in _SERVICES:
            body = await read_body(receive)
            await send_answer(send, _SERVICES[operation](headers_of(scope), body))
        elif operation == ("ses", "SendEmail"):
            body = await read_body(receive)
            answer = await pass_on(app, scope, body)
            _note_email(body, answer)
            await send_answer(send, answer)
        else:
            await app(scope, receive, send)

    return wrapped


def _note_email(body: bytes, answer: Answer) -> None:
    status, _, answered = answer
    if status != 200:
        return
    asked = json.loads(body)
    tags = {tag["Name"]: tag["Value"] for tag in asked.get("EmailTags", [])}
    content = asked.get("Content", {}).get("Simple", {})
    text = content.get("Body", {}).get("Text", {}).get("Data", "")
    for to in asked.get("Destination", {}).get("ToAddresses", []):
        MESSAGES.add(
            "EMAIL",
            json.loads(answered)["MessageId"],
            to,
            text,
            subject=content.get("Subject", {}).get("Data"),
            deliveryId=tags.get("deliveryId"),
            workspaceId=tags.get("workspaceId"),
            configurationSet=asked.get("ConfigurationSetName"),
            sender=asked.get("FromEmailAddress"),
            headers={each["Name"]: each["Value"] for each in content.get("Headers", [])},
        )


def _denied(headers: dict[str, str], service: str, action: str, resource: str) -> Answer | None:
    """Returns the refusal if the caller may not do this. Also sets the account and region of the
    call."""
    access_key = extract_access_key_id(headers, {})
    set_request_account_id(ministack._request_account_scope(access_key))
    set_request_region(extract_region(headers, {}))
    denied: Answer | None = ministack._enforce_data_plane(
        service,
        f"{service}:{action}",
        headers,
        {},
        str(uuid.uuid4()),
        resource_arn=resource,
        named_resource=resource,
    )
    return denied


def _error(code: str, message: str) -> Answer:
    document = {"__type": code, "Message": message, "message": message}
    headers = {"content-type": "application/json", "x-amzn-errortype": code}
    return 400, headers, json.dumps(document).encode()


def _send_sms(headers: dict[str, str], body: bytes) -> Answer:
    asked = json.loads(body)
    to, text = str(asked.get("DestinationPhoneNumber", "")), str(asked.get("MessageBody", ""))
    sender = str(asked.get("OriginationIdentity", ""))
    resource = sender if sender.startswith("arn:") else "*"
    if denied := _denied(headers, "sms-voice", "SendTextMessage", resource):
        return denied
    if not _PHONE.match(to) or not text.strip() or len(text) > _MOST_SMS:
        return _error("ValidationException", "DestinationPhoneNumber or MessageBody is not valid")
    message_id, context = str(uuid.uuid4()), asked.get("Context", {})
    MESSAGES.add(
        "SMS",
        message_id,
        to,
        text,
        deliveryId=context.get("deliveryId"),
        workspaceId=context.get("workspaceId"),
        messageType=asked.get("MessageType"),
        sender=sender,
    )
    sns._sms_log_for(to).append(
        {
            "PhoneNumber": to,
            "TopicArn": None,
            "SubscriptionArn": None,
            "MessageId": message_id,
            "Message": text,
            "MessageAttributes": {},
            "MessageStructure": None,
            "Subject": None,
        }
    )
    return json_answer(200, {"MessageId": message_id})


def _send_whatsapp(headers: dict[str, str], body: bytes) -> Answer:
    asked = json.loads(body)
    sender = str(asked.get("originationPhoneNumberId", ""))
    if denied := _denied(headers, "social-messaging", "SendWhatsAppMessage", sender):
        return denied
    try:
        message = json.loads(base64.b64decode(asked["message"], validate=True))
        to, text = str(message["to"]), str(message["text"]["body"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        return _error("InvalidParametersException", "the message is not a text message")
    if not _PHONE.match(to) or not text.strip() or len(text) > _MOST_WHATSAPP:
        return _error("InvalidParametersException", "to or text.body is not valid")
    message_id = str(uuid.uuid4())
    MESSAGES.add("WHATSAPP", message_id, to, text, sender=sender)
    return json_answer(200, {"messageId": message_id})


_SERVICES = {
    ("sms-voice", "SendTextMessage"): _send_sms,
    ("social-messaging", "SendWhatsAppMessage"): _send_whatsapp,
}
