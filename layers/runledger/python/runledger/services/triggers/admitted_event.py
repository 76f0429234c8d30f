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
    """The replay of a kept event. If the event has no key, `key` is used instead, so that a
    repeated replay finds the runs that an interrupted one opened. `key` also identifies the
    refusal, if the event is refused again."""

    key: str
    refusal_id: str
    event: "KeptEvent"


@dataclass(frozen=True, slots=True)
class AdmittedEvent:
    """An event that passed the checks of token, rate, size and signature, now or before a replay,
    and the trigger that receives it. `source` is the sender's address; `secrets` returns the values
    that must not be kept."""

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
