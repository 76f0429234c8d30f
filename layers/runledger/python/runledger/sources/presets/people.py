"""Senders of events about people: contacts in a CRM, answers to forms, booked meetings, and what
people do in an app."""

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
from runledger.sources.schemes.addresses import hubspot_addresses
from runledger.sources.schemes.hmac import HmacScheme

HUBSPOT = PresetFacts(
    preset=Preset.HUBSPOT,
    title="HubSpot",
    docs=(
        "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/"
        "request-validation"
    ),
    steps=(
        "In your app's settings, open Auth, show the Client secret, and set it as the "
        "secret in Runledger.",
        "Open Webhooks, paste the webhook's address, exactly as Runledger shows it, under "
        "Target URL.",
        "Create the subscriptions that you need and activate them.",
    ),
    dedupe=(
        "By the digest of the address and the body; with split $ and splitId eventId, each event "
        "of a batch by that digest and its id."
    ),
    properties=Properties(signs_body=True, signs_timestamp=True),
    secret=KeyFacts(
        name="Client secret", where="in the app's settings, under Auth", chosen_by=ChosenBy.SENDER
    ),
    event_type=(EventPlace(path="subscriptionType"), EventPlace(path="$[0].subscriptionType")),
    contact=ContactSuggestion("externalId", "objectId", "hubspot"),
    split="$",
    split_id="eventId",
    samples=(
        Sample(
            "A contact was created",
            '[{"eventId":1001,"subscriptionId":12345,"portalId":62515,"appId":54321,'
            '"occurredAt":1769851800000,"subscriptionType":"contact.creation","attemptNumber":0,'
            '"objectId":123,"changeSource":"CRM","changeFlag":"NEW","sourceId":"'
            + SAMPLE_ID
            + '"}]',
        ),
    ),
    notes=(
        "A request holds up to 100 events: split it with $.",
        "HubSpot signs the address that it calls. If the API has a domain of its own, paste the "
        "address with that domain.",
        "An event has the id of a CRM object, not an e-mail address.",
    ),
)

HUBSPOT_SCHEME = HmacScheme(
    HmacVerify(
        scheme="HMAC",
        header="X-HubSpot-Signature-v3",
        encoding="BASE64",
        signed="{method}{url}{body}{timestamp}",
        timestamp_header="X-HubSpot-Request-Timestamp",
        timestamp_unit="MILLISECONDS",
    ),
    HUBSPOT.title,
    hubspot_addresses,
)

TYPEFORM = PresetFacts(
    preset=Preset.TYPEFORM,
    title="Typeform",
    docs="https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
    steps=(
        "Open the form, go to Connect > Webhooks, and choose Add a webhook.",
        "Paste the webhook's address under Endpoint and save.",
        "Make the webhook's secret in Runledger.",
        "In Typeform, choose Edit, paste the secret under Secret, and turn the webhook on.",
    ),
    dedupe="By event_id in the body, which is signed.",
    properties=Properties(signs_body=True, signs_id=True),
    secret=KeyFacts(name="Secret", where="in the webhook's settings", chosen_by=ChosenBy.RUNLEDGER),
    event_id=(EventPlace(path="event_id"),),
    event_type=(EventPlace(path="event_type"),),
    contact=ContactSuggestion("email", "form_response.answers[0].email"),
    samples=(
        Sample(
            "A form was filled in",
            '{"event_id":"' + SAMPLE_ID + '","event_type":"form_response","form_response":{'
            '"form_id":"lT4Z3j","token":"a3a1","submitted_at":"2026-01-31T09:30:00Z",'
            '"answers":[{"type":"email","email":"ana@example.com",'
            '"field":{"id":"SMEUb7","type":"email","ref":"email"}}]}}',
        ),
    ),
    notes=("The path of the e-mail address depends on the form's questions.",),
)

TYPEFORM_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="Typeform-Signature", encoding="BASE64", prefix="sha256="),
    TYPEFORM.title,
)

CALENDLY = PresetFacts(
    preset=Preset.CALENDLY,
    title="Calendly",
    docs="https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures",
    steps=(
        "Make the webhook's secret in Runledger.",
        "Create a webhook subscription with Calendly's API: POST /webhook_subscriptions, with the "
        "webhook's address as url, the secret as signing_key, and the events, for example "
        "invitee.created.",
        "For an OAuth app, set the app's Webhook signing key as the secret instead.",
    ),
    dedupe="By the digest of the body: equal bodies open one run.",
    properties=Properties(signs_body=True, signs_timestamp=True),
    secret=KeyFacts(
        name="Webhook signing key",
        where="in the subscription's signing_key, or on the OAuth app's page",
        chosen_by=ChosenBy.RUNLEDGER,
    ),
    event_type=(EventPlace(path="event"),),
    contact=ContactSuggestion("email", "payload.email"),
    samples=(
        Sample(
            "A meeting was booked",
            '{"event":"invitee.created","created_at":"2026-01-31T09:30:00.000000Z",'
            '"payload":{"uri":"https://api.calendly.com/scheduled_events/E1/invitees/'
            + SAMPLE_ID
            + '","email":"ana@example.com","name":"Ana Example","status":"active"}}',
        ),
    ),
)

CALENDLY_SCHEME = HmacScheme(
    HmacVerify(
        scheme="HMAC",
        header="Calendly-Webhook-Signature",
        signature_key="v1",
        timestamp_key="t",
        signed="{timestamp}.{body}",
    ),
    CALENDLY.title,
)

SEGMENT = PresetFacts(
    preset=Preset.SEGMENT,
    title="Segment",
    docs="https://segment.com/docs/connections/destinations/catalog/actions-webhook/",
    steps=(
        "Make the webhook's secret in Runledger.",
        "In Segment, add the destination Webhooks (Actions) and paste the secret under Shared "
        "Secret.",
        "Add a mapping, paste the webhook's address under URL, choose POST, and turn batching off.",
    ),
    dedupe="By messageId in the body, which is signed.",
    properties=Properties(signs_body=True, signs_id=True),
    secret=KeyFacts(
        name="Shared Secret", where="in the destination's settings", chosen_by=ChosenBy.RUNLEDGER
    ),
    event_id=(EventPlace(path="messageId"),),
    event_type=(EventPlace(path="type"),),
    contact=ContactSuggestion("email", "context.traits.email"),
    samples=(
        Sample(
            "A track call",
            '{"type":"track","event":"Order Completed","messageId":"ajs-' + SAMPLE_ID + '",'
            '"userId":"u1","timestamp":"2026-01-31T09:30:00.000Z",'
            '"context":{"traits":{"email":"ana@example.com"}},"properties":{"total":42.5}}',
        ),
    ),
    notes=(
        "If batching is on, Segment signs only the first event of a batch, and the request is "
        "refused. So turn batching off.",
        "If the mapping sends other data than the whole event, messageId must be part of it.",
    ),
)

SEGMENT_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="X-Signature", algorithm="SHA1"), SEGMENT.title
)
