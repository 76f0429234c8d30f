"""Senders of payments and orders."""

from runledger.nodes.source_config import EventPlace, HmacVerify, Preset
from runledger.sources.facts import (
    SAMPLE_ID,
    ChosenBy,
    ContactSuggestion,
    KeyFacts,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.schemes.hmac import HmacScheme

STRIPE = PresetFacts(
    preset=Preset.STRIPE,
    title="Stripe",
    docs="https://docs.stripe.com/webhooks/signature",
    steps=(
        "In the Stripe Dashboard, open Workbench, Webhooks, and choose Add destination.",
        "Select the events that you need, for example customer.created. Stripe sends nothing else.",
        "Choose Webhook endpoint and paste the webhook's address under Endpoint URL.",
        "Reveal the Signing secret, which begins with whsec_, and paste it here.",
    ),
    dedupe="By the event's id (evt_…) in the body, which is signed.",
    properties=Properties(signs_body=True, signs_timestamp=True, signs_id=True),
    secret=KeyFacts(
        name="Signing secret", where="on the webhook endpoint's page", chosen_by=ChosenBy.SENDER
    ),
    event_id=(EventPlace(path="id"),),
    event_type=(EventPlace(path="type"),),
    contact=ContactSuggestion("email", "data.object.email"),
    samples=(
        Sample(
            "A customer was created",
            '{"id":"evt_' + SAMPLE_ID + '","object":"event","api_version":"2025-03-31.basil",'
            '"created":1769851800,"type":"customer.created","livemode":false,'
            '"data":{"object":{"id":"cus_SampleAna","object":"customer",'
            '"email":"ana@example.com","name":"Ana Example"}}}',
        ),
    ),
    notes=(
        "An endpoint of a Stripe account gets every event type that it is subscribed to. Use the "
        "trigger's filter on event.type if you need only some.",
    ),
)

# While a secret is rolled, Stripe sends one v1 for each of the secrets.
STRIPE_SCHEME = HmacScheme(
    HmacVerify(
        scheme="HMAC",
        header="Stripe-Signature",
        signature_key="v1",
        timestamp_key="t",
        signed="{timestamp}.{body}",
    ),
    STRIPE.title,
)
