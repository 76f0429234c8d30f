"""Reads a whole range of a partition, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runledger.store.keys import Index
    from runledger.store.table import SortRange, Table
    from runledger.store.values import Item


def every_item(
    table: "Table",
    partition: str,
    within: "SortRange",
    *,
    limit: int,
    index: "Index | None" = None,
    ascending: bool = True,
    consistent: bool = False,
) -> Iterator["Item"]:
    """Yields the items of a partition, `limit` from one query. A page is read only when its first
    item is asked for."""
    start: Item | None = None
    while True:
        page = table.query(
            partition,
            within,
            index=index,
            limit=limit,
            after=start,
            ascending=ascending,
            consistent=consistent,
        )
        yield from page.items
        start = page.next
        if start is None:
            return
