"""Decides whether to retry a call, and how long to wait before the next try.

All tries happen within one visit of the node, so their total time counts toward the time limit of
the node's Step Functions task.
"""

import hashlib
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from runledger.errors import NodeError, NotSentError
from runledger.models.base import Config
from runledger.models.records import TryEnd, TryError
from runledger.nodes.http_status import STATUS_PATTERN, check_range, is_among, status_text
from runledger.nodes.tools import HttpResponse

_TOO_MANY_REQUESTS = 429
_SAFE_METHODS = ("GET", "HEAD")

# A status (a class, a range), or the kind of a failure without an answer.
Occasion = Annotated[
    str,
    StringConstraints(pattern=rf"^({STATUS_PATTERN}|CONNECTION_FAILED|TIMEOUT)$"),
    AfterValidator(check_range),
    BeforeValidator(status_text, json_schema_input_type=int | str),
]


class Retry(Config):
    """How a failed call is retried. Only a call that is safe to repeat is retried: a GET or HEAD, a
    call declared idempotent, or a call that the service certainly did not accept. The service did
    not accept it if no connection was made, or if the answer was 429 with a Retry-After header. If
    the run ends meanwhile, no further call is made."""

    max_tries: int = Field(
        default=3, ge=1, le=5, description="The number of tries, the first included."
    )
    backoff_seconds: int = Field(
        default=1,
        ge=0,
        le=60,
        description="Seconds to wait before the second try; each further wait is twice as long.",
    )
    max_delay_seconds: int = Field(
        default=10,
        ge=1,
        le=120,
        description="The longest wait, in seconds. If the service asks for a longer one by "
        "Retry-After, the call is not retried.",
    )
    retry_on: list[Occasion] = Field(
        default=["CONNECTION_FAILED", "TIMEOUT", "429", "502", "503", "504"],
        min_length=1,
        max_length=20,
        description="The failures to retry: statuses like 503 or 5xx, CONNECTION_FAILED, TIMEOUT.",
    )

    def longest_wait(self) -> int:
        """The sum of all waits between tries, in seconds, if each wait is as long as the config
        allows."""
        return (self.max_tries - 1) * self.max_delay_seconds


NO_RETRY = Retry(max_tries=1)


def is_repeatable(method: str, idempotent: bool) -> bool:
    """Whether a repeated call has no further effect."""
    return method in _SAFE_METHODS or idempotent


def why_not_again(
    policy: Retry,
    tries: int,
    outcome: HttpResponse | NodeError,
    *,
    repeatable: bool,
    now: int,
) -> str | None:
    """Why a failed call is not retried after this number of tries; None if it is retried."""
    if tries >= policy.max_tries:
        return "that was the last try"
    if isinstance(outcome, NodeError):
        occasion, was_refused = outcome.kind in policy.retry_on, isinstance(outcome, NotSentError)
    else:
        occasion = is_among(outcome.status, policy.retry_on)
        was_refused = outcome.status == _TOO_MANY_REQUESTS and retry_after(outcome, now) is not None
    if not occasion:
        return "`retryOn` does not list this failure"
    if not repeatable and not was_refused:
        return "the call is not declared idempotent, and the service may have acted on it"
    asked = None if isinstance(outcome, NodeError) else retry_after(outcome, now)
    if asked is not None and asked > policy.max_delay_seconds:
        return (
            f"the service asks for a wait of {asked:.0f} s, longer than `maxDelaySeconds` "
            f"({policy.max_delay_seconds} s)"
        )
    return None


def seconds_to_wait(
    policy: Retry, tries: int, outcome: HttpResponse | NodeError, *, spread: str, now: int
) -> float:
    """Seconds before the next try. Each delay is shortened by up to a half, depending on a hash of
    `spread`. So calls that failed at the same time are not retried at the same time."""
    delay = min(policy.backoff_seconds * 2.0 ** (tries - 1), policy.max_delay_seconds)
    digest = hashlib.sha256(f"{spread} {tries}".encode()).digest()
    delay *= 1 - digest[0] / 510
    asked = None if isinstance(outcome, NodeError) else retry_after(outcome, now)
    return round(max(delay, asked or 0.0), 3)


def retry_after(response: HttpResponse, now: int) -> float | None:
    """Seconds from `now` (epoch milliseconds) until the service accepts the next call. The header
    has a number of seconds or a date. None if the service did not say."""
    found = (value for name, value in response.headers if name.lower() == "retry-after")
    text = next(found, "").strip()
    if text.isascii() and text.isdecimal():
        # Cut a long number: a value this large is over every limit anyway.
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment.timestamp() - now / 1_000, 0.0)


def try_end(outcome: HttpResponse | NodeError, message: str) -> TryEnd:
    """One try as the history shows it. `message` is the error's message, redacted."""
    if isinstance(outcome, NodeError):
        error: TryError = {"kind": outcome.kind, "message": message}
        if isinstance(outcome, NotSentError):
            return {"error": error, "sent": False}
        return {"error": error}
    return {"status": outcome.status}
