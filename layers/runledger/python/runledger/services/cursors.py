"""Opaque, signed list cursors, bound to the workspace, the filter and the direction."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from runledger.errors import InvalidInputError

_VERSION = 1
_SIGNATURE_BYTES = 16


class Cursors:
    """`key` is read at first use: most reads never see a cursor."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def issue(self, binding: dict[str, Any], position: str) -> str:
        """A cursor for the page after `position`; `binding` is all that the page depends on."""
        body = json.dumps([_VERSION, _digest(binding), position], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def read(self, binding: dict[str, Any], cursor: str) -> str:
        """The position; InvalidInputError where the cursor is not ours, or another list's."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError) as error:
            raise InvalidInputError("the cursor is damaged", field="cursor") from error
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise InvalidInputError("the cursor is damaged", field="cursor")
        version, digest, position = json.loads(body)
        if version != _VERSION:
            raise InvalidInputError("the cursor is of an earlier release", field="cursor")
        if digest != _digest(binding):
            raise InvalidInputError(
                "the cursor belongs to another list: keep the filters it was issued with",
                field="cursor",
            )
        return str(position)

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key(), body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _digest(binding: dict[str, Any]) -> str:
    text = json.dumps(binding, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
