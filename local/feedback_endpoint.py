"""Sends a provider's report on request. The emulator accepts messages but never reports whether
they arrived.

`POST /_local/feedback` with `{"deliveryId" | "messageId", "kind", "eventId"?, "permanent"?: true}`
puts the event that AWS would send about that message on the default bus. It answers `{"eventId"}`
after the rules have received the event, or 404 if no such message was sent since the start. A
WhatsApp message can only be named by `messageId`, because it is sent without the delivery's id.

The kinds for e-mail are DELIVERED, BOUNCED, COMPLAINED, REJECTED, FAILED and DELAYED. The kinds for
SMS are the event types, such as TEXT_DELIVERED, TEXT_INVALID or TEXT_BLOCKED. Those for WhatsApp
are DELIVERED, READ and FAILED. A request with the same `eventId` again delivers the same event
twice.
"""

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.asgi import Answer, App, json_answer
from local.local_endpoint import with_endpoint
from local.messages import MESSAGES, Message
from local.patches import guard

PATH = "/_local/feedback"


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    deliveryId: str | None = None
    messageId: str | None = None
    kind: str
    eventId: str = Field(default_factory=lambda: str(uuid.uuid4()))
    permanent: bool = True


def apply() -> None:
    """Checks that the emulator's functions that `_put` calls are those for which this module was
    written. Changes nothing in the emulator. Raises guard.PatchError."""
    guard.expect(eventbridge, "_dispatch_event", "d1bfe064f602d11c")
    guard.expect(eventbridge, "_pattern_event_view", "a472224bb7b0d436")


def with_feedback(app: App) -> App:
    """Wraps the app, so that it also answers requests to PATH."""
    return with_endpoint(app, "POST", PATH, report)


def report(body: bytes) -> Answer:
    """Returns the answer to a request to PATH with this body."""
    try:
        asked = Asked.model_validate_json(body)
    except ValidationError as error:
        return json_answer(400, {"message": str(error)})
    named = asked.model_dump(include={"deliveryId", "messageId"}, exclude_none=True)
    found = MESSAGES.found(**named) if named else []
    if not found:
        return json_answer(404, {"message": f"no message was sent with {named}"})
    message = found[-1]
    try:
        source, detail_type, detail = _EVENTS[message["channel"]](message, asked)
    except KeyError:
        return json_answer(400, {"message": f"this channel does not report {asked.kind}"})
    _put(asked.eventId, source, detail_type, detail)
    return json_answer(200, {"eventId": asked.eventId})


def _put(event_id: str, source: str, detail_type: str, detail: dict[str, Any]) -> None:
    event = {
        "EventId": event_id,
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "EventBusName": "default",
        "Time": int(time.time()),
        "Resources": [],
        "Account": get_account_id(),
        "Region": get_region(),
    }
    eventbridge._dispatch_event(event, eventbridge._pattern_event_view(event))


def _email_event(message: Message, asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """Returns an e-mail event in the form of
    https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    recipient = {"emailAddress": message["to"]}
    parts: dict[str, tuple[str, str, str, dict[str, Any]]] = {
        "DELIVERED": (
            "Email Delivered",
            "Delivery",
            "delivery",
            {"timestamp": at, "recipients": [message["to"]], "smtpResponse": "250 2.0.0 Ok"},
        ),
        "BOUNCED": (
            "Email Bounced",
            "Bounce",
            "bounce",
            {
                "bounceType": "Permanent" if asked.permanent else "Transient",
                "bounceSubType": "General" if asked.permanent else "MailboxFull",
                "bouncedRecipients": [
                    {**recipient, "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
                ],
                "timestamp": at,
            },
        ),
        "COMPLAINED": (
            "Email Complaint Received",
            "Complaint",
            "complaint",
            {
                "complainedRecipients": [recipient],
                "complaintFeedbackType": "abuse",
                "timestamp": at,
            },
        ),
        "REJECTED": ("Email Rejected", "Reject", "reject", {"reason": "Bad content"}),
        "FAILED": (
            "Email Rendering Failed",
            "Rendering Failure",
            "failure",
            {"errorMessage": "an attribute is missing", "templateName": "none"},
        ),
        "DELAYED": (
            "Email Delivery Delayed",
            "DeliveryDelay",
            "deliveryDelay",
            {
                "delayType": "MailboxFull",
                "delayedRecipients": [{**recipient, "diagnosticCode": "smtp; 452 4.2.2"}],
                "timestamp": at,
            },
        ),
    }
    detail_type, event_type, name, part = parts[asked.kind]
    mail = {
        "timestamp": at,
        "source": message["sender"],
        "sendingAccountId": get_account_id(),
        "messageId": message["messageId"],
        "destination": [message["to"]],
        "headersTruncated": False,
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [message["configurationSet"]],
            "deliveryId": [message["deliveryId"]],
            "workspaceId": [message["workspaceId"]],
        },
    }
    return "aws.ses", detail_type, {"eventType": event_type, "mail": mail, name: part}


def _sms_event(message: Message, asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """Returns an SMS event in the form of
    https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html."""
    if not asked.kind.startswith("TEXT_"):
        raise KeyError(asked.kind)
    status = asked.kind.removeprefix("TEXT_")
    detail = {
        "eventType": asked.kind,
        "eventVersion": "1.0",
        "eventTimestamp": int(time.time() * 1_000),
        "isFinal": status not in ("QUEUED", "PENDING", "SENT"),
        "originationPhoneNumber": "+12065550152",
        "destinationPhoneNumber": message["to"],
        "messageId": message["messageId"],
        "messageRequestTimestamp": message["at"],
        "messageEncoding": "GSM",
        "messageType": message["messageType"],
        "messageStatus": status,
        "messageStatusDescription": f"the carrier says {status.lower().replace('_', ' ')}",
        "context": {
            "deliveryId": message["deliveryId"],
            "workspaceId": message["workspaceId"],
        },
        "totalMessageParts": 1,
        "totalMessagePrice": 0.0,
        "totalCarrierFee": 0.0,
    }
    return "aws.sms-voice", "Text Message Delivery Status Updated", detail


def _whatsapp_event(message: Message, asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """Returns a WhatsApp event in the form of
    https://docs.aws.amazon.com/social-messaging/latest/userguide/monitor-event-bridge.html."""
    undeliverable = "Message undeliverable"
    error = {"code": 131026, "title": undeliverable, "message": undeliverable}
    more: dict[str, Any] = {
        "DELIVERED": {},
        "READ": {},
        "FAILED": {"errors": [error]},
    }[asked.kind]
    detail = {
        "wabaId": "1163793972139053",
        "originationPhoneNumber": "15815555555",
        "originationPhoneNumberId": "574086085794038",
        "messageId": message["messageId"],
        "status": asked.kind.lower(),
        "eventTimestamp": str(int(time.time())),
        **more,
    }
    return "aws.social-messaging", f"WhatsApp Message {asked.kind.capitalize()}", detail


_EVENTS = {"EMAIL": _email_event, "SMS": _sms_event, "WHATSAPP": _whatsapp_event}
