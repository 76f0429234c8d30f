"""Lists of runs: every filter, pages to the end, and cursors that cannot be forged."""

import itertools
from typing import Any

import pytest
from runledger.clock import DAY, HOUR
from runledger.errors import InvalidCursorError, InvalidInputError
from runledger.models.contact import ContactDocument
from runledger.models.run import Run, RunStatus, TriggerType
from runledger.services.lists.cursors import LIFETIME
from runledger.store.runs import Closing

from tests.functional.test_run_store import a_run
from tests.support.engine import Engine, open_engine
from tests.support.events import an_event
from tests.support.lists import all_ids, request
from tests.support.memory_table import MemoryTable

STATUSES = list(RunStatus)


def pages(engine: Engine, **given: Any) -> list[str]:
    return all_ids(engine.queries.runs, **given)


def fill(engine: Engine) -> list[Run]:
    """Creates runs of two automations and two contacts, in every status, an hour apart."""
    people = [
        engine.contacts.create(engine.workspace_id, ContactDocument(email=email))
        for email in ("ada@example.com", "bob@example.com")
    ]
    kinds = itertools.product(("aut_one", "aut_two"), people, STATUSES)
    triggers = itertools.cycle((TriggerType.WEBHOOK, TriggerType.DATE, TriggerType.MANUAL))
    made = []
    for number, (automation_id, person, status) in enumerate(kinds):
        run = a_run(
            automation_id=automation_id,
            trigger_type=next(triggers),
            contact_id=person.id,
            contact_email=person.email,
            created_at=engine.clock.now - number * HOUR,
            expires_at=engine.clock.now + DAY,
        )
        run, _ = engine.stores.runs.open(
            run,
            an_event({}),
            engine.stores.workspaces.cached("ws_demo").shards,
        )
        if status is not RunStatus.PENDING:
            engine.stores.runs.own(run, "1", run.created_at, 1)
            run = engine.stores.runs.get(run.id)
        if status.is_terminal:
            run = engine.stores.runs.close(run, Closing(status, run.created_at + 5))
        made.append(run)
    return made


def fill_for(engine: Engine, contact_ids: list[str]) -> None:
    """Creates one run for each of these contacts."""
    shards = engine.stores.workspaces.cached("ws_demo").shards
    for contact_id in contact_ids:
        run = a_run(contact_id=contact_id, created_at=engine.clock() - HOUR)
        engine.stores.runs.open(run, an_event({}), shards)


@pytest.mark.parametrize("shards", [1, 8])
def test_every_combination_of_filters_agrees_with_a_plain_list(shards: int) -> None:
    with open_engine(shards, MemoryTable()) as engine:
        made = sorted(fill(engine), key=lambda run: run.created_at, reverse=True)
        now = engine.clock.now
        statuses: list[frozenset[RunStatus]] = [
            frozenset(),
            *(frozenset({status}) for status in STATUSES),
            frozenset({RunStatus.FAILED, RunStatus.PENDING}),
        ]
        automations = [None, "aut_one"]
        contacts = [None, " Bob@Example.com "]
        triggers = [frozenset(), frozenset({TriggerType.DATE, TriggerType.MANUAL})]
        combinations = itertools.product(
            statuses, automations, contacts, [None, "24h"], triggers, [True, False]
        )
        for wanted, automation_id, contact, range_, of_trigger, newest_first in combinations:
            oldest = now - DAY if range_ else 0
            expected = [
                run.id
                for run in made
                if (not wanted or run.status in wanted)
                and (automation_id is None or run.automation_id == automation_id)
                and (contact is None or run.contact_email == "bob@example.com")
                and run.created_at >= oldest
                and (not of_trigger or run.trigger_type in of_trigger)
            ]
            found = pages(
                engine,
                statuses=wanted,
                automation_id=automation_id,
                contact=contact,
                range=range_,
                trigger_types=of_trigger,
                newest_first=newest_first,
            )
            asked = (wanted, automation_id, contact, range_, of_trigger, newest_first)
            assert found == (expected if newest_first else expected[::-1]), asked


