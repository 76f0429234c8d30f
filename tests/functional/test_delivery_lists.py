"""Lists of deliveries: every filter, pages to the end, and the details of one delivery."""

import itertools
from typing import Any

import pytest
from runledger.api.resends import ResendDocument
from runledger.clock import DAY, HOUR, MINUTE, SECOND, iso
from runledger.errors import GoneError, InvalidInputError, NotFoundError
from runledger.ids import new_id
from runledger.models.contact import ContactDocument
from runledger.models.delivery import DeliveryAttempt, DeliveryStatus, Gate, Try, TryOutcome
from runledger.models.report import KeptReport, ReportKind
from runledger.models.run import ErrorDetail
from runledger.models.workspace import DEFAULT_RETENTION_DAYS
from runledger.services.lists import pages as page_reads
from runledger.services.stream.delivery_events import delivery_change
from runledger.store import bodies, keys
from runledger.store.values import to_dynamo

from tests.functional import test_history, test_refusal_lists
from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import ADA, mailing
from tests.support.engine import Engine, open_engine
from tests.support.fakes import client_error
from tests.support.lists import all_ids, each_page, request
from tests.support.memory_table import MemoryTable

__all__ = ["deployed"]

STATUSES = list(DeliveryStatus)
CHANNELS = ("EMAIL", "SMS")


def an_attempt(engine: Engine, **changes: Any) -> DeliveryAttempt:
    """Returns a stored attempt, which is in the lists."""
    now = engine.clock.now
    given: dict[str, Any] = {
        "id": new_id("dlv"),
        "workspace_id": engine.workspace_id,
        "run_id": None,
        "node_id": None,
        "automation_id": "aut_one",
        "contact_id": None,
        "channel": "EMAIL",
        "address": "ada@example.com",
        "status": DeliveryStatus.SENT,
        "template_id": "tpl_one",
        "subject": "Hi",
        "body": "Hello",
        "gates": (),
        "tries": 1,
        "provider_id": None,
        "error": None,
        "created_at": now,
        "settled_at": None,
        "expires_at": now + DAY,
        **changes,
    }
    attempt = DeliveryAttempt.model_validate(given)
    shards = engine.stores.workspaces.cached("ws_demo").shards
    return engine.stores.deliveries.add(attempt, shards)


def people(engine: Engine) -> list[str]:
    emails = ("ada@example.com", "bob@example.com")
    documents = [
        ContactDocument.model_validate({"email": email, "phone": f"+4917012345{number}0"})
        for number, email in enumerate(emails, 10)
    ]
    return [engine.contacts.create("ws_demo", each).id for each in documents]


def fill(engine: Engine) -> list[DeliveryAttempt]:
    """Creates attempts of two automations, to two contacts and to a plain address, on two channels,
    in every status. Returns them newest first."""
    kinds = itertools.product(("aut_one", "aut_two"), (*people(engine), None), CHANNELS, STATUSES)
    return [
        an_attempt(
            engine,
            automation_id=automation_id,
            contact_id=contact_id,
            channel=channel,
            status=status,
            created_at=engine.clock.now - number * HOUR // 2,
        )
        for number, (automation_id, contact_id, channel, status) in enumerate(kinds)
    ]


def pages(engine: Engine, **given: Any) -> list[str]:
    return all_ids(engine.queries.deliveries, **{"limit": 13, **given})


@pytest.mark.parametrize("shards", [1, 4])
def test_every_combination_of_filters_agrees_with_a_plain_list(shards: int) -> None:
    with open_engine(shards, MemoryTable()) as engine:
        made = fill(engine)
        contacts = [each.contact_id for each in made if each.contact_id]
        # Runs and refusals of the same contacts, in the same partitions of their index.
        test_history.fill_for(engine, contacts[::4])
        for contact_id in contacts[::8]:
            test_refusal_lists.a_refusal(engine, contact_id=contact_id)
        now = engine.clock.now
        wanted: list[frozenset[DeliveryStatus]] = [
            frozenset(),
            frozenset({DeliveryStatus.DELIVERED}),
            frozenset({DeliveryStatus.FAILED, DeliveryStatus.DEAD_LETTERED}),
        ]
        bob = made[2 * len(STATUSES)].contact_id
        pasted = [None, " Bob@Example.com ", bob, "+49 170 12345 110"]
        combinations = itertools.product(
            wanted, [None, "aut_two"], pasted, [None, "SMS"], [None, "24h"]
        )
        for statuses, automation_id, contact, channel, range_ in combinations:
            expected = [
                each.id
                for each in made
                if (not statuses or each.status in statuses)
                and (automation_id is None or each.automation_id == automation_id)
                and (contact is None or each.contact_id == bob)
                and (channel is None or each.channel == channel)
                and each.created_at >= (now - DAY if range_ else 0)
            ]
            found = pages(
                engine,
                statuses=statuses,
                automation_id=automation_id,
                contact=contact,
                channel=channel,
                range=range_,
            )
            assert found == expected, (statuses, automation_id, contact, channel, range_)


