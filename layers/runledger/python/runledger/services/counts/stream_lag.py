"""Notes how far the readers of the stream lag, so that counts do not seem fresher than they are.

A pulse shows only the lag of the reader that reads it. A table with 160 partitions is read in 640
parallel parts, so most readers never read a pulse. Therefore every reader also notes the age of its
own batch if that batch is late.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.clock import MINUTE, SECOND, Clock
from runledger.store.freshness import LATE

if TYPE_CHECKING:
    from runledger.store.freshness import FreshnessStore


@dataclass(slots=True)
class StreamLag:
    freshness: "FreshnessStore"
    clock: Clock
    # The minute of the last note, and its lag: all readers in one process share a note.
    _minute: int = 0
    _oldest: int = 0

    def note(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Notes the age of a late batch. Call it before the batch is handled, because handling it
        may end the process."""
        written = [
            record["dynamodb"]["ApproximateCreationDateTime"] * SECOND
            for record in records
            if "ApproximateCreationDateTime" in record.get("dynamodb", {})
        ]
        now = self.clock()
        oldest = int(min(written, default=now))
        if now - oldest <= LATE:
            return
        minute = now // MINUTE
        if minute == self._minute and self._oldest <= oldest:
            return
        self.freshness.note_lag(oldest, now)
        self._minute, self._oldest = minute, oldest
