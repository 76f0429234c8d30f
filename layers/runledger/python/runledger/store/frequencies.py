"""How often a recipient got messages recently: one small item per recipient and kind of address.
Only messages whose node has a frequency cap are counted. Times are epoch milliseconds."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.clock import HOUR
from runledger.errors import ConditionFailedError, TransientError
from runledger.models.base import Model
from runledger.models.frequency import MAX_CAP_HOURS, MAX_CAP_MESSAGES
from runledger.store import keys
from runledger.store.table import key_attributes, ttl

if TYPE_CHECKING:
    from runledger.store.table import Table
    from runledger.store.values import Item

# A lost try means that another message to the same recipient was counted in between.
_TRIES = 12


class Frequency(Model):
    """The messages counted within a window. `count` is how many other messages there are.
    `is_counted` says that this message is counted already. `frees_at` is when the next place
    becomes free."""

    count: int
    is_counted: bool
    frees_at: int | None


class FrequencyStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def look(
        self, key: keys.Key, delivery_id: str, now: int, *, messages: int, hours: int
    ) -> Frequency:
        """Returns the current frequency, without counting the message."""
        return _stand(_moments(self._read(key)), delivery_id, now, messages, hours)

    def take(
        self, key: keys.Key, delivery_id: str, now: int, *, messages: int, hours: int
    ) -> Frequency:
        """Counts the message unless the cap is reached. A message is counted once, even if the call
        is repeated. If several messages try to take the last place at once, exactly one gets it."""
        item = self._read(key)
        for _ in range(_TRIES):
            moments = _moments(item)
            frequency = _stand(moments, delivery_id, now, messages, hours)
            if frequency.is_counted or frequency.count >= messages:
                return frequency
            # Messages beyond the longest window and the highest cap cannot matter.
            kept = [*_recent(moments, now, MAX_CAP_HOURS), (delivery_id, now)][-MAX_CAP_MESSAGES:]
            try:
                self._write(key, item, kept, now)
            except ConditionFailedError as error:
                item = error.item
            else:
                return frequency.changed(is_counted=True)
        raise TransientError("too many messages to this recipient at the same time; try again")

    def _read(self, key: keys.Key) -> "Item | None":
        return self._table.get(key, consistent=True)

    def _write(
        self, key: keys.Key, item: "Item | None", moments: list[tuple[str, int]], now: int
    ) -> None:
        is_unchanged = (
            Attr("pk").not_exists() if item is None else Attr("revision").eq(item["revision"])
        )
        after: Item = {
            **key_attributes(key),
            "moments": [list(each) for each in moments],
            "revision": 1 if item is None else item["revision"] + 1,
            "ttl": ttl(now + MAX_CAP_HOURS * HOUR),
        }
        self._table.put(after, is_unchanged)


def _stand(
    moments: list[tuple[str, int]], delivery_id: str, now: int, messages: int, hours: int
) -> Frequency:
    others = [at for other, at in _recent(moments, now, hours) if other != delivery_id]
    is_counted = any(other == delivery_id for other, _ in moments)
    # The message that has to leave the window before another one fits.
    blocking = sorted(others)[-messages] if len(others) >= messages else None
    return Frequency(
        count=len(others),
        is_counted=is_counted,
        frees_at=None if blocking is None else blocking + hours * HOUR,
    )


def _recent(moments: list[tuple[str, int]], now: int, hours: int) -> list[tuple[str, int]]:
    return [(delivery_id, at) for delivery_id, at in moments if at > now - hours * HOUR]


def _moments(item: "Item | None") -> list[tuple[str, int]]:
    return [] if item is None else [(str(each[0]), int(each[1])) for each in item["moments"]]
