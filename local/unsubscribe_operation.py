"""The part of the OpenAPI document about unsubscribe links that cannot be derived from a handler's
parameters: the form data that a mail program posts (RFC 8058)."""

from typing import Any

from runledger.services.messages.unsubscribe import ONE_CLICK

_NAME, _VALUE = ONE_CLICK
_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "properties": {
            _NAME: {"type": "string", "const": _VALUE, "description": "The header's value."}
        },
        "required": [_NAME],
    }
}
_BODY: dict[str, Any] = {
    "required": True,
    "description": "The form that RFC 8058 describes, in either encoding.",
    "content": {"application/x-www-form-urlencoded": _FORM, "multipart/form-data": _FORM},
}


def with_unsubscribe_facts(operation: dict[str, Any]) -> None:
    operation["requestBody"] = _BODY
