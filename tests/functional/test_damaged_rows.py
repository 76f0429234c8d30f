"""If a row is damaged, every reader shows the rest, says what it omitted, and continues."""

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from runledger.errors import UnreadableError
from runledger.models.erasure import ErasureStatus
from runledger.models.run import RunStatus
from runledger.services.stream.publish import changes_of
from runledger.store import keys
from runledger.store.bodies import compress
from runledger.store.delivery_rows import WORDS
from runledger.store.values import to_dynamo

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_erasing import a_person, erased, event, moved, shop, surroundings
from tests.functional.test_exports import ask, content, documents, write
from tests.support.engine import Engine, client_of
from tests.support.lists import request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["deployed", "surroundings"]

DELETED = object()
GARBAGE = b"\x00\xffgarbage"
# As a version before texts were cleaned wrote it.
POISONED = zlib.compress(
    json.dumps({"output": {"note \udc00": "Great \ud83d"}}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
)
STEPS: dict[str, dict[str, Any]] = {
    "garbage": {"bag": GARBAGE},
    "cut off": {"bag": compress({"output": {"a": "b" * 90}})[:-5]},
    "of the wrong kind": {"bag": compress([1, 2])},
    "gone": {"bag": {"s3": "runs/nowhere"}},
    "no body at all": {"bag": "text"},
    "deep": {"bag": zlib.compress(b"[" * 5_000)},
    "bad evidence": {"bag": compress({"evidence": [1], "output": {"kept": "yes"}})},
    "bad error": {"bag": compress({"error": {"kind": 7}, "output": {"kept": "yes"}})},
    "bad request": {"bag": compress({"request": {"x": 1}, "output": {"kept": "yes"}})},
    "bad file": {"bag": compress({"response": {"bodyObject": "x"}, "output": {"kept": "yes"}})},
    "status": {"status": "ODD"},
    "moments": {"startedAt": "soon", "finishedAt": "later"},
    "no moment": {"startedAt": 10**30, "finishedAt": -5},
    "no type": {"type": DELETED},
    "outcome": {"outcome": 7},
}
RUNS: dict[str, dict[str, Any]] = {
    "error": {"error": "canary-answer"},
    "status": {"status": "ODD"},
    "name": {"automationName": DELETED},
    "trigger": {"trigger": "ODD"},
    "claims": {"openClaims": [1]},
    "attempt": {"attempt": "first"},
    "moments": {"finishedAt": "later", "startedAt": "soon"},
    "no moment": {"finishedAt": 10**30, "startedAt": -(10**20)},
    "canceled": {"canceled": "canary-reason"},
    "sequence": {"sequence": DELETED},
    "many": {"version": "x", "error": 5, "endMs": "x", "claimed": 3, "endNodeId": 9},
}
DELIVERIES: dict[str, dict[str, Any]] = {
    "garbage": {"bag": GARBAGE},
    "cut off": {"bag": compress({"body": "x" * 90}, WORDS)[:-5]},
    "gates": {"bag": compress({"subject": "Hi", "gates": [{"name": 1}]}, WORDS)},
    "no bag": {"bag": DELETED},
    "status": {"status": "ODD"},
    "tries": {"tries": "many"},
    "reports": {"reports": [1]},
    "template": {"templateId": DELETED},
    "no moment": {"settledAt": 10**30},
}
REFUSALS: dict[str, dict[str, Any]] = {
    "reason": {"reason": "ODD"},
    "message": {"message": DELETED},
    "count": {"count": "many"},
    "moments": {"lastAt": "later"},
    "no moment": {"lastAt": 10**30},
    "trigger": {"trigger": "ODD"},
}


@dataclass(frozen=True)
class Story:
    """Ids of a failed run, a completed run whose message was delivered, and a refusal."""

    contact_id: str
    failed: str
    completed: str
    delivery: str
    refusal: str


@pytest.fixture
def story(engine: Engine) -> Story:
    # The handlers of the API know the time of day.
    engine.clock.follow_the_machine()
    contact_id = a_person(engine)
    moved(engine, contact_id)
    automation_id = shop(engine)
    failed = engine.fire(automation_id, event(total=5))
    engine.walk(failed)
    completed = engine.fire(automation_id, event())
    engine.walk(completed)
    (delivery_id,) = (link["id"] for link in engine.detail(completed)["deliveries"])
    once = shop(engine, reentry="ONCE")
    engine.walk(engine.fire(once, event()))
    with pytest.raises(Exception, match="allows one run per contact"):
        engine.fire(once, event())
    (refusal,) = engine.queries.refusals(engine.workspace_id, request()).items
    return Story(contact_id, failed, completed, delivery_id, refusal.id)


def damage(engine: Engine, key: keys.Key, changes: dict[str, Any]) -> None:
    """Writes to the table directly, because the store would refuse the values."""
    row = engine.table.get(key)
    assert row is not None
    for name, value in changes.items():
        row.pop(name, None)
        if value is not DELETED:
            row[name] = value
    engine.table.put(row)


def timeline(engine: Engine, contact_id: str) -> dict[str, Any]:
    page = engine.timelines.page(engine.workspace_id, contact_id, frozenset(), 100, None)
    found = {}
    for item in json.loads(page.model_dump_json())["items"]:
        row = item["run"] or item["delivery"] or item["refusal"]
        found[row["id"]] = row
    return found


def listed(engine: Engine, name: str) -> dict[str, Any]:
    """Returns the rows of a list by id; checks that its exports have the same rows."""
    pages: dict[str, Callable[..., Any]] = {
        "RUNS": engine.queries.runs,
        "DELIVERIES": engine.queries.deliveries,
        "REFUSALS": engine.queries.refusals,
    }
    page = pages[name](engine.workspace_id, request(limit=100))
    rows = {row["id"]: row for row in json.loads(page.model_dump_json())["items"]}
    for format_ in ("JSONL", "CSV"):
        export = ask(engine, name, format_)
        write(engine, export)
        data = content(engine, export)
        assert all(row_id.encode() in data for row_id in rows)
        if format_ == "JSONL":
            assert {each["id"]: each for each in documents(data)} == rows
    return rows


def everything_else_works(engine: Engine, story: Story) -> None:
    """Checks what must work despite any damage: lists, exports, statistics, the timeline."""
    for name in ("RUNS", "DELIVERIES", "REFUSALS"):
        assert listed(engine, name)
    assert set(timeline(engine, story.contact_id)) >= {
        story.failed,
        story.completed,
        story.delivery,
        story.refusal,
    }
    run = engine.details.run(engine.workspace_id, story.completed)
    stats = engine.stats.of(engine.workspace_id, request(automation_id=run.automation_id or None))
    stats.model_dump_json()


@pytest.mark.parametrize("how", STEPS)
@pytest.mark.sampled(4)
def test_a_damaged_step_breaks_nothing_else(engine: Engine, story: Story, how: str) -> None:
    damage(engine, keys.step(story.failed, "score"), STEPS[how])
    detail = json.loads(
        engine.details.run(engine.workspace_id, story.failed).model_dump_json(by_alias=True)
    )
    steps = {step["nodeId"]: step for step in detail["steps"]}
    assert set(steps) == {"start", "score", "big", "bad"}
    told = steps["score"]["unreadable"]
    if how == "bad file":
        # Only the link to the file is left out.
        assert told is None
    else:
        assert told.startswith("Left out, because the stored values are damaged: ")
    assert all(steps[other]["unreadable"] is None for other in ("start", "big", "bad"))
    assert steps["bad"]["error"]["message"] == "Too small: canary-payload"
    if "bag" in STEPS[how] and how.startswith("bad"):
        # What could be read of it is there.
        assert steps["score"]["output"] == {"kept": "yes"}
    everything_else_works(engine, story)
    engine.failure_groups.take(story.failed)
    assert erased(engine, story.contact_id).status is ErasureStatus.ERASED
    assert "canary" not in json.dumps(engine.detail(story.failed))


def test_a_step_with_uncleaned_text_from_earlier_is_readable(engine: Engine, story: Story) -> None:
    damage(engine, keys.step(story.failed, "score"), {"bag": POISONED})
    steps = {step["nodeId"]: step for step in engine.detail(story.failed)["steps"]}
    assert steps["score"]["output"] == {"note \ufffd": "Great \ufffd"}
    assert steps["score"]["unreadable"] is None


def test_a_run_with_a_damaged_failed_step_still_joins_a_failure_group(
    engine: Engine, story: Story
) -> None:
    long = engine.fire(shop(engine), event(total=5, note="word " * 60))
    engine.walk(long)
    damage(engine, keys.step(long, "bad"), {"bag": GARBAGE})
    engine.failure_groups.take(long)
    group_id = engine.details.run(engine.workspace_id, long).error_group
    assert group_id is not None
    group = engine.stores.failures.find(group_id)
    assert group is not None and group.message.startswith("Too small: word")


def test_a_damaged_payload_is_reported_and_the_steps_are_shown(
    engine: Engine, story: Story
) -> None:
    damage(engine, keys.event(story.failed), {"body": GARBAGE})
    detail = engine.detail(story.failed)
    assert detail["payload"] is None
    assert detail["unreadable"] == "Left out, because the stored values are damaged: payload."
    assert detail["trigger"] == {"type": "WEBHOOK"}
    assert [step["nodeId"] for step in detail["steps"]] == ["start", "score", "big", "bad"]
    everything_else_works(engine, story)
    assert erased(engine, story.contact_id).status is ErasureStatus.ERASED


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.sampled(4)
def test_a_damaged_run_row_is_marked_as_unreadable(engine: Engine, story: Story, how: str) -> None:
    key = keys.run(story.failed)
    damage(engine, key, RUNS[how])
    row = listed(engine, "RUNS")[story.failed]
    assert row["unreadable"].startswith("Left out, because the stored values are damaged: ")
    assert row["status"] == "FAILED"
    assert listed(engine, "RUNS")[story.completed]["unreadable"] is None
    detail = engine.detail(story.failed)
    assert detail["unreadable"] == row["unreadable"]
    assert "score" in {step["nodeId"] for step in detail["steps"]} or how == "many"
    everything_else_works(engine, story)
    with pytest.raises(UnreadableError):
        engine.stores.runs.get(story.failed)
    engine.failure_groups.take(story.failed)
    assert erased(engine, story.contact_id).status is ErasureStatus.ERASED
    row = engine.table.get(key)
    assert row is not None
    assert "canary" not in json.dumps(row, default=str)


def test_an_open_run_with_a_damaged_row_is_erased_too(engine: Engine, story: Story) -> None:
    waiting = engine.fire(shop(engine, waits=True), event())
    engine.walk(waiting, until="done")
    damage(engine, keys.run(waiting), {"attempt": "first"})
    assert engine.detail(waiting)["status"] == "RUNNING"
    assert erased(engine, story.contact_id, ticks=20).status is ErasureStatus.ERASED


@pytest.mark.parametrize("how", DELIVERIES)
@pytest.mark.sampled(3)
def test_a_damaged_delivery_is_marked_as_unreadable(engine: Engine, story: Story, how: str) -> None:
    damage(engine, keys.delivery(story.delivery), DELIVERIES[how])
    row = listed(engine, "DELIVERIES")[story.delivery]
    assert row["unreadable"].startswith("Left out, because the stored values are damaged: ")
    shown = engine.details.delivery(engine.workspace_id, story.delivery)
    assert shown.unreadable == row["unreadable"]
    assert json.loads(shown.model_dump_json())["channel"] == "EMAIL"
    links = engine.detail(story.completed)["deliveries"]
    assert [link["id"] for link in links] == [story.delivery]
    everything_else_works(engine, story)
    assert erased(engine, story.contact_id, ticks=20).status is ErasureStatus.ERASED


@pytest.mark.parametrize("how", REFUSALS)
@pytest.mark.sampled(3)
def test_a_damaged_refusal_is_marked_as_unreadable(engine: Engine, story: Story, how: str) -> None:
    damage(engine, keys.refusal(story.refusal), REFUSALS[how])
    row = listed(engine, "REFUSALS")[story.refusal]
    assert row["unreadable"].startswith("Left out, because the stored values are damaged: ")
    assert row["reason"] == "REENTRY_BLOCKED"
    shown = engine.details.refusal(engine.workspace_id, story.refusal)
    assert shown.unreadable == row["unreadable"]
    everything_else_works(engine, story)
    assert erased(engine, story.contact_id).status is ErasureStatus.ERASED


@pytest.mark.parametrize("how", RUNS)
@pytest.mark.sampled(4)
def test_a_damaged_row_in_the_stream_does_not_delay_others(
    engine: Engine, story: Story, how: str
) -> None:
    def record(run_id: str, position: str) -> dict[str, Any]:
        key = keys.run(run_id)
        primary = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        row = engine.table.get(key)
        assert row is not None
        told = {"Keys": primary, "NewImage": to_dynamo(row), "SequenceNumber": position}
        return {"eventName": "INSERT", "dynamodb": told}

    damage(engine, keys.run(story.failed), RUNS[how])
    changes = changes_of([record(story.failed, "1"), record(story.completed, "2")])
    assert [change.position for change in changes] == ["2"]


def test_canceling_a_damaged_run_is_refused(deployed: Engine, story: Story) -> None:
    damage(deployed, keys.run(story.failed), {"attempt": "first"})
    answer = call("POST", f"/v1/runs/{story.failed}/cancel", {"reason": "x"})
    assert (answer["status"], answer["body"]["title"]) == (409, "Unreadable")
    assert call("GET", f"/v1/runs/{story.failed}")["status"] == 200


@pytest.mark.parametrize("path", ["steps.score.told", "trigger.note | default: 'none'"])
def test_a_node_that_reads_a_damaged_value_fails_instead_of_using_a_default(
    engine: Engine, path: str
) -> None:
    document = {
        "name": "Reads",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
            {
                "id": "score",
                "type": "INTEGRATION",
                "config": {"url": "https://x.example", "capture": {"told": "data.told"}},
            },
            {"id": "bad", "type": "STOP_ERROR", "config": {"message": f"{{{{{path}}}}}"}},
        ],
        "edges": [{"source": "start", "target": "score"}, {"source": "score", "target": "bad"}],
    }
    run_id = engine.fire(engine.activate(document), {"note": "here"})
    engine.walk(run_id, until="bad")
    damage(engine, keys.step(run_id, "score"), {"bag": GARBAGE})
    damage(engine, keys.event(run_id), {"body": GARBAGE})
    engine.walk(run_id)
    run = engine.stores.runs.get(run_id)
    assert (run.status, run.error and run.error.kind) == (RunStatus.FAILED, "UNREADABLE_VALUE")


