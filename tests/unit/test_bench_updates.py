"""The bench calculates the same row after an update as the table stores."""

from typing import Any

import pytest
from runledger.store.keys import Key
from runledger.store.table import Change, _updating
from runledger.store.values import from_dynamo, to_dynamo

from bench.updates import updated
from tests.support.memory_table import MemoryTable

KEY = Key("RUN#1", "RUN")
BEFORE = {
    "pk": KEY.pk,
    "sk": KEY.sk,
    "status": "PENDING",
    "sequence": 1,
    "claimed": {1},
    "openClaims": {"1": {"leaseUntil": 5}},
    "bag": b"x",
}
CHANGES = [
    Change(set={"status": "RUNNING", "execution": "1"}, add={"sequence": 1}),
    Change(set={("openClaims", "2"): {"leaseUntil": 9}}, remove=[("openClaims", "1")]),
    Change(add={"claimed": {2}, "tries": 3}),
    Change(set={"bag": b"y"}, add={"sequence": 2}, remove=["claimed", "status"]),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_it_is_the_row_that_the_table_has_then(change: Change) -> None:
    table = MemoryTable()
    table.put(dict(BEFORE))
    request: dict[str, Any] = {
        "Key": {"pk": {"S": KEY.pk}, "sk": {"S": KEY.sk}},
        **_updating(change, None, returning=False),
    }
    assert from_dynamo(updated(to_dynamo(BEFORE), request)) == table.update(KEY, change)
