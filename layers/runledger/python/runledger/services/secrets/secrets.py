"""Secrets of a workspace: written here, and read only by the function that calls other services.

Each secret's name has a row (store/secrets.py), which makes a crash between any two calls harmless.
The row lists a new value before the value is created, and the value is valid once the row points to
it. The row lists an old value until the value is deleted. The tick finishes what a request leaves
undone.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.aws import AWS_ERRORS, domain_error
from runledger.clock import MINUTE, Clock
from runledger.errors import (
    ConditionFailedError,
    InvalidInputError,
    MissingResourceError,
    NotFoundError,
    RunledgerError,
    TransientError,
)
from runledger.ids import new_id
from runledger.nodes.secret_hosts import parse_hosts
from runledger.observability import log_failure
from runledger.redaction import MIN_SECRET_CHARACTERS
from runledger.services.secrets.names import secret_id, secret_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.store.due import DueRow
    from runledger.store.secrets import SecretName, SecretStore

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
MAX_VALUE_CHARACTERS = 10_000
_FIRST_PRINTABLE = 0x20
# When a value that was about to be created counts as abandoned. A request lives for half a minute.
ABANDONED_AFTER = 15 * MINUTE
# When the tick deletes what a request should have deleted.
_SWEPT_AFTER = MINUTE
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Secrets:
    names: "SecretStore"
    secrets: "SecretsManagerClient"
    stack: str
    clock: Clock

    def set(
        self, workspace_id: str, name: str, value: str | None, hosts: "Sequence[str] | None"
    ) -> "SecretName":
        """Sets a secret's value, its allowed hosts, or both."""
        if value is not None:
            return self.put(workspace_id, name, value, hosts)
        if hosts is None:
            raise InvalidInputError(
                "the secret does not exist yet, so it needs a value", field="value"
            )
        return self.allow(workspace_id, name, hosts)

    def put(
        self, workspace_id: str, name: str, value: str, hosts: "Sequence[str] | None" = None
    ) -> "SecretName":
        """Sets or replaces a secret. After this, a reader uses the previous value only while its
        cache keeps it (services/secrets/values.py). Without `hosts`, the allowed hosts stay."""
        _check(name, value)
        allowed = None if hosts is None else _hosts(hosts)
        for _ in range(_TRIES):
            generation = new_id("gen")
            now = self.clock()
            row = self.names.begin(workspace_id, name, generation, now, now + ABANDONED_AFTER)
            self._call(
                "create_secret",
                Name=secret_id(self.stack, workspace_id, name, generation),
                SecretString=value,
                Tags=secret_tags(self.stack),
            )
            pointed = self.names.point(row, generation, self.clock(), allowed)
            if pointed is not None:
                self._sweep_now(pointed)
                return pointed
        raise TransientError(f"the secret {name} kept changing; try again")

    def allow(self, workspace_id: str, name: str, hosts: "Sequence[str]") -> "SecretName":
        """Replaces a secret's allowed hosts from the next request on, and keeps its value. Raises
        NotFoundError if the secret is not set."""
        allowed = _hosts(hosts)
        for _ in range(_TRIES):
            row = self.names.get(workspace_id, name)
            if row is None or row.generation is None:
                raise NotFoundError(f"the workspace has no secret {name}")
            try:
                return self.names.allow(row, allowed)
            except ConditionFailedError:
                continue
        raise TransientError(f"the secret {name} kept changing; try again")

    def delete(self, workspace_id: str, name: str) -> None:
        """Deletes a secret permanently and at once. The name may be set again immediately."""
        for _ in range(_TRIES):
            row = self.names.get(workspace_id, name)
            if row is None or row.generation is None:
                raise NotFoundError(f"the workspace has no secret {name}")
            now = self.clock()
            try:
                row = self.names.forget(row, now, now + _SWEPT_AFTER)
            except ConditionFailedError as error:
                if error.item is None or row.generation not in error.item["doomed"]:
                    continue
                # This is our own write, which the AWS client sent twice because the first answer
                # was lost; or another request's, with the same result.
            else:
                self._sweep_now(row)
            return
        raise TransientError(f"the secret {name} kept changing; try again")

    def settle(self, due: "DueRow") -> None:
        """Deletes what requests left behind: abandoned values and replaced ones."""
        row = self.names.at(due.key)
        if row is not None:
            self._sweep(row)

    def _sweep_now(self, row: "SecretName") -> None:
        """Deletes the secret's replaced and abandoned values at once. An error is only logged: the
        request itself is done, and the tick does the rest."""
        try:
            self._sweep(row)
        except ConditionFailedError:
            # Another process sweeps it. The row stays due while it lists anything.
            return
        except RunledgerError as error:
            log_failure("a replaced secret is left to the tick", error)

    def _sweep(self, row: "SecretName") -> None:
        now = self.clock()
        abandoned = [each for each, at in row.making.items() if at <= now - ABANDONED_AFTER]
        if abandoned:
            row = self.names.mark_for_deletion(row, abandoned, now)
        for generation in row.doomed:
            identifier = secret_id(self.stack, row.workspace_id, row.name, generation)
            try:
                self._call("delete_secret", SecretId=identifier, ForceDeleteWithoutRecovery=True)
            except MissingResourceError:
                # It was deleted before, or never created.
                continue
        oldest = min(row.making.values(), default=now)
        self.names.remove_deleted(row, row.doomed, oldest + ABANDONED_AFTER)

    def _call(self, operation: str, **request: object) -> None:
        try:
            getattr(self.secrets, operation)(**request)
        except AWS_ERRORS as error:
            raise domain_error(error) from error


def _hosts(written: "Sequence[str]") -> tuple[str, ...]:
    try:
        return parse_hosts(written)
    except ValueError as error:
        raise InvalidInputError(str(error), field="allowedHosts") from error


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            "a secret's name must begin with a letter and contain only upper-case letters, "
            "digits and _, at most 64 characters",
            field="name",
        )
    if not MIN_SECRET_CHARACTERS <= len(value) <= MAX_VALUE_CHARACTERS:
        raise InvalidInputError(
            f"a secret's value must have {MIN_SECRET_CHARACTERS} to {MAX_VALUE_CHARACTERS} "
            "characters; a shorter one cannot be removed from the history reliably",
            field="value",
        )
    if any(ord(character) < _FIRST_PRINTABLE for character in value):
        raise InvalidInputError(
            "a secret's value must not contain line breaks or other control characters, "
            "because a header cannot contain them",
            field="value",
        )
