"""Erasing a contact removes everything personal wherever it is stored, and keeps the counts."""

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from runledger.api.contact_imports import ImportDocument
from runledger.api.resends import ResendDocument
from runledger.api.suppressions import SuppressionDocument
from runledger.clock import DAY, HOUR, MINUTE, SECOND
from runledger.errors import ConflictError, GoneError, NoContactError, NotFoundError
from runledger.ids import new_id
from runledger.models.addresses import Address
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryStatus
from runledger.models.erasure import CANCEL_REASON, ERASED_TEXT, Erasure, ErasureStatus
from runledger.models.export import Export, ExportFormat
from runledger.models.listing import FrozenFilter, ListName
from runledger.models.report import FeedbackReport, ReportKind
from runledger.models.run import Cancellation, RunStatus
from runledger.services.bulk import export_removal
from runledger.services.contacts.known_contact import known_contact
from runledger.services.erasure import contact_eraser
from runledger.services.messages.resend import Resends
from runledger.store import keys
from runledger.store.export_files import folder
from runledger.store.run_rows import run_from_item
from runledger.store.values import Item

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import attempts
from tests.functional.test_refusal_lists import a_refusal
from tests.support.engine import Engine
from tests.support.environment import ACCOUNT, DELIVERY_RETRY
from tests.support.scripted_channel import LATER, TAKEN, script
from tests.support.stored_text import find_words, objects_of, stored_in_engine

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["deployed"]

BY = "admin@shop.example"
EMAIL, OLD_EMAIL, PHONE = "ada@lovelace.example", "augusta@byron.example", "+491701234567"
NAMES = ("Augusta-Ada", "Lovelace-King")
# One of each place that can hold something of a person.
CANARIES = ("canary-payload", "canary-answer", "canary-metadata", "canary-tag", "canary-reason")
NUMBERS = itertools.count()
NOISE = "".join(random.Random(5).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=120_000))
EXTERNAL_ID = "cus_canary7"
PERSONAL = (EMAIL, OLD_EMAIL, PHONE, EXTERNAL_ID, *NAMES, *CANARIES, "1815-12-10")
ADA = {
    "email": EMAIL,
    "phone": PHONE,
    "externalIds": {"stripe": EXTERNAL_ID},
    "firstName": NAMES[0],
    "lastName": NAMES[1],
    "tags": ["canary-tag", "people"],
    "metadata": {"note": "canary-metadata", "birthday": "1815-12-10"},
}


@pytest.fixture(autouse=True)
def surroundings(engine: Engine) -> None:
    engine.http.answer = {"data": {"told": "canary-answer"}}
    engine.stepfunctions.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
    )


def shop(engine: Engine, *, waits: bool = False, **more: Any) -> str:
    """Activates an automation that calls a service, stores its answer, and sends the contact a
    message; a total up to 100 fails the run."""
    body = f"Dear {{{{contact.firstName}}}}, {{{{trigger.note}}}} {NOISE[:200]}"
    html = f"<p>{body}</p>"
    template_id = engine.template(body, subject="For {{contact.lastName}}", html=html)
    lookup = {"contactLookup": {"by": "email", "path": "email"}, "dedupePath": "n"}
    start = {"triggerType": "WEBHOOK", **lookup, **more.pop("trigger", {})}
    ask = {
        "method": "POST",
        "url": "https://api.example.com/score",
        "body": {"who": "{{contact.email}}"},
        "capture": {"told": "data.told"},
        "timeoutSeconds": 30,
        "retry": {"maxTries": 5},
    }
    small = {"kind": "COMPARE", "left": "{{trigger.total}}", "operator": "GREATER_THAN"}
    mail = {
        "recipients": more.pop("recipients", {"kind": "TRIGGER_CONTACT"}),
        "channels": [{"channel": "EMAIL", "templateId": template_id}],
        "frequencyCap": {"messages": 9, "hours": 24},
    }
    nodes: list[tuple[str, str, dict[str, Any]]] = [
        ("start", "TRIGGER", start),
        ("score", "INTEGRATION", ask),
        ("big", "CONDITION", {**small, "right": 100}),
        ("bad", "STOP_ERROR", {"message": "Too small: {{trigger.note}}"}),
        ("mail", "SEND_MESSAGE", mail),
        ("pause", "WAIT", {"delayMinutes": 60}),
        ("done", "END", {}),
    ]
    edges: list[tuple[str, str, str | None]] = [
        ("start", "score", None),
        ("score", "big", None),
        ("big", "mail", "true"),
        ("big", "bad", "false"),
        ("mail", "pause", None),
        ("pause", "done", None),
    ]
    if not waits:
        nodes = [each for each in nodes if each[0] != "pause"]
        edges = [*edges[:4], ("mail", "done", None)]
    return engine.activate(
        {
            "name": "Shop",
            **more,
            "nodes": [{"id": name, "type": kind, "config": made} for name, kind, made in nodes],
            "edges": [
                {"source": source, "target": target, **({"label": label} if label else {})}
                for source, target, label in edges
            ],
        }
    )


