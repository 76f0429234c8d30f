"""The requests that Schemathesis must not send."""

import json
from typing import Any

import schemathesis


def filter_body(context: Any, body: Any) -> bool:
    """Leaves out each request whose body has an INTEGRATION. The stack under test is real, so the
    node would call any host that its address names."""
    return '"INTEGRATION"' not in json.dumps(body, default=str)


schemathesis.hook(filter_body)
