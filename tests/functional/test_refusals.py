"""Refusals: every event that opens no run is recorded with its reason, and many of them cost
little."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from runledger.api.runs import RunDocument
from runledger.clock import MINUTE
from runledger.composition import Composition
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    PayloadTooLargeError,
    RateLimitedError,
    RunledgerError,
    TransientError,
    UnauthorizedError,
)
from runledger.models.automation import AutomationStatus
from runledger.models.contact import ContactDocument
from runledger.services.in_parallel import in_turn
from runledger.services.triggers.refusals import KEPT_A_MINUTE
from runledger.settings import SettingsT
from runledger.store.values import to_dynamo

from bench.units import item_size
from tests.functional.test_settle import WAITING
from tests.functional.test_webhooks import BY_EMAIL, event, hooked
from tests.support.boundary import Boundary, Call
from tests.support.depth import examples
from tests.support.engine import Engine
from tests.support.memory_table import MemoryTable

BY = "ada@example.com"
FLOOD = examples(5_000, quick=1_000)


def refusals(engine: Engine) -> list[dict[str, Any]]:
    """Returns every stored refusal, oldest first."""
    found = [row for row in engine.rows() if row["sk"] == "REFUSAL"]
    return sorted(found, key=lambda row: str(row["createdKey"]))


def only(engine: Engine) -> dict[str, Any]:
    (found,) = refusals(engine)
    return found


def sign(engine: Engine, token: str, body: bytes) -> str:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    secret = engine.secret_of(target.automation_id)
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def stop(engine: Engine, token: str, status: AutomationStatus = AutomationStatus.PAUSED) -> None:
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    engine.stopping.stop(target.workspace_id, target.automation_id, status, BY)


def refuse(engine: Engine, sent: Any, kind: type[RunledgerError]) -> None:
    with pytest.raises(kind):
        engine.webhooks.receive(sent)


@pytest.mark.parametrize(
    ("trigger", "body", "headers", "reason", "words"),
    [
        ({}, b'{"password": "hunter2",}', {}, "INVALID_PAYLOAD", "line 1"),
        ({}, b'{"n": 123456789e999}', {}, "INVALID_PAYLOAD", "too large"),
        ({}, b"a=hunter2", {"content_type": "image/png"}, "INVALID_PAYLOAD", "image/png"),
        ({}, b"{}", {"idempotency_key": " "}, "INVALID_PAYLOAD", "Idempotency-Key"),
        ({"dedupePath": "orderId"}, b"{}", {}, "INVALID_PAYLOAD", "orderId"),
        ({"contactLookup": BY_EMAIL}, b"{}", {}, "INVALID_PAYLOAD", "customer.email"),
        (
            {"contactLookup": BY_EMAIL},
            b'{"customer": {"email": "hunter2@hunter2..\\u2603"}}',
            {},
            "INVALID_PAYLOAD",
            "customer.email is not a valid email",
        ),
        (
            {"contactLookup": {"by": "id", "path": "who"}},
            b'{"who": "hunter2"}',
            {},
            "NO_CONTACT",
            "no contact has the id at who",
        ),
        (
            {"contactLookup": BY_EMAIL},
            b'{"customer": {"email": "hunter2@example.com"}}',
            {},
            "NO_CONTACT",
            "no contact has the email at customer.email",
        ),
        ({"signed": True}, b"{}", {}, "BAD_SIGNATURE", "X-Runledger-Signature"),
        ({}, b'"' + b"x" * 1_000_000 + b'"', {}, "INVALID_PAYLOAD", "1000000 bytes"),
    ],
)
def test_a_refusal_has_the_reason_and_no_content_of_the_event(
    engine: Engine,
    trigger: dict[str, Any],
    body: bytes,
    headers: dict[str, str],
    reason: str,
    words: str,
) -> None:
    token = hooked(engine, **trigger)
    refuse(engine, event(token, body, **headers), RunledgerError)
    told = only(engine)
    assert (told["reason"], told["trigger"], told["count"]) == (reason, "WEBHOOK", 1)
    assert words in told["message"]
    assert told["source"] == "203.0.113.9"
    assert "hunter2" not in json.dumps(engine.rows(), default=str)
    assert "123456789" not in told["message"]


def test_the_refusal_of_a_duplicate_names_the_first_run(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, createIfMissing=True, dedupePath="orderId")
    sent = event(token, {"orderId": 1, "customer": {"email": "bob@example.com"}})
    first = engine.webhooks.receive(sent).run
    engine.webhooks.receive(sent)
    told = only(engine)
    assert (told["reason"], told["runId"]) == ("DUPLICATE", first.id)
    assert told["contactId"] == first.contact_id


def test_an_unknown_token_leaves_no_refusal(engine: Engine) -> None:
    before = engine.rows()
    refuse(engine, event("x" * 30, {}), RunledgerError)
    assert engine.rows() == before


def test_only_a_proved_sender_learns_that_an_automation_is_paused(engine: Engine) -> None:
    token = hooked(engine, signed=True, rateLimitPerMinute=3)
    stop(engine, token)
    engine.clock.now -= engine.clock.now % MINUTE
    refuse(engine, event(token, b"x" * 2_000_000), PayloadTooLargeError)
    refuse(engine, event(token, b"x"), UnauthorizedError)
    # Not JSON: the body is not read either.
    proved = event(token, b"x", x_runledger_signature=sign(engine, token, b"x"))
    refuse(engine, proved, ConflictError)
    for _ in range(2):
        refuse(engine, event(token, b"x"), RateLimitedError)
    counts = {row["reason"]: row["count"] for row in refusals(engine)}
    assert counts == {
        "INVALID_PAYLOAD": 1,
        "BAD_SIGNATURE": 1,
        "INACTIVE": 1,
        "RATE_LIMITED": 2,
    }


def test_an_automation_with_another_trigger_refuses_webhooks(engine: Engine) -> None:
    token = hooked(engine)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    before = engine.stores.automations.get(target.workspace_id, target.automation_id)
    assert before.active is not None
    by_hand = before.active.changed(trigger={"triggerType": "MANUAL"})
    after = before.changed(active=by_hand)
    engine.stores.automations.activate(before, after)
    refuse(engine, event(token, {}), ConflictError)
    assert (only(engine)["reason"], only(engine)["trigger"]) == ("INACTIVE", "WEBHOOK")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"email": "nobody@example.com"}, "NO_CONTACT"),
        ({"contactId": "con_nobody"}, "NO_CONTACT"),
        ({"email": "hunter2"}, "INVALID_PAYLOAD"),
        ({}, "INVALID_PAYLOAD"),
        ({"email": "a@example.com", "phone": "+4915112345678"}, "INVALID_PAYLOAD"),
        ({"email": "a@example.com", "payload": {"a": "x" * 1_000_000}}, "INVALID_PAYLOAD"),
    ],
)
def test_a_refused_manual_run_is_recorded_with_its_reason(
    engine: Engine, given: dict[str, Any], reason: str
) -> None:
    automation_id = engine.activate(WAITING)
    document = RunDocument.model_validate(given)
    with pytest.raises(RunledgerError):
        engine.manual_runs.open(engine.workspace_id, automation_id, document, BY)
    told = only(engine)
    assert (told["reason"], told["trigger"], told["source"]) == (reason, "MANUAL", BY)
    assert "hunter2" not in told["message"]


def test_duplicate_blocked_and_inactive_manual_runs_are_recorded(engine: Engine) -> None:
    person = engine.contacts.create(engine.workspace_id, ContactDocument(email="bob@example.com"))
    automation_id = engine.activate({**WAITING, "reentry": "ONE_AT_A_TIME"})

    def by_hand(**given: Any) -> Any:
        document = RunDocument(contact_id=person.id, **given)
        return engine.manual_runs.open(engine.workspace_id, automation_id, document, BY)

    first = by_hand(idempotency_key="k").run
    assert by_hand(idempotency_key="k").is_duplicate
    with pytest.raises(ConflictError):
        by_hand()
    engine.stopping.stop(engine.workspace_id, automation_id, AutomationStatus.PAUSED, BY)
    with pytest.raises(ConflictError):
        by_hand()
    told = [(row["reason"], row.get("runId"), row["contactId"]) for row in refusals(engine)]
    assert told == [
        ("DUPLICATE", first.id, person.id),
        ("REENTRY_BLOCKED", first.id, person.id),
        ("INACTIVE", None, person.id),
    ]


class SameStack(Composition):
    """The services of another process of the engine's stack. They use the engine's settings, clock
    and keys, but their own table object."""

    def __init__(self, engine: Engine, table: MemoryTable) -> None:
        self.clock = engine.clock
        self.table = table
        self.bodies = engine.bodies
        self.gather = in_turn
        self.signing_keys = engine.signing_keys
        self._settings = engine.settings

    def settings(self, model: type[SettingsT]) -> SettingsT:
        return self._settings(model)


class Flood:
    """An automation's webhook, with a table in memory. Counts the calls to the table."""

    def __init__(self, engine: Engine, token: str) -> None:
        self.calls: Counter[str] = Counter()
        boundary = Boundary()
        self.table = MemoryTable(boundary)
        for row in engine.rows():
            self.table.put(row)
        boundary.around = self._count
        self.clock = engine.clock
        self.webhooks = SameStack(engine, self.table).webhooks
        self.token = token

    def _count(self, call: Call, act: Callable[[], Any]) -> Any:
        row = call.target.partition("#")[0]
        try:
            return act()
        finally:
            self.calls[f"{call.operation} {row}"] += 1

    def send(self, times: int, kind: type[RunledgerError]) -> Counter[str]:
        """Sends this many events within one minute, each of which must raise this error. Returns
        the number of table calls for each operation and kind of row."""
        self.clock.now -= self.clock.now % MINUTE
        self.calls.clear()
        for number in range(times):
            self.clock.now -= self.clock.now % MINUTE
            body = f'{{"n": {number}}}'.encode()
            sent = event(self.token, body, x_runledger_signature=f"sha256={'0' * 64}")
            with pytest.raises(kind):
                self.webhooks.receive(sent)
        return self.calls

    def refusals(self) -> list[dict[str, Any]]:
        return [row for row in self.table.items() if row["sk"] == "REFUSAL"]


