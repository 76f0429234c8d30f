"""Receives webhooks: from a request to PENDING runs, or a clear refusal.

The order of the checks (docs/adr): checks that anybody can fail come first, and their refusals are
only counted. A refusal after the signature check is recorded with its event.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import Clock
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    KeyReusedError,
    MethodNotAllowedError,
    NoContactError,
    PayloadTooLargeError,
    RateLimitedError,
    ReentryBlockedError,
    RunledgerError,
    SignatureRefusedError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
)
from runledger.models.event import EventFacts
from runledger.models.kept_event import CaptureOutcome
from runledger.models.refusal import RefusalReason
from runledger.problem_details import status_of
from runledger.services.triggers.admitted_event import AdmittedEvent, Replaying
from runledger.services.triggers.answering import answer_refused, answer_taken
from runledger.services.triggers.event_opening import PartResult, TakenEvent
from runledger.services.triggers.event_reading import EventReader, ReadEvent
from runledger.services.triggers.handshakes import looks_like_handshake
from runledger.services.triggers.open_run import MAX_BODY_BYTES, require_active
from runledger.services.triggers.refusals import RefusedEvent
from runledger.services.triggers.webhook_targets import Target, live_target
from runledger.sources.parsing import MAX_SPLIT_BODY_BYTES

if TYPE_CHECKING:
    from runledger.models.automation import Automation
    from runledger.models.kept_event import KeptEvent
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.services.triggers.captures import Captures
    from runledger.services.triggers.event_opening import EventOpener
    from runledger.services.triggers.handshakes import Handshakes
    from runledger.services.triggers.ignored_events import IgnoredEvents
    from runledger.services.triggers.open_run import OpenedRun
    from runledger.services.triggers.proving import Prover
    from runledger.services.triggers.refusals import Refusals
    from runledger.services.triggers.webhook_request import WebhookRequest
    from runledger.services.triggers.webhook_targets import WebhookTargets
    from runledger.sources.base import Answer, Received


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a request, and the runs and refusals of its event, if the event was
    accepted."""

    answer: "Answer"
    taken: TakenEvent | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The result of an event: `taken`, or an `error`. The trigger may choose the answer to an
    error. `refusal_id` is the refusal that was recorded, if any. `event` is None if the event could
    not be read."""

    target: Target
    taken: TakenEvent | None = None
    error: RunledgerError | None = None
    refusal_id: str | None = None
    event: ReadEvent | None = None

    def require_taken(self) -> TakenEvent:
        if self.error is not None:
            raise self.error
        assert self.taken is not None
        return self.taken


@dataclass(frozen=True, slots=True)
class Webhooks:
    targets: "WebhookTargets"
    prover: "Prover"
    opening: "EventOpener"
    refusals: "Refusals"
    ignored: "IgnoredEvents"
    captures: "Captures"
    handshakes: "Handshakes"
    clock: Clock

    def answer(self, request: "WebhookRequest") -> Answered:
        """Takes an event and returns the answer that its sender wants, or answers a handshake.
        Raises MethodNotAllowedError for methods other than POST. Also raises those errors of
        `receive` that get the API's standard answer instead of one for this sender."""
        found: tuple[Automation, int] | None = None
        received = request.received(self.clock())
        if looks_like_handshake(received):
            found = self.targets.find(request)
            answer = self._handshake(request, received, *found)
            if answer is not None:
                return Answered(answer, None)
        if request.method != "POST":
            raise MethodNotAllowedError(
                f"a webhook does not allow {request.method}; send its events with POST", ("POST",)
            )
        outcome = self._receive(request, found)
        if outcome.error is None:
            taken = outcome.require_taken()
            return Answered(answer_taken(taken), taken)
        answer = answer_refused(outcome.target.intake, outcome.error)
        if answer is None:
            raise outcome.error
        return Answered(answer, None)

    def receive(self, request: "WebhookRequest") -> TakenEvent:
        """Opens the runs of a webhook. Raises NotFoundError for an unknown token.

        For a known token, raises RateLimitedError, PayloadTooLargeError, UnauthorizedError,
        ConflictError (the automation is inactive, the re-entry rule blocks the run, or the
        idempotency key was used for another event), UnsupportedMediaTypeError or InvalidInputError.
        A request with a known token that opened no run leaves a refusal, unless the trigger's
        filter ignored it."""
        return self._receive(request).require_taken()

    def replay(
        self, automation: "Automation", event: "KeptEvent", key: str, refusal_id: str
    ) -> "tuple[list[OpenedRun], str | None]":
        """Sends a kept event through the trigger of an automation's active version, without checks
        of signature and rate. An event without a key of its own gets `key`, so a repeated
        replay finds the same runs. If the event is refused again, the id of the new refusal is
        derived from `key`.

        Returns the runs, and the id of the new refusal if the event or some of its elements were
        refused again. Raises an error of the event that left no refusal."""
        target = live_target(automation)
        admitted = AdmittedEvent.replayed(target, Replaying(key, refusal_id, event))
        outcome = self._take(admitted)
        if outcome.error is not None and outcome.refusal_id is None:
            raise outcome.error
        results = () if outcome.taken is None else outcome.taken.results
        runs = [each.opened for each in results if each.opened is not None]
        return runs, outcome.refusal_id

    def _handshake(
        self,
        request: "WebhookRequest",
        received: "Received",
        automation: "Automation",
        count: int,
    ) -> "Answer | None":
        live = live_target(automation)
        try:
            self.targets.require_within_rate(live, request, count)
            return self.handshakes.answer(live, received)
        except _COUNTED as error:
            self.refusals.tally(automation, _refused(live, request.source, error))
            raise

    def _receive(
        self, request: "WebhookRequest", found: "tuple[Automation, int] | None" = None
    ) -> _Outcome:
        automation, count = found or self.targets.find(request)
        target = live_target(automation)
        received = request.received(self.clock())
        try:
            self.targets.require_within_rate(target, request, count)
            target = self.targets.receiving(target)
            intake = _require_size(target, request)
            proof = self.prover.prove(received, automation, intake)
        except _COUNTED as error:
            refusal = self.refusals.tally(automation, _refused(target, request.source, error))
            outcome = _Outcome(target, error=error, refusal_id=refusal.id)
            if isinstance(error, UnauthorizedError):
                unproved = AdmittedEvent(target, received, None, request.source)
                self._capture(unproved, outcome)
            return outcome
        admitted = AdmittedEvent(
            target,
            received,
            proof,
            request.source,
            lambda: self.prover.secrets(received, automation, intake),
        )
        outcome = self._take(admitted)
        self._capture(admitted, outcome)
        return outcome

    def _take(self, admitted: AdmittedEvent) -> _Outcome:
        """Opens the runs of an admitted event. Leaves a refusal if the event, or an element of it,
        was refused."""
        target, automation = admitted.target, admitted.target.automation
        event: ReadEvent | None = None
        try:
            intake = _require_active(target)
        except ConflictError as error:
            return self._refuse(admitted, error, event)
        try:
            event = EventReader(admitted, intake).read()
            results = self._results(automation, intake, event)
        except _RECORDED as error:
            return self._refuse(admitted, error, event)
        except ConflictError as error:
            # The opener has recorded it, with its contact and the run in the way.
            return _Outcome(target, error=error, refusal_id=error.refusal_id, event=event)
        taken = TakenEvent(target, tuple(results), event.is_split)
        ignored = sum(each.is_ignored for each in results)
        if ignored:
            self.ignored.count(automation, ignored)
        refusal_id = self._record_elements(admitted, taken, event)
        return _Outcome(target, taken, refusal_id=refusal_id, event=event)

    def _results(
        self, automation: "Automation", intake: "WebhookIntake", event: ReadEvent
    ) -> list[PartResult]:
        if event.is_split:
            return self.opening.open_each(automation, intake, event)
        (part,) = event.parts
        if part.request is None:
            return [PartResult(part.index)]
        return [PartResult(part.index, self.opening.open(automation, intake, part.request))]

    def _refuse(
        self, admitted: AdmittedEvent, error: RunledgerError, event: ReadEvent | None
    ) -> _Outcome:
        refused = _refused(admitted.target, admitted.source, error, admitted)
        refusal = self.refusals.record(admitted.target.automation, refused)
        return _Outcome(admitted.target, error=error, refusal_id=refusal.id, event=event)

    def _record_elements(
        self, admitted: AdmittedEvent, taken: TakenEvent, event: ReadEvent
    ) -> str | None:
        """Records the refused elements of a split event as one refusal, because the event is sent
        and replayed as a whole. Returns its id."""
        refused = [each for each in taken.results if each.refused is not None]
        if not refused:
            return None
        first = refused[0]
        assert first.refused is not None
        count = f"{len(refused)} of {len(taken.results)} elements were refused"
        one = _refused(
            admitted.target,
            admitted.source,
            first.refused,
            admitted,
            # The sender repeats the whole event, for example after a fault.
            event_key=event.key,
            before=f"{count}; element {first.index}: ",
        )
        return self.refusals.record(admitted.target.automation, one).id

    def _capture(self, admitted: AdmittedEvent, outcome: _Outcome) -> None:
        automation = outcome.target.automation
        if not self.captures.is_open(automation):
            return
        if outcome.error is None:
            taken = outcome.require_taken()
            status = answer_taken(taken).status
            message = None
            kind = CaptureOutcome.IGNORED if taken.is_ignored else CaptureOutcome.ACCEPTED
            if taken.is_refused:
                kind = CaptureOutcome.REFUSED
            run_ids = [each.opened.run.id for each in taken.results if each.opened is not None]
        else:
            answer = answer_refused(outcome.target.intake, outcome.error)
            status = status_of(outcome.error) if answer is None else answer.status
            message, kind, run_ids = kept_text(outcome.error), CaptureOutcome.REFUSED, []
        facts = EventFacts() if outcome.event is None else outcome.event.facts
        self.captures.note(
            automation,
            admitted.kept(),
            kind,
            status=status,
            run_ids=run_ids,
            refusal_id=outcome.refusal_id,
            message=message,
            type=facts.type,
            event_id=facts.id,
        )


