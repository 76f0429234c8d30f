"""Twilio's signatures. They cover the address and the form's fields or, if the body is not a form,
the address and the body's digest."""

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import quote

from runledger.nodes.source_config import HmacVerify
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.addresses import twilio_addresses
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.refusing import WRONG, is_equal, refuse
from runledger.sources.schemes.signed_text import is_form

_DIGEST = "bodySHA256"


def _rule(signed: str) -> HmacVerify:
    return HmacVerify(
        scheme="HMAC",
        header="X-Twilio-Signature",
        algorithm="SHA1",
        encoding="BASE64",
        signed=signed,
    )


@dataclass(frozen=True, slots=True)
class TwilioScheme:
    sender: str

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        digest = received.query.get(_DIGEST)
        if digest is None:
            return self._fields.verify(received, keys)
        proof = self._address.verify(received, keys)
        # The address is signed, and with it the digest.
        if not is_equal(digest.lower(), hashlib.sha256(received.body).hexdigest()):
            refuse(WRONG, self.sender, f"the body does not match {_DIGEST} in the signed address")
        return replace(proof, covers_body=True)

    def sign(self, unsigned: Received, secret: str) -> Received:
        if is_form(unsigned):
            return self._fields.sign(unsigned, secret)
        digest = hashlib.sha256(unsigned.body).hexdigest()
        mark = "&" if "?" in unsigned.url else "?"
        called = replace(
            unsigned,
            url=f"{unsigned.url}{mark}{_DIGEST}={quote(digest)}",
            query={**unsigned.query, _DIGEST: digest},
        )
        return self._address.sign(called, secret)

    @property
    def fields_rule(self) -> HmacVerify:
        """The rule for a body that is a form. Twilio usually sends forms."""
        return _rule("{url}{form}")

    @property
    def _fields(self) -> HmacScheme:
        return HmacScheme(self.fields_rule, self.sender, twilio_addresses)

    @property
    def _address(self) -> HmacScheme:
        return HmacScheme(_rule("{url}"), self.sender, twilio_addresses)
