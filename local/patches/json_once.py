"""JSON: a request's body is parsed once, and orjson reads and writes.

The emulator parses the body of a DynamoDB request once for each thing that IAM wants to know about
it, and again for the operation: six or seven times. Python's own module still handles what orjson
refuses, such as a lone surrogate.
"""

import json
import threading
from types import SimpleNamespace
from typing import Any

import orjson
from ministack.core import iam_actions, responses
from ministack.services import dynamodb

from local.patches import guard

# A literal such as b"{}" is one object for all requests.
_SHORT = 2


class _Last(threading.local):
    """The last body that this thread parsed. Compared by identity, so that no other request can
    get its value."""

    body: bytes | None = None
    value: Any = None


_last = _Last()


def apply() -> None:
    guard.expect(dynamodb, "handle_request", "1201f2ac993ce1a0")
    guard.expect(iam_actions, "dynamodb_resource_arns", "a7186900d54a313c")
    guard.expect(responses, "json_response", "e6a4da6038be24fa")
    iam_actions.json = SimpleNamespace(**{**vars(json), "loads": loads})
    for module in (dynamodb, responses):
        module.json = SimpleNamespace(**{**vars(json), "loads": take, "dumps": dumps})


def loads(body: bytes | str) -> Any:
    """Returns the body's value. The next call with the same object returns the same value, which
    the caller must not change."""
    if body is _last.body:
        return _last.value
    value = _parsed(body)
    if type(body) is bytes and len(body) > _SHORT:
        _last.body, _last.value = body, value
    return value


def take(body: bytes | str) -> Any:
    """Returns the body's value, which belongs to the caller."""
    if body is not _last.body:
        return _parsed(body)
    value = _last.value
    _last.body = _last.value = None
    return value


def _parsed(body: bytes | str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def dumps(value: Any, **options: Any) -> str:
    """Returns the value's JSON. orjson writes it if the only option is `ensure_ascii=False`, with
    which the emulator writes its answers. Otherwise Python's own module writes it."""
    if options == {"ensure_ascii": False}:
        try:
            return orjson.dumps(value).decode()
        except TypeError:
            pass
    return json.dumps(value, **options)
