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
    """The version that was replaced last; it is accepted too, until `valid_until`."""

    valid_until: int


class StartedRotation(KeyVersion):
    """A rotation that is under way, or was abandoned: its version may not exist and is not
    valid."""

    begun_at: int


class WebhookKeys(Model):
    """The valid versions. `revision` counts the changes."""

    revision: int
    current: CurrentKeys | None = None
    previous: PreviousKeys | None = None
    started: StartedRotation | None = None

    def previous_at(self, now: int) -> PreviousKeys | None:
        """Returns the replaced version if it is still accepted."""
        previous = self.previous
        return previous if previous is not None and previous.valid_until > now else None