# Count what a stranger can cause without limit.
_COUNTED = (RateLimitedError, ConflictError, PayloadTooLargeError, UnauthorizedError)
_RECORDED = (InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError)
_REASONS: dict[type[RunledgerError], RefusalReason] = {
    RateLimitedError: RefusalReason.RATE_LIMITED,
    UnauthorizedError: RefusalReason.BAD_SIGNATURE,
    NoContactError: RefusalReason.NO_CONTACT,
    ReentryBlockedError: RefusalReason.REENTRY_BLOCKED,
    KeyReusedError: RefusalReason.KEY_REUSED,
    ConflictError: RefusalReason.INACTIVE,
}


def _require_size(target: Target, request: "WebhookRequest") -> "WebhookIntake":
    intake = target.intake
    if intake is None:
        return _require_active(target)
    most = MAX_BODY_BYTES if intake.split is None else MAX_SPLIT_BODY_BYTES
    if len(request.body) > most:
        raise PayloadTooLargeError(f"the body must be at most {most} bytes")
    return intake


def _require_active(target: Target) -> "WebhookIntake":
    """Returns how the active version receives events. Raises ConflictError if the automation
    accepts no events now, or the active version has no webhook trigger."""
    require_active(target.automation)
    if not target.is_live or target.intake is None:
        raise ConflictError("the automation's active version has no webhook trigger")
    return target.intake


def kept_text(error: RunledgerError) -> str:
    """Returns the text of an error that may be stored and shown to the operator."""
    if isinstance(error, InvalidInputError | SignatureRefusedError):
        return error.kept
    return str(error)


def _refused(
    target: Target,
    source: str,
    error: RunledgerError,
    admitted: AdmittedEvent | None = None,
    *,
    event_key: str | None = None,
    before: str = "",
) -> RefusedEvent:
    reasons = (reason for kind, reason in _REASONS.items() if isinstance(error, kind))
    replaying = None if admitted is None else admitted.replaying
    return RefusedEvent(
        trigger_type=target.kind,
        reason=next(reasons, RefusalReason.INVALID_PAYLOAD),
        message=before + kept_text(error),
        source=source,
        event_key=event_key if replaying is None else replaying.key,
        event=None if admitted is None else admitted.kept(),
        is_replayed=replaying is not None,
    )
