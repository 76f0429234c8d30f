"""The followers of the table's stream: each does its work even if others fail."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from runledger.errors import TransientError
from runledger.metrics import MetricLog
from runledger.services.counts.changed_hours import TotalMarker
from runledger.services.counts.stream_lag import StreamLag
from runledger.services.stream.bus_rules import BusRules
from runledger.services.stream.expiry import ExpiryFollower
from runledger.services.stream.follow import Followers
from runledger.services.stream.publish import Publisher
from runledger.services.stream.recovered_runs import RecoveredRuns
from runledger.store import keys
from runledger.store.bodies import Bodies
from runledger.store.stores import Stores

from local.patches.lambda_streams import matches
from tests.functional.test_api_handlers import CONTEXT, deployed, sample
from tests.support.boundary import Boundary, Call
from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET
from tests.support.fakes import S3, Bus, Client, client_error
from tests.support.lambda_processes import forget_settings
from tests.support.memory_table import MemoryTable
from tests.support.template import load_template

__all__ = ["deployed"]

RUN_ID = "run_01M82TAM2017G9QF1PFSTFPFQT"
OBJECTS = f"runs/{RUN_ID}/1795338000/"
# The sample's records: a run that is opened, started, claimed and completed, a pulse, and the rows
# that expired: of a run, its payload with objects, a delivery and a refusal.
OPENED, STARTED, CLAIMED, COMPLETED, PULSE, RUN, PAYLOAD, DELIVERY, REFUSAL = range(9)


class Following:
    """The followers of the table's stream, with fakes of AWS in memory. A call to AWS fails if
    `refused` returns True for the call."""

    def __init__(self) -> None:
        boundary = Boundary()
        boundary.around = self._around
        self.refused: Callable[[Call], bool] = lambda call: False
        self.table, self.s3, self.bus = MemoryTable(boundary), S3(), Bus()
        s3: Any = Client("s3", self.s3, boundary, 1)
        events: Any = Client("events", self.bus, boundary, 1)
        stores = Stores(self.table, Bodies(s3, "bucket"))
        self.followers = Followers(
            Publisher(
                events,
                "runledger",
                stores.automations,
                BusRules(events, "runledger", lambda: 1_795_338_070_000),
            ),
            TotalMarker(stores.totals, stores.freshness, lambda: 1_795_338_070_000),
            ExpiryFollower(stores.tombstones, stores.bodies),
            RecoveredRuns(stores.runs),
            StreamLag(stores.freshness, lambda: 1_795_338_070_000),
            MetricLog("runledger", lambda: 1_795_338_070_000),
        )
        self.records: list[dict[str, Any]] = sample("follow_changes")["Records"]
        self.s3.objects = {f"{OBJECTS}payload-1": b"x", "runs/other/1/payload-1": b"x"}

    def _around(self, call: Call, act: Callable[[], Any]) -> Any:
        if not self.refused(call):
            return act()
        if call.service == "dynamodb":
            raise TransientError(f"{call}: throttled")
        raise client_error("SlowDown", call.operation)

    def follow(self) -> int | None:
        """Returns the index of the record from which the stream must be read again, or None."""
        failed = self.followers.follow(self.records)
        positions = [record["dynamodb"].get("SequenceNumber") for record in self.records]
        return None if failed is None else positions.index(failed)

    def published(self) -> list[str]:
        return [entry["DetailType"] for entry in self.bus.entries]

    def is_marked(self) -> bool:
        rows = [row for row in self.table.items() if row["pk"].startswith("TOTALS#")]
        return len(rows) == 2 and keys.freshness() in self._keys()

    def buried(self) -> set[str]:
        return {key.pk.partition("#")[0] for key in self._keys() if key.sk == "TOMBSTONE"}

    def kept(self) -> list[str]:
        return sorted(self.s3.objects)

    def _keys(self) -> set[keys.Key]:
        return {keys.Key(row["pk"], row["sk"]) for row in self.table.items()}


@pytest.fixture
def following() -> Following:
    return Following()


def publishes(call: Call) -> bool:
    return call.operation == "PutEvents"


def is_mark(call: Call) -> bool:
    return "TOTALS#" in call.target and call.operation == "PutItem"


def notes_its_lag(call: Call) -> bool:
    return "/LAG#" in call.target


def deletes_objects(call: Call) -> bool:
    return call.service == "s3"


def buries_a_delivery(call: Call) -> bool:
    return call.target.startswith("DELIVERY#")


WHOLE = ["run.pending", "run.running", "run.completed"]


def test_a_repeated_batch_is_published_counted_and_recorded_as_expired(
    following: Following,
) -> None:
    for times in (1, 2):
        assert following.follow() is None
        assert following.published() == WHOLE * times
        assert following.is_marked()
        assert following.buried() == {"RUN", "DELIVERY", "REFUSAL"}
        assert following.kept() == ["runs/other/1/payload-1"]


@pytest.mark.parametrize(
    ("refused", "again"),
    [
        (notes_its_lag, OPENED),
        (publishes, OPENED),
        (is_mark, OPENED),
        (deletes_objects, PAYLOAD),
        (buries_a_delivery, DELIVERY),
    ],
)
def test_a_failing_follower_does_not_stop_the_others(
    following: Following, refused: Callable[[Call], bool], again: int
) -> None:
    following.refused = refused
    assert following.follow() == again
    assert following.published() == ([] if refused is publishes else WHOLE)
    assert following.is_marked() is (refused is not is_mark)
    assert following.buried() >= {"RUN", "REFUSAL"}
    assert len(following.kept()) == (2 if refused is deletes_objects else 1)

    following.refused = lambda call: False
    following.records = following.records[again:]
    assert following.follow() is None
    assert set(following.published()) == set(WHOLE)
    assert following.is_marked()
    assert following.buried() == {"RUN", "DELIVERY", "REFUSAL"}
    assert following.kept() == ["runs/other/1/payload-1"]


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        (deletes_objects, buries_a_delivery, PAYLOAD - RUN),
        (publishes, buries_a_delivery, DELIVERY - RUN),
        (is_mark, publishes, 0),
    ],
)
def test_if_two_followers_fail_the_stream_is_read_from_the_earlier_position(
    following: Following,
    first: Callable[[Call], bool],
    second: Callable[[Call], bool],
    again: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The batch begins with the expired rows. Its sequence numbers are 8, 9, 10 and so on: they
    must be compared as numbers, because as text 10 would come before 8."""
    following.records = following.records[RUN:] + following.records[:RUN]
    for number, record in enumerate(following.records, 8):
        record["dynamodb"]["SequenceNumber"] = str(number)
    following.refused = lambda call: first(call) or second(call)
    with caplog.at_level("WARNING"):
        assert following.follow() == again
    assert len(caplog.records) == 2


