"""Turns at something that may be done only so often, whichever process does it."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import ConditionFailedError, RateLimitedError
from runledger.store import keys
from runledger.store.table import Change

if TYPE_CHECKING:
    from runledger.store.table import Table

# Each lost try means that another process got the turn.
_TRIES = 20


class PaceStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def turn(self, name: str, now: int, interval: int, longest_wait: int) -> int:
        """Takes the next free turn: its moment, `now` or later, `interval` milliseconds after the
        turn before. RateLimitedError where it would be over `longest_wait` milliseconds away."""
        key = keys.pace(name)
        item = self._table.get(key, consistent=True)
        for _ in range(_TRIES):
            turn = max(now, item["nextAt"] if item else now)
            if turn - now > longest_wait:
                raise _too_many(name, turn - now)
            is_still_free = (
                Attr("nextAt").eq(item["nextAt"]) if item else Attr("nextAt").not_exists()
            )
            try:
                self._table.update(key, Change(set={"nextAt": turn + interval}), is_still_free)
            except ConditionFailedError as error:
                item = error.item
            else:
                return turn
        raise _too_many(name, interval)


def _too_many(name: str, wait: int) -> RateLimitedError:
    return RateLimitedError(
        f"too many {name} at once; try again later", retry_after=max(1, -(-wait // 1_000))
    )
