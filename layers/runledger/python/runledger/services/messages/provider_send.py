"""Hands one claimed attempt to its provider, once."""

from typing import TYPE_CHECKING

from runledger.channels.base import RenderedMessage, UnknownOutcomeError
from runledger.models.delivery import Try, TryOutcome
from runledger.models.template import UNSUBSCRIBE_PLACE
from runledger.observability import log_failure

if TYPE_CHECKING:
    from runledger.channels.base import Channel
    from runledger.clock import Clock
    from runledger.models.delivery import DeliveryAttempt
    from runledger.services.messages.unsubscribe_links import UnsubscribeLinks
    from runledger.store.deliveries import DeliveryStore

# The part of a provider's message that an attempt keeps.
_MESSAGE_CHARACTERS = 500


def send(
    channel: "Channel",
    attempt: "DeliveryAttempt",
    links: "UnsubscribeLinks",
    deliveries: "DeliveryStore",
    clock: "Clock",
) -> Try:
    """Sends the attempt and returns the try. Raises nothing: after an unexpected error, the outcome
    is unknown. If the recipient would have no way to unsubscribe, the message is not handed over,
    and a later try follows. That is the case if the unsubscribe link cannot be made, or if the
    record cannot be stored that connects a STOP answer with this message."""
    at = clock()
    try:
        message = _message(channel, attempt, links)
    except Exception as error:
        return _without_way_out(at, attempt, error, "the unsubscribe link could not be made")
    try:
        if channel.has_answers and attempt.consent == "MARKETING":
            # Before the message leaves: its recipient may answer even if this process dies.
            deliveries.note_texted(attempt, at)
    except Exception as error:
        return _without_way_out(at, attempt, error, "a STOP could not be prepared")
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


def _message(
    channel: "Channel", attempt: "DeliveryAttempt", links: "UnsubscribeLinks"
) -> RenderedMessage:
    """Returns the message to hand over. If its text or its header has a place for the recipient's
    unsubscribe link, the link is filled in. Raises AWS's errors as our own."""
    body, html = attempt.body or "", attempt.html
    is_marketing = channel.has_unsubscribe_header and attempt.consent == "MARKETING"
    has_link = UNSUBSCRIBE_PLACE in body or UNSUBSCRIBE_PLACE in (html or "")
    link = None
    if attempt.contact_id is not None and (is_marketing or has_link):
        link = links.of(attempt)
        body = body.replace(UNSUBSCRIBE_PLACE, link)
        html = None if html is None else html.replace(UNSUBSCRIBE_PLACE, link)
    return RenderedMessage(
        delivery_id=attempt.id,
        workspace_id=attempt.workspace_id,
        address=attempt.address,
        subject=attempt.subject,
        body=body,
        html=html,
        consent=attempt.consent,
        unsubscribe_url=link if is_marketing else None,
    )


def _without_way_out(at: int, attempt: "DeliveryAttempt", error: Exception, problem: str) -> Try:
    log_failure(problem, error, deliveryId=attempt.id)
    return Try(at=at, outcome=TryOutcome.TRANSIENT, code="UnsubscribeLink", message=problem)


def _unknown(at: int, cause: str) -> Try:
    return Try(at=at, outcome=TryOutcome.UNKNOWN, message=cause[:_MESSAGE_CHARACTERS])
