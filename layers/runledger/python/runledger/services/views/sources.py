"""The known senders of webhooks as the API shows them."""

from typing import TYPE_CHECKING

from runledger.api.sources import (
    ContactSuggestionView,
    EventPlaceView,
    SignedPartsView,
    SourceKeyView,
    SourcePresetView,
    SourceSampleView,
)
from runledger.sources.registry import all_sources, example_intake

if TYPE_CHECKING:
    from runledger.nodes.source_config import EventPlace
    from runledger.sources.facts import ContactSuggestion, KeyFacts
    from runledger.sources.source import Source


def source_preset_views() -> list[SourcePresetView]:
    """Returns every preset, in the order in which they are defined."""
    return [_view(source) for source in all_sources()]


def _view(source: "Source") -> SourcePresetView:
    facts = source.facts
    signs = facts.properties
    return SourcePresetView(
        preset=facts.preset.value,
        title=facts.title,
        docs_url=facts.docs,
        steps=list(facts.steps),
        notes=list(facts.notes),
        example=example_intake(facts.preset),
        secret=_key_view(facts.secret),
        public_key=_key_view(facts.public_key),
        verify_token=_key_view(facts.verify_token),
        signs=SignedPartsView(
            body=signs.signs_body, timestamp=signs.signs_timestamp, id=signs.signs_id
        ),
        dedupe=facts.dedupe,
        event_id=[_place_view(each) for each in facts.event_id],
        event_type=[_place_view(each) for each in facts.event_type],
        contact_lookup=_contact_view(facts.contact),
        split=facts.split,
        split_id=facts.split_id,
        headers=list(facts.headers),
        formats=[each.value for each in facts.formats],
        handshakes=[each.value for each in facts.handshakes],
        samples=[
            SourceSampleView(
                title=each.title,
                content_type=each.content_type,
                headers=dict(each.headers),
                body=each.body,
            )
            for each in facts.samples
        ],
        can_sign_samples=source.can_sign_samples,
    )


def _key_view(key: "KeyFacts | None") -> SourceKeyView | None:
    if key is None:
        return None
    return SourceKeyView(
        name=key.name, where=key.where, chosen_by=key.chosen_by.value, prefix=key.prefix
    )


def _place_view(place: "EventPlace") -> EventPlaceView:
    return EventPlaceView(header=place.header, query=place.query, path=place.path)


def _contact_view(contact: "ContactSuggestion | None") -> ContactSuggestionView | None:
    if contact is None:
        return None
    return ContactSuggestionView(by=contact.by, name=contact.name, path=contact.path)