def writes(calls: Counter[str]) -> dict[str, int]:
    return {
        call: count for call, count in calls.items() if not call.startswith(("Get", "BatchGet"))
    }


@pytest.mark.parametrize(
    ("trigger", "kind", "reason"),
    [
        ({"signed": True, "rateLimitPerMinute": 6_000}, UnauthorizedError, "BAD_SIGNATURE"),
        ({"rateLimitPerMinute": 1}, RateLimitedError, "RATE_LIMITED"),
    ],
)
def test_many_refused_events_share_a_row_and_cost_one_small_write_each(
    engine: Engine,
    trigger: dict[str, Any],
    kind: type[RunledgerError],
    reason: str,
) -> None:
    token = hooked(engine, **trigger)
    flood = Flood(engine, token)
    if kind is RateLimitedError:
        flood.clock.now -= flood.clock.now % MINUTE
        assert flood.webhooks.receive(event(token, {})).run.id
    calls = flood.send(FLOOD, kind)

    (told,) = flood.refusals()
    assert (told["reason"], told["count"]) == (reason, FLOOD)
    # The first finds no row to count on and makes one; every other is one update.
    assert writes(calls) == {
        "UpdateItem RATE": FLOOD,
        "UpdateItem REFUSAL": FLOOD,
        "PutItem REFUSAL": 1,
    }
    flood.clock.advance(MINUTE)
    flood.send(1, kind) if kind is not RateLimitedError else None
    assert len(flood.refusals()) == (1 if kind is RateLimitedError else 2)


