"""What the stores rely on, tested on every implementation of the table."""

import random
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase
from moto import mock_aws
from runledger.errors import ConditionFailedError, ServiceError
from runledger.store.keys import Index, Key
from runledger.store.table import (
    Change,
    Check,
    Delete,
    DynamoTable,
    Modify,
    Page,
    Put,
    SortRange,
    Table,
)

from tests.support.engine import create_table
from tests.support.environment import REGION, TABLE
from tests.support.memory_table import MemoryTable


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with patch.dict("os.environ", environment), mock_aws():
        yield boto3.client("dynamodb", region_name=REGION)


def dynamo_on_moto(dynamodb: Any) -> Table:
    """Returns an empty table, whatever the previous test left."""
    if TABLE in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=TABLE)
    create_table(dynamodb)
    return DynamoTable(dynamodb, TABLE)


def memory(dynamodb: Any) -> Table:
    return MemoryTable()


# Every implementation; one more is one more line.
TABLES: dict[str, Callable[[Any], Table]] = {"dynamo": dynamo_on_moto, "memory": memory}


@pytest.fixture(params=sorted(TABLES))
def table(request: pytest.FixtureRequest, dynamodb: Any) -> Table:
    return TABLES[request.param](dynamodb)


KEY = Key("RUN#1", "RUN")
IS_NEW = Attr("pk").not_exists()


def row(sk: str = "RUN", pk: str = "RUN#1", **values: Any) -> dict[str, Any]:
    return {"pk": pk, "sk": sk, **values}


def sorts(page: Page) -> list[str]:
    return [item["sk"] for item in page.items]


# ── reading and writing ─────────────────────────────────────────────────────────────────────────


def test_a_stored_row_is_read_back_in_plain_values(table: Table) -> None:
    table.put(
        row(
            text="é",
            whole=7,
            large=10**36,
            broken=1.5,
            even=2.0,
            yes=True,
            raw=b"\x00\xff",
            numbers={1, 2},
            words=frozenset({"a"}),
            pair=(1, "b"),
            map={"a": {"b": [1, None, ""]}, "none": None},
            empty="",
            nothing=None,
        )
    )
    assert table.get(KEY, consistent=True) == row(
        text="é",
        whole=7,
        large=10**36,
        broken=1.5,
        even=2,
        yes=True,
        raw=b"\x00\xff",
        numbers={1, 2},
        words={"a"},
        pair=[1, "b"],
        map={"a": {"b": [1, None, ""]}, "none": None},
        empty="",
    )


def test_a_lone_surrogate_is_stored_as_a_replacement_character(table: Table) -> None:
    dirty = {"k\ud83d": ["\ud83d\ude00", "\ude00\ud83d"]}
    table.put(row(text="a\ud83d", map=dirty, words={"\udfff"}, nul="a\0b"))
    table.update(KEY, Change(set={"more": "\ud800", ("map", "x"): "\udc00"}))
    assert table.get(KEY) == row(
        text="a\ufffd",
        map={"k\ufffd": ["\U0001f600", "\ufffd\ufffd"], "x": "\ufffd"},
        words={"\ufffd"},
        nul="a\0b",
        more="\ufffd",
    )


def test_types_are_preserved(table: Table) -> None:
    table.put(row(yes=True, one=1, even=2.0, broken=0.5))
    found = table.get(KEY)
    assert found is not None
    kinds = {name: type(found[name]) for name in ("yes", "one", "even", "broken")}
    assert kinds == {"yes": bool, "one": int, "even": int, "broken": float}


def test_a_row_that_was_read_is_a_copy(table: Table) -> None:
    given = row(map={"a": [1]}, set={1})
    table.put(given)
    given["map"]["a"].append(2)
    given["set"].add(2)
    for _ in range(2):
        found = table.get(KEY)
        assert found == row(map={"a": [1]}, set={1})
        found["map"]["a"].append(3)
        found["set"].add(3)
    after = table.update(KEY, Change(set={"x": 1}))
    after["map"]["a"].append(4)
    assert table.query("RUN#1").items == [row(map={"a": [1]}, set={1}, x=1)]


def test_a_put_replaces_the_whole_row(table: Table) -> None:
    table.put(row(a=1))
    table.put(row(b=2))
    assert table.get(KEY) == row(b=2)


def test_a_missing_row_is_none_and_can_be_deleted(table: Table) -> None:
    assert table.get(KEY) is None
    assert table.query("RUN#1").items == []
    table.delete(KEY)
    table.put(row())
    table.delete(KEY)
    assert table.get(KEY, consistent=True) is None