def event(email: str = EMAIL, **more: Any) -> dict[str, Any]:
    event_id = str(next(NUMBERS))
    return {"n": event_id, "email": email, "total": 150, "note": "canary-payload", **more}


def a_person(engine: Engine) -> str:
    """Creates Ada, who will change her e-mail address."""
    before = ContactDocument.model_validate({**ADA, "email": OLD_EMAIL})
    made = engine.contacts.create(engine.workspace_id, before)
    return made.id


def moved(engine: Engine, contact_id: str) -> None:
    engine.contacts.replace(engine.workspace_id, contact_id, ContactDocument.model_validate(ADA))


def tick(engine: Engine) -> None:
    engine.clock.advance(MINUTE)
    engine.due_work.settle_due(1_000)


def erase(engine: Engine, contact_id: str, reason: str | None = "request 7") -> Erasure:
    return engine.erasing.erase(engine.workspace_id, contact_id, reason, BY)


def erased(engine: Engine, contact_id: str, ticks: int = 8) -> Erasure:
    """Erases the contact and lets minutes pass until the erasure is complete."""
    erase(engine, contact_id)
    for _ in range(ticks):
        found = engine.stores.erasures.find(engine.workspace_id, contact_id)
        assert found is not None
        if found.status is ErasureStatus.ERASED:
            return found
        tick(engine)
    raise AssertionError(f"not over after {ticks} minutes")


def rows(engine: Engine, *kinds: str) -> dict[str, Item]:
    return {row["pk"]: row for row in engine.rows() if row["sk"] in kinds}


def everything_about(engine: Engine) -> tuple[str, dict[str, str]]:
    """Creates a contact with every kind of history. Returns the contact's id, and the ids of the
    runs, each by a short name."""
    contact_id = a_person(engine)
    shop_id = shop(engine, reentry="ONCE")
    large = NOISE + "canary-payload"
    engine.http.answer = {"data": {"told": "canary-answer"}, "rest": "canary-answer " + NOISE}
    runs = {"completed": engine.fire(shop_id, event(OLD_EMAIL, note=large))}
    engine.walk(runs["completed"])
    moved(engine, contact_id)
    with pytest.raises(ConflictError):
        engine.fire(shop_id, event())
    again = shop(engine, waits=True)
    runs["failed"] = engine.fire(again, event(total=5))
    engine.walk(runs["failed"])
    engine.failure_groups.take(runs["failed"])
    runs["waiting"] = engine.fire(again, event())
    engine.walk(runs["waiting"], until="done")
    runs["canceled"] = engine.fire(again, event())
    canceled = Cancellation(by=BY, reason="canary-reason")
    engine.canceler.cancel(engine.workspace_id, runs["canceled"], canceled)
    runs["pending"] = engine.fire(again, event())
    # Another contact's run, which sent her a message.
    engine.http.answer = {"data": {"told": "of-bob"}}
    to_her = {"kind": "AD_HOC", "addresses": [EMAIL.upper()]}
    theirs = shop(engine, recipients=to_her, trigger={"createIfMissing": True})
    runs["theirs"] = engine.fire(theirs, event("bob@example.com", note="of-bob"))
    engine.walk(runs["theirs"])
    suppressions = engine.suppressions
    for address in (OLD_EMAIL, EMAIL):
        note = f"canary-reason of {address}"
        document = SuppressionDocument(address=address, note=note)
        suppressions.add(engine.workspace_id, document, BY)
    a_refusal(engine, contact_id=contact_id, message="canary-reason", source="198.51.100.7")
    return contact_id, runs


