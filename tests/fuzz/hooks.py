"""The requests that Schemathesis must not send."""

import json
from typing import Any

import schemathesis


def filter_body(context: Any, body: Any) -> bool:
    """An INTEGRATION would call any host that its address names: the stack under test is real."""
    return '"INTEGRATION"' not in json.dumps(body, default=str)


schemathesis.hook(filter_body)
