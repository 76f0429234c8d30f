"""The patched index queries give the same answers as the emulator's own, without reading the whole
index."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.services import dynamodb
from runledger.store.keys import INDEX_ATTRIBUTES, Index, Key
from runledger.store.table import Change, DynamoTable, SortRange

from local.patches import index_reads

_PARTITION, _SORT = INDEX_ATTRIBUTES[Index.BY_STATUS]
_PATCHED = (
    "_apply_exclusive_start_key",
    "_apply_index_projection",
    "_evaluate_condition",
    "_index_item",
    "_index_members",
    "_index_order_keys",
    "_query",
)
# Attributes besides the keys: the first one is in the index.
_OTHERS = ("kept", "left")
_PROJECTIONS: list[dict[str, Any]] = [
    {"ProjectionType": "ALL"},
    {"ProjectionType": "KEYS_ONLY"},
    {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kept"]},
]

TABLE = "rows"


class Emulator:
    """The emulator's table in this process; each query runs with and without the patch."""

    def __init__(self, unpatched: Callable[[Any], Any]) -> None:
        self._unpatched = unpatched

    def put_item(self, **request: Any) -> Any:
        return _answer(dynamodb._put_item(request))

    def update_item(self, **request: Any) -> Any:
        return _answer(dynamodb._update_item(request))

    def delete_item(self, **request: Any) -> Any:
        return _answer(dynamodb._delete_item(request))

    def query(self, **request: Any) -> Any:
        answer = _answer(dynamodb._query(request))
        assert answer == _answer(self._unpatched(request))
        return answer


def _answer(response: tuple[int, Any, bytes]) -> Any:
    status, _, body = response
    assert status == 200, body
    return json.loads(body)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    emulator = Emulator(dynamodb._query)
    for name in _PATCHED:
        # Put back when the test is over.
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
    index_reads.apply()
    return emulator


@contextmanager
def _table(
    emulator: Emulator, projection: dict[str, Any] = _PROJECTIONS[0]
) -> Iterator[DynamoTable]:
    keys = ("pk", "sk", _PARTITION, _SORT)
    index = {
        "IndexName": str(Index.BY_STATUS),
        "KeySchema": _schema(_PARTITION, _SORT),
        "Projection": projection,
    }
    table = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": _schema("pk", "sk"),
        "GlobalSecondaryIndexes": [index],
    }
    _answer(dynamodb._create_table(table))
    try:
        yield DynamoTable(emulator, TABLE)  # type: ignore[arg-type]
    finally:
        _answer(dynamodb._delete_table({"TableName": TABLE}))


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


KEYS = st.builds(Key, st.sampled_from("ab"), st.sampled_from("abcdef"))
SORTS = st.text("ABÄ", min_size=1, max_size=3)
PARTITIONS = st.sampled_from(["open", "closed"])
BOUNDS = st.none() | SORTS
BETWEEN = st.builds(SortRange, BOUNDS, BOUNDS).filter(
    lambda sort: sort.low is None or sort.high is None or sort.low <= sort.high
)
RANGES = st.just(SortRange()) | st.builds(SortRange, prefix=SORTS) | BETWEEN
WRITES = st.lists(
    st.tuples(KEYS, st.none() | st.tuples(PARTITIONS, SORTS), st.booleans()),
    min_size=8,
    max_size=24,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rounds=st.lists(
        st.tuples(WRITES, PARTITIONS, RANGES, st.booleans(), st.none() | st.integers(1, 3)),
        min_size=1,
        max_size=4,
    ),
    bytes_a_page=st.sampled_from([60, 200, 1_048_576]),
    projection=st.sampled_from(_PROJECTIONS),
)
def test_a_range_gets_the_emulators_own_answer(
    emulator: Emulator, rounds: list[Any], bytes_a_page: int, projection: dict[str, Any]
) -> None:
    with pytest.MonkeyPatch.context() as patch, _table(emulator, projection) as table:
        patch.setattr(dynamodb, "_DDB_PAGE_SIZE_BYTES", bytes_a_page)
        for writes, partition, sort, ascending, limit in rounds:
            for key, place, is_update in writes:
                _write(table, key, place, is_update=is_update)
            query = partial(
                table.query,
                partition,
                sort,
                index=Index.BY_STATUS,
                ascending=ascending,
                limit=limit,
            )
            page = query()
            while page.next is not None:
                page = query(after=page.next)


@pytest.mark.parametrize(
    ("sort", "ascending", "found"),
    [
        (SortRange(), True, "0000"),
        (SortRange(low="0500", high="0600"), False, "0600"),
        (SortRange(low="0500"), True, "0500"),
        (SortRange(high="0600"), False, "0600"),
        (SortRange(prefix="07"), False, "0799"),
    ],
)
def test_only_the_rows_of_the_page_are_read(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    sort: SortRange,
    ascending: bool,
    found: str,
) -> None:
    looked_at = 0
    evaluate = dynamodb._evaluate_condition

    def counted(*arguments: Any, **more: Any) -> Any:
        nonlocal looked_at
        looked_at += 1
        return evaluate(*arguments, **more)

    with _table(emulator) as table:
        for number in range(1_000):
            _write(table, Key("a", f"{number}"), ("open", f"{number:04}"), is_update=False)
        monkeypatch.setattr(emulator, "query", lambda **asked: _answer(dynamodb._query(asked)))
        monkeypatch.setattr(dynamodb, "_evaluate_condition", counted)
        page = table.query("open", sort, index=Index.BY_STATUS, ascending=ascending, limit=2)
    assert page.items[0][_SORT] == found
    assert looked_at == len(page.items) == 2


def _write(table: DynamoTable, key: Key, place: tuple[str, str] | None, *, is_update: bool) -> None:
    if place is None:
        table.delete(key)
        return
    placed: dict[Any, str] = dict(zip((_PARTITION, _SORT), place, strict=True))
    placed.update((name, key.sk) for name in _OTHERS)
    if is_update:
        table.update(key, Change(set=placed))
    else:
        table.put({"pk": key.pk, "sk": key.sk, **placed})
