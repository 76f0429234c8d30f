"""The keys of an automation's webhook: which versions in Secrets Manager are valid, and until when.

The values are only in Secrets Manager. Times are epoch milliseconds."""

from runledger.models.base import Model


class KeyVersion(Model):
    """One version in Secrets Manager: its id there, and the staging label that keeps it from being
    deleted there."""

    id: str
    label: str


class CurrentKeys(KeyVersion):
    """The version that senders should use, without its values. `hint` is the end of a long
    secret."""

    since: int
    has_secret: bool = False
    hint: str | None = None
    has_public_key: bool = False
    has_verify_token: bool = False


class PreviousKeys(KeyVersion):
    """A version that was replaced; it is accepted too, until `valid_until`."""

    valid_until: int


class StartedRotation(KeyVersion):
    """A rotation that is under way, or was abandoned: its version may not exist and is not
    valid."""

    begun_at: int


class WebhookKeys(Model):
    """The valid versions. `previous` are the replaced ones, the newest first. `revision` counts the
    changes."""

    revision: int
    current: CurrentKeys | None = None
    previous: tuple[PreviousKeys, ...] = ()
    started: StartedRotation | None = None

    def previous_at(self, now: int) -> tuple[PreviousKeys, ...]:
        """Returns the replaced versions that are still accepted."""
        return tuple(each for each in self.previous if each.valid_until > now)
