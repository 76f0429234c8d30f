"""Keys of runs: values of an event, such as an order number, by which its run is found."""

import unicodedata
from typing import Any

import pytest
from runledger.api.filters import FilterDocument
from runledger.api.reruns import RerunDocument
from runledger.api.runs import RunDocument
from runledger.clock import DAY, HOUR, iso
from runledger.errors import InvalidInputError
from runledger.models.contact import ContactDocument
from runledger.models.listing import ListName
from runledger.models.run import RunStatus
from runledger.models.run_keys import MAX_VALUE_CHARACTERS
from runledger.services.reruns.rerun import RerunBy

from bench.counted_table import CountedTable
from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine
from tests.support.lists import all_ids, request

__all__ = ["deployed"]

BY = RerunBy("ada@example.com", may_repeat_messages=True)
ORDER = {"name": "orderId", "path": "order.id"}
INVOICE = {"name": "invoice", "path": "invoice"}


def keyed(engine: Engine, *keys: dict[str, str], reentry: str = "ALWAYS", **more: Any) -> str:
    """Activates an automation whose trigger declares these keys. With `fails`, its runs fail."""
    end: Any = ("done", "END", {})
    if more.pop("fails", False):
        end = ("bad", "STOP_ERROR", {"message": "no"})
    trigger = {"triggerType": "WEBHOOK", "keys": list(keys or [ORDER]), **more}
    return engine.activate(
        {
            "name": "Orders",
            "reentry": reentry,
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": trigger},
                {"id": end[0], "type": end[1], "config": end[2]},
            ],
            "edges": [{"source": "start", "target": end[0]}],
        }
    )


def order(number: Any, **more: Any) -> dict[str, Any]:
    return {"order": {"id": number}, **more}


def found(engine: Engine, key: str, **also: Any) -> list[str]:
    return all_ids(engine.queries.runs, key=key, **also)


def shown_keys(engine: Engine, run_id: str) -> list[tuple[str, str]]:
    return [(key["name"], key["value"]) for key in engine.detail(run_id)["keys"]]


def items(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in engine.rows() if row["pk"].startswith("KEY#")]


def test_a_run_is_found_by_the_values_that_its_trigger_declares(engine: Engine) -> None:
    automation_id = keyed(engine, ORDER, INVOICE)
    first = engine.fire(automation_id, order("A-1001", invoice=17))
    second = engine.fire(automation_id, order("A-1002", invoice=17.0))
    assert found(engine, "orderId:A-1001") == [first]
    assert found(engine, "invoice:17") == [second, first]
    assert found(engine, "invoice:17", newest_first=False, limit=1) == [first, second]
    # A value is found only under its own name.
    assert found(engine, "orderId:17") == found(engine, "invoice:A-1001") == []
    assert found(engine, "orderId:A-100") == found(engine, "unknown:A-1001") == []
    assert shown_keys(engine, first) == [("orderId", "A-1001"), ("invoice", "17")]
    (row,) = engine.queries.runs(engine.workspace_id, request(key="orderId:A-1001")).items
    assert [(key.name, key.value) for key in row.keys] == shown_keys(engine, first)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("A-1001", "orderid: a-1001 "),
        ("  A-1001\n", "orderId:A-1001"),
        ("Straße 5", "ORDERID:STRASSE 5"),
        (unicodedata.normalize("NFD", "Müller"), "orderId:MÜLLER"),
        ("MÜLLER", "orderId:" + unicodedata.normalize("NFD", "müller")),
        ("a:b:c", "orderId:A:B:C"),
        ("0017", "orderId:0017"),
    ],
)
def test_case_spaces_and_unicode_forms_make_no_difference(
    engine: Engine, stored: str, asked: str
) -> None:
    run_id = engine.fire(keyed(engine), order(stored))
    assert found(engine, asked) == [run_id]


@pytest.mark.parametrize(
    "value", [None, "", "  ", True, ["A-1"], {"id": 1}, "x" * (MAX_VALUE_CHARACTERS + 1), 1e300]
)
def test_a_value_that_cannot_be_a_key_opens_a_run_without_it(engine: Engine, value: Any) -> None:
    run_id = engine.fire(keyed(engine), order(value))
    assert (shown_keys(engine, run_id), items(engine)) == ([], [])


