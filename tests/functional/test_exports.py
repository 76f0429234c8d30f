"""An export's file has the rows of the list, whatever its length and number of visits."""

import csv
import io
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto.s3 import models as moto_s3
from runledger import aws
from runledger.api.bulk_cancels import BulkCancelDocument
from runledger.api.exports import ExportDocument
from runledger.clock import DAY, HOUR, MINUTE, iso, now_ms
from runledger.composition import services
from runledger.errors import InvalidInputError, NotFoundError, ServiceError
from runledger.models.consent import ConsentOrigin, ConsentPurpose, ConsentSource
from runledger.models.contact import ContactDocument
from runledger.models.contact_import import RowOutcome
from runledger.models.export import Export, ExportStatus
from runledger.nodes.segment_rules import SegmentDocument
from runledger.services.bulk import export_pages
from runledger.services.bulk.export_contract import ExportEvent, ExportOperation, ExportPlace
from runledger.services.bulk.export_removal import ExportRemoval
from runledger.services.bulk.exports import KEPT
from runledger.services.bulk.visits import Caught
from runledger.store import keys
from runledger.store.export_files import ExportFiles

from tests.functional import test_delivery_lists, test_history, test_imports, test_refusal_lists
from tests.functional.test_api_handlers import CONTEXT, call, deployed, sample
from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET
from tests.support.lists import request
from tests.support.stored_text import find_words, stored_in_engine

__all__ = ["deployed"]

BY = "member@example.com"


def ask(engine: Engine, name: str, format_: str = "JSONL", **filters: Any) -> Export:
    document = {"list": name, "format": format_, "filter": filters}
    return engine.export_requests.create(
        engine.workspace_id, ExportDocument.model_validate(document), BY
    )


def event(export: Export, operation: ExportOperation = ExportOperation.PAGE) -> ExportEvent:
    place = ExportPlace(workspace_id=export.workspace_id, export_id=export.id)
    return ExportEvent(operation=operation, export=place)


def write(engine: Engine, export: Export, *, until: int | None = None) -> int:
    """Makes visits until the export has ended and returns their number. A visit reads one page, or
    pages until the moment `until`."""
    asked = event(export)
    while True:
        place = engine.export_pages.handle(asked, engine.clock.now if until is None else until)
        if not place.goes_on:
            return place.visits
        asked = ExportEvent(operation=ExportOperation.PAGE, export=place)


def stored(engine: Engine, export: Export) -> Export:
    return engine.stores.exports.get(export.workspace_id, export.id, engine.clock.now)


def content(engine: Engine, export: Export) -> bytes:
    ended = stored(engine, export)
    assert ended.status is ExportStatus.COMPLETED, ended
    assert ended.object_key is not None
    return engine.export_files.read(ended.object_key)


