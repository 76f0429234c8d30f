"""Long bodies of a call: stored whole beside the step, with a link for users who may read the
run."""

import gzip
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from runledger.aws import client
from runledger.errors import NotFoundError
from runledger.services.runs.body_links import LINK_SECONDS, with_links
from runledger.store.bodies import Bodies

from tests.functional.test_walk import PAYLOAD, order_paid
from tests.support.engine import Engine, client_of
from tests.support.environment import BUCKET

KEY = "key-that-nobody-sees"


@pytest.fixture
def run_id(engine: Engine) -> str:
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", KEY)
    engine.http.answer = {"data": {"score": 1}, "rest": "x" * 20_000 + KEY}
    automation = engine.activate(order_paid(engine.template()))
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id, until="mail")
    return run_id


def response_of(engine: Engine, run_id: str) -> dict[str, Any]:
    detail = engine.details.run(engine.workspace_id, run_id).model_dump(mode="json", by_alias=True)
    step = next(step for step in detail["steps"] if step["nodeId"] == "score")
    response: dict[str, Any] = step["response"]
    return response


def test_a_short_lived_link_gives_the_whole_body(engine: Engine, run_id: str) -> None:
    response = response_of(engine, run_id)
    assert len(response["body"]) == 16 * 1024
    assert "bodyObject" not in response
    link = urlsplit(response["bodyLink"]["url"])
    key = unquote(link.path).removeprefix(f"/{BUCKET}").lstrip("/")
    run = engine.stores.runs.get(run_id)
    assert key.startswith(f"runs/{run_id}/{run.expires_at // 1_000}/bodies/score-response-")
    found = client_of("s3").get_object(Bucket=BUCKET, Key=key)
    assert (found["ContentEncoding"], found["ContentType"]) == ("gzip", "application/json")
    text = gzip.decompress(found["Body"].read()).decode()
    assert json.loads(text)["rest"] == "x" * 20_000 + "{{secret.SCORE_KEY}}"
    assert response["bodyLink"]["bytes"] == len(text.encode())


def test_a_link_expires_after_minutes_and_always_downloads(engine: Engine) -> None:
    link = urlsplit(Bodies(client("s3"), BUCKET).link("runs/run_1/bodies/a-response-1", 300))
    asked = parse_qs(link.query)
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-Expires"] == ["300"]
    assert asked["response-content-disposition"] == ['attachment; filename="a-response-1"']
    assert asked["response-cache-control"] == ["no-store"]
    assert LINK_SECONDS <= 300


def test_a_user_of_another_workspace_gets_no_link(engine: Engine, run_id: str) -> None:
    with pytest.raises(NotFoundError):
        engine.details.run("ws_other", run_id)


def test_only_objects_of_the_run_are_linked(engine: Engine, run_id: str) -> None:
    bodies = Bodies(client_of("s3"), BUCKET)
    detail = engine.details.run(engine.workspace_id, run_id)
    responses: list[Any] = [
        {"bodyObject": {"key": key, "bytes": 1}}
        for key in ("runs/run_other/bodies/score-response-1", f"runs/{run_id}/payload", "")
    ]
    forged = [detail.steps[-1].changed(response=response) for response in responses]
    shown = with_links(detail.changed(steps=forged), engine.stores.runs.get(run_id), bodies, 0)
    told: list[Any] = [step.response for step in shown.steps]
    assert told == [{}, {}, {}]


def test_links_come_from_the_step_and_not_from_the_services_answer(engine: Engine) -> None:
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", KEY)
    engine.http.answer = {"data": {"score": 1}, "bodyObject": {"key": "runs/x/y", "bytes": 1}}
    run_id = engine.fire(engine.activate(order_paid(engine.template())), PAYLOAD)
    engine.walk(run_id, until="mail")
    response = response_of(engine, run_id)
    assert "bodyLink" not in response
    assert response["body"]["bodyObject"]["key"] == "runs/x/y"
