"""How far the table's stream was read. Pulses are written to the table, and the newest pulses that
the stream's readers saw are recorded. A reader that is late also records how far it lags.

A stream has a shard for each partition of the table, and several readers read each shard at the
same time. No reader knows the number of shards and readers. So pulses are written under many keys,
to reach all shards and readers. For each key, the latest pulse that was seen is recorded.
Everything that was written before the oldest of these pulses has been read."""

from contextlib import suppress
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from runledger.clock import MINUTE, SECOND
from runledger.errors import ConditionFailedError
from runledger.models.totals import Freshness
from runledger.store import keys
from runledger.store.table import Change, Path, SortRange, key_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runledger.store.table import Table

# A new table has about four partitions, and each shard has four readers. Each of these sixteen
# should get some pulse.
PULSES = 64
_TRIES = 2
# DynamoDB limits an expression to 300 operators and 4 KB.
_AT_ONCE = 16

# A reader lags if its batch is older than this. Lambda delivers a record within seconds.
LATE = 30 * SECOND
# How long a note about a lag counts. It must be longer than Lambda's pause between two tries of a
# batch, which AWS does not document.
LAG_COUNTS_FOR = 10 * MINUTE
# One item a minute, in turns: more items than the minutes for which a note counts.
_LAG_SLOTS = 16


class FreshnessStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def write_pulses(self, moment: int) -> None:
        """Writes all pulses, with the current time."""
        for number in range(PULSES):
            self._table.put({**key_attributes(keys.pulse(number)), "at": moment})

    def record_pulses(self, pulses: "Mapping[int, int]") -> None:
        """Records the times of these pulses, by their numbers. The caller has processed all changes
        before them.

        When the stream is read again, old pulses come back. Pulses are recorded in groups. If any
        pulse of a group is not newer than its recorded one, the whole group is ignored."""
        ordered = sorted(pulses.items())
        for start in range(0, len(ordered), _AT_ONCE):
            self._record_some(dict(ordered[start : start + _AT_ONCE]))

    def _record_some(self, pulses: "Mapping[int, int]") -> None:
        key = keys.freshness()
        seen: dict[Path, int] = {_name(number): moment for number, moment in pulses.items()}
        is_there: ConditionBase = Attr("since").exists()
        is_newer = is_there
        for number, moment in pulses.items():
            name = Attr(_name(number))
            is_newer &= name.not_exists() | name.lt(moment)
        first = {**key_attributes(key), "since": max(pulses.values())}
        is_new = Attr("pk").not_exists()
        for _ in range(_TRIES):
            try:
                self._table.update(key, Change(set=seen), is_newer)
            except ConditionFailedError as error:
                if error.item is not None:
                    return
            else:
                return
            # Another process may make the row first. Then these pulses are recorded in it.
            with suppress(ConditionFailedError):
                self._table.put({**first, **{str(name): seen[name] for name in seen}}, is_new)
                return

    def note_lag(self, oldest: int, now: int) -> None:
        """Notes that, at `now`, a reader of the stream had not yet handled changes from `oldest` on
        (both epoch milliseconds)."""
        minute = now // MINUTE
        is_new = Attr("pk").not_exists()
        is_of_an_earlier_turn = Attr("minute").lt(minute)
        is_shorter = Attr("oldest").gt(oldest)
        note = Change(set={"minute": minute, "oldest": oldest})
        # Otherwise a longer lag of this minute is already noted.
        with suppress(ConditionFailedError):
            self._table.change(
                keys.stream_lag(minute % _LAG_SLOTS),
                note,
                is_new | is_of_an_earlier_turn | is_shorter,
            )

    def read(self, now: int) -> Freshness:
        """Returns how far the stream was read at `now` (epoch milliseconds)."""
        key = keys.freshness()
        page = self._table.query(key.pk, SortRange(), consistent=True)
        items = {item["sk"]: item for item in page.items}
        pulses = items.pop(key.sk, {})
        known = [pulses[name] for number in range(PULSES) if (name := _name(number)) in pulses]
        until = None
        if len(known) == PULSES:
            lags = [
                lag["oldest"]
                for lag in items.values()
                if now - lag["minute"] * MINUTE <= LAG_COUNTS_FOR
            ]
            # A reader that is less late than this notes nothing.
            until = min(*known, *lags, now - LATE)
        return Freshness(since=pulses.get("since"), until=until)


def _name(number: int) -> str:
    return f"pulse{number}"
