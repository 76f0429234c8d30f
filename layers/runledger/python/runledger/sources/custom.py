"""Sources for which the client writes how a sender is verified: CUSTOM, and CLOUDEVENTS if the
sender signs or sends a token."""

from dataclasses import replace

from runledger.nodes.source_config import (
    BasicVerify,
    CloudEventsSource,
    CustomSource,
    EventPlace,
    HmacVerify,
    NoVerify,
    PublicKeyVerify,
    TokenVerify,
    VerifyConfig,
)
from runledger.sources.base import Scheme
from runledger.sources.facts import ChosenBy, KeyFacts, PresetFacts, Properties
from runledger.sources.presets.standards import CLOUDEVENTS, CUSTOM, FORM_SAMPLES
from runledger.sources.schemes.basic import BasicScheme
from runledger.sources.schemes.hmac import HmacScheme
from runledger.sources.schemes.none import NoScheme
from runledger.sources.schemes.public_key import PublicKeyScheme
from runledger.sources.schemes.token import TokenScheme
from runledger.sources.source import Source

_WHERE = "in the sender's settings"


def custom_source(config: CustomSource) -> Source:
    facts = replace(
        CUSTOM,
        event_id=() if config.event_id is None else (config.event_id,),
        event_type=() if config.event_type is None else (config.event_type,),
        handshakes=() if config.handshake is None else (config.handshake,),
    )
    return _verified(facts, config.verify)


def cloud_events_source(config: CloudEventsSource) -> Source:
    return _verified(CLOUDEVENTS, config.verify)


def _verified(facts: PresetFacts, verify: VerifyConfig | None) -> Source:
    """Returns a source with these facts that verifies requests as `verify` says. The facts about
    the signature and its keys are taken from `verify`."""
    if verify is None or isinstance(verify, NoVerify):
        return Source(facts, NoScheme())
    scheme, key = _scheme(verify, facts.title)
    is_public = isinstance(verify, PublicKeyVerify)
    return Source(
        replace(
            facts,
            properties=_properties(verify, facts.event_id),
            secret=None if is_public else key,
            public_key=key if is_public else None,
            samples=FORM_SAMPLES if _signs_form(verify) else facts.samples,
        ),
        scheme,
    )


def _scheme(verify: VerifyConfig, sender: str) -> tuple[Scheme, KeyFacts]:
    if isinstance(verify, HmacVerify):
        key = KeyFacts("Signing secret", _WHERE, ChosenBy.RUNLEDGER, verify.secret_prefix)
        return HmacScheme(verify, sender), key
    if isinstance(verify, TokenVerify):
        return TokenScheme(verify, sender), KeyFacts("Token", _WHERE, ChosenBy.RUNLEDGER)
    if isinstance(verify, BasicVerify):
        return BasicScheme(verify, sender), KeyFacts("Password", _WHERE, ChosenBy.RUNLEDGER)
    if isinstance(verify, PublicKeyVerify):
        key = KeyFacts("Public key", _WHERE, ChosenBy.SENDER)
        return PublicKeyScheme(verify, sender), key
    raise TypeError(f"{type(verify).__name__} has no scheme")


def _signs_form(verify: VerifyConfig) -> bool:
    return isinstance(verify, (HmacVerify, PublicKeyVerify)) and "{form}" in verify.signed


def _properties(verify: VerifyConfig, event_id: tuple[EventPlace, ...]) -> Properties:
    signed = verify.signed if isinstance(verify, (HmacVerify, PublicKeyVerify)) else ""
    signs_body = "{body}" in signed or "{form}" in signed
    return Properties(
        signs_body=signs_body,
        signs_timestamp="{timestamp}" in signed,
        signs_id="{id}" in signed or (signs_body and any(place.path for place in event_id)),
    )
