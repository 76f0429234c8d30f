"""The keys of an automation's webhook: which versions in Secrets Manager are valid, and until when.

The values are only in Secrets Manager. Times are epoch milliseconds."""

from runledger.models.base import Model


class KeyVersion(Model):
    """One version of the secret in Secrets Manager: its id, and the staging label that protects it
    from deletion."""

    id: str
    label: str


class CurrentKeys(KeyVersion):
    """The version that senders should use, without its values. `hint` has the last characters of a
    long secret."""

    since: int
    has_secret: bool = False
    hint: str | None = None
    has_public_key: bool = False
    has_verify_token: bool = False


class PreviousKeys(KeyVersion):
    """A replaced version. It is still accepted until `valid_until`."""

    valid_until: int


class StartedRotation(KeyVersion):
    """A rotation that has begun and not ended. Its version is not valid yet, and may not have been
    created yet."""

    begun_at: int


class WebhookKeys(Model):
    """The valid versions. `previous` are the replaced ones, the newest first. `revision` counts the
    changes."""

    revision: int
    current: CurrentKeys | None = None
    previous: tuple[PreviousKeys, ...] = ()
    started: StartedRotation | None = None

    def previous_at(self, now: int) -> tuple[PreviousKeys, ...]:
        """Returns the replaced versions that are still accepted at this time."""
        return tuple(each for each in self.previous if each.valid_until > now)
