"""The known sources: each preset's facts with its scheme, and what a trigger's source comes to."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from runledger.nodes.source_config import (
    EventPlace,
    Handshake,
    Preset,
    SourceConfig,
)
from runledger.nodes.webhook_intake import WebhookIntake
from runledger.paths import parse, walk
from runledger.sources.base import Answer, Parsed, Proof, Received, Scheme, Signer
from runledger.sources.facts import Outcome, PresetFacts
from runledger.sources.presets import code, own, payments
from runledger.sources.schemes.none import NoScheme

MAX_KEY_CHARACTERS = 255
_MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Source:
    """The sender of a trigger's webhooks: its facts and its scheme."""

    facts: PresetFacts
    scheme: Scheme

    @property
    def is_signed(self) -> bool:
        """Whether the scheme needs a secret or a public key."""
        return self.facts.secret is not None or self.facts.public_key is not None

    @property
    def can_sign_samples(self) -> bool:
        """Whether a sample can be sent as the sender would: where the scheme needs only a secret,
        or nothing."""
        return isinstance(self.scheme, (Signer, NoScheme))

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        return self.facts.handshakes

    def event_type(self, received: Received, document: Any, parsed: Parsed) -> str | None:
        """Returns the event's type, or None if the event does not name one."""
        return parsed.type or _first(self.facts.event_type, received, document)[0]

    def event_id(
        self, received: Received, document: Any, parsed: Parsed, proof: Proof
    ) -> str | None:
        """Returns the event's id, or None. It may be unproved: see `id_is_proved`."""
        return self._identified(received, document, parsed, proof)[0]

    def id_is_proved(self, received: Received, document: Any, parsed: Parsed, proof: Proof) -> bool:
        """Whether the signature covers the event's id. False if there is no id."""
        return self._identified(received, document, parsed, proof)[1]

    def dedupe_key(
        self, received: Received, document: Any, parsed: Parsed, proof: Proof
    ) -> str | None:
        """Returns the key of which an event opens one run. None if nothing is signed and the event
        has no id.

        The event's id decides if it is proved or if nothing is signed. Otherwise an attacker could
        send a captured event again under another id, so the digest of the signed text decides."""
        event_id, is_proved = self._identified(received, document, parsed, proof)
        if event_id is not None and (is_proved or proof.signed is None):
            if len(event_id) > MAX_KEY_CHARACTERS:
                return f"event-digest:{_digest(event_id.encode('utf-8', 'surrogatepass'))}"
            return f"event:{event_id}"
        return None if proof.signed is None else f"digest:{_digest(proof.signed)}"

    def answer(self, outcome: Outcome, ours: Answer) -> Answer:
        """Returns the answer in the sender's form, or ours. A refusal keeps its status."""
        own_form = self.facts.answers.get(outcome)
        if own_form is None:
            return ours
        if outcome is Outcome.REFUSED:
            return replace(own_form, status=ours.status, headers=ours.headers)
        return own_form

    def _identified(
        self, received: Received, document: Any, parsed: Parsed, proof: Proof
    ) -> tuple[str | None, bool]:
        if proof.event_id is not None:
            return proof.event_id, True
        if parsed.id is not None:
            return parsed.id, proof.covers_body and _is_structured(received)
        value, place = _first(self.facts.event_id, received, document)
        is_proved = place is not None and place.path is not None and proof.covers_body
        return value, is_proved


def _is_structured(received: Received) -> bool:
    """Whether a CloudEvent has its attributes in the body, not in headers."""
    content_type = received.headers.get("content-type", "").strip().lower()
    return content_type.startswith("application/cloudevents")


def _first(
    places: tuple[EventPlace, ...], received: Received, document: Any
) -> tuple[str | None, EventPlace | None]:
    """Returns the first value that these places hold, with its place."""
    for place in places:
        value = read_place(place, received, document)
        if value is not None:
            return value, place
    return None, None


def read_place(place: EventPlace, received: Received, document: Any) -> str | None:
    """Returns the text or whole number at a place, as text; None for anything else."""
    value: Any = None
    if place.header is not None:
        value = received.headers.get(place.header.lower())
    elif place.query is not None:
        value = received.query.get(place.query)
    elif place.path is not None:
        value = walk(document, parse(place.path))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip()[:_MAX_TEXT]


def _digest(text: bytes) -> str:
    return sha256(text).hexdigest()


# What each preset comes to; those whose config has more than the name follow below.
_PRESETS: dict[Preset, Source] = {
    Preset.STANDARD_WEBHOOKS: Source(own.STANDARD_WEBHOOKS, own.STANDARD_SCHEME),
    Preset.GITHUB: Source(code.GITHUB, code.GITHUB_SCHEME),
    Preset.STRIPE: Source(payments.STRIPE, payments.STRIPE_SCHEME),
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
    config = SourceConfig.model_validate(json.loads(text))
    return _PRESETS[Preset(config.preset)]
