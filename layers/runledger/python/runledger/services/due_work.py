"""The tick's work: settles everything that is due, one kind of row at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runledger.clock import MINUTE, Clock
from runledger.errors import ConditionFailedError, TransientError
from runledger.observability import log_failure, logger

if TYPE_CHECKING:
    from runledger.store.due import DueRow, DueStore

# How long to leave a row alone after it could not be settled.
PUT_BACK = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class DueWork:
    """Settles due rows. `kinds` maps the prefix of a row's id (`run`, `aut`, …) to the function
    that settles it."""

    due: "DueStore"
    kinds: Mapping[str, "Callable[[DueRow], None]"]
    clock: Clock

    def settle_due(self, limit: int, until: int | None = None) -> int:
        """Settles what is due now, at most `limit` rows and until `until` (epoch milliseconds), and
        returns how many rows it looked at. Due partitions take turns, oldest first in each.

        A row that cannot be settled for any reason is logged and postponed, so it does not delay
        others.
        """
        seen = 0
        for row in self.due.rows(self.clock()):
            if seen >= limit or (until is not None and self.clock() > until):
                break
            seen += 1
            try:
                self.kinds[row.id.partition("_")[0]](row)
            except ConditionFailedError:
                logger.info(
                    "another process changed the row while it was being settled",
                    extra={"rowId": row.id},
                )
            except TransientError as error:
                # AWS was briefly unavailable, so the row itself is not at fault.
                log_failure("the row could not be settled now", error, rowId=row.id)
                self._put_back(row, MINUTE)
            except Exception as error:
                log_failure("the row could not be settled", error, rowId=row.id)
                self._put_back(row, PUT_BACK)
        return seen

    def _put_back(self, row: "DueRow", delay: int) -> None:
        try:
            self.due.put_back(row, self.clock() + delay)
        except TransientError as error:
            log_failure("the row could not be put back", error, rowId=row.id)