@pytest.mark.parametrize("index", [STARTED, RUN])
@pytest.mark.parametrize("lost", ["NewImage", "OldImage", "workspaceId", "ttl", "pk"])
def test_an_unreadable_record_is_skipped_by_every_follower(
    following: Following, index: int, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    change = following.records[index]["dynamodb"]
    for image in (change, change.get("NewImage", {}), change.get("OldImage", {})):
        image.pop(lost, None)
    with caplog.at_level("ERROR"):
        assert following.follow() is None
    assert {"run.pending", "run.completed"} <= set(following.published())
    assert following.is_marked()
    assert following.buried() >= {"DELIVERY", "REFUSAL"}
    assert following.kept() == ["runs/other/1/payload-1"]
    assert all("cannot be read" in line.message for line in caplog.records)


def test_rows_deleted_by_hand_get_no_tombstone(following: Following) -> None:
    by_hand: list[Any] = [None, {}, {"type": "Service", "principalId": "elsewhere.amazonaws.com"}]
    for who in by_hand:
        for record in following.records[RUN:]:
            record["userIdentity"] = who
        assert following.follow() is None
    for record in following.records[RUN:]:
        del record["userIdentity"]
    assert following.follow() is None
    # Nor what DynamoDB changes without deleting it.
    ours = sample("follow_changes")["Records"]
    following.records = [{**record, "eventName": "MODIFY"} for record in ours[RUN:]]
    assert following.follow() is None
    assert following.buried() == set()
    assert len(following.kept()) == 2


def test_the_handler_follows_the_sample_event(
    deployed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.follow_changes.handler import handler

    monkeypatch.setenv("RUNLEDGER_BUS", "runledger")
    forget_settings()
    events = client_of("events")
    s3 = client_of("s3")
    batch = sample("follow_changes")
    for key in (f"{OBJECTS}payload-1", f"{OBJECTS}bodies/a-response-1", "runs/other/1/payload-1"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    first = batch["Records"][0]["dynamodb"]["SequenceNumber"]
    # There is no bus yet; the rest is done.
    assert handler(deepcopy(batch), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": first}]}
    events.create_event_bus(Name="runledger")
    assert handler(batch, CONTEXT) == {"batchItemFailures": []}
    left = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in left] == ["runs/other/1/payload-1"]
    rows = deployed.rows()
    stones = [row for row in rows if row["sk"] == "TOMBSTONE"]
    assert {stone["expiredAt"] for stone in stones} == {1_795_338_000_000}
    assert len(stones) == 3
    (noted,) = [row for row in rows if keys.Key(row["pk"], row["sk"]) == keys.freshness()]
    assert noted["pulse3"] == 1_795_338_060_000
    forget_settings()


# ── what the template says of it ────────────────────────────────────────────────────────────────


def mappings() -> dict[str, dict[str, Any]]:
    """Returns the event source mappings on the table's stream, by function."""
    found = {}
    for name, resource in load_template()["Resources"].items():
        events = resource.get("Properties", {}).get("Events", {})
        for event in events.values() if isinstance(events, dict) else []:
            if event["Type"] == "DynamoDB":
                assert name not in found
                found[name] = event["Properties"]
        assert resource["Type"] != "AWS::Lambda::EventSourceMapping"
    return found


def test_only_two_functions_read_the_stream() -> None:
    assert set(mappings()) == {"StartRuns", "FollowChanges"}


def test_the_filters_pass_exactly_the_records_that_followers_need() -> None:
    filters = mappings()["FollowChanges"]["FilterCriteria"]["Filters"]
    assert len(filters) <= 5
    patterns = [json.loads(each["Pattern"]) for each in filters]

    def passes(record: dict[str, Any]) -> bool:
        return any(matches(record, pattern) for pattern in patterns)

    records = sample("follow_changes")["Records"]
    assert all(passes(record) for record in records)
    # A row that is in no list is passed on only if it expires with objects.
    payload = records[PAYLOAD]
    assert not passes({k: v for k, v in payload.items() if k != "userIdentity"})
    assert not passes({**payload, "eventName": "MODIFY"})
    payload["dynamodb"]["OldImage"].pop("objects")
    assert not passes(payload)
