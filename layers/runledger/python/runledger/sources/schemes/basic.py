"""BASIC: a user name and the secret as password (RFC 7617). Nothing is signed."""

import base64
from dataclasses import dataclass

from runledger.nodes.source_config import BasicVerify
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.refusing import (
    WRONG,
    header_of,
    is_equal,
    refuse,
    secrets_of,
    with_headers,
)

_HEADER = "Authorization"


@dataclass(frozen=True, slots=True)
class BasicScheme:
    rule: BasicVerify
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        secrets = secrets_of(keys, self.sender)
        kind, _, encoded = header_of(received, _HEADER, self.sender).partition(" ")
        if kind.lower() != "basic":
            refuse(WRONG, self.sender, f"the header {_HEADER} does not begin with Basic")
        try:
            text = base64.b64decode(encoded.strip(), validate=True).decode()
        except ValueError:
            refuse(WRONG, self.sender, f"the header {_HEADER} is not Base64 of UTF-8")
        # A user name has no colon (RFC 7617, section 2), a password may.
        username, _, password = text.partition(":")
        is_user = is_equal(username, self.rule.username)
        is_password = any(is_equal(password, secret) for secret in secrets)
        if not (is_user and is_password):
            refuse(WRONG, self.sender, "the user name or the password is wrong")
        return Proof()

    def sign(self, unsigned: Received, secret: str) -> Received:
        raw = f"{self.rule.username}:{secret}".encode()
        return with_headers(unsigned, {_HEADER: f"Basic {base64.b64encode(raw).decode()}"})
