"""Adds up the results of the messages of one SEND_MESSAGE step, over all of its visits."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from runledger.models.delivery import DeliveryStatus
from runledger.models.records import Attempts, MessageAttempt, MessageCounts, MessageEvidence
from runledger.nodes.tools import MessageOutcome

# The most attempts that a step lists itself; the run's deliveries list all of them.
MAX_NAMED = 50
# The most contacts listed that could not be compared.
MAX_UNREADABLE = 10
OUTCOMES = ("sent", "partly_sent", "suppressed", "failed")

_SENT = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
_FAILED = (DeliveryStatus.FAILED, DeliveryStatus.DEAD_LETTERED)


class Tally(BaseModel):
    """Counts the step's messages by their result; each attempt is one message. `goals` is the
    number of messages that should be sent: one per recipient if channels are tried one after the
    other, one per recipient and channel if all channels are used. `reached` is the number of goals
    whose message is sent or on its way."""

    model_config = ConfigDict(extra="forbid")

    sent: int = 0
    queued: int = 0
    unknown: int = 0
    suppressed: int = 0
    failed: int = 0
    recipients: int = 0
    goals: int = 0
    reached: int = 0
    attempts: Attempts = Field(default_factory=list)
    delivery_ids: list[str] = Field(default_factory=list)
    first_failure: str | None = None
    first_refusal: str | None = None
    unreadable: int = 0
    first_unreadable: list[dict[str, str]] = Field(default_factory=list)

    def add_unreadable(self, contact_id: str, problem: str) -> None:
        """Counts a contact whose values could not be compared, so that it is unknown whether it
        matches."""
        self.unreadable += 1
        if len(self.first_unreadable) < MAX_UNREADABLE:
            self.first_unreadable.append({"contactId": contact_id, "problem": problem})

    def add(
        self, recipient: str, made: Iterable[tuple[str, MessageOutcome]], *, each_counts: bool
    ) -> None:
        """Counts the attempts for one recipient. `made` has a pair for each attempt: the channel
        and the outcome. With `each_counts`, the recipient should get one message on each channel,
        so each attempt adds one to `goals`. Otherwise, one message on any channel is enough, so all
        attempts together add one to `goals`."""
        self.recipients += 1
        reached = []
        for channel, outcome in made:
            kind = _kind(outcome)
            setattr(self, kind, getattr(self, kind) + 1)
            reached.append(kind in ("sent", "queued"))
            why = f"{channel}: {outcome.reason or 'no reason is known'}"
            if kind == "failed":
                self.first_failure = self.first_failure or why
            elif kind == "suppressed":
                self.first_refusal = self.first_refusal or why
            if len(self.attempts) < MAX_NAMED:
                self.attempts.append(_attempt(recipient, channel, outcome))
                self.delivery_ids.append(outcome.delivery_id)
        self.goals += len(reached) if each_counts else 1
        self.reached += sum(reached) if each_counts else any(reached)

    @property
    def counts(self) -> dict[str, int]:
        """The step's output."""
        return {
            "sent": self.sent,
            "queued": self.queued,
            "unknown": self.unknown,
            "suppressed": self.suppressed,
            "failed": self.failed,
        }

    @property
    def evidence(self) -> MessageEvidence:
        """The first delivery attempts (with the total number, if there are more), and the contacts
        for whom the segment's rules could not be evaluated."""
        total = sum(self.counts.values())
        unreadable: MessageCounts = {}
        if self.unreadable:
            unreadable = {"notCompared": self.unreadable, "notComparedFirst": self.first_unreadable}
        if total <= len(self.attempts):
            return {"attempts": self.attempts, **unreadable}
        return {
            **unreadable,
            "attempts": self.attempts,
            "attemptCount": total,
            "recipientCount": self.recipients,
        }

    @property
    def outcome(self) -> str:
        """The outcome of the step. A message counts as neither sent nor failed if it is unknown
        whether the provider has it."""
        if self.goals and self.reached == self.goals:
            return "sent"
        if self.reached or self.unknown:
            return "partly_sent"
        return "failed" if self.failed else "suppressed"


def is_over(outcome: MessageOutcome) -> bool:
    """Whether the message was certainly not sent, so that another channel may be tried."""
    return _kind(outcome) in ("suppressed", "failed")


def _kind(outcome: MessageOutcome) -> str:
    if outcome.is_unknown:
        return "unknown"
    if outcome.status in _SENT:
        return "sent"
    if outcome.status in _FAILED:
        return "failed"
    return "suppressed" if outcome.status is DeliveryStatus.SUPPRESSED else "queued"


def _attempt(recipient: str, channel: str, outcome: MessageOutcome) -> MessageAttempt:
    return {
        "recipient": recipient,
        "channel": channel,
        "deliveryId": outcome.delivery_id,
        "status": "UNKNOWN" if outcome.is_unknown else outcome.status.value,
        "reason": outcome.reason,
    }
