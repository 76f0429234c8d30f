"""The search: what each kind of text finds, in which order and at which cost, and what it never
shows."""

import io
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from runledger.clock import DAY, MINUTE
from runledger.errors import InvalidInputError
from runledger.models.contact import ContactDocument
from runledger.models.run import ErrorDetail, RunStatus
from runledger.models.run_keys import RunKey
from runledger.observability import logger
from runledger.services.search.search import OF_EACH, Search
from runledger.services.workspaces.workspaces import create_workspace
from runledger.store import keys
from runledger.store.keyed_runs import KeyedRunStore
from runledger.store.runs import Closing

from bench.counted_table import CountedTable
from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_erasing import erased
from tests.functional.test_failure_groups import request as failure_request
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_run_keys import INVOICE, ORDER, keyed, order
from tests.functional.test_run_store import a_run
from tests.support.engine import Engine, open_engine
from tests.support.events import an_event
from tests.support.memory_table import MemoryTable

__all__ = ["deployed"]

OTHERS = "ws_other"
BY_EMAIL = {"by": "email", "path": "email"}


def found(engine: Engine, text: str, workspace_id: str = "ws_demo") -> list[tuple[str, str]]:
    items = engine.search.find(workspace_id, text).items
    return [(item.type.value, item.id) for item in items]


def ids(engine: Engine, text: str) -> list[str]:
    return [id_ for _, id_ in found(engine, text)]


def a_contact(engine: Engine, **given: Any) -> str:
    document = ContactDocument.model_validate(given)
    return engine.contacts.create(engine.workspace_id, document).id


def a_failure(engine: Engine, message: str, automation_id: str = "aut_one") -> tuple[str, str]:
    """Creates a failed run. Returns the ids of the run and its group."""
    run = a_run(
        automation_id=automation_id,
        created_at=engine.clock.now,
        expires_at=engine.clock.now + 9 * DAY,
    )
    run, _ = engine.stores.runs.open(run, an_event({}), 1)
    engine.stores.runs.own(run, "1", run.created_at, 1)
    run = engine.stores.runs.get(run.id)
    error = ErrorDetail(node_id="start", kind="STOP_ERROR", message=message)
    closing = Closing(RunStatus.FAILED, engine.clock.now, error=error)
    group = engine.stores.runs.close(run, closing).error_group
    engine.failure_groups.take(run.id)
    assert group is not None
    return run.id, group


def test_an_id_finds_its_thing(engine: Engine) -> None:
    run, group = a_failure(engine, "the card was declined")
    delivery = an_attempt(engine).id
    refusal = a_refusal(engine).id
    contact = a_contact(engine, email="ada@example.com")
    automation = keyed(engine)
    for kind, id_, href in (
        ("RUN", run, f"/runs/{run}"),
        ("DELIVERY", delivery, f"/delivery-ops/{delivery}"),
        ("REFUSAL", refusal, f"/refusals/{refusal}"),
        ("CONTACT", contact, f"/contacts/{contact}"),
        ("AUTOMATION", automation, f"/automations/{automation}"),
        ("FAILURE_GROUP", group, f"/failures/{group}"),
    ):
        (item,) = engine.search.find(engine.workspace_id, f" {id_}\n").items
        assert (item.type, item.id, item.href) == (kind, id_, href)
        assert ids(engine, f"{id_}x") == ids(engine, id_[:-1]) == []


def test_the_value_of_any_key_finds_its_runs_newest_first(engine: Engine) -> None:
    automation_id = keyed(engine, ORDER, INVOICE)
    first = engine.fire(automation_id, order("A-1001", invoice=1))
    second = engine.fire(automation_id, order("B-7", invoice="a-1001"))
    assert found(engine, " a-1001 ") == [("RUN", second), ("RUN", first)]
    (newest, _) = engine.search.find(engine.workspace_id, "A-1001").items
    assert newest.title == "Orders"
    assert newest.subtitle == "Pending · orderId B-7 · invoice a-1001"
    assert (newest.status, newest.at is None) == ("PENDING", False)
    assert found(engine, "A-100") == []


