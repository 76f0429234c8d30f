"""Rate limits that hold across processes. A call takes a turn from a bucket, which refills over
time."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.clock import DAY
from runledger.errors import ConditionFailedError, RateLimitedError
from runledger.store import keys
from runledger.store.table import Change, Path, ttl

if TYPE_CHECKING:
    from runledger.store.table import Table

# A try is lost only if another process takes a turn between two of ours.
_TRIES = 5


class ThrottleStore:
    """Buckets that hold a number of turns. One turn comes back in each interval. A bucket is stored
    as the time when it will be full again: `nextAt`, in epoch milliseconds."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def reserve(self, name: str, now: int, interval: int, room: int) -> int:
        """Takes a turn from the bucket, which holds `room` turns. Returns how many of its turns are
        taken now, including this one.

        Raises RateLimitedError, with the time until the next turn, if no turn is left, or if other
        processes were faster at each of several tries. Never waits. If several processes call at
        the same moment, each gets a turn of its own as long as some are left.
        """
        last = now + (room - 1) * interval
        kept: dict[Path, int] = {"ttl": ttl(now + DAY)}
        is_full = Attr("nextAt").not_exists() | Attr("nextAt").lte(now)
        is_in_use = Attr("nextAt").gt(now) & Attr("nextAt").lte(last)
        first = Change(set={"nextAt": now + interval, **kept}), is_full
        another = Change(add={"nextAt": interval}, set=kept), is_in_use
        for attempt in range(_TRIES):
            change, condition = another if attempt % 2 else first
            try:
                row = self._table.update(keys.throttle(name), change, condition)
            except ConditionFailedError as error:
                next_at = error.item["nextAt"] if error.item else now
                if next_at > last:
                    raise _none_left(name, next_at - last) from error
            else:
                return int(-(-(row["nextAt"] - now) // interval))
        raise _none_left(name, interval)

    def give_back(self, name: str, interval: int) -> None:
        """Gives back an unused turn."""
        self._table.update(keys.throttle(name), Change(add={"nextAt": -interval}))


def _none_left(name: str, wait: int) -> RateLimitedError:
    return RateLimitedError(
        f"too many {name} at the same time; try again later", retry_after=max(1, -(-wait // 1_000))
    )
