"""The types that all parts of a source use: a request as received, the proof of its sender, the
parsed event and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


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


class CertificateReader(Protocol):
    """Reads the certificates that Amazon SNS signs with."""

    def read(self, url: str) -> bytes:
        """Returns the certificate at an address, as PEM. Raises SignatureRefusedError if the
        address is not one of Amazon SNS or has no certificate, and TransientError if it did not
        answer."""


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """The values with which a source's requests are verified. `secrets` and `public_keys` are the
    accepted ones: the current one first, then the replaced ones that are still accepted.
    `verify_token` answers a handshake. `certificates` reads the certificates of Amazon SNS."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    public_keys: tuple[str, ...] = ()
    verify_token: str | None = field(default=None, repr=False)
    certificates: CertificateReader | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a scheme has proved. `signed` is the text that the signature covers, without its
    timestamp, because a repeat of an event is signed at a new time; None if nothing is signed.
    `event_id` is an id that the signature covers outside the body."""

    signed: bytes | None = None
    event_id: str | None = None
    covers_body: bool = False


class Scheme(Protocol):
    """Verifies requests. A scheme is made once for each config."""

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        """Returns what the request proves. Raises SignatureRefusedError, with the rule that failed,
        if the request does not prove its sender or is malformed. Raises TransientError if a service
        that is needed did not answer."""


@runtime_checkable
class Signer(Protocol):
    """A scheme whose sender and receiver know the same secret, so that we can sign samples."""

    def sign(self, unsigned: Received, secret: str) -> Received:
        """Returns the request as the sender would send it at `received_at`. Raises
        InvalidInputError if the body has no place for the signature."""


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
    and `id` are given where the format itself names them, as CloudEvents does; `id` is unique among
    all senders of this format. For a batch, `batch` has its events, and `document` is the list of
    their documents."""

    document: Any
    type: str | None = None
    id: str | None = None
    batch: "tuple[Parsed, ...]" = ()