def test_many_runs_of_several_names_are_read_with_few_queries(engine: Engine) -> None:
    names = [f"key{number}" for number in range(5)]
    runs = []
    for number in range(40):
        run = a_run(
            created_at=engine.clock.now + number,
            expires_at=engine.clock.now + DAY,
            keys=(RunKey(name=names[number % 5], value="same"),),
        )
        runs.append(engine.stores.runs.open(run, an_event({}), 1)[0].id)
    assert ids(engine, "same") == runs[:-6:-1]


def test_the_value_at_the_dedupe_path_finds_its_run(engine: Engine) -> None:
    run_id = engine.fire(keyed(engine, INVOICE, dedupePath="order.id"), order("A-1001"))
    keyed_id = engine.fire(keyed(engine, dedupePath="order.id"), order("A-1001"))
    assert set(ids(engine, "A-1001")) == {run_id, keyed_id}
    assert ids(engine, "a-1001") == [keyed_id]


@pytest.mark.parametrize(
    "text",
    [
        "Ada@Example.com",
        "+49 1512 3456789",
        "01512 3456789",
        "stripe:cus_123",
        "cus_123",
        "ada",
        "LOVE",
        "ada lovelace",
        "Lovelace  A",
        "Ada Lov",
    ],
)
def test_a_contact_is_found_by_address_external_id_and_name(engine: Engine, text: str) -> None:
    contact = a_contact(
        engine,
        email="ada@example.com",
        phone="+4915123456789",
        externalIds={"stripe": "cus_123"},
        firstName="Ada",
        lastName="Lovelace",
    )
    keyed(engine, contactLookup={"by": "externalId", "name": "stripe", "path": "customer"})
    (item,) = engine.search.find(engine.workspace_id, text).items
    assert (item.type, item.id) == ("CONTACT", contact)
    assert (item.title, item.subtitle) == ("Ada Lovelace", "ada@example.com · +4915123456789")


@pytest.mark.parametrize("text", ["da", "lovelace x", "ada#", "@", "+4", "ada@", "stripe:"])
def test_a_text_that_names_no_contact_finds_none(engine: Engine, text: str) -> None:
    a_contact(engine, email="ada@example.com", firstName="Ada", lastName="Lovelace")
    if len(text) > 1:
        assert found(engine, text) == []


def test_a_contact_is_found_by_its_present_name_only(engine: Engine) -> None:
    contact = a_contact(engine, email="ada@example.com", firstName="Ada", lastName="Byron")
    engine.contacts.patch(engine.workspace_id, contact, {"lastName": "Lovelace"})
    assert (ids(engine, "byron"), ids(engine, "lovelace")) == ([], [contact])
    engine.contacts.patch(engine.workspace_id, contact, {"firstName": None, "lastName": None})
    assert ids(engine, "ada") == ids(engine, "lovelace") == []
    assert not [row for row in engine.rows() if row["pk"].endswith("#NAME")]


def test_the_longest_names_are_stored_and_found(engine: Engine) -> None:
    contact = a_contact(engine, firstName="Ä" * 200, lastName="Ж" * 200)
    assert ids(engine, "ä" * 150) == ids(engine, "ж" * 120) == [contact]


def test_automations_and_failure_groups_are_found_by_their_words(engine: Engine) -> None:
    orders, other = keyed(engine), keyed(engine)
    document = engine.stores.automations.get(engine.workspace_id, other)
    engine.stores.automations.save_draft(
        document.changed(name="Paid orders", draft_revision=document.draft_revision + 1),
        engine.stores.automations.draft(document),
    )
    _, group = a_failure(engine, "the card of Order 7 was declined", orders)
    # The name that begins with the text comes first, and names before messages.
    assert ids(engine, "order") == [orders, other, group]
    assert ids(engine, "paid ORDER") == [other]
    assert ids(engine, "declined card") == [group]
    assert ids(engine, "declined cheque") == []
    (item,) = engine.search.find(engine.workspace_id, "declined").items
    assert (item.subtitle, item.status) == ("Open · Orders", "OPEN")


