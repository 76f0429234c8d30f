"""The rules of single schemes that do not follow from the properties of a preset."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from runledger.errors import InvalidInputError, SignatureRefusedError
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.base import Answer, Parsed, Proof, Received, SourceKeys
from runledger.sources.facts import Outcome
from runledger.sources.registry import source_of
from runledger.sources.schemes.addresses import hubspot_addresses, twilio_addresses
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.public_key import parse_public_key
from runledger.sources.source import Source

from tests.support.vectors import VECTORS
from tests.support.vectors.base import (
    ADDRESS,
    FORM,
    NOON,
    FixedCertificate,
    Vector,
    based,
    hexed,
    request,
    secret,
)

BODY = b'{"id":"1"}'
NOTHING = Parsed(None)


def vector(name: str) -> Vector:
    return next(each for each in VECTORS if each.name == name)


def source(preset: str, **more: object) -> Source:
    return source_of(WebhookIntake.model_validate({"source": {"preset": preset, **more}}))


def refused(of: Source, received: Received, keys: SourceKeys) -> str:
    with pytest.raises(SignatureRefusedError) as caught:
        of.scheme.verify(received, keys)
    return caught.value.kept


def stripe(header: str) -> Received:
    return request(BODY, {"Stripe-Signature": header}, NOON * 1_000)


@pytest.mark.parametrize(
    ("age", "rule"),
    [
        (12 * 60, "the timestamp is 12 minutes old; 5 are allowed"),
        (301, "the timestamp is 301 seconds old; 300 are allowed"),
        (-3 * 3_600, "the timestamp is 3 hours in the future; 5 minutes are allowed"),
        (2 * 86_400, "the timestamp is 2 days old; 5 minutes are allowed"),
        (-3_600, "the timestamp is 1 hour in the future; 5 minutes are allowed"),
    ],
)
def test_a_refusal_says_how_old_the_timestamp_is(age: int, rule: str) -> None:
    signed = NOON - age
    header = f"t={signed},v1=" + hexed(b"key", b"%d." % signed + BODY)
    assert refused(source("STRIPE"), stripe(header), secret("key")) == f"Stripe: {rule}"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("v1=" + "0" * 64, "Stripe: the header Stripe-Signature has no key t"),
        (f"t={NOON}", "Stripe: the header Stripe-Signature has no key v1"),
        (f"t={NOON},v0=" + "0" * 64, "Stripe: the header Stripe-Signature has no key v1"),
        (f"t={NOON},t=1,v1=" + "0" * 64, "more than one key t"),
        (f"t={NOON},v1=00", "is not 64 hexadecimal digits"),
        (f"t={NOON},v1=" + " 0" * 32, "is not 64 hexadecimal digits"),
        ("t=\uff11\uff12,v1=" + "0" * 64, "not ASCII"),
        (f"t=+{NOON},v1=" + "0" * 64, "the timestamp is not a number"),
        (f"t={NOON}.0,v1=" + "0" * 64, "the timestamp is not a number"),
        (f"t={NOON},v1=" + "0" * 64, "does not match the timestamp and the body"),
    ],
)
def test_a_refusal_names_the_part_of_the_header(header: str, rule: str) -> None:
    assert rule in refused(source("STRIPE"), stripe(header), secret("key"))


def test_every_signature_of_a_header_is_tried_with_every_secret() -> None:
    """While a sender rotates its secret, it sends two signatures. While we rotate a secret, two
    secrets are valid."""
    old, new = (hexed(key, b"%d." % NOON + BODY) for key in (b"old", b"new"))
    received = stripe(f"t={NOON},v1={old},v1={new}")
    for accepted in (secret("old"), secret("new"), SourceKeys(secrets=("other", "new"))):
        assert source("STRIPE").scheme.verify(received, accepted).covers_body


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def record(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", record)
    for each in VECTORS:
        compared.clear()
        each.made.scheme.verify(each.received, each.keys)
        assert bool(compared) is bool(each.made.facts.secret), each.name
        assert all(len(one) == len(other) for one, other in compared), each.name


def test_a_stronger_header_is_never_passed_over_for_a_weaker_one() -> None:
    """A request that has the headers of Standard Webhooks must satisfy them, even if it has our
    older header as well."""
    own = vector("RUNLEDGER, its own header")
    headers = {**own.received.headers, "webhook-signature": "v1,AAAA"}
    rule = refused(own.made, replace(own.received, headers=headers), own.keys)
    assert (
        rule == "Your own system: the signature in webhook-signature is not the Base64 of 32 bytes"
    )


@pytest.mark.parametrize("length", [48, 64])
def test_a_secret_of_ours_works_with_the_libraries_and_as_text(length: int) -> None:
    """The libraries for Standard Webhooks decode a secret from Base64; others sign with its
    text."""
    text = "aB3d" * (length // 4)
    made = source_of(WebhookIntake(signed=True))
    for key in (base64.b64decode(text), text.encode()):
        signed = based(key, b"m1.%d." % NOON + BODY)
        headers = {
            "webhook-id": "m1",
            "webhook-timestamp": str(NOON),
            "webhook-signature": f"v1,{signed}",
        }
        for kept in (text, f"whsec_{text}"):
            received = request(BODY, headers, NOON * 1_000)
            if kept == text or key != text.encode():
                assert made.scheme.verify(received, secret(kept)).event_id == "m1"


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        # Published with twilio-python; its older parameters.
        ("https://mycompany.com/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("https://mycompany.com:1234/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ],
)
def test_twilio_signs_its_address_with_or_without_the_port(url: str, signature: str) -> None:
    form = vector("TWILIO, a form")
    headers = {**form.received.headers, "x-twilio-signature": signature}
    body = form.received.body.replace(b"12349013030", b"14158675309")
    sent = request(body, headers, NOON * 1_000, url=url)
    assert form.made.scheme.verify(sent, form.keys).covers_body


def test_twilio_signs_each_different_value_of_a_field_once() -> None:
    """Verifies an example that twilio-php publishes: its fields are repeated and not in order."""
    sent = request(
        b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
        {"X-Twilio-Signature": "IK+Dwps556ElfBT0I3Rgjkr1wJU=", "Content-Type": FORM},
        NOON * 1_000,
        url="https://mycompany.com/myapp.php?foo=1&bar=2",
    )
    assert source("TWILIO").scheme.verify(sent, secret("12345"))


def test_twilio_without_a_digest_must_send_a_form() -> None:
    """Otherwise a captured signature of an address would prove any body."""
    sent = vector("TWILIO, JSON").received
    bare = replace(sent, url=sent.url.partition("&body")[0], query={"foo": "1", "bar": "2"})
    signed = base64.b64encode(hmac.new(b"12345", bare.url.encode(), hashlib.sha1).digest())
    headers = {**bare.headers, "x-twilio-signature": signed.decode()}
    rule = refused(source("TWILIO"), replace(bare, headers=headers), secret("12345"))
    assert rule == "Twilio: the sender signs the fields of a form, but the body is not a form"


def test_the_digest_of_another_body_is_refused() -> None:
    sent = vector("TWILIO, JSON")
    rule = refused(sent.made, replace(sent.received, body=b"{}"), sent.keys)
    assert rule == "Twilio: the body does not match bodySHA256 in the signed address"


def test_a_signed_address_is_named_in_the_refusal_without_its_query() -> None:
    """The address in the refusal shows the operator that a proxy changed it."""
    sent = vector("HUBSPOT")
    moved = replace(sent.received, url="https://internal.example/webhook_uri?key=value")
    rule = refused(sent.made, moved, sent.keys)
    assert "(https://internal.example/webhook_uri)" in rule
    assert "key=value" not in rule


def test_addresses_have_the_forms_that_senders_sign() -> None:
    assert hubspot_addresses("https://a.example/x?to=%2Fy%3a%40%20%26") == (
        "https://a.example/x?to=/y:@%20%26",
        "https://a.example/x?to=%2Fy%3a%40%20%26",
    )
    assert hubspot_addresses(ADDRESS) == (ADDRESS,)
    assert twilio_addresses("https://a.example:8443/x:1?y") == (
        "https://a.example:8443/x:1?y",
        "https://a.example/x:1?y",
    )
    assert twilio_addresses("nonsense") == ("nonsense",)


def test_hubspot_signs_the_decoded_address() -> None:
    url = f"{ADDRESS}?next=%2Forders"
    text = b"POST" + f"{ADDRESS}?next=/orders".encode() + BODY + b"%d" % (NOON * 1_000)
    sent = request(
        BODY,
        {
            "X-HubSpot-Signature-v3": based(b"key", text),
            "X-HubSpot-Request-Timestamp": str(NOON * 1_000),
        },
        NOON * 1_000,
        url=url,
    )
    assert source("HUBSPOT").scheme.verify(sent, secret("key")).covers_body


@pytest.mark.parametrize(
    "place",
    [
        {"timestamp": True, "token": "t", "signature": "s"},
        {"timestamp": 1.5, "token": "t", "signature": "s"},
        {"timestamp": 10**400, "token": "t", "signature": "s"},
        {"timestamp": "1", "token": ["t"], "signature": "s"},
        {"timestamp": "1", "token": "é", "signature": "s"},
        {"timestamp": "1", "token": "t", "signature": {}},
        {"timestamp": "1", "token": "t", "signature": "0" * 10_000},
        [],
        None,
    ],
)
def test_a_signature_in_the_body_may_have_any_type(place: object) -> None:
    body = json.dumps({"signature": place}).encode()
    assert refused(source("MAILGUN"), request(body, {}, NOON * 1_000), secret("key"))


def test_a_secret_that_is_not_base64_is_named_without_its_value() -> None:
    sent = vector("STANDARD_WEBHOOKS")
    rule = refused(sent.made, sent.received, secret("whsec_not base64!"))
    assert rule == "Standard Webhooks: the secret that is set is not Base64"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            {"TopicArn": "arn:aws:sns:us-east-2:1:other"},
            "the message does not come from the topic of the trigger",
        ),
        ({"Type": "Other"}, "Type is not one of the types of SNS messages"),
        ({"Type": ["Notification"]}, "Type is not one of the types of SNS messages"),
        ({"SignatureVersion": "3"}, "SignatureVersion is neither 1 nor 2"),
        ({"SignatureVersion": "2"}, "the signature does not match"),
        ({"Signature": "é"}, "Signature is not Base64"),
        ({"Signature": None}, "the message has no text in the field Signature"),
        ({"SigningCertURL": 7}, "the message has no text in the field SigningCertURL"),
        ({"MessageId": "other"}, "the signature does not match"),
        ({"Subject": "added"}, "the signature does not match"),
        ({"Message": {"a": 1}}, "the message has no text in the field Message"),
    ],
)
def test_a_changed_sns_message_is_refused_with_its_rule(
    changes: dict[str, object], rule: str
) -> None:
    sent = vector("SNS, version 1")
    body = json.dumps({**json.loads(sent.received.body), **changes}).encode()
    kept = refused(sent.made, replace(sent.received, body=body), sent.keys)
    assert kept.startswith(f"Amazon SNS: {rule}")


def test_an_sns_certificate_must_be_one_and_be_valid_now() -> None:
    sent = vector("SNS, version 2")
    later = replace(sent.received, received_at=NOON * 1_000)
    assert "is expired or not valid yet" in refused(sent.made, later, sent.keys)
    other = SourceKeys(certificates=FixedCertificate(b"<html>"))
    assert "cannot be read" in refused(sent.made, sent.received, other)


@pytest.mark.parametrize(
    ("mode", "is_proved"),
    [("application/cloudevents+json", True), ("application/json", False)],
)
def test_a_cloud_events_id_is_proved_only_where_the_body_holds_it(
    mode: str, is_proved: bool
) -> None:
    """In binary mode id and source are headers, which the signature of the body does not cover."""
    made = source("CLOUDEVENTS", verify={"scheme": "HMAC", "header": "X-S"})
    received = request(BODY, {"X-S": hexed(b"key", BODY), "Content-Type": mode}, NOON * 1_000)
    proof = made.scheme.verify(received, secret("key"))
    parsed = Parsed(None, type="com.example.order", id="shop 1")
    assert made.event_id(received, None, parsed, proof) == "shop 1"
    assert made.id_is_proved(received, None, parsed, proof) is is_proved
    assert made.event_type(received, None, parsed) == "com.example.order"


def test_ids_and_types_of_wrong_kinds_count_as_absent() -> None:
    made, proof = source("STRIPE"), Proof(signed=b"x", covers_body=True)
    received = request(BODY, {}, 0)
    wrong: list[object] = [None, True, 1.5, [], {}, "", "  ", 10**30]
    for value in wrong:
        document = {"id": value, "type": value}
        assert made.event_id(received, document, NOTHING, proof) is None
        assert made.event_type(received, document, NOTHING) is None
    assert made.event_id(received, {"id": 7}, NOTHING, proof) == "7"
    assert made.event_type(received, {"type": "t" * 900}, NOTHING) == "t" * 200


def test_a_key_may_be_pem_der_or_raw() -> None:
    sendgrid = vector("SENDGRID").keys.public_keys[0]
    lines = [sendgrid[i : i + 64] for i in range(0, len(sendgrid), 64)]
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
    assert parse_public_key(pem, "ECDSA_P256") == parse_public_key(sendgrid, "ECDSA_P256")
    discord = vector("CUSTOM, Discord's Ed25519").keys.public_keys[0]
    raw = base64.b64encode(bytes.fromhex(discord)).decode()
    assert parse_public_key(raw, "ED25519") == parse_public_key(discord, "ED25519")


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        ("", "ED25519"),
        ("é", "ED25519"),
        ("AAAA", "ED25519"),
        ("AAAA", "ECDSA_P256"),
        ("A" * 5_000, "ECDSA_P256"),
        ("0" * 64, "ECDSA_P256"),
    ],
)
def test_a_text_that_is_no_key_is_refused(text: str, algorithm: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_public_key(text, algorithm)


def test_a_key_of_another_kind_is_refused_as_the_operators_mistake() -> None:
    sent = vector("SENDGRID")
    discord = vector("CUSTOM, Discord's Ed25519")
    rule = refused(sent.made, sent.received, SourceKeys(public_keys=discord.keys.public_keys))
    assert rule == "SendGrid: the public key is not an ECDSA key on the curve P-256"


def test_answers_take_the_senders_form_and_keep_the_status_of_a_refusal() -> None:
    ours = Answer(202, body='{"runId":"run_1"}', headers={"Retry-After": "1"})
    problem = Answer(422, "application/problem+json", "{}")
    accepted = source("TWILIO").answer(Outcome.ACCEPTED, ours)
    assert (accepted.status, accepted.content_type) == (200, "text/xml")
    assert accepted.body.endswith("<Response></Response>")
    refusal = source("TWILIO").answer(Outcome.REFUSED, problem)
    assert (refusal.status, refusal.content_type) == (422, "text/xml")
    assert source("SLACK").answer(Outcome.IGNORED, ours) == Answer(
        200, "text/plain", "", ours.headers
    )
    assert source("SLACK").answer(Outcome.REFUSED, problem) == problem
    assert source("MAILGUN").answer(Outcome.ACCEPTED, ours) == replace(ours, status=200)
    assert source("GITHUB").answer(Outcome.ACCEPTED, ours) == ours


def test_a_source_is_made_once_for_equal_configs() -> None:
    config = {"preset": "CUSTOM", "verify": {"scheme": "HMAC", "header": "X-A"}}
    first = source_of(WebhookIntake.model_validate({"source": config}))
    again = source_of(WebhookIntake.model_validate({"source": dict(config), "headers": ["X-B"]}))
    assert first is again
    assert isinstance(first.scheme, HmacScheme)
