"""Tests every preset by the properties that it declares. For example, a request is refused if
anything that its signature covers was changed."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.errors import InvalidInputError, SignatureRefusedError
from runledger.nodes.source_config import Preset
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.base import Parsed, Received, Signer, SourceKeys
from runledger.sources.facts import Properties
from runledger.sources.registry import source_of
from runledger.sources.schemes.none import NoScheme

from tests.support.vectors import VECTORS
from tests.support.vectors.base import Vector

HOSTILE = ("", " ", "é", "\x00", "v1", "v1,", "sha256=", "t=,v1=", "=" * 30, ",", "9" * 400_000)


def named(vectors: list[Vector]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=lambda each: each.name)


SIGNED = [each for each in VECTORS if each.made.is_signed]
each_vector = named(list(VECTORS))
each_signed = named(SIGNED)
each_with_keys = named([each for each in SIGNED if each.made.needs_keys])
each_signature = named([each for each in SIGNED if each.properties != Properties()])


def refusal(vector: Vector, received: Received, keys: SourceKeys | None = None) -> str:
    """Returns the rule that refused the request."""
    with pytest.raises(SignatureRefusedError) as caught:
        vector.made.scheme.verify(received, vector.keys if keys is None else keys)
    assert caught.value.kept.startswith(f"{vector.made.facts.title}: ")
    for secret in vector.keys.secrets:
        assert secret not in caught.value.kept + str(caught.value)
    return caught.value.kept


def key_of(vector: Vector, received: Received) -> bytes:
    """Returns what tells an event from others: its proved id, or else the signed text."""
    proof = vector.made.scheme.verify(received, vector.keys)
    about = (received, vector.document, Parsed(vector.document), proof)
    assert proof.signed is not None
    event_id = vector.made.event_id(*about)
    if vector.made.id_is_proved(*about):
        assert event_id is not None
        return event_id.encode()
    return proof.signed


@each_vector
def test_the_authentic_request_is_accepted(vector: Vector) -> None:
    proof = vector.made.scheme.verify(vector.received, vector.keys)
    assert proof.covers_body is vector.properties.signs_body
    source, parsed = vector.made, Parsed(vector.document)
    assert source.event_id(vector.received, vector.document, parsed, proof) == vector.event_id
    assert source.event_type(vector.received, vector.document, parsed) == vector.event_type
    is_proved = source.id_is_proved(vector.received, vector.document, parsed, proof)
    has_id = vector.event_id is not None
    assert is_proved is (has_id and vector.properties.signs_id)


@each_vector
def test_a_changed_body_is_refused_where_it_is_signed(vector: Vector) -> None:
    changed = replace(vector.received, body=vector.changed or vector.received.body + b" ")
    if vector.properties.signs_body:
        refusal(vector, changed)
    else:
        assert not vector.made.scheme.verify(changed, vector.keys).covers_body


@each_signed
def test_another_key_is_refused(vector: Vector) -> None:
    refusal(vector, vector.received, vector.other)


@each_with_keys
def test_no_key_at_all_is_refused(vector: Vector) -> None:
    assert "is set" in refusal(vector, vector.received, SourceKeys())
    assert "is set" in refusal(vector, vector.received, SourceKeys(("",), ("",)))


@each_with_keys
def test_the_previous_key_is_accepted_beside_the_current_one(vector: Vector) -> None:
    both = replace(
        vector.keys,
        secrets=(*vector.other.secrets, *vector.keys.secrets),
        public_keys=(*vector.other.public_keys, *vector.keys.public_keys),
    )
    assert vector.made.scheme.verify(vector.received, both)


@each_vector
@pytest.mark.parametrize("direction", [1, -1], ids=["old", "in the future"])
def test_a_signed_timestamp_outside_the_tolerance_is_refused(
    vector: Vector, direction: int
) -> None:
    def received_at(seconds: int) -> Received:
        at = vector.received.received_at + direction * seconds * 1_000
        return replace(vector.received, received_at=at)

    if vector.tolerance is None:
        assert vector.made.scheme.verify(received_at(86_400), vector.keys)
        return
    assert vector.properties.signs_timestamp
    assert vector.made.scheme.verify(received_at(vector.tolerance), vector.keys)
    assert "the timestamp is" in refusal(vector, received_at(vector.tolerance + 1))


@each_signature
def test_a_replay_has_the_same_key_whatever_unsigned_headers_say(vector: Vector) -> None:
    """An attacker may record a signed event and send it again with changed headers. If a changed
    header is needed for the signature, the request is refused. Any other changed header leaves the
    event's key as it was, so the event is recognized as a repeat."""
    key = key_of(vector, vector.received)
    needed = _signing_headers(vector)
    for name in {*vector.received.headers, "idempotency-key", "x-other-id"} - {"content-type"}:
        forged = replace(vector.received, headers={**vector.received.headers, name: "another"})
        if name in needed:
            refusal(vector, forged)
        else:
            assert key_of(vector, forged) == key


