"""Contacts' dates in every form: each valid date fires, and an invalid one gives a refusal that
says so."""

from typing import Any

import pytest
from runledger.errors import InvalidInputError
from runledger.models.contact import ContactDocument
from runledger.models.refusal import RefusalReason
from runledger.models.run import RunStatus
from runledger.models.schedule import FireStatus
from runledger.nodes.written_dates import ACCEPTED
from runledger.services.schedules import date_fires
from runledger.store import keys
from runledger.store.contacts import MAX_LISTINGS
from runledger.store.fires import FireStore
from runledger.store.table import Change, Put, key_attributes

from tests.functional.test_date_triggers import Dates, dates
from tests.support.engine import Engine

__all__ = ["dates"]

SECOND, THIRD = "2026-01-17T08:00:00Z", "2026-01-18T08:00:00Z"
# All are 16 January in Berlin.
FORMS = [
    "2001-01-16",
    "2001-01-16T08:00:00.1234567Z",
    "2001-01-15 23:30:00+00",
    "2001-01-16t08:00:00,123456789z",
    "Tue, 16 Jan 2001 09:00:00 +0100",
    979_632_000,
    979_632_000_000,
    "1989-W03-1",
    "2003-01-15T24:00:00-10:00",
    632_484_000,
]
# The same as texts.
DIGITS = ["1263632400", "1263632400123"]
OTHERS = ["soon", "16.01.1990", "1990-02-30", 35, True, ["1990-01-16"], {"year": 1990}, "20010116"]


def person(dates: Dates, value: Any, **metadata: Any) -> str:
    document = ContactDocument(metadata={"birthday": value, **metadata})
    return dates.engine.contacts.create(dates.engine.workspace_id, document).id


def refusals(engine: Engine) -> dict[str | None, str]:
    """Returns the message of each contact's refusal; fails if a contact has two."""
    rows = [
        engine.stores.refusals.get(row["pk"].partition("#")[2])
        for row in engine.rows()
        if row["sk"] == "REFUSAL"
    ]
    found = {row.contact_id: row.message for row in rows}
    assert len(found) == len(rows)
    assert {row.reason for row in rows} <= {RefusalReason.INVALID_PAYLOAD}
    return found


def listed(engine: Engine) -> list[str]:
    return sorted(row["sk"] for row in engine.rows() if "#NODATE#" in row["pk"])


@pytest.mark.parametrize("is_known", [False, True])
def test_every_valid_form_fires_and_an_invalid_date_is_refused(
    dates: Dates, is_known: bool
) -> None:
    dates.at("2026-01-14T12:00:00Z")
    automation_id = dates.activate()
    if is_known:
        # The key is one that an automation goes by, when the contacts are written.
        dates.fire(automation_id, "2026-01-15T08:00:00Z")
    due = [person(dates, value) for value in [*FORMS, *DIGITS]]
    wrong = {person(dates, value): value for value in OTHERS}
    quiet = [person(dates, value) for value in (None, "", "  ", "1990-01-20", 979_200_000)]
    quiet.append(dates.contact(None))
    fire = dates.fire(automation_id)
    assert fire is not None and fire.status is FireStatus.COMPLETED
    assert fire.looks_at_all is not is_known
    assert set(dates.runs()) == set(due)
    told = refusals(dates.engine)
    assert set(told) == set(wrong)
    assert not set(told) & set(quiet)
    expected = f'metadata.birthday of the contact: "soon" is not a date; {ACCEPTED}'
    assert told[next(iter(wrong))] == expected
    assert all(message.endswith(ACCEPTED) for message in told.values())
    assert (fire.opened, fire.refused) == (len(due), len(wrong))
    assert listed(dates.engine) == sorted(wrong)


def test_an_invalid_date_is_refused_once_until_it_changes(dates: Dates) -> None:
    automation_id = dates.activate()
    contact_id = person(dates, "16.01.1990")
    early = person(dates, "soon")
    first = dates.fire(automation_id)
    again = dates.fire(automation_id, SECOND)
    assert first is not None and again is not None
    assert (first.looks_at_all, again.looks_at_all) == (True, False)
    assert (first.refused, again.refused) == (2, 2)
    assert set(refusals(dates.engine)) == {contact_id, early}
    workspace_id = dates.engine.workspace_id
    mended = ContactDocument(metadata={"birthday": 632_656_800})
    dates.engine.contacts.replace(workspace_id, contact_id, mended)
    dates.engine.contacts.replace(workspace_id, early, ContactDocument(metadata={}))
    assert listed(dates.engine) == []
    last = dates.fire(automation_id, THIRD)
    # 18 January 1990, in seconds: written after the first fire, and found by its listing.
    assert last is not None and (last.opened, last.refused) == (1, 0)
    assert dates.runs() == {contact_id: RunStatus.PENDING}


