"""Amazon SNS: an RSA signature over named fields of the message, with Amazon's certificate.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runledger.clock import SECOND
from runledger.errors import RunledgerError
from runledger.json_body import parse_json
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.refusing import MISSING, WRONG, refuse

# The fields that are signed, in this order; a notification without a subject has no line for it.
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED_FIELDS = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_VERSIONS = ("1", "2")


@dataclass(frozen=True, slots=True)
class SnsScheme:
    """Accepts the messages of one topic. The signed time is that of the publication, and SNS may
    send the message again for hours. So a replay is recognized by the message's id, not by its age.
    """

    topic_arn: str
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        message = self._message(received)
        text = self._signed_text(message)
        version = message.get("SignatureVersion")
        if version not in _VERSIONS:
            refuse(WRONG, self.sender, "SignatureVersion is neither 1 nor 2")
        try:
            signature = base64.b64decode(self._text(message, "Signature"), validate=True)
        except ValueError:
            refuse(WRONG, self.sender, "Signature is not Base64")
        url = self._text(message, "SigningCertURL")
        if keys.certificates is None:
            raise TypeError("no reader of certificates was given")
        self._check(keys.certificates.read(url), version, signature, text, received.received_at)
        return Proof(signed=text, event_id=self._text(message, "MessageId"), covers_body=True)

    def _message(self, received: Received) -> dict[str, Any]:
        """Returns the message. SNS sends it as text/plain."""
        try:
            message = parse_json(received.body)
        except RunledgerError:
            message = None
        if not isinstance(message, dict) or "Signature" not in message:
            refuse(
                MISSING,
                self.sender,
                "the body is not a signed message; turn off raw message delivery for the "
                "subscription",
            )
        if message.get("TopicArn") != self.topic_arn:
            refuse(WRONG, self.sender, "the message does not come from the topic of the trigger")
        return message

    def _signed_text(self, message: dict[str, Any]) -> bytes:
        kind = message.get("Type")
        names = _SIGNED_FIELDS.get(kind) if isinstance(kind, str) else None
        if names is None:
            refuse(WRONG, self.sender, "Type is not one of the types of SNS messages")
        lines = []
        for name in names:
            if name == "Subject" and message.get(name) is None:
                continue
            lines.append(f"{name}\n{self._text(message, name)}\n")
        return "".join(lines).encode()

    def _text(self, message: dict[str, Any], name: str) -> str:
        value = message.get(name)
        if not isinstance(value, str):
            refuse(MISSING, self.sender, f"the message has no text in the field {name}")
        return value

    def _check(
        self, pem: bytes, version: str, signature: bytes, text: bytes, received_at: int
    ) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA1, SHA256
        from cryptography.x509 import load_pem_x509_certificate

        try:
            certificate = load_pem_x509_certificate(pem)
            key = certificate.public_key()
        except ValueError:
            refuse(WRONG, self.sender, "the certificate at SigningCertURL cannot be read")
        now = datetime.fromtimestamp(received_at / SECOND, UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            refuse(
                WRONG, self.sender, "the certificate at SigningCertURL is expired or not valid yet"
            )
        if not isinstance(key, RSAPublicKey):
            refuse(WRONG, self.sender, "the certificate at SigningCertURL has no RSA key")
        try:
            key.verify(signature, text, PKCS1v15(), SHA1() if version == "1" else SHA256())
        except InvalidSignature:
            refuse(
                WRONG,
                self.sender,
                "the signature does not match: the message was changed after it was signed",
            )