def test_every_status_is_a_filter_and_a_period_includes_both_ends(engine: Engine) -> None:
    made = fill(engine)
    for status in STATUSES:
        expected = [each.id for each in made if each.status is status]
        assert pages(engine, statuses=frozenset({status})) == expected
    span = {"since": iso(made[9].created_at), "until": iso(made[4].created_at)}
    assert pages(engine, **span) == [each.id for each in made[4:10]]


def test_searching_a_channel_stays_within_the_scan_budget(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_reads, "SCAN_BUDGET", 10)
    oldest = an_attempt(engine, channel="SMS", created_at=engine.clock.now - DAY)
    for _ in range(25):
        an_attempt(engine, created_at=engine.clock() - HOUR)
    newest = an_attempt(engine, channel="SMS")
    read = list(each_page(engine.queries.deliveries, channel="SMS", limit=5))
    assert read[0] == [newest.id]
    assert [row_id for page in read for row_id in page] == [newest.id, oldest.id]
    assert len(read) > 2


def test_a_pasted_address_is_found_regardless_of_its_current_contact(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = people(engine)[0]
    now = engine.clock.now
    given = [
        {"contact_id": ada},
        # To her at a former address, and at her current address without a contact.
        {"contact_id": ada, "address": "ada.before@example.com"},
        {"status": DeliveryStatus.FAILED, "automation_id": "aut_two"},
        {"channel": "SMS", "address": "+491701234511"},
        {"channel": "WHATSAPP", "address": "+491701234511"},
        {"channel": "SMS", "address": "+491701234522"},
        {"workspace_id": "ws_other"},
    ]
    made = [
        an_attempt(engine, **{"created_at": now - n * HOUR, **each}) for n, each in enumerate(given)
    ]
    ids = [each.id for each in made]

    assert pages(engine, address=" ADA@Example.COM ") == [ids[0], ids[2]]
    assert pages(engine, address="ada.before@example.com") == [ids[1]]
    assert pages(engine, address="ada@example.com", contact=ada) == [ids[0]]
    assert pages(engine, address="ada@example.com", automation_id="aut_two") == [ids[2]]
    for pasted in ("+49 170 1234511", " 49 170 1234511", "0170 / 123 45 11", "491701234511"):
        assert pages(engine, address=pasted) == [ids[3], ids[4]], pasted
    assert pages(engine, address="0170 1234511", channel="SMS") == [ids[3]]
    assert pages(engine, address="nobody@example.com") == []
    assert pages(engine, address="ada@example.com", since=iso(now - HOUR)) == [ids[0]]

    monkeypatch.setattr(page_reads, "SCAN_BUDGET", 2)
    first = engine.queries.deliveries("ws_demo", request(address="ada.before@example.com", limit=5))
    assert ([each.id for each in first.items], first.next_cursor is None) == ([ids[1]], False)
    second = request(address="ada.before@example.com", limit=5, cursor=first.next_cursor)
    assert engine.queries.deliveries("ws_demo", second).items == []
    for other in ({}, {"address": "ada@example.com"}):
        with pytest.raises(InvalidInputError, match="another list"):
            engine.queries.deliveries(
                "ws_demo", request(cursor=first.next_cursor, limit=5, **other)
            )


def test_a_cursor_is_only_valid_for_its_channel_and_run(engine: Engine) -> None:
    fill(engine)
    cursor = engine.queries.deliveries("ws_demo", request(channel="SMS", limit=3)).next_cursor
    again = engine.queries.deliveries("ws_demo", request(channel="SMS", limit=3, cursor=cursor))
    assert len(again.items) == 3
    for other in ({"channel": "EMAIL"}, {}, {"channel": "SMS", "automation_id": "aut_one"}):
        with pytest.raises(InvalidInputError, match="another list"):
            engine.queries.deliveries("ws_demo", request(limit=3, cursor=cursor, **other))
    with pytest.raises(InvalidInputError, match="another list"):
        engine.queries.runs("ws_demo", request(limit=3, cursor=cursor))


def test_a_run_and_its_deliveries_link_to_each_other(engine: Engine) -> None:
    automation_id = engine.activate(mailing(engine.template("Hello {{contact.email}}")))
    runs = [engine.fire(automation_id, {"email": f"p{n}@example.com"}) for n in range(3)]
    for run_id in runs:
        engine.walk(run_id)
        engine.clock.advance(SECOND)
    view = engine.queries.deliveries("ws_demo", request(run_id=runs[1]))
    (row,) = view.items
    assert (row.run_id, row.node_id, row.address) == (runs[1], "mail", "p1@example.com")
    assert (row.automation_name, row.status, row.error) == ("Mailing", DeliveryStatus.SENT, None)
    link = engine.detail(runs[1])["deliveries"][0]
    assert link == {
        "id": row.id,
        "nodeId": "mail",
        "path": f"/v1/deliveries/{row.id}",
        "status": "SENT",
        "channel": "EMAIL",
        "address": "p1@example.com",
    }
    one = engine.details.delivery("ws_demo", row.id)
    assert (one.links.run, one.body) == (f"/v1/runs/{runs[1]}", "Hello p1@example.com")
    for other in ({"channel": "SMS"}, {"automation_id": "aut_two"}, {"run_id": "run_nothing"}):
        assert pages(engine, **{"run_id": runs[1], **other}) == []
    assert pages(engine, run_id=runs[1], automation_id=automation_id) == [row.id]


def test_deliveries_of_another_workspace_or_expired_ones_are_not_shown(engine: Engine) -> None:
    other = an_attempt(engine, workspace_id="ws_other", run_id="run_1")
    mine = an_attempt(engine)
    with pytest.raises(NotFoundError):
        engine.details.delivery("ws_demo", other.id)
    assert pages(engine) == [mine.id]
    engine.clock.advance(2 * DAY)
    with pytest.raises(GoneError):
        engine.details.delivery("ws_demo", mine.id)
    assert pages(engine) == []


def test_the_details_of_a_delivery(engine: Engine) -> None:
    template_id = engine.template()
    person = people(engine)[0]
    now = engine.clock.now
    gates = (Gate(name="consent", passed=False, reason="no", forced_by="ada@example.com"),)
    tries = (
        Try(at=now, outcome=TryOutcome.TRANSIENT, code="Throttling", message="slow\ndown"),
        Try(at=now + 5, outcome=TryOutcome.ACCEPTED, provider_id="msg-1"),
    )
    made = an_attempt(
        engine,
        contact_id=person,
        template_id=template_id,
        status=DeliveryStatus.DELIVERED,
        known=DeliveryStatus.SENT,
        resend_of="dlv_before",
        requested_by="ada@example.com",
        forced=True,
        gates=gates,
        tries=2,
        tries_log=tries,
        provider_id="msg-1",
        reports={"e1": KeptReport(kind=ReportKind.COMPLAINED, at=now + 9, code="abuse")},
    )
    told = engine.details.delivery("ws_demo", made.id).model_dump(mode="json", by_alias=True)
    assert (told["templateName"], told["automationName"]) == ("Mail", None)
    assert (told["subject"], told["body"], told["health"]) == ("Hi", "Hello", None)
    assert (told["complained"], told["forced"], told["resendOf"]) == (True, True, "dlv_before")
    assert told["gates"][0]["forcedBy"] == "ada@example.com"
    assert [(each["outcome"], each["code"]) for each in told["triesLog"]] == [
        ("TRANSIENT", "Throttling"),
        ("ACCEPTED", None),
    ]
    assert [each["kind"] for each in told["reports"]] == ["COMPLAINED"]
    assert told["links"] == {
        "run": None,
        "automation": "/v1/automations/aut_one",
        "contact": f"/v1/contacts/{person}",
        "template": f"/v1/templates/{template_id}",
        "resendOf": "/v1/deliveries/dlv_before",
        "resends": [],
    }
    (row,) = engine.queries.deliveries("ws_demo", request()).items
    assert (row.complained, row.resend_of, row.contact_id) == (True, "dlv_before", person)


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({"status": "QUEUED", "tries": 0}, "QUEUED", "queued to be sent"),
        (
            {"status": "RETRYING", "tries": 2, "next_try_at": 1_700_000_120_000},
            "RETRYING",
            "try 3 of 6 at 2023-11-14T22:15:20.000Z: slow\ndown",
        ),
        ({"status": "PROCESSING"}, "SENDING", "waiting for the provider's answer to try 1"),
        (
            {"status": "PROCESSING", "unknown_since": 1_700_000_000_000},
            "UNKNOWN",
            "a report may still come until 2023-11-14T23:13:20.000Z",
        ),
    ],
)
def test_an_unsettled_delivery_explains_its_health(
    engine: Engine, changes: dict[str, Any], state: str, words: str
) -> None:
    error = ErrorDetail(node_id="mail", kind="PROVIDER_UNAVAILABLE", message="slow\ndown")
    made = an_attempt(engine, error=error, **changes)
    health = engine.details.delivery("ws_demo", made.id).health
    assert health is not None
    assert health.state == state
    assert words in health.text
    (row,) = engine.queries.deliveries("ws_demo", request()).items
    assert row.error == "slow down"