def test_many_rows_are_read_by_key(table: Table) -> None:
    keys = [Key(f"RUN#{number}", "RUN") for number in range(120)]
    for key in keys[::2]:
        table.put(row(pk=key.pk, n=1))
    found = table.batch_get([*keys, *keys])
    assert found == {key: row(pk=key.pk, n=1) for key in keys[::2]}
    assert table.batch_get([]) == {}


STRANGE = [
    Key("", "a"),
    Key("a", ""),
    Key("x" * 2_049, "a"),
    Key("a", "é" * 513),
    Key("\ud800", "a"),
]


@pytest.mark.parametrize("key", STRANGE, ids=str)
def test_a_key_that_cannot_be_stored_finds_nothing(table: Table, key: Key) -> None:
    assert table.get(key) is None
    assert table.batch_get([key]) == {}


@pytest.mark.parametrize(
    "item",
    [
        row(sk=""),
        row(pk="x" * 2_049),
        row(big="x" * 410_000),
        row(set=set()),
        row(gsi4pk="", dueKey="1"),
        {"pk": "a"},
    ],
    ids=["empty key", "long key", "large row", "empty set", "empty index key", "no sort key"],
)
def test_a_row_that_cannot_be_stored_is_refused(table: Table, item: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as refused:
        table.put(item)
    assert refused.value.code == "ValidationException"
    assert table.query("RUN#1").items == []


def test_a_large_row_is_stored(table: Table) -> None:
    table.put(row(big="x" * 400_000))
    assert table.get(KEY) is not None


@pytest.mark.parametrize("number", [10**40 + 1, float("nan"), float("inf")])
def test_a_number_beyond_dynamodb_is_an_error(table: Table, number: float) -> None:
    with pytest.raises(Exception):  # noqa: B017  # the serializer's own, of several types
        table.put(row(n=number))
    assert table.get(KEY) is None


# ── conditions ──────────────────────────────────────────────────────────────────────────────────

HELD = row(
    status="RUNNING",
    attempt=2,
    yes=True,
    claimed={1, 2},
    openClaims={"3": ["r1", 10, 20]},
    drain={"before": 7},
    list=["a", 1],
)
CONDITIONS: list[tuple[ConditionBase, bool]] = [
    (Attr("status").eq("RUNNING"), True),
    (Attr("status").eq("running"), False),
    (Attr("missing").eq("x"), False),
    (Attr("status").ne("PENDING"), True),
    (Attr("missing").ne("PENDING"), True),
    (Attr("attempt").eq(2), True),
    (Attr("attempt").eq(2.0), True),
    (Attr("attempt").eq("2"), False),
    (Attr("yes").eq(True), True),
    (Attr("attempt").lt(3) & Attr("attempt").gte(2), True),
    (Attr("attempt").gt(2) | Attr("attempt").lte(2), True),
    (Attr("attempt").between(2, 4), True),
    (Attr("attempt").between(3, 4), False),
    (Attr("missing").between(3, 4), False),
    (Attr("status").is_in(["PENDING", "RUNNING"]), True),
    (Attr("status").is_in(["PENDING"]), False),
    (Attr("missing").is_in(["PENDING"]), False),
    (Attr("status").begins_with("RUN"), True),
    (Attr("claimed").contains(2), True),
    (Attr("claimed").contains(3), False),
    (~Attr("claimed").contains(3), True),
    (~Attr("missing").contains(3), True),
    (Attr("status").contains("UNN"), True),
    (Attr("list").contains("a"), True),
    (Attr("openClaims.3").eq(["r1", 10, 20]), True),
    (Attr("openClaims.3").eq(["r1", 10]), False),
    (Attr("openClaims.4").exists(), False),
    (Attr("openClaims.3").exists(), True),
    (Attr("openClaims.3[0]").eq("r1"), True),
    (Attr("openClaims.4").not_exists(), True),
    (Attr("drain.before").eq(7), True),
    (Attr("status.deeper").not_exists(), True),
    (Attr("missing.deeper").exists(), False),
    (Attr("openClaims").eq({"3": ["r1", 10, 20]}), True),
    (Attr("claimed").eq({2, 1}), True),
    (Attr("openClaims").size().eq(1), True),
    (Attr("pk").not_exists(), False),
    (~(Attr("status").eq("RUNNING") & Attr("attempt").eq(1)), True),
]


@pytest.mark.parametrize("case", range(len(CONDITIONS)))
def test_a_write_happens_exactly_if_its_condition_holds(table: Table, case: int) -> None:
    condition, is_met = CONDITIONS[case]
    table.put(HELD)
    try:
        table.update(KEY, Change(set={"changed": 1}), condition)
        was_met = True
    except ConditionFailedError as error:
        was_met = False
        assert error.item == HELD
    assert was_met is is_met
    assert table.get(KEY) == ({**HELD, "changed": 1} if is_met else HELD)


def test_a_refused_put_returns_the_row_it_found(table: Table) -> None:
    table.put(row(a=1), IS_NEW)
    with pytest.raises(ConditionFailedError) as refused:
        table.put(row(a=2), IS_NEW)
    assert refused.value.item == row(a=1)
    table.put(row(a=3), IS_NEW | Attr("a").eq(1))
    assert table.get(KEY) == row(a=3)


def test_a_refused_write_without_a_row_returns_none(table: Table) -> None:
    with pytest.raises(ConditionFailedError) as refused:
        table.update(KEY, Change(set={"a": 1}), Attr("pk").exists())
    assert refused.value.item is None
    assert table.get(KEY) is None


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


def test_an_update_creates_a_missing_row(table: Table) -> None:
    assert table.update(KEY, Change(set={"a": "x"}, add={"n": 1, "s": {3}})) == row(
        a="x", n=1, s={3}
    )


def test_change_does_the_same_as_update(table: Table) -> None:
    assert table.change(KEY, Change(set={"a": "x"}, add={"n": 1})) is None  # type: ignore[func-returns-value]
    assert table.get(KEY) == row(a="x", n=1)
    with pytest.raises(ConditionFailedError) as raised:
        table.change(KEY, Change(set={"a": "y"}), Attr("n").eq(2))
    assert raised.value.item == row(a="x", n=1)
    assert table.get(KEY) == row(a="x", n=1)


def test_an_update_sets_adds_and_removes_at_once(table: Table) -> None:
    table.put(HELD)
    change = Change(
        set={"status": "WAITING", ("openClaims", "5"): ["r2", 1, 2], "none": None},
        add={"attempt": 1, "claimed": {5}, ("drain", "before"): -2},
        remove=["yes", "missing", ("openClaims", "3"), ("openClaims", "9")],
    )
    after = table.update(KEY, change)
    expected = {name: value for name, value in HELD.items() if name != "yes"}
    expected |= {
        "status": "WAITING",
        "attempt": 3,
        "claimed": {1, 2, 5},
        "openClaims": {"5": ["r2", 1, 2]},
        "drain": {"before": 5},
        "none": None,
    }
    assert after == expected
    assert table.get(KEY) == expected


def test_adding_to_a_removed_set_starts_a_new_set(table: Table) -> None:
    table.put(HELD)
    assert "claimed" not in table.update(KEY, Change(remove=["claimed"]))
    assert table.update(KEY, Change(add={"claimed": {9}}))["claimed"] == {9}


@pytest.mark.parametrize(
    "change",
    [
        Change(set={("missing", "a"): 1}),
        Change(add={"status": 1}),
        Change(set={"sk": "other"}),
        Change(set={"a": 1}, remove=["a"]),
        Change(set={"claimed": set()}),
    ],
    ids=["no map", "add to text", "key", "twice", "empty set"],
)
def test_an_invalid_change_is_refused(table: Table, change: Change) -> None:
    table.put(HELD)
    with pytest.raises(ServiceError) as refused:
        table.update(KEY, change)
    assert refused.value.code == "ValidationException"
    assert table.get(KEY) == HELD


def test_memory_follows_dynamodb_where_moto_is_laxer() -> None:
    table = MemoryTable()
    table.put(HELD)
    for change in (
        Change(set={("status", "a"): 1}),
        Change(set={"drain": {}, ("drain", "before"): 1}),
    ):
        with pytest.raises(ServiceError):
            table.update(KEY, change)
    for condition in (Attr("yes").eq(1), Attr("attempt").lt("3")):
        with pytest.raises(ConditionFailedError):
            table.update(KEY, Change(set={"a": 1}), condition)


# ── transactions ────────────────────────────────────────────────────────────────────────────────


def test_a_transaction_writes_all(table: Table) -> None:
    table.put(row("A", n=1))
    table.put(row("B"))
    table.put(row("C"))
    table.transact(
        [
            Put(row("NEW"), IS_NEW),
            Modify(Key("RUN#1", "A"), Change(add={"n": 1}), Attr("n").eq(1)),
            Delete(Key("RUN#1", "B")),
            Check(Key("RUN#1", "C"), Attr("pk").exists()),
        ]
    )
    assert table.query("RUN#1").items == [row("A", n=2), row("C"), row("NEW")]


@pytest.mark.parametrize(
    "failing",
    [
        Put(row("C"), IS_NEW),
        Modify(Key("RUN#1", "C"), Change(set={"a": 1}), Attr("a").eq(1)),
        Delete(Key("RUN#1", "C"), Attr("a").eq(1)),
        Check(Key("RUN#1", "NONE"), Attr("pk").exists()),
    ],
    ids=["put", "modify", "delete", "check"],
)
def test_a_transaction_writes_nothing_if_one_condition_fails(
    table: Table, failing: Put | Modify | Delete | Check
) -> None:
    table.put(row("C"))
    writes = [Put(row("NEW")), failing, Put(row("OTHER"))]
    with pytest.raises(ConditionFailedError) as refused:
        table.transact(writes)
    assert refused.value.item is None
    assert table.query("RUN#1").items == [row("C")]


def test_a_transaction_with_a_row_twice_or_too_many_writes_is_refused(table: Table) -> None:
    with pytest.raises(ServiceError):
        table.transact([Put(row("A")), Check(Key("RUN#1", "A"), IS_NEW)])
    with pytest.raises(ServiceError):
        table.transact([Put(row(f"{number}")) for number in range(101)])
    assert table.query("RUN#1").items == []


# ── queries ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (SortRange(), "A AB B C D"),
        (SortRange(low="B"), "B C D"),
        (SortRange(high="B"), "A AB B"),
        (SortRange(low="AB", high="C"), "AB B C"),
        (SortRange(prefix="A"), "A AB"),
        (SortRange(low="X"), ""),
        (SortRange(high="B\uffff"), "A AB B"),
    ],
    ids=str,
)
def test_a_partition_is_read_in_order(table: Table, sort: SortRange, found: str) -> None:
    for sk in "D B AB A C".split():
        table.put(row(sk))
    table.put(row("B", pk="RUN#2"))
    assert sorts(table.query("RUN#1", sort, consistent=True)) == found.split()
    assert sorts(table.query("RUN#1", sort, ascending=False)) == found.split()[::-1]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 5, 6])
