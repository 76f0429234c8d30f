"""Events of providers about one message, as AWS documents them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_EVENTS = Path(__file__).parents[2] / "events"
_SAMPLE = _EVENTS / "delivery_feedback.json"
_SMS_ANSWER = _EVENTS / "delivery_feedback.sms_answer.json"

_AT = "2026-11-22T09:03:41.500Z"
_BOUNCED = [{"emailAddress": "ada@example.com", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
# The part of the record with the details, by detail-type.
_EMAIL_PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "Email Delivered": ("delivery", {"timestamp": _AT, "smtpResponse": "250 ok: accepted"}),
    "Email Bounced": (
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": _BOUNCED,
            "timestamp": _AT,
        },
    ),
    "Email Complaint Received": (
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": "ada@example.com"}],
            "complaintFeedbackType": "abuse",
            "userAgent": "ExampleCorp Feedback Loop (V0.01)",
            "timestamp": _AT,
        },
    ),
    "Email Rejected": ("reject", {"reason": "Bad content"}),
    "Email Rendering Failed": (
        "failure",
        {"errorMessage": "Attribute 'name' is not present", "templateName": "welcome"},
    ),
    "Email Delivery Delayed": (
        "deliveryDelay",
        {
            "delayType": "MailboxFull",
            "delayedRecipients": [
                {"emailAddress": "ada@example.com", "diagnosticCode": "smtp; 452 4.2.2 full"}
            ],
            "timestamp": _AT,
        },
    ),
}


def email_event(
    detail_type: str,
    delivery_id: str,
    *,
    event_id: str = "event-1",
    workspace_id: str = "ws_demo",
    **part: Any,
) -> dict[str, Any]:
    """Returns an e-mail event; `part` overrides fields of its details."""
    event: dict[str, Any] = json.loads(_SAMPLE.read_text())
    name, fields = _EMAIL_PARTS[detail_type]
    mail = event["detail"]["mail"]
    mail["tags"] |= {"deliveryId": [delivery_id], "workspaceId": [workspace_id]}
    event |= {"id": event_id, "detail-type": detail_type}
    event["detail"] = {"eventType": name, "mail": mail, name: {**fields, **part}}
    return event


def sms_event(
    event_type: str,
    delivery_id: str,
    *,
    event_id: str = "event-1",
    workspace_id: str = "ws_demo",
    **detail: Any,
) -> dict[str, Any]:
    """Returns an SMS event; `detail` overrides fields of its detail."""
    status = event_type.removeprefix("TEXT_")
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Text Message Delivery Status Updated",
        "source": "aws.sms-voice",
        "account": "123456789012",
        "time": "2026-11-22T09:03:41Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventType": event_type,
            "eventVersion": "1.0",
            "eventTimestamp": 1_795_338_221_500,
            "isFinal": True,
            "originationPhoneNumber": "+12065550152",
            "destinationPhoneNumber": "+491701234567",
            "isoCountryCode": "DE",
            "messageId": "862a8790-60c0-4430-9b2b-658bdexample",
            "messageRequestTimestamp": 1_795_338_218_120,
            "messageEncoding": "GSM",
            "messageType": "TRANSACTIONAL",
            "messageStatus": status,
            "messageStatusDescription": f"Message is {status.lower()}",
            "context": {"deliveryId": delivery_id, "workspaceId": workspace_id},
            "totalMessageParts": 1,
            "totalMessagePrice": 0.0752,
            "totalCarrierFee": 0.0,
            **detail,
        },
    }


def whatsapp_event(
    kind: str,
    message_id: str,
    *,
    event_id: str = "event-1",
    at: int = 1_795_338_221,
    **detail: Any,
) -> dict[str, Any]:
    """Returns a WhatsApp event. `kind` is the end of its type, such as "Delivered"; `at` is in
    seconds, as in the event; `detail` adds to its detail."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": f"WhatsApp Message {kind}",
        "source": "aws.social-messaging",
        "account": "123456789012",
        "time": "2026-11-22T09:03:41Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "wabaId": "1163793972139053",
            "originationPhoneNumber": "15815555555",
            "originationPhoneNumberId": "574086085794038",
            "messageId": message_id,
            "status": kind.lower(),
            "eventTimestamp": str(at),
            **detail,
        },
    }


def sms_answer(body: str, phone: str, at: int, message_id: str = "answer-1", **more: Any) -> Any:
    """Returns the SNS event of Lambda with an SMS from this phone, received `at` this time (epoch
    milliseconds). `more` overrides fields of AWS's message; a field of None is left out."""
    event: dict[str, Any] = json.loads(_SMS_ANSWER.read_text())
    notification = event["Records"][0]["Sns"]
    message = json.loads(notification["Message"]) | {
        "originationNumber": phone,
        "messageKeyword": "KEYWORD_123456789012",
        "messageBody": body,
        **more,
    }
    kept = {name: value for name, value in message.items() if value is not None}
    moment = datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")
    notification |= {
        "MessageId": message_id,
        "Timestamp": moment.replace("+00:00", "Z"),
        "Message": json.dumps(kept),
    }
    return event
