"""The one method that every call of a boto3 client goes through, which its stubs do not name."""

from typing import Any

import pytest
from botocore.client import BaseClient

_NAME = "_make_api_call"


def api_call() -> Any:
    """The method as it is now: `(client, operation, request) -> answer`."""
    return vars(BaseClient)[_NAME]


def replace_api_call(patch: pytest.MonkeyPatch, made: Any) -> None:
    patch.setattr(BaseClient, _NAME, made)
