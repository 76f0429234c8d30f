"""Sets and replaces the keys of a webhook; for a while, events signed with the old secret are still
accepted.

The automation's row names the valid versions in Secrets Manager, and nothing else makes a version
valid. First the row reserves the new version, then the version is created, then the row names it as
current:

row: V2 started        create V2               row: V2 current, V1 until T
───────┬───────────────┬───────────────────────┬──────────────────────────┬───────
  V1   │      V1       │          V1           │    V2, and V1 until T    │   V2

V1 is the old version and V2 the new one. T is the time until which the old keys are accepted.

After a crash before the last write, only V1 is valid, as before the rotation; the next rotation
uses another version and label. The last write is the last call before the answer. If the answer
itself is lost, no user has seen the secret of V2, so the user rotates again: V3 becomes current,
and V1 stays valid until T, so events of a sender that still uses it are accepted.

While the reservation is valid, a second rotation is refused. The reservation is valid for longer
than a request can take. A row that an earlier release of Runledger wrote does not name the valid
versions in Secrets Manager; then the reservation also stores which versions are valid.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import ConflictError, MissingResourceError
from runledger.models.automation import AutomationStatus
from runledger.models.webhook_keys import (
    CurrentKeys,
    KeyVersion,
    PreviousKeys,
    StartedRotation,
    WebhookKeys,
)
from runledger.services.automations.webhook_address import key_sources
from runledger.services.secrets.key_forms import can_make, check_given, make_secret
from runledger.services.secrets.key_versions import MAX_PREVIOUS, new_version
from runledger.services.secrets.signing import StoredKeys

if TYPE_CHECKING:
    from runledger.api.automations import AutomationView, RotationDocument
    from runledger.models.automation import Automation
    from runledger.services.automations.automations import Automations
    from runledger.services.secrets.key_versions import KeyVersions
    from runledger.services.secrets.signing import SigningKeys

# Longer than a request can take: a rotation without its new version by then has died.
UNDER_WAY = MINUTE
# The previous version that Secrets Manager itself labels, on rows that named no versions.
_PREVIOUS_LABEL = "AWSPREVIOUS"
_HINT_CHARACTERS = 4
# A shorter secret would lose too much of its strength by its hint.
_HINTED_FROM = 24


@dataclass(frozen=True, slots=True)
class Rotations:
    automations: "Automations"
    keys: "SigningKeys"
    versions: "KeyVersions"
    clock: Clock

    def rotate(
        self, workspace_id: str, automation_id: str, document: "RotationDocument", by: str
    ) -> "AutomationView":
        """Sets the keys that `document` has, or makes a secret if it has none, and returns the
        automation. If a secret was made, this answer shows it, and no later one does. Keys that
        `document` leaves out stay. The replaced keys are accepted for `overlap_minutes` more. Keys
        that were replaced earlier keep their own end, but are accepted no longer than the keys that
        are replaced now.

        Raises ConflictError if the automation's webhook needs no keys or another rotation is under
        way, and InvalidInputError if a key is unusable or the sender makes its own."""
        store = self.automations.store
        before = store.get(workspace_id, automation_id)
        sources = key_sources(before, store.draft(before))
        if before.status is AutomationStatus.ARCHIVED or not sources:
            raise ConflictError(
                "the automation's webhook does not verify its sender, so it has no signing keys; "
                "first save a draft with a sender that signs its events",
                before.status.value,
            )
        given = StoredKeys(
            secret=document.secret,
            public_key=document.public_key,
            verify_token=document.verify_token,
        )
        check_given(sources, given)
        made = make_secret(sources) if given == StoredKeys() else None
        if made is not None:
            given = StoredKeys(secret=made)
        after = self._replace(before, given, document.overlap_minutes, by)
        view = self.automations.view(after)
        if view.webhook is None:
            return view
        return view.changed(webhook=view.webhook.changed(secret=made))

    def make_first(self, workspace_id: str, automation_id: str, by: str) -> str | None:
        """Makes the first secret of an automation and returns it. Returns None if the automation
        has a secret, if its sender makes its own or needs none, or if another request is making
        one."""
        store = self.automations.store
        before = store.get(workspace_id, automation_id)
        if before.webhook_keys is not None and before.webhook_keys.current is not None:
            return None
        sources = key_sources(before, store.draft(before))
        if not any(map(can_make, sources)) or self._keys_of(before).current is not None:
            return None
        made = make_secret(sources)
        try:
            self._replace(before, StoredKeys(secret=made), 0, by)
        except ConflictError:
            # Another request makes the first secret, and shows it.
            return None
        return made

    def _replace(
        self, before: "Automation", given: StoredKeys, overlap_minutes: int, by: str
    ) -> "Automation":
        begun = self._begin(before, by)
        keys = begun.webhook_keys
        assert keys is not None and keys.started is not None
        value = self._merged(begun.id, keys.current, given)
        started = KeyVersion(id=keys.started.id, label=keys.started.label)
        stored = self.versions.store(begun.id, started, value, is_first=keys.current is None)
        now = self.clock()
        valid_until = now + overlap_minutes * MINUTE
        named = keys.changed(
            revision=keys.revision + 1,
            current=_described(stored, value, now),
            previous=_replaced(keys, now, valid_until),
            started=None,
        )
        after = begun.changed(webhook_keys=named, updated_at=now, updated_by=by)
        self.automations.store.set_webhook_keys(begun, after)
        return after

    def _begin(self, before: "Automation", by: str) -> "Automation":
        """Reserves the new version on the row. Does not change any key."""
        keys = self._keys_of(before)
        now = self.clock()
        started = keys.started
        if started is not None and now < started.begun_at + UNDER_WAY:
            raise ConflictError("the keys are being rotated already; try again in a minute")
        version = new_version([keys.current, *keys.previous_at(now), started])
        begun = keys.changed(
            revision=keys.revision + 1,
            started=StartedRotation(id=version.id, label=version.label, begun_at=now),
        )
        after = before.changed(webhook_keys=begun, rotation=None, updated_at=now, updated_by=by)
        self.automations.store.set_webhook_keys(before, after)
        return after

    def _keys_of(self, automation: "Automation") -> WebhookKeys:
        """Returns the keys that the row names. If it names none, returns those in Secrets
        Manager."""
        if automation.webhook_keys is not None:
            return automation.webhook_keys
        first = self.versions.first(automation.id)
        if first is None:
            return WebhookKeys(revision=0)
        rotation = automation.rotation
        previous: tuple[PreviousKeys, ...] = ()
        since = automation.updated_at
        if rotation is not None:
            since = rotation.begun_at
            replaced = PreviousKeys(
                id=rotation.previous_version,
                label=_PREVIOUS_LABEL,
                valid_until=rotation.valid_until,
            )
            previous = (replaced,)
        current = CurrentKeys(id=first.id, label=first.label, since=since, has_secret=True)
        return WebhookKeys(revision=0, current=current, previous=previous)

    def _merged(
        self, automation_id: str, current: KeyVersion | None, given: StoredKeys
    ) -> StoredKeys:
        """Returns the given values, and the current value of each key that is not given."""
        if current is None:
            return given
        try:
            kept = self.keys.version(automation_id, current.id)
        except MissingResourceError:
            # Somebody deleted it in Secrets Manager, so there is nothing to keep.
            return given
        return StoredKeys(
            secret=given.secret or kept.secret,
            public_key=given.public_key or kept.public_key,
            verify_token=given.verify_token or kept.verify_token,
        )


def _described(version: KeyVersion, value: StoredKeys, now: int) -> CurrentKeys:
    secret = value.secret
    is_long = secret is not None and len(secret) >= _HINTED_FROM
    return CurrentKeys(
        id=version.id,
        label=version.label,
        since=now,
        has_secret=secret is not None,
        hint=secret[-_HINT_CHARACTERS:] if secret and is_long else None,
        has_public_key=value.public_key is not None,
        has_verify_token=value.verify_token is not None,
    )


def _replaced(keys: WebhookKeys, now: int, valid_until: int) -> tuple[PreviousKeys, ...]:
    """Returns the versions that stay valid beside a new one, until `valid_until` at most."""
    current = keys.current
    replaced: list[PreviousKeys] = []
    if current is not None:
        replaced = [PreviousKeys(id=current.id, label=current.label, valid_until=valid_until)]
    for each in keys.previous:
        replaced.append(each.changed(valid_until=min(each.valid_until, valid_until)))
    return tuple(each for each in replaced if each.valid_until > now)[:MAX_PREVIOUS]
