"""Runs from webhook to final status, over the real services."""

from typing import Any

import pytest
from runledger.errors import NodeFailedError, RunReleasedError, StepInProgressError
from runledger.models.run import RunStatus
from runledger.nodes.base import Operation
from runledger.store import keys

from tests.support.engine import Engine

CONTACT = {"contactLookup": {"by": "email", "path": "customer.email"}, "createIfMissing": True}


def order_paid(template_id: str, **trigger: Any) -> dict[str, Any]:
    """Returns the five-node automation on which the budget is counted."""
    return {
        "name": "Order paid",
        "nodes": [
            {
                "id": "start",
                "type": "TRIGGER",
                "config": {"triggerType": "WEBHOOK", **CONTACT, **trigger},
            },
            {
                "id": "big",
                "type": "CONDITION",
                "config": {
                    "kind": "COMPARE",
                    "left": "{{trigger.total}}",
                    "operator": "GREATER_THAN",
                    "right": 100,
                },
            },
            {
                "id": "score",
                "type": "INTEGRATION",
                "config": {
                    "method": "POST",
                    "url": "https://api.example.com/score",
                    "headers": {"Authorization": "Bearer {{secret.SCORE_KEY}}"},
                    "body": {"email": "{{contact.email}}"},
                    "capture": {"score": {"path": "data.score", "required": True}},
                },
            },
            {
                "id": "mail",
                "type": "SEND_MESSAGE",
                "config": {
                    "recipients": {"kind": "TRIGGER_CONTACT"},
                    "channels": [{"channel": "EMAIL", "templateId": template_id}],
                },
            },
            {"id": "done", "type": "END"},
            {
                "id": "bad",
                "type": "STOP_ERROR",
                "config": {"message": "Order {{trigger.orderId}} is too small"},
            },
        ],
        "edges": [
            {"source": "start", "target": "big"},
            {"source": "big", "target": "score", "label": "true"},
            {"source": "big", "target": "bad", "label": "false"},
            {"source": "score", "target": "mail"},
            {"source": "mail", "target": "done"},
        ],
    }


PAYLOAD = {"orderId": "A-1", "total": 150, "customer": {"email": "ada@example.com"}}


@pytest.fixture
def automation(engine: Engine) -> str:
    engine.secrets.put(engine.workspace_id, "SCORE_KEY", "key-that-nobody-sees")
    body = "Your score is {{steps.score.score}}, {{contact.email}}"
    return engine.activate(order_paid(engine.template(body)))


def test_a_run_is_walked_to_its_end_and_shown_step_by_step(engine: Engine, automation: str) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    assert engine.status(run_id) is RunStatus.PENDING

    assert engine.walk(run_id) == ["start", "big", "score", "mail", "done"]

    told = engine.detail(run_id)
    assert told["status"] == "COMPLETED"
    assert [step["nodeId"] for step in told["steps"]] == ["start", "big", "score", "mail", "done"]
    assert [step["order"] for step in told["steps"]] == [1, 2, 3, 4, 5]
    assert {step["status"] for step in told["steps"]} == {"COMPLETED"}
    assert all(step["durationMs"] >= 0 for step in told["steps"])
    big, score, mail = told["steps"][1:4]
    assert big["outcome"] == "true"
    assert score["output"] == {"score": 42}
    assert score["request"]["headers"]["Authorization"] == "Bearer {{secret.SCORE_KEY}}"
    assert [link["nodeId"] for link in told["deliveries"]] == ["mail"]
    (message,) = engine.mailbox()
    assert message.destinations["ToAddresses"] == ["ada@example.com"]
    assert "Your score is 42, " in message.body and ">ada@example.com<" in message.body
    delivery = engine.details.delivery(engine.workspace_id, mail["deliveryIds"][0])
    assert delivery.status == "SENT"
    order = ["consent", "address", "suppression", "frequency", "quiet_hours", "template"]
    assert [gate.name for gate in delivery.gates] == order
    assert delivery.run_id == run_id
    assert "key-that-nobody-sees" not in str(engine.rows())


def test_a_stop_error_fails_the_run_with_its_message(engine: Engine, automation: str) -> None:
    run_id = engine.fire(automation, {**PAYLOAD, "total": 3})

    assert engine.walk(run_id) == ["start", "big", "bad"]

    told = engine.detail(run_id)
    assert told["status"] == "FAILED"
    assert told["error"] == {
        "nodeId": "bad",
        "kind": "STOP_ERROR",
        "message": "Order A-1 is too small",
        "cause": None,
    }
    assert told["steps"][-1]["status"] == "FAILED"


