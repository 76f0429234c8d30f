"""Senders of events about e-mails: delivered, bounced, opened."""

from runledger.nodes.source_config import EventPlace, HmacVerify, Preset, PublicKeyVerify
from runledger.sources.facts import (
    SAMPLE_ID,
    AnswerForm,
    ChosenBy,
    ContactSuggestion,
    KeyFacts,
    Outcome,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.public_key import PublicKeyScheme

_HOUR = 3_600

SENDGRID = PresetFacts(
    preset=Preset.SENDGRID,
    title="SendGrid",
    docs=(
        "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/"
        "getting-started-event-webhook-security-features"
    ),
    steps=(
        "Open Settings, Mail Settings, Event Webhooks, and choose Create new webhook.",
        "Paste the webhook's address under Post URL and choose the events.",
        "Turn on Signed Event Webhook, copy the Verification Key, and set it as the "
        "public key in Runledger.",
        "To try it, choose Test your integration.",
    ),
    dedupe=(
        "By the digest of the body; with split $ and splitId sg_event_id, each event of a batch by "
        "that digest and its id."
    ),
    properties=Properties(signs_body=True, signs_timestamp=True),
    public_key=KeyFacts(
        name="Verification Key",
        where="in the webhook's settings, under Signature verification",
        chosen_by=ChosenBy.SENDER,
    ),
    event_type=(EventPlace(path="event"), EventPlace(path="$[0].event")),
    contact=ContactSuggestion("email", "email"),
    split="$",
    split_id="sg_event_id",
    samples=(
        Sample(
            "A message bounced",
            '[{"email":"ana@example.com","timestamp":1769851800,"event":"bounce",'
            '"reason":"550 unknown","sg_event_id":"' + SAMPLE_ID + '","sg_message_id":"m1.f1"}]',
        ),
    ),
    notes=(
        "A request holds several events: split it with $.",
        "Only SendGrid has the private key, so we cannot sign a sample.",
        "SendGrid repeats a request for a day, so a timestamp may be a day old. A replay is "
        "recognized by its digest.",
    ),
)

SENDGRID_SCHEME = PublicKeyScheme(
    PublicKeyVerify(
        scheme="PUBLIC_KEY",
        algorithm="ECDSA_P256",
        header="X-Twilio-Email-Event-Webhook-Signature",
        signed="{timestamp}{body}",
        timestamp_header="X-Twilio-Email-Event-Webhook-Timestamp",
        tolerance_seconds=24 * _HOUR,
    ),
    SENDGRID.title,
)

MAILGUN = PresetFacts(
    preset=Preset.MAILGUN,
    title="Mailgun",
    docs="https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
    steps=(
        "Open Sending, Webhooks, choose Add webhook, select an event type, and paste the webhook's "
        "address under URL.",
        "Copy the HTTP webhook signing key from the same page, and set it as the "
        "secret in Runledger.",
    ),
    dedupe="By the token of the signature, which is signed.",
    properties=Properties(signs_timestamp=True, signs_id=True),
    secret=KeyFacts(
        name="HTTP webhook signing key",
        where="on the page Webhooks, or under API security",
        chosen_by=ChosenBy.SENDER,
    ),
    event_type=(EventPlace(path='"event-data".event'),),
    contact=ContactSuggestion("email", '"event-data".recipient'),
    samples=(
        Sample(
            "A message was delivered",
            '{"signature":{"timestamp":"","token":"","signature":""},'
            '"event-data":{"event":"delivered","id":"' + SAMPLE_ID + '","timestamp":1769851800.5,'
            '"recipient":"ana@example.com","message":{"headers":{"message-id":"m1@example.com"}}}}',
        ),
    ),
    # Mailgun repeats after everything but 200 and 406.
    answers={Outcome.ACCEPTED: AnswerForm(status=200), Outcome.IGNORED: AnswerForm(status=200)},
    notes=(
        "Mailgun signs a time and a random token, not the body. So anybody who sees a request "
        "before it arrives can send another body with its signature: the one that arrives first is "
        "accepted.",
        "Mailgun repeats an event for eight hours. To accept every repeat, Runledger accepts "
        "timestamps that are up to twelve hours old.",
    ),
)

MAILGUN_SCHEME = HmacScheme(
    HmacVerify(
        scheme="HMAC",
        path="signature.signature",
        signed="{timestamp}{id}",
        timestamp_path="signature.timestamp",
        id_path="signature.token",
        tolerance_seconds=12 * _HOUR,
    ),
    MAILGUN.title,
)
