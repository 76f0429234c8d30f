"""TOKEN: the sender sends the secret itself in a header. Nothing is signed."""

from dataclasses import dataclass

from runledger.nodes.source_config import TokenVerify
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.refusing import (
    WRONG,
    header_of,
    is_equal,
    refuse,
    secrets_of,
    with_headers,
)


@dataclass(frozen=True, slots=True)
class TokenScheme:
    rule: TokenVerify
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        secrets = secrets_of(keys, self.sender)
        given = header_of(received, self.rule.header, self.sender)
        prefix = self.rule.prefix.strip()
        if not given.startswith(prefix):
            refuse(
                WRONG, self.sender, f"the header {self.rule.header} does not begin with {prefix}"
            )
        token = given[len(prefix) :].strip()
        if not any(is_equal(token, secret.strip()) for secret in secrets):
            refuse(WRONG, self.sender, f"the secret in the header {self.rule.header} is wrong")
        return Proof()

    def sign(self, unsigned: Received, secret: str) -> Received:
        return with_headers(unsigned, {self.rule.header: self.rule.prefix + secret})