def test_nothing_personal_is_left_anywhere(engine: Engine) -> None:
    contact_id, runs = everything_about(engine)
    found = find_words(stored_in_engine(engine), PERSONAL)
    assert {each.rpartition(": ")[2] for each in found} == {word.lower() for word in PERSONAL}
    assert len(objects_of(engine)) >= 3
    before = rows(engine, "RUN", "DELIVERY", "REFUSAL")
    told = {name: engine.detail(run_id) for name, run_id in runs.items() if name != "theirs"}

    over = erased(engine, contact_id)

    assert (over.reason, over.requested_by, over.addresses) == ("request 7", BY, frozenset())
    left = find_words(stored_in_engine(engine), PERSONAL)
    # What an automation says itself, and a step of Bob's run, to which address it wrote.
    bobs = ("AUTOMATION#", f"RUN#{runs['theirs']}/STEP#mail")
    assert {each.rpartition(": ")[2] for each in left} == {EMAIL}
    assert [each for each in left if not each.startswith(bobs)] == []
    # The id is in the record of the erasure, and nowhere beside what happened.
    named = find_words(stored_in_engine(engine), [contact_id])
    assert named == [f"WORKSPACE#ws_demo#ERASURE/{contact_id}: {contact_id.lower()}"]
    after = rows(engine, "RUN", "DELIVERY", "REFUSAL")
    assert after.keys() == before.keys()
    for key, row in before.items():
        assert after[key]["createdKey"] == row["createdKey"]
        assert after[key]["ttl"] == row["ttl"]
        if row["sk"] != "RUN" or row["status"] not in ("PENDING", "RUNNING"):
            assert (after[key]["gsi1pk"], after[key]["gsi2pk"]) == (row["gsi1pk"], row["gsi2pk"])
        if "erasedAt" in after[key]:
            assert "gsi3pk" not in after[key] and "gsi4pk" not in after[key]
    statuses = {name: engine.status(run_id).value for name, run_id in runs.items()}
    assert statuses == {
        "completed": "COMPLETED",
        "failed": "FAILED",
        "waiting": "CANCELED",
        "canceled": "CANCELED",
        "pending": "CANCELED",
        "theirs": "COMPLETED",
    }
    # Bob's run is his: what it was opened with stays, the message to her does not.
    theirs = engine.detail(runs["theirs"])
    assert (theirs["payload"]["note"], theirs["erasedAt"]) == ("of-bob", None)
    assert theirs["deliveries"][0]["address"] == ""
    _check_history_without_the_person(engine, runs, told)
    _check_still_suppressed(engine)


def _check_history_without_the_person(
    engine: Engine, runs: dict[str, str], before: dict[str, Any]
) -> None:
    for name, told in before.items():
        now = engine.detail(runs[name])
        assert (now["contact"], now["payload"], now["trigger"]) == (
            None,
            None,
            {"type": "WEBHOOK"},
        )
        assert now["erasedAt"] is not None
        kept = ("nodeId", "type", "order", "startedAt", "outcome", "deliveryIds")
        for step, was in zip(now["steps"], told["steps"], strict=True):
            assert {field: step[field] for field in kept} == {field: was[field] for field in kept}
            blank = ("output", "evidence", "request", "response")
            assert [step[field] for field in blank] == [{}, None, None, None]
    failed = engine.detail(runs["failed"])
    assert failed["error"]["kind"] == "STOP_ERROR"
    assert (failed["error"]["nodeId"], failed["error"]["message"]) == ("bad", ERASED_TEXT)
    assert engine.detail(runs["canceled"])["canceled"]["reason"] == ERASED_TEXT
    for name in ("waiting", "pending"):
        canceled = engine.detail(runs[name])["canceled"]
        assert (canceled["by"], canceled["reason"]) == (BY, CANCEL_REASON)
    (sent, *_) = engine.detail(runs["completed"])["deliveries"]
    told = engine.details.delivery("ws_demo", sent["id"]).model_dump(mode="json", by_alias=True)
    assert (told["status"], told["channel"], told["tries"]) == ("SENT", "EMAIL", 1)
    assert (told["address"], told["subject"], told["body"]) == ("", None, None)
    assert (told["contactId"], told["links"]["contact"]) == (None, None)
    assert {gate["reason"] for gate in told["gates"]} == {ERASED_TEXT}
    assert len(json.dumps(rows(engine, "RUN")[f"RUN#{runs['failed']}"], default=str)) < 1_024


