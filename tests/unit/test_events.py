"""The published events about runs and deliveries."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from runledger.api.delivery_events import PUBLISHED, DeliveryEvent, delivery_detail_type
from runledger.api.run_events import SOURCE, EventPart, RunEvent, detail_type, event_id
from runledger.models.run import Run, RunStatus
from runledger.services.stream.publish import BATCH, RunChange, changes_of, run_event
from runledger.store.run_rows import run_from_item
from runledger.store.values import from_dynamo

from local.event_schema import TARGETS, document, rendered

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
EXAMPLE = r"<!-- example: event -->\n```json\n(.*?)```"


def records() -> list[dict[str, Any]]:
    """Returns the stream's records of a run: opened, started, claimed, completed."""
    batch = json.loads((ROOT / "events" / "follow_changes.json").read_text())
    found: list[dict[str, Any]] = batch["Records"][:4]
    return found


def runs_of(found: list[dict[str, Any]]) -> list[Run]:
    return [change.run for change in changes_of(found) if isinstance(change, RunChange)]


def statuses(found: list[dict[str, Any]]) -> list[str]:
    return [run.status.value for run in runs_of(found)]


def examples(kind: str) -> list[dict[str, Any]]:
    """Returns the examples whose detail-type begins with this prefix."""
    found = [json.loads(text) for text in re.findall(EXAMPLE, PAGE, re.DOTALL)]
    return [each for each in found if each["detail-type"].startswith(kind)]


def test_the_published_schemas_are_the_generated_ones() -> None:
    for target, model in TARGETS.items():
        assert target.read_text() == rendered(model), "run: make generate"


@pytest.mark.parametrize("of", TARGETS.values())
def test_the_schema_describes_every_field_in_camel_case(of: type[EventPart]) -> None:
    schema = document(of)
    for model in [schema, *schema.get("$defs", {}).values()]:
        for name, field in model.get("properties", {}).items():
            assert re.fullmatch(r"[a-z][A-Za-z0-9]*", name)
            assert field.get("description") or "$ref" in field or "anyOf" in field, name
    assert set(schema["required"]) >= {"id", "workspaceId", "occurredAt"}
    if of in (RunEvent, DeliveryEvent):
        assert set(schema["required"]) >= {"sequence", "status", "runId"}
    # A reader that knows this version goes on when fields are added.
    assert "additionalProperties" not in schema


def test_the_page_shows_one_event_of_each_status() -> None:
    shown = {}
    for example in examples("run."):
        event = RunEvent.model_validate(example["detail"])
        assert example["source"] == SOURCE
        assert example["detail-type"] == detail_type(event.status)
        assert event.id == event_id(event.run_id, event.sequence)
        # It is shown as it would be published.
        assert json.loads(event.model_dump_json()) == example["detail"]
        shown[event.status] = event
    assert list(shown) == list(RunStatus)


def test_the_page_shows_deliveries_as_they_would_be_published() -> None:
    shown = examples("delivery.")
    assert len(shown) == 3
    for example in shown:
        event = DeliveryEvent.model_validate(example["detail"])
        assert example["source"] == SOURCE
        assert example["detail-type"] == delivery_detail_type(event.status)
        assert event.id == event_id(event.delivery_id, event.sequence)
        assert json.loads(event.model_dump_json()) == example["detail"]
    for status in PUBLISHED:
        assert f"`{delivery_detail_type(status)}`" in PAGE


@pytest.mark.parametrize("of", TARGETS.values())
def test_the_page_lists_every_field(of: type[EventPart]) -> None:
    for name in document(of)["properties"]:
        assert f"`{name}`" in PAGE, name


def test_a_change_of_status_is_one_change_and_a_claim_is_not() -> None:
    assert statuses(records()) == ["PENDING", "RUNNING", "COMPLETED"]
    positions = [record["dynamodb"]["SequenceNumber"] for record in records()]
    found = [change.position for change in changes_of(records())]
    assert found == [positions[0], positions[1], positions[3]]


def test_other_rows_and_expired_rows_give_no_event() -> None:
    expired = records()[3]
    expired["eventName"] = "REMOVE"
    expired["dynamodb"]["OldImage"] = expired["dynamodb"].pop("NewImage")
    step = records()[0]
    step["dynamodb"]["Keys"]["sk"]["S"] = "STEP#big"
    assert changes_of([expired, step]) == []


@pytest.mark.parametrize("lost", ["createdKey", "status", "sequence", "gsi1pk"])
def test_an_unreadable_record_is_logged_with_its_row_and_skipped(
    lost: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    spoiled = records()
    del spoiled[1]["dynamodb"]["NewImage"][lost]
    spoiled[0]["dynamodb"]["NewImage"]["email"] = {"S": "private@customer.example"}
    with caplog.at_level("ERROR"):
        assert statuses(spoiled) == ["PENDING", "COMPLETED"]
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(line)["row"] == "RUN#run_01M82TAM2017G9QF1PFSTFPFQT"
    assert "private" not in json.dumps({k: str(v) for k, v in vars(line).items()})


@pytest.mark.parametrize("record", [{}, {"eventName": "INSERT", "dynamodb": {}}])
def test_an_invalid_record_is_skipped(record: dict[str, Any]) -> None:
    assert runs_of([record, records()[0]])[0].status is RunStatus.PENDING


def largest() -> dict[str, Any]:
    """Returns a run row with the longest value in each attribute."""
    item = records()[3]["dynamodb"]["NewImage"]
    error = {"node": {"S": "n" * 48}, "kind": {"S": "K" * 40}, "message": {"S": "é" * 60}}
    item |= {
        "workspaceId": {"S": "ws_" + "w" * 60},
        "automationName": {"S": "𝄞" * 80},
        "status": {"S": "FAILED"},
        "contactId": {"S": "con_01M82TAM2017G9QF1PFSTFPFQT"},
        "email": {"S": "ada@customer.example"},
        "phone": {"S": "+442079460001"},
        "scheduledFor": {"N": "1795338000100"},
        "error": {"M": error},
        "canceled": {"M": {"by": {"S": "b" * 254}, "reason": {"S": "𝄞" * 120}}},
    }
    return dict(item)


def test_an_event_has_ids_and_no_address() -> None:
    text = run_event(run_from_item(from_dynamo(largest()))).model_dump_json()
    assert "con_01M82TAM2017G9QF1PFSTFPFQT" in text
    assert "ada@customer.example" not in text and "+442079460001" not in text


def test_a_batch_of_the_largest_events_fits_into_one_call() -> None:
    event = run_event(run_from_item(from_dynamo(largest())))
    # The bus counts source, type and time besides the detail.
    size = len(event.model_dump_json().encode()) + 100
    assert size < 4_096
    assert size * BATCH < 256 * 1024


def test_the_time_of_an_event_is_that_of_its_status() -> None:
    opened, started, completed = [run_event(run) for run in runs_of(records())]
    assert opened.occurred_at == opened.created_at
    assert started.occurred_at == started.started_at
    assert completed.occurred_at == completed.finished_at
    assert [event.sequence for event in (opened, started, completed)] == [1, 2, 3]
    assert len({event.id for event in (opened, started, completed)}) == 3
    assert completed.duration_ms == 1_200


def test_only_an_ended_run_has_downstream_automations() -> None:
    runs = runs_of(records())
    heard = frozenset({runs[0].automation_id})
    assert [run_event(run, heard).has_downstream for run in runs] == [False, False, True]
    assert not run_event(runs[-1]).has_downstream
