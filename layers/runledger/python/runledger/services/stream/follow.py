"""All that follows from a batch of the table's stream, but for starting runs.

A stream is meant for two readers, so one function reads it for all who follow it. Each of them is
given the whole batch and may be given it again: none waits for another, and none fails for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.errors import RunledgerError
from runledger.observability import log_failure
from runledger.services.counts.changed_hours import changes_in
from runledger.services.stream.expiry import expired_rows
from runledger.services.stream.publish import changes_of

if TYPE_CHECKING:
    from runledger.services.counts.changed_hours import TotalMarker
    from runledger.services.stream.expiry import ExpiryFollower
    from runledger.services.stream.publish import Publisher

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Followers:
    publisher: "Publisher"
    marker: "TotalMarker"
    expiry: "ExpiryFollower"

    def follow(self, records: Records) -> str | None:
        """The earliest position from which the stream has to be read again, or None where all is
        done. Without a position of its own a failure is that of the first record."""
        positions = [_position(record) for record in records]
        failed = []
        # Events first: somebody waits for them.
        for work in (self._publish, self._mark, self._bury):
            try:
                position = work(records)
            except RunledgerError as error:
                log_failure("a follower of the stream failed", error, follower=work.__name__[1:])
                position = positions[0]
            if position is not None:
                failed.append(position)
        return min(failed, key=positions.index, default=None)

    def _publish(self, records: Records) -> str | None:
        return self.publisher.publish(changes_of(records))

    def _mark(self, records: Records) -> None:
        self.marker.mark(changes_in(records))

    def _bury(self, records: Records) -> str | None:
        """One that fails does not hold up the others."""
        first = None
        for position, row in expired_rows(records):
            try:
                self.expiry.bury(row)
            except RunledgerError as error:
                log_failure("an expired row was not buried", error, row=row.key.pk)
                first = first or position
        return first


def _position(record: Mapping[str, Any]) -> str:
    """Without one, which AWS takes for the whole batch, where the record has none."""
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))
