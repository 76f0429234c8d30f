"""Secrets of a workspace: written here, read only by the function that calls other services."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from runledger.aws import domain_error
from runledger.clock import Clock
from runledger.errors import (
    InvalidInputError,
    NotFoundError,
    RunledgerError,
    ServiceError,
    TransientError,
)
from runledger.redaction import MIN_SECRET_CHARACTERS
from runledger.services.secret_names import secret_id

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.store.workspaces import WorkspaceStore

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
MAX_VALUE_CHARACTERS = 10_000
_FIRST_PRINTABLE = 0x20


@dataclass(frozen=True, slots=True)
class Secrets:
    workspaces: "WorkspaceStore"
    secrets: "SecretsManagerClient"
    stack: str
    clock: Clock

    def put(self, workspace_id: str, name: str, value: str) -> int:
        """Sets or replaces a secret; when, in epoch milliseconds."""
        if not _NAME.fullmatch(name):
            raise InvalidInputError(
                "a secret's name is upper case letters, digits and _, beginning with a letter, "
                "64 at most",
                field="name",
            )
        if not MIN_SECRET_CHARACTERS <= len(value) <= MAX_VALUE_CHARACTERS:
            raise InvalidInputError(
                f"a secret's value has {MIN_SECRET_CHARACTERS} to {MAX_VALUE_CHARACTERS} "
                "characters; a shorter one could not be told from other text and struck from "
                "the history",
                field="value",
            )
        if any(ord(character) < _FIRST_PRINTABLE for character in value):
            raise InvalidInputError(
                "a secret's value has no line breaks or control characters, as no header could "
                "carry it",
                field="value",
            )
        identifier = secret_id(self.stack, workspace_id, name)
        try:
            self._call("put_secret_value", SecretId=identifier, SecretString=value)
        except NotFoundError:
            try:
                self._call("create_secret", Name=identifier, SecretString=value)
            except ServiceError as error:
                if error.code == "InvalidRequestException":
                    # Deletion is done in the background, for a moment after it was asked for.
                    raise TransientError(
                        f"the earlier secret {name} is still being deleted; try again in a moment"
                    ) from error
                # Set by another request in between; what came last is what counts.
                if error.code != "ResourceExistsException":
                    raise
                self._call("put_secret_value", SecretId=identifier, SecretString=value)
        now = self.clock()
        self.workspaces.put_secret_name(workspace_id, name, now)
        return now

    def delete(self, workspace_id: str, name: str) -> None:
        """For good, and without a time to regret it."""
        if not self.workspaces.has_secret_name(workspace_id, name):
            raise NotFoundError(f"the workspace has no secret named {name}")
        identifier = secret_id(self.stack, workspace_id, name)
        try:
            self._call("delete_secret", SecretId=identifier, ForceDeleteWithoutRecovery=True)
        except NotFoundError:
            # Deleted before by a request that died before it forgot the name.
            self.workspaces.delete_secret_name(workspace_id, name)
            return
        self.workspaces.delete_secret_name(workspace_id, name)

    def _call(self, operation: str, **request: object) -> None:
        try:
            getattr(self.secrets, operation)(**request)
        except (ClientError, BotoCoreError) as error:
            ours: RunledgerError = domain_error(error)
            raise ours from error
