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
        "Reveal the Signing secret, which begins with whsec_, and set it as the "
        "secret in Runledger.",
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

SHOPIFY = PresetFacts(
    preset=Preset.SHOPIFY,
    title="Shopify",
    docs="https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    steps=(
        "For a store: in the admin, open Settings, Notifications, Webhooks, choose Create webhook, "
        "the format JSON, and paste the webhook's address under URL.",
        "For an app: subscribe to the topics in shopify.app.toml, with the webhook's address as "
        "uri.",
        "For a store, copy the key that signs its webhooks from the end of that page; for an app, "
        "copy the app's Client secret. Set it as the secret in Runledger.",
    ),
    dedupe=(
        "By the digest of the body: Shopify does not sign X-Shopify-Event-Id. Equal bodies open "
        "one run."
    ),
    properties=Properties(signs_body=True),
    secret=KeyFacts(
        name="Client secret",
        where="in the app's settings, or at the end of the store's page Webhooks",
        chosen_by=ChosenBy.SENDER,
    ),
    event_id=(EventPlace(header="X-Shopify-Event-Id"), EventPlace(header="X-Shopify-Webhook-Id")),
    event_type=(EventPlace(header="X-Shopify-Topic"),),
    contact=ContactSuggestion("email", "email"),
    headers=(
        "X-Shopify-Topic",
        "X-Shopify-Shop-Domain",
        "X-Shopify-Event-Id",
        "X-Shopify-Webhook-Id",
        "X-Shopify-Triggered-At",
    ),
    samples=(
        Sample(
            "An order was created",
            '{"id":820982911946154508,"name":"#1001","email":"ana@example.com",'
            '"total_price":"42.50","currency":"EUR","note":"' + SAMPLE_ID + '",'
            '"customer":{"id":115310627314723954,"email":"ana@example.com","first_name":"Ana"}}',
            headers={
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Shop-Domain": "example.myshopify.com",
                "X-Shopify-Event-Id": SAMPLE_ID,
            },
        ),
    ),
    notes=("The topic is in a header and is not signed.",),
)

SHOPIFY_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="X-Shopify-Hmac-SHA256", encoding="BASE64"), SHOPIFY.title
)
