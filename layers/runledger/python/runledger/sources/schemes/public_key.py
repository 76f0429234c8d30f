"""PUBLIC_KEY: the sender signs with its private key, and we hold the public one.

`cryptography` is imported at its first use, because most webhooks do not need it."""

import base64
import binascii
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from runledger.clock import SECOND
from runledger.errors import InvalidInputError
from runledger.nodes.source_config import PublicKeyVerify
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.refusing import WRONG, header_of, refuse
from runledger.sources.schemes.signed_text import (
    SignedParts,
    check_age,
    check_digits,
    form_text,
    placed,
    signed_text,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ED25519_BYTES = 32
_MAX_KEY_CHARACTERS = 2_000
_KINDS = {"ED25519": "an Ed25519 key", "ECDSA_P256": "an ECDSA key on the curve P-256"}


@dataclass(frozen=True, slots=True)
class PublicKeyScheme:
    rule: PublicKeyVerify
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        rule, sender = self.rule, self.sender
        signature = self._decoded(header_of(received, rule.header, sender))
        timestamp = placed(received, None, rule.timestamp_header, None, sender, "timestamp")
        moment = None if timestamp is None else check_digits(timestamp, sender)
        event_id = placed(received, None, rule.id_header, None, sender, "id")
        form = form_text(received, sender) if "{form}" in rule.signed else b""
        parts = SignedParts(timestamp or "", event_id or "", form)
        text = signed_text(rule.signed, received, parts, received.url)
        self._compare(keys.public_keys, signature, text)
        if moment is not None:
            check_age(moment * SECOND, received.received_at, rule.tolerance_seconds, sender)
        return Proof(
            signed=signed_text(rule.signed, received, replace(parts, timestamp=""), received.url),
            event_id=event_id,
            covers_body="{body}" in rule.signed or "{form}" in rule.signed,
        )

    def _compare(self, keys: tuple[str, ...], signature: bytes, text: bytes) -> None:
        texts = [key for key in keys if key]
        if not texts:
            refuse(WRONG, self.sender, "no public key is set, so no event can be verified")
        for key in texts:
            try:
                parsed = parse_public_key(key, self.rule.algorithm)
            except InvalidInputError as error:
                refuse(WRONG, self.sender, str(error))
            if _is_signed(parsed, signature, text):
                return
        refuse(
            WRONG,
            self.sender,
            "the signature does not match: it was made with another key, or the request was "
            "changed on the way",
        )

    def _decoded(self, text: str) -> bytes:
        try:
            if self.rule.encoding == "HEX":
                return binascii.unhexlify(text)
            return base64.b64decode(text, validate=True)
        except ValueError:
            form = "hexadecimal" if self.rule.encoding == "HEX" else "Base64"
            refuse(WRONG, self.sender, f"the header {self.rule.header} is not {form}")


def _is_signed(
    key: "EllipticCurvePublicKey | Ed25519PublicKey", signature: bytes, text: bytes
) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, text, ECDSA(SHA256()))
        else:
            key.verify(signature, text)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def parse_public_key(text: str, algorithm: str) -> "EllipticCurvePublicKey | Ed25519PublicKey":
    """Returns the key of a PEM document or of the Base64 of its DER form; for Ed25519 also of the
    32 bytes in hexadecimal or Base64. Raises InvalidInputError for anything else."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    kind = _KINDS[algorithm]
    raw = _key_bytes(text)
    try:
        if algorithm == "ED25519" and len(raw) == _ED25519_BYTES:
            return Ed25519PublicKey.from_public_bytes(raw)
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInputError(f"the public key is not {kind}", field="publicKey") from error
    if algorithm == "ED25519" and isinstance(key, Ed25519PublicKey):
        return key
    is_curve = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if algorithm == "ECDSA_P256" and isinstance(key, EllipticCurvePublicKey) and is_curve:
        return key
    raise InvalidInputError(f"the public key is not {kind}", field="publicKey")


def _key_bytes(text: str) -> bytes:
    if len(text) > _MAX_KEY_CHARACTERS:
        raise InvalidInputError("the public key is too long", field="publicKey")
    lines = [line.strip() for line in text.strip().splitlines()]
    bare = "".join(line for line in lines if not line.startswith("-----"))
    try:
        if len(bare) == 2 * _ED25519_BYTES:
            return binascii.unhexlify(bare)
        return base64.b64decode(bare, validate=True)
    except ValueError as error:
        raise InvalidInputError(
            "the public key is neither PEM nor Base64 nor hexadecimal", field="publicKey"
        ) from error