@pytest.mark.parametrize("part", ["kind", "firstAt", "message"])
def test_a_damaged_failure_group_is_left_out_and_hides_nothing_else(
    engine: Engine, part: str
) -> None:
    orders = keyed(engine)
    _, damaged = a_failure(engine, "the card was declined", orders)
    _, group = a_failure(engine, "the card has expired", orders)
    row = engine.table.get(keys.failure_group(damaged), consistent=True)
    assert row is not None
    engine.table.put({name: value for name, value in row.items() if name != part})
    assert ids(engine, "order") == [orders]
    assert ids(engine, "card") == [group]
    assert ids(engine, damaged) == []
    shown = engine.failure_queries.page(engine.workspace_id, failure_request())
    assert [each.id for each in shown.items] == [group]


def test_the_best_comes_first_and_each_kind_has_a_limit(engine: Engine) -> None:
    for number in range(OF_EACH + 3):
        a_contact(engine, firstName="Order", lastName=f"Person {number}")
        a_failure(engine, f"order {'x' * number} broke")
    automation_id = keyed(engine, {"name": "word", "path": "word"})
    run_id = engine.fire(automation_id, {"word": "order"})
    kinds = [kind for kind, _ in found(engine, "order")]
    counted = Counter(kinds)
    assert kinds == sorted(kinds, key=["RUN", "AUTOMATION", "CONTACT", "FAILURE_GROUP"].index)
    assert counted["RUN"] == counted["AUTOMATION"] == 1
    assert counted["CONTACT"] == counted["FAILURE_GROUP"] == OF_EACH
    assert ids(engine, "order")[0] == run_id


@pytest.mark.parametrize("text", ["", " ", "a", " a ", "x" * 201])
def test_a_text_that_is_too_short_or_too_long_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(InvalidInputError, match="2 to 200 characters") as caught:
        engine.search.find(engine.workspace_id, text)
    assert caught.value.field == "q"


def everything(engine: Engine) -> dict[str, str]:
    """Creates one thing of each kind. Returns the texts by which the search finds these things,
    each by a short name."""
    a_contact(
        engine,
        email="canary@example.com",
        phone="+4915123456789",
        externalIds={"shop": "canary-4711"},
        firstName="Canaria",
    )
    automation_id = keyed(engine, contactLookup=BY_EMAIL, dedupePath="order.id")
    run = engine.fire(automation_id, order("canary-1", email="canary@example.com"))
    failed, group = a_failure(engine, "canarybird")
    return {
        "run": run,
        "failed": failed,
        "group": group,
        "delivery": an_attempt(engine).id,
        "refusal": a_refusal(engine).id,
        "automation": automation_id,
        "email": "canary@example.com",
        "phone": "+4915123456789",
        "external": "shop:canary-4711",
        "name": "canar",
        "key": "canary-1",
        "words": "canarybird",
        "title": "orders",
    }


def test_another_workspace_and_another_time_find_nothing(engine: Engine) -> None:
    create_workspace(
        engine.stores.workspaces, engine.clock, workspace_id=OTHERS, name="Other", shards=1
    )
    texts = everything(engine)
    for name, text in texts.items():
        assert found(engine, text), name
        assert found(engine, text, OTHERS) == [], name
    engine.clock.advance(900 * DAY)
    for name in ("run", "failed", "group", "delivery", "refusal", "key", "words"):
        assert found(engine, texts[name]) == [], name


def test_an_erased_person_is_not_found(engine: Engine) -> None:
    texts = everything(engine)
    ((_, contact),) = found(engine, texts["email"])
    erased(engine, contact)
    for name in ("email", "phone", "external", "key"):
        assert found(engine, texts[name]) == [], name
    assert [kind for kind, _ in found(engine, "canar")] == ["FAILURE_GROUP"]
    # The run without its contact stays.
    (item,) = engine.search.find(engine.workspace_id, texts["run"]).items
    assert item.subtitle == "Canceled"
    left = [row for row in engine.rows() if row["pk"].endswith("#NAME") or row["pk"][:4] == "KEY#"]
    assert left == []