def test_a_missing_variable_fails_the_run_and_is_named(engine: Engine) -> None:
    template_id = engine.template("Hello {{contact.firstName}} {{trigger.voucher}}")
    document = order_paid(template_id)
    document["nodes"] = [node for node in document["nodes"] if node["id"] in ("start", "mail")]
    document["nodes"].append({"id": "done", "type": "END"})
    document["edges"] = [
        {"source": "start", "target": "mail"},
        {"source": "mail", "target": "done"},
    ]
    run_id = engine.fire(engine.activate(document), PAYLOAD)

    engine.walk(run_id)

    error = engine.detail(run_id)["error"]
    assert (error["nodeId"], error["kind"]) == ("mail", "MISSING_VARIABLE")
    assert "trigger.voucher" in error["message"]
    assert engine.mailbox() == []


def test_a_second_walker_finds_a_live_lease_then_the_recorded_step(
    engine: Engine, automation: str
) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.visit(run_id, "start", Operation.OWN)
    engine.visit(run_id, "start", Operation.OWN)
    engine.visit(run_id, "big")
    run = engine.stores.runs.get(run_id)
    engine.stores.runs.claim(
        run,
        engine.graph(run_id).topology.rank("score"),
        _claim(engine, "request-dead"),
        replaces=None,
        left=[],
    )

    with pytest.raises(StepInProgressError):
        engine.visit(run_id, "score", request_id="request-2")
    assert engine.http.calls == []

    assert engine.visit(run_id, "big", request_id="request-2").outcome == "true"


def test_an_effect_whose_process_died_is_unknown_and_not_repeated(
    engine: Engine, automation: str
) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id, until="score")
    run = engine.stores.runs.get(run_id)
    rank = engine.graph(run_id).topology.rank("score")
    engine.stores.runs.claim(run, rank, _claim(engine, "request-dead"), replaces=None, left=[])
    engine.clock.advance(60_000)

    with pytest.raises(NodeFailedError):
        engine.visit(run_id, "score")
    engine.visit(run_id, "start", Operation.FAIL, state={"error": {"Error": "NodeFailedError"}})

    told = engine.detail(run_id)
    assert told["status"] == "FAILED"
    assert told["error"]["kind"] == "OUTCOME_UNKNOWN"
    assert told["error"]["nodeId"] == "score"
    assert engine.http.calls == []


def test_a_message_whose_answer_was_lost_is_not_sent_again(engine: Engine, automation: str) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id, until="mail")
    engine.visit(run_id, "mail")
    # The step's record is lost, as if the request had died between sending and recording.
    engine.table.delete(keys.step(run_id, "mail"))
    engine.clock.advance(60_000)

    engine.visit(run_id, "mail", request_id="request-2")

    assert len(engine.mailbox()) == 1


def test_another_execution_cannot_change_the_run(engine: Engine, automation: str) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    mine = engine.execution(run_id)
    engine.visit(run_id, "start", Operation.OWN)
    other = mine.replace("9d1f", "beef")

    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "start", Operation.OWN, execution=other)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "big", execution=other)
    with pytest.raises(RunReleasedError):
        engine.visit(run_id, "done", Operation.COMPLETE, execution=other)

    assert engine.status(run_id) is RunStatus.RUNNING
    assert [step["nodeId"] for step in engine.detail(run_id)["steps"]] == ["start"]


def test_a_killed_function_fails_the_run_at_its_current_node(
    engine: Engine, automation: str
) -> None:
    run_id = engine.fire(automation, PAYLOAD)
    engine.walk(run_id, until="score")
    run = engine.stores.runs.get(run_id)
    rank = engine.graph(run_id).topology.rank("score")
    engine.stores.runs.claim(run, rank, _claim(engine, "request-dead"), replaces=None, left=[])
    caught = {"Error": "Lambda.Unknown", "Cause": "The function exited"}
    last = {"nodeId": "big", "outcome": "true"}

    engine.visit(run_id, "start", Operation.FAIL, state={"error": caught, "last": last})

    told = engine.detail(run_id)
    assert told["status"] == "FAILED"
    assert (told["error"]["nodeId"], told["error"]["kind"]) == ("score", "CRASHED")
    # The name that AWS gives it is for the log; the kind and the message say what it means.
    assert told["error"]["cause"] is None
    assert "stopped before it answered" in told["error"]["message"]
    assert told["steps"][-1]["status"] == "FAILED"


