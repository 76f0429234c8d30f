"""Hands one claimed attempt to its provider, once."""

from typing import TYPE_CHECKING

from runledger.channels.base import RenderedMessage, UnknownOutcomeError
from runledger.models.delivery import Try, TryOutcome
from runledger.observability import log_failure

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.clock import Clock
    from runledger.models.delivery import DeliveryAttempt

# The part of a provider's message that an attempt keeps.
_MESSAGE_CHARACTERS = 500


def send(channel: "Channel", attempt: "DeliveryAttempt", clock: "Clock") -> Try:
    """Sends the attempt and returns the try. Raises nothing: after an unexpected error, the outcome
    is unknown."""
    at = clock()
    message = RenderedMessage(
        delivery_id=attempt.id,
        workspace_id=attempt.workspace_id,
        address=attempt.address,
        subject=attempt.subject,
        body=attempt.body or "",
        consent=attempt.consent,
    )
    try:
        answer = channel.send(message)
    except UnknownOutcomeError as error:
        return _unknown(at, str(error))
    except Exception as error:
        log_failure("channel raised", error, deliveryId=attempt.id)
        return _unknown(at, "sending stopped with an unexpected error")
    if answer.accepted:
        return Try(at=at, outcome=TryOutcome.ACCEPTED, provider_id=answer.provider_id)
    return Try(
        at=at,
        outcome=TryOutcome.TRANSIENT if answer.is_transient else TryOutcome.REFUSED,
        code=answer.code,
        message=answer.message and answer.message[:_MESSAGE_CHARACTERS],
    )


def _unknown(at: int, cause: str) -> Try:
    return Try(at=at, outcome=TryOutcome.UNKNOWN, message=cause[:_MESSAGE_CHARACTERS])
