"""Lists of refusals: every filter, pages to the end, and no rows of other kinds or workspaces."""

import itertools
from typing import Any

import pytest
from runledger.clock import DAY, HOUR
from runledger.errors import GoneError, InvalidInputError, NotFoundError
from runledger.ids import new_id
from runledger.models.contact import ContactDocument
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import RunStatus, TriggerType
from runledger.services.lists import pages as page_reads

from tests.functional import test_history
from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine, open_engine
from tests.support.lists import all_ids, each_page, request
from tests.support.memory_table import MemoryTable

__all__ = ["deployed"]

REASONS = list(RefusalReason)


def a_refusal(engine: Engine, **changes: Any) -> Refusal:
    now = engine.clock.now
    given = {
        "id": new_id("ref"),
        "workspace_id": engine.workspace_id,
        "automation_id": "aut_one",
        "automation_name": "Order paid",
        "version": 3,
        "trigger_type": TriggerType.WEBHOOK,
        "reason": RefusalReason.NO_CONTACT,
        "message": "nobody",
        "created_at": now,
        "last_at": now,
        "expires_at": now + DAY,
        **changes,
    }
    refusal = Refusal.model_validate(given)
    engine.stores.refusals.add(refusal, engine.stores.workspaces.cached("ws_demo").shards)
    return refusal


def fill(engine: Engine) -> list[Refusal]:
    """Creates refusals of two automations, for two contacts and without a contact, of every
    reason."""
    people = [
        engine.contacts.create(engine.workspace_id, ContactDocument(email=email)).id
        for email in ("ada@example.com", "bob@example.com")
    ]
    kinds = itertools.product(("aut_one", "aut_two"), (*people, None), REASONS)
    return [
        a_refusal(
            engine,
            automation_id=automation_id,
            contact_id=contact_id,
            reason=reason,
            created_at=engine.clock.now - number * HOUR,
        )
        for number, (automation_id, contact_id, reason) in enumerate(kinds)
    ]


def pages(engine: Engine, **given: Any) -> list[str]:
    return all_ids(engine.queries.refusals, **given)


@pytest.mark.parametrize("shards", [1, 8])
def test_every_combination_of_filters_agrees_with_a_plain_list(shards: int) -> None:
    with open_engine(shards, MemoryTable()) as engine:
        made = fill(engine)
        # Runs of the same contacts, which are in the same partitions of their index.
        test_history.fill_for(engine, [each.contact_id for each in made if each.contact_id])
        now = engine.clock.now
        wanted: list[frozenset[RefusalReason]] = [
            frozenset(),
            *(frozenset({reason}) for reason in REASONS),
            frozenset({RefusalReason.DUPLICATE, RefusalReason.RATE_LIMITED}),
        ]
        combinations = itertools.product(
            wanted, [None, "aut_one"], [None, " Bob@Example.com "], [None, "24h"]
        )
        bob = made[len(REASONS)].contact_id
        for reasons, automation_id, contact, range_ in combinations:
            expected = [
                refusal.id
                for refusal in made
                if (not reasons or refusal.reason in reasons)
                and (automation_id is None or refusal.automation_id == automation_id)
                and (contact is None or refusal.contact_id == bob)
                and refusal.created_at >= (now - DAY if range_ else 0)
            ]
            found = pages(
                engine, statuses=reasons, automation_id=automation_id, contact=contact, range=range_
            )
            assert found == expected, (reasons, automation_id, contact, range_)


def test_a_page_that_skipped_many_other_keys_ends_early_with_a_cursor(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_reads, "KEY_BUDGET", 10)
    person = engine.contacts.create(
        engine.workspace_id, ContactDocument(email="ada@example.com")
    ).id
    oldest = a_refusal(engine, contact_id=person, created_at=engine.clock.now - 5 * HOUR)
    test_history.fill_for(engine, [person] * 25)
    newest = a_refusal(engine, contact_id=person)
    read = list(each_page(engine.queries.refusals, contact=person))
    assert read == [[newest.id], [], [oldest.id]]


def test_the_details_of_a_refusal(engine: Engine) -> None:
    made = a_refusal(engine, run_id="run_1", source="203.0.113.9", count=7)
    told = engine.details.refusal("ws_demo", made.id).model_dump(mode="json", by_alias=True)
    assert told == {
        "id": made.id,
        "reason": "NO_CONTACT",
        "message": "nobody",
        "automationId": "aut_one",
        "automationName": "Order paid",
        "version": 3,
        "trigger": {"type": "WEBHOOK"},
        "contactId": None,
        "runId": "run_1",
        "source": "203.0.113.9",
        "count": 7,
        "createdAt": "2023-11-14T22:13:20.001Z",
        "lastAt": "2023-11-14T22:13:20.001Z",
        "keptUntil": None,
        "replayedAt": None,
        "replayedBy": None,
        "replayRunIds": None,
        "replayRefusalId": None,
        "erasedAt": None,
        "unreadable": None,
        "event": None,
    }


def test_refusals_of_another_workspace_or_expired_ones_are_not_shown(engine: Engine) -> None:
    other = a_refusal(engine, workspace_id="ws_other")
    mine = a_refusal(engine)
    with pytest.raises(NotFoundError):
        engine.details.refusal("ws_demo", other.id)
    assert pages(engine) == [mine.id]
    engine.clock.advance(2 * DAY)
    with pytest.raises(GoneError):
        engine.details.refusal("ws_demo", mine.id)
    assert pages(engine) == []


def test_a_cursor_of_runs_is_refused_for_refusals(engine: Engine) -> None:
    test_history.fill(engine)
    cursor = engine.queries.runs("ws_demo", request(limit=3)).next_cursor
    with pytest.raises(InvalidInputError, match="another list"):
        engine.queries.refusals("ws_demo", request(limit=3, cursor=cursor))
    with pytest.raises(InvalidInputError):
        engine.queries.runs(
            "ws_demo", request(limit=3, cursor=cursor, statuses=frozenset({RunStatus.FAILED}))
        )


def test_the_api_lists_refusals_for_every_role(deployed: Engine) -> None:
    from runledger.clock import now_ms

    deployed.clock.follow_the_machine()
    kept = a_refusal(deployed, reason=RefusalReason.DUPLICATE)
    also = a_refusal(deployed, reason=RefusalReason.BAD_SIGNATURE, created_at=now_ms() - HOUR)
    a_refusal(deployed)
    path = "/v1/refusals"
    query = "reason=DUPLICATE,BAD_SIGNATURE&automationId=aut_one&range=24h"
    answer = call("GET", path, role="viewer", query=query)
    assert answer["status"] == 200, answer
    assert [each["id"] for each in answer["body"]["items"]] == [kept.id, also.id]
    one = call("GET", f"{path}/{kept.id}", role="viewer")
    assert one["body"] == {**answer["body"]["items"][0], "event": None}
    for missing in ("ref_nothing", "x" * 3_000):
        assert call("GET", f"{path}/{missing}")["status"] == 404
    for query, field in (("reason=NONE", "reason"), ("status=FAILED", "status"), ("limit=0", "")):
        refused = call("GET", path, query=query)
        assert refused["status"] == 422
        assert refused["body"]["field"].startswith(field)