def documents(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def objects() -> list[str]:
    listed = client_of("s3").list_objects_v2(Bucket=BUCKET, Prefix="exports/")
    return [each["Key"] for each in listed.get("Contents", [])]


def uploads() -> list[str]:
    listed = client_of("s3").list_multipart_uploads(Bucket=BUCKET)
    return [each["UploadId"] for each in listed.get("Uploads", [])]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits a page to three rows, and a part to the size of two pages."""
    monkeypatch.setattr(export_pages, "PAGE_ROWS", 3)
    monkeypatch.setattr(export_pages, "PART_BYTES", 2_000)
    monkeypatch.setattr(moto_s3, "S3_UPLOAD_PART_MIN_SIZE", 2_000)


@pytest.mark.usefixtures("small")
def test_a_long_list_is_written_in_parts_to_one_file(engine: Engine) -> None:
    test_history.fill(engine)
    expected = engine.queries.runs("ws_demo", request(limit=100))
    export = ask(engine, "RUNS")
    visits = write(engine, export)
    assert visits == -(-len(expected.items) // 3)
    rows = [each.model_dump(mode="json") for each in expected.items]
    assert documents(content(engine, export)) == rows
    ended = stored(engine, export)
    assert (ended.rows, ended.finished_at) == (len(rows), ended.finished_at)
    assert objects() == [ended.object_key]
    assert uploads() == []
    # A visit too many changes nothing.
    assert not engine.export_pages.handle(event(export), 0).goes_on
    assert stored(engine, export) == ended


def test_a_short_list_takes_one_visit_and_one_object(engine: Engine) -> None:
    test_delivery_lists.fill(engine)
    expected = engine.queries.deliveries("ws_demo", request(limit=200, channel="SMS"))
    export = ask(engine, "DELIVERIES", "CSV", channel="SMS")
    assert write(engine, export, until=engine.clock.now + HOUR) == 1
    text = content(engine, export).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in rows] == [each.id for each in expected.items]
    assert {row["channel"] for row in rows} == {"SMS"}
    assert len(objects()) == 1


def test_an_export_of_an_address_has_only_its_deliveries(engine: Engine) -> None:
    test_delivery_lists.fill(engine)
    other = test_delivery_lists.an_attempt(engine, address="bob@example.com")
    export = ask(engine, "DELIVERIES", address=" Bob@Example.com ")
    write(engine, export, until=engine.clock.now + HOUR)
    assert [each["id"] for each in documents(content(engine, export))] == [other.id]


def test_an_export_has_the_rows_at_its_creation(engine: Engine) -> None:
    test_refusal_lists.fill(engine)
    ada = engine.contacts.look_up("ws_demo", "ada@example.com")
    asked = {"contact": " Ada@Example.com ", "range": "24h"}
    expected = engine.queries.refusals("ws_demo", request(limit=200, **asked))
    export = ask(engine, "REFUSALS", **asked)
    engine.clock.advance(5 * MINUTE)
    test_refusal_lists.a_refusal(engine, contact_id=ada)
    write(engine, export)
    told = [each["id"] for each in documents(content(engine, export))]
    assert told == [each.id for each in expected.items] != []


def people(engine: Engine, count: int) -> None:
    for number in range(count):
        person = ContactDocument(
            email=f"person{number}@example.com",
            first_name="=1+1",
            tags=["vip", "a b"] if number % 2 else [],
            external_ids={"shop": str(number)},
            metadata={"visits": number, "address": {"city": "Köln"}},
        )
        engine.contacts.create("ws_demo", person)


def a_segment(engine: Engine, *rules: dict[str, Any]) -> str:
    document = SegmentDocument.model_validate({"name": "Some", "rules": list(rules)})
    return engine.segments.create("ws_demo", document).id


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ([{"kind": "HAS_TAG", "tag": "vip"}], range(1, 120, 2)),
        (
            [
                {
                    "kind": "METADATA",
                    "key": "visits",
                    "operator": "GREATER_THAN",
                    "value": 112.5,
                }
            ],
            range(113, 120),
        ),
    ],
)
def test_an_export_of_a_segment_has_its_contacts(
    engine: Engine, rules: list[dict[str, Any]], wanted: range
) -> None:
    people(engine, 120)
    segment_id = a_segment(engine, *rules)
    export = ask(engine, "CONTACTS", segmentId=segment_id)
    # Neither a later contact nor a later change of the segment matters.
    engine.contacts.create("ws_demo", ContactDocument(tags=["vip"], metadata={"visits": 999}))
    engine.segments.patch("ws_demo", segment_id, {"rules": [{"kind": "HAS_TAG", "tag": "x"}]})
    write(engine, export)
    found = [each["email"] for each in documents(content(engine, export))]
    assert found == [f"person{number}@example.com" for number in wanted]
    assert stored(engine, export).filter.segment_id == segment_id


@pytest.mark.usefixtures("small")
def test_an_export_of_all_contacts_can_be_imported_again(engine: Engine) -> None:
    people(engine, 8)
    export = ask(engine, "CONTACTS", "CSV")
    write(engine, export)
    data = content(engine, export)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["externalIds"] for row in rows] == [f'{{"shop": "{n}"}}' for n in range(8)]
    assert json.loads(rows[3]["metadata"]) == {"visits": 3, "address": {"city": "Köln"}}
    assert (rows[3]["tags"], rows[3]["consents.marketing"]) == ("vip, a b", "false")
    names = ("email", "firstName", "tags", "consents.marketing", "consents.transactional")
    columns = [{"column": name, "field": name} for name in names]
    made = test_imports.imported(engine, data, columns=columns)
    assert made.counts == {RowOutcome.UNCHANGED: 8}


@pytest.mark.parametrize("format_", ["CSV", "JSONL"])
def test_an_export_of_contacts_has_the_record_of_their_consents(
    engine: Engine, format_: str
) -> None:
    people(engine, 2)
    source = ConsentSource(origin=ConsentOrigin.UNSUBSCRIBE, detail="dlv_1")
    contact = engine.stores.contacts.in_order("ws_demo", 1, None)[0][0]
    changed = engine.contacts.set_consent(
        "ws_demo", contact.id, ConsentPurpose.MARKETING, None, False, source
    )
    export = ask(engine, "CONTACTS", format_)
    write(engine, export)
    data = content(engine, export)
    if format_ == "CSV":
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        written = [row["consentChanges"] for row in csv.DictReader(text)]
        assert written[1] == ""
        changes = json.loads(written[0])
    else:
        first, second = documents(data)
        assert second["consentChanges"] == []
        changes = first["consentChanges"]
    assert changes == [
        {
            "purpose": "MARKETING",
            "channel": None,
            "isGiven": False,
            "at": iso(changed.updated_at),
            "origin": "UNSUBSCRIBE",
            "by": None,
            "detail": "dlv_1",
            "givenAt": None,
        }
    ]


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"segmentId": "seg_none"}, "filter.segmentId"),
        ({"status": ["FAILED"]}, "filter.status"),
        ({"automationId": "aut_1"}, "filter.automationId"),
        ({"contact": "ada@example.com"}, "filter.contact"),
    ],
)
def test_an_export_of_contacts_has_only_its_own_filters(
    engine: Engine, filters: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        ask(engine, "CONTACTS", **filters)
    assert refused.value.field == field
    with pytest.raises(InvalidInputError, match="do not have this filter"):
        ask(engine, "RUNS", segmentId="seg_1")


def test_an_empty_list_gives_a_file_without_rows(engine: Engine) -> None:
    for filters in (
        {"contact": "nobody@example.com"},
        {"from": "2098-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
        {"automationId": "x"},
    ):
        for format_, start in (("CSV", b"\xef\xbb\xbfid,status,"), ("JSONL", b"")):
            export = ask(engine, "RUNS", format_, **filters)
            write(engine, export)
            data = content(engine, export)
            assert data.startswith(start)
            assert (stored(engine, export).rows, data.count(b"\n")) == (0, bool(start))


@pytest.mark.usefixtures("small")
def test_concurrent_visits_write_each_row_once(engine: Engine) -> None:
    made = test_history.fill(engine)
    export = ask(engine, "RUNS")
    asked = event(export)
    lists = engine.export_pages.lists
    turns = 0

    class Interrupted:
        """Makes another visit of the export before every second read of a page, beginning with the
        first read."""

        def page(self, *given: Any) -> Any:
            nonlocal turns
            turns += 1
            if turns % 2:
                engine.export_pages.handle(asked, 0)
            return lists.page(*given)

    slow = export_pages.ExportPages(
        engine.stores.exports,
        engine.export_files,
        Interrupted(),  # type: ignore[arg-type]
        engine.clock,
    )
    for _ in range(20):
        slow.handle(asked, engine.clock.now + HOUR)
    assert [each["id"] for each in documents(content(engine, export))] == [
        each.id for each in sorted(made, key=lambda run: run.created_at, reverse=True)
    ]


@pytest.mark.usefixtures("small")
def test_a_replaced_execution_stops_and_changes_nothing(engine: Engine) -> None:
    test_history.fill(engine)
    export = ask(engine, "RUNS")
    old = event(export)
    assert engine.export_pages.handle(old, 0).goes_on
    engine.clock.advance(6 * MINUTE)
    engine.due_work.settle_due(100)
    taken_up = stored(engine, export)
    assert taken_up.attempt == 2
    failing = old.changed(operation=ExportOperation.FAIL)
    for late in (old, failing):
        assert not engine.export_pages.handle(late, 0).goes_on
        assert stored(engine, export) == taken_up
    place = old.export.changed(attempt=2)
    assert engine.export_pages.handle(old.changed(export=place), 0).goes_on
    assert stored(engine, export).stalls == 0


@pytest.mark.usefixtures("small")
def test_the_slower_of_two_concurrent_visits_stops(
    engine: Engine,
) -> None:
    test_history.fill(engine)
    export = ask(engine, "RUNS")
    lists = engine.export_pages.lists

    class Beaten:
        """Makes a whole other visit before the slow visit reads a page."""

        def page(self, *given: Any) -> Any:
            assert engine.export_pages.handle(event(export), 0).goes_on
            return lists.page(*given)

    slow = replace(engine.export_pages, lists=Beaten())  # type: ignore[arg-type]
    assert not slow.handle(event(export), engine.clock.now).goes_on
    assert stored(engine, export).rows == 3


def test_the_pasted_address_of_an_unknown_contact_is_not_stored(engine: Engine) -> None:
    for pasted in ("Nobody@Example.com", "+4915100000000"):
        asked = BulkCancelDocument.model_validate({"filter": {"contact": pasted}, "reason": "x"})
        canceled = engine.bulk_cancels.begin("ws_demo", asked, BY)
        export = ask(engine, "RUNS", contact=pasted)
        assert (export.filter.contact, export.filter.is_empty) == (None, True)
        assert (canceled.filter.contact, canceled.matched) == (None, 0)
    words = ("nobody@example.com", "+4915100000000")
    assert find_words(stored_in_engine(engine), words) == []


@pytest.mark.usefixtures("small")
def test_a_failed_export_says_why_and_leaves_no_upload(engine: Engine) -> None:
    test_history.fill(engine)
    export = ask(engine, "RUNS")
    for _ in range(3):
        engine.export_pages.handle(event(export), 0)
    assert len(uploads()) == 1
    cause = json.dumps({"errorType": "ServiceError", "errorMessage": "S3 refused it"})
    failing = event(export, ExportOperation.FAIL).changed(
        caught=Caught(Error="ServiceError", Cause=cause)
    )
    for _ in range(2):
        assert not engine.export_pages.handle(failing, 0).goes_on
    failed = stored(engine, export)
    assert (failed.status, failed.error) == (ExportStatus.FAILED, "S3 refused it")
    assert uploads() == []
    engine.due_work.settle_due(100)
    assert stored(engine, export) == failed
    # Another's words may be a row's.
    other = ask(engine, "RUNS")
    told = Caught(Error="ValidationError", Cause='{"errorMessage": "ada@example.com"}')
    engine.export_pages.handle(event(other, ExportOperation.FAIL).changed(caught=told), 0)
    assert "ada@example.com" not in str(stored(engine, other).error)


def test_the_tick_restarts_a_stalled_export_five_times_and_then_fails_it(engine: Engine) -> None:
    export = ask(engine, "RUNS")
    attempts = []
    for _ in range(8):
        engine.clock.advance(6 * MINUTE)
        engine.due_work.settle_due(100)
        attempts.append(stored(engine, export).attempt)
    assert attempts == [2, 3, 4, 5, 6, 6, 6, 6]
    failed = stored(engine, export)
    assert failed.status is ExportStatus.FAILED
    assert "no progress in 5 tries" in str(failed.error)
    assert list(engine.stores.due.rows(engine.clock.now + DAY)) == []


def test_an_export_that_takes_too_long_fails(engine: Engine) -> None:
    export = ask(engine, "RUNS")
    engine.clock.advance(13 * HOUR)
    assert not engine.export_pages.handle(event(export), 0).goes_on
    assert "within 12 hours" in str(stored(engine, export).error)


@pytest.mark.usefixtures("small")
def test_exports_of_a_deleted_workspace_are_removed_while_in_progress(engine: Engine) -> None:
    test_history.fill(engine)
    done, begun = ask(engine, "RUNS"), ask(engine, "RUNS")
    write(engine, done)
    for _ in range(3):
        engine.export_pages.handle(event(begun), 0)
    removal = ExportRemoval(engine.stores.exports, engine.export_files)
    assert removal.delete_some("ws_dem") == 0
    assert removal.delete_some("ws_demo") > 0
    assert removal.delete_some("ws_demo") == 0
    assert (objects(), uploads()) == ([], [])
    assert not engine.export_pages.handle(event(begun), 0).goes_on
    with pytest.raises(NotFoundError):
        stored(engine, begun)


def test_an_object_that_s3_did_not_delete_is_an_error() -> None:
    class Keeping:
        def list_objects_v2(self, **request: Any) -> Any:
            return {"Contents": [{"Key": "exports/ws_demo/exp_1/a"}]}

        def delete_objects(self, **request: Any) -> Any:
            return {"Errors": [{"Key": "exports/ws_demo/exp_1/a", "Code": "AccessDenied"}]}

    kept: Any = Keeping()
    with pytest.raises(ServiceError, match="S3 did not delete exports/ws_demo/exp_1/a"):
        ExportFiles(kept, BUCKET).delete_some("ws_demo")


def test_completing_an_upload_again_changes_nothing(engine: Engine) -> None:
    files = engine.export_files
    upload = files.begin("exports/ws_demo/exp_1/a", "text/csv")
    part = files.upload("exports/ws_demo/exp_1/a", upload, 3, b"id\r\n")
    for _ in range(2):
        files.complete("exports/ws_demo/exp_1/a", upload, [part])
        files.abort("exports/ws_demo/exp_1/a", upload)
    assert files.read("exports/ws_demo/exp_1/a") == b"id\r\n"


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────


def visit(export_id: str) -> Any:
    from functions.export_page import handler as module

    services.cache_clear()
    asked = sample("export_page")
    asked["export"]["exportId"] = export_id
    return module.handler(asked, CONTEXT)


def test_a_member_requests_a_file_and_gets_a_link(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    test_refusal_lists.fill(deployed)
    ada = deployed.contacts.look_up("ws_demo", "ada@example.com")
    body = {
        "list": "REFUSALS",
        "format": "CSV",
        "filter": {"reason": "NO_CONTACT", "contact": "ada@example.com", "range": "7d"},
    }
    assert call("POST", "/v1/exports", body, role="viewer")["status"] == 403
    asked = call("POST", "/v1/exports", body, role="member")
    assert asked["status"] == 202, asked
    made = asked["body"]
    assert (made["status"], made["rows"], made["url"]) == ("PENDING", 0, None)
    assert made["requestedBy"] == BY
    told = made["filter"]
    assert (told["reason"], told["status"], told["contact"]) == (["NO_CONTACT"], [], ada)
    assert told["from"] < told["to"] == made["createdAt"]

    assert visit(made["id"])["goesOn"] is False
    path = f"/v1/exports/{made['id']}"
    read = call("GET", path, role="member")["body"]
    assert (read["status"], read["error"], read["filter"]) == ("COMPLETED", None, told)
    link = urlsplit(read["url"])
    query = parse_qs(link.query)
    assert query["response-cache-control"] == ["no-store"]
    (disposition,) = query["response-content-disposition"]
    assert disposition.startswith('attachment; filename="runledger-refusals-2')
    assert query["X-Amz-Expires"] == ["300"]
    assert link.path.rpartition("exports/")[2].startswith(f"ws_demo/{made['id']}/")
    assert read["urlExpiresAt"] < read["expiresAt"]
    seen = call("GET", path, role="viewer")["body"]
    assert seen == {**read, "url": None, "urlExpiresAt": None}
    listed = call("GET", "/v1/exports", role="viewer")["body"]
    assert listed == {"items": [seen], "nextCursor": None}
    for missing in ("exp_nothing", "x" * 3_000):
        assert call("GET", f"/v1/exports/{missing}")["status"] == 404


@pytest.mark.usefixtures("small")
def test_parts_are_uploaded_without_checksums_that_forbid_gaps_in_numbers(
    deployed: Engine,
) -> None:
    deployed.clock.follow_the_machine()
    filled = test_refusal_lists.fill(deployed)
    sent: dict[str, list[str]] = {}

    def watch(request: Any, event_name: str, **more: Any) -> None:
        operation = event_name.rpartition(".")[2]
        sent.setdefault(operation, []).extend(name.lower() for name in request.headers)

    aws.client("s3").meta.events.register("before-send.s3", watch)
    asked = call("POST", "/v1/exports", {"list": "REFUSALS", "format": "CSV"})["body"]
    while visit(asked["id"])["goesOn"]:
        continue
    read = call("GET", f"/v1/exports/{asked['id']}")["body"]
    assert (read["status"], read["rows"]) == ("COMPLETED", len(filled))
    for operation in ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"):
        checksums = [name for name in sent[operation] if "checksum" in name]
        assert checksums == [], operation
    assert "content-md5" in sent["UploadPart"]


def test_exports_are_listed_newest_first_in_pages_and_expire(deployed: Engine) -> None:
    deployed.clock.now = now_ms() - KEPT - DAY
    old = ask(deployed, "RUNS")
    write(deployed, old)
    deployed.clock.follow_the_machine()
    made = [old, *(ask(deployed, "RUNS") for _ in range(2))]
    first = call("GET", "/v1/exports", query="limit=2")["body"]
    second = call("GET", "/v1/exports", query=f"limit=2&cursor={first['nextCursor']}")["body"]
    items = first["items"] + second["items"]
    assert [each["id"] for each in items] == [each.id for each in reversed(made)]
    assert (items[-1]["status"], items[-1]["url"]) == ("COMPLETED", None)


REFUSED = [
    ("RUNS", {"range": "8d"}, "filter.range"),
    ("RUNS", {"range": "24h", "to": "2026-01-01T00:00:00Z"}, "filter.range"),
    ("RUNS", {"from": "yesterday"}, "filter.from"),
    ("RUNS", {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "filter.from"),
    ("RUNS", {"contact": "Ada"}, "filter.contact"),
    ("RUNS", {"status": ["SENT"]}, "filter.status"),
    ("RUNS", {"channel": "EMAIL"}, "filter.channel"),
    ("RUNS", {"stauts": "FAILED"}, "filter.stauts"),
    ("RUNS", {"triggerType": ["FAX"]}, "filter.triggerType"),
    ("REFUSALS", {"errorGroup": "err_1"}, "filter.errorGroup"),
    ("RUNS", {"address": "ada@example.com"}, "filter.address"),
    ("DELIVERIES", {"address": "Ada"}, "filter.address"),
    ("DELIVERIES", {"channel": "FAX"}, "filter.channel"),
    ("DELIVERIES", {"reason": "DUPLICATE"}, "filter.reason"),
    ("REFUSALS", {"status": "FAILED"}, "filter.status"),
    ("PEOPLE", {}, "list"),
]


def test_an_invalid_filter_is_refused_by_its_name(deployed: Engine) -> None:
    for name, filters, field in REFUSED:
        body = {"list": name, "format": "CSV", "filter": filters}
        answer = call("POST", "/v1/exports", body, role="member")
        assert (answer["status"], answer["body"].get("field")) == (422, field), answer
    assert call("GET", "/v1/exports")["body"]["items"] == []


def test_an_export_of_another_workspace_is_not_found(deployed: Engine) -> None:
    deployed.clock.follow_the_machine()
    deployed.contacts.create("ws_demo", ContactDocument(email="ada@example.com"))
    document = ExportDocument.model_validate({"list": "RUNS", "format": "CSV"})
    other = deployed.export_requests.create("ws_other", document, BY)
    assert call("GET", f"/v1/exports/{other.id}")["status"] == 404
    assert call("GET", "/v1/exports")["body"]["items"] == []
    assert deployed.table.get(keys.export("ws_other", other.id)) is not None
