"""E-mail by Amazon SES (API v2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from runledger.channels.base import Channel, ClientOf, ProviderAnswer, RenderedMessage
from runledger.channels.provider import ask
from runledger.html_mail.parts import html_of
from runledger.models.addresses import ascii_email, normalize_email
from runledger.models.report import BounceKind, FeedbackReport, ReportKind

if TYPE_CHECKING:
    from runledger.models.contact import Contact
    from runledger.models.template import TemplateDocument
    from runledger.settings import ChannelSettings

# Documented for SendEmail. Sending too fast, too much in a day, or while sending is paused are
# passing errors: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
_TRANSIENT = frozenset(
    {"LimitExceededException", "SendingPausedException", "TooManyRequestsException"}
)
_DELIVERY_TAG, _WORKSPACE_TAG = "deliveryId", "workspaceId"

# https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ses.html; the detail is the record
# of https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html, and
# its part of this name has more.
_SOURCE = "aws.ses"
_KINDS: dict[str, tuple[ReportKind, str]] = {
    "Email Delivered": (ReportKind.DELIVERED, "delivery"),
    "Email Bounced": (ReportKind.BOUNCED, "bounce"),
    "Email Complaint Received": (ReportKind.COMPLAINED, "complaint"),
    "Email Rejected": (ReportKind.REJECTED, "reject"),
    "Email Rendering Failed": (ReportKind.FAILED, "failure"),
    "Email Delivery Delayed": (ReportKind.DELAYED, "deliveryDelay"),
}
# https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html#event-publishing-retrieving-sns-contents-bounce-types
_TRANSIENT_BOUNCES = {
    "MailboxFull": BounceKind.MAILBOX_FULL,
    "MessageTooLarge": BounceKind.MESSAGE_REFUSED,
    "ContentRejected": BounceKind.MESSAGE_REFUSED,
    "AttachmentRejected": BounceKind.MESSAGE_REFUSED,
}


class _Mail(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    message_id: str = Field(alias="messageId")
    tags: dict[str, list[str]] = Field(default_factory=dict)


class _Event(BaseModel):
    """The fields of the event that are read."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
    id: str
    detail_type: str = Field(alias="detail-type")
    time: datetime
    detail: dict[str, Any]


class EmailChannel(Channel):
    name: ClassVar[str] = "EMAIL"
    address_kind: ClassVar[str] = "EMAIL"
    has_unsubscribe_header: ClassVar[bool] = True

    def __init__(self, client: ClientOf, settings: "ChannelSettings") -> None:
        self._client = client
        self._sender = settings.sender_email
        self._configuration_set = settings.email_configuration_set

    def address_of(self, contact: "Contact") -> str | None:
        return contact.email

    def normalize(self, address: str) -> str:
        return normalize_email(address)

    def template_problem(self, template: "TemplateDocument") -> tuple[str, str] | None:
        if not template.subject:
            return ("subject", "an e-mail needs a subject")
        if template.body is None and template.html is None:
            return ("body", "an e-mail needs a body or HTML")
        return None

    def html_of(self, text: str) -> str | None:
        return html_of(text)

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        # SES makes one message of both parts (multipart/alternative).
        html = message.html if message.html is not None else self.html_of(message.body)
        request: dict[str, Any] = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [ascii_email(message.address)]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": message.subject or "", "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": message.body, "Charset": "UTF-8"},
                        "Html": {"Data": html, "Charset": "UTF-8"},
                    },
                }
            },
            "EmailTags": [
                {"Name": _DELIVERY_TAG, "Value": message.delivery_id},
                {"Name": _WORKSPACE_TAG, "Value": message.workspace_id},
            ],
        }
        if message.unsubscribe_url is not None:
            request["Content"]["Simple"]["Headers"] = _unsubscribe_headers(message.unsubscribe_url)
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        ses = self._client("sesv2")
        return ask(lambda: ses.send_email(**request), "MessageId", _TRANSIENT)

    def reports(self, event: Mapping[str, Any]) -> tuple[FeedbackReport, ...]:
        if event.get("source") != _SOURCE or event.get("detail-type") not in _KINDS:
            return ()
        read = _Event.model_validate(event)
        mail = _Mail.model_validate(read.detail.get("mail"))
        delivery_id = next(iter(mail.tags.get(_DELIVERY_TAG, ())), None)
        workspace_id = next(iter(mail.tags.get(_WORKSPACE_TAG, ())), None)
        if delivery_id is None or workspace_id is None:
            # Mail of another sender that uses the same configuration set.
            return ()
        kind, part = _KINDS[read.detail_type]
        detail: dict[str, Any] = read.detail.get(part) or {}
        code, message = _reason(detail)
        return (
            FeedbackReport(
                event_id=read.id,
                delivery_id=delivery_id,
                workspace_id=workspace_id,
                kind=kind,
                at=_moment(detail.get("timestamp"), read.time),
                is_permanent=detail.get("bounceType") == "Permanent",
                bounce=_bounce(detail) if kind is ReportKind.BOUNCED else None,
                code=code,
                message=message,
                provider_id=mail.message_id,
            ),
        )


def _unsubscribe_headers(url: str) -> list[dict[str, str]]:
    """Returns the headers by which mail providers offer to unsubscribe with one click: RFC 2369 and
    RFC 8058. SES signs both with DKIM, as RFC 8058 asks:
    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html"""
    return [
        {"Name": "List-Unsubscribe", "Value": f"<{url}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]


def _bounce(detail: Mapping[str, Any]) -> BounceKind:
    match detail.get("bounceType"):
        case "Permanent":
            return BounceKind.PERMANENT
        case "Transient":
            sub_type = str(detail.get("bounceSubType"))
            return _TRANSIENT_BOUNCES.get(sub_type, BounceKind.TEMPORARY)
        case _:
            return BounceKind.UNDETERMINED


def _reason(detail: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Returns SES's code for the event, and the text of the receiving server that explains it."""
    if "bounceType" in detail:
        code = f"{detail['bounceType']}/{detail.get('bounceSubType', 'Undetermined')}"
        recipients = detail.get("bouncedRecipients") or [{}]
        return code, recipients[0].get("diagnosticCode") or recipients[0].get("status")
    if "delayType" in detail:
        recipients = detail.get("delayedRecipients") or [{}]
        return str(detail["delayType"]), recipients[0].get("diagnosticCode")
    if "complainedRecipients" in detail:
        return detail.get("complaintFeedbackType") or "complaint", detail.get("userAgent")
    if "smtpResponse" in detail:
        return None, detail["smtpResponse"]
    return detail.get("templateName"), detail.get("reason") or detail.get("errorMessage")


def _moment(text: Any, else_at: datetime) -> int:
    moment = datetime.fromisoformat(text) if isinstance(text, str) else else_at
    return int(moment.timestamp() * 1_000)
