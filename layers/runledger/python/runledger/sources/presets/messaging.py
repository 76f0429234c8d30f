"""Presets for webhooks about chat messages, SMS and phone calls."""

from runledger.nodes.source_config import EventPlace, Handshake, HmacVerify, Preset
from runledger.sources.facts import (
    SAMPLE_ID,
    AnswerForm,
    ChosenBy,
    ContactSuggestion,
    EventFormat,
    KeyFacts,
    Outcome,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.twilio import TwilioScheme

_FORM = "application/x-www-form-urlencoded"
_NOTHING = AnswerForm(status=200, content_type="text/plain", body="")
_NO_TWIML = AnswerForm(
    status=200,
    content_type="text/xml",
    body='<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
)

SLACK = PresetFacts(
    preset=Preset.SLACK,
    title="Slack",
    docs="https://docs.slack.dev/authentication/verifying-requests-from-slack",
    steps=(
        "In your app's settings, open Basic Information, copy the Signing Secret, and set it "
        "as the secret in Runledger.",
        "Open Event Subscriptions, turn on Enable Events, and paste the webhook's address under "
        "Request URL. Slack checks it at once.",
        "Choose the events under Subscribe to bot events and save.",
    ),
    dedupe=(
        "By event_id in the body, which is signed; commands and interactions by the digest of the "
        "body."
    ),
    properties=Properties(signs_body=True, signs_timestamp=True, signs_id=True),
    secret=KeyFacts(
        name="Signing Secret", where="on the page Basic Information", chosen_by=ChosenBy.SENDER
    ),
    event_id=(EventPlace(path="event_id"),),
    event_type=(EventPlace(path="event.type"), EventPlace(path="type"), EventPlace(path="command")),
    samples=(
        Sample(
            "The app was mentioned",
            '{"type":"event_callback","event_id":"Ev' + SAMPLE_ID + '","event_time":1769851800,'
            '"team_id":"T0001","api_app_id":"A0001","event":{"type":"app_mention",'
            '"user":"U0001","channel":"C0001","text":"<@U0002> hello","ts":"1769851800.000100"}}',
        ),
        Sample(
            "A slash command",
            "command=%2Frunledger&text=hello&user_id=U0001&user_name=ana&team_id=T0001"
            "&channel_id=C0001&trigger_id=" + SAMPLE_ID,
            content_type=_FORM,
        ),
    ),
    # Slack shows a body that it understands to the person who used the command.
    answers={Outcome.ACCEPTED: _NOTHING, Outcome.IGNORED: _NOTHING},
    handshakes=(Handshake.SLACK,),
    formats=(EventFormat.JSON, EventFormat.FORM),
    notes=(
        "Slack sends an interaction as a form. The event is the JSON in the form's field that is "
        "named payload.",
    ),
)

SLACK_SCHEME = HmacScheme(
    HmacVerify(
        scheme="HMAC",
        header="X-Slack-Signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp_header="X-Slack-Request-Timestamp",
    ),
    SLACK.title,
)

TWILIO = PresetFacts(
    preset=Preset.TWILIO,
    title="Twilio",
    docs="https://www.twilio.com/docs/usage/webhooks/webhooks-security",
    steps=(
        "In the Twilio Console, open Account Info, copy the Auth Token, and set it as the "
        "secret in Runledger.",
        "Open the phone number (or messaging service) and paste the webhook's address, exactly as "
        "Runledger shows it, under A message comes in or A call comes in, with HTTP POST.",
    ),
    dedupe="By the digest of the address and the form's fields (or of the body): equal ones open "
    "one run.",
    properties=Properties(signs_body=True),
    secret=KeyFacts(name="Auth Token", where="under Account Info", chosen_by=ChosenBy.SENDER),
    event_id=(EventPlace(header="I-Twilio-Idempotency-Token"),),
    event_type=(
        EventPlace(path="MessageStatus"),
        EventPlace(path="SmsStatus"),
        EventPlace(path="CallStatus"),
        EventPlace(path="EventType"),
    ),
    contact=ContactSuggestion("phone", "From"),
    samples=(
        Sample(
            "A message came in",
            "MessageSid=SM" + SAMPLE_ID + "&AccountSid=AC0001&From=%2B14158675309"
            "&To=%2B18005551212&Body=Hello&NumMedia=0&SmsStatus=received",
            content_type=_FORM,
            headers={"I-Twilio-Idempotency-Token": SAMPLE_ID},
        ),
    ),
    answers={
        Outcome.ACCEPTED: _NO_TWIML,
        Outcome.IGNORED: _NO_TWIML,
        Outcome.REFUSED: _NO_TWIML,
    },
    formats=(EventFormat.FORM, EventFormat.JSON),
    notes=(
        "Twilio signs the address that it calls. If the API has a domain of its own, paste the "
        "address with that domain.",
        "The signature covers no time. A repeat is recognized by its digest as long as the run is "
        "kept.",
        "The signature of a Webhooks Rule with a shared key (HMAC-SHA256) is not supported. Use "
        "the Auth Token.",
    ),
)

TWILIO_SCHEME = TwilioScheme(TWILIO.title)

META = PresetFacts(
    preset=Preset.META,
    title="Meta (WhatsApp, Messenger, Instagram, Facebook)",
    docs="https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
    steps=(
        "In the App Dashboard, open App settings, Basic, show the App secret, and set it as "
        "the secret in Runledger.",
        "Choose a verify token and set it in Runledger.",
        "Open Webhooks (for WhatsApp: WhatsApp, Configuration), paste the webhook's address under "
        "Callback URL and the same verify token under Verify token. Meta checks both when you "
        "save.",
        "Subscribe to the fields that you need, for example messages.",
    ),
    dedupe="By the digest of the body: equal bodies open one run.",
    properties=Properties(signs_body=True),
    secret=KeyFacts(
        name="App secret", where="under App settings, Basic", chosen_by=ChosenBy.SENDER
    ),
    verify_token=KeyFacts(
        name="Verify token", where="beside Callback URL", chosen_by=ChosenBy.RUNLEDGER
    ),
    event_type=(EventPlace(path="entry[0].changes[0].field"), EventPlace(path="object")),
    contact=ContactSuggestion(
        "externalId", "entry[0].changes[0].value.contacts[0].wa_id", "whatsapp"
    ),
    samples=(
        Sample(
            "A WhatsApp message came in",
            '{"object":"whatsapp_business_account","entry":[{"id":"1001","changes":[{'
            '"field":"messages","value":{"messaging_product":"whatsapp",'
            '"contacts":[{"wa_id":"14158675309","profile":{"name":"Ana"}}],'
            '"messages":[{"id":"wamid.' + SAMPLE_ID + '","from":"14158675309",'
            '"timestamp":"1769851800","type":"text","text":{"body":"Hello"}}]}}]}]}',
        ),
    ),
    answers={Outcome.ACCEPTED: AnswerForm(status=200), Outcome.IGNORED: AnswerForm(status=200)},
    handshakes=(Handshake.META,),
    notes=(
        "Meta signs the bytes of the body, in which characters are escaped, such as \\u00e4. So "
        "the signature is checked on the raw bytes.",
        "The signature covers no time and no id. Meta repeats an event for 36 hours until it gets "
        "200.",
    ),
)

META_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="X-Hub-Signature-256", prefix="sha256="), META.title
)