@each_signed
def test_another_schemes_signature_is_refused(vector: Vector) -> None:
    """A request is refused if it has no signature, or the signature of another source.

    The test signs the request by the other source's rule with the right secret. If the preset has
    no secret, or the other rule cannot sign with a secret, the test adds the headers of the other
    source's example instead. Two sources that share a signing header are not tried with each other,
    because some of them have exactly the same rule."""
    own_headers = _signing_headers(vector)
    rest = {k: v for k, v in vector.received.headers.items() if k not in own_headers}
    # Where the body holds the signature, another body has none.
    body = vector.received.body if own_headers else b'{"id":"1"}'
    bare = replace(vector.received, headers=rest, body=body)
    refusal(vector, bare)
    for other in SIGNED:
        is_same = other.source == vector.source
        if is_same or _headers_of_source(vector) & _headers_of_source(other):
            continue
        scheme = other.made.scheme
        if vector.keys.secrets and isinstance(scheme, Signer):
            forged = _signed(scheme, bare, vector.keys.secrets[0])
        else:
            forged = replace(bare, headers={**rest, **other.received.headers})
        refusal(vector, forged)


def _signed(scheme: Signer, bare: Received, secret: str) -> Received:
    try:
        return scheme.sign(bare, secret)
    except (InvalidInputError, SignatureRefusedError):
        # The other rule keeps its signature in the body, or its secrets have another form.
        return bare


def _signing_headers(vector: Vector) -> set[str]:
    """The headers without which the request is refused, besides the content type."""
    found = set()
    for name in vector.received.headers.keys() - {"content-type"}:
        headers = {k: v for k, v in vector.received.headers.items() if k != name}
        try:
            vector.made.scheme.verify(replace(vector.received, headers=headers), vector.keys)
        except SignatureRefusedError:
            found.add(name)
    return found


def _headers_of_source(vector: Vector) -> set[str]:
    """The signing headers of all ways in which this source signs."""
    ways = [each for each in SIGNED if each.source == vector.source]
    return set().union(*map(_signing_headers, ways))


@each_signed
def test_hostile_headers_raise_nothing_but_a_refusal(vector: Vector) -> None:
    for name in sorted(_signing_headers(vector)):
        for value in HOSTILE:
            headers = {**vector.received.headers, name: value}
            refusal(vector, replace(vector.received, headers=headers))


@each_signature
def test_hostile_bodies_raise_nothing_but_a_refusal(vector: Vector) -> None:
    for body in (b"", b"\xff\xfe", b"[" * 200_000, b"null", b"[]", b"7", b'{"signature":7}'):
        refusal(vector, replace(vector.received, body=body))


@each_signed
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_request_raises_anything_but_a_refusal(vector: Vector, data: st.DataObject) -> None:
    values = st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
    names = st.sampled_from(sorted({*vector.received.headers, "content-encoding"}))
    headers = {**vector.received.headers, **data.draw(st.dictionaries(names, values, max_size=4))}
    body = data.draw(st.just(vector.received.body) | st.binary(max_size=60))
    query = data.draw(st.dictionaries(st.just("bodySHA256"), values))
    received = replace(vector.received, headers=headers, body=body, query=query)
    # Some of these change nothing that is signed.
    with suppress(SignatureRefusedError):
        vector.made.scheme.verify(received, vector.keys)


def test_every_preset_has_a_vector() -> None:
    assert {each.made.facts.preset for each in VECTORS} == set(Preset)


def test_a_published_vector_names_where_it_is_published() -> None:
    assert all(each.origin.startswith("https://") for each in VECTORS if each.published)


def test_an_unsigned_source_proves_nothing() -> None:
    source = source_of(WebhookIntake())
    assert isinstance(source.scheme, NoScheme)
    assert not source.is_signed
