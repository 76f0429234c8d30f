"""Erasing a contact reaches kept events, also those that belong to nobody."""

import base64
import gzip
import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from runledger.clock import MINUTE, SECOND
from runledger.errors import GoneError, RunledgerError
from runledger.models.addresses import Address
from runledger.models.contact import ContactDocument
from runledger.models.erasure import ERASED_TEXT, ErasureStatus
from runledger.models.kept_event import CaptureOutcome
from runledger.models.refusal import RefusalReason
from runledger.models.run import TriggerType
from runledger.services.triggers.kept_hashes import MOST_HASHES
from runledger.services.triggers.refusals import RefusedEvent
from runledger.store.kept_events import KeptEventStore

from tests.functional.test_captures import an_event
from tests.functional.test_erasing import erase, erased, tick
from tests.functional.test_refusals import refusals
from tests.functional.test_webhooks import event, hooked
from tests.support.engine import Engine
from tests.support.stored_text import find_words, objects_of, stored_in_engine

EMAIL, PHONE, CUSTOMER = "ada@lovelace.example", "+491701234567", "cus_Nf3k"
PERSONAL = (EMAIL, "1234567", CUSTOMER, "canary-payload")
NOISE = base64.b64encode(random.Random(7).randbytes(90_000)).decode()
BY_ID = {"contactLookup": {"by": "id", "path": "contact"}}


def a_person(engine: Engine) -> str:
    document = ContactDocument(email=EMAIL, phone=PHONE, external_ids={"stripe": CUSTOMER})
    return engine.contacts.create(engine.workspace_id, document).id


def refuse(engine: Engine, token: str, body: bytes, **headers: str) -> str:
    """Returns the id of the new refusal."""
    before = {row["pk"] for row in refusals(engine)}
    with pytest.raises(RunledgerError):
        engine.webhooks.receive(event(token, body, **headers))
    (new,) = {row["pk"] for row in refusals(engine)} - before
    return str(new).removeprefix("REFUSAL#")


def kept_ids(engine: Engine) -> set[str]:
    rows = [row for row in engine.rows() if row["sk"] == "EVENT"]
    return {str(row["pk"]).removeprefix("REFUSAL#") for row in rows}


def items(engine: Engine) -> list[Any]:
    return [
        row
        for row in engine.rows()
        if row["pk"].endswith("#KEPT") and not row["sk"].startswith("SEARCH#")
    ]


BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "by e-mail": (json.dumps({"who": EMAIL, "note": "canary-payload"}).encode(), {}),
    "by phone": (json.dumps({"tel": "0170 1234567", "note": "canary-payload"}).encode(), {}),
    "by external id": (json.dumps({"c": CUSTOMER, "note": "canary-payload"}).encode(), {}),
    "by nothing readable": (
        gzip.compress(f"{EMAIL} canary-payload {NOISE}".encode())[:-9],
        {"content_encoding": "gzip"},
    ),
    "in a form": (
        urlencode({"mail": EMAIL, "note": "canary-payload"}).encode(),
        {"content_type": "application/x-www-form-urlencoded"},
    ),
    "in a large body": (
        json.dumps({"who": EMAIL, "note": f"canary-payload {NOISE}"}).encode(),
        {},
    ),
    "among very many": (
        json.dumps(
            [*(f"u{n}@shop.example" for n in range(MOST_HASHES)), EMAIL, "canary-payload"]
        ).encode(),
        {},
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_an_event_that_mentions_the_person_is_deleted(engine: Engine, name: str) -> None:
    body, headers = BODIES[name]
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    hers = refuse(engine, token, body, **headers)
    theirs = refuse(engine, token, b'{"who": "bob@example.com", "tel": "0151 7654321"}')
    assert kept_ids(engine) == {hers, theirs}
    assert hers in json.dumps([row["row"] for row in items(engine)])

    erased(engine, contact_id)

    assert kept_ids(engine) == {theirs}
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    assert objects_of(engine) == {}
    assert len(items(engine)) == 1
    found = engine.details.refusal(engine.workspace_id, hers)
    assert (found.event, found.kept_until, found.message) == (None, None, ERASED_TEXT)
    assert found.erased_at is not None
    with pytest.raises(GoneError, match="erased"):
        engine.replays.replay(engine.workspace_id, hers, "ada@example.com")


def test_an_event_that_names_the_contact_by_its_id_is_deleted(engine: Engine) -> None:
    contact_id = a_person(engine)
    token = hooked(engine, dedupePath="n", **BY_ID)
    hers = refuse(engine, token, json.dumps({"contact": contact_id, "note": "canary"}).encode())
    assert kept_ids(engine) == {hers}
    erased(engine, contact_id)
    assert kept_ids(engine) == set()
    named = find_words(stored_in_engine(engine), [contact_id, "canary"])
    assert named == [f"WORKSPACE#ws_demo#ERASURE/{contact_id}: {contact_id.lower()}"]


def test_the_event_of_a_refusal_in_the_contacts_index_is_deleted_at_once(engine: Engine) -> None:
    """The event's body does not mention the person, but its refusal does."""
    contact_id = a_person(engine)
    token = hooked(engine, contactLookup={"by": "email", "path": "who"}, dedupePath="n")
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    automation = engine.stores.automations.get(engine.workspace_id, target.automation_id)
    refused = RefusedEvent(
        trigger_type=TriggerType.WEBHOOK,
        reason=RefusalReason.REENTRY_BLOCKED,
        message="in the way",
        contact_id=contact_id,
        event=an_event(engine, f'"canary-payload {NOISE}"'.encode()),
    )
    engine.refusals.record(automation, refused)
    assert len(kept_ids(engine)) == 1
    erase(engine, contact_id)
    assert kept_ids(engine) == set()
    assert objects_of(engine) == {}
    erased(engine, contact_id)
    assert find_words(stored_in_engine(engine), PERSONAL) == []


def test_captured_events_are_deleted_too(engine: Engine) -> None:
    contact_id = a_person(engine)
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    engine.captures.begin(engine.workspace_id, target.automation_id)
    automation = engine.stores.automations.get(engine.workspace_id, target.automation_id)
    for who in (EMAIL, "bob@example.com", f"{EMAIL} {NOISE}"):
        captured = an_event(engine, json.dumps({"who": who}).encode())
        engine.captures.note(automation, captured, CaptureOutcome.ACCEPTED, status=202)
    assert len(objects_of(engine)) == 1
    erased(engine, contact_id)
    (left,) = engine.captures.view(engine.workspace_id, target.automation_id).items
    assert left.body == {"who": "bob@example.com"}
    assert objects_of(engine) == {}


def test_a_replay_that_was_refused_again_leaves_no_second_copy(engine: Engine) -> None:
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    hers = refuse(engine, token, json.dumps({"who": EMAIL, "note": "canary-payload"}).encode())
    again = engine.replays.replay(engine.workspace_id, hers, "ada@example.com").refusal
    assert again is not None
    assert kept_ids(engine) == {hers, again.id}
    erased(engine, contact_id)
    assert kept_ids(engine) == set()
    assert find_words(stored_in_engine(engine), PERSONAL) == []


def test_an_event_that_is_being_kept_while_the_person_is_erased_is_found(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item that leads to the event is written first. Then the erasure searches, and only then
    the event itself is written."""
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    put = engine.table.put
    looked: list[int] = []

    def late(item: Any, condition: Any = None) -> None:
        if item["sk"] == "EVENT" and not looked:
            looked.append(1)
            # An invocation takes a minute at most.
            for _ in range(3):
                engine.clock.advance(15 * SECOND)
                engine.due_work.settle_due(1_000)
        put(item, condition)

    monkeypatch.setattr(engine.table, "put", late)
    erase(engine, contact_id)
    refuse(engine, token, json.dumps({"who": EMAIL, "note": "canary-payload"}).encode())
    assert looked
    erased(engine, contact_id)
    assert kept_ids(engine) == set()
    assert find_words(stored_in_engine(engine), PERSONAL) == []


def test_what_arrives_after_the_erasure_is_not_searched(engine: Engine) -> None:
    """An event that arrives later is about the person who has the address at that later time."""
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    erase(engine, contact_id)
    engine.clock.advance(2 * MINUTE)
    later = refuse(engine, token, json.dumps({"who": EMAIL}).encode())
    erased(engine, contact_id)
    assert kept_ids(engine) == {later}


def test_an_event_of_another_workspace_is_not_searched(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = a_person(engine)
    read: list[str] = []
    places = KeptEventStore.places

    def noted(store: KeptEventStore, workspace_id: str, *rest: Any) -> Any:
        read.append(workspace_id)
        return places(store, workspace_id, *rest)

    monkeypatch.setattr(KeptEventStore, "places", noted)
    erased(engine, contact_id)
    assert set(read) == {engine.workspace_id}


def test_a_search_through_many_bodies_goes_on_where_it_stopped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    many = [f"u{n}@shop.example" for n in range(MOST_HASHES)]
    for number in range(12):
        refuse(engine, token, json.dumps([number, *many, *[EMAIL] * (number == 11)]).encode())
    assert all("hashes" not in item for item in items(engine))
    engine.clock.advance(5 * MINUTE)
    read: list[str] = []
    read_at = KeptEventStore.read_at

    def slow(store: KeptEventStore, place: Any) -> Any:
        read.append(place.id)
        engine.clock.advance(8 * SECOND)
        return read_at(store, place)

    monkeypatch.setattr(KeptEventStore, "read_at", slow)
    erase(engine, contact_id)
    for _ in range(30):
        tick(engine)
    found = engine.stores.erasures.find(engine.workspace_id, contact_id)
    assert found is not None
    assert found.status is ErasureStatus.ERASED
    assert len(read) == len(set(read)) == 12
    assert len(kept_ids(engine)) == 11


def test_a_search_begins_again_if_another_address_of_the_person_is_found(engine: Engine) -> None:
    contact_id = a_person(engine)
    token = hooked(engine, **BY_ID)
    hers = refuse(engine, token, b'{"who": "augusta@byron.example"}')
    engine.clock.advance(5 * MINUTE)
    erase(engine, contact_id)
    tick(engine)
    assert kept_ids(engine) == {hers}
    found = engine.stores.erasures.find(engine.workspace_id, contact_id)
    assert found is not None
    more = found.addresses | {Address("EMAIL", "augusta@byron.example")}
    engine.stores.erasures.move_on(found, found.changed(addresses=more))
    erased(engine, contact_id)
    assert kept_ids(engine) == set()
