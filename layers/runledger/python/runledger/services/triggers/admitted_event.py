"""An event whose sender is known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.services.triggers.kept_requests import kept_event
from runledger.sources.base import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runledger.models.kept_event import KeptEvent, KeptProof
    from runledger.services.triggers.webhook_targets import Target


@dataclass(frozen=True, slots=True)
class Replaying:
    """The replay of a kept event. `key` is the event's key if it has none of its own, so that an
    interrupted replay which goes on finds the same runs; it also identifies the refusal that the
    replay may leave."""

    key: str
    refusal_id: str
    event: "KeptEvent"


@dataclass(frozen=True, slots=True)
class AdmittedEvent:
    """An event that passed token, rate, size and signature, for the trigger that receives it; or
    one that had passed them and is replayed. `source` is the sender's address; `secrets` returns
    the values that must not be kept."""

    target: "Target"
    received: "Received"
    proof: "KeptProof | None"
    source: str
    secrets: "Callable[[], Iterable[str]]" = tuple
    replaying: Replaying | None = None

    @classmethod
    def replayed(cls, target: "Target", replaying: Replaying) -> "AdmittedEvent":
        kept = replaying.event
        received = Received(
            method=kept.method,
            url="",
            headers=kept.headers,
            query=kept.query,
            body=kept.body,
            received_at=kept.received_at,
        )
        return cls(target, received, kept.proof, kept.source, replaying=replaying)

    def kept(self) -> "KeptEvent":
        """Returns the event as it is kept if it is refused or captured."""
        if self.replaying is not None:
            return self.replaying.event
        return kept_event(
            self.received, source=self.source, proof=self.proof, secrets=self.secrets()
        )
