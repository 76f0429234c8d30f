"""Events kept for a while as they were received: refused ones, and captured ones."""

from enum import StrEnum

from pydantic import Field

from runledger.models.base import Model


class KeptEvent(Model):
    """A request as it was received, without credentials. `headers` have lower-case names; `body`
    are the raw bytes, still encoded as `content-encoding` says; `received_at` is in epoch
    milliseconds."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    body: bytes
    received_at: int


class CaptureOutcome(StrEnum):
    """The result of a captured event."""

    ACCEPTED = "ACCEPTED"
    IGNORED = "IGNORED"
    REFUSED = "REFUSED"


class Capture(Model):
    """A capture that is under way, on its automation's row: the next events are kept until
    `until` (epoch milliseconds), at most as many as its counter allows. `id` tells captures
    apart."""

    id: str
    until: int
