"""What all vectors share: their shape, and the standard library's tools to make some of them."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.base import CertificateReader, Received, SourceKeys
from runledger.sources.facts import Properties
from runledger.sources.registry import source_of
from runledger.sources.source import Source

ADDRESS = "https://hooks.example.com/v1/webhooks/in/token"
NOON = 1_769_860_800
FILES = Path(__file__).parent / "sns"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Vector:
    """An authentic request of a sender, with the keys that verify it.

    `origin` is the address where the vector is published, or where the rule that it follows is
    documented. `other` are the keys of somebody else. `tolerance` is in seconds, or None if the
    request has no timestamp. `covers` says what the signature covers, if this differs from what the
    preset declares. `changed` is the body with one signed value changed.
    """

    name: str
    source: dict[str, Any] | None
    origin: str
    published: bool
    received: Received
    keys: SourceKeys
    other: SourceKeys
    tolerance: int | None = None
    signed: bool = False
    event_id: str | None = None
    event_type: str | None = None
    document: Any = None
    covers: Properties | None = None
    changed: bytes | None = None

    @cached_property
    def made(self) -> Source:
        return source_of(
            WebhookIntake.model_validate({"source": self.source, "signed": self.signed})
        )

    @property
    def properties(self) -> Properties:
        return self.made.facts.properties if self.covers is None else self.covers


class FixedCertificate:
    """Reads one certificate, whatever the address."""

    def __init__(self, pem: bytes) -> None:
        self._pem = pem

    def read(self, url: str) -> bytes:
        return self._pem


class AnotherCertificate:
    """Returns the certificate of a stranger instead of the one that is asked for."""

    def read(self, url: str) -> bytes:
        return _another_certificate()


@cache
def _another_certificate() -> bytes:
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def request(body: bytes, headers: dict[str, str], at: int, *, url: str = ADDRESS) -> Received:
    """Returns a POST request that was received `at` this time (epoch milliseconds)."""
    named = {name.lower(): value for name, value in headers.items()}
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return Received("POST", url, {"content-type": "application/json", **named}, query, body, at)


def hexed(secret: bytes, text: bytes, algorithm: Any = hashlib.sha256) -> str:
    return hmac.new(secret, text, algorithm).hexdigest()


def based(secret: bytes, text: bytes, algorithm: Any = hashlib.sha256) -> str:
    return base64.b64encode(hmac.new(secret, text, algorithm).digest()).decode()


def secret(text: str) -> SourceKeys:
    return SourceKeys(secrets=(text,))


def public_key(text: str) -> SourceKeys:
    return SourceKeys(public_keys=(text,))


def certificates(reader: CertificateReader) -> SourceKeys:
    return SourceKeys(certificates=reader)