def test_a_resend_and_its_original_link_to_each_other(engine: Engine) -> None:
    automation_id = engine.activate(mailing(engine.template()))
    run_id = engine.fire(automation_id, ADA)
    engine.walk(run_id)
    (first,) = pages(engine)
    resent = engine.resends.resend("ws_demo", first, ResendDocument(), "ada@example.com").attempt
    assert pages(engine) == [resent.id, first]
    assert pages(engine, run_id=run_id) == [first]
    original, copy = (engine.details.delivery("ws_demo", each) for each in (first, resent.id))
    assert original.links.resends == [f"/v1/deliveries/{resent.id}"]
    assert copy.links.resend_of == f"/v1/deliveries/{first}"
    assert (copy.health and copy.health.state, copy.links.run) == ("QUEUED", None)
    assert resent.expires_at >= engine.clock.now + DEFAULT_RETENTION_DAYS * DAY - MINUTE


def test_a_delivery_of_an_old_run_is_kept_for_the_full_retention(engine: Engine) -> None:
    automation_id = engine.activate(mailing(engine.template()))
    run_id = engine.fire(automation_id, ADA)
    engine.clock.advance(30 * DAY)
    engine.walk(run_id)
    (delivery_id,) = pages(engine)
    kept = engine.stores.deliveries.get(delivery_id)
    assert kept.expires_at >= kept.created_at + DEFAULT_RETENTION_DAYS * DAY - SECOND
    assert kept.expires_at > engine.stores.runs.get(run_id).expires_at


