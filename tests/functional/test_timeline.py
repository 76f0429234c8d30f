"""The timeline of a contact: all kinds in one order, pages to the end, and no rows of others."""

import itertools
import random
from typing import Any

import pytest
from runledger.api.timeline import TimelineItemView, TimelineKind
from runledger.clock import DAY, HOUR
from runledger.errors import InvalidInputError, NotFoundError
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryStatus
from runledger.services.lists import timeline
from runledger.store import keys

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import attempts, mailing
from tests.functional.test_delivery_lists import an_attempt
from tests.functional.test_refusal_lists import a_refusal
from tests.functional.test_run_store import a_run
from tests.support.engine import Engine
from tests.support.events import an_event

__all__ = ["deployed"]

EVERY: frozenset[TimelineKind] = frozenset()


def person(engine: Engine, email: str) -> str:
    return engine.contacts.create(engine.workspace_id, ContactDocument(email=email)).id


def fill(engine: Engine, contact_id: str, count: int = 24) -> list[tuple[TimelineKind, str]]:
    """Creates rows of every kind about one contact, mixed and at different moments. Returns them
    newest first."""
    made: list[tuple[TimelineKind, str]] = []
    kinds = list(itertools.islice(itertools.cycle(TimelineKind), count))
    random.Random(7).shuffle(kinds)
    for number, kind in enumerate(kinds):
        changes: dict[str, Any] = {
            "contact_id": contact_id,
            "created_at": engine.clock.now - number * HOUR,
            "expires_at": engine.clock.now + DAY,
        }
        if kind is TimelineKind.RUN:
            run = a_run(**changes)
            engine.stores.runs.open(run, an_event({}), 1)
            made.append((kind, run.id))
        elif kind is TimelineKind.DELIVERY:
            made.append((kind, an_attempt(engine, **changes).id))
        else:
            made.append((kind, a_refusal(engine, **changes).id))
    return made


def shown(item: TimelineItemView) -> tuple[TimelineKind, str]:
    found = [each for each in (item.run, item.delivery, item.refusal) if each is not None]
    (view,) = found
    assert item.at == view.created_at
    return item.kind, view.id


def pages(
    engine: Engine, contact_id: str, kinds: frozenset[TimelineKind] = EVERY, limit: int = 7
) -> list[tuple[TimelineKind, str]]:
    """Returns every item, following cursors to the end; pages before the last must be full."""
    found: list[tuple[TimelineKind, str]] = []
    cursor = None
    while True:
        view = engine.timelines.page(engine.workspace_id, contact_id, kinds, limit, cursor)
        found += [shown(item) for item in view.items]
        cursor = view.next_cursor
        if cursor is None:
            return found
        assert len(view.items) == limit


def test_all_items_of_a_contact_are_in_one_order(engine: Engine) -> None:
    ada, bob = person(engine, "ada@example.com"), person(engine, "bob@example.com")
    made = fill(engine, ada)
    fill(engine, bob)
    assert pages(engine, ada) == made
    assert pages(engine, ada, limit=len(made)) == made
    for size in (1, 2):
        for chosen in itertools.combinations(TimelineKind, size):
            expected = [each for each in made if each[0] in chosen]
            assert pages(engine, ada, frozenset(chosen)) == expected


def test_expired_and_foreign_rows_are_omitted(
    engine: Engine,
) -> None:
    ada = person(engine, "ada@example.com")
    a_refusal(engine, contact_id=ada, expires_at=engine.clock.now - 1)
    kept = an_attempt(engine, contact_id=ada)
    # A row of another workspace that got into this contact's partition.
    foreign = a_refusal(engine, contact_id=ada, workspace_id="ws_other")
    row = engine.table.get(keys.refusal(foreign.id))
    assert row is not None
    engine.table.put({**row, "gsi3pk": keys.by_contact(engine.workspace_id, ada)})
    assert pages(engine, ada) == [(TimelineKind.DELIVERY, kept.id)]


