"""The transitions of an attempt: its next state after each event. Pure functions, no writes.

QUEUED ──┐                     ┌─► SENT ──► DELIVERED | FAILED   (as the provider reports)
         ├─► PROCESSING (try n)┼─► FAILED                        (refused permanently)
RETRYING ┘        │            ├─► RETRYING                      (refused temporarily, n < 6)
                  │            └─► DEAD_LETTERED                 (refused temporarily, n = 6)
                  └─► its answer is lost: stays PROCESSING until the provider reports. Without a
                      report within UNKNOWN_AFTER: FAILED, OUTCOME_UNKNOWN. Never sent again.
"""

from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate, Try, TryOutcome
from runledger.models.erasure import ERASED_TEXT
from runledger.models.feedback import deciding, status_after
from runledger.models.report import Reports
from runledger.models.run import ErrorDetail

# Before the second try, the third, and so on.
WAITS = (30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
MAX_TRIES = 1 + len(WAITS)
# How long to wait for the provider's report if its answer was lost.
UNKNOWN_AFTER = HOUR
# How late the retry machine may be before another one is started.
MACHINE_GRACE = 2 * MINUTE
# How late a try may be before it is given up.
GIVE_UP_AFTER = DAY
# From the first try, or the request to resend, to the last change that we make ourselves.
LONGEST_LIFE = sum(WAITS) + GIVE_UP_AFTER + UNKNOWN_AFTER

_UNKNOWN = "the provider's answer was lost: the message may or may not have been sent"


def kept_until(now: int, retention: int) -> int:
    """Returns when an attempt that is made now expires: after the retention, but never while the
    attempt may still be unfinished."""
    return now + max(retention, LONGEST_LIFE)


def suppressed(attempt: DeliveryAttempt, gate: Gate, now: int) -> DeliveryAttempt:
    """Returns a new attempt as SUPPRESSED, because this gate refused it. It is never sent."""
    error = ErrorDetail(node_id=attempt.node_id, kind="SUPPRESSED", message=gate.reason)
    return attempt.changed(
        status=DeliveryStatus.SUPPRESSED,
        tries=0,
        error=error,
        settled_at=now,
        next_try_at=None,
        due_at=None,
        generation=0,
    )


def claimed(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns a waiting attempt as PROCESSING: its next try begins now. Its due time is set now, so
    that the tick finds the attempt if the process dies during the try."""
    begun = attempt.changed(tries=attempt.tries + 1)
    return _became(begun, DeliveryStatus.PROCESSING, now, due_at=now + UNKNOWN_AFTER)


def tried(attempt: DeliveryAttempt, made: Try, now: int) -> DeliveryAttempt:
    """Returns the attempt after its current try ended. `made` is the record of that try."""
    logged = attempt.changed(tries_log=(*_logged(attempt), made))
    match made.outcome:
        case TryOutcome.ACCEPTED:
            taken = logged.changed(provider_id=made.provider_id, error=None)
            return _became(taken, DeliveryStatus.SENT, now)
        case TryOutcome.REFUSED:
            refused = logged.changed(error=_error(attempt, "PROVIDER_REFUSED", made))
            return _became(refused, DeliveryStatus.FAILED, now)
        case TryOutcome.TRANSIENT:
            put_off = logged.changed(error=_error(attempt, "PROVIDER_UNAVAILABLE", made))
            if attempt.tries >= MAX_TRIES:
                return _became(put_off, DeliveryStatus.DEAD_LETTERED, now)
            next_try_at = now + WAITS[attempt.tries - 1]
            return _became(
                put_off.changed(generation=max(attempt.generation, 1)),
                DeliveryStatus.RETRYING,
                now,
                next_try_at=next_try_at,
                due_at=next_try_at + MACHINE_GRACE,
            )
        case TryOutcome.UNKNOWN:
            return found_unknown(attempt, now, made)


def found_unknown(attempt: DeliveryAttempt, now: int, made: Try | None = None) -> DeliveryAttempt:
    """Marks the outcome of the current try as unknown, because its answer was lost. Changes nothing
    if it is marked already."""
    if attempt.unknown_since is not None or attempt.status is not DeliveryStatus.PROCESSING:
        return attempt
    made = made or Try(at=now, outcome=TryOutcome.UNKNOWN)
    return attempt.changed(
        tries_log=(*_logged(attempt), made),
        error=_unknown(attempt, made),
        unknown_since=now,
        due_at=now + UNKNOWN_AFTER,
        revision=attempt.revision + 1,
    )


def given_up_unknown(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns the attempt as FAILED, because its outcome was unknown and no report came in time."""
    lost = Try(at=now, outcome=TryOutcome.UNKNOWN)
    is_logged = len(attempt.tries_log) >= attempt.tries
    log = attempt.tries_log if is_logged else (*attempt.tries_log, lost)
    lost_for_good = attempt.changed(tries_log=log, error=_unknown(attempt, log[-1]))
    return _became(lost_for_good, DeliveryStatus.FAILED, now)


def stopped(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns a waiting attempt as FAILED, because its run was canceled."""
    message = "the run was canceled before the message could be sent"
    error = ErrorDetail(node_id=attempt.node_id, kind="RUN_CANCELED", message=message)
    return _became(attempt.changed(error=error), DeliveryStatus.FAILED, now)


def withheld(attempt: DeliveryAttempt, gate: Gate, now: int) -> DeliveryAttempt:
    """Returns a waiting attempt as SUPPRESSED, because a gate refuses it now."""
    error = ErrorDetail(node_id=attempt.node_id, kind="SUPPRESSED", message=gate.reason)
    refused = attempt.changed(gates=(*attempt.gates, gate), error=error)
    return _became(refused, DeliveryStatus.SUPPRESSED, now)


def erased(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns the attempt after its recipient was erased. A waiting attempt is never sent. The
    history stays, without personal data."""
    if attempt.status in (DeliveryStatus.QUEUED, DeliveryStatus.RETRYING):
        gate = Gate(name="consent", passed=False, reason="the contact was erased")
        attempt = withheld(attempt, gate, now)
    else:
        attempt = attempt.changed(revision=attempt.revision + 1)
    return anonymized(attempt.changed(erased_at=now))


def anonymized(attempt: DeliveryAttempt) -> DeliveryAttempt:
    """Returns the attempt without address, text and free-text reasons. Anything that arrives later,
    such as a provider's report, is anonymized before it is kept."""
    gates = tuple(gate.changed(reason=ERASED_TEXT) for gate in attempt.gates)
    tries = tuple(made.changed(message=None, provider_id=None) for made in attempt.tries_log)
    reports = {
        event_id: report.changed(message=None) for event_id, report in attempt.reports.items()
    }
    error = attempt.error and attempt.error.changed(message=ERASED_TEXT, cause=None)
    return attempt.changed(
        address="",
        subject=None,
        body=None,
        html=None,
        gates=gates,
        tries_log=tries,
        reports=reports,
        error=error,
        provider_id=None,
    )


def given_up(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns a waiting attempt as DEAD_LETTERED, because its next try is too late."""
    last = f": {attempt.error.message}" if attempt.error else ""
    message = f"the next try could not be made within 24 hours{last}"
    cause = attempt.error.cause if attempt.error else None
    error = ErrorDetail(node_id=attempt.node_id, kind="NEVER_TRIED", message=message, cause=cause)
    return _became(attempt.changed(error=error), DeliveryStatus.DEAD_LETTERED, now)


def restarted(attempt: DeliveryAttempt, now: int) -> DeliveryAttempt:
    """Returns a waiting attempt whose retry machine is started, for the first time or again."""
    return attempt.changed(
        generation=attempt.generation + 1,
        due_at=now + MACHINE_GRACE,
        revision=attempt.revision + 1,
    )


def reported(
    attempt: DeliveryAttempt, reports: Reports, provider_id: str | None
) -> DeliveryAttempt:
    """Returns the attempt with these reports, which include its earlier ones.

    A provider that reports about a message has received it, even if its answer to our call was an
    error. So an attempt that waits for its next try is settled too: another try would send the
    message twice.
    """
    after = attempt.changed(reports=dict(reports), provider_id=attempt.provider_id or provider_id)
    return _settled(after, attempt.base_status, attempt.settled_at)


def _became(
    attempt: DeliveryAttempt,
    base: DeliveryStatus,
    now: int,
    *,
    next_try_at: int | None = None,
    due_at: int | None = None,
) -> DeliveryAttempt:
    """Returns the attempt in this status. The due times of the previous status are removed."""
    after = attempt.changed(next_try_at=next_try_at, due_at=due_at, unknown_since=None)
    return _settled(after, base, now)


def _settled(attempt: DeliveryAttempt, base: DeliveryStatus, at: int | None) -> DeliveryAttempt:
    """Returns the attempt with the status that follows from `base` and the attempt's reports.
    `base` is our own status, which began at `at`. If a report decides the status, `settled_at` is
    the time of that report, otherwise `at`. The result does not depend on the order in which
    reports arrive."""
    status = status_after(base, attempt.reports)
    decided = deciding(attempt.reports)
    is_same = status is attempt.status
    after = attempt.changed(
        status=status,
        known=None if base is status else base,
        revision=attempt.revision + is_same,
        sequence=attempt.sequence + (not is_same),
        settled_at=None,
    )
    if not status.is_settled:
        return after
    return after.changed(
        settled_at=at if decided is None else decided.at,
        next_try_at=None,
        unknown_since=None,
        due_at=None,
    )


def _logged(attempt: DeliveryAttempt) -> tuple[Try, ...]:
    """Returns the logged tries that came before the current try. The log may already contain the
    current try, if its answer seemed to be lost and arrived later."""
    return attempt.tries_log[: max(attempt.tries - 1, 0)]


def _error(attempt: DeliveryAttempt, kind: str, made: Try) -> ErrorDetail:
    message = made.message or "the provider refused the message"
    cause = f"{made.code}: {message}" if made.code else None
    return ErrorDetail(node_id=attempt.node_id, kind=kind, message=message, cause=cause)


def _unknown(attempt: DeliveryAttempt, made: Try) -> ErrorDetail:
    return ErrorDetail(
        node_id=attempt.node_id, kind="OUTCOME_UNKNOWN", message=_UNKNOWN, cause=made.message
    )