def test_the_api_lists_deliveries_for_every_role(deployed: Engine) -> None:
    from runledger.clock import now_ms

    deployed.clock.follow_the_machine()
    kept = an_attempt(deployed, status=DeliveryStatus.DEAD_LETTERED)
    also = an_attempt(deployed, status=DeliveryStatus.FAILED, created_at=now_ms() - HOUR)
    an_attempt(deployed)
    path = "/v1/deliveries"
    query = "status=DEAD_LETTERED,FAILED&automationId=aut_one&range=24h&channel=EMAIL"
    answer = call("GET", path, role="viewer", query=query)
    assert answer["status"] == 200, answer
    assert [each["id"] for each in answer["body"]["items"]] == [kept.id, also.id]
    one = call("GET", f"{path}/{kept.id}", role="viewer")
    assert one["body"]["status"] == "DEAD_LETTERED"
    assert call("GET", path, query="runId=run_nothing")["body"]["items"] == []
    for missing in ("dlv_nothing", "x" * 3_000):
        assert call("GET", f"{path}/{missing}")["status"] == 404
    found = call("GET", path, query="address=ADA@example.com&status=FAILED")
    assert [each["id"] for each in found["body"]["items"]] == [also.id]
    counted = call("GET", f"{path}/counts", query="address=ada@example.com&automationId=aut_one")
    assert (counted["body"]["counts"]["FAILED"], counted["body"]["total"]) == (1, 3)
    refusals = [("status=LOST", "status"), ("channel=FAX", "channel"), ("x=1", "x")]
    refusals += [(f"address={each}", "address") for each in ("Ada", "ada@", "", "con_1")]
    for query, field in refusals:
        refused = call("GET", path, query=query)
        assert refused["status"] == 422
        assert refused["body"]["field"].startswith(field)


def test_a_delivery_whose_body_was_deleted_is_listed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "INLINE_BYTES", 0)
    made = fill(engine)
    expected = [each.id for each in engine.queries.deliveries("ws_demo", request(limit=200)).items]

    class Forbidding:
        """Answers 403, as S3 does if an object is missing and the caller may not list the
        bucket."""

        def get_object(self, **_: str) -> None:
            raise client_error("AccessDenied", "GetObject", 403)

    forbidding: Any = Forbidding()
    monkeypatch.setattr(engine.stores.bodies, "_s3", forbidding)
    page = engine.queries.deliveries("ws_demo", request(limit=200))
    assert [each.id for each in page.items] == expected != []
    with pytest.raises(NotFoundError):
        engine.stores.deliveries.get(expected[0])
    assert len(made) >= len(expected)


def test_an_attempt_in_the_place_of_an_expired_one_is_published(engine: Engine) -> None:
    """Its run was opened again by the same event. DynamoDB deletes an expired row up to two days
    late."""
    expired = an_attempt(engine)
    before = engine.table.get(keys.delivery(expired.id), consistent=True)
    engine.clock.advance(2 * DAY)
    an_attempt(engine, id=expired.id, status=DeliveryStatus.SUPPRESSED)
    after = engine.table.get(keys.delivery(expired.id), consistent=True)
    assert before is not None and after is not None
    images = {"OldImage": to_dynamo(before), "NewImage": to_dynamo(after), "SequenceNumber": "1"}
    change = delivery_change(images)
    assert change is not None and change.facts.status is DeliveryStatus.SUPPRESSED
