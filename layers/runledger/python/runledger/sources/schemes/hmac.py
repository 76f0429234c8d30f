"""HMAC: a keyed hash of a text made from the request."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from runledger.clock import SECOND
from runledger.errors import InvalidInputError
from runledger.ids import new_token
from runledger.nodes.source_config import HmacVerify
from runledger.paths import parse
from runledger.sources.base import Proof, Received, SourceKeys
from runledger.sources.schemes.refusing import (
    MISSING,
    WRONG,
    header_of,
    refuse,
    secrets_of,
    with_headers,
)
from runledger.sources.schemes.signed_text import (
    AddressForms,
    SignedParts,
    as_called,
    body_value,
    check_age,
    check_digits,
    document_of,
    form_text,
    is_form,
    placed,
    signed_text,
)

_HASHES: dict[str, Callable[..., Any]] = {
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
}
_SAMPLE_ID_CHARACTERS = 24


@dataclass(frozen=True, slots=True)
class HmacScheme:
    """Verifies and signs by one rule. `sender` is the sender's name in refusals. `addresses`
    returns the forms of the address that the sender may have signed. If the rule does not say how a
    secret is encoded, `readings` returns the keys that the secret may stand for."""

    rule: HmacVerify
    sender: str
    addresses: AddressForms = as_called
    readings: Callable[[str], tuple[bytes, ...]] | None = None

    def verify(self, received: Received, keys: SourceKeys) -> Proof:
        secrets = secrets_of(keys, self.sender)
        rule, sender = self.rule, self.sender
        document = None
        if rule.path or rule.timestamp_path or rule.id_path:
            document = document_of(received, sender)
        pairs = self._pairs(received)
        signatures = self._signatures(received, document, pairs)
        timestamp = placed(
            received, document, rule.timestamp_header, rule.timestamp_path, sender, "timestamp"
        )
        if rule.timestamp_key is not None:
            timestamp = self._only(pairs, rule.timestamp_key)
        moment = None if timestamp is None else check_digits(timestamp, sender)
        event_id = placed(received, document, rule.id_header, rule.id_path, sender, "id")
        form = form_text(received, sender) if "{form}" in rule.signed else b""
        parts = SignedParts(timestamp or "", event_id or "", form)
        self._compare(received, parts, secrets, signatures)
        if moment is not None:
            unit = SECOND if rule.timestamp_unit == "SECONDS" else 1
            check_age(moment * unit, received.received_at, rule.tolerance_seconds, sender)
        return Proof(
            signed=signed_text(rule.signed, received, replace(parts, timestamp=""), received.url),
            event_id=event_id,
            covers_body="{body}" in rule.signed or "{form}" in rule.signed,
        )

    def sign(self, unsigned: Received, secret: str) -> Received:
        rule = self.rule
        unit = SECOND if rule.timestamp_unit == "SECONDS" else 1
        parts = SignedParts(
            str(unsigned.received_at // unit), f"msg_{new_token(_SAMPLE_ID_CHARACTERS)}"
        )
        if rule.id_header is not None:
            given = unsigned.headers.get(rule.id_header.lower())
            parts = replace(parts, id=given or parts.id)
        if "{form}" in rule.signed and not is_form(unsigned):
            raise InvalidInputError(
                "the signature covers form fields, so the sample must be a form",
                field="contentType",
            )
        if "{form}" in rule.signed:
            parts = replace(parts, form=form_text(unsigned, self.sender))
        signed = self._with_places(unsigned, parts)
        url = self.addresses(signed.url)[0]
        text = signed_text(rule.signed, signed, parts, url)
        signature = self._encoded(self._digest(text, self._keys(secret)[0]))
        if rule.path is not None:
            return _with_values(signed, {rule.path: signature})
        if rule.signature_key is not None:
            time = f"{rule.timestamp_key}={parts.timestamp}," if rule.timestamp_key else ""
            return with_headers(
                signed, {str(rule.header): f"{time}{rule.signature_key}={signature}"}
            )
        return with_headers(signed, {str(rule.header): rule.prefix + signature})

    def _with_places(self, unsigned: Received, parts: SignedParts) -> Received:
        """Returns the request with its timestamp and id, and an empty place for the signature."""
        rule = self.rule
        headers = {rule.timestamp_header: parts.timestamp, rule.id_header: parts.id}
        signed = with_headers(unsigned, {k: v for k, v in headers.items() if k is not None})
        values = {
            path: value
            for path, value in (
                (rule.timestamp_path, parts.timestamp),
                (rule.id_path, parts.id),
                (rule.path, ""),
            )
            if path is not None
        }
        return _with_values(signed, values) if values else signed

    def _pairs(self, received: Received) -> list[tuple[str, str]]:
        """Returns the pairs of a header such as t=1,v1=ab."""
        rule = self.rule
        if rule.header is None or rule.signature_key is None:
            return []
        written = header_of(received, rule.header, self.sender).split(",")
        split = (pair.strip().partition("=") for pair in written)
        return [(name.strip(), value.strip()) for name, _, value in split]

    def _only(self, pairs: list[tuple[str, str]], key: str) -> str:
        values = [value for name, value in pairs if name == key]
        if len(values) != 1:
            said = "no" if not values else "more than one"
            refuse(MISSING, self.sender, f"the header {self.rule.header} has {said} key {key}")
        return values[0]

    def _signatures(
        self, received: Received, document: Any, pairs: list[tuple[str, str]]
    ) -> list[bytes]:
        """Returns the decoded signatures of the request. Leaves out those without the rule's
        prefix or encoding. Raises SignatureRefusedError if no signature is left."""
        rule, sender = self.rule, self.sender
        if rule.path is not None:
            where, texts = rule.path, [body_value(document, rule.path, sender, "signature")]
        elif rule.signature_key is not None:
            where, texts = str(rule.header), [v for name, v in pairs if name == rule.signature_key]
            if not texts:
                refuse(MISSING, sender, f"the header {where} has no key {rule.signature_key}")
        else:
            where = str(rule.header)
            text = header_of(received, where, sender)
            texts = text.split(rule.separator) if rule.separator else [text]
        texts = [text.strip() for text in texts]
        kept = [text[len(rule.prefix) :] for text in texts if text.startswith(rule.prefix)]
        if not kept:
            refuse(WRONG, sender, f"{where} does not begin with {rule.prefix}")
        found = [raw for raw in map(self._decoded, kept) if raw is not None]
        if not found:
            refuse(WRONG, sender, f"the signature in {where} is not {self._form()}")
        return found

    def _form(self) -> str:
        size = _HASHES[self.rule.algorithm]().digest_size
        if self.rule.encoding == "HEX":
            return f"{2 * size} hexadecimal digits"
        return f"the Base64 of {size} bytes"

    def _decoded(self, text: str) -> bytes | None:
        try:
            if self.rule.encoding == "HEX":
                raw = binascii.unhexlify(text)
            else:
                raw = base64.b64decode(text, validate=True)
        except ValueError:
            return None
        return raw if len(raw) == _HASHES[self.rule.algorithm]().digest_size else None

    def _encoded(self, raw: bytes) -> str:
        return raw.hex() if self.rule.encoding == "HEX" else base64.b64encode(raw).decode()

    def _compare(
        self,
        received: Received,
        parts: SignedParts,
        secrets: tuple[str, ...],
        signatures: list[bytes],
    ) -> None:
        keys = [key for secret in secrets for key in self._keys(secret)]
        forms = self.addresses(received.url) if "{url}" in self.rule.signed else (received.url,)
        for url in forms:
            text = signed_text(self.rule.signed, received, parts, url)
            for key in keys:
                expected = self._digest(text, key)
                if any(hmac.compare_digest(expected, given) for given in signatures):
                    return
        refuse(WRONG, self.sender, self._mismatch(received))

    def _mismatch(self, received: Received) -> str:
        signed = " and ".join(_NAMES[part] for part in _NAMES if f"{{{part}}}" in self.rule.signed)
        hint = f" ({received.url.partition('?')[0]})" if "{url}" in self.rule.signed else ""
        return (
            f"the signature does not match {signed}{hint}: another secret made it, or something "
            "was changed on the way"
        )

    def _digest(self, text: bytes, key: bytes) -> bytes:
        made: bytes = hmac.new(key, text, _HASHES[self.rule.algorithm]).digest()
        return made

    def _keys(self, secret: str) -> tuple[bytes, ...]:
        if self.readings is not None:
            return self.readings(secret)
        bare = secret.removeprefix(self.rule.secret_prefix)
        if self.rule.secret_encoding == "TEXT":
            return (bare.encode("utf-8", "surrogatepass"),)
        raw = decoded_secret(bare)
        if raw is None:
            refuse(WRONG, self.sender, "the secret that is set is not Base64")
        return (raw,)


_NAMES = {
    "method": "the method",
    "url": "the address",
    "form": "the form",
    "id": "the id",
    "timestamp": "the timestamp",
    "body": "the body",
}


def decoded_secret(text: str) -> bytes | None:
    """Returns the bytes of a secret in Base64, with or without padding; None if it is not Base64 or
    empty."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
    return raw or None


def _with_values(received: Received, values: dict[str, str]) -> Received:
    """Returns the request with these values at these paths of its JSON body."""
    try:
        document = json.loads(received.body)
    except ValueError:
        document = None
    for path, value in values.items():
        *way, last = parse(path)
        parent = document
        for step in way:
            parent = parent.setdefault(step, {}) if isinstance(parent, dict) else None
        if not isinstance(parent, dict):
            raise InvalidInputError(
                f"the sample must be a JSON object in which {path} can be set", field="body"
            )
        parent[last] = value
    return replace(received, body=json.dumps(document, ensure_ascii=False).encode())
