"""Describes which keys the sender of a webhook needs, and who makes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.ids import new_token
from runledger.nodes.source_config import HmacVerify, NoVerify, Preset, PublicKeyVerify

if TYPE_CHECKING:
    from runledger.nodes.source_config import VerifyConfig
    from runledger.nodes.webhook_intake import WebhookIntake

# Letters and digits only, so any sender takes it; 48 of them are also valid base64, of 36 bytes.
# Standard Webhooks asks for 24 to 64 bytes.
_SECRET_CHARACTERS = 48
_STANDARD_PREFIX = "whsec_"
# They show a secret of their own and take none.
_MAKE_THEIR_OWN = {
    Preset.STRIPE,
    Preset.SHOPIFY,
    Preset.SLACK,
    Preset.TWILIO,
    Preset.META,
    Preset.HUBSPOT,
    Preset.MAILGUN,
}


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The keys that a sender needs. `is_needed`: whether events are refused without a key.
    `can_make`: whether the sender accepts a secret that we make. `prefix` is the beginning of such
    a secret. `is_public`: the sender signs with its private key, so we need its public key."""

    is_needed: bool
    can_make: bool = False
    is_public: bool = False
    prefix: str = ""

    def make(self) -> str:
        return self.prefix + new_token(_SECRET_CHARACTERS)


def key_form(intake: "WebhookIntake") -> KeyForm:
    preset = intake.preset
    if preset is Preset.RUNLEDGER:
        return KeyForm(is_needed=intake.signed, can_make=True)
    if preset is Preset.SNS:
        # Amazon publishes the certificate.
        return KeyForm(is_needed=False)
    if preset is Preset.SENDGRID:
        return KeyForm(is_needed=True, is_public=True)
    if preset in (Preset.CUSTOM, Preset.CLOUDEVENTS):
        return _form_of(getattr(intake.source, "verify", None))
    prefix = _STANDARD_PREFIX if preset is Preset.STANDARD_WEBHOOKS else ""
    return KeyForm(is_needed=True, can_make=preset not in _MAKE_THEIR_OWN, prefix=prefix)


def _form_of(verify: "VerifyConfig | None") -> KeyForm:
    if verify is None or isinstance(verify, NoVerify):
        return KeyForm(is_needed=False)
    if isinstance(verify, PublicKeyVerify):
        return KeyForm(is_needed=True, is_public=True)
    prefix = verify.secret_prefix if isinstance(verify, HmacVerify) else ""
    return KeyForm(is_needed=True, can_make=True, prefix=prefix)
