"""Secrets of a workspace: written here, read only by the function that calls other services.

What may happen between any two calls is borne by the row of the name (store/secrets.py): a new
value is on it before it is made, and counts from the moment when the row points to it; an old one
stays on it until it is gone. What a request leaves undone, the tick does.
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
from runledger.services.secrets.names import secret_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from runledger.store.due import DueRow
    from runledger.store.secrets import SecretName, SecretStore

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
MAX_VALUE_CHARACTERS = 10_000
_FIRST_PRINTABLE = 0x20
# When nothing came of a value that was about to be made. A request lives for half a minute.
ABANDONED_AFTER = 15 * MINUTE
# When the tick looks for what a request was to delete.
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
        """What is given of a secret: its value, where it may go, or both."""
        if value is not None:
            return self.put(workspace_id, name, value, hosts)
        if hosts is None:
            raise InvalidInputError("give the secret a value", field="value")
        return self.allow(workspace_id, name, hosts)

    def put(
        self, workspace_id: str, name: str, value: str, hosts: "Sequence[str] | None" = None
    ) -> "SecretName":
        """Sets or replaces a secret. Once this returns, nobody reads the value before for longer
        than a reader may keep it (services/secret_values.py). `hosts` is where it may go; without
        them those it has stay."""
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
            )
            pointed = self.names.point(row, generation, self.clock(), allowed)
            if pointed is not None:
                self._sweep_now(pointed)
                return pointed
        raise TransientError(f"the secret {name} keeps changing; try again")

    def allow(self, workspace_id: str, name: str, hosts: "Sequence[str]") -> "SecretName":
        """Says anew where a secret may go, and leaves its value; binds from the next request on.
        NotFoundError where it is not set."""
        allowed = _hosts(hosts)
        for _ in range(_TRIES):
            row = self.names.get(workspace_id, name)
            if row is None or row.generation is None:
                raise NotFoundError(f"the workspace has no secret named {name}")
            try:
                return self.names.allow(row, allowed)
            except ConditionFailedError:
                continue
        raise TransientError(f"the secret {name} keeps changing; try again")

    def delete(self, workspace_id: str, name: str) -> None:
        """For good, and without a time to regret it. The name may be set again at once."""
        for _ in range(_TRIES):
            row = self.names.get(workspace_id, name)
            if row is None or row.generation is None:
                raise NotFoundError(f"the workspace has no secret named {name}")
            now = self.clock()
            try:
                row = self.names.forget(row, now, now + _SWEPT_AFTER)
            except ConditionFailedError as error:
                if error.item is None or row.generation not in error.item["doomed"]:
                    continue
                # Our own write, sent again below us because its answer was lost; or another
                # request's, which comes to the same.
            else:
                self._sweep_now(row)
            return
        raise TransientError(f"the secret {name} keeps changing; try again")

    def settle(self, due: "DueRow") -> None:
        """Deletes what requests left behind: values that nothing came of, and those replaced."""
        row = self.names.at(due.key)
        if row is not None:
            self._sweep(row)

    def _sweep_now(self, row: "SecretName") -> None:
        """What was asked for is done by now; the rest can wait for the tick."""
        try:
            self._sweep(row)
        except ConditionFailedError:
            # Somebody else is at it; the row stays due for as long as it lists anything.
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
                # Deleted before, or never made.
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