def test_api_answers_despite_damaged_rows(deployed: Engine, story: Story) -> None:
    damage(deployed, keys.step(story.failed, "score"), {"bag": GARBAGE})
    damage(deployed, keys.delivery(story.delivery), {"bag": GARBAGE})
    for path in (
        f"/v1/runs/{story.failed}",
        "/v1/runs",
        "/v1/deliveries",
        f"/v1/deliveries/{story.delivery}",
        f"/v1/contacts/{story.contact_id}/timeline",
        "/v1/stats",
        "/v1/failure-groups",
    ):
        assert call("GET", path)["status"] == 200, path


@pytest.mark.parametrize("part", ["rerun", "original"])
def test_a_damaged_run_of_a_family_does_not_stop_the_stream(
    engine: Engine, story: Story, part: str
) -> None:
    client_of("events").create_event_bus(Name="runledger")
    automation_id = shop(engine)
    names = ("rerun", "original", "other")
    ids = {name: engine.fire(automation_id, event()) for name in names}
    family = {"status": "COMPLETED", "finishedAt": engine.clock.now, "rootRunId": ids["original"]}
    damage(engine, keys.run(ids["rerun"]), {**family, "rerunOf": ids["original"]})
    damage(engine, keys.run(ids["other"]), {**family, "rerunOf": ids["original"]})
    damage(engine, keys.run(ids[part]), {"attempt": "many"})
    records = [completion(engine, ids["rerun"], "1"), completion(engine, ids["other"], "2")]
    assert engine.followers.follow(records) is None
    original = engine.table.get(keys.run(ids["original"]))
    assert original is not None
    noted = max(ids["other"], ids["rerun"]) if part == "original" else ids["other"]
    assert original["recoveredBy"].endswith(noted)


def completion(engine: Engine, run_id: str, position: str) -> dict[str, Any]:
    """Returns the record of the stream that a run became COMPLETED."""
    row = engine.table.get(keys.run(run_id))
    assert row is not None
    primary = {name: {"S": row[name]} for name in ("pk", "sk")}
    after, before = to_dynamo(row), to_dynamo({**row, "status": "RUNNING", "sequence": 1})
    told = {
        "Keys": primary,
        "NewImage": {**after, "sequence": {"N": "2"}},
        "OldImage": before,
        "SequenceNumber": position,
    }
    return {"eventName": "MODIFY", "dynamodb": told}
