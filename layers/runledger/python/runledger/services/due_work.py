"""What the tick does: everything that was to happen by now, a kind of row at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import ConditionFailedError, TransientError
from runledger.observability import log_failure, logger

if TYPE_CHECKING:
    from runledger.store.due import DueRow, DueStore

# How long a row is left alone that could not be settled.
PUT_BACK = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class DueWork:
    """`kinds` tells what to do with a row, by the prefix of its id (`run`, `aut`, …)."""

    due: "DueStore"
    kinds: Mapping[str, "Callable[[DueRow], None]"]
    clock: Clock

    def settle_due(self, limit: int, until: int | None = None) -> int:
        """Settles what is due now, at most `limit` rows and until `until` (epoch milliseconds);
        how many rows it looked at. Due partitions take turns, oldest first in each.

        A row that cannot be settled, whatever the reason, is logged and put back, so that it
        keeps no other waiting."""
        seen = 0
        for row in self.due.rows(self.clock()):
            if seen >= limit or (until is not None and self.clock() > until):
                break
            seen += 1
            try:
                self.kinds[row.id.partition("_")[0]](row)
            except ConditionFailedError:
                logger.info("row moved on while it was being settled", extra={"rowId": row.id})
            except TransientError as error:
                # AWS was briefly away, which is nothing of the row's.
                log_failure("row could not be settled now", error, rowId=row.id)
                self._put_back(row, MINUTE)
            except Exception as error:
                log_failure("row could not be settled", error, rowId=row.id)
                self._put_back(row, PUT_BACK)
        return seen

    def _put_back(self, row: "DueRow", delay: int) -> None:
        try:
            self.due.put_back(row, self.clock() + delay)
        except TransientError as error:
            log_failure("row could not be put back", error, rowId=row.id)