def test_the_longest_value_is_found(engine: Engine) -> None:
    value = "x" * MAX_VALUE_CHARACTERS
    run_id = engine.fire(keyed(engine), order(value))
    assert found(engine, f"orderId:{value}") == [run_id]


@pytest.mark.parametrize("asked", ["A-1001", "orderId", "orderId:", ":A-1001", " : ", ""])
def test_a_key_is_written_with_its_name_and_value(engine: Engine, asked: str) -> None:
    with pytest.raises(InvalidInputError, match="such as orderId:A-1001") as caught:
        found(engine, asked)
    assert caught.value.field == "key"


def test_a_key_that_is_too_long_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="at most 100 characters"):
        found(engine, "orderId:" + "x" * (MAX_VALUE_CHARACTERS + 1))


def test_other_filters_narrow_the_runs_of_a_key(engine: Engine) -> None:
    person = engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    lookup = {"by": "email", "path": "email"}
    automation_id, other_id = keyed(engine, contactLookup=lookup), keyed(engine, fails=True)
    first = engine.fire(automation_id, order("A-1", email="ada@example.com"))
    engine.clock.advance(HOUR)
    second = engine.fire(other_id, order("A-1"))
    engine.walk(second)
    engine.failure_groups.take(second)
    group = engine.stores.runs.get(second).error_group
    assert found(engine, "orderId:A-1") == [second, first]
    for also, wanted in (
        ({"automation_id": automation_id}, [first]),
        ({"automation_id": "aut_unknown"}, []),
        ({"contact": person.id}, [first]),
        ({"contact": "bob@example.com"}, []),
        ({"statuses": frozenset({RunStatus.FAILED})}, [second]),
        ({"statuses": frozenset({RunStatus.PENDING})}, [first]),
        ({"error_group": group}, [second]),
        ({"error_group": "err_other"}, []),
        ({"recovered": False}, [second, first]),
        ({"rerun_of": second}, []),
        ({"recovery_id": "rcv_1"}, []),
        ({"trigger_types": frozenset({"MANUAL"})}, []),
        ({"since": "2020-01-01", "until": "2020-01-02"}, []),
    ):
        assert found(engine, "orderId:A-1", **also) == wanted, also
        total = engine.counts.runs(engine.workspace_id, request(key="orderId:A-1", **also)).total
        assert total == len(wanted), also


def test_a_list_of_a_key_is_read_to_its_end(engine: Engine) -> None:
    automation_id = keyed(engine, ORDER, INVOICE)
    for number in range(25):
        # Other names with the same value, and other values, are in between.
        engine.fire(automation_id, order(f"B-{number}", invoice="A-1"))
        engine.fire(automation_id, order("A-1"))
    runs = found(engine, "orderId:A-1", limit=4)
    assert len(runs) == len(set(runs)) == 25
    assert found(engine, "orderId:A-1", limit=4, newest_first=False) == runs[::-1]


