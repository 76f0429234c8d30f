"""Amazon SNS, CloudEvents, and senders that have no preset."""

from runledger.nodes.source_config import Handshake, Preset
from runledger.sources.facts import (
    SAMPLE_ID,
    EventFormat,
    PresetFacts,
    Properties,
    Sample,
)

SNS = PresetFacts(
    preset=Preset.SNS,
    title="Amazon SNS",
    docs="https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    steps=(
        "Write the topic's ARN in the trigger. Messages of other topics are refused.",
        "Create a subscription of the topic with the protocol HTTPS and the webhook's address as "
        "endpoint. Leave raw message delivery off. Runledger confirms the subscription.",
        "For SHA-256 signatures, set the topic's SignatureVersion to 2.",
    ),
    dedupe="By MessageId, which is signed.",
    properties=Properties(signs_body=True, signs_id=True),
    samples=(
        Sample(
            "A notification",
            '{"Type":"Notification","MessageId":"' + SAMPLE_ID + '",'
            '"TopicArn":"arn:aws:sns:eu-central-1:123456789012:orders",'
            '"Message":"{\\"orderId\\":\\"A-1001\\"}","Timestamp":"2026-01-31T09:30:00.000Z"}',
            content_type="text/plain; charset=UTF-8",
        ),
    ),
    handshakes=(Handshake.SNS,),
    formats=(EventFormat.TEXT, EventFormat.JSON),
    notes=(
        "Amazon's certificate proves a message; no secret is needed.",
        "The signed time is that of the message. SNS repeats a message for hours, so its age is "
        "not checked; a replay is recognized by its MessageId.",
        "Only Amazon can sign a message, so we cannot sign a sample.",
    ),
)

CLOUDEVENTS = PresetFacts(
    preset=Preset.CLOUDEVENTS,
    title="CloudEvents",
    docs="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md",
    steps=(
        "Give the sender the webhook's address. Structured, binary and batched events are read.",
        "If the sender signs its events or sends a token, write the rule under verify and set the "
        "secret.",
    ),
    dedupe=(
        "By source and id together, if nothing is signed or the signature covers them; otherwise "
        "by the digest of the signed text."
    ),
    samples=(
        Sample(
            "An order was placed",
            '{"specversion":"1.0","id":"' + SAMPLE_ID + '","source":"https://shop.example.com",'
            '"type":"com.example.order.placed","time":"2026-01-31T09:30:00Z",'
            '"datacontenttype":"application/json","data":{"orderId":"A-1001"}}',
            content_type="application/cloudevents+json",
        ),
    ),
    handshakes=(Handshake.CLOUDEVENTS,),
    formats=(EventFormat.CLOUDEVENTS,),
)

CUSTOM = PresetFacts(
    preset=Preset.CUSTOM,
    title="Custom",
    docs=None,
    steps=(
        "Write the sender's rule under verify: the header, the hash, and what is signed.",
        "Set the secret or the public key.",
        "Paste the webhook's address into the sender's settings.",
    ),
    dedupe=(
        "By eventId, if the signature covers it or nothing is signed; otherwise by the digest of "
        "the signed text."
    ),
    samples=(
        Sample(
            "An event", '{"id":"' + SAMPLE_ID + '","type":"order.paid","email":"ana@example.com"}'
        ),
    ),
    formats=(EventFormat.JSON, EventFormat.FORM, EventFormat.MULTIPART, EventFormat.TEXT),
)

# For a rule that signs the fields of a form.
FORM_SAMPLES = (
    Sample(
        "An event",
        "id=" + SAMPLE_ID + "&email=ana%40example.com",
        content_type="application/x-www-form-urlencoded",
    ),
)
