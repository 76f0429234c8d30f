"""Opaque, signed list cursors, bound to the workspace, the filter and the direction."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from runledger.api.lists import ListView
from runledger.clock import DAY, Clock
from runledger.errors import InvalidCursorError
from runledger.models.base import WireModel

RowT = TypeVar("RowT")
ViewT = TypeVar("ViewT", bound=WireModel)
# Reads one page: takes the most rows it may return and the position to start after (None: the
# beginning), and returns the rows and the position of the next page (None at the end).
ReadPage = Callable[[int, str | None], tuple[Sequence[RowT], str | None]]

# The version of the cursor's form, so that a cursor of an earlier release gets its own error.
_VERSION = 2
_SIGNATURE_BYTES = 16
# A reader must continue a list within a day, or begin again.
LIFETIME = DAY


class Cursors:
    """Signs and reads cursors. `key` is read at first use, because most requests carry no
    cursor. Without `lifetime`, cursors never expire."""

    def __init__(
        self, key: Callable[[], bytes], clock: Clock, lifetime: int | None = LIFETIME
    ) -> None:
        self._key = key
        self._clock = clock
        self._lifetime = lifetime

    def page(
        self,
        binding: dict[str, Any],
        limit: int,
        cursor: str | None,
        read: ReadPage[RowT],
        views: Callable[[Sequence[RowT]], list[ViewT]],
    ) -> ListView[ViewT]:
        """Returns the page that `cursor` leads to, with the cursor of the next page. `binding`
        holds everything that the list depends on. Raises InvalidCursorError if `cursor` is not
        ours, belongs to another list or has expired."""
        after = self.read(binding, cursor) if cursor is not None else None
        rows, position = read(limit, after)
        following = self.issue(binding, position) if position else None
        return ListView(items=views(rows), next_cursor=following)

    def issue(self, binding: dict[str, Any], position: str) -> str:
        """Returns a cursor for the page after `position`. `binding` holds everything that the page
        depends on."""
        fields = [_VERSION, _digest(binding), self._clock(), position]
        body = json.dumps(fields, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def read(self, binding: dict[str, Any], cursor: str) -> str:
        """Returns the cursor's position. Raises InvalidCursorError if the cursor is not ours,
        belongs to another list or has expired."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidCursorError(
                "the cursor is damaged; send nextCursor exactly as you received it"
            ) from error
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise InvalidCursorError(
                "the cursor is damaged; send nextCursor exactly as you received it"
            )
        version, *fields = json.loads(body)
        if version != _VERSION:
            raise InvalidCursorError(
                "the cursor is from an earlier release; start the list again without a cursor"
            )
        digest, issued_at, position = fields
        if digest != _digest(binding):
            raise InvalidCursorError(
                "the cursor belongs to another list; keep the filters and the order of its "
                "first page"
            )
        if self._lifetime is not None and self._clock() > issued_at + self._lifetime:
            raise InvalidCursorError(
                "the cursor is more than a day old; start the list again without a cursor"
            )
        return str(position)

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key(), body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _digest(binding: dict[str, Any]) -> str:
    text = json.dumps(binding, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