def test_a_flood_of_events_for_a_paused_automation_keeps_only_some(engine: Engine) -> None:
    token = hooked(engine, rateLimitPerMinute=6_000)
    stop(engine, token)
    flood = Flood(engine, token)
    calls = flood.send(FLOOD, ConflictError)

    *kept, counted = sorted(flood.refusals(), key=lambda row: int(row["count"]))
    assert len(kept) == KEPT_A_MINUTE
    assert all(row["keptUntil"] for row in kept)
    assert (counted["reason"], counted["count"]) == ("INACTIVE", FLOOD - KEPT_A_MINUTE)
    # Each event is counted for its sender's rate, and until there is no room for those kept.
    assert calls["UpdateItem RATE"] == FLOOD + KEPT_A_MINUTE + 1
    assert calls["UpdateItem REFUSAL"] == FLOOD - KEPT_A_MINUTE
    assert "PutItem RUN" not in calls


def test_counting_a_refusal_costs_one_write_unit_despite_long_names(engine: Engine) -> None:
    token = hooked(engine, signed=True)
    target = engine.stores.automations.by_webhook_token(token)
    assert target is not None
    before = engine.stores.automations.get(target.workspace_id, target.automation_id)
    renamed = before.changed(name="\U0001f4e6" * 80, draft_revision=2)
    engine.stores.automations.save_draft(renamed, engine.stores.automations.draft(before))
    sent = replace(event(token, {}), source="2001:db8:1234:5678:9abc:def0:1234:5678")
    refuse(engine, sent, UnauthorizedError)
    (size,) = [item_size(to_dynamo(row)) for row in engine.rows() if row["sk"] == "REFUSAL"]
    assert size <= 1_024


def test_a_throttled_count_does_not_change_the_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, signed=True)

    def busy(*_: Any) -> None:
        raise TransientError("throttled")

    monkeypatch.setattr(type(engine.stores.refusals), "tally", busy)
    refuse(engine, event(token, {}), UnauthorizedError)


def test_concurrent_first_counts_lose_none(engine: Engine) -> None:
    token = hooked(engine, signed=True)
    put = engine.table.put
    engine.clock.now -= engine.clock.now % MINUTE

    def late(item: Any, condition: Any = None) -> None:
        # The other instance writes the row between our look and our write.
        engine.table.put = put  # type: ignore[method-assign]
        put(item, condition)
        put(item, condition)

    engine.table.put = late  # type: ignore[method-assign]
    refuse(engine, event(token, {}), UnauthorizedError)
    assert only(engine)["count"] == 2


def test_a_conflict_over_a_new_contact_is_transient_and_not_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL, createIfMissing=True)

    def taken(*_: Any) -> None:
        raise ConflictError("the e-mail belongs to another contact")

    monkeypatch.setattr(type(engine.stores.contacts), "create", taken)
    refuse(engine, event(token, {"customer": {"email": "a@example.com"}}), TransientError)
    assert refusals(engine) == []


def test_a_problem_in_the_answer_keeps_its_field(engine: Engine) -> None:
    token = hooked(engine, contactLookup=BY_EMAIL)
    with pytest.raises(InvalidInputError) as refused:
        engine.webhooks.receive(event(token, {"customer": {"email": "nobody@example.com"}}))
    assert refused.value.field == "customer.email"
