"""Senders of events about source code."""

from runledger.nodes.source_config import EventPlace, HmacVerify, Preset
from runledger.sources.facts import (
    ChosenBy,
    Format,
    KeyFacts,
    PresetFacts,
    Properties,
    Sample,
)
from runledger.sources.schemes.hmac import HmacScheme

GITHUB = PresetFacts(
    preset=Preset.GITHUB,
    title="GitHub",
    docs="https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
    steps=(
        "In the repository or organization, open Settings, Webhooks, and choose Add webhook.",
        "Paste the webhook's address under Payload URL and choose the Content type "
        "application/json.",
        "Make a secret here and paste it under Secret.",
    ),
    dedupe=(
        "By the digest of the body: GitHub does not sign X-GitHub-Delivery. Equal bodies open one "
        "run."
    ),
    properties=Properties(signs_body=True),
    secret=KeyFacts(
        name="Secret", where="under Secret in the webhook's form", chosen_by=ChosenBy.RUNLEDGER
    ),
    event_id=(EventPlace(header="X-GitHub-Delivery"),),
    event_type=(EventPlace(header="X-GitHub-Event"),),
    headers=("X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID"),
    samples=(
        Sample(
            "An issue was opened",
            '{"action":"opened","issue":{"number":7,"title":"The export is empty",'
            '"user":{"login":"ana"}},"repository":{"full_name":"example/shop"},'
            '"sender":{"login":"ana"}}',
            headers={
                "X-GitHub-Event": "issues",
                "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            },
        ),
    ),
    formats=(Format.JSON, Format.FORM),
    form_field="payload",
)

GITHUB_SCHEME = HmacScheme(
    HmacVerify(scheme="HMAC", header="X-Hub-Signature-256", prefix="sha256="), GITHUB.title
)
