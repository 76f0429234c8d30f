"""Refused and captured events, kept for a limited time as they were received. Times are epoch
milliseconds."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model


class KeptProof(Model):
    """What was verified about an event's signature. The signature itself is not kept.
    `signed_digest` is the SHA-256 of the signed text in hexadecimal, or None if nothing was signed.
    `event_id` is the event's id if the sender signed it outside the body."""

    signed_digest: str | None = None
    event_id: str | None = None
    covers_body: bool = False


class KeptEvent(Model):
    """A request as it was received, without credentials. `headers` have lower-case names. `body`
    has the raw bytes, still encoded as `content-encoding` says. `source` is the sender's address.
    The address of the webhook is not kept, because it contains the token."""

    method: str
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: bytes
    source: str
    received_at: int
    proof: KeptProof | None = None


class CaptureOutcome(StrEnum):
    """How a captured event was handled."""

    ACCEPTED = "ACCEPTED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"


class Capture(Model):
    """The current capture of an automation, stored on its row: the next events are kept until
    `until`, or until the limit of events is reached. `id` is different for each capture."""

    id: str
    until: int


class CapturedEvent(Model):
    """One captured event with its result. `status` is the HTTP status that the sender received.
    `type` and `event_id` are the ones that the event itself states. `message` says why the event
    was refused."""

    id: str
    outcome: CaptureOutcome
    status: int
    run_ids: tuple[str, ...] = ()
    refusal_id: str | None = None
    message: str | None = None
    type: str | None = None
    event_id: str | None = None
    event: KeptEvent
