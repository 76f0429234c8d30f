"""Signed samples: events as a sender would send them."""

from urllib.parse import parse_qsl, urlsplit

from runledger.errors import ConflictError, SignatureRefusedError
from runledger.ids import new_token
from runledger.sources.base import Received, Signer, SourceKeys
from runledger.sources.facts import SAMPLE_ID, Sample
from runledger.sources.schemes.none import NoScheme
from runledger.sources.source import Source

_ID_CHARACTERS = 16


def sign_sample(source: Source, keys: SourceKeys, sample: Sample, now: int, url: str) -> Received:
    """Returns the request that the sender would make at `now` (epoch milliseconds) to the webhook's
    public address.

    Raises ConflictError if only the sender can sign, or if no usable secret is set, and
    InvalidInputError if the body has no place for the signature."""
    identity = new_token(_ID_CHARACTERS)
    headers = {name.lower(): value for name, value in sample.headers.items()}
    unsigned = Received(
        method="POST",
        url=url,
        headers={
            "content-type": sample.content_type,
            **{name: value.replace(SAMPLE_ID, identity) for name, value in headers.items()},
        },
        query=dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
        body=sample.body.replace(SAMPLE_ID, identity).encode("utf-8", "surrogatepass"),
        received_at=now,
    )
    if isinstance(source.scheme, NoScheme):
        return unsigned
    if not isinstance(source.scheme, Signer):
        raise ConflictError(
            f"only {source.facts.title} can sign its events; send a test event from there"
        )
    secret = next((each for each in keys.secrets if each), None)
    if secret is None:
        raise ConflictError("no secret is set; set one first", status="NO_SECRET")
    try:
        return source.scheme.sign(unsigned, secret)
    except SignatureRefusedError as error:
        raise ConflictError(error.kept, status="NO_SECRET") from error
