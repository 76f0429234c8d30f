"""Writes the versions of webhooks' keys in Secrets Manager.

These are Secrets Manager's rules (API reference of PutSecretValue, CreateSecret and
DescribeSecret):

- A version without a staging label may be deleted at any time, so every valid version has a
  label. Secrets Manager itself moves AWSCURRENT and AWSPREVIOUS to new versions. Here only the
  first version of a secret has AWSCURRENT; every other has one of our own labels, which moves
  only when we give it to another version.
- ClientRequestToken is the new version's id, of 32 to 64 characters. The same request with the
  same token does nothing, so the AWS client may send it twice. A version cannot be changed.
- A secret has at most 100 versions and 20 labels. Versions without a label are removed after a
  day.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.errors import ConflictError, MissingResourceError, ServiceError
from runledger.ids import new_token
from runledger.models.webhook_keys import KeyVersion
from runledger.services.secrets.names import secret_tags, signing_secret_id
from runledger.services.secrets.signing import FIRST_LABEL, called

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.services.secrets.signing import StoredKeys

# How many replaced versions may be valid at the same time.
MAX_PREVIOUS = 4
# One for each of these, one for the current version, one for a rotation that may have been
# abandoned, and one for the new version.
LABELS = tuple(f"RUNLEDGER_{number}" for number in range(MAX_PREVIOUS + 3))
_VERSION_CHARACTERS = 32
_EXISTS = "ResourceExistsException"
_TOO_MANY = "LimitExceededException"


def new_version(taken: "Iterable[KeyVersion | None]") -> KeyVersion:
    """Returns an id for a new version, and a label that no version of `taken` has."""
    labels = {each.label for each in taken if each is not None}
    free = next(label for label in LABELS if label not in labels)
    return KeyVersion(id=new_token(_VERSION_CHARACTERS), label=free)


@dataclass(frozen=True, slots=True)
class KeyVersions:
    secrets: "SecretsManagerClient"
    stack: str

    def first(self, automation_id: str) -> KeyVersion | None:
        """Returns the version that Secrets Manager calls AWSCURRENT, without reading its value;
        None if there is no secret."""
        name = signing_secret_id(self.stack, automation_id)
        try:
            described = called(lambda: self.secrets.describe_secret(SecretId=name))
        except MissingResourceError:
            return None
        stages: dict[str, list[str]] = described.get("VersionIdsToStages", {})
        current = [version for version, labels in stages.items() if FIRST_LABEL in labels]
        return KeyVersion(id=current[0], label=FIRST_LABEL) if current else None

    def store(
        self, automation_id: str, version: KeyVersion, value: "StoredKeys", *, is_first: bool
    ) -> KeyVersion:
        """Creates a version, and its secret if there is none. `is_first` means that there is
        probably no secret yet. Returns the version with its label. Raises ConflictError if there
        were too many versions today."""
        if not is_first:
            # The secret is missing if somebody deleted it in Secrets Manager.
            with suppress(MissingResourceError):
                return self._put(automation_id, version, value)
        created = self._create(automation_id, version, value)
        return created or self._put(automation_id, version, value)

    def delete(self, automation_id: str) -> None:
        """Deletes every version permanently. Does nothing if there is no secret."""
        name = signing_secret_id(self.stack, automation_id)
        try:
            called(
                lambda: self.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            )
        except MissingResourceError:
            # It was deleted before, or never created.
            return

    def _put(self, automation_id: str, version: KeyVersion, value: "StoredKeys") -> KeyVersion:
        name = signing_secret_id(self.stack, automation_id)
        try:
            called(
                lambda: self.secrets.put_secret_value(
                    SecretId=name,
                    ClientRequestToken=version.id,
                    SecretString=value.model_dump_json(),
                    VersionStages=[version.label],
                )
            )
        except ServiceError as error:
            if error.code == _TOO_MANY:
                raise ConflictError(
                    "the webhook's keys were changed too often; try again tomorrow"
                ) from error
            raise
        return version

    def _create(
        self, automation_id: str, version: KeyVersion, value: "StoredKeys"
    ) -> KeyVersion | None:
        """Creates the secret with its first version; returns None if there is a secret already."""
        name = signing_secret_id(self.stack, automation_id)
        try:
            called(
                lambda: self.secrets.create_secret(
                    Name=name,
                    ClientRequestToken=version.id,
                    SecretString=value.model_dump_json(),
                    Tags=secret_tags(self.stack),
                )
            )
        except ServiceError as error:
            if error.code == _EXISTS:
                return None
            raise
        return KeyVersion(id=version.id, label=FIRST_LABEL)