def _check_still_suppressed(engine: Engine) -> None:
    suppressions = engine.suppressions
    for address in (EMAIL, OLD_EMAIL):
        (held,) = suppressions.one("ws_demo", address).items
        assert (held.address, held.note, held.created_by) == (None, None, BY)
    assert len(engine.resource_lists.suppressions("ws_demo", 50, None).items) == 2
    # An address that returns is still on the list, and can be removed by giving the address.
    suppressions.remove("ws_demo", EMAIL)
    assert suppressions.one("ws_demo", EMAIL).items == []


def test_a_suppressed_address_of_another_contact_stays_readable(engine: Engine) -> None:
    contact_id = a_person(engine)
    engine.fire(shop(engine), event(OLD_EMAIL))
    moved(engine, contact_id)
    suppressions = engine.suppressions
    for address in (OLD_EMAIL, EMAIL):
        suppressions.add(engine.workspace_id, SuppressionDocument(address=address), BY)
    engine.contacts.create(engine.workspace_id, ContactDocument(email=OLD_EMAIL))
    erased(engine, contact_id)
    assert suppressions.get("ws_demo", OLD_EMAIL).address == OLD_EMAIL
    assert suppressions.get("ws_demo", EMAIL).address is None


def test_a_failure_group_keeps_its_count_and_only_shared_messages(
    engine: Engine,
) -> None:
    contact_id = a_person(engine)
    shop_id = shop(engine, trigger={"createIfMissing": True})
    notes = {"of her own, canary-payload": [OLD_EMAIL] * 2, "of both": [OLD_EMAIL, "bob@b.example"]}
    groups: dict[str, str] = {}
    for note, emails in notes.items():
        for email in emails:
            run_id = engine.fire(shop_id, event(email, total=5, note=note))
            engine.walk(run_id)
            engine.failure_groups.take(run_id)
            groups[note] = engine.stores.runs.get(run_id).error_group or ""
    hers = [engine.stores.failures.find(group_id) for group_id in groups.values()]
    assert all(
        group is not None and note in group.message for group, note in zip(hers, notes, strict=True)
    )
    erased(engine, contact_id)
    messages = []
    for group_id in groups.values():
        group = engine.stores.failures.find(group_id)
        assert group is not None
        messages.append(group.message)
        assert len(engine.stores.failures.runs(group_id, 0, engine.clock(), 9).runs) == 2
    assert messages == [ERASED_TEXT, "Too small: of both"]
    # The queue delivers a failure again, days later.
    for run_key in rows(engine, "RUN"):
        engine.failure_groups.take(run_key.removeprefix("RUN#"))
    assert find_words(stored_in_engine(engine), [*PERSONAL[:5], "canary-payload"]) == []


def test_a_message_that_waits_for_a_retry_is_stopped(engine: Engine) -> None:
    channel = script(engine, LATER, TAKEN)
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    (waiting,) = attempts(engine)
    assert waiting.status is DeliveryStatus.RETRYING
    erase(engine, contact_id)
    (stopped,) = attempts(engine)
    assert (stopped.status, stopped.error and stopped.error.kind) == (
        DeliveryStatus.SUPPRESSED,
        "SUPPRESSED",
    )
    assert stopped.due_at is None and len(channel.asked) == 1


def resends(engine: Engine) -> Resends:
    return engine.resends


@pytest.mark.parametrize("force", [False, True])
def test_a_resend_requested_during_the_erasure_is_not_sent(engine: Engine, force: bool) -> None:
    """The request had read the contact before the erasure. Its resend appears in the index soon
    after the erasure began."""
    from runledger.services.messages.retry_contract import RetryEvent

    channel = script(engine, TAKEN)
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    (sent,) = attempts(engine)
    made = resends(engine).resend("ws_demo", sent.id, ResendDocument(force=force), BY).attempt
    contact = engine.table.get(keys.contact("ws_demo", contact_id))
    assert contact is not None
    engine.table.delete(keys.contact("ws_demo", contact_id))
    asked = RetryEvent(contract=1, workspace_id="ws_demo", delivery_id=made.id)
    engine.clock.advance(SECOND)
    assert not engine.retry_delivery.handle(asked, engine.retry_budget(300_000)).goes_on
    assert engine.stores.deliveries.get(made.id).status is DeliveryStatus.SUPPRESSED
    assert len(channel.asked) == 1
    engine.table.put(contact)
    erased(engine, contact_id)
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    with pytest.raises(ConflictError, match="erased"):
        resends(engine).resend("ws_demo", sent.id, ResendDocument(), BY)


