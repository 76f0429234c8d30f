"""The private method that every call of a boto3 client goes through. The type stubs of boto3 do not
contain it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from runledger.aws import AWS_ERRORS, domain_error
from runledger.store.table import Table

from tests.support.boundary import Call
from tests.support.memory_table import MemoryTable

_NAME = "_make_api_call"

# Takes the name of an operation and what makes the call; returns the call's answer.
Around = Callable[[str, Callable[[], Any]], Any]


def api_call() -> Any:
    """Returns the method that makes every call of a boto3 client, as it is patched at the moment:
    `(client, operation, request) -> answer`."""
    return vars(BaseClient)[_NAME]


def replace_api_call(patch: pytest.MonkeyPatch, made: Any) -> None:
    patch.setattr(BaseClient, _NAME, made)


def wrap_calls(patch: pytest.MonkeyPatch, table: Table, around: Around) -> None:
    """Puts `around` between the engine and every call of a client or of a table in memory. A table
    in memory turns AWS's errors into our own, as the table on DynamoDB does."""
    real = api_call()

    def made(client: Any, operation: str, request: Any) -> Any:
        return around(operation, lambda: real(client, operation, request))

    def translated(call: Call, act: Callable[[], Any]) -> Any:
        try:
            return around(call.operation, act)
        except AWS_ERRORS as error:
            raise domain_error(error) from error

    replace_api_call(patch, made)
    if isinstance(table, MemoryTable):
        patch.setattr(table, "around", translated)


def record_calls(patch: pytest.MonkeyPatch, table: Table) -> list[str]:
    """Returns a list that gets the operation of each call of a client or of a table in memory from
    now on."""
    made: list[str] = []

    def recording(operation: str, act: Callable[[], Any]) -> Any:
        made.append(operation)
        return act()

    wrap_calls(patch, table, recording)
    return made
