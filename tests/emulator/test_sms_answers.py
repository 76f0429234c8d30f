"""STOP and START by SMS on the deployed stack: through the topic, with IAM enforced."""

import uuid
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.emulator.orders import ADMIN, activate, ended, wait_for
from tests.support.stack import Stack


class Person:
    """A contact with the marketing consent and a phone, and an automation for each consent."""

    def __init__(self, stack: Stack, api: httpx.Client) -> None:
        self.stack = stack
        self.api = api
        self.phone = f"+49170{uuid.uuid4().int % 10**7:07d}"
        consents = {"marketing": True, "transactional": True}
        made = api.post("/v1/contacts", json={"phone": self.phone, "consents": consents})
        self.id = made.raise_for_status().json()["id"]
        template = {"name": "News", "channel": "SMS", "body": "News. Answer STOP to stop."}
        template_id = api.post("/v1/templates", json=template).raise_for_status().json()["id"]
        self.automations = {
            consent: activate(api, _mailing(template_id, consent))["id"]
            for consent in ("MARKETING", "TRANSACTIONAL")
        }

    def send(self, consent: str) -> dict[str, Any]:
        """Sends one message and returns its delivery as the run shows it."""
        path = f"/v1/automations/{self.automations[consent]}/runs"
        opened = self.api.post(path, json={"contactId": self.id}).raise_for_status()
        (delivery,) = ended(self.api, opened.json()["runId"])["deliveries"]
        found: dict[str, Any] = delivery
        return found

    def answer(self, body: str) -> None:
        said = httpx.post(
            f"{self.stack.aws_endpoint}/_local/inbound-sms",
            json={"from": self.phone, "body": body},
            timeout=30,
        )
        assert said.status_code == 200 and said.json()["topics"], said.text

    def changes(self) -> list[dict[str, Any]]:
        answer = self.api.get(f"/v1/contacts/{self.id}/consents").raise_for_status()
        found: list[dict[str, Any]] = answer.json()["changes"]
        return found

    def answered(self, number: int) -> dict[str, Any]:
        """Waits until this many changes of the consents are recorded, and returns the newest
        change."""

        def look() -> Any:
            changes = self.changes()
            return changes[0] if len(changes) == number else None

        change: dict[str, Any] = wait_for("the answer to be recorded", look)
        return change


def _mailing(template_id: str, consent: str) -> dict[str, Any]:
    message = {
        "recipients": {"kind": "TRIGGER_CONTACT"},
        "channels": [{"channel": "SMS", "templateId": template_id}],
        "consent": consent,
    }
    return {
        "name": f"{consent} SMS by hand",
        "nodes": [
            {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
            {"id": "mail", "type": "SEND_MESSAGE", "config": message},
            {"id": "done", "type": "END"},
        ],
        "edges": [{"source": "start", "target": "mail"}, {"source": "mail", "target": "done"}],
    }


def test_stop_and_start_reach_the_consent_through_the_topic(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        person = Person(stack, api)
        sent = person.send("MARKETING")
        assert sent["status"] == "SENT"
        person.answer(" Stop! ")
        stopped = person.answered(2)
        assert (stopped["origin"], stopped["channel"]) == ("MESSAGE", "SMS")
        assert (stopped["isGiven"], stopped["detail"]) == (False, sent["id"])
        assert person.send("MARKETING")["status"] == "SUPPRESSED"
        assert person.send("TRANSACTIONAL")["status"] == "SENT"
        person.answer("HELP")
        person.answer("START")
        assert person.answered(3)["isGiven"] is True
        assert person.send("MARKETING")["status"] == "SENT"


def test_a_stranger_and_another_workspace_change_nothing(stack: Stack) -> None:
    with stack.api(ADMIN) as api:
        texted, silent = Person(stack, api), Person(stack, api)
        texted.send("MARKETING")
        before = silent.changes()
        silent.answer("STOP")
        texted.answer("STOP")
        # A later answer has been applied.
        texted.answered(2)
        assert silent.changes() == before
        assert silent.send("MARKETING")["status"] == "SENT"


@pytest.mark.parametrize("function", ["DeliveryFeedback", "RunMessage", "WebhookIn"])
def test_no_function_of_the_stack_may_publish_an_answer(stack: Stack, function: str) -> None:
    """Only the SMS service may publish. The test before this one shows that the topic's policy
    allows the service's answers."""
    topic = stack.function_name("InboundSms")
    name = stack.function_name(function)
    role_arn = stack.aws("lambda").get_function_configuration(FunctionName=name)["Role"]
    session = stack.aws("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    sns = boto3.client(
        "sns",
        endpoint_url=stack.aws_endpoint,
        region_name=stack.region,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    with pytest.raises(ClientError) as denied:
        sns.publish(TopicArn=topic, Message="{}")
    assert "AuthorizationError" in denied.value.response["Error"]["Code"]


def test_a_request_without_a_sender_is_refused(stack: Stack) -> None:
    asked = httpx.post(f"{stack.aws_endpoint}/_local/inbound-sms", json={"body": "STOP"})
    assert asked.status_code == 400
