"""A source: the sender of a trigger's webhooks, and how to read its events' ids and types."""

from dataclasses import dataclass
from typing import Any

from runledger.nodes.source_config import EventPlace, Handshake
from runledger.paths import parse, walk
from runledger.sources.base import Answer, Parsed, Proof, Received, Scheme, Signer
from runledger.sources.facts import AnswerForm, Outcome, PresetFacts
from runledger.sources.schemes.none import NoScheme

_MAX_TYPE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of webhook sender: its name, its documentation and how its signature is checked."""

    facts: PresetFacts
    scheme: Scheme

    @property
    def is_signed(self) -> bool:
        """Whether the sender proves its events."""
        return not isinstance(self.scheme, NoScheme)

    @property
    def needs_keys(self) -> bool:
        """Whether a secret or a public key must be set. Amazon SNS needs neither: it signs with a
        certificate."""
        return self.facts.secret is not None or self.facts.public_key is not None

    @property
    def can_sign_samples(self) -> bool:
        """Whether we can make a sample as the sender would sign it. We can if the scheme needs
        only a secret, or nothing."""
        return isinstance(self.scheme, (Signer, NoScheme))

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        return self.facts.handshakes

    def event_type(self, received: Received, document: Any, parsed: Parsed) -> str | None:
        """Returns the event's type, or None if the event does not name one."""
        found = parsed.type or _first(self.facts.event_type, received, document)[0]
        return None if found is None else found[:_MAX_TYPE_CHARACTERS]

    def event_id(
        self, received: Received, document: Any, parsed: Parsed, proof: Proof
    ) -> str | None:
        """Returns the event's id, or None. It may be unproved: see `id_is_proved`."""
        return self._identified(received, document, parsed, proof)[0]

    def id_is_proved(self, received: Received, document: Any, parsed: Parsed, proof: Proof) -> bool:
        """Whether the signature covers the event's id. False if there is no id."""
        return self._identified(received, document, parsed, proof)[1]

    def answer(self, outcome: Outcome, ours: Answer) -> Answer:
        """Returns our answer in the form that the sender needs. A refusal keeps its status."""
        form = self.facts.answers.get(outcome, AnswerForm())
        status = None if outcome is Outcome.REFUSED else form.status
        return Answer(
            status=ours.status if status is None else status,
            content_type=ours.content_type if form.content_type is None else form.content_type,
            body=ours.body if form.body is None else form.body,
            headers=ours.headers,
        )

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
    return value.strip()
