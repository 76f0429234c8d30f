"""Requests lists of the history and reads them to their end."""

from collections.abc import Callable, Iterator
from typing import Any

from runledger.api.lists import ListView
from runledger.services.lists.requests import ListRequest

WORKSPACE_ID = "ws_demo"
# A list of `Queries`.
ReadList = Callable[[str, ListRequest], ListView[Any]]


def request(**given: Any) -> ListRequest:
    base: dict[str, Any] = {
        "statuses": frozenset(),
        "automation_id": None,
        "contact": None,
        "range": None,
        "since": None,
        "until": None,
        "limit": 7,
        "cursor": None,
    }
    return ListRequest(**{**base, **given})


def each_page(read: ReadList, **given: Any) -> Iterator[list[str]]:
    """Yields the ids of each page, following cursors to the end."""
    cursor = None
    while True:
        view = read(WORKSPACE_ID, request(**{**given, "cursor": cursor}))
        yield [row.id for row in view.items]
        cursor = view.next_cursor
        if cursor is None:
            return


def all_ids(read: ReadList, **given: Any) -> list[str]:
    """Returns the ids of every row; pages before the last must be full."""
    *full, last = each_page(read, **given)
    assert {len(page) for page in full} <= {request(**given).limit}
    return [row_id for page in (*full, last) for row_id in page]