def test_a_late_walker_restores_nothing_personal(engine: Engine) -> None:
    """The walker's call is under way while the run is canceled and erased. The walker records the
    answer minutes later. So the erasure checks the run again after the lease has ended."""
    contact_id = a_person(engine)
    run_id = engine.fire(shop(engine), event(OLD_EMAIL))
    engine.walk(run_id, until="score")
    answer = engine.http.call

    def slow(request: Any) -> Any:
        lease = next(iter(engine.stores.runs.get(run_id).open_claims.values())).lease_until
        erase(engine, contact_id)
        minutes = (lease - engine.clock.now) // MINUTE
        assert minutes >= 3
        for _ in range(minutes):
            tick(engine)
        return answer(request)

    engine.http.answer = {"data": {"told": "canary-answer"}, "rest": "canary-answer" + NOISE}
    engine.http.call = slow  # type: ignore[method-assign]
    engine.visit(run_id, "score")
    assert engine.status(run_id) is RunStatus.CANCELED
    assert find_words(stored_in_engine(engine), ["canary-answer"]) != []
    assert len(objects_of(engine)) == 1
    erased(engine, contact_id)
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    row = run_from_item(rows(engine, "RUN")[f"RUN#{run_id}"])
    assert row.erased_at is not None and row.contact_id is None


def test_a_message_whose_sender_died_is_found_through_its_run(engine: Engine) -> None:
    """Until its first try has ended, the message is in no index."""
    contact_id = a_person(engine)
    run_id = engine.fire(shop(engine), event(OLD_EMAIL))
    engine.walk(run_id, until="mail")

    def dies(message: Any) -> None:
        raise KeyboardInterrupt

    engine.channels["EMAIL"].send = dies  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        engine.visit(run_id, "mail")
    over = erased(engine, contact_id)
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    (unknown,) = attempts(engine)
    assert unknown.status is DeliveryStatus.PROCESSING and unknown.is_unknown
    assert over.finished_at is not None
    engine.clock.advance(HOUR)
    tick(engine)
    assert attempts(engine)[0].status is DeliveryStatus.FAILED
    assert find_words(stored_in_engine(engine), PERSONAL) == []


def test_a_later_report_restores_nothing_personal(engine: Engine) -> None:
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    erased(engine, contact_id)
    (attempt,) = attempts(engine)
    report = FeedbackReport(
        event_id="event-1",
        delivery_id=attempt.id,
        workspace_id="ws_demo",
        kind=ReportKind.BOUNCED,
        at=engine.clock(),
        is_permanent=True,
        code="5.1.1",
        message=f"{OLD_EMAIL} is unknown",
        provider_id="message-9",
    )
    engine.feedback._apply(engine.channels["EMAIL"], report)
    (after,) = attempts(engine)
    assert after.status is DeliveryStatus.FAILED
    assert [each.code for each in after.reports.values()] == ["5.1.1"]
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    assert engine.resource_lists.suppressions("ws_demo", 50, None).items == []


def an_export(engine: Engine, made_at: int, text: str) -> str:
    """Creates an export with one row, as of this moment."""
    export = Export(
        workspace_id="ws_demo",
        id=new_id("exp", made_at),
        list=ListName.RUNS,
        format=ExportFormat.CSV,
        filter=FrozenFilter(until=made_at),
        requested_by=BY,
        created_at=made_at,
        expires_at=made_at + DAY,
    )
    engine.stores.exports.create(export, made_at + DAY)
    engine.export_files.put(folder("ws_demo", export.id), text.encode(), "text/csv")
    return export.id


def test_exports_from_before_the_erasure_are_deleted_and_later_ones_stay(engine: Engine) -> None:
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    an_export(engine, engine.clock() - HOUR, OLD_EMAIL)
    erase(engine, contact_id)
    an_export(engine, engine.clock(), OLD_EMAIL)
    tick(engine)
    tick(engine)
    assert objects_of(engine) == {}
    later = an_export(engine, engine.clock(), "blank rows only")
    # A visit of a deleted export may still write an object, which no row mentions.
    gone = folder("ws_demo", new_id("exp", engine.clock() - 2 * HOUR))
    engine.export_files.put(gone, OLD_EMAIL.encode(), "text/csv")
    over = erased(engine, contact_id, ticks=12)
    assert over.finished_at is not None and over.finished_at - over.requested_at > 5 * MINUTE
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    assert [row["sk"] for row in rows(engine, later).values()] == [later]
    assert len(objects_of(engine)) == 1