def test_a_period_includes_both_ends(engine: Engine) -> None:
    made = fill(engine)
    from runledger.clock import iso

    found = pages(engine, since=iso(made[5].created_at), until=iso(made[3].created_at))
    assert found == [made[3].id, made[4].id, made[5].id]


def test_a_page_that_ends_exactly_with_the_list_has_no_cursor(engine: Engine) -> None:
    made = fill(engine)
    view = engine.queries.runs(engine.workspace_id, request(limit=len(made)))
    assert (len(view.items), view.next_cursor) == (len(made), None)


def test_an_unknown_contact_has_no_runs(engine: Engine) -> None:
    fill(engine)
    assert pages(engine, contact="nobody@example.com") == []


def test_expired_runs_are_not_shown(engine: Engine) -> None:
    fill(engine)
    engine.clock.advance(2 * DAY)
    assert pages(engine) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"range": "1y"}, "range"),
        ({"range": "24h", "since": "2026-01-01"}, "range"),
        ({"since": "yesterday"}, "from"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "from"),
        ({"contact": "no such thing"}, "contact"),
        ({"cursor": "%%%"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "A" * 40}, "cursor"),
    ],
)
def test_an_invalid_parameter_is_named(engine: Engine, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        engine.queries.runs(engine.workspace_id, request(**given))
    assert refused.value.field == field


def test_a_cursor_is_only_valid_for_its_list_and_a_day(engine: Engine) -> None:
    fill(engine)
    cursor = engine.queries.runs(engine.workspace_id, request(limit=3)).next_cursor
    assert cursor is not None
    with pytest.raises(InvalidInputError, match="another list"):
        failed = request(cursor=cursor, statuses=frozenset({RunStatus.FAILED}))
        engine.queries.runs(engine.workspace_id, failed)
    for position in range(0, len(cursor), 5):
        bent = (
            cursor[:position] + ("A" if cursor[position] != "A" else "B") + cursor[position + 1 :]
        )
        with pytest.raises(InvalidInputError, match="cursor"):
            engine.queries.runs(engine.workspace_id, request(cursor=bent))
    with pytest.raises(InvalidCursorError, match="order"):
        engine.queries.runs(engine.workspace_id, request(cursor=cursor, newest_first=False))
    engine.clock.advance(LIFETIME + 1)
    with pytest.raises(InvalidCursorError, match="more than a day old"):
        engine.queries.runs(engine.workspace_id, request(cursor=cursor, limit=3))


def test_a_relative_range_stays_fixed_across_pages(engine: Engine) -> None:
    made = [run for run in fill(engine) if run.created_at >= engine.clock.now - DAY]
    view = engine.queries.runs(engine.workspace_id, request(range="24h", limit=3))
    found = [run.id for run in view.items]
    while view.next_cursor is not None:
        # Of the rows that are yet to be shown, one leaves the last 24 hours with each page.
        engine.clock.advance(HOUR)
        asked = request(range="24h", limit=3, cursor=view.next_cursor)
        view = engine.queries.runs(engine.workspace_id, asked)
        found += [run.id for run in view.items]
    assert sorted(found) == sorted(run.id for run in made)


@pytest.mark.parametrize(
    "pasted",
    ["0170 1234567", "(0170) 1234-567", "0049 170 1234567", "+49 170 1234567", "491701234567"],
)
def test_every_spelling_of_a_phone_number_finds_its_contact(engine: Engine, pasted: str) -> None:
    owner = engine.contacts.create(engine.workspace_id, ContactDocument(phone="+491701234567"))
    assert engine.contacts.look_up(engine.workspace_id, pasted) == owner.id


def test_an_ambiguous_national_number_is_refused_with_the_choices(engine: Engine) -> None:
    for phone in ("+491701234567", "+431701234567"):
        engine.contacts.create(engine.workspace_id, ContactDocument(phone=phone))
    with pytest.raises(InvalidInputError, match=r"\+431701234567, \+491701234567") as refused:
        engine.contacts.look_up(engine.workspace_id, "0170 1234567")
    assert refused.value.field == "contact"
    assert engine.contacts.look_up(engine.workspace_id, "0171 7654321") is None
