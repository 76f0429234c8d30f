"""Presets for a workspace's own systems, and for senders that follow the Standard Webhooks
specification."""

from runledger.nodes.source_config import EventPlace, HmacVerify, Preset
from runledger.sources.facts import (
    SAMPLE_ID,
    ChosenBy,
    ContactSuggestion,
    EventFormat,
    KeyFacts,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.schemes.alternatives import Alternatives
from runledger.sources.schemes.hmac import HmacScheme, decoded_secret

_DOCS = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
_PREFIX = "whsec_"
# The specification asks for 24 to 64 bytes.
_LEAST_KEY_BYTES = 24
_FORMATS = (EventFormat.JSON, EventFormat.FORM, EventFormat.MULTIPART, EventFormat.TEXT)
OUR_HEADER = "X-Runledger-Signature"
STANDARD_HEADER = "webhook-signature"


def standard_rule(family: str = "webhook") -> HmacVerify:
    """Returns the rule of Standard Webhooks. `family` is the prefix of the names of its headers.
    Svix, which wrote the specification, still uses its own prefix."""
    return HmacVerify(
        scheme="HMAC",
        header=f"{family}-signature",
        encoding="BASE64",
        prefix="v1,",
        separator=" ",
        signed="{id}.{timestamp}.{body}",
        timestamp_header=f"{family}-timestamp",
        id_header=f"{family}-id",
        secret_encoding="BASE64",
        secret_prefix=_PREFIX,
    )


_OUR_RULE = HmacVerify(scheme="HMAC", header=OUR_HEADER, prefix="sha256=")


def _readings(secret: str) -> tuple[bytes, ...]:
    """Returns the keys with which a sender may sign by Standard Webhooks. A library for Standard
    Webhooks decodes the secret from Base64 and signs with the bytes. Other senders sign with the
    secret's text. If the secret cannot be decoded, or is too short for the specification, only the
    text is returned."""
    text = secret.encode("utf-8", "surrogatepass")
    raw = decoded_secret(secret.removeprefix(_PREFIX))
    return (text,) if raw is None or len(raw) < _LEAST_KEY_BYTES else (raw, text)


_OUR_SAMPLE = Sample(
    "An order",
    '{"orderId":"' + SAMPLE_ID + '","customer":{"email":"ana@example.com","firstName":"Ana"},'
    '"total":42.5}',
)
_SECRET = KeyFacts(
    name="Signing secret",
    where="in your system's settings; a secret made here is shown only once",
    chosen_by=ChosenBy.RUNLEDGER,
)

RUNLEDGER = PresetFacts(
    preset=Preset.RUNLEDGER,
    title="Your own system",
    docs=_DOCS,
    steps=(
        "Send each event as a POST to the webhook's address, with Content-Type: application/json.",
        "To let us tell repeats apart, send the header Idempotency-Key, or set dedupePath.",
        "To prove the events, set signed: true in the trigger and make a signing secret.",
    ),
    dedupe="By the header Idempotency-Key, or by the trigger's dedupePath.",
    contact=ContactSuggestion("email", "customer.email"),
    samples=(_OUR_SAMPLE,),
    formats=(
        EventFormat.JSON,
        EventFormat.FORM,
        EventFormat.MULTIPART,
        EventFormat.TEXT,
        EventFormat.CLOUDEVENTS,
    ),
)

SIGNED_RUNLEDGER = PresetFacts(
    preset=Preset.RUNLEDGER,
    title="Your own system",
    docs=_DOCS,
    steps=(
        "Send each event as a POST to the webhook's address, with Content-Type: application/json.",
        "Make a signing secret and give it to the sender.",
        "Sign with any library for Standard Webhooks. It sends webhook-id, webhook-timestamp and "
        "webhook-signature. Or send X-Runledger-Signature: sha256= and the hexadecimal HMAC-SHA256 "
        "of the exact body.",
    ),
    dedupe=(
        "By webhook-id, which is signed. With X-Runledger-Signature, by the digest of the body: "
        "equal bodies open one run."
    ),
    properties=Properties(signs_body=True, signs_timestamp=True, signs_id=True),
    secret=_SECRET,
    contact=ContactSuggestion("email", "customer.email"),
    samples=(_OUR_SAMPLE,),
    formats=(
        EventFormat.JSON,
        EventFormat.FORM,
        EventFormat.MULTIPART,
        EventFormat.TEXT,
        EventFormat.CLOUDEVENTS,
    ),
    notes=(
        "X-Runledger-Signature covers no time and no id. Prefer the headers of Standard Webhooks.",
    ),
)

SIGNED_RUNLEDGER_SCHEME = Alternatives(
    (
        (STANDARD_HEADER, HmacScheme(standard_rule(), RUNLEDGER.title, readings=_readings)),
        (OUR_HEADER, HmacScheme(_OUR_RULE, RUNLEDGER.title)),
    ),
    RUNLEDGER.title,
)

STANDARD_WEBHOOKS = PresetFacts(
    preset=Preset.STANDARD_WEBHOOKS,
    title="Standard Webhooks",
    docs=_DOCS,
    steps=(
        "In the sender's settings for webhooks (Svix, Clerk, Resend, Supabase and others), add an "
        "endpoint and paste the webhook's address.",
        "Copy the endpoint's signing secret, which begins with whsec_, and set it as the "
        "secret in Runledger.",
    ),
    dedupe="By webhook-id (or svix-id), which is signed.",
    properties=Properties(signs_body=True, signs_timestamp=True, signs_id=True),
    secret=KeyFacts(
        name="Signing secret",
        where="on the endpoint's page",
        chosen_by=ChosenBy.SENDER,
        prefix=_PREFIX,
    ),
    event_type=(EventPlace(path="type"),),
    contact=ContactSuggestion("email", "data.email"),
    samples=(
        Sample(
            "A user was created",
            '{"type":"user.created","timestamp":"2026-01-31T09:30:00Z",'
            '"data":{"id":"user_' + SAMPLE_ID + '","email":"ana@example.com"}}',
        ),
    ),
)

STANDARD_SCHEME = Alternatives(
    (
        (STANDARD_HEADER, HmacScheme(standard_rule(), STANDARD_WEBHOOKS.title)),
        ("svix-signature", HmacScheme(standard_rule("svix"), STANDARD_WEBHOOKS.title)),
    ),
    STANDARD_WEBHOOKS.title,
)
