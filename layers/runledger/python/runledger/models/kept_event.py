"""Events kept for a while as they were received: refused ones, and captured ones. Times are epoch
milliseconds."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model


class KeptProof(Model):
    """What the signature of an event proved. The signature itself is not kept. `signed_digest` is
    the SHA-256 of the signed text in hexadecimal, or None if nothing was signed; `event_id` is an
    id that the signature covered outside the body."""

    signed_digest: str | None = None
    event_id: str | None = None
    covers_body: bool = False


class KeptEvent(Model):
    """A request as it was received, without credentials. `headers` have lower-case names; `body`
    are the raw bytes, still encoded as `content-encoding` says; `source` is the sender's address.
    The webhook's own address is not kept, because it contains the token."""

    method: str
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: bytes
    source: str
    received_at: int
    proof: KeptProof | None = None


class CaptureOutcome(StrEnum):
    """The result of a captured event."""

    ACCEPTED = "ACCEPTED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"


class Capture(Model):
    """A capture that is under way, on its automation's row: the next events are kept until `until`,
    at most as many as its counter allows. `id` tells captures apart."""

    id: str
    until: int


class CapturedEvent(Model):
    """One captured event with its result. `status` is the HTTP status that its sender got; `type`
    and `event_id` are those that the source names; `message` says why it was refused."""

    id: str
    outcome: CaptureOutcome
    status: int
    run_ids: tuple[str, ...] = ()
    refusal_id: str | None = None
    message: str | None = None
    type: str | None = None
    event_id: str | None = None
    event: KeptEvent