@pytest.mark.parametrize("index", [None, Index.BY_STATUS])
def test_a_query_continues_from_page_to_page(
    table: Table, ascending: bool, limit: int, index: Index | None
) -> None:
    names = [f"{number}" for number in range(5)]
    for name in names:
        # Two rows of one sort key in the index.
        table.put(row(name, gsi1pk="RUN#1", createdKey=f"{int(name) // 2}"))
    seen: list[str] = []
    after: dict[str, Any] | None = None
    for _ in range(7):
        page = table.query("RUN#1", index=index, ascending=ascending, limit=limit, after=after)
        assert len(page.items) <= limit
        seen += sorts(page)
        after = page.next
        if after is None:
            break
    assert sorted(seen) == names
    if index is None:
        assert seen == (names if ascending else names[::-1])


def test_a_query_without_limit_reads_all(table: Table) -> None:
    for number in range(8):
        table.put(row(f"{number}", big="x" * 300_000))
    page = table.query("RUN#1")
    assert (sorts(page), page.next) == ([f"{number}" for number in range(8)], None)


def test_a_page_continues_after_any_key(table: Table) -> None:
    for sk in "ABC":
        table.put(row(sk))
    assert sorts(table.query("RUN#1", after={"pk": "RUN#1", "sk": "B"}, ascending=False)) == ["A"]
    assert sorts(table.query("RUN#1", after={"pk": "RUN#1", "sk": "AA"})) == ["B", "C"]


