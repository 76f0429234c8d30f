"""From the table's stream to the event bus: every status is published at least once and none is
lost."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from runledger.api.run_events import RunEvent
from runledger.composition import services
from runledger.models.run import Cancellation
from runledger.services.stream.bus_rules import BusRules
from runledger.services.stream.publish import BATCH, Publisher, changes_of

from tests.functional.test_upstream import BY, upstream_document, waiting
from tests.support.engine import Engine, client_of
from tests.support.environment import TABLE
from tests.support.fakes import rule

BUS = "runledger"
# They read the stream of a table.
pytestmark = pytest.mark.dynamodb


class Bus:
    """EventBridge, limited to a publisher's calls; `refusals` decides what it refuses."""

    def __init__(self) -> None:
        self.taken: list[RunEvent] = []
        self.sizes: list[int] = []
        # By call: the index of an entry to refuse, or "all" to refuse the call.
        self.refusals: dict[int, Any] = {}
        self.rules = [rule("all", {"source": ["runledger"]})]

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        call = len(self.sizes)
        self.sizes.append(len(Entries))
        refused = self.refusals.get(call)
        if refused == "all":
            error = {"Error": {"Code": "ThrottlingException", "Message": "by the test"}}
            raise ClientError(error, "PutEvents")  # type: ignore[arg-type]
        answers: list[dict[str, str]] = []
        for index, entry in enumerate(Entries):
            event = RunEvent.model_validate_json(entry["Detail"])
            assert entry["EventBusName"] == BUS
            assert entry["Source"] == "runledger"
            assert entry["DetailType"] == f"run.{event.status.lower()}"
            if index == refused:
                answers.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "by the test"})
                continue
            self.taken.append(event)
            answers.append({"EventId": "1"})
        return {
            "FailedEntryCount": sum("ErrorCode" in each for each in answers),
            "Entries": answers,
        }

    def list_rules(self, EventBusName: str) -> dict[str, Any]:
        assert EventBusName == BUS
        return {"Rules": self.rules}

    def statuses_of(self, run_id: str) -> list[str]:
        return [event.status.value for event in self.taken if event.run_id == run_id]


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def publisher(engine: Engine, bus: Bus) -> Publisher:
    events: Any = bus
    return Publisher(events, BUS, engine.stores.automations, BusRules(events, BUS, engine.clock))


def stream(engine: Engine) -> list[dict[str, Any]]:
    """Returns all records of the table's stream, as a function gets them."""
    streams = client_of("dynamodbstreams")
    arn = engine.dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    found: list[Any] = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    for record in found:
        # Lambda passes the time in seconds since 1970.
        written = record["dynamodb"]["ApproximateCreationDateTime"]
        record["dynamodb"]["ApproximateCreationDateTime"] = written.timestamp()
    return found


def read_on(publisher: Publisher, records: list[dict[str, Any]]) -> Iterator[str]:
    """Reads like Lambda, again from the first failed record. Yields the positions of the failed
    records."""
    while True:
        failed = publisher.publish(changes_of(records))
        if failed is None:
            return
        yield failed
        positions = [record["dynamodb"]["SequenceNumber"] for record in records]
        records = records[positions.index(failed) :]


def runs_of_every_kind(engine: Engine) -> dict[str, list[str]]:
    """Creates runs with every final status. Returns the expected statuses of each."""
    automation_id = engine.activate(upstream_document())
    completed, failed, canceled, early, open_ = (
        engine.fire(automation_id, {"n": n}) for n in (20, 3, 20, 20, 20)
    )
    engine.walk(completed)
    engine.walk(failed)
    reason = Cancellation(by=BY, reason="wrong list")
    engine.walk(canceled, until="keep")
    for run_id in (canceled, early):
        engine.canceler.cancel(engine.workspace_id, run_id, reason)
    return {
        completed: ["PENDING", "RUNNING", "COMPLETED"],
        failed: ["PENDING", "RUNNING", "FAILED"],
        canceled: ["PENDING", "RUNNING", "CANCELED"],
        early: ["PENDING", "CANCELED"],
        open_: ["PENDING"],
    }


