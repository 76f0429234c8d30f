"""Reruns: what the preview announces, what is reused, and what happens again."""

from typing import Any

import pytest
from runledger.api.reruns import RerunDocument
from runledger.errors import (
    AlreadyRerunError,
    ChoiceNeededError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidInputError,
    KeyReusedError,
    NodeError,
    NotFoundError,
    NotSentError,
)
from runledger.models.automation import AutomationDocument, AutomationStatus
from runledger.models.run import Cancellation, RunStatus
from runledger.services.reruns.previews import preview_of
from runledger.services.reruns.rerun import RerunBy

from tests.support.engine import Engine
from tests.support.lists import request

ADMIN = RerunBy("ada@example.com", may_repeat_messages=True)
MEMBER = RerunBy("max@example.com", may_repeat_messages=False)
PAYLOAD = {"customer": {"email": "ada@example.com"}, "total": 150}


def edge(source: str, target: str, label: str | None = None) -> dict[str, Any]:
    return {"source": source, "target": target, **({"label": label} if label else {})}


def mail_then_call(template_id: str, **call: Any) -> dict[str, Any]:
    """An e-mail, then a call, then another e-mail."""

    def send(node_id: str) -> dict[str, Any]:
        channels = [{"channel": "EMAIL", "templateId": template_id}]
        config = {"recipients": {"kind": "TRIGGER_CONTACT"}, "channels": channels}
        return {"id": node_id, "type": "SEND_MESSAGE", "config": config}

    lookup = {"contactLookup": {"by": "email", "path": "customer.email"}, "createIfMissing": True}
    return {
        "name": "Mail, then call",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK", **lookup}},
            send("hello"),
            {
                "id": "score",
                "type": "INTEGRATION",
                "config": {
                    "method": "POST",
                    "url": "https://api.example.com/score",
                    "capture": {"score": "data.score"},
                    **call,
                },
            },
            send("goodbye"),
            {"id": "done", "type": "END"},
        ],
        "edges": [
            edge("start", "hello"),
            edge("hello", "score"),
            edge("score", "goodbye"),
            edge("goodbye", "done"),
        ],
    }


@pytest.fixture
def automation(engine: Engine) -> str:
    return engine.activate(mail_then_call(engine.template()))


def failed_run(engine: Engine, automation_id: str, status: int = 503) -> str:
    """Returns a run that sent its first e-mail and whose call was answered with this status."""
    engine.http.status = status
    run_id = engine.fire(automation_id, PAYLOAD)
    engine.walk(run_id)
    engine.http.status = 200
    assert engine.status(run_id) is RunStatus.FAILED
    return run_id


def preview(engine: Engine, run_id: str, by: Any = ADMIN, **asked: Any) -> dict[str, Any]:
    document = RerunDocument.model_validate({"dryRun": True, **asked})
    planned = engine.reruns.preview(engine.workspace_id, run_id, document, by)
    view: dict[str, Any] = preview_of(planned, document, engine.stores).model_dump(
        mode="json", by_alias=True
    )
    return view


def rerun(engine: Engine, run_id: str, by: Any = ADMIN, **asked: Any) -> str:
    document = RerunDocument.model_validate(asked)
    return engine.reruns.open(engine.workspace_id, run_id, document, by).run.id


def actions(shown: dict[str, Any]) -> dict[str, str]:
    return {node["nodeId"]: node["action"] for node in shown["nodes"]}


def effects(shown: dict[str, Any], node_id: str) -> list[tuple[str, str, str]]:
    (node,) = (node for node in shown["nodes"] if node["nodeId"] == node_id)
    return [(each["kind"], each["status"], each["then"]) for each in node["effects"]]