@pytest.mark.parametrize("reentry", ["ALWAYS", "ONCE", "ONE_AT_A_TIME"])
def test_every_trigger_with_an_event_has_keys(engine: Engine, reentry: str) -> None:
    engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    by_hand = keyed(engine, triggerType="MANUAL", reentry=reentry)
    document = RunDocument.model_validate({"email": "ada@example.com", "payload": order("M-1")})
    opened = engine.manual_runs.open(engine.workspace_id, by_hand, document, "ada@example.com")
    assert found(engine, "orderId:M-1") == [opened.run.id]

    source, day = {"kind": "WEBHOOK_PAYLOAD", "path": "day", "keys": [ORDER]}, iso(engine.clock.now)
    dated = engine.activate(
        {
            "name": "Dated",
            "nodes": [
                {
                    "id": "start",
                    "type": "TRIGGER",
                    "config": {"triggerType": "DATE", "source": source},
                },
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    run_id = engine.fire(dated, order("D-1", day=day))
    assert found(engine, "orderId:D-1") == [run_id]

    path = {"name": "orderId", "path": "trigger.order.id"}
    follower = keyed(engine, path, triggerType="UPSTREAM", automationId=by_hand)
    engine.walk(opened.run.id)
    engine.upstream_runs.follow(engine.workspace_id, opened.run.id)
    followed = found(engine, "orderId:M-1", automation_id=follower)
    assert len(followed) == 1
    assert found(engine, "orderId:M-1") == [*followed, opened.run.id]


def test_each_element_of_a_split_event_has_its_own_keys(engine: Engine) -> None:
    automation_id = keyed(engine, {"name": "line", "path": "sku"}, split="items")
    automation = engine.stores.automations.get(engine.workspace_id, automation_id)
    assert automation.webhook_token is not None
    from tests.functional.test_split_events import run_ids, send

    taken = send(engine, automation.webhook_token, {"items": [{"sku": "S-1"}, {"sku": "S-2"}]})
    assert [found(engine, "line:s-1"), found(engine, "line:s-2")] == [
        [run_id] for run_id in run_ids(taken)
    ]


def test_a_repeated_event_adds_nothing(engine: Engine) -> None:
    automation_id = keyed(engine, dedupePath="order.id")
    run_id = engine.fire(automation_id, order("A-1"))
    before = items(engine)
    engine.clock.advance(HOUR)
    assert engine.fire(automation_id, order("A-1")) == run_id
    assert items(engine) == before
    assert found(engine, "orderId:A-1") == [run_id]


def test_a_blocked_run_leaves_no_item(engine: Engine) -> None:
    engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    lookup = {"by": "email", "path": "email"}
    automation_id = keyed(engine, reentry="ONCE", contactLookup=lookup)
    first = engine.fire(automation_id, order("A-1", email="ada@example.com"))
    with pytest.raises(Exception, match="one run per contact"):
        engine.fire(automation_id, order("A-2", email="ada@example.com"))
    assert found(engine, "orderId:A-1") == [first]
    assert found(engine, "orderId:A-2") == []
    assert len(items(engine)) == 1


def test_a_rerun_has_the_keys_of_its_event(engine: Engine) -> None:
    automation_id = keyed(engine, fails=True)
    run_id = engine.fire(automation_id, order("A-1"))
    engine.walk(run_id)

    def rerun(**asked: Any) -> str:
        document = RerunDocument.model_validate({"from": "START", **asked})
        opened = engine.reruns.open(engine.workspace_id, run_id, document, BY).run
        engine.walk(opened.id)
        return opened.id

    same, changed = rerun(), rerun(body=order("A-2"))
    assert found(engine, "orderId:A-1") == [same, run_id]
    assert found(engine, "orderId:A-2") == [changed]
    assert found(engine, "orderId:A-1", rerun_of=run_id) == [same]
    assert found(engine, "orderId:A-1", recovered=False) == [same, run_id]


def test_the_value_at_the_dedupe_path_finds_its_run_without_an_item(engine: Engine) -> None:
    plain = keyed(engine, INVOICE, dedupePath="order.id")
    run_id = engine.fire(plain, order("A-1001"))
    number = engine.fire(plain, order(17))
    assert items(engine) == []
    assert found(engine, "order.id:A-1001") == found(engine, "ORDER.ID: A-1001") == [run_id]
    assert found(engine, "order.id:17") == [number]
    assert found(engine, "order.id:A-1001", automation_id=plain) == [run_id]
    # It is the exact value, and only under the path.
    assert found(engine, "order.id:a-1001") == found(engine, "invoice:A-1001") == []
    assert found(engine, "order.id:A-1001", statuses=frozenset({RunStatus.FAILED})) == []
    # Together with runs that have a key of the same name.
    keyed_id = engine.fire(keyed(engine, {"name": "order.id", "path": "n"}), {"n": "A-1001"})
    assert found(engine, "order.id:A-1001", limit=1) == [keyed_id, run_id]


def test_the_dedupe_path_of_a_dated_event_counts_too(engine: Engine) -> None:
    source = {"kind": "WEBHOOK_PAYLOAD", "path": "day", "dedupePath": "id"}
    day = iso(engine.clock.now)
    trigger = {"triggerType": "DATE", "source": source}
    document = {
        "name": "Dated",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": trigger},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "done"}],
    }
    run_id = engine.fire(engine.activate(document), {"id": "A-1", "day": day})
    assert found(engine, "id:A-1") == [run_id]


def test_the_items_expire_with_their_run_and_show_no_value(engine: Engine) -> None:
    run_id = engine.fire(keyed(engine, ORDER, INVOICE), order("canary-7319", invoice="canary-1"))
    run = next(row for row in engine.rows() if row["pk"] == f"RUN#{run_id}" and row["sk"] == "RUN")
    assert {row["ttl"] for row in items(engine)} == {run["ttl"]}
    assert len(items(engine)) == 2
    assert "canary" not in str(items(engine))
    engine.clock.now = run["ttl"] * 1_000 + DAY
    assert found(engine, "orderId:canary-7319") == []


def test_a_key_costs_a_small_item_and_a_run_without_keys_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost(*keys: dict[str, str]) -> float:
        automation_id = keyed(engine, *keys, dedupe="OFF") if keys else plain
        engine.fire(automation_id, order("warm", invoice="warm"))
        counted = CountedTable(engine.stores.runs._table)
        monkeypatch.setattr(engine.stores.runs, "_table", counted)
        engine.fire(automation_id, order("A-1", invoice="17"))
        monkeypatch.undo()
        return counted.tally.writes

    plain = engine.activate(
        {
            "name": "Plain",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    without, one, two = cost(), cost(ORDER), cost(ORDER, INVOICE)
    # The row, its places in three indexes and its items are one transaction: twice the units.
    assert (one - without, two - one) == (6, 2)


def test_a_frozen_list_keeps_its_key(engine: Engine) -> None:
    automation_id = keyed(engine)
    first = engine.fire(automation_id, order("A-1"))
    engine.fire(automation_id, order("A-2"))
    snapshots, now = engine.list_snapshots, engine.clock.now
    asked = FilterDocument(key="orderId:A-1")
    frozen = snapshots.freeze(engine.workspace_id, ListName.RUNS, asked, now)
    page = snapshots.page(engine.workspace_id, ListName.RUNS, frozen, 10, None)
    assert [row.id for row in page.rows] == [first]
    for name, field in ((ListName.RUNS, "filter.key"), (ListName.DELIVERIES, "filter.key")):
        asked = FilterDocument(key="A-1" if name is ListName.RUNS else "orderId:A-1")
        with pytest.raises(InvalidInputError) as caught:
            snapshots.freeze(engine.workspace_id, name, asked, now)
        assert caught.value.field == field


def test_the_api_names_what_is_wrong_with_a_key(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    run_id = deployed.fire(keyed(deployed), order("A-1001"))
    answer = call("GET", "/v1/runs", query="key=orderId:A-1001")
    assert answer["status"] == 200, answer
    assert [row["id"] for row in answer["body"]["items"]] == [run_id]
    assert answer["body"]["items"][0]["keys"] == [{"name": "orderId", "value": "A-1001"}]
    answer = call("GET", "/v1/runs/counts", query="key=orderId:A-1001")
    assert answer["body"]["total"] == 1
    answer = call("GET", "/v1/runs", query="key=A-1001")
    assert (answer["status"], answer["body"]["field"]) == (422, "key")


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ([{"name": "order id", "path": "a"}], "keys.0.name"),
        ([{"name": "x" * 41, "path": "a"}], "keys.0.name"),
        ([{"name": "apiToken", "path": "a"}], "keys.0.name"),
        ([{"name": "ok", "path": "a..b"}], "keys.0.path"),
        ([{"name": "ok", "path": "$"}], "keys.0.path"),
        ([{"name": "ok", "path": "customer.password"}], "keys.0.path"),
        ([{"name": "ok"}], "keys.0.path"),
        ([{"name": "a", "path": "a"}, {"name": "A", "path": "b"}], "keys"),
        ([{"name": f"k{n}", "path": "a"} for n in range(6)], "keys"),
    ],
)
@pytest.mark.parametrize("kind", ["WEBHOOK", "MANUAL", "DATE", "UPSTREAM"])
def test_problems_are_named_with_node_and_field(
    deployed: Engine, keys: list[dict[str, str]], field: str, kind: str
) -> None:
    config: dict[str, Any] = {"triggerType": kind, "keys": keys}
    if kind == "DATE":
        config = {
            "triggerType": kind,
            "source": {"kind": "WEBHOOK_PAYLOAD", "path": "day", "keys": keys},
        }
        field = f"source.{field}"
    if kind == "UPSTREAM":
        config["automationId"] = keyed(deployed)
    document = {
        "name": "Wrong",
        "nodes": [
            {"id": "begin", "type": "TRIGGER", "config": config},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "begin", "target": "done"}],
    }
    answer = call("POST", "/v1/automations", document)
    problems = answer["body"]["problems"]
    assert answer["status"] == 422, answer
    assert [(each["nodeId"], each["field"]) for each in problems] == [("begin", field)]
