"""Comparing two runs."""

from typing import Any

from runledger.services.reruns.compare import compare

from tests.functional.test_rerun import PAYLOAD, failed_run, mail_then_call, rerun
from tests.support.engine import Engine


def compared(engine: Engine, first: str, second: str) -> dict[str, Any]:
    one, other = (engine.details.run(engine.workspace_id, each) for each in (first, second))
    return compare(one, other).model_dump(mode="json", by_alias=True)


def test_a_failed_run_and_its_rerun_differ_where_it_failed(engine: Engine) -> None:
    automation = engine.activate(mail_then_call(engine.template()))
    original = failed_run(engine, automation)
    again = rerun(engine, original)
    engine.walk(again)

    shown = compared(engine, original, again)
    steps = {step["nodeId"]: step for step in shown["steps"]}
    assert [shown["a"]["runId"], shown["b"]["rerunOf"]] == [original, original]
    assert steps["start"]["isEqual"] and steps["hello"]["isEqual"]
    paths = {each["path"] for each in steps["score"]["differences"]}
    assert {"status", "output.score", "error", "response.status"} <= paths
    assert not any("Idempotency" in path for path in paths)
    assert (steps["goodbye"]["a"], steps["goodbye"]["b"]["status"]) == (None, "COMPLETED")
    assert shown["payloadDifferences"] == []


def test_another_payload_is_named_by_its_path(engine: Engine) -> None:
    automation = engine.activate(mail_then_call(engine.template()))
    first, second = (engine.fire(automation, {**PAYLOAD, "total": n}) for n in (1, 2))
    shown = compared(engine, first, second)
    assert shown["payloadDifferences"] == [{"path": "total", "a": 1, "b": 2}]