def test_a_rerun_begins_at_the_failed_node_and_sends_nothing_twice(
    engine: Engine, automation: str
) -> None:
    original = failed_run(engine, automation)
    before = engine.detail(original)

    shown = preview(engine, original)
    assert shown["from"] == "score"
    assert actions(shown) == {"hello": "REUSED", "score": "RUN", "goodbye": "RUN"}
    assert effects(shown, "hello") == [("EMAIL", "SENT", "REUSE")]
    assert effects(shown, "score") == [("POST", "503", "REPEAT")]
    assert shown["problems"] == []

    again = rerun(engine, original)
    assert engine.walk(again) == ["start", "hello", "score", "goodbye", "done"]

    told = engine.detail(again)
    assert told["status"] == "COMPLETED"
    assert told["rerunOf"] == original
    assert [step["reusedFrom"] for step in told["steps"]] == [None, original, None, None, None]
    assert len(engine.mailbox()) == 2
    after = engine.detail(original)
    assert [link["runId"] for link in after.pop("reruns")] == [again]
    assert before.pop("reruns") == []
    assert after == before


def test_a_definite_failure_is_repeated_under_a_new_idempotency_key(
    engine: Engine, automation: str
) -> None:
    original = failed_run(engine, automation)
    engine.walk(rerun(engine, original))
    keys = [call.headers["Idempotency-Key"] for call in engine.http.calls]
    assert len(keys) == len(set(keys)) == 2


def test_a_lost_answer_must_be_decided_and_keeps_its_idempotency_key(
    engine: Engine, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = engine.http.call

    def lose(request: Any) -> Any:
        engine.http.calls.append(request)
        raise NodeError("TIMEOUT", "the service did not answer in time")

    monkeypatch.setattr(engine.http, "call", lose)
    original = engine.fire(automation, PAYLOAD)
    engine.walk(original)
    monkeypatch.setattr(engine.http, "call", answered)

    shown = preview(engine, original)
    assert actions(shown)["score"] == "UNDECIDED"
    assert effects(shown, "score") == [("POST", "OUTCOME_UNKNOWN", "CHOOSE")]
    assert [problem["nodeId"] for problem in shown["problems"]] == ["score"]
    with pytest.raises(ChoiceNeededError, match="the effects of score") as refused:
        rerun(engine, original)
    assert [problem["field"] for problem in refused.value.problems] == ["effects.score"]

    again = rerun(engine, original, effects={"score": {"do": "REPEAT"}})
    engine.walk(again)
    assert engine.status(again) is RunStatus.COMPLETED
    first, second = (call.headers["Idempotency-Key"] for call in engine.http.calls)
    assert first == second


def test_a_call_that_was_never_sent_is_made_without_a_question(
    engine: Engine, automation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = engine.http.call

    def refuse(request: Any) -> Any:
        raise NotSentError("CONNECTION_FAILED", "the connection was refused")

    monkeypatch.setattr(engine.http, "call", refuse)
    original = engine.fire(automation, PAYLOAD)
    engine.walk(original)
    monkeypatch.setattr(engine.http, "call", answered)
    shown = preview(engine, original)
    assert actions(shown)["score"] == "RUN"
    assert effects(shown, "score") == [("POST", "CONNECTION_FAILED", "REPEAT")]


def test_a_rerun_from_the_start_reuses_what_happened(engine: Engine, automation: str) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id)
    shown = preview(engine, run_id, **{"from": "START"})
    assert actions(shown) == {"hello": "REUSED", "score": "REUSED", "goodbye": "REUSED"}

    again = rerun(engine, run_id, **{"from": "START"})
    engine.walk(again)
    assert engine.status(again) is RunStatus.COMPLETED
    assert len(engine.mailbox()) == 2
    assert len(engine.http.calls) == 1


def test_a_repeated_message_is_sent_again_and_needs_an_admin(
    engine: Engine, automation: str
) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id)
    choice: dict[str, Any] = {"from": "START", "effects": {"hello": {"do": "REPEAT"}}}
    with pytest.raises(ForbiddenError, match="ADMIN"):
        rerun(engine, run_id, MEMBER, **choice)

    engine.walk(rerun(engine, run_id, **choice))
    assert len(engine.mailbox()) == 3
    # Once more: each rerun that repeats it sends it once.
    again = rerun(engine, run_id, **choice)
    engine.walk(again)
    assert len(engine.mailbox()) == 4


