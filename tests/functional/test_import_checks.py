"""A dry run says for every row what the import would do with it, as far as that can be known."""

import tracemalloc
from typing import Any

import pytest
from runledger.api.contact_imports import ImportDocument
from runledger.clock import HOUR, MINUTE
from runledger.errors import TransientError
from runledger.models.addresses import Address
from runledger.models.contact import ContactDocument
from runledger.models.contact_import import ContactImport, ImportStatus, RowOutcome
from runledger.services.bulk import import_visits
from runledger.services.bulk.import_repeats import SeenAddresses
from runledger.services.views.contact_imports import import_view

from tests.functional.test_imports import (
    BY,
    COLUMNS,
    HEAD,
    WORKSPACE,
    ended,
    imported,
    many,
    objects,
    outcomes,
    people,
    start,
    stored,
    upload,
    visit,
)
from tests.support.engine import Engine

WITH_PHONE = [
    {"column": "mail", "field": "email"},
    {"column": "phone", "field": "phone"},
    {"column": "name", "field": "firstName"},
]
REPEATS = "mail,phone,name\r\n" + "".join(
    f"{row}\r\n"
    for row in (
        "a@example.com,+4915112345601,A",
        "b@example.com,+4915112345602,B",
        "c@example.com,,C",
        # The phone number of the first row, and a repeated row that is wrong in any case.
        "d@example.com,+4915112345601,D",
        f"b@example.com,,{'x' * 201}",
        "c@example.com,,Other",
        "e@example.com,,E",
    )
)
FORESEEN = ["CREATED", "CREATED", "CREATED", "REPEATED", "FAILED", "REPEATED", "CREATED"]


def check(engine: Engine, made: ContactImport, **more: Any) -> ContactImport:
    return start(engine, made, dryRun=True, columns=WITH_PHONE, **more)


@pytest.mark.parametrize("rows", [1, 2, 250])
def test_rows_that_repeat_an_earlier_one_are_found_however_the_visits_are_cut(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", rows)
    made = ended(engine, check(engine, upload(engine, REPEATS)))
    assert [each for _, each in outcomes(engine, made)] == FORESEEN
    assert (made.status, made.seen) == (ImportStatus.CHECKED, ())
    assert len(objects()) == 2, "the file and the report"
    done = ended(engine, start(engine, made, columns=WITH_PHONE, parts=1))
    actual = [each for _, each in outcomes(engine, done)]
    assert [
        ours for ours, foreseen in zip(actual, FORESEEN, strict=True) if foreseen != "REPEATED"
    ] == [each for each in FORESEEN if each != "REPEATED"]
    assert (actual[3], actual[5]) == ("FAILED", "UPDATED")


def test_a_dry_run_that_died_knows_the_rows_whose_addresses_it_had_not_stored(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 2)
    monkeypatch.setattr(import_visits, "STORED_ROWS", 2)
    made = check(engine, upload(engine, REPEATS))
    assert visit(engine, made).goes_on
    monkeypatch.setattr(import_visits, "STORED_ROWS", 1_000)
    real, calls = engine.import_files.put, 0

    def put(*given: Any) -> str:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise TransientError("no S3")
        return real(*given)

    monkeypatch.setattr(engine.import_files, "put", put)
    with pytest.raises(TransientError):
        visit(engine, made, engine.clock.now + HOUR)
    monkeypatch.setattr(engine.import_files, "put", real)
    half = stored(engine, made)
    assert (half.row, len(half.seen)) == (5, 1)
    done = ended(engine, half)
    assert [each for _, each in outcomes(engine, done)] == FORESEEN


def test_the_addresses_of_half_a_million_rows_fit_into_the_memory_of_a_function() -> None:
    seen = SeenAddresses()
    tracemalloc.start()
    for number in range(20_000):
        seen.add([Address("EMAIL", f"person{number}@customer.example")])
    bytes_each = tracemalloc.get_traced_memory()[0] / 20_000
    tracemalloc.stop()
    assert bytes_each < 150
    assert seen.has([Address("EMAIL", "person7@customer.example")])
    assert not seen.has([Address("PHONE", "person7@customer.example")])


def test_a_row_takes_the_address_that_an_earlier_row_gave_away(engine: Engine) -> None:
    document = ContactDocument(email="old@example.com", external_ids={"crm": "1"})
    engine.contacts.create(WORKSPACE, document)
    columns = [
        {"column": "id", "field": "externalIds.crm"},
        {"column": "mail", "field": "email"},
    ]
    asked = {"by": "externalId", "name": "crm", "columns": columns}
    data = "id,mail\r\n1,new@example.com\r\n2,old@example.com\r\n"
    checked = ended(engine, start(engine, upload(engine, data), dryRun=True, **asked))
    assert [each for _, each in outcomes(engine, checked)] == ["UPDATED", "REPEATED"]
    made = imported(engine, data, **asked)
    assert [each for _, each in outcomes(engine, made)] == ["UPDATED", "CREATED"]
    assert people(engine)["old@example.com"].external_ids == {"crm": "2"}


def test_a_canceled_dry_run_reports_nothing_because_it_did_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 10)
    made = start(engine, upload(engine, many(35)), dryRun=True)
    assert visit(engine, made).goes_on
    assert stored(engine, made).counts == {RowOutcome.CREATED: 10}
    engine.import_requests.cancel(WORKSPACE, made.id, BY)
    done = ended(engine, made)
    assert (done.status, done.counts, done.report_key) == (ImportStatus.CANCELED, {}, None)
    assert objects() == []
    assert people(engine) == {}


def test_a_dry_run_without_progress_fails_without_results(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 10)
    made = start(engine, upload(engine, many(35)), dryRun=True)
    assert visit(engine, made).goes_on
    assert stored(engine, made).counts == {RowOutcome.CREATED: 10}
    for _ in range(8):
        engine.clock.advance(6 * MINUTE)
        engine.due_work.settle_due(100)
    done = stored(engine, made)
    assert (done.status, done.counts, done.problems) == (ImportStatus.FAILED, {}, ())
    assert done.error == "the check made no progress in 5 tries; nothing was written"


def test_an_import_shows_the_mapping_with_which_it_was_started(engine: Engine) -> None:
    document = ImportDocument.model_validate({"format": "CSV", "fileName": "people.csv"})
    assert import_view(engine.import_requests.create(WORKSPACE, document, BY)).mapping is None
    columns = [*COLUMNS[:2], {"column": "Plan", "field": "metadata.age", "kind": "NUMBER"}]
    made = upload(engine, HEAD + "a@example.com,A,41,\r\n")
    checked = ended(engine, start(engine, made, dryRun=True, columns=columns, tags=["new"]))
    mapping = import_view(checked).mapping
    assert mapping is not None
    assert mapping.model_dump(mode="json", by_alias=True) == {
        "by": "email",
        "name": None,
        "columns": [{"kind": "TEXT", **each} for each in columns],
        "tags": ["new"],
    }
