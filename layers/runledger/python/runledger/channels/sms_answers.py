"""Answers to an SMS: STOP and START.

AWS End User Messaging SMS publishes each SMS that a number receives to an SNS topic:
https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html The published
message names the phone that the answer came from, but no workspace.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runledger.clock import SECOND
from runledger.models.addresses import normalize_phone
from runledger.models.base import Model
from runledger.texts import clean

# The first ten are AWS's: https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
# The others are from 47 CFR 64.1200(a)(10), or forms of these that people write.
_STOP = frozenset(
    {
        *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD"),
        *("UNSUBSCRIBE", "REVOKE", "OPT OUT", "STOPALL", "STOP ALL", "ARR\u00caT"),
    }
)
# AWS's words for opting in again, on the same page. A consent is given by an exact word only.
_START = frozenset({"START", "UNSTOP"})
# People write a full stop after a word, or quotes around it.
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_DASHES = re.compile("[\u2010-\u2015]")


class SmsAnswer(Model):
    """One SMS that a person sent. `is_given` is True for START, False for STOP, and None for any
    other text. `phone` is in E.164; it is None if the sender is not an ordinary number, but a short
    code, for example. `at` is when AWS received the SMS, in epoch milliseconds. If SNS delivers the
    SMS again, `message_id` and `at` stay the same."""

    message_id: str
    phone: str | None
    is_given: bool | None
    at: int


class _Inbound(BaseModel):
    """The fields of AWS's message that are read."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
    phone: str = Field(alias="originationNumber")
    body: str = Field(alias="messageBody")
    keyword: str | None = Field(alias="messageKeyword", default=None)


class _Notification(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    message_id: str = Field(alias="MessageId")
    at: str = Field(alias="Timestamp", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
    message: str = Field(alias="Message")


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    notification: _Notification = Field(alias="Sns")


class _Event(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True)
    records: list[_Record] = Field(alias="Records")


def answers_in(event: Mapping[str, Any]) -> list[SmsAnswer]:
    """Returns the SMS in an SNS event of Lambda. Raises ValueError, without any text of the event,
    if it differs from AWS's documentation."""
    try:
        records = _Event.model_validate(clean(event)).records
        return [_answer(each.notification) for each in records]
    except ValidationError as error:
        fields = {str(problem["loc"][-1]) for problem in error.errors() if problem["loc"]}
        named = f"; wrong or missing: {', '.join(sorted(fields))}" if fields else ""
        # The error itself quotes the event, with the phone number.
        raise ValueError(f"this is not an inbound SMS as AWS documents it{named}") from None


def _answer(notification: _Notification) -> SmsAnswer:
    inbound = _Inbound.model_validate(clean(_document(notification.message)))
    try:
        phone = normalize_phone(inbound.phone)
    except ValueError:
        phone = None
    return SmsAnswer(
        message_id=notification.message_id,
        phone=phone,
        is_given=_is_given(inbound),
        at=round(datetime.fromisoformat(notification.at).timestamp() * SECOND),
    )


def _document(text: str) -> Any:
    """Returns the parsed JSON, or None if the text is not JSON. No model accepts None, so such a
    text is refused like any other wrong document."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_given(inbound: _Inbound) -> bool | None:
    """Returns True for START, False for STOP, and None for any other text. If AWS found a word for
    STOP in a longer text (`keyword`), that is a withdrawal too, because AWS treats it as one."""
    word = _word(inbound.body)
    if word in _STOP or _word(inbound.keyword or "") in _STOP:
        return False
    return True if word in _START else None


def _word(text: str) -> str:
    """Returns the text in capitals, without the punctuation and spaces around it."""
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text)).upper()
    return " ".join(_AROUND.sub("", folded).split())