def test_a_page_that_reached_its_read_limit_ends_early_with_a_cursor(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "ROW_BUDGET", 5)
    monkeypatch.setattr(timeline, "KEY_BUDGET", 12)
    ada = person(engine, "ada@example.com")
    oldest = a_refusal(engine, contact_id=ada, created_at=engine.clock.now - DAY)
    for number in range(20):
        gone = engine.clock.now - 1
        an_attempt(engine, contact_id=ada, created_at=gone - number, expires_at=gone)
    for kinds in (EVERY, frozenset({TimelineKind.REFUSAL})):
        found: list[Any] = []
        sizes: list[int] = []
        cursor = None
        while cursor is not None or not sizes:
            view = engine.timelines.page(engine.workspace_id, ada, kinds, 3, cursor)
            sizes.append(len(view.items))
            found += [shown(item) for item in view.items]
            cursor = view.next_cursor
        assert found == [(TimelineKind.REFUSAL, oldest.id)]
        assert sizes[0] == 0
        assert len(sizes) > 1


def test_a_cursor_is_only_valid_for_its_contact_and_kinds(engine: Engine) -> None:
    ada, bob = person(engine, "ada@example.com"), person(engine, "bob@example.com")
    fill(engine, ada)
    fill(engine, bob)
    cursor = engine.timelines.page(engine.workspace_id, ada, EVERY, 3, None).next_cursor
    others = [(bob, EVERY), (ada, frozenset({TimelineKind.RUN}))]
    for contact_id, kinds in others:
        with pytest.raises(InvalidInputError) as raised:
            engine.timelines.page(engine.workspace_id, contact_id, kinds, 3, cursor)
        assert raised.value.field == "cursor"
    with pytest.raises(NotFoundError):
        engine.timelines.page("ws_other", ada, EVERY, 3, None)


def test_messages_to_the_contact_from_runs_of_others_are_shown(engine: Engine) -> None:
    """For example, messages to all contacts with a tag, and messages to a plain address that is
    also the contact's address."""
    to = {"kind": "AD_HOC", "addresses": ["ADA@example.com", "nobody@example.com"]}
    ada = person(engine, "ada@example.com")
    automation_id = engine.activate(mailing(engine.template("Hello"), recipients=to))
    run_id = engine.fire(automation_id, {"email": "bob@example.com"})
    engine.walk(run_id)
    (found,) = engine.timelines.page(engine.workspace_id, ada, EVERY, 9, None).items
    assert found.delivery is not None
    assert found.delivery.status is DeliveryStatus.SENT
    assert found.delivery.run_id == run_id
    assert found.delivery.automation_name == "Mailing"
    # It stays a message to a plain address, for which no consent is required.
    assert found.delivery.contact_id is None
    assert sorted(each.addressee_id or "" for each in attempts(engine)) == ["", ada]


def test_a_message_to_a_plain_address_is_shown_before_it_is_sent(engine: Engine) -> None:
    """If its sender died, nothing else would lead from the contact to the message."""
    ada = person(engine, "ada@example.com")
    to = {"kind": "AD_HOC", "addresses": ["ada@example.com"]}
    automation_id = engine.activate(mailing(engine.template("Hello"), recipients=to))
    run_id = engine.fire(automation_id, {"email": "bob@example.com"})
    engine.walk(run_id, until="mail")

    def dies(message: Any) -> None:
        raise KeyboardInterrupt

    engine.channels["EMAIL"].send = dies  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        engine.visit(run_id, "mail")
    (found,) = pages(engine, ada)
    assert found[0] is TimelineKind.DELIVERY
    assert attempts(engine)[0].status is DeliveryStatus.PROCESSING


def test_the_api_serves_the_timeline(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    ada = person(deployed, "ada@example.com")
    made = [each for each in fill(deployed, ada) if each[0] is not TimelineKind.RUN]
    path = f"/v1/contacts/{ada}/timeline"
    answer = call("GET", path, role="viewer", query="kind=DELIVERY&limit=200")
    assert answer["status"] == 200
    (first, *_) = answer["body"]["items"]
    assert (first["kind"], first["run"], first["refusal"]) == ("DELIVERY", None, None)
    told = [item["delivery"]["id"] for item in answer["body"]["items"]]
    assert told == [row_id for kind, row_id in made if kind is TimelineKind.DELIVERY]
    assert call("GET", f"{path}", query="kind=NONE")["status"] == 422
    assert call("GET", "/v1/contacts/con_none/timeline")["status"] == 404
