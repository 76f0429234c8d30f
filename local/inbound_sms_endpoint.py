"""Plays a person who writes an SMS to the stack's number. The emulator lacks the service that
receives SMS.

`POST /_local/inbound-sms` with `{"from", "body", "keyword"?, "to"?}` publishes the message that AWS
End User Messaging SMS would publish, and answers `{"inboundMessageId", "topics"}`. A number has one
topic; here the message goes to every topic whose policy lets the service publish. The answer is 404
if there is none. The functions get the message afterwards.
"""

import json
import uuid
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import sns
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.asgi import Answer, App, json_answer
from local.local_endpoint import with_endpoint
from local.messages import MESSAGES
from local.patches import guard

PATH = "/_local/inbound-sms"
# The number of the receipts in local/feedback_endpoint.py.
NUMBER = "+12065550152"
_SERVICE = "sms-voice.amazonaws.com"
_SECONDS = 'time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())'
_MILLISECONDS = (
    '(lambda now: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000))'
    ' + f".{now % 1_000:03d}Z")(time.time_ns() // 1_000_000)'
)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sender: str = Field(alias="from", min_length=1)
    body: str
    keyword: str | None = None
    to: str = NUMBER


def apply() -> None:
    """Checks that the emulator has the functions that this module calls. Also patches the emulator
    so that the times in SNS notifications have milliseconds, as on AWS. The stack's code compares
    these times to find the later of two SMS from one person."""
    guard.expect(sns, "publish_internal", "f979fc53e1eb274f")
    guard.expect(sns, "topic_policy_allows", "2c5001e5af7ece8f")
    guard.edit(sns, "_build_envelope", "e7ae25cae4661a17", _SECONDS, _MILLISECONDS)


def with_inbound_sms(app: App) -> App:
    """Wraps the app, so that it also answers requests to PATH."""
    return with_endpoint(app, "POST", PATH, publish)


def publish(body: bytes) -> Answer:
    """Returns the answer to a request to PATH with this body."""
    try:
        asked = Asked.model_validate_json(body)
    except ValidationError as error:
        return json_answer(400, {"message": str(error)})
    topics = [arn for arn in list(sns._topics) if _may_publish(arn)]
    if not topics:
        return json_answer(404, {"message": f"no topic lets {_SERVICE} publish"})
    message = _message(asked)
    for arn in topics:
        sns.publish_internal(arn, json.dumps(message))
    answer = {"inboundMessageId": message["inboundMessageId"], "topics": topics}
    return json_answer(200, answer)


def _may_publish(arn: str) -> bool:
    account = get_account_id()
    # The ARN of the number's two-way channel.
    source = f"arn:aws:sms-voice:{get_region()}:{account}:phone-number/phone-local"
    allowed: bool = sns.topic_policy_allows(arn, _SERVICE, source, account)
    return allowed


def _message(asked: Asked) -> dict[str, Any]:
    """Returns the message in the form of
    https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html."""
    sent = MESSAGES.found(channel="SMS", to=asked.sender)
    return {
        "originationNumber": asked.sender,
        "destinationNumber": asked.to,
        "messageKeyword": asked.keyword or f"KEYWORD_{get_account_id()}",
        "messageBody": asked.body,
        "inboundMessageId": str(uuid.uuid4()),
        **({"previousPublishedMessageId": sent[-1]["messageId"]} if sent else {}),
    }
