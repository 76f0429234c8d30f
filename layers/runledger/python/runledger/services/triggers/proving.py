"""Proves that an event comes from its sender."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.models.kept_event import KeptProof
from runledger.services.triggers.event_keys import digest_of
from runledger.sources.base import SourceKeys
from runledger.sources.registry import source_of
from runledger.sources.schemes.token import TokenScheme

if TYPE_CHECKING:
    from collections.abc import Callable

    from runledger.models.automation import Automation
    from runledger.nodes.webhook_intake import WebhookIntake
    from runledger.sources.base import CertificateReader, Received
    from runledger.sources.source import Source


def token_header(source: "Source") -> str | None:
    """Returns the lower-case name of the header that holds the secret itself, if there is one."""
    scheme = source.scheme
    return scheme.rule.header.lower() if isinstance(scheme, TokenScheme) else None


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves who sent an event. `signing_keys` returns the keys that are valid for an automation.
    `certificates` returns the reader of Amazon SNS's certificates."""

    signing_keys: "Callable[[Automation], SourceKeys]"
    certificates: "Callable[[], CertificateReader]"

    def keys(self, automation: "Automation", source: "Source") -> SourceKeys:
        """Returns the keys and certificates with which the source's events are verified."""
        if source.needs_keys:
            return self.signing_keys(automation)
        if source.is_signed:
            return SourceKeys(certificates=self.certificates())
        return SourceKeys()

    def prove(
        self, received: "Received", automation: "Automation", intake: "WebhookIntake"
    ) -> KeptProof:
        """Returns what the signature covers. Raises SignatureRefusedError if the event does not
        prove its sender."""
        source = source_of(intake)
        proof = source.scheme.verify(received, self.keys(automation, source))
        return KeptProof(
            signed_digest=None if proof.signed is None else digest_of(proof.signed),
            event_id=proof.event_id,
            covers_body=proof.covers_body,
        )

    def secrets(
        self, received: "Received", automation: "Automation", intake: "WebhookIntake"
    ) -> tuple[str, ...]:
        """Returns the values that must not be kept with an event: those that can authenticate its
        sender, and the one that this request presented."""
        source = source_of(intake)
        keys = self.keys(automation, source)
        found = [*keys.secrets, keys.verify_token or ""]
        found.append(received.headers.get(token_header(source) or "", ""))
        return tuple(each for each in found if each)