INDEXED = {
    Index.BY_STATUS: ("gsi1pk", "createdKey"),
    Index.BY_AUTOMATION: ("gsi2pk", "createdKey"),
    Index.BY_CONTACT: ("gsi3pk", "createdKey"),
    Index.DUE: ("gsi4pk", "dueKey"),
}


@pytest.mark.parametrize("index", list(Index))
def test_an_index_has_only_keys_and_only_rows_with_its_attributes(
    table: Table, index: Index
) -> None:
    partition, sort = INDEXED[index]
    table.put(row("A", **{partition: "P", sort: "2"}, other="x"))
    table.put(row("B", **{partition: "P", sort: "1"}))
    table.put(row("C", **{partition: "P"}))
    table.put(row("D", **{sort: "0"}))
    assert table.query("P", index=index).items == [
        {"pk": "RUN#1", "sk": "B", partition: "P", sort: "1"},
        {"pk": "RUN#1", "sk": "A", partition: "P", sort: "2"},
    ]
    found = table.query("P", SortRange(high="1"), index=index)
    assert sorts(found) == ["B"]


def test_an_index_follows_its_rows(table: Table) -> None:
    table.put(row("A", gsi4pk="P", dueKey="1"))
    table.update(Key("RUN#1", "A"), Change(set={"gsi4pk": "Q"}))
    assert sorts(table.query("P", index=Index.DUE)) == []
    assert sorts(table.query("Q", index=Index.DUE)) == ["A"]
    table.update(Key("RUN#1", "A"), Change(remove=["gsi4pk", "dueKey"]))
    assert sorts(table.query("Q", index=Index.DUE)) == []
    table.put(row("A", gsi4pk="P", dueKey="1"))
    table.delete(Key("RUN#1", "A"))
    assert sorts(table.query("P", index=Index.DUE)) == []


