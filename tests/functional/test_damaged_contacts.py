"""A damaged contact keeps nobody from working on the other contacts."""

from typing import Any

import pytest
from runledger.errors import UnreadableError
from runledger.models.contact import Contact, ContactDocument
from runledger.models.schedule import FireStatus
from runledger.nodes.segment_rules import SegmentRules
from runledger.services.contacts.recipients import Recipients
from runledger.store import keys

from tests.functional.test_date_triggers import START, Dates, dates, existing
from tests.functional.test_exports import ask, content, documents, write
from tests.functional.test_search import ids
from tests.support.engine import Engine

__all__ = ["dates"]

DAMAGES: dict[str, Any] = {"metadata": b"\x00\xffgarbage", "consents": "none", "createdAt": None}


@pytest.fixture(params=DAMAGES)
def damaged(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {request.param: DAMAGES[request.param]}


def people(engine: Engine, damaged: dict[str, Any], place: int = 1) -> list[str]:
    """Creates three contacts, damages one of them, and returns the ids of the others."""
    engine.clock.now = START
    made: list[Contact] = []
    for number in range(3):
        document = ContactDocument(
            email=f"p{number}@example.com",
            first_name="Kim",
            tags=["news"],
            metadata={"birthday": "1990-01-16"},
        )
        made.append(engine.contacts.create(engine.workspace_id, document))
        engine.clock.advance(1)
    contact_id = made.pop(place).id
    row = engine.table.get(keys.contact(engine.workspace_id, contact_id))
    assert row is not None
    engine.table.put({name: value for name, value in (row | damaged).items() if value is not None})
    with pytest.raises(UnreadableError):
        engine.stores.contacts.get(engine.workspace_id, contact_id)
    return [each.id for each in made]


def test_a_fire_opens_the_runs_of_the_others(dates: Dates, damaged: dict[str, Any]) -> None:
    automation_id = dates.activate()
    others = people(dates.engine, damaged)
    fire = existing(dates.fire(automation_id))
    assert (fire.status, fire.opened) == (FireStatus.COMPLETED, 2)
    assert sorted(dates.runs()) == others


def test_a_fire_by_creation_does_not_need_the_oldest_contact(
    dates: Dates, damaged: dict[str, Any]
) -> None:
    others = people(dates.engine, damaged, place=0)
    automation_id = dates.activate(source={"kind": "CONTACT_CREATED_AT"}, offsetDays=1)
    dates.fire(automation_id)
    assert sorted(dates.runs()) == others


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "rule", [{"kind": "HAS_TAG", "tag": "news"}, {"kind": "LACKS_TAG", "tag": "old"}]
)
def test_the_others_are_recipients(
    engine: Engine,
    damaged: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    place: int,
    rule: dict[str, str],
) -> None:
    monkeypatch.setattr("runledger.services.contacts.recipients._LISTED", 1)
    others = people(engine, damaged, place)
    query = SegmentRules.model_validate({"rules": [rule]})
    recipients = Recipients(engine.stores.contacts, engine.workspace_id, {})
    found, cursor = [], None
    while True:
        page = recipients.page(query, cursor)
        found += [each for each in page.ids if each in recipients.read(page.ids)]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == others


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_list_and_an_export_have_the_others(
    engine: Engine, damaged: dict[str, Any], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr("runledger.services.bulk.export_pages.PAGE_ROWS", 1)
    others = people(engine, damaged, place)
    found, cursor = [], None
    while True:
        page = engine.resource_lists.contacts(engine.workspace_id, 1, cursor)
        found += [each.id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == others[::-1]
    export = ask(engine, "CONTACTS")
    write(engine, export)
    assert [row["id"] for row in documents(content(engine, export))] == others


def test_a_search_finds_the_others(engine: Engine, damaged: dict[str, Any]) -> None:
    others = people(engine, damaged)
    assert sorted(ids(engine, "Kim")) == others