def to_addresses(template_id: str, *addresses: str) -> dict[str, Any]:
    document = order_paid(template_id)
    document["nodes"] = [
        {"id": "start", "type": "TRIGGER", "config": {"triggerType": "WEBHOOK"}},
        {
            "id": "mail",
            "type": "SEND_MESSAGE",
            "config": {
                "recipients": {"kind": "AD_HOC", "addresses": list(addresses)},
                "channels": [{"channel": "EMAIL", "templateId": template_id}],
            },
        },
        {"id": "done", "type": "END"},
    ]
    document["edges"] = [
        {"source": "start", "target": "mail"},
        {"source": "mail", "target": "done"},
    ]
    return document


def test_an_address_in_several_spellings_gets_one_message(engine: Engine) -> None:
    template_id = engine.template("Hello")
    spellings = ("A@y.example", "a@Y.example", " a@y.example ", "{{trigger.again}}")
    run_id = engine.fire(
        engine.activate(to_addresses(template_id, *spellings)), {"again": ["a@y.example"]}
    )
    engine.walk(run_id)
    assert len(engine.mailbox()) == 1
    step = engine.detail(run_id)["steps"][1]
    assert (step["output"]["sent"], len(step["deliveryIds"])) == (1, 1)


def test_messages_sent_before_a_node_raised_are_shown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = to_addresses(engine.template("Hello"), "a@y.example", "b@y.example", "c@y.example")
    run_id = engine.fire(engine.activate(document), {})
    begin = engine.stores.deliveries.begin

    def fails_for_b(attempt: Any, *more: Any) -> Any:
        if attempt.address.startswith("b@"):
            raise KeyError("nobody thought of this")
        return begin(attempt, *more)

    monkeypatch.setattr(engine.stores.deliveries, "begin", fails_for_b)
    engine.walk(run_id)

    told = engine.detail(run_id)
    assert (told["status"], told["error"]["kind"]) == ("FAILED", "INTERNAL_ERROR")
    assert "nobody thought of this" in told["error"]["cause"]
    first, _ = told["steps"][1]["deliveryIds"]
    delivery = engine.details.delivery(engine.workspace_id, first)
    assert (delivery.address, delivery.status) == ("a@y.example", "SENT")


def test_a_channel_that_raises_once_leaves_only_that_message_unknown(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = to_addresses(engine.template("Hello"), "a@y.example", "b@y.example", "c@y.example")
    run_id = engine.fire(engine.activate(document), {})
    send = engine.channels["EMAIL"].send

    def fails_for_b(message: Any) -> Any:
        if message.address.startswith("b@"):
            raise KeyError("nobody thought of this")
        return send(message)

    monkeypatch.setattr(engine.channels["EMAIL"], "send", fails_for_b)
    engine.walk(run_id)

    told = engine.detail(run_id)
    step = told["steps"][1]
    assert (told["status"], step["outcome"]) == ("COMPLETED", "partly_sent")
    assert (step["output"]["sent"], step["output"]["unknown"]) == (2, 1)
    statuses = [attempt["status"] for attempt in step["evidence"]["attempts"]]
    assert statuses == ["SENT", "UNKNOWN", "SENT"]


@pytest.mark.parametrize(
    ("subject", "body"), [("{{trigger.none}}", "x"), ("x", " {{trigger.none}}")]
)
def test_an_empty_message_is_suppressed(engine: Engine, subject: str, body: str) -> None:
    template_id = engine.template(body, subject)
    run_id = engine.fire(engine.activate(to_addresses(template_id, "a@y.example")), {"none": ""})
    engine.walk(run_id)
    step = engine.detail(run_id)["steps"][1]
    assert step["status"] == "SKIPPED"
    assert "is empty" in step["reason"]
    assert engine.mailbox() == []


def test_a_subject_is_one_line_of_limited_length(engine: Engine) -> None:
    template_id = engine.template("x", "s\r\nBcc: x@evil.example {{trigger.long}}")
    run_id = engine.fire(
        engine.activate(to_addresses(template_id, "a@y.example")), {"long": "l" * 5_000}
    )
    engine.walk(run_id)
    id_ = engine.detail(run_id)["steps"][1]["deliveryIds"][0]
    subject = engine.details.delivery(engine.workspace_id, id_).subject
    assert subject is not None
    assert subject.startswith("s Bcc: x@evil.example l")
    assert len(subject) == 998


def _claim(engine: Engine, request_id: str) -> Any:
    from runledger.models.run import Claim

    now = engine.clock()
    return Claim(request_id=request_id, started_at=now, lease_until=now + 20_000)
