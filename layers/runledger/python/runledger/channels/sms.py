"""SMS by AWS End User Messaging SMS (API v2).

SNS is not used, because it writes receipts to a log, without our ids. With this API, our ids are
sent as the context of each message. Receipts arrive as events and contain that context.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from runledger.channels.base import ClientOf, ProviderAnswer, RenderedMessage
from runledger.channels.phone import PhoneChannel
from runledger.channels.provider import ask, not_set_up
from runledger.models.report import BounceKind, FeedbackReport, ReportKind

if TYPE_CHECKING:
    from runledger.settings import ChannelSettings

# TextMessageBody of SendTextMessage.
_MAX_CHARACTERS = 1_600
# Seconds that a carrier may take. A message that is days late does more harm than none.
_TIME_TO_LIVE = 4 * 60 * 60

# Documented for SendTextMessage; a quota may be raised or reset while we retry:
# https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
_TRANSIENT = frozenset({"ServiceQuotaExceededException", "ThrottlingException"})
_DELIVERY_KEY, _WORKSPACE_KEY = "deliveryId", "workspaceId"

# https://docs.aws.amazon.com/sms-voice/latest/userguide/monitor-event-bridge.html
_SOURCE, _DETAIL_TYPE = "aws.sms-voice", "Text Message Delivery Status Updated"
# https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html If a
# carrier sends no receipts, TEXT_SUCCESSFUL is the only event, and final.
_DELIVERED = frozenset({"TEXT_DELIVERED", "TEXT_SUCCESSFUL"})
_BOUNCED = {
    "TEXT_INVALID": BounceKind.PERMANENT,
    "TEXT_UNREACHABLE": BounceKind.TEMPORARY,
    "TEXT_CARRIER_UNREACHABLE": BounceKind.TEMPORARY,
    "TEXT_BLOCKED": BounceKind.BLOCKED,
    "TEXT_CARRIER_BLOCKED": BounceKind.BLOCKED,
}
_FAILED = frozenset({"TEXT_TTL_EXPIRED", "TEXT_UNKNOWN"})
_REJECTED = frozenset({"TEXT_INVALID_MESSAGE", "TEXT_SPAM", "TEXT_PROTECT_BLOCKED"})


class _Detail(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    event_type: str = Field(alias="eventType")
    event_timestamp: int = Field(alias="eventTimestamp")
    is_final: bool = Field(alias="isFinal", default=True)
    message_id: str = Field(alias="messageId")
    description: str | None = Field(alias="messageStatusDescription", default=None)
    context: dict[str, str] = Field(default_factory=dict)


class _Event(BaseModel):
    """The fields of the event that are read."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
    id: str
    detail: _Detail


class SmsChannel(PhoneChannel):
    name: ClassVar[str] = "SMS"
    noun: ClassVar[str] = "an SMS"
    max_characters: ClassVar[int] = _MAX_CHARACTERS
    has_answers: ClassVar[bool] = True

    def __init__(self, client: ClientOf, settings: "ChannelSettings") -> None:
        self._client = client
        self._origination = settings.sms_origination_identity
        self._configuration_set = settings.sms_configuration_set

    def send(self, message: RenderedMessage) -> ProviderAnswer:
        if not self._origination:
            return not_set_up(self.name)
        if problem := self.too_long(message.body):
            return ProviderAnswer(accepted=False, code="TooLong", message=problem)
        request: dict[str, Any] = {
            "DestinationPhoneNumber": message.address,
            "OriginationIdentity": self._origination,
            "MessageBody": message.body,
            "MessageType": "PROMOTIONAL" if message.consent == "MARKETING" else "TRANSACTIONAL",
            "TimeToLive": _TIME_TO_LIVE,
            "Context": {
                _DELIVERY_KEY: message.delivery_id,
                _WORKSPACE_KEY: message.workspace_id,
            },
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        sms = self._client("pinpoint-sms-voice-v2")
        return ask(lambda: sms.send_text_message(**request), "MessageId", _TRANSIENT)

    def reports(self, event: Mapping[str, Any]) -> tuple[FeedbackReport, ...]:
        if event.get("source") != _SOURCE or event.get("detail-type") != _DETAIL_TYPE:
            return ()
        read = _Event.model_validate(event)
        detail = read.detail
        delivery_id, workspace_id = (
            detail.context.get(_DELIVERY_KEY),
            detail.context.get(_WORKSPACE_KEY),
        )
        kind, bounce = _kind(detail), _BOUNCED.get(detail.event_type)
        if delivery_id is None or workspace_id is None or kind is None:
            # A message of another sender in this account, or one that is still on its way.
            return ()
        return (
            FeedbackReport(
                event_id=read.id,
                delivery_id=delivery_id,
                workspace_id=workspace_id,
                kind=kind,
                at=detail.event_timestamp,
                is_permanent=bounce is BounceKind.PERMANENT,
                bounce=bounce,
                code=detail.event_type,
                message=detail.description,
                provider_id=detail.message_id,
            ),
        )


def _kind(detail: _Detail) -> ReportKind | None:
    if detail.event_type == "TEXT_SUCCESSFUL" and not detail.is_final:
        return None
    if detail.event_type in _DELIVERED:
        return ReportKind.DELIVERED
    if detail.event_type in _BOUNCED:
        return ReportKind.BOUNCED
    if detail.event_type in _REJECTED:
        return ReportKind.REJECTED
    return ReportKind.FAILED if detail.event_type in _FAILED else None