def test_an_import_stays_if_it_came_after_the_request_but_before_the_last_row_was_blanked(
    engine: Engine,
) -> None:
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    requests = engine.import_requests
    document = ImportDocument.model_validate({"format": "CSV", "fileName": "people.csv"})
    before = requests.create("ws_demo", document, BY)
    erase(engine, contact_id)
    engine.clock.advance(SECOND)
    after = requests.create("ws_demo", document, BY)
    requests.put_part("ws_demo", after.id, 1, b"Mail\nbob@example.com\n")
    assert erased(engine, contact_id, ticks=12).blanked_at > after.created_at
    stored = engine.stores.imports.get
    assert stored("ws_demo", after.id, engine.clock()).parts
    assert [after.id in key for key in objects_of(engine)] == [True]
    with pytest.raises(NotFoundError):
        stored("ws_demo", before.id, engine.clock())


def test_an_erasure_progresses_even_if_no_tick_has_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tick handles one row and deletes one export before it checks the clock."""
    monkeypatch.setattr(contact_eraser, "FIRST_TIME", 0)
    monkeypatch.setattr(contact_eraser, "TICK_TIME", 0)
    monkeypatch.setattr(export_removal, "_ROWS", 1)
    contact_id = a_person(engine)
    for number in range(3):
        a_refusal(engine, contact_id=contact_id, message=f"canary-reason {number}")
    made = [an_export(engine, engine.clock() - HOUR, OLD_EMAIL) for _ in range(4)]
    assert erase(engine, contact_id).position is not None
    left = []
    for _ in range(5):
        tick(engine)
        left.append(sum(1 for each in made if rows(engine, each)))
    assert left[0] == 4 and left[-1] < 4
    assert erased(engine, contact_id, ticks=60).finished_at is not None
    assert [each for each in made if rows(engine, each)] == []
    assert find_words(stored_in_engine(engine), PERSONAL) == []


def test_triggers_during_an_erasure_find_no_contact_or_create_a_new_one(engine: Engine) -> None:
    contact_id = a_person(engine)
    knows, makes = shop(engine), shop(engine, trigger={"createIfMissing": True})
    erase(engine, contact_id)
    with pytest.raises(NoContactError):
        engine.fire(knows, event(OLD_EMAIL))
    run = engine.stores.runs.get(engine.fire(makes, event(OLD_EMAIL)))
    assert run.contact_id not in (None, contact_id)
    erased(engine, contact_id)
    # Who came back is somebody new, and stays.
    assert engine.status(run.id) is RunStatus.PENDING
    assert run.contact_id is not None
    assert engine.stores.contacts.get("ws_demo", run.contact_id).email == OLD_EMAIL


def test_the_end_of_an_erased_run_opens_no_downstream_run(engine: Engine) -> None:
    contact_id = a_person(engine)
    first = shop(engine)
    waits = {"triggerType": "UPSTREAM", "automationId": first, "on": ["COMPLETED"]}
    second = engine.activate(
        {
            "name": "Second",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": waits},
                {"id": "done", "type": "END", "config": {}},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    run_id = engine.fire(first, event(OLD_EMAIL))
    engine.walk(run_id)
    erased(engine, contact_id)
    engine.upstream_runs.follow("ws_demo", run_id)
    assert [row["automationId"] for row in rows(engine, "RUN").values()] == [first]
    (refusal,) = rows(engine, "REFUSAL").values()
    assert (refusal["automationId"], refusal["reason"]) == (second, "NO_CONTACT")


def test_an_external_id_is_free_at_once_and_no_suppression(engine: Engine) -> None:
    contact_id = a_person(engine)
    moved(engine, contact_id)
    document = SuppressionDocument(address=EMAIL, note="canary-reason")
    engine.suppressions.add(engine.workspace_id, document, BY)
    begun = erase(engine, contact_id)
    assert Address("EXTERNAL:stripe", EXTERNAL_ID) in begun.addresses
    lookup = ("externalId", EXTERNAL_ID, "stripe")
    assert engine.contacts.identify(engine.workspace_id, *lookup) is None
    other, is_new = engine.contacts.identify_or_create(engine.workspace_id, *lookup)
    assert is_new
    assert other.id != contact_id
    over = erased(engine, contact_id)
    assert over.addresses == frozenset()
    # What belongs to somebody else now stays, and so does the suppression of the e-mail.
    assert engine.contacts.identify(engine.workspace_id, *lookup) == other
    kinds = [row for row in engine.rows() if row["sk"] == "SUPPRESSION"]
    assert len(kinds) == 1


def test_ticks_erase_a_large_number_of_rows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_eraser, "PAGE", 4)
    monkeypatch.setattr(contact_eraser, "FIRST_TIME", 0)
    monkeypatch.setattr(contact_eraser, "TICK_TIME", 10)
    contact_id = a_person(engine)
    for number in range(30):
        a_refusal(engine, contact_id=contact_id, message=f"canary-reason {number}")
    assert erase(engine, contact_id).position is not None
    erased(engine, contact_id, ticks=40)
    assert find_words(stored_in_engine(engine), PERSONAL) == []
    assert len(rows(engine, "REFUSAL")) == 30


def test_concurrent_requests_get_the_same_erasure(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = a_person(engine)
    engine.walk(engine.fire(shop(engine), event(OLD_EMAIL)))
    find = engine.stores.erasures.find
    looks: list[Callable[[], object]] = [lambda: erase(engine, contact_id, "the other's")]

    def beaten(*asked: str) -> Erasure | None:
        found = find(*asked)
        if looks:
            looks.pop()()
        return found

    monkeypatch.setattr(engine.stores.erasures, "find", beaten)
    assert erase(engine, contact_id).reason == "the other's"
    assert erased(engine, contact_id).reason == "the other's"


def test_an_unknown_contact_is_not_found_and_an_erased_one_is_gone(engine: Engine) -> None:
    contact_id = a_person(engine)
    for workspace_id, who in (("ws_demo", "con_none"), ("ws_other", contact_id)):
        with pytest.raises(NotFoundError):
            engine.erasing.erase(workspace_id, who, None, BY)
    erase(engine, contact_id)
    of = engine.stores
    with pytest.raises(GoneError) as gone:
        known_contact(of.contacts, of.erasures, "ws_demo", contact_id)
    at = gone.value.facts["erasedAt"]
    assert gone.value.facts == {"erasure": "ERASING", "erasedAt": at}
    erased(engine, contact_id)
    with pytest.raises(GoneError) as gone:
        known_contact(of.contacts, of.erasures, "ws_demo", contact_id)
    assert gone.value.facts == {"erasure": "ERASED", "erasedAt": at}
    with pytest.raises(NotFoundError):
        known_contact(of.contacts, of.erasures, "ws_other", contact_id)
    # Nothing is due afterwards.
    engine.clock.advance(DAY)
    assert engine.due_work.settle_due(100) == 0


def test_only_an_admin_erases_through_the_api(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    contact_id = a_person(deployed)
    path = f"/v1/contacts/{contact_id}"
    assert call("POST", f"{path}/erase", {}, role="member")["status"] == 403
    answer = call("POST", f"{path}/erase", {"reason": "request 7"}, role="admin")
    assert answer["status"] == 202
    told = answer["body"]
    assert (told["contactId"], told["status"], told["finishedAt"]) == (contact_id, "ERASING", None)
    assert (told["reason"], told["requestedBy"]) == ("request 7", "admin@example.com")
    again = call("POST", f"{path}/erase", role="admin")
    assert (again["status"], again["body"]["requestedAt"]) == (202, told["requestedAt"])
    for method, where, body in [
        ("GET", path, None),
        ("PUT", path, {"email": "new@example.com"}),
        ("GET", f"{path}/timeline", None),
        ("GET", f"{path}/consents", None),
    ]:
        gone = call(method, where, body)
        assert gone["status"] == 410
        assert gone["headers"]["Content-Type"] == "application/problem+json"
        assert (gone["body"]["title"], gone["body"]["erasure"]) == ("Gone", "ERASING")
        assert gone["body"]["erasedAt"] == told["requestedAt"]
    assert call("POST", "/v1/contacts/con_none/erase", {})["status"] == 404
    assert call("POST", f"{path}/erase", {"reason": ""})["status"] == 422
