"""Reads the keys of webhooks, for each event.

The automation's row names the valid versions, and the value of a version never changes in Secrets
Manager. So a process reads each version once, and a version that the row no longer names is refused
at once, although its value is still cached. The row must have been read consistently.

An older row names no versions; then the version with the label AWSCURRENT is valid. This label can
move, so its value is read again after a minute.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import Field

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import MINUTE, Clock
from runledger.errors import MissingResourceError, ServiceError
from runledger.models.automation import AutomationStatus
from runledger.models.base import Model
from runledger.services.secrets.names import signing_secret_id
from runledger.sources.base import SourceKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.models.automation import Automation

# The label that Secrets Manager gives to a secret's first version.
FIRST_LABEL = "AWSCURRENT"
# How long a process keeps the secret that a label names, or remembers that the label names none.
LABEL_CACHED_FOR = MINUTE
_MAX_CACHED = 1_000


class StoredKeys(Model):
    """The value of one version, as JSON in Secrets Manager: everything that verifies a sender."""

    secret: str | None = Field(default=None, repr=False)
    public_key: str | None = None
    verify_token: str | None = Field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> "StoredKeys":
        """Parses a stored value. Earlier versions of Runledger stored only the secret, which has
        only letters and digits."""
        return cls.model_validate_json(text) if text.startswith("{") else cls(secret=text)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Reads webhooks' keys for one process. `cached` holds the values by automation and version,
    with the time they were read. The version None means the one with the label AWSCURRENT."""

    secrets: "SecretsManagerClient"
    stack: str
    clock: Clock
    cached: dict[tuple[str, str | None], tuple[int, StoredKeys | None]] = field(
        default_factory=dict, repr=False
    )

    def of(self, automation: "Automation") -> SourceKeys:
        """Returns the keys that are accepted now. `automation` must have been read consistently.
        The result is empty if no keys were ever set, and for an archived automation, whose keys are
        deleted. Raises MissingResourceError if the row names a version that does not exist."""
        if automation.status is AutomationStatus.ARCHIVED:
            return SourceKeys()
        current = self._current(automation)
        if current is None:
            return SourceKeys()
        accepted = [current, *self._previous(automation)]
        return SourceKeys(
            secrets=_unique(each.secret for each in accepted),
            public_keys=_unique(each.public_key for each in accepted),
            verify_token=current.verify_token,
        )

    def _current(self, automation: "Automation") -> StoredKeys | None:
        keys = automation.webhook_keys
        if keys is None:
            return self._labelled(automation.id)
        return self.version(automation.id, keys.current.id) if keys.current else None

    def _previous(self, automation: "Automation") -> "Iterator[StoredKeys]":
        now = self.clock()
        versions: list[str] = []
        rotation = automation.rotation
        if automation.webhook_keys is not None:
            versions = [each.id for each in automation.webhook_keys.previous_at(now)]
        elif rotation is not None and rotation.valid_until > now:
            versions = [rotation.previous_version]
        for version in versions:
            # Somebody may have deleted it in Secrets Manager. The current one is still enough.
            with suppress(MissingResourceError):
                yield self.version(automation.id, version)

    def version(self, automation_id: str, version: str) -> StoredKeys:
        """Returns the value of a version. Raises MissingResourceError if it does not exist."""
        found = self.cached.get((automation_id, version))
        if found is not None and found[1] is not None:
            return found[1]
        value = self._read(automation_id, VersionId=version)
        self._keep(automation_id, version, self.clock(), value)
        return value

    def _labelled(self, automation_id: str) -> StoredKeys | None:
        """Returns the value of the version with the label AWSCURRENT; None if the automation has no
        secret. Unknown callers cannot cause more than one read a minute."""
        found = self.cached.get((automation_id, None))
        if found is not None and 0 <= self.clock() - found[0] < LABEL_CACHED_FOR:
            return found[1]
        now = self.clock()
        value: StoredKeys | None
        try:
            value = self._read(automation_id, VersionStage=FIRST_LABEL)
        except MissingResourceError:
            value = None
        self._keep(automation_id, None, now, value)
        return value

    def _keep(
        self, automation_id: str, version: str | None, now: int, value: StoredKeys | None
    ) -> None:
        if len(self.cached) >= _MAX_CACHED:
            self.cached.clear()
        self.cached[automation_id, version] = (now, value)

    def _read(self, automation_id: str, **which: Any) -> StoredKeys:
        name = signing_secret_id(self.stack, automation_id)
        answer = called(lambda: self.secrets.get_secret_value(SecretId=name, **which))
        return StoredKeys.parse(answer["SecretString"])


def _unique(values: "Iterable[str | None]") -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in values if each is not None))


def called(call: "Callable[[], Any]") -> Any:
    """Calls AWS, and raises its error as one of ours, without AWS's own words: they may quote the
    request, which holds a key."""
    try:
        return call()
    except AWS_ERRORS as error:
        found = domain_error(error)
        code = f" {found.code}" if isinstance(found, ServiceError) else ""
        found.detail = f"{type(error).__name__}{code}"
        raise found from error