def test_names_of_older_contacts_are_added_once(engine: Engine) -> None:
    contact_id = a_contact(engine, email="ada@example.com", firstName="Ada", lastName="Lovelace")
    for row in engine.rows():
        if row["pk"].endswith("#NAME"):
            engine.table.delete(_key(row))
    assert found(engine, "ada") == []
    contact = engine.stores.contacts.get(engine.workspace_id, contact_id)
    assert engine.stores.contacts.list_names(contact)
    assert ids(engine, "ada") == ids(engine, "lovelace") == [contact_id]
    # A contact that was changed or erased after it was read leaves no item.
    erased(engine, contact_id)
    assert not engine.stores.contacts.list_names(contact)
    assert not [row for row in engine.rows() if row["pk"].endswith("#NAME")]


def _key(row: dict[str, Any]) -> Any:
    from runledger.store.keys import Key

    return Key(row["pk"], row["sk"])


@pytest.mark.parametrize(
    ("text", "requests", "units"),
    # Units grow with the automations and failure groups, of which there are 21.
    [("canary-1", 7, 15), ("canary@example.com", 8, 16), ("01512 3456789", 8, 17.5)],
)
def test_a_search_makes_few_bounded_reads(
    text: str, requests: int, units: float, report_figure: Callable[[str], None]
) -> None:
    table = MemoryTable()
    with open_engine(1, table) as engine:
        for _ in range(20):
            everything_else(engine)
        everything(engine)
        counted = _Counted(table)
        stores = type(engine.stores)(counted, engine.stores.bodies)
        search = Search(stores, KeyedRunStore(counted), engine.clock, engine.gather)
        assert search.find(engine.workspace_id, text).items
        report_figure(f"{text}: {counted.requests} requests, {counted.tally.reads} read units")
        assert 0 < counted.requests <= requests
        assert 0 < counted.tally.reads <= units
        assert counted.tally.writes == 0


def everything_else(engine: Engine) -> None:
    a_failure(engine, "no " + "".join(chr(97 + n) for n in range(engine.clock.now % 20)))
    a_contact(engine, firstName="Someone")
    keyed(engine)
    # Only so many machines may be created per second.
    engine.clock.advance(MINUTE)


class _Counted(CountedTable):
    """Counts the requests to the table as well as their units."""

    requests = 0

    def get(self, *given: Any, **named: Any) -> Any:
        self.requests += 1
        return super().get(*given, **named)

    def query(self, *given: Any, **named: Any) -> Any:
        self.requests += 1
        return super().query(*given, **named)

    def batch_get(self, keys: Any, **named: Any) -> Any:
        self.requests += 1
        return super().batch_get(keys, **named)


def test_the_api_searches_without_logging_the_text(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    texts = everything(deployed)
    log = io.StringIO()
    handler, level = logging.StreamHandler(log), logger.log_level
    logger._logger.addHandler(handler)
    logger.setLevel("DEBUG")
    logger.info("the log is read")
    try:
        for role in ("viewer", "owner"):
            answer = call("GET", "/v1/search", query=f"q={texts['email']}", role=role)
            assert [item["type"] for item in answer["body"]["items"]] == ["CONTACT"]
        assert call("GET", "/v1/search", query="q=canary%231")["status"] == 200
        for query in ("q=c", "q=" + "canary" * 40, "", "q=canary&p=canary"):
            answer = call("GET", "/v1/search", query=query)
            assert answer["status"] in (400, 422), (query, answer)
    finally:
        logger._logger.removeHandler(handler)
        logger.setLevel(level)
    assert "the log is read" in log.getvalue()
    assert "canary" not in log.getvalue().lower()
    assert call("GET", "/v1/search", query="q=canary", role=None)["status"] == 401
