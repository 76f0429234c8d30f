"""Replaces a webhook's signing secret, while events signed with the old one are still accepted.

The automation's row is written first, the secret second. The row names the one version that is
accepted besides the current one, and until when:

    row: V1 until T     put V2
    ─────┬────────────────┬──────────────────────────┬────────
    V1 current   V1 current and named   V2 current, V1 named   V2 alone

A crash between the two leaves V1 current, and the row names only V1, so no earlier version becomes
valid again. In the other order, a crash would leave a secret that was shown to nobody as the only
valid one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import ConflictError, MissingResourceError
from runledger.models.automation import AutomationStatus, SecretRotation

if TYPE_CHECKING:
    from runledger.api.automations import AutomationView
    from runledger.models.automation import Automation
    from runledger.services.automations.automations import Automations
    from runledger.services.secrets.signing import SigningSecrets

# Longer than a request can take: a rotation without its new secret by then has died.
_UNDER_WAY = MINUTE


@dataclass(frozen=True, slots=True)
class Rotations:
    automations: "Automations"
    signing: "SigningSecrets"
    clock: Clock

    def rotate(
        self, workspace_id: str, automation_id: str, overlap_minutes: int, by: str
    ) -> "AutomationView":
        """Returns the automation with its new secret, which is shown only this once. The previous
        secret is accepted for `overlap_minutes` more; earlier ones are refused.

        Raises ConflictError if the automation has no signed webhook, or another rotation is under
        way."""
        before = self.automations.store.get(workspace_id, automation_id)
        webhook = self.automations.view(before).webhook
        if before.status is AutomationStatus.ARCHIVED or webhook is None or not webhook.signed:
            raise ConflictError(
                "the automation has no signed webhook: activate a version whose webhook is signed",
                before.status.value,
            )
        try:
            current = self.signing.current_version(automation_id)
        except MissingResourceError:
            # It was activated, but its first secret was never created.
            return self._shown(before, self.signing.mint(automation_id))
        now = self.clock()
        last = before.rotation
        if last and last.previous_version == current and now < last.begun_at + _UNDER_WAY:
            raise ConflictError("the secret is being rotated already; try again in a minute")
        rotation = SecretRotation(
            previous_version=current, valid_until=now + overlap_minutes * MINUTE, begun_at=now
        )
        after = before.changed(rotation=rotation, updated_at=now, updated_by=by)
        self.automations.store.rotate(before, after)
        return self._shown(after, self.signing.replace(automation_id))

    def _shown(self, automation: "Automation", secret: str | None) -> "AutomationView":
        view = self.automations.view(automation)
        assert view.webhook is not None
        return view.changed(webhook=view.webhook.changed(secret=secret))
