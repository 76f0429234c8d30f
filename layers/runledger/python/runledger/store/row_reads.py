"""Reads single rows together, in one request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runledger.store.keys import Key
    from runledger.store.table import Table
    from runledger.store.values import Item


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row to read. `take` receives the row, or None if there is none."""

    key: "Key"
    take: Callable[["Item | None"], None]


def read_rows(table: "Table", reads: Sequence[RowRead]) -> None:
    """Reads the rows consistently, 100 in a request. Raises TransientError if AWS still leaves some
    out after several tries."""
    if len(reads) == 1:
        reads[0].take(table.get(reads[0].key, consistent=True))
        return
    found = table.batch_get([read.key for read in reads], consistent=True)
    for read in reads:
        read.take(found.get(read.key))