def test_a_suppressed_effect_is_passed_with_the_given_output(
    engine: Engine, automation: str
) -> None:
    original = failed_run(engine, automation)
    with pytest.raises(InvalidInputError, match="no recorded output") as missing:
        rerun(engine, original, effects={"score": {"do": "SUPPRESS"}})
    assert missing.value.field == "effects.score.output"
    choice = {"do": "SUPPRESS", "output": {"score": 7}}
    shown = preview(engine, original, effects={"score": choice})
    assert actions(shown)["score"] == "SUPPRESSED"

    again = rerun(engine, original, effects={"score": choice})
    engine.walk(again)
    told = engine.detail(again)
    (score,) = (step for step in told["steps"] if step["nodeId"] == "score")
    assert (score["status"], score["output"]) == ("SKIPPED", {"score": 7})
    assert len(engine.http.calls) == 1
    assert len(engine.mailbox()) == 2


def test_a_second_rerun_knows_what_the_first_one_did(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    engine.walk(rerun(engine, original))
    assert len(engine.mailbox()) == 2

    shown = preview(engine, original)
    assert actions(shown) == {"hello": "REUSED", "score": "REUSED", "goodbye": "REUSED"}
    engine.walk(rerun(engine, original))
    assert len(engine.mailbox()) == 2
    assert len(engine.http.calls) == 2


def test_a_rerun_of_a_rerun_still_counts_the_first_effects(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    engine.http.status = 503
    first = rerun(engine, original)
    engine.walk(first)
    engine.http.status = 200
    assert engine.status(first) is RunStatus.FAILED

    second = rerun(engine, first)
    engine.walk(second)
    told = engine.detail(second)
    assert told["status"] == "COMPLETED"
    (hello,) = (step for step in told["steps"] if step["nodeId"] == "hello")
    assert hello["reusedFrom"] == original
    assert len(engine.mailbox()) == 2


def test_another_body_needs_the_start(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    body = {**PAYLOAD, "total": 1}
    with pytest.raises(InvalidInputError) as refused:
        rerun(engine, original, body=body)
    assert refused.value.field == "body"
    again = rerun(engine, original, **{"from": "START", "body": body})
    assert engine.detail(again)["payload"] == body


def test_what_makes_no_sense_is_refused_with_its_field(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"from": "goodbye"}, "from"),
        ({"from": "nowhere"}, "from"),
        ({"effects": {"nowhere": {"do": "REPEAT"}}}, "effects.nowhere"),
        ({"effects": {"hello": {"do": "REPEAT"}}}, "effects.hello"),
        ({"effects": {"score": {"do": "REUSE"}}}, "effects.score"),
    ]
    for asked, field in wrong:
        with pytest.raises(InvalidInputError) as refused:
            preview(engine, original, **asked)
        assert refused.value.field == field
    completed = engine.fire(automation, PAYLOAD)
    engine.walk(completed)
    with pytest.raises(InvalidInputError, match="no failed node"):
        preview(engine, completed)


def test_only_an_ended_run_of_an_active_automation_is_rerun(
    engine: Engine, automation: str
) -> None:
    open_run = engine.fire(automation, PAYLOAD)
    with pytest.raises(ConflictError, match="PENDING"):
        preview(engine, open_run)
    engine.walk(open_run)
    with pytest.raises(NotFoundError):
        engine.reruns.preview("ws_other", open_run, RerunDocument(), ADMIN)
    engine.stopping.stop(engine.workspace_id, automation, AutomationStatus.PAUSED, "ada")
    with pytest.raises(ConflictError, match="PAUSED"):
        preview(engine, open_run, **{"from": "START"})


def test_an_erased_or_expired_run_is_gone(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    contact_id = engine.stores.runs.get(original).contact_id
    assert contact_id is not None
    engine.erasing.erase(engine.workspace_id, contact_id, None, "ada@example.com")
    with pytest.raises(GoneError, match="erased"):
        preview(engine, original)


def test_the_active_version_reuses_only_what_is_the_same(engine: Engine) -> None:
    template_id = engine.template()
    automation_id = engine.activate(mail_then_call(template_id))
    original = failed_run(engine, automation_id)
    changed = mail_then_call(template_id, url="https://api.example.com/v2/score")
    engine.automations.update(
        engine.workspace_id, automation_id, AutomationDocument.model_validate(changed), "ada"
    )
    engine.activations.activate(engine.workspace_id, automation_id, "ada@example.com")

    shown = preview(engine, original, version="ACTIVE")
    assert shown["version"] == 2
    assert actions(shown) == {"hello": "REUSED", "score": "RUN", "goodbye": "RUN"}
    again = rerun(engine, original, version="ACTIVE")
    engine.walk(again)
    assert engine.status(again) is RunStatus.COMPLETED
    assert engine.http.calls[-1].url == "https://api.example.com/v2/score"
    assert len(engine.mailbox()) == 2


def test_the_same_key_opens_one_rerun(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    first = rerun(engine, original, idempotencyKey="again")
    assert rerun(engine, original, idempotencyKey="again") == first
    engine.walk(first)
    assert rerun(engine, original, idempotencyKey="again") == first
    assert rerun(engine, original, idempotencyKey="once more") != first
    with pytest.raises(KeyReusedError):
        rerun(engine, original, idempotencyKey="again", reason="other")


def test_an_open_rerun_must_end_before_the_next(engine: Engine, automation: str) -> None:
    original = failed_run(engine, automation)
    first = rerun(engine, original)
    for attempt in (preview, rerun):
        with pytest.raises(AlreadyRerunError, match=first):
            attempt(engine, original)
    engine.walk(first, until="goodbye")
    with pytest.raises(AlreadyRerunError, match=first):
        rerun(engine, original)
    canceled = Cancellation(by="ada@example.com", reason="once more")
    engine.canceler.cancel(engine.workspace_id, first, canceled)
    engine.walk(rerun(engine, original))
    assert len(engine.http.calls) == 2
    assert len(engine.mailbox()) == 2


def test_a_result_of_another_version_is_reused_only_where_nothing_changed(engine: Engine) -> None:
    """The first rerun used the active version. The second one uses the first version again."""
    template_id = engine.template()
    automation_id = engine.activate(mail_then_call(template_id))
    original = failed_run(engine, automation_id)
    activate(engine, automation_id, mail_then_call(template_id, url="https://new.example.com/"))
    engine.walk(rerun(engine, original, version="ACTIVE"))

    shown = preview(engine, original)
    assert actions(shown) == {"hello": "REUSED", "score": "UNDECIDED", "goodbye": "REUSED"}
    shown = preview(engine, original, version="ACTIVE")
    assert actions(shown) == {"hello": "REUSED", "score": "REUSED", "goodbye": "REUSED"}


def activate(engine: Engine, automation_id: str, document: dict[str, Any]) -> None:
    engine.automations.update(
        engine.workspace_id, automation_id, AutomationDocument.model_validate(document), "ada"
    )
    engine.activations.activate(engine.workspace_id, automation_id, "ada@example.com")


def test_durations_of_nodes_leave_out_steps_that_were_taken_over(
    engine: Engine, automation: str
) -> None:
    original = failed_run(engine, automation)
    engine.walk(rerun(engine, original))
    engine.walk(rerun(engine, original, **{"from": "START"}))
    shown = engine.stats.of(engine.workspace_id, request(automation_id=automation, range="24h"))
    sampled = {node.node_id: node.sampled for node in shown.nodes}
    assert sampled == {"start": 3, "hello": 1, "score": 2, "goodbye": 1, "done": 2}
    assert sum(hour.counts["COMPLETED"] for hour in shown.hours) == 2
