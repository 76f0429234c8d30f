"""Erasing a contact: whatever held anything of the person holds nothing of it any more, and what
was counted can be counted still."""

import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from runledger.api.resends import ResendDocument
from runledger.api.suppressions import SuppressionDocument
from runledger.channels.registry import describe_channels
from runledger.clock import DAY, HOUR, MINUTE, SECOND, now_ms
from runledger.composition import gatekeeper_over
from runledger.errors import ConflictError, GoneError, NoContactError, NotFoundError
from runledger.ids import new_id
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryStatus
from runledger.models.erasure import CANCEL_REASON, ERASED_TEXT, Erasure, ErasureStatus
from runledger.models.export import Export, ExportFormat
from runledger.models.listing import FrozenFilter, ListName
from runledger.models.report import FeedbackReport, ReportKind
from runledger.models.run import Cancellation, RunStatus
from runledger.services.bulk import export_removal
from runledger.services.contacts.known_contact import known_contact
from runledger.services.erasure import erasing
from runledger.services.messages.feedback import Feedback
from runledger.services.messages.resend import Resends
from runledger.services.messages.suppressions import Suppressions
from runledger.services.stream.failure_groups import FailureGroups
from runledger.store import keys
from runledger.store.export_files import folder
from runledger.store.run_rows import run_from_item
from runledger.store.values import Item, from_dynamo

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import attempts
from tests.functional.test_refusal_lists import a_refusal
from tests.support.scripted_channel import LATER, TAKEN, script
from tests.support.traces import kept_by_world, objects_of, traces
from tests.support.world import ACCOUNT, DELIVERY_RETRY, TABLE, World

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
PERSONAL = (EMAIL, OLD_EMAIL, PHONE, *NAMES, *CANARIES, "1815-12-10")
ADA = {
    "email": EMAIL,
    "phone": PHONE,
    "firstName": NAMES[0],
    "lastName": NAMES[1],
    "tags": ["canary-tag", "people"],
    "metadata": {"note": "canary-metadata", "birthday": "1815-12-10"},
}


@pytest.fixture(autouse=True)
def surroundings(world: World) -> None:
    world.http.answer = {"data": {"told": "canary-answer"}}
    world.stepfunctions.create_state_machine(
        name=DELIVERY_RETRY.rpartition(":")[2],
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
    )


