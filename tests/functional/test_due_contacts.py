"""Contacts are found by their dates: exactly those that are due now, even if they had other dates
before."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from runledger.clock import DAY, from_iso
from runledger.errors import InvalidInputError
from runledger.models.contact import Contact, ContactDocument
from runledger.nodes.date_rules import Repeat, recurs_on
from runledger.nodes.trigger import DateTrigger, TriggerConfig
from runledger.services.contacts.contacts import MAX_DATES
from runledger.services.schedules.due_contacts import DueContacts, date_of

from tests.support.engine import Engine


def trigger(key: str | None = "birthday", **config: Any) -> DateTrigger:
    source = {"kind": "CONTACT_METADATA", "key": key} if key else {"kind": "CONTACT_CREATED_AT"}
    parsed = TriggerConfig.model_validate({"triggerType": "DATE", "source": source, **config})
    assert isinstance(parsed, DateTrigger)
    return parsed


def create(engine: Engine, **metadata: Any) -> Contact:
    return engine.contacts.create(engine.workspace_id, ContactDocument(metadata=metadata))


def replace(engine: Engine, contact: Contact, **metadata: Any) -> Contact:
    document = ContactDocument(metadata=metadata)
    return engine.contacts.replace(engine.workspace_id, contact.id, document)


def due(engine: Engine, config: DateTrigger, anchor: str, limit: int = 3) -> list[str]:
    """Returns the ids of the due contacts on all pages."""
    listing = DueContacts(engine.table, engine.stores.contacts)
    found: list[str] = []
    after = None
    while True:
        page = listing.page(
            engine.workspace_id, config, date.fromisoformat(anchor), limit=limit, after=after
        )
        found += [each.contact.id for each in page.due]
        after = page.cursor
        if after is None:
            return found


def date_items(engine: Engine) -> list[tuple[str, str]]:
    found = [(row["pk"], row["sk"]) for row in engine.rows() if "#DATE#" in row["pk"]]
    return sorted((pk.partition("#DATE#")[2], sk.partition("#")[0]) for pk, sk in found)


def test_a_contact_keeps_one_item_for_each_of_its_dates(engine: Engine) -> None:
    contact = create(
        engine,
        birthday="1990-05-17",
        seen="2026-01-01T00:30:00+02:00",
        wall="2026-03-29T02:30:00",
        plan="pro",
        age=36,
        nested={"day": "2026-01-01"},
        **{"k" * 65: "2026-01-01"},
    )
    assert date_items(engine) == [
        ("D#03-29#wall", "2026"),
        ("D#05-17#birthday", "1990"),
        ("T#12-31#seen", "2025"),
    ]
    replace(engine, contact, birthday="1990-05-18", wall="2026-03-29", old="2020-02-29")
    assert date_items(engine) == [
        ("D#02-29#old", "2020"),
        ("D#03-29#wall", "2026"),
        ("D#05-18#birthday", "1990"),
    ]
    replace(engine, contact)
    assert date_items(engine) == []


def test_only_changed_items_are_written(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, dated = create(engine), create(engine, birthday="1990-05-17", other="2020-01-01")
    sizes: list[int] = []
    transact = engine.table.transact

    def counted(writes: list[Any]) -> None:
        sizes.append(len(writes))
        transact(writes)

    monkeypatch.setattr(engine.table, "transact", counted)
    create(engine)
    replace(engine, plain, plan="pro")
    replace(engine, dated, birthday="1990-05-17", other="2020-01-01", plan="pro")
    replace(engine, dated, birthday="1990-05-18", other="2020-01-01")
    assert sizes == [1, 1, 1, 3]


def test_the_first_date_over_the_limit_is_refused_by_name(engine: Engine) -> None:
    dates = {f"date{n:02d}": f"2026-01-{n % 28 + 1:02d}" for n in range(MAX_DATES + 1)}
    with pytest.raises(InvalidInputError) as caught:
        create(engine, **dates)
    assert caught.value.field == "metadata.date40"
    dates.pop("date40")
    contact = create(engine, plan="pro", **dates)
    moved = {name: f"2027-02-{n % 28 + 1:02d}" for n, name in enumerate(dates)}
    replace(engine, contact, **moved)
    assert len(date_items(engine)) == MAX_DATES


@pytest.mark.deep
def test_the_pages_have_exactly_the_due_contacts(engine: Engine) -> None:
    chance = random.Random(7)
    anchors = [date(2023, 2, 28), date(2024, 2, 29), date(2024, 4, 30), date(2026, 1, 1)]
    contacts = []
    for _ in range(120):
        near = chance.choice(anchors) + timedelta(days=chance.randint(-2, 2))
        day = near.replace(year=near.year - chance.choice([0, 0, 1, 4])) if near.day < 29 else near
        if chance.random() < 0.3:
            day = day.replace(month=chance.choice([1, 3, 5, 7, 8, 10, 12]))
        hour = chance.choice(["", "T23:30:00", "T00:15:00Z", "T23:45:00+14:00", "T01:00:00-11:00"])
        contacts.append(create(engine, birthday=f"{day}{hour}"))
    for zone in ("UTC", "Pacific/Kiritimati", "America/New_York"):
        for repeat in Repeat:
            config = trigger(repeat=repeat, timeZone=zone)
            for anchor in anchors:
                expected = {
                    contact.id
                    for contact in contacts
                    if (born := date_of(contact, config)[0]) and recurs_on(born, repeat, anchor)
                }
                found = due(engine, config, anchor.isoformat(), limit=4)
                assert sorted(found) == sorted(expected), (zone, repeat, anchor)
                assert expected or repeat is Repeat.NEVER


def test_contacts_are_found_by_their_creation(engine: Engine) -> None:
    moments = ["2023-11-29", "2024-02-29", "2024-12-31", "2025-02-28", "2025-03-28", "2025-03-31"]
    made: dict[str, str] = {}
    for day in moments:
        for time in ("00:00:00.000", "12:00:00", "23:59:59.900"):
            engine.clock.now = from_iso(f"{day}T{time}Z") - 1
            made[create(engine).id] = day
    for repeat, anchor, wanted in [
        (Repeat.NEVER, "2025-02-28", ["2025-02-28"]),
        (Repeat.NEVER, "2022-01-01", []),
        (Repeat.YEARLY, "2025-02-28", ["2024-02-29", "2025-02-28"]),
        (Repeat.YEARLY, "2028-02-28", ["2025-02-28"]),
        (Repeat.MONTHLY, "2025-02-28", ["2023-11-29", "2024-02-29", "2024-12-31", "2025-02-28"]),
        (Repeat.MONTHLY, "2025-04-30", ["2024-12-31", "2025-03-31"]),
    ]:
        found = due(engine, trigger(None, repeat=repeat), anchor)
        expected = [contact_id for contact_id, day in made.items() if day in wanted]
        assert sorted(found) == sorted(expected), (repeat, anchor)
    # 23:59 in UTC is the next day in Berlin.
    found = due(engine, trigger(None, timeZone="Europe/Berlin"), "2025-04-01")
    assert [made[contact_id] for contact_id in found] == ["2025-03-31"]


def test_a_contact_is_found_by_the_time_in_its_id(engine: Engine) -> None:
    first = create(engine)
    engine.clock.advance(DAY)
    second = create(engine)
    assert first.id < second.id
    found = due(engine, trigger(None), date.fromtimestamp(second.created_at // 1_000).isoformat())
    assert found == [second.id]


def test_a_stale_listing_does_not_make_a_contact_due(engine: Engine) -> None:
    moved = create(engine, birthday="1990-05-17")
    # As a listing that lags would still propose it.
    engine.table.put(
        {
            "pk": f"WORKSPACE#{engine.workspace_id}#DATE#D#05-18#birthday",
            "sk": f"1990#{moved.id}",
        }
    )
    config = trigger(repeat="YEARLY")
    assert due(engine, config, "2026-05-18") == []
    assert due(engine, config, "2026-05-17") == [moved.id]


def test_contacts_of_another_workspace_are_not_found(engine: Engine) -> None:
    create(engine, birthday="1990-05-17")
    other = engine.contacts.create("ws_other", ContactDocument(metadata={"birthday": "1990-05-17"}))
    (found,) = due(engine, trigger(repeat="YEARLY"), "2026-05-17")
    assert found != other.id