def test_an_invalid_date_written_after_the_first_fire_is_found_by_its_listing(
    dates: Dates,
) -> None:
    automation_id = dates.activate()
    dates.fire(automation_id)
    contact_id = person(dates, "17.01.1990")
    assert listed(dates.engine) == [contact_id]
    fire = dates.fire(automation_id, SECOND)
    assert fire is not None and fire.refused == 1
    assert set(refusals(dates.engine)) == {contact_id}
    # Other keys cost no item, and neither does a contact of another workspace.
    person(dates, "1990-01-17", anniversary="soon", amount=632_656_800)
    assert listed(dates.engine) == [contact_id]
    dates.engine.contacts.replace(
        dates.engine.workspace_id, contact_id, ContactDocument(metadata={"birthday": "1990-01-17"})
    )
    assert listed(dates.engine) == []


def test_a_new_key_or_a_stopped_fire_searches_all_contacts_again(
    dates: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", 2)
    automation_id = dates.activate()
    people = [person(dates, "soon", nameday="later") for _ in range(5)]
    place = dates.page(dates.begin(automation_id))
    dates.pause(automation_id)
    stopped = dates.stored(automation_id, dates.walk(place))
    assert stopped is not None and stopped.status is FireStatus.STOPPED
    dates.resume(automation_id)
    fire = dates.fire(automation_id, SECOND)
    assert fire is not None and (fire.looks_at_all, fire.refused) == (True, 5)
    assert set(refusals(dates.engine)) == set(people)
    dates.change(automation_id, source={"kind": "CONTACT_METADATA", "key": "nameday"})
    other = dates.fire(automation_id, THIRD)
    assert other is not None and (other.looks_at_all, other.refused) == (True, 5)
    assert dates.engine.stores.contacts.date_fields("ws_demo") == {"birthday", "nameday"}
    assert dates.engine.stores.contacts.date_fields("ws_other") == frozenset()


def test_a_contact_that_is_already_listed_is_counted_once(dates: Dates) -> None:
    dates.fire(dates.activate())
    # Written after the key was first used, so they are listed by their dates or as unreadable.
    due = [person(dates, value) for value in (979_718_400, "1263718800", "2001-01-17")]
    person(dates, "soon")
    fire = dates.fire(dates.activate(), SECOND)
    assert fire is not None and fire.looks_at_all
    assert (fire.opened, fire.refused) == (len(due), 1)


@pytest.mark.parametrize("size", [2, 3, 100])
def test_a_page_that_is_repeated_after_a_crash_counts_each_contact_once(
    dates: Dates, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(date_fires, "PAGE_CONTACTS", size)
    automation_id = dates.activate()
    due = [person(dates, value) for value in (979_632_000, "2001-01-16", *DIGITS, 979_632_000_000)]
    wrong = [person(dates, value) for value in ("soon", "later")]
    place = dates.begin(automation_id)
    move_on = FireStore.move_on

    def die(*args: Any) -> None:
        monkeypatch.setattr(FireStore, "move_on", move_on)
        raise ConnectionError("the process died")

    while place.goes_on:
        monkeypatch.setattr(FireStore, "move_on", die)
        with pytest.raises(ConnectionError):
            dates.page(place)
        place = dates.page(place)
    [fire] = dates.fires(automation_id)
    assert fire.status is FireStatus.COMPLETED
    assert (fire.opened, fire.refused) == (len(due), len(wrong))
    assert set(dates.runs()) == set(due)


def test_a_fire_that_did_not_search_all_contacts_does_not_count_as_the_first(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.fire(automation_id)
    key = keys.fire(automation_id, dates.fires(automation_id)[0].day, 1)
    dates.engine.table.update(key, Change(remove=["looksAtAll"]))
    person(dates, "soon")
    fire = dates.fire(automation_id, SECOND)
    assert fire is not None and (fire.looks_at_all, fire.refused) == (True, 1)


def test_erasing_a_contact_deletes_its_listing(dates: Dates) -> None:
    automation_id = dates.activate()
    dates.fire(automation_id)
    contact_id = person(dates, "soon")
    contact = dates.engine.stores.contacts.get("ws_demo", contact_id)
    also = Put(dict(key_attributes(keys.erasure("ws_demo", contact_id))))
    dates.engine.stores.contacts.erase(contact, also)
    assert listed(dates.engine) == []
    fire = dates.fire(automation_id, SECOND)
    assert fire is not None and fire.refused == 0


def test_too_many_listings_are_refused_before_anything_is_written(dates: Dates) -> None:
    dates.fire(dates.activate())
    tags = [f"tag{n}" for n in range(MAX_LISTINGS)]
    document = ContactDocument(tags=tags, metadata={"birthday": "soon"})
    with pytest.raises(InvalidInputError, match="dates in its metadata") as refused:
        dates.engine.contacts.create(dates.engine.workspace_id, document)
    assert refused.value.field == "tags"
    fits = document.changed(tags=tags[1:])
    assert dates.engine.contacts.create(dates.engine.workspace_id, fits).id in listed(dates.engine)
    # An invalid date under a key that no automation uses does not count.
    other = ContactDocument(tags=tags, metadata={"other": "soon"})
    dates.engine.contacts.create(dates.engine.workspace_id, other)
