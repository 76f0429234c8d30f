"""Samples of every sender go through an automation's own webhook, signed with its current keys."""

import json
from typing import Any

import pytest
from runledger.api.automations import SampleAnswerView, SampleDocument
from runledger.errors import ConflictError, NotFoundError, UnauthorizedError
from runledger.models.automation import Automation, AutomationStatus
from runledger.nodes.source_config import Preset

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_webhook_keys import BY, META, SENDGRID, SIGNED, STRIPE, Hooks, hooks
from tests.support.engine import PUBLIC_URL, Engine

__all__ = ["deployed", "hooks"]

ADDRESS = "203.0.113.9"
# Only they can sign: with a private key.
UNSIGNABLE = {Preset.SENDGRID, Preset.SNS}
CUSTOM: dict[Preset, dict[str, Any]] = {
    Preset.CUSTOM: {
        "verify": {"scheme": "HMAC", "header": "X-Signature", "signed": "{method}{url}{body}"}
    },
    Preset.CLOUDEVENTS: {"verify": {"scheme": "TOKEN", "header": "X-Token"}},
}
SIGNABLE = sorted(set(Preset) - UNSIGNABLE)
# In Base64, so that it suits every sender.
SECRET = "c2VjcmV0LW9mLXRoZS1zZW5kZXItMzYtYnl0ZXMtbG9uZyEh"


def send(hooks: Hooks, automation: Automation, **document: Any) -> SampleAnswerView:
    engine = hooks.engine
    wanted = SampleDocument.model_validate(document)
    samples = engine.samples_at(PUBLIC_URL)
    return samples.send(engine.workspace_id, automation.id, wanted, ADDRESS)


def opened(hooks: Hooks) -> list[str]:
    return [row["pk"] for row in hooks.engine.rows() if row["sk"] == "RUN"]


def with_keys(hooks: Hooks, preset: Preset) -> Automation:
    trigger: dict[str, Any] = {"source": {"preset": preset.value, **CUSTOM.get(preset, {})}}
    if preset is Preset.RUNLEDGER:
        trigger = SIGNED
    automation = hooks.active(**trigger)
    hooks.set(automation, secret=SECRET)
    return automation


@pytest.mark.parametrize("preset", SIGNABLE)
def test_a_sample_of_each_sender_is_accepted_and_opens_a_run(hooks: Hooks, preset: Preset) -> None:
    automation = with_keys(hooks, preset)
    answers = [send(hooks, automation), send(hooks, automation)]
    assert all(200 <= each.status < 300 for each in answers), answers
    # Each sample is an event of its own.
    assert len(opened(hooks)) >= 2


@pytest.mark.parametrize("preset", SIGNABLE)
def test_a_sample_is_signed_with_the_current_secret(hooks: Hooks, preset: Preset) -> None:
    automation = with_keys(hooks, preset)
    samples = hooks.engine.samples_at(PUBLIC_URL)
    received = hooks.engine.webhooks
    sent: list[Any] = []

    class Kept:
        targets = received.targets

        def answer(self, request: Any) -> Any:
            sent.append(request)
            return received.answer(request)

    object.__setattr__(samples, "webhooks", Kept())
    samples.send(hooks.engine.workspace_id, automation.id, SampleDocument(), ADDRESS)
    hooks.set(automation, secret=f"{SECRET[:-8]}QUJDREVG", overlapMinutes=0)
    (request,) = sent
    assert request.url.startswith(f"{PUBLIC_URL}/v1/webhooks/in/")
    with pytest.raises(UnauthorizedError):
        received.receive(request)


@pytest.mark.parametrize("preset", sorted(UNSIGNABLE))
def test_a_sender_that_alone_can_sign_has_no_sample(hooks: Hooks, preset: Preset) -> None:
    arn = {"topicArn": "arn:aws:sns:eu-central-1:123456789012:orders"}
    source = {"preset": preset.value, **(arn if preset is Preset.SNS else {})}
    with pytest.raises(ConflictError, match="can sign its events"):
        send(hooks, hooks.active(source=source))
    assert opened(hooks) == []


def test_without_a_key_there_is_nothing_to_sign_with(hooks: Hooks) -> None:
    with pytest.raises(ConflictError, match="set one first"):
        send(hooks, hooks.active(**STRIPE))


def test_a_given_body_is_sent_as_it_is(hooks: Hooks) -> None:
    automation = hooks.active(**SIGNED)
    answer = send(hooks, automation, body={"orderId": "A-1", "text": "ä"}, headers={"X-Shop": "1"})
    run_id = json.loads(answer.body)["runId"]
    history = hooks.engine.stores.runs.history(run_id)
    assert history.event.body == {"orderId": "A-1", "text": "ä"}
    form = send(
        hooks, automation, body="a=1&a=2&b=c", contentType="application/x-www-form-urlencoded"
    )
    history = hooks.engine.stores.runs.history(json.loads(form.body)["runId"])
    assert history.event.body == {"a": ["1", "2"], "b": "c"}


@pytest.mark.parametrize(
    ("trigger", "document", "status"),
    [
        ({"dedupePath": "orderId"}, {"body": {"other": 1}}, 422),
        ({}, {"body": "{not json"}, 422),
        ({}, {"body": "x", "contentType": "image/png"}, 415),
    ],
)
def test_a_refused_sample_shows_the_answer_of_the_webhook(
    hooks: Hooks, trigger: dict[str, Any], document: dict[str, Any], status: int
) -> None:
    automation = hooks.active(**SIGNED, **trigger)
    answer = send(hooks, automation, **document)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert json.loads(answer.body)["status"] == status
    assert opened(hooks) == []


def test_a_sample_for_a_paused_automation_or_a_draft_is_answered_by_the_webhook(
    hooks: Hooks,
) -> None:
    draft = hooks.draft(**META)
    hooks.set(draft, secret="the app's secret")
    assert send(hooks, draft).status == 409
    automation = hooks.active(**SIGNED)
    engine = hooks.engine
    engine.stopping.stop(engine.workspace_id, automation.id, AutomationStatus.PAUSED, BY)
    assert send(hooks, automation).status == 409


def test_an_automation_without_a_webhook_has_no_sample(hooks: Hooks) -> None:
    with pytest.raises(ConflictError, match="no webhook"):
        send(hooks, hooks.draft(triggerType="MANUAL"))
    samples = hooks.engine.samples_at(PUBLIC_URL)
    with pytest.raises(NotFoundError):
        samples.send("ws_other", hooks.draft(**SENDGRID).id, SampleDocument(), ADDRESS)


def test_an_admin_sends_a_sample_through_the_api(deployed: Engine) -> None:
    automation = Hooks(deployed).active(**SIGNED)
    deployed.clock.follow_the_machine()
    path = f"/v1/automations/{automation.id}/sample"
    assert call("POST", path, {}, role="member")["status"] == 403
    for sent in (None, {}, {"body": [1, 2]}):
        answer = call("POST", path, sent, role="admin")
        assert (answer["status"], answer["body"]["status"]) == (200, 202), answer
        assert "runId" in json.loads(answer["body"]["body"])
    secret = deployed.secret_of(automation.id)
    assert secret not in json.dumps(answer)
    wrong = call("POST", path, {"headers": {"X-A": "b\r\nX-C: d"}}, role="admin")
    assert wrong["status"] == 422
    assert call("POST", "/v1/automations/aut_x/sample", {}, role="admin")["status"] == 404