def test_an_index_cannot_be_read_consistently(table: Table) -> None:
    with pytest.raises(ServiceError):
        table.query("P", index=Index.DUE, consistent=True)


# ── both alike ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
def test_all_tables_give_the_same_answers(seed: int, dynamodb: Any) -> None:
    """Makes the same random writes and reads on every implementation."""
    histories = [_history(make(dynamodb), random.Random(seed)) for make in TABLES.values()]
    for history in histories[1:]:
        assert history == histories[0]


def _history(table: Table, choices: random.Random) -> list[Any]:
    """Returns the outcomes of some random calls."""
    told: list[Any] = []
    for _ in range(120):
        call = choices.choice(_CALLS)
        try:
            told.append((call.__name__, call(table, choices)))
        except (ConditionFailedError, ServiceError) as error:
            found = error.item if isinstance(error, ConditionFailedError) else error.code
            told.append((call.__name__, type(error).__name__, found))
    return told


def _random_key(choices: random.Random) -> Key:
    return Key(f"RUN#{choices.randrange(2)}", choices.choice("ABC"))


def _random_condition(choices: random.Random) -> ConditionBase | None:
    return choices.choice(
        [
            None,
            IS_NEW,
            Attr("n").eq(choices.randrange(3)),
            Attr("n").ne(choices.randrange(3)),
            ~Attr("s").contains(choices.randrange(3)),
            Attr("m.a").exists() | Attr("n").gt(1),
        ]
    )


def _random_row(choices: random.Random) -> dict[str, Any]:
    key = _random_key(choices)
    values: dict[str, Any] = {
        "n": choices.randrange(3),
        "s": {choices.randrange(3)},
        "m": {choices.choice("ab"): choices.randrange(3)},
        "gsi4pk": choices.choice("PQ"),
        "dueKey": f"{key.pk}{key.sk}",
    }
    kept = {name: value for name, value in values.items() if choices.random() < 0.7}
    return row(key.sk, key.pk, **kept)


def _random_change(choices: random.Random) -> Change:
    return choices.choice(
        [
            Change(set={"n": choices.randrange(3)}, add={"s": {choices.randrange(3)}}),
            Change(set={("m", "a"): choices.randrange(3)}),
            Change(add={"n": 1}, remove=["m"]),
            Change(remove=["s", "gsi4pk"]),
            Change(set={"gsi4pk": choices.choice("PQ")}),
            Change(set={"m": {}}),
        ]
    )


def _put(table: Table, choices: random.Random) -> Any:
    return table.put(_random_row(choices), _random_condition(choices))


def _update(table: Table, choices: random.Random) -> Any:
    key, change = _random_key(choices), _random_change(choices)
    return table.update(key, change, _random_condition(choices))


def _transact(table: Table, choices: random.Random) -> Any:
    check = Check(_random_key(choices), _random_condition(choices) or IS_NEW)
    # Always valid, because the order of two errors is not part of the contract.
    change = Change(set={"n": choices.randrange(3)}, add={"s": {choices.randrange(3)}})
    modify = Modify(_random_key(choices), change, _random_condition(choices))
    return table.transact([Put(_random_row(choices), _random_condition(choices)), check, modify])


def _delete(table: Table, choices: random.Random) -> Any:
    return table.delete(_random_key(choices))


def _query(table: Table, choices: random.Random) -> Any:
    pk = f"RUN#{choices.randrange(2)}"
    return table.query(pk, SortRange(low=choices.choice("AB")), consistent=True).items


def _due(table: Table, choices: random.Random) -> Any:
    return table.query(choices.choice("PQ"), index=Index.DUE).items


_CALLS: list[Callable[[Table, random.Random], Any]] = [
    _put,
    _update,
    _transact,
    _delete,
    _query,
    _due,
]
