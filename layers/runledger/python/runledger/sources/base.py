"""What the parts of a source share: one request as received, and the proof of its sender."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """One HTTP request. Header names are in lower case. `url` is the address as the sender wrote
    it, with its query; `query` are the decoded parameters; `received_at` is in epoch
    milliseconds."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: int


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """The values that a source may be proved with. `secrets` are the accepted ones, the current one
    first."""

    secrets: tuple[str, ...] = ()
    public_key: str | None = None
    verify_token: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a scheme has proved. `signed` is the text that the signature covers, or None if nothing
    is signed. `event_id` is an id that the signature covers outside the body."""

    signed: bytes | None = None
    event_id: str | None = None
    covers_body: bool = False


class Scheme(Protocol):
    """Verifies requests. A scheme is made once for each config."""

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        """Raises SignatureRefusedError, which names the rule that failed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the sender's own form; its body is already text."""

    status: int
    content_type: str = "application/json"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An event after its format was read. `document` is the JSON value as sent, of any type. `type`
    and `id` are given where the format itself names them, as CloudEvents does."""

    document: Any
    type: str | None = None
    id: str | None = None