def test_every_status_of_every_run_is_published_once_in_order(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    expected = runs_of_every_kind(engine)
    records = stream(engine)
    assert len(records) > len(changes_of(records)) + 5

    assert publisher.publish(changes_of(records)) is None

    assert {run_id: bus.statuses_of(run_id) for run_id in expected} == expected
    assert max(bus.sizes) == BATCH and len(bus.sizes) == 2
    for run_id in expected:
        sequences = [event.sequence for event in bus.taken if event.run_id == run_id]
        assert sequences == list(range(1, len(sequences) + 1))
    last = {event.run_id: event for event in bus.taken}
    completed, failed, canceled = list(expected)[:3]
    assert last[completed].error is None and last[completed].canceled is None
    assert last[completed].duration_ms is not None
    error = last[failed].error
    assert error is not None
    assert (error.node_id, error.kind, error.message) == (
        "small",
        "STOP_ERROR",
        "only 3",
    )
    stopped = last[canceled].canceled
    assert stopped is not None and (stopped.by, stopped.reason) == (BY, "wrong list")


def test_moving_a_run_in_the_due_index_publishes_nothing(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    run_id = engine.fire(engine.activate(upstream_document()), {"n": 20})
    runs = engine.stores.runs
    runs.postpone(runs.get(run_id), engine.clock(), start_error="throttled", refused=True)
    assert publisher.publish(changes_of(stream(engine))) is None
    assert bus.statuses_of(run_id) == ["PENDING"]


def test_a_handed_back_run_publishes_each_status_once(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    run_id = engine.fire(engine.activate(upstream_document()), {"n": 20})
    engine.walk(run_id, until="keep")
    runs, now = engine.stores.runs, engine.clock()
    again = runs.hand_back(runs.get(run_id), now, "no room", untried=False)
    assert again.attempt == 2
    engine.walk(run_id)
    assert publisher.publish(changes_of(stream(engine))) is None
    assert bus.statuses_of(run_id) == ["PENDING", "RUNNING", "COMPLETED"]
    assert [event.attempt for event in bus.taken] == [1, 1, 2]


def test_repeated_records_make_the_same_events(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    runs_of_every_kind(engine)
    records = stream(engine)
    publisher.publish(changes_of(records))
    first = list(bus.taken)
    publisher.publish(changes_of([*records[3:], *records]))
    assert len(bus.taken) > 2 * len(first)
    by_id = {event.id: event for event in first}
    assert len(by_id) == len(first)
    assert all(by_id[event.id] == event for event in bus.taken)


def test_events_of_reordered_records_can_be_sorted(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    """The stream keeps its order, but listeners on the bus must cope with any order."""
    expected = runs_of_every_kind(engine)
    publisher.publish(changes_of(reversed(stream(engine))))
    bus.taken.sort(key=lambda event: event.sequence)
    assert {run_id: bus.statuses_of(run_id) for run_id in expected} == expected


@pytest.mark.parametrize("refused", [0, 4, 9, "all"])
@pytest.mark.parametrize("call", [0, 1])
def test_the_stream_is_read_again_from_a_refused_event(
    engine: Engine, bus: Bus, publisher: Publisher, refused: Any, call: int
) -> None:
    expected = runs_of_every_kind(engine)
    records = stream(engine)
    changes = changes_of(records)
    last_of_second = len(changes) - BATCH - 1
    at = min(refused, last_of_second) if call and refused != "all" else refused
    bus.refusals = {call: at}

    failed = list(read_on(publisher, records))

    offset = 0 if at == "all" else at
    assert failed == [changes[call * BATCH + offset].position]
    seen: dict[str, RunEvent] = {event.id: event for event in bus.taken}
    assert len(seen) == len(changes)
    bus.taken = sorted(seen.values(), key=lambda event: event.sequence)
    assert {run_id: bus.statuses_of(run_id) for run_id in expected} == expected


def test_a_bus_that_refuses_for_long_loses_nothing(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    expected = runs_of_every_kind(engine)
    bus.refusals = {call: "all" if call % 2 else 0 for call in range(40)}
    assert len(list(read_on(publisher, stream(engine)))) == 40
    seen = {event.id: event for event in bus.taken}
    bus.taken = sorted(seen.values(), key=lambda event: event.sequence)
    assert {run_id: bus.statuses_of(run_id) for run_id in expected} == expected


def test_downstream_automations_are_read_again_for_each_batch(
    engine: Engine, bus: Bus, publisher: Publisher
) -> None:
    first = engine.activate(upstream_document())
    early = engine.fire(first, {"n": 20})
    engine.walk(early)
    publisher.publish(changes_of(stream(engine)))
    engine.activate(waiting(first))
    late = engine.fire(first, {"n": 20})
    engine.walk(late)
    publisher.publish(changes_of(stream(engine)[-1:]))
    published = [(event.run_id, event.status.value, event.has_downstream) for event in bus.taken]
    assert published == [
        (early, "PENDING", False),
        (early, "RUNNING", False),
        (early, "COMPLETED", False),
        (late, "COMPLETED", True),
    ]


def test_a_table_that_does_not_answer_fails_the_batch(
    engine: Engine, bus: Bus, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runledger.errors import TransientError

    run_id = engine.fire(engine.activate(upstream_document()), {"n": 20})
    engine.walk(run_id)
    records = stream(engine)

    def away(*_: Any, **__: Any) -> Any:
        raise TransientError("throttled by the test")

    with monkeypatch.context() as patched:
        patched.setattr(engine.table, "query", away)
        with pytest.raises(TransientError):
            publisher.publish(changes_of(records))
    assert bus.taken == []
    publisher.publish(changes_of(records))
    assert bus.statuses_of(run_id) == ["PENDING", "RUNNING", "COMPLETED"]


def test_an_event_that_no_rule_matches_is_not_published(
    engine: Engine, publisher: Publisher, bus: Bus
) -> None:
    bus.rules = [rule("ends", {"detail-type": ["run.completed"]})]
    run_id = engine.fire(engine.activate(upstream_document()), {"n": 20})
    engine.walk(run_id)
    assert publisher.publish(changes_of(stream(engine))) is None
    assert bus.statuses_of(run_id) == ["COMPLETED"]
    assert bus.sizes == [1]


def test_the_handlers_open_a_downstream_run_from_the_stream(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uses moto's bus with a queue behind it."""
    from functions.follow_changes import handler as follow_changes
    from functions.upstream_trigger import handler as upstream_trigger
    from tests.functional.test_api_handlers import CONTEXT, sample
    from tests.functional.test_upstream import opened_by

    events = client_of("events")
    sqs = client_of("sqs")
    events.create_event_bus(Name=BUS)
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source": ["runledger"]}')
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[target])
    first = engine.activate(upstream_document())
    second = engine.activate(waiting(first))
    run_id = engine.fire(first, {"n": 20})
    engine.walk(run_id)
    monkeypatch.setattr("runledger.composition.Composition", lambda: engine)
    services.cache_clear()

    batch = {"Records": stream(engine)}
    assert follow_changes.handler(batch, CONTEXT) == {"batchItemFailures": []}
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    published = [json.loads(message["Body"]) for message in messages]
    assert [each["detail-type"] for each in published] == [
        "run.pending",
        "run.running",
        "run.completed",
    ]
    ended = sample("upstream_trigger")
    assert set(published[-1]) <= set(ended) and set(published[-1]["detail"]) == set(ended["detail"])
    for _ in range(2):
        upstream_trigger.handler({**ended, "detail": published[-1]["detail"]}, CONTEXT)
    assert engine.detail(opened_by(engine, second, run_id))["status"] == "PENDING"
    # The event of a run that no longer exists, with a field of a later release.
    ended["detail"]["new"] = 1
    upstream_trigger.handler(ended, CONTEXT)
    events.delete_event_bus(Name=BUS)
    refused = follow_changes.handler(sample("follow_changes"), CONTEXT)
    position = sample("follow_changes")["Records"][0]["dynamodb"]["SequenceNumber"]
    assert refused == {"batchItemFailures": [{"itemIdentifier": position}]}
