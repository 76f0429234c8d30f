"""Reads secrets for the function that calls other services, the only one that may read them. Values
are cached briefly, so a new value takes effect soon."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runledger.aws import read_secret
from runledger.clock import HOUR, SECOND, Clock
from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    NodeError,
    RunledgerError,
    ServiceError,
)
from runledger.observability import log_failure
from runledger.services.secrets.names import secret_id

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.store.secrets import SecretName, SecretStore

# A value is read again after this, so every process sees a replaced one within a minute.
CACHED_FOR = 30 * SECOND
_MAX_CACHED = 1_000
# How often, at most, the last use is stored, so that most uses cost nothing.
USED_EVERY = HOUR
# A read is lost only if the secret was replaced between reading the row and the value.
_TRIES = 3
# Secrets Manager's error for a secret that is being deleted.
_BEING_DELETED = "InvalidRequestException"


@dataclass(frozen=True, slots=True)
class SecretValues:
    """Reads secrets for one process. `cached` holds values with the time they were read."""

    names: "SecretStore"
    secrets: "SecretsManagerClient"
    stack: str
    clock: Clock
    cached: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict, repr=False)

    def get(self, workspace_id: str, name: str) -> str:
        """Returns the value. Raises NodeError `MISSING_SECRET` if there is none."""
        return self.read(workspace_id, name)[0]

    def read(self, workspace_id: str, name: str) -> tuple[str, tuple[str, ...] | None]:
        """Returns the value, and its allowed hosts if its row was read just now. Raises NodeError
        `MISSING_SECRET`."""
        key = (workspace_id, name)
        found = self.cached.get(key)
        if found is not None and 0 <= self.clock() - found[0] < CACHED_FOR:
            return found[1], None
        self.cached.pop(key, None)
        began = self.clock()
        row, value = self._read(workspace_id, name)
        if len(self.cached) >= _MAX_CACHED:
            self.cached.clear()
        self.cached[key] = (began, value)
        self._touch(row, began)
        return value, row.allowed_hosts

    def hosts(self, workspace_id: str, name: str) -> tuple[str, ...]:
        """Returns the secret's allowed hosts. Never cached, so a change applies to the next
        request."""
        row = self.names.get(workspace_id, name)
        if row is None or row.generation is None:
            raise NodeError("MISSING_SECRET", f"the workspace has no secret {name}")
        return row.allowed_hosts

    def _read(self, workspace_id: str, name: str) -> "tuple[SecretName, str]":
        for _ in range(_TRIES):
            row = self.names.get(workspace_id, name)
            if row is None or row.generation is None:
                raise NodeError("MISSING_SECRET", f"the workspace has no secret {name}")
            identifier = secret_id(self.stack, workspace_id, name, row.generation)
            try:
                return row, read_secret(self.secrets, identifier)
            except MissingResourceError:
                continue
            except ServiceError as error:
                if error.code != _BEING_DELETED:
                    raise
        raise NodeError(
            "MISSING_SECRET", f"the value of the secret {name} was deleted; set the secret again"
        )

    def _touch(self, row: "SecretName", now: int) -> None:
        if row.last_used_at is not None and now - row.last_used_at < USED_EVERY:
            return
        try:
            self.names.touch(row, now, now - USED_EVERY)
        except ConditionFailedError:
            # Another process stored it, or the secret was replaced just now.
            return
        except RunledgerError as error:
            # A statistic must not hold up a call.
            log_failure("the last use of a secret was not recorded", error)


@dataclass(frozen=True, slots=True)
class WorkspaceSecrets:
    """Reads the secrets of one workspace, for one visit. `seen` keeps the allowed hosts of secrets
    that were just read, so that the first request need not read them again."""

    values: SecretValues
    workspace_id: str
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        value, hosts = self.values.read(self.workspace_id, name)
        if hosts is not None:
            self.seen[name] = hosts
        return value

    def hosts(self, name: str) -> tuple[str, ...]:
        seen = self.seen.pop(name, None)
        return self.values.hosts(self.workspace_id, name) if seen is None else seen
