"""An import writes each row of its file once, and its report says what each row did."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws
from runledger.api.contact_imports import ImportDocument, ImportStartDocument
from runledger.clock import DAY, HOUR, MINUTE, iso
from runledger.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PayloadTooLargeError,
    TransientError,
)
from runledger.models.consent import (
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    Consents,
    ConsentSource,
)
from runledger.models.contact import Contact, ContactDocument
from runledger.models.contact_import import ContactImport, ImportStatus, RowOutcome
from runledger.services.bulk import import_visits
from runledger.services.bulk.import_contract import ImportEvent, ImportOperation, ImportPlace
from runledger.services.bulk.visits import Caught

from tests.support.depth import is_deep
from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET
from tests.support.memory_table import MemoryTable

WORKSPACE = "ws_demo"
MARKETING = ConsentPurpose.MARKETING
BY = "ada@example.com"
COLUMNS = [
    {"column": "E-mail", "field": "email"},
    {"column": "First name", "field": "firstName"},
    {"column": "Plan", "field": "metadata.plan"},
    {"column": "Tags", "field": "tags"},
]
HEAD = "E-mail,First name,Plan,Tags\r\n"
ROWS = [
    "ada@example.com,Ada,gold,vip;early\r\n",
    "bob@example.com,Bob,,\r\n",
    'carol@example.com,"Carol ""C"", the\r\nthird",silver,vip\r\n',
]


def upload(
    engine: Engine, data: bytes | str, format_: str = "CSV", part_bytes: int = 4_000_000
) -> ContactImport:
    document = ImportDocument.model_validate({"format": format_, "fileName": "people.csv"})
    made = engine.import_requests.create(WORKSPACE, document, BY)
    whole = data.encode() if isinstance(data, str) else data
    for number, start in enumerate(range(0, len(whole), part_bytes), start=1):
        part = whole[start : start + part_bytes]
        made = engine.import_requests.put_part(WORKSPACE, made.id, number, part)
    return made


def start(engine: Engine, made: ContactImport, **more: Any) -> ContactImport:
    asked = {"parts": len(made.parts), "by": "email", "columns": COLUMNS, **more}
    document = ImportStartDocument.model_validate(asked)
    return engine.import_requests.start(WORKSPACE, made.id, document, BY)


def visit(engine: Engine, made: ContactImport, until: int = 0) -> ImportPlace:
    place = ImportPlace(workspace_id=WORKSPACE, import_id=made.id, attempt=made.attempt)
    return engine.import_visits.handle(
        ImportEvent(operation=ImportOperation.ROWS, place=place), until
    )


def stored(engine: Engine, made: ContactImport) -> ContactImport:
    return engine.stores.imports.get(WORKSPACE, made.id, engine.clock.now)


def ended(engine: Engine, made: ContactImport) -> ContactImport:
    """Makes visits until the import has ended. Each visit does one chunk."""
    while visit(engine, made).goes_on:
        continue
    return stored(engine, made)


def imported(engine: Engine, data: bytes | str, **more: Any) -> ContactImport:
    format_ = more.pop("format_", "CSV")
    return ended(engine, start(engine, upload(engine, data, format_), **more))


def report(engine: Engine, made: ContactImport) -> list[dict[str, str]]:
    assert made.report_key is not None
    text = engine.import_files.read(made.report_key).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def outcomes(engine: Engine, made: ContactImport) -> list[tuple[str, str]]:
    return [(row["row"], row["outcome"]) for row in report(engine, made)]


def people(engine: Engine) -> dict[str | None, Contact]:
    contacts, _ = engine.stores.contacts.newest(WORKSPACE, 100_000, None)
    return {each.email: each for each in contacts}


def objects() -> list[str]:
    listed = client_of("s3").list_objects_v2(Bucket=BUCKET, Prefix="imports/")
    return [each["Key"] for each in listed.get("Contents", [])]


def test_a_file_creates_its_contacts_and_the_same_file_changes_nothing(engine: Engine) -> None:
    made = imported(engine, HEAD + "".join(ROWS))
    assert (made.status, made.total) == (ImportStatus.COMPLETED, 3)
    assert outcomes(engine, made) == [("2", "CREATED"), ("3", "CREATED"), ("4", "CREATED")]
    found = people(engine)
    ada = found["ada@example.com"]
    assert (ada.first_name, ada.metadata, ada.tags) == ("Ada", {"plan": "gold"}, ("vip", "early"))
    assert found["carol@example.com"].first_name == 'Carol "C", the\r\nthird'
    assert [each["contactId"] for each in report(engine, made)] == [
        found[f"{name}@example.com"].id for name in ("ada", "bob", "carol")
    ]
    before = engine.rows()
    again = imported(engine, HEAD + "".join(ROWS))
    assert Counter(each for _, each in outcomes(engine, again)) == {"UNCHANGED": 3}
    contacts = [row for row in engine.rows() if "#CONTACT" in row["pk"]]
    assert contacts == [row for row in before if "#CONTACT" in row["pk"]]


def test_only_the_report_of_an_ended_import_is_kept(engine: Engine) -> None:
    made = imported(engine, HEAD + "".join(ROWS))
    assert objects() == [made.report_key]
    assert (made.parts, made.chunks, made.planned) == ({}, (), "")
    assert engine.stores.due.rows(engine.clock.now + DAY) is not None
    due = [row for row in engine.rows() if row["sk"] == made.id and "dueKey" in row]
    assert due == []


def test_empty_cells_change_nothing_and_tags_are_added(engine: Engine) -> None:
    imported(engine, HEAD + ROWS[0])
    made = imported(engine, HEAD + "ADA@example.com ,,,new\r\n", tags=["imported"])
    assert made.counts == {RowOutcome.UPDATED: 1}
    ada = people(engine)["ada@example.com"]
    assert (ada.first_name, ada.metadata) == ("Ada", {"plan": "gold"})
    assert ada.tags == ("vip", "early", "new", "imported")


def test_a_bad_row_is_reported_and_the_others_are_imported(engine: Engine) -> None:
    data = HEAD + (
        "not an address,A,,\r\n"
        ",Nobody,,\r\n"
        "\r\n"
        "dora@example.com,Dora,x,y,one too many\r\n"
        f"ed@example.com,{'x' * 201},,\r\n"
        "fay@example.com,Fay\r\n"
    )
    made = imported(engine, data)
    assert outcomes(engine, made) == [
        ("2", "FAILED"),
        ("3", "FAILED"),
        ("5", "FAILED"),
        ("6", "FAILED"),
        ("7", "CREATED"),
    ]
    problems = [(each["column"], each["problem"]) for each in report(engine, made)[:4]]
    assert problems == [
        ("E-mail", "not an e-mail address; write one such as ada@example.com"),
        ("E-mail", "the value is missing, by which the contact is found"),
        ("", "the row has 5 cells, but the header has 4; check its separators and quotes"),
        ("First name", "must have at most 200 characters"),
    ]
    assert [(each.row, each.column, each.text) for each in made.problems] == [
        (row, column or None, text)
        for row, (column, text) in zip((2, 3, 5, 6), problems, strict=True)
    ]
    assert list(people(engine)) == ["fay@example.com"]


def test_rows_of_one_contact_are_applied_in_their_order(engine: Engine) -> None:
    data = HEAD + "a@example.com,One,,\r\nb@example.com,B,,\r\na@example.com,Two,,\r\n"
    made = imported(engine, data)
    assert [each for _, each in outcomes(engine, made)] == ["CREATED", "CREATED", "UPDATED"]
    assert people(engine)["a@example.com"].first_name == "Two"


def test_an_address_of_another_contact_fails_its_row(engine: Engine) -> None:
    engine.contacts.create(WORKSPACE, ContactDocument(email="a@example.com"))
    data = "id,mail\r\n1,a@example.com\r\n2,b@example.com\r\n3,b@example.com\r\n"
    columns = [
        {"column": "id", "field": "externalIds.crm"},
        {"column": "mail", "field": "email"},
    ]
    dry = upload(engine, data)
    asked = {"by": "externalId", "name": "crm", "columns": columns}
    foreseen = ended(engine, start(engine, dry, dryRun=True, **asked))
    assert [each for _, each in outcomes(engine, foreseen)] == ["FAILED", "CREATED", "REPEATED"]
    made = ended(engine, start(engine, foreseen, parts=1, **asked))
    found = report(engine, made)
    assert [each["outcome"] for each in found] == ["FAILED", "CREATED", "FAILED"]
    assert {found[0]["problem"], found[2]["problem"]} == {"this e-mail belongs to another contact"}
    assert {found[0]["column"], found[2]["column"]} == {"mail"}


def test_a_dry_run_says_what_the_import_does_and_writes_no_contact(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 2)
    imported(engine, HEAD + ROWS[0] + ROWS[1])
    rows = [
        "ada@example.com,Ada,gold,vip\r\n",
        "bob@example.com,Robert,,\r\n",
        "new@example.com,New,,\r\n",
        "wrong,,,\r\n",
        "NEW@example.com,Newer,,\r\n",
    ]
    before = [row for row in engine.rows() if "#IMPORT" not in row["pk"]]
    checked = ended(engine, start(engine, upload(engine, HEAD + "".join(rows)), dryRun=True))
    assert [row for row in engine.rows() if "#IMPORT" not in row["pk"]] == before
    assert checked.status is ImportStatus.CHECKED
    foreseen = [each for _, each in outcomes(engine, checked)]
    assert foreseen == ["UNCHANGED", "UPDATED", "CREATED", "FAILED", "REPEATED"]
    made = ended(engine, start(engine, checked, parts=1))
    done = [each for _, each in outcomes(engine, made)]
    assert done == [*foreseen[:4], "UPDATED"]


CONSENTS = [
    {"column": "mail", "field": "email"},
    {"column": "news", "field": "consents.marketing"},
    {"column": "sms", "field": "consents.channels.SMS.marketing"},
]
PROOF = [
    *CONSENTS,
    {"column": "from", "field": "consents.source"},
    {"column": "on", "field": "consents.date"},
]


def test_consents_change_only_where_a_column_says_so(engine: Engine) -> None:
    data = "mail,news,sms\r\na@example.com,yes,\r\nb@example.com,,TRUE\r\nc@example.com,,\r\n"
    imported(engine, data + "d@example.com,maybe,\r\n", columns=CONSENTS)
    found = people(engine)
    given = {
        mail: (each.consents.marketing, each.consents.allows(MARKETING, ConsentChannel.SMS))
        for mail, each in found.items()
    }
    assert given == {
        "a@example.com": (True, True),
        "b@example.com": (False, True),
        "c@example.com": (False, False),
    }
    made = imported(engine, data, columns=CONSENTS)
    assert made.counts == {RowOutcome.UNCHANGED: 3}
    change = engine.stores.contacts.consent_record(WORKSPACE, found["a@example.com"].id)[0]
    assert (change.source.origin, change.source.by) == (ConsentOrigin.IMPORT, BY)
    assert (change.source.detail or "").startswith("imp_")
    # A file without such columns leaves them.
    imported(engine, HEAD + "a@example.com,A,,\r\n")
    assert people(engine)["a@example.com"].consents.marketing


def test_a_withdrawn_consent_returns_only_with_a_source_and_a_later_date(engine: Engine) -> None:
    document = ContactDocument(email="a@example.com", consents=Consents(marketing=True))
    person = engine.contacts.create(WORKSPACE, document)
    source = ConsentSource(origin=ConsentOrigin.UNSUBSCRIBE)
    engine.clock.advance(10 * DAY)
    engine.contacts.set_consent(WORKSPACE, person.id, MARKETING, None, False, source)
    withdrawn = engine.clock.now
    engine.clock.advance(10 * DAY)

    def row(*cells: str) -> str:
        return "mail,news,sms,from,on\r\n" + ",".join(("a@example.com", *cells)) + "\r\n"

    before, after = iso(withdrawn - DAY), iso(withdrawn + DAY)
    for cells in (("true", ""), ("true", "", "Fair", before), ("true", "", "", after)):
        made = imported(engine, row(*cells), columns=PROOF)
        assert made.counts == {RowOutcome.UNCHANGED: 1}
        assert "the consent was withdrawn and stays so" in report(engine, made)[0]["problem"]
        assert not people(engine)["a@example.com"].consents.marketing
    for wrong in ("soon", iso(engine.clock.now + DAY)):
        made = imported(engine, row("true", "", "Fair", wrong), columns=PROOF)
        assert made.counts == {RowOutcome.FAILED: 1}
    made = imported(engine, row("true", "", "Fair", after), columns=PROOF)
    assert (made.counts, made.problems) == ({RowOutcome.UPDATED: 1}, ())
    assert people(engine)["a@example.com"].consents.marketing
    record = engine.stores.contacts.consent_record(WORKSPACE, person.id)
    assert record[-1].source.detail == f"Fair ({made.id})"
    made = imported(engine, row("false", "", "", ""), columns=PROOF)
    assert not people(engine)["a@example.com"].consents.marketing


def test_json_lines_keep_their_types(engine: Engine) -> None:
    lines = [
        {"who": {"mail": "a@example.com"}, "age": 41, "tags": ["x, y", "z"], "note": {"a": [1]}},
        {"who": {"mail": "b@example.com"}, "age": None, "tags": None},
        ["not an object"],
    ]
    columns = [
        {"column": "who.mail", "field": "email"},
        {"column": "age", "field": "metadata.age"},
        {"column": "note", "field": "metadata.note"},
        {"column": "tags", "field": "tags"},
    ]
    data = "\n".join(json.dumps(each) for each in lines) + "\nnot json"
    made = imported(engine, data, format_="JSONL", columns=columns)
    assert outcomes(engine, made) == [
        ("1", "CREATED"),
        ("2", "CREATED"),
        ("3", "FAILED"),
        ("4", "FAILED"),
    ]
    found = people(engine)
    assert found["a@example.com"].metadata == {"age": 41, "note": {"a": [1]}}
    assert found["a@example.com"].tags == ("x, y", "z")
    assert found["b@example.com"].metadata == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((HEAD + ROWS[0]).encode() + b"j\xf6rg@example.com,,,\r\n", "row 3 is not UTF-8"),
        ((HEAD + ROWS[0]).encode() + b'"x@example.com,,,\r\n', "row 3 opens a quote"),
        ((HEAD + ROWS[0]).encode() + b'"x"@example.com,,,\r\n', "row 3 has text behind"),
        (HEAD.encode(), "the file has no rows"),
    ],
)
def test_a_file_that_cannot_be_read_writes_nothing(engine: Engine, data: bytes, words: str) -> None:
    made = imported(engine, data)
    assert made.status is ImportStatus.FAILED
    assert words in (made.error or "")
    assert (people(engine), made.counts) == ({}, {})
    assert objects() == [made.report_key]


def test_an_import_cannot_start_without_its_whole_file_or_with_a_wrong_mapping(
    engine: Engine,
) -> None:
    made = upload(engine, HEAD + ROWS[0])
    with pytest.raises(ConflictError, match="parts 1 to 2, but it has 1"):
        start(engine, made, parts=2)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"by": "phone"}, "columns"),
        ({"by": "externalId"}, "name"),
        ({"columns": [{"column": "Mail", "field": "email"}]}, "columns.0.column"),
        ({"columns": [{"column": "E-mail", "field": "mail"}]}, "columns.0.field"),
        ({"columns": [{"column": "E-mail", "field": "metadata."}]}, "columns.0.field"),
        ({"columns": [*COLUMNS, {"column": "Plan", "field": "email"}]}, "columns.0.field"),
        (
            {"columns": [{"column": "E-mail", "field": "email", "kind": "NUMBER"}]},
            "columns.0.kind",
        ),
    ]
    for asked, field in wrong:
        with pytest.raises(InvalidInputError) as refused:
            start(engine, made, **asked)
        assert refused.value.field == field
    doubled = upload(engine, "E-mail,E-mail\r\na@example.com,\r\n")
    with pytest.raises(InvalidInputError, match="2 columns named"):
        start(engine, doubled, columns=COLUMNS[:1])
    assert stored(engine, made).status is ImportStatus.UPLOADING
    start(engine, made)
    with pytest.raises(ConflictError, match="already been started"):
        start(engine, made)
    with pytest.raises(ConflictError, match="no longer accepts parts"):
        engine.import_requests.put_part(WORKSPACE, made.id, 2, b"x")


def test_parts_arrive_in_any_order_and_may_be_repeated(engine: Engine) -> None:
    whole = (HEAD + "".join(ROWS)).encode()
    document = ImportDocument.model_validate({"format": "CSV", "fileName": "people.csv"})
    made = engine.import_requests.create(WORKSPACE, document, BY)
    put = engine.import_requests.put_part
    for number, part in ((3, whole[60:]), (1, b"wrong"), (2, whole[21:60]), (1, whole[:21])):
        made = put(WORKSPACE, made.id, number, part)
    assert (sorted(made.parts), made.size, len(objects())) == ([1, 2, 3], len(whole), 3)
    made = ended(engine, start(engine, made))
    assert made.counts == {RowOutcome.CREATED: 3}


def test_limits_of_parts_and_files(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = upload(engine, b"x" * 4_000_000)
    put = engine.import_requests.put_part
    with pytest.raises(PayloadTooLargeError, match="a part has at most"):
        put(WORKSPACE, made.id, 2, b"x" * (4 * 1024 * 1024 + 1))
    for number in (0, 101):
        with pytest.raises(InvalidInputError, match="number"):
            put(WORKSPACE, made.id, number, b"x")
    with pytest.raises(InvalidInputError, match="empty"):
        put(WORKSPACE, made.id, 2, b"")
    with pytest.raises(NotFoundError):
        put("ws_other", made.id, 2, b"x")
    monkeypatch.setattr("runledger.services.bulk.imports.MAX_FILE_BYTES", 4_000_010)
    put(WORKSPACE, made.id, 2, b"x" * 10)
    with pytest.raises(PayloadTooLargeError, match="a file has at most"):
        put(WORKSPACE, made.id, 2, b"x" * 11)


def many(count: int) -> str:
    return HEAD + "".join(
        f"person{number}@example.com,Person {number},{'gold' if number % 3 else 'silver'},vip\r\n"
        for number in range(count)
    )


class Killed(BaseException):
    """The process is gone."""


def kill_after(engine: Engine, monkeypatch: pytest.MonkeyPatch, writes: int) -> Callable[[], None]:
    """Lets the process die after so many writes of contacts. Returns a function that ends this."""
    table, made = engine.table, 0
    original = table.transact

    def transact(*given: Any, **more: Any) -> None:
        nonlocal made
        original(*given, **more)
        made += 1
        if made == writes:
            raise Killed

    monkeypatch.setattr(table, "transact", transact)
    return lambda: monkeypatch.setattr(table, "transact", original)


@pytest.fixture
def in_memory() -> Iterator[Engine]:
    """An engine with a table in memory: moto's DynamoDB would take minutes for thousands of
    transactions."""
    with mock_aws():
        yield Engine(table=MemoryTable())


@pytest.mark.timeout(600)
def test_a_kill_in_the_middle_leaves_every_row_once_and_the_report_true(
    in_memory: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = in_memory
    count = 5_000 if is_deep() else 600
    known = many(count // 10)
    imported(engine, known.replace("gold", "bronze"))
    made = start(engine, upload(engine, many(count), part_bytes=10_007))
    cure = kill_after(engine, monkeypatch, count // 2 + 7)
    with pytest.raises(Killed):
        visit(engine, made, engine.clock.now + HOUR)
    cure()
    engine.clock.advance(6 * MINUTE)
    engine.due_work.settle_due(100)
    taken_up = stored(engine, made)
    assert (taken_up.attempt, taken_up.status) == (2, ImportStatus.RUNNING)
    assert 0 < taken_up.done < count
    # The execution that was thought dead changes nothing any more.
    assert not visit(engine, made).goes_on
    assert stored(engine, made) == taken_up
    done = ended(engine, taken_up)
    assert done.status is ImportStatus.COMPLETED
    rows = report(engine, done)
    assert [int(each["row"]) for each in rows] == list(range(2, count + 2))
    # Of the known contacts, every third is silver already.
    changed = {number for number in range(count // 10) if number % 3}
    assert [each["outcome"] for each in rows] == [
        "UPDATED" if number in changed else ("UNCHANGED" if number < count // 10 else "CREATED")
        for number in range(count)
    ]
    found = people(engine)
    assert len(found) == count
    assert [each["contactId"] for each in rows] == [
        found[f"person{number}@example.com"].id for number in range(count)
    ]
    again = imported(engine, many(count))
    assert again.counts == {RowOutcome.UNCHANGED: count}


def test_a_change_between_plan_and_write_is_kept(engine: Engine) -> None:
    imported(engine, HEAD + ROWS[0])
    ada = people(engine)["ada@example.com"]
    made = start(engine, upload(engine, HEAD + "ada@example.com,Adele,,\r\nz@example.com,Z,,\r\n"))
    rows = engine.import_visits.contacts
    plan = rows.plan
    meddled: list[Contact] = []

    class Meddled:
        """Between plan and write, changes the contact of the first row and creates the contact of
        the second row."""

        def plan(self, *given: Any) -> Any:
            found = plan(*given)
            if not meddled:
                changes = {"lastName": "Lovelace"}
                meddled.append(engine.contacts.patch(WORKSPACE, ada.id, changes))
                engine.contacts.create(WORKSPACE, ContactDocument(email="z@example.com"))
            return found

        write = staticmethod(rows.write)

    visits = import_visits.ImportVisits(
        engine.stores.imports,
        engine.import_files,
        Meddled(),  # type: ignore[arg-type]
        engine.gather,
        engine.clock,
    )
    place = ImportPlace(workspace_id=WORKSPACE, import_id=made.id)
    visits.handle(ImportEvent(operation=ImportOperation.ROWS, place=place), 0)
    assert [each for _, each in outcomes(engine, stored(engine, made))] == ["UPDATED", "UPDATED"]
    found = people(engine)
    assert (found[ada.email].first_name, found[ada.email].last_name) == ("Adele", "Lovelace")
    assert (len(found), found["z@example.com"].first_name) == (2, "Z")


def test_a_canceled_import_ends_after_the_rows_that_are_being_written(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 10)
    made = start(engine, upload(engine, many(35)))
    assert visit(engine, made).goes_on
    asked = engine.import_requests.cancel(WORKSPACE, made.id, BY)
    assert (asked.status, asked.canceled_by) == (ImportStatus.RUNNING, BY)
    assert not visit(engine, made).goes_on
    done = stored(engine, made)
    assert (done.status, done.counts) == (ImportStatus.CANCELED, {RowOutcome.CREATED: 10})
    assert len(people(engine)) == len(report(engine, done)) == 10
    assert engine.import_requests.cancel(WORKSPACE, made.id, BY) == done
    whole = imported(engine, HEAD + ROWS[0])
    with pytest.raises(ConflictError, match="has ended"):
        engine.import_requests.cancel(WORKSPACE, whole.id, BY)


def test_an_import_that_never_started_can_be_canceled(engine: Engine) -> None:
    made = engine.import_requests.cancel(WORKSPACE, upload(engine, many(3)).id, BY)
    assert made.status is ImportStatus.CANCELED
    visit(engine, made)
    assert objects() == []
    with pytest.raises(ConflictError):
        start(engine, made, parts=1)


def test_a_failed_execution_says_which_rows_are_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 10)
    made = start(engine, upload(engine, many(25)))
    visit(engine, made)
    cure = kill_after(engine, monkeypatch, 3)
    with pytest.raises(Killed):
        visit(engine, made)
    cure()
    place = ImportPlace(workspace_id=WORKSPACE, import_id=made.id)
    cause = json.dumps({"errorMessage": "the row's text", "errorType": "KeyError"})
    caught = Caught.model_validate({"Error": "KeyError", "Cause": cause})
    failing = ImportEvent(operation=ImportOperation.FAIL, place=place, caught=caught)
    engine.import_visits.handle(failing, 0)
    done = stored(engine, made)
    assert done.counts == {RowOutcome.CREATED: 10, RowOutcome.UNKNOWN: 10}
    assert (
        done.error == "the import failed unexpectedly; the log of import_contacts has the details"
    )
    assert Counter(each for _, each in outcomes(engine, done)) == {"CREATED": 10, "UNKNOWN": 10}


def test_an_import_without_progress_fails_after_some_tries(engine: Engine) -> None:
    made = start(engine, upload(engine, many(3)))
    for _ in range(8):
        engine.clock.advance(6 * MINUTE)
        engine.due_work.settle_due(100)
    done = stored(engine, made)
    assert done.status is ImportStatus.FAILED
    assert "no progress in 5 tries" in (done.error or "")
    assert not visit(engine, done).goes_on


def test_a_fault_of_aws_fails_no_row(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = start(engine, upload(engine, many(20)))
    table, original = engine.table, engine.table.transact
    calls = 0

    def transact(*given: Any, **more: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise TransientError("throttled")
        original(*given, **more)

    monkeypatch.setattr(table, "transact", transact)
    with pytest.raises(TransientError):
        visit(engine, made)
    assert ended(engine, made).counts == {RowOutcome.CREATED: 20}


def test_an_import_under_way_does_not_bring_an_erased_person_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_visits, "CHUNK_ROWS", 2)
    person = engine.contacts.create(WORKSPACE, ContactDocument(email="b@example.com"))
    rows = "".join(f"{name}@example.com,{name},,\r\n" for name in "abcd")
    running = start(engine, upload(engine, HEAD + rows))
    write = engine.import_visits.contacts.write
    erased: list[Any] = []

    def write_or_erase(plan: Any) -> Any:
        if not erased:
            erased.append(engine.erasing.erase(WORKSPACE, person.id, None, BY))
        return write(plan)

    monkeypatch.setattr(type(engine.import_visits.contacts), "write", staticmethod(write_or_erase))
    assert not visit(engine, running).goes_on
    assert erased and "b@example.com" not in people(engine)


def test_an_erasure_ends_imports_and_deletes_their_files(engine: Engine) -> None:
    person = engine.contacts.create(WORKSPACE, ContactDocument(email="ada@example.com"))
    imported(engine, HEAD + ROWS[0])
    waiting = upload(engine, HEAD + ROWS[0])
    running = start(engine, upload(engine, HEAD + ROWS[0]))
    engine.clock.advance(MINUTE)
    engine.erasing.erase(WORKSPACE, person.id, None, BY)
    later = None
    for _ in range(15):
        engine.clock.advance(MINUTE)
        engine.due_work.settle_due(100)
        later = later or upload(engine, HEAD + ROWS[1])
    for each in (waiting, running):
        with pytest.raises(NotFoundError):
            stored(engine, each)
    assert not visit(engine, running).goes_on
    assert people(engine) == {}
    assert later is not None
    assert [later.id in key for key in objects()] == [True]
