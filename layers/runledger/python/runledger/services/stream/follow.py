"""Runs everything that follows from a batch of the table's stream, except starting runs.

A stream supports two readers, so one function reads it for all followers. Each follower gets the
whole batch, possibly more than once. None waits for another, and one that fails does not fail the
others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import RunledgerError
from runledger.observability import log_failure
from runledger.services.counts.changed_hours import changes_in
from runledger.services.stream.expiry import expired_rows
from runledger.services.stream.publish import Change, changes_of
from runledger.services.stream.recovered_runs import completed_reruns
from runledger.services.stream.run_metrics import measures_of

if TYPE_CHECKING:
    from runledger.metrics import MetricLog
    from runledger.services.counts.changed_hours import TotalMarker
    from runledger.services.counts.stream_lag import StreamLag
    from runledger.services.stream.expiry import ExpiryFollower
    from runledger.services.stream.publish import Publisher
    from runledger.services.stream.recovered_runs import RecoveredRuns

Records = Sequence[Mapping[str, Any]]
Changes = Sequence[Change]


@dataclass(frozen=True, slots=True)
class Followers:
    publisher: "Publisher"
    marker: "TotalMarker"
    expiry: "ExpiryFollower"
    recovered: "RecoveredRuns"
    lag: "StreamLag"
    metrics: "MetricLog"

    def follow(self, records: Records) -> str | None:
        """Returns the earliest position from which to read the stream again, or None if everything
        is done. A failure without a position counts as a failure of the first record."""
        positions = [_position(record) for record in records]
        changes = changes_of(records)
        failed = []
        # A lag is noted before the work, which may fail or end the process. Then events are
        # published, because subscribers wait for them.
        for work in (self._note_lag, self._publish, self._mark, self._recover, self._bury):
            try:
                position = work(records, changes)
            except RunledgerError as error:
                log_failure("a follower of the stream failed", error, follower=work.__name__[1:])
                position = positions[0]
            if position is not None:
                failed.append(position)
        again = min(failed, key=positions.index, default=None)
        # What comes again is measured then.
        self._measure(records, changes, len(records) if again is None else positions.index(again))
        return again

    def _measure(self, records: Records, changes: Changes, count: int) -> None:
        done = records[:count]
        positions = {_position(record) for record in done}
        settled = [change for change in changes if change.position in positions]
        self.metrics.write(measures_of(done, settled))

    def _note_lag(self, records: Records, changes: Changes) -> None:
        self.lag.note(records)

    def _publish(self, records: Records, changes: Changes) -> str | None:
        return self.publisher.publish(changes)

    def _mark(self, records: Records, changes: Changes) -> None:
        self.marker.mark(changes_in(records))

    def _recover(self, records: Records, changes: Changes) -> str | None:
        """Stores the id of each completed rerun on the runs that it repeats. A failure does not
        delay the other reruns. Returns the position of the first failure, or None."""
        first = None
        for position, run in completed_reruns(records):
            try:
                self.recovered.note(run)
            except RunledgerError as error:
                log_failure("a rerun was not named on its original", error, runId=run.id)
                first = first or position
        return first

    def _bury(self, records: Records, changes: Changes) -> str | None:
        """Deletes the objects of expired rows, and leaves a tombstone for each row that links led
        to. A failure does not delay the other rows. Returns the position of the first failure, or
        None."""
        first = None
        for position, row in expired_rows(records):
            try:
                self.expiry.bury(row)
            except RunledgerError as error:
                log_failure("an expired row got no tombstone", error, row=row.key.pk)
                first = first or position
        return first


def _position(record: Mapping[str, Any]) -> str:
    """Returns the record's position, or an empty text, which makes AWS repeat the whole batch."""
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))
