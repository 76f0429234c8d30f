"""The one method behind every call of a boto3 client, which its stubs do not name."""

from typing import Any

import pytest
from botocore.client import BaseClient

_NAME = "_make_api_call"


def api_call() -> Any:
    """Returns the current method: `(client, operation, request) -> answer`."""
    return vars(BaseClient)[_NAME]


def replace_api_call(patch: pytest.MonkeyPatch, made: Any) -> None:
    patch.setattr(BaseClient, _NAME, made)
