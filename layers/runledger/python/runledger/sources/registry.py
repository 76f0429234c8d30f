"""The known sources. To add a preset: its facts and scheme in `presets/`, and one line here."""

import json
from functools import lru_cache
from typing import Any

from runledger.nodes.source_config import (
    CloudEventsSource,
    CustomSource,
    Preset,
    SnsSource,
    SourceConfig,
)
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.sources.custom import cloud_events_source, custom_source
from runledger.sources.presets import code, commerce, mail, messaging, own, people, standards
from runledger.sources.schemes.none import NoScheme
from runledger.sources.schemes.sns import SnsScheme
from runledger.sources.source import Source

# The presets whose config is only their name.
_PRESETS: dict[Preset, Source] = {
    source.facts.preset: source
    for source in (
        Source(own.STANDARD_WEBHOOKS, own.STANDARD_SCHEME),
        Source(code.GITHUB, code.GITHUB_SCHEME),
        Source(code.GITLAB, code.GITLAB_SCHEME),
        Source(commerce.STRIPE, commerce.STRIPE_SCHEME),
        Source(commerce.SHOPIFY, commerce.SHOPIFY_SCHEME),
        Source(messaging.SLACK, messaging.SLACK_SCHEME),
        Source(messaging.TWILIO, messaging.TWILIO_SCHEME),
        Source(messaging.META, messaging.META_SCHEME),
        Source(people.HUBSPOT, people.HUBSPOT_SCHEME),
        Source(mail.SENDGRID, mail.SENDGRID_SCHEME),
        Source(mail.MAILGUN, mail.MAILGUN_SCHEME),
        Source(people.TYPEFORM, people.TYPEFORM_SCHEME),
        Source(people.CALENDLY, people.CALENDLY_SCHEME),
        Source(people.SEGMENT, people.SEGMENT_SCHEME),
    )
}
_SIGNED_RUNLEDGER = Source(own.SIGNED_RUNLEDGER, own.SIGNED_RUNLEDGER_SCHEME)
_RUNLEDGER = Source(own.RUNLEDGER, NoScheme())


def source_of(intake: WebhookIntake) -> Source:
    """Returns the source of a trigger."""
    if intake.source is None or intake.preset is Preset.RUNLEDGER:
        return _SIGNED_RUNLEDGER if intake.signed else _RUNLEDGER
    return _source(intake.source.model_dump_json(exclude_none=True))


@lru_cache(maxsize=256)
def _source(text: str) -> Source:
    """Returns the source of a config in JSON. Sources are cached by this text, because each event
    brings its own copy of the config."""
    config = SourceConfig.model_validate(json.loads(text))
    if isinstance(config, SnsSource):
        return Source(standards.SNS, SnsScheme(config.topic_arn, standards.SNS.title))
    if isinstance(config, CustomSource):
        return custom_source(config)
    if isinstance(config, CloudEventsSource):
        return cloud_events_source(config)
    return _PRESETS[Preset(config.preset)]


# What a trigger of these presets needs besides the preset's name.
_MORE_CONFIG: dict[Preset, dict[str, Any]] = {
    Preset.SNS: {"topicArn": "arn:aws:sns:eu-central-1:123456789012:orders"},
    Preset.CUSTOM: {
        "verify": {
            "scheme": "HMAC",
            "header": "X-Acme-Signature",
            "prefix": "sha256=",
            "signed": "{timestamp}.{body}",
            "timestampHeader": "X-Acme-Time",
        },
        "eventId": {"path": "id"},
        "eventType": {"path": "type"},
    },
}


def example_intake(preset: Preset) -> dict[str, Any]:
    """Returns an example of the fields of a trigger for a sender, as a client writes them."""
    source = {"preset": preset.value, **_MORE_CONFIG.get(preset, {})}
    return {"source": source, "signed": True} if preset is Preset.RUNLEDGER else {"source": source}


def all_sources() -> tuple[Source, ...]:
    """Returns the source of each preset's example, in the order in which presets are defined."""
    intakes = (WebhookIntake.model_validate(example_intake(preset)) for preset in Preset)
    return tuple(source_of(intake) for intake in intakes)
