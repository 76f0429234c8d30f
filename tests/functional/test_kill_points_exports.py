"""If any AWS call of an export fails, or the process dies at that call, the file of the export
still has each row once, in order."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws
from moto.s3 import models as moto_s3
from runledger.composition import services
from runledger.models.refusal import Refusal, RefusalReason
from runledger.models.run import TriggerType
from runledger.services.bulk import export_pages

from tests.support.boundary import Call
from tests.support.engine import client_of
from tests.support.fakes import client_error
from tests.support.faults import Fault, FaultyCall
from tests.support.kill_points import kill_points
from tests.support.simulation import WORKSPACE, Simulation, open_simulation

BUCKET = "runledger-bodies"
ROWS = 10


class S3:
    """moto's S3, except that a multipart upload is gone once it is completed, as on AWS."""

    def __init__(self) -> None:
        self._s3 = client_of("s3")
        self._s3.create_bucket(Bucket=BUCKET)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def complete_multipart_upload(self, **request: Any) -> Any:
        try:
            return self._s3.complete_multipart_upload(**request)
        except KeyError:
            raise client_error("NoSuchUpload", "CompleteMultipartUpload", 404) from None

    def empty(self) -> None:
        for each in self._s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self._s3.delete_object(Bucket=BUCKET, Key=each["Key"])


@dataclass(frozen=True)
class Ready:
    simulation: Simulation
    s3: S3
    expected: list[str]
    restore: Callable[[], None]


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with pytest.MonkeyPatch.context() as small, mock_aws(), open_simulation() as simulation:
        # A visit is a page, and two pages are a part.
        small.setattr(export_pages, "PAGE_ROWS", 3)
        small.setattr(export_pages, "PART_BYTES", 1_500)
        small.setattr(moto_s3, "S3_UPLOAD_PART_MIN_SIZE", 1_500)
        s3 = S3()
        simulation.serve("s3", s3)
        simulation.make_export()
        expected = [a_refusal(simulation, number) for number in range(ROWS)]
        yield Ready(simulation, s3, expected, simulation.snapshot())


def a_refusal(simulation: Simulation, number: int) -> str:
    refusal = Refusal(
        id=f"ref_{number:04d}",
        workspace_id=WORKSPACE,
        automation_id="aut_one",
        automation_name="Order paid",
        version=3,
        trigger_type=TriggerType.WEBHOOK,
        reason=list(RefusalReason)[number % 3],
        message="nobody",
        created_at=simulation.clock.now - number * 1_000,
        last_at=simulation.clock.now,
        expires_at=simulation.clock.now + 10**12,
    )
    services().stores.refusals.add(refusal, 1)
    return refusal.id


def play(ready: Ready, point: int | None, fault: Fault | None) -> list[tuple[str, Call]]:
    """Plays the story, checks that it ended well, and returns its calls."""
    simulation = ready.simulation
    ready.restore()
    ready.s3.empty()
    faulty = FaultyCall(simulation, point, fault)
    simulation.boundary.around = faulty
    asked = {"list": "REFUSALS", "format": "JSONL", "idempotencyKey": "k"}
    answer = simulation.request("api", "POST", "/v1/exports", asked)
    assert answer["status"] == 202, (point, fault, answer, simulation.unforeseen)
    simulation.settle()
    where = "unbroken" if point is None else f"{point}: {fault} in {faulty.made[point]}"
    exports = [row for row in simulation.table.items() if row["sk"].startswith("exp_")]
    # A caller without an answer repeats the request.
    assert len(exports) == 1, where
    for row in exports:
        assert (row["status"], row["rows"]) == ("COMPLETED", ROWS), (where, dict(row))
        assert not {"dueKey", "gsi4pk", "uploadId", "leftOver", "parts", "cursor"} & set(row), where
        data = ready.s3.get_object(Bucket=BUCKET, Key=row["objectKey"])["Body"].read()
        told = [json.loads(line)["id"] for line in data.splitlines()]
        assert told == ready.expected, where
    return faulty.made


@pytest.mark.timeout(300)
def test_after_any_fault_the_file_has_each_row_once(
    ready: Ready, report_figure: Callable[[str], None]
) -> None:
    unbroken = play(ready, None, None)
    operations = {call.operation for _, call in unbroken}
    assert {"UploadPart", "CompleteMultipartUpload", "PutObject", "GetObject"} <= operations
    assert {function for function, _ in unbroken} == {"api", "export_page"}
    points = kill_points("an export", unbroken)
    for point, fault in points:
        play(ready, point, fault)
    report_figure(f"an export: {len(unbroken)} calls, {len(points)} kill points")
