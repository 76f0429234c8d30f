"""Makes a kept event from a request: everything that a person or a replay needs, and no credential.

The body stays as it arrived, as a run's payload does. Only known secrets are struck from it: the
automation's own, and the values that proved the sender."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from runledger.models.kept_event import KeptEvent, KeptProof
from runledger.redaction import (
    MIN_SECRET_CHARACTERS,
    REDACTED,
    Redactor,
    is_credential_header,
    is_literal_credential_name,
)
from runledger.sources.kept_bodies import unpacked
from runledger.texts import clean_text

if TYPE_CHECKING:
    from runledger.sources.base import Received

# A gateway takes at most 10,240 bytes of headers.
MAX_HEADERS = 100
MAX_PARAMETERS = 100
# Headers of the way here, not of the sender. The distribution's key is among them.
_OF_THE_WAY = frozenset({"forwarded", "host", "via", "x-viewer-address", "x-sent-content-type"})
# A signature lets anyone who sees it send the same body again.
_SIGNATURE = re.compile(r"signature|hmac")
_OF_THE_WAY_PREFIXES = ("x-forwarded-", "x-amz-", "x-amzn-", "cloudfront-", "x-runledger-edge")


def kept_event(
    received: "Received",
    *,
    source: str,
    proof: KeptProof | None = None,
    secrets: Iterable[str] = (),
) -> KeptEvent:
    """Returns the event to keep. `source` is the sender's address. `secrets` are all values that
    can authenticate the sender, and the values that this request presented."""
    known = sorted({each for each in secrets if len(each) >= MIN_SECRET_CHARACTERS})
    redactor = Redactor({}, known)
    event = KeptEvent(
        method=received.method,
        headers=_headers(received.headers, redactor),
        query=_query(received.query, redactor),
        body=received.body,
        source=source,
        received_at=received.received_at,
        proof=proof,
    )
    return _without_secrets(event, known) if known else event


def _headers(headers: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower in _OF_THE_WAY or lower.startswith(_OF_THE_WAY_PREFIXES):
            continue
        if len(kept) == MAX_HEADERS:
            break
        is_credential = is_credential_header(lower) or _SIGNATURE.search(lower) is not None
        kept[redactor.text(lower)] = REDACTED if is_credential else redactor.text(value)
    return kept


def _query(query: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    return {
        redactor.text(name): (
            REDACTED if is_literal_credential_name(name) else redactor.text(value)
        )
        for name, value in list(query.items())[:MAX_PARAMETERS]
    }


def _without_secrets(event: KeptEvent, secrets: list[str]) -> KeptEvent:
    """Strikes the secrets from the body. A compressed body that contains a secret is kept
    uncompressed."""
    data, _ = unpacked(event)
    struck = _struck(data, secrets)
    if struck == data:
        return event
    gone = ("content-encoding", "content-length")
    headers = {name: each for name, each in event.headers.items() if name not in gone}
    return event.changed(headers=headers, body=struck)


def _struck(body: bytes, secrets: Iterable[str]) -> bytes:
    """Returns the body without these secrets, whether they are written in plain text, in JSON or in
    a form."""
    for secret in secrets:
        text = clean_text(secret)
        forms = {text, quote(text, safe=""), quote_plus(text)}
        forms |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        for form in sorted(forms, key=len, reverse=True):
            body = body.replace(form.encode(), REDACTED.encode())
    return body