def shop(world: World, *, waits: bool = False, **more: Any) -> str:
    """Calls a service, remembers its answer, writes to the contact, and fails where it is told."""
    body = f"Dear {{{{contact.firstName}}}}, {{{{trigger.note}}}} {NOISE[:200]}"
    template_id = world.template(body, subject="For {{contact.lastName}}")
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
    return world.activate(
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


def a_person(world: World) -> str:
    """Ada, who had another e-mail before."""
    before = ContactDocument.model_validate({**ADA, "email": OLD_EMAIL})
    made = world.contacts.create(world.workspace_id, before)
    return made.id


def moved(world: World, contact_id: str) -> None:
    world.contacts.replace(world.workspace_id, contact_id, ContactDocument.model_validate(ADA))


def tick(world: World) -> None:
    world.clock.advance(MINUTE)
    world.settler.settle_due(1_000)


def erase(world: World, contact_id: str, reason: str | None = "request 7") -> Erasure:
    return world.erasing.erase(world.workspace_id, contact_id, reason, BY)


def erased(world: World, contact_id: str, ticks: int = 8) -> Erasure:
    """Erases and lets minutes pass until it is over."""
    erase(world, contact_id)
    for _ in range(ticks):
        found = world.stores.erasures.find(world.workspace_id, contact_id)
        assert found is not None
        if found.status is ErasureStatus.ERASED:
            return found
        tick(world)
    raise AssertionError(f"not over after {ticks} minutes")


def rows(world: World, *kinds: str) -> dict[str, Item]:
    pages = world.dynamodb.get_paginator("scan").paginate(TableName=TABLE)
    found = [from_dynamo(raw) for page in pages for raw in page["Items"]]
    return {item["pk"]: item for item in found if item["sk"] in kinds}


def failing(world: World) -> FailureGroups:
    return FailureGroups(world.stores.runs, world.stores.failures)


def everything_about(world: World) -> tuple[str, dict[str, str]]:
    """A person about whom everything happened that can; her id, and what happened by name."""
    contact_id = a_person(world)
    shop_id = shop(world, reentry="ONCE")
    large = NOISE + "canary-payload"
    world.http.answer = {"data": {"told": "canary-answer"}, "rest": "canary-answer " + NOISE}
    runs = {"completed": world.fire(shop_id, event(OLD_EMAIL, note=large))}
    world.walk(runs["completed"])
    moved(world, contact_id)
    with pytest.raises(ConflictError):
        world.fire(shop_id, event())
    again = shop(world, waits=True)
    runs["failed"] = world.fire(again, event(total=5))
    world.walk(runs["failed"])
    failing(world).take(runs["failed"])
    runs["waiting"] = world.fire(again, event())
    world.walk(runs["waiting"], until="done")
    runs["canceled"] = world.fire(again, event())
    canceled = Cancellation(by=BY, reason="canary-reason")
    world.canceler.cancel(world.workspace_id, runs["canceled"], canceled)
    runs["pending"] = world.fire(again, event())
    # Somebody else's run, which wrote to her.
    world.http.answer = {"data": {"told": "of-bob"}}
    to_her = {"kind": "AD_HOC", "addresses": [EMAIL.upper()]}
    theirs = shop(world, recipients=to_her, trigger={"createIfMissing": True})
    runs["theirs"] = world.fire(theirs, event("bob@example.com", note="of-bob"))
    world.walk(runs["theirs"])
    suppressions = Suppressions(world.stores.suppressions, describe_channels(), world.clock)
    for address in (OLD_EMAIL, EMAIL):
        note = f"canary-reason of {address}"
        document = SuppressionDocument(address=address, note=note)
        suppressions.add(world.workspace_id, document, BY)
    a_refusal(world, contact_id=contact_id, message="canary-reason", source="198.51.100.7")
    return contact_id, runs


def test_nothing_of_the_person_is_left_anywhere(world: World) -> None:
    contact_id, runs = everything_about(world)
    found = traces(kept_by_world(world), PERSONAL)
    assert {each.rpartition(": ")[2] for each in found} == {word.lower() for word in PERSONAL}
    assert len(objects_of(world)) >= 3
    before = rows(world, "RUN", "DELIVERY", "REFUSAL")
    told = {name: world.detail(run_id) for name, run_id in runs.items() if name != "theirs"}

    over = erased(world, contact_id)

    assert (over.reason, over.requested_by, over.addresses) == ("request 7", BY, frozenset())
    left = traces(kept_by_world(world), PERSONAL)
    # What an automation says itself, and a step of Bob's run, to which address it wrote.
    bobs = ("AUTOMATION#", f"RUN#{runs['theirs']}/STEP#mail")
    assert {each.rpartition(": ")[2] for each in left} == {EMAIL}
    assert [each for each in left if not each.startswith(bobs)] == []
    # The id is in the record of the erasure, and nowhere beside what happened.
    named = traces(kept_by_world(world), [contact_id])
    assert named == [f"WORKSPACE#ws_demo#ERASURE/{contact_id}: {contact_id.lower()}"]
    after = rows(world, "RUN", "DELIVERY", "REFUSAL")
    assert after.keys() == before.keys()
    for key, row in before.items():
        assert after[key]["createdKey"] == row["createdKey"]
        assert after[key]["ttl"] == row["ttl"]
        if row["sk"] != "RUN" or row["status"] not in ("PENDING", "RUNNING"):
            assert (after[key]["gsi1pk"], after[key]["gsi2pk"]) == (row["gsi1pk"], row["gsi2pk"])
        if "erasedAt" in after[key]:
            assert "gsi3pk" not in after[key] and "gsi4pk" not in after[key]
    statuses = {name: world.status(run_id).value for name, run_id in runs.items()}
    assert statuses == {
        "completed": "COMPLETED",
        "failed": "FAILED",
        "waiting": "CANCELED",
        "canceled": "CANCELED",
        "pending": "CANCELED",
        "theirs": "COMPLETED",
    }
    # Bob's run is his: what it was opened with stays, the message to her does not.
    theirs = world.detail(runs["theirs"])
    assert (theirs["payload"]["note"], theirs["erasedAt"]) == ("of-bob", None)
    assert theirs["deliveries"][0]["address"] == ""
    _tells_what_it_did_and_not_for_whom(world, runs, told)
    _is_not_written_to_still(world)


def _tells_what_it_did_and_not_for_whom(
    world: World, runs: dict[str, str], before: dict[str, Any]
) -> None:
    for name, told in before.items():
        now = world.detail(runs[name])
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
    failed = world.detail(runs["failed"])
    assert failed["error"]["kind"] == "STOP_ERROR"
    assert (failed["error"]["nodeId"], failed["error"]["message"]) == ("bad", ERASED_TEXT)
    assert world.detail(runs["canceled"])["canceled"]["reason"] == ERASED_TEXT
    for name in ("waiting", "pending"):
        canceled = world.detail(runs[name])["canceled"]
        assert (canceled["by"], canceled["reason"]) == (BY, CANCEL_REASON)
    (sent, *_) = world.detail(runs["completed"])["deliveries"]
    told = world.reading.delivery("ws_demo", sent["id"]).model_dump(mode="json", by_alias=True)
    assert (told["status"], told["channel"], told["tries"]) == ("SENT", "EMAIL", 1)
    assert (told["address"], told["subject"], told["body"]) == ("", None, None)
    assert (told["contactId"], told["links"]["contact"]) == (None, None)
    assert {gate["reason"] for gate in told["gates"]} == {ERASED_TEXT}
    assert len(json.dumps(rows(world, "RUN")[f"RUN#{runs['failed']}"], default=str)) < 1_024


def _is_not_written_to_still(world: World) -> None:
    suppressions = Suppressions(world.stores.suppressions, describe_channels(), world.clock)
    for address in (EMAIL, OLD_EMAIL):
        (held,) = suppressions.one("ws_demo", address).items
        assert (held.address, held.note, held.created_by) == (None, None, BY)
    assert len(world.reading.suppressions("ws_demo", 50, None).items) == 2
    # Whoever comes back is on the list still, and can be taken off it by the address.
    suppressions.remove("ws_demo", EMAIL)
    assert suppressions.one("ws_demo", EMAIL).items == []


def test_an_address_that_is_somebody_elses_by_now_is_told_still(world: World) -> None:
    contact_id = a_person(world)
    world.fire(shop(world), event(OLD_EMAIL))
    moved(world, contact_id)
    suppressions = Suppressions(world.stores.suppressions, describe_channels(), world.clock)
    for address in (OLD_EMAIL, EMAIL):
        suppressions.add(world.workspace_id, SuppressionDocument(address=address), BY)
    world.contacts.create(world.workspace_id, ContactDocument(email=OLD_EMAIL))
    erased(world, contact_id)
    assert suppressions.get("ws_demo", OLD_EMAIL).address == OLD_EMAIL
    assert suppressions.get("ws_demo", EMAIL).address is None


def test_a_failure_group_counts_on_and_tells_what_others_have_in_common_with_her(
    world: World,
) -> None:
    contact_id = a_person(world)
    shop_id = shop(world, trigger={"createIfMissing": True})
    notes = {"of her own, canary-payload": [OLD_EMAIL] * 2, "of both": [OLD_EMAIL, "bob@b.example"]}
    groups: dict[str, str] = {}
    for note, emails in notes.items():
        for email in emails:
            run_id = world.fire(shop_id, event(email, total=5, note=note))
            world.walk(run_id)
            failing(world).take(run_id)
            groups[note] = world.stores.runs.get(run_id).error_group or ""
    hers = [world.stores.failures.find(group_id) for group_id in groups.values()]
    assert all(
        group is not None and note in group.message for group, note in zip(hers, notes, strict=True)
    )
    erased(world, contact_id)
    messages = []
    for group_id in groups.values():
        group = world.stores.failures.find(group_id)
        assert group is not None
        messages.append(group.message)
        assert len(world.stores.failures.runs(group_id, 0, world.clock(), 9).runs) == 2
    assert messages == [ERASED_TEXT, "Too small: of both"]
    # The queue tells of a failure again, days later.
    for run_key in rows(world, "RUN"):
        failing(world).take(run_key.removeprefix("RUN#"))
    assert traces(kept_by_world(world), [*PERSONAL[:5], "canary-payload"]) == []


def test_what_waits_to_be_sent_is_stopped(world: World) -> None:
    channel = script(world, LATER, TAKEN)
    contact_id = a_person(world)
    world.walk(world.fire(shop(world), event(OLD_EMAIL)))
    (waiting,) = attempts(world)
    assert waiting.status is DeliveryStatus.RETRYING
    erase(world, contact_id)
    (stopped,) = attempts(world)
    assert (stopped.status, stopped.error and stopped.error.kind) == (
        DeliveryStatus.SUPPRESSED,
        "SUPPRESSED",
    )
    assert stopped.due_at is None and len(channel.asked) == 1


def resends(world: World) -> Resends:
    return Resends(
        world.stores.deliveries,
        world.stores.contacts,
        world.stores.templates,
        world.stores.workspaces,
        describe_channels(),
        gatekeeper_over(world.stores, world.clock),
        world.retries,
        world.clock,
    )


@pytest.mark.parametrize("force", [False, True])
def test_a_resend_that_was_asked_for_at_the_same_moment_is_not_sent(
    world: World, force: bool
) -> None:
    """It was written by somebody who had read the contact, and stands in the index soon after."""
    from runledger.services.messages.retry_contract import RetryEvent

    channel = script(world, TAKEN)
    contact_id = a_person(world)
    world.walk(world.fire(shop(world), event(OLD_EMAIL)))
    (sent,) = attempts(world)
    made = resends(world).resend("ws_demo", sent.id, ResendDocument(force=force), BY).attempt
    contact = world.table.get(keys.contact("ws_demo", contact_id))
    assert contact is not None
    world.table.delete(keys.contact("ws_demo", contact_id))
    asked = RetryEvent(contract=1, workspace_id="ws_demo", delivery_id=made.id)
    world.clock.advance(SECOND)
    assert not world.retrier.handle(asked, world.patience()).goes_on
    assert world.stores.deliveries.get(made.id).status is DeliveryStatus.SUPPRESSED
    assert len(channel.asked) == 1
    world.table.put(contact)
    erased(world, contact_id)
    assert traces(kept_by_world(world), PERSONAL) == []
    with pytest.raises(ConflictError, match="erased"):
        resends(world).resend("ws_demo", sent.id, ResendDocument(), BY)


def test_a_walker_that_comes_late_brings_nothing_back(world: World) -> None:
    """It is at its call while the run is canceled and blanked, and records its answer minutes
    after: the row is not let go of before its lease is over."""
    contact_id = a_person(world)
    run_id = world.fire(shop(world), event(OLD_EMAIL))
    world.walk(run_id, until="score")
    answer = world.http.call

    def slow(request: Any) -> Any:
        lease = next(iter(world.stores.runs.get(run_id).open_claims.values())).lease_until
        erase(world, contact_id)
        minutes = (lease - world.clock.now) // MINUTE
        assert minutes >= 3
        for _ in range(minutes):
            tick(world)
        return answer(request)

    world.http.answer = {"data": {"told": "canary-answer"}, "rest": "canary-answer" + NOISE}
    world.http.call = slow  # type: ignore[method-assign]
    world.visit(run_id, "score")
    assert world.status(run_id) is RunStatus.CANCELED
    assert traces(kept_by_world(world), ["canary-answer"]) != []
    assert len(objects_of(world)) == 1
    erased(world, contact_id)
    assert traces(kept_by_world(world), PERSONAL) == []
    row = run_from_item(rows(world, "RUN")[f"RUN#{run_id}"])
    assert row.erased_at is not None and row.contact_id is None


def test_a_message_whose_sender_died_is_found_by_its_run(world: World) -> None:
    """It is in no index before its first try comes to an end."""
    contact_id = a_person(world)
    run_id = world.fire(shop(world), event(OLD_EMAIL))
    world.walk(run_id, until="mail")

    def dies(message: Any) -> None:
        raise KeyboardInterrupt

    world.channels["EMAIL"].send = dies  # type: ignore[assignment,method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.visit(run_id, "mail")
    over = erased(world, contact_id)
    assert traces(kept_by_world(world), PERSONAL) == []
    (unknown,) = attempts(world)
    assert unknown.status is DeliveryStatus.PROCESSING and unknown.is_unknown
    assert over.finished_at is not None
    world.clock.advance(HOUR)
    tick(world)
    assert attempts(world)[0].status is DeliveryStatus.FAILED
    assert traces(kept_by_world(world), PERSONAL) == []


def test_a_report_that_comes_later_tells_nothing_of_the_person(world: World) -> None:
    contact_id = a_person(world)
    world.walk(world.fire(shop(world), event(OLD_EMAIL)))
    erased(world, contact_id)
    (attempt,) = attempts(world)
    of = world.stores
    feedback = Feedback(of.deliveries, of.suppressions, of.workspaces, world.channels, world.clock)
    report = FeedbackReport(
        event_id="event-1",
        delivery_id=attempt.id,
        workspace_id="ws_demo",
        kind=ReportKind.BOUNCED,
        at=world.clock(),
        is_permanent=True,
        code="5.1.1",
        message=f"{OLD_EMAIL} is unknown",
        provider_id="message-9",
    )
    feedback._apply(world.channels["EMAIL"], report)
    (after,) = attempts(world)
    assert after.status is DeliveryStatus.FAILED
    assert [each.code for each in after.reports.values()] == ["5.1.1"]
    assert traces(kept_by_world(world), PERSONAL) == []
    assert world.reading.suppressions("ws_demo", 50, None).items == []


def an_export(world: World, made_at: int, text: str) -> str:
    """A file with one row, as one was read at that moment."""
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
    world.stores.exports.create(export, made_at + DAY)
    world.export_files.put(folder("ws_demo", export.id), text.encode(), "text/csv")
    return export.id


def test_exports_that_may_hold_the_person_go_and_later_ones_stay(world: World) -> None:
    contact_id = a_person(world)
    world.walk(world.fire(shop(world), event(OLD_EMAIL)))
    an_export(world, world.clock() - HOUR, OLD_EMAIL)
    erase(world, contact_id)
    an_export(world, world.clock(), OLD_EMAIL)
    tick(world)
    tick(world)
    assert objects_of(world) == {}
    later = an_export(world, world.clock(), "blank rows only")
    # A visit that was at work on one of those deleted leaves an object that no row tells of.
    gone = folder("ws_demo", new_id("exp", world.clock() - 2 * HOUR))
    world.export_files.put(gone, OLD_EMAIL.encode(), "text/csv")
    over = erased(world, contact_id, ticks=12)
    assert over.finished_at is not None and over.finished_at - over.requested_at > 5 * MINUTE
    assert traces(kept_by_world(world), PERSONAL) == []
    assert [row["sk"] for row in rows(world, later).values()] == [later]
    assert len(objects_of(world)) == 1


def test_ticks_without_time_end_looks_and_get_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes through one row, and deletes one of the exports, before it looks at the clock."""
    monkeypatch.setattr(erasing, "FIRST_TIME", 0)
    monkeypatch.setattr(erasing, "TICK_TIME", 0)
    monkeypatch.setattr(export_removal, "_ROWS", 1)
    contact_id = a_person(world)
    for number in range(3):
        a_refusal(world, contact_id=contact_id, message=f"canary-reason {number}")
    made = [an_export(world, world.clock() - HOUR, OLD_EMAIL) for _ in range(4)]
    assert erase(world, contact_id).position is not None
    left = []
    for _ in range(5):
        tick(world)
        left.append(sum(1 for each in made if rows(world, each)))
    assert left[0] == 4 and left[-1] < 4
    assert erased(world, contact_id, ticks=60).finished_at is not None
    assert [each for each in made if rows(world, each)] == []
    assert traces(kept_by_world(world), PERSONAL) == []


def test_triggers_meanwhile_find_no_such_contact_or_make_a_new_one(world: World) -> None:
    contact_id = a_person(world)
    knows, makes = shop(world), shop(world, trigger={"createIfMissing": True})
    erase(world, contact_id)
    with pytest.raises(NoContactError):
        world.fire(knows, event(OLD_EMAIL))
    run = world.stores.runs.get(world.fire(makes, event(OLD_EMAIL)))
    assert run.contact_id not in (None, contact_id)
    erased(world, contact_id)
    # Who came back is somebody new, and stays.
    assert world.status(run.id) is RunStatus.PENDING
    assert run.contact_id is not None
    assert world.stores.contacts.get("ws_demo", run.contact_id).email == OLD_EMAIL


def test_the_end_of_an_erased_run_opens_no_other(world: World) -> None:
    contact_id = a_person(world)
    first = shop(world)
    waits = {"triggerType": "UPSTREAM", "automationId": first, "on": ["COMPLETED"]}
    second = world.activate(
        {
            "name": "Second",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": waits},
                {"id": "done", "type": "END", "config": {}},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    run_id = world.fire(first, event(OLD_EMAIL))
    world.walk(run_id)
    erased(world, contact_id)
    world.upstream.follow("ws_demo", run_id)
    assert [row["automationId"] for row in rows(world, "RUN").values()] == [first]
    (refusal,) = rows(world, "REFUSAL").values()
    assert (refusal["automationId"], refusal["reason"]) == (second, "NO_CONTACT")


def test_a_crowd_of_rows_is_gone_through_by_ticks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGE", 4)
    monkeypatch.setattr(erasing, "FIRST_TIME", 0)
    monkeypatch.setattr(erasing, "TICK_TIME", 10)
    contact_id = a_person(world)
    for number in range(30):
        a_refusal(world, contact_id=contact_id, message=f"canary-reason {number}")
    assert erase(world, contact_id).position is not None
    erased(world, contact_id, ticks=40)
    assert traces(kept_by_world(world), PERSONAL) == []
    assert len(rows(world, "REFUSAL")) == 30


def test_two_who_ask_at_once_get_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    contact_id = a_person(world)
    world.walk(world.fire(shop(world), event(OLD_EMAIL)))
    find = world.stores.erasures.find
    looks: list[Callable[[], object]] = [lambda: erase(world, contact_id, "the other's")]

    def beaten(*asked: str) -> Erasure | None:
        found = find(*asked)
        if looks:
            looks.pop()()
        return found

    monkeypatch.setattr(world.stores.erasures, "find", beaten)
    assert erase(world, contact_id).reason == "the other's"
    assert erased(world, contact_id).reason == "the other's"


def test_who_never_was_cannot_be_erased_and_who_was_is_gone(world: World) -> None:
    contact_id = a_person(world)
    for workspace_id, who in (("ws_demo", "con_none"), ("ws_other", contact_id)):
        with pytest.raises(NotFoundError):
            world.erasing.erase(workspace_id, who, None, BY)
    erase(world, contact_id)
    of = world.stores
    with pytest.raises(GoneError) as gone:
        known_contact(of.contacts, of.erasures, "ws_demo", contact_id)
    at = gone.value.facts["erasedAt"]
    assert gone.value.facts == {"erasure": "ERASING", "erasedAt": at}
    erased(world, contact_id)
    with pytest.raises(GoneError) as gone:
        known_contact(of.contacts, of.erasures, "ws_demo", contact_id)
    assert gone.value.facts == {"erasure": "ERASED", "erasedAt": at}
    with pytest.raises(NotFoundError):
        known_contact(of.contacts, of.erasures, "ws_other", contact_id)
    # Nothing is due any more.
    world.clock.advance(DAY)
    assert world.settler.settle_due(100) == 0


def test_the_api_erases_for_an_admin(deployed: World) -> None:
    deployed.clock.now = now_ms()
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
    ]:
        gone = call(method, where, body)
        assert gone["status"] == 410
        assert gone["headers"]["Content-Type"] == "application/problem+json"
        assert (gone["body"]["title"], gone["body"]["erasure"]) == ("Gone", "ERASING")
        assert gone["body"]["erasedAt"] == told["requestedAt"]
    assert call("POST", "/v1/contacts/con_none/erase", {})["status"] == 404
    assert call("POST", f"{path}/erase", {"reason": ""})["status"] == 422
