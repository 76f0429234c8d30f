"""Samples: what the product signs, the product accepts."""

import pytest
from runledger.errors import ConflictError
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.paths import parse, walk
from runledger.sources.base import Proof, Signer, SourceKeys
from runledger.sources.facts import Sample
from runledger.sources.parsing import read_event, trigger_body
from runledger.sources.registry import all_sources, source_of
from runledger.sources.samples import sign_sample
from runledger.sources.schemes.none import NoScheme
from runledger.sources.source import Source

from tests.support.vectors import VECTORS
from tests.support.vectors.base import ADDRESS, NOON, Vector, request

MAX_BODY_BYTES = 1_000_000
SIGNABLE = [each for each in VECTORS if isinstance(each.made.scheme, Signer)]


@pytest.mark.parametrize("vector", SIGNABLE, ids=lambda each: each.name)
def test_every_signed_sample_is_accepted_at_its_time(vector: Vector) -> None:
    assert vector.made.facts.samples
    for sample in vector.made.facts.samples:
        signed = sign_sample(vector.made, vector.keys, sample, NOON * 1_000, ADDRESS)
        assert vector.made.scheme.verify(signed, vector.keys)
        assert b"%ID%" not in signed.body
        again = sign_sample(vector.made, vector.keys, sample, NOON * 1_000, ADDRESS)
        assert (again.body == signed.body) is ("%ID%" not in sample.body)


@pytest.mark.parametrize("vector", SIGNABLE, ids=lambda each: each.name)
def test_without_a_secret_no_sample_is_signed(vector: Vector) -> None:
    with pytest.raises(ConflictError, match="no secret is set"):
        sign_sample(vector.made, SourceKeys(), vector.made.facts.samples[0], NOON, ADDRESS)


def test_the_address_query_of_a_sample_is_read() -> None:
    vector = next(each for each in SIGNABLE if each.name == "GITHUB")
    sample = Sample("Own", "é", "text/plain", {"X-Team": "%ID%"})
    signed = sign_sample(vector.made, vector.keys, sample, NOON, f"{ADDRESS}?a=1&b=%20")
    assert signed.query == {"a": "1", "b": " "}
    assert signed.body == "é".encode()
    assert len(signed.headers["x-team"]) == 16


def test_a_source_that_proves_nothing_sends_its_sample_as_it_is() -> None:
    source = source_of(WebhookIntake())
    assert isinstance(source.scheme, NoScheme)
    sent = sign_sample(source, SourceKeys(), source.facts.samples[0], NOON, ADDRESS)
    assert set(sent.headers) == {"content-type"}


@pytest.mark.parametrize("source", all_sources(), ids=lambda each: each.facts.preset)
def test_the_facts_of_a_preset_fit_its_samples(source: Source) -> None:
    """Each sample is read in the preset's format, and has its type, its id and its contact where
    the facts say."""
    facts = source.facts
    for index, sample in enumerate(facts.samples):
        received = request(
            sample.body.encode(),
            {"Content-Type": sample.content_type, **sample.headers},
            NOON * 1_000,
        )
        parsed = read_event(received, facts.preset, most=MAX_BODY_BYTES)
        document = parsed.document
        if facts.event_type or facts.preset == "CLOUDEVENTS":
            assert source.event_type(received, document, parsed)
        if facts.event_id and index == 0:
            assert source.event_id(received, document, parsed, Proof(covers_body=True))
        event = trigger_body(document)
        if facts.split is not None:
            event = walk(document, parse(facts.split))[0]
            assert walk(event, parse(str(facts.split_id)))
        if facts.contact is not None:
            assert walk(event, parse(facts.contact.path)), facts.contact.path
