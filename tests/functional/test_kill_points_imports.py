"""If any AWS call of an import fails, or the process dies at that call, every row of the file is
still handled once, and the report of the import is true."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws
from runledger.services.bulk import import_visits

from tests.support.boundary import Call
from tests.support.engine import client_of
from tests.support.faults import Fault, FaultyCall
from tests.support.kill_points import kill_points
from tests.support.simulation import Simulation, open_simulation

BUCKET = "runledger-bodies"
FILE = (
    "mail,name,news\r\n"
    "old@example.com,Changed,true\r\n"
    "same@example.com,Same,\r\n"
    "new@example.com,New,true\r\n"
    "wrong,Nobody,\r\n"
    "new@example.com,Newer,\r\n"
    "last@example.com,Last,\r\n"
)
OUTCOMES = ["UPDATED", "UNCHANGED", "CREATED", "FAILED", "UPDATED", "CREATED"]
NAMES = {
    "old@example.com": "Changed",
    "same@example.com": "Same",
    "new@example.com": "Newer",
    "last@example.com": "Last",
}
START = {
    "parts": 1,
    "by": "email",
    "columns": [
        {"column": "mail", "field": "email"},
        {"column": "name", "field": "firstName"},
        {"column": "news", "field": "consents.marketing"},
    ],
}


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    s3: Any
    import_id: str
    restore: Callable[[], None]
    put_back: Callable[[], None]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with pytest.MonkeyPatch.context() as small, mock_aws(), open_simulation() as simulation:
        small.setattr(import_visits, "CHUNK_ROWS", 3)
        small.setattr(import_visits, "GROUP_ROWS", 2)
        s3 = client_of("s3")
        s3.create_bucket(Bucket=BUCKET)
        simulation.serve("s3", s3)
        simulation.make_import()
        for name in ("old", "same"):
            person = {"email": f"{name}@example.com", "firstName": name.title()}
            assert simulation.request("api", "POST", "/v1/contacts", person)["status"] == 201
        document = {"format": "CSV", "fileName": "people.csv"}
        made = simulation.request("api", "POST", "/v1/contacts/imports", document)
        path = f"/v1/contacts/imports/{made['body']['id']}"
        put = simulation.send_bytes(f"{path}/parts/1", FILE.encode())
        assert put["status"] == 200, put
        (file,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]

        def put_back() -> None:
            """Restores the bucket as it was before the start."""
            for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=each["Key"])
            s3.put_object(Bucket=BUCKET, Key=file["Key"], Body=FILE.encode())

        yield Ready(simulation, s3, made["body"]["id"], simulation.snapshot(), put_back)


def play(ready: Ready, point: int | None, fault: Fault | None) -> list[tuple[str, Call]]:
    """Plays the story, checks that it ended well, and returns its calls."""
    simulation = ready.simulation
    ready.restore()
    ready.put_back()
    faulty = FaultyCall(simulation, point, fault)
    simulation.boundary.around = faulty
    path = f"/v1/contacts/imports/{ready.import_id}"
    answer = simulation.request("api", "POST", f"{path}/start", START)
    # A caller without an answer repeats the request, which finds the import started.
    expected = (202,) if fault is None else (202, 409)
    assert answer["status"] in expected, (point, fault, answer, simulation.unforeseen)
    simulation.settle()
    where = "unbroken" if point is None else f"{point}: {fault} in {faulty.made[point]}"
    items = simulation.table.items()
    (row,) = [item for item in items if item["sk"] == ready.import_id]
    assert (row["status"], row["total"], row.get("error")) == ("COMPLETED", 6, None), where
    assert not {"dueKey", "gsi4pk", "planned", "chunks"} & set(row), where
    text = ready.s3.get_object(Bucket=BUCKET, Key=row["reportKey"])["Body"].read()
    report = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert [each["row"] for each in report] == ["2", "3", "4", "5", "6", "7"], where
    assert [each["outcome"] for each in report] == OUTCOMES, where
    counts = {name: OUTCOMES.count(name) for name in OUTCOMES}
    assert dict(row["counts"]) == counts, where
    contacts = {item["email"]: item for item in items if item["pk"].endswith("#CONTACT")}
    assert {mail: item["firstName"] for mail, item in contacts.items()} == NAMES, where
    assert len([item for item in items if item["pk"].endswith("#CONTACT")]) == 4, where
    ids = [contacts[mail]["sk"] for mail in ("old@example.com", "same@example.com")]
    new = contacts["new@example.com"]["sk"]
    ids += [new, "", new, contacts["last@example.com"]["sk"]]
    assert [each["contactId"] for each in report] == ids, where
    for name, is_given in (("old", True), ("same", False), ("new", True)):
        assert contacts[f"{name}@example.com"]["consents"]["marketing"] is is_given, where
    objects = ready.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    # A process that dies may leave a part of the report, which the bucket deletes.
    left = [each["Key"] for each in objects if each["Key"] != row["reportKey"]]
    assert [key for key in left if "/part-" in key] == [], where
    return faulty.made


@pytest.mark.timeout(300)
def test_after_any_fault_every_row_is_done_once_and_the_report_is_true(
    ready: Ready, report_figure: Callable[[str], None]
) -> None:
    unbroken = play(ready, None, None)
    operations = {call.operation for _, call in unbroken}
    assert {"TransactWriteItems", "PutObject", "GetObject", "DeleteObjects"} <= operations
    assert {function for function, _ in unbroken} == {"api", "import_contacts"}
    points = kill_points("an import", unbroken)
    for point, fault in points:
        play(ready, point, fault)
    report_figure(f"an import: {len(unbroken)} calls, {len(points)} kill points")
