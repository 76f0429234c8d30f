"""Messages, faults and feedback on the deployed stack, with IAM enforced."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.emulator.orders import ADMIN, activate, ended, fire, wait_for
from tests.support.stack import Stack


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.api(ADMIN) as client:
        yield client


@pytest.fixture
def faults(stack: Stack) -> Iterator[str]:
    url = f"{stack.aws_endpoint}/_local/faults"
    httpx.delete(url)
    yield url
    httpx.delete(url)


def person() -> dict[str, str]:
    """Returns an e-mail address and a phone number that no other test uses."""
    number = uuid.uuid4().int
    return {
        "email": f"person-{number % 10**12}@customer.example",
        "phone": f"+49170{number % 10**7:07d}",
    }


def sending(api: httpx.Client, *channels: str) -> dict[str, Any]:
    """Activates an automation that sends on the first channel that accepts the message."""
    choices = []
    for channel in channels:
        subject = "Your order" if channel == "EMAIL" else None
        template = {"name": channel, "channel": channel, "subject": subject, "body": "On its way"}
        made = api.post("/v1/templates", json=template).raise_for_status().json()
        choices.append({"channel": channel, "templateId": made["id"]})
    lookup = {"by": "email", "path": "email"}
    trigger = {"triggerType": "WEBHOOK", "contactLookup": lookup, "createIfMissing": True}
    message = {"recipients": {"kind": "TRIGGER_CONTACT"}, "channels": choices}
    return activate(
        api,
        {
            "name": f"Send by {' then '.join(channels)}",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": trigger},
                {"id": "mail", "type": "SEND_MESSAGE", "config": message},
                {"id": "done", "type": "END"},
            ],
            "edges": [
                {"source": "start", "target": "mail"},
                {"source": "mail", "target": "done"},
            ],
        },
    )


def contact(api: httpx.Client) -> dict[str, str]:
    who = person()
    assert api.post("/v1/contacts", json=who).status_code == 201
    return who


def deliveries(stack: Stack, api: httpx.Client, automation: dict[str, Any], who: Any) -> list[Any]:
    """Opens one more run, waits for its end, and returns its delivery attempts."""
    run = ended(api, fire(stack, automation, who))
    links = run["deliveries"]
    return [api.get(f"/v1/deliveries/{each['id']}").raise_for_status().json() for each in links]


def sent_to(stack: Stack, address: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{stack.aws_endpoint}/_local/messages", params={"to": address})
    items: list[dict[str, Any]] = found.raise_for_status().json()["items"]
    return items


def report(stack: Stack, delivery_id: str | None, kind: str, **more: Any) -> None:
    url = f"{stack.aws_endpoint}/_local/feedback"
    named = {} if delivery_id is None else {"deliveryId": delivery_id}
    told = httpx.post(url, json={**named, "kind": kind, **more}, timeout=30)
    assert told.status_code == 200, told.text


def settles(api: httpx.Client, delivery_id: str, status: str) -> dict[str, Any]:
    def look() -> Any:
        told = api.get(f"/v1/deliveries/{delivery_id}").raise_for_status().json()
        return told if told["status"] == status else None

    told: dict[str, Any] = wait_for(f"{delivery_id} to be {status}", look)
    return told


@pytest.mark.parametrize(
    ("channel", "address", "delivered"),
    [("EMAIL", "email", "DELIVERED"), ("SMS", "phone", "TEXT_DELIVERED")],
)
def test_a_sent_message_is_settled_by_its_receipt(
    stack: Stack, api: httpx.Client, channel: str, address: str, delivered: str
) -> None:
    who = contact(api)
    (attempt,) = deliveries(stack, api, sending(api, channel), who)
    assert (attempt["status"], attempt["address"]) == ("SENT", who[address])
    (message,) = sent_to(stack, who[address])
    assert (message["channel"], message["body"]) == (channel, "On its way")
    assert message["deliveryId"] == attempt["id"]
    assert message["messageId"] == attempt["providerId"]
    report(stack, attempt["id"], delivered)
    settles(api, attempt["id"], "DELIVERED")


@pytest.mark.parametrize(
    ("kind", "status"), [("DELIVERED", "DELIVERED"), ("READ", "DELIVERED"), ("FAILED", "FAILED")]
)
def test_a_whatsapp_message_is_settled_by_a_receipt_with_the_providers_id(
    stack: Stack, api: httpx.Client, kind: str, status: str
) -> None:
    who = contact(api)
    (attempt,) = deliveries(stack, api, sending(api, "WHATSAPP"), who)
    assert attempt["status"] == "SENT"
    (message,) = sent_to(stack, who["phone"])
    assert (message["channel"], message["messageId"]) == ("WHATSAPP", attempt["providerId"])
    assert message["deliveryId"] is None
    report(stack, None, kind, messageId=attempt["providerId"])
    settles(api, attempt["id"], status)


def test_a_bounced_contact_gets_later_messages_on_the_next_channel(
    stack: Stack, api: httpx.Client
) -> None:
    who = contact(api)
    automation = sending(api, "EMAIL", "SMS")
    (first,) = deliveries(stack, api, automation, who)
    report(stack, first["id"], "BOUNCED", eventId="the-bounce")
    report(stack, first["id"], "DELIVERED", eventId="late")
    report(stack, first["id"], "BOUNCED", eventId="the-bounce")
    bounced = settles(api, first["id"], "FAILED")
    assert bounced["error"]["kind"] == "BOUNCED"

    listed = api.get("/v1/suppressions", params={"address": who["email"]}).json()["items"]
    assert [(each["kind"], each["reason"], each["deliveryId"]) for each in listed] == [
        ("EMAIL", "BOUNCE", first["id"])
    ]
    email, sms = sorted(deliveries(stack, api, automation, who), key=lambda each: each["channel"])
    assert (email["status"], sms["status"]) == ("SUPPRESSED", "SENT")
    closed = [gate for gate in email["gates"] if not gate["passed"]]
    assert [gate["name"] for gate in closed] == ["suppression"]
    assert len(sent_to(stack, who["email"])) == 1
    assert len(sent_to(stack, who["phone"])) == 1

    assert api.delete(f"/v1/suppressions/{who['email']}").status_code == 204
    (again,) = deliveries(stack, api, automation, who)
    assert again["status"] == "SENT"


def test_an_admin_adds_and_removes_a_suppressed_address(stack: Stack, api: httpx.Client) -> None:
    who = person()
    added = api.post("/v1/suppressions", json={"address": who["phone"], "note": "asked to"})
    assert added.status_code == 201, added.text
    assert (added.json()["kind"], added.json()["createdBy"]) == ("PHONE", ADMIN)
    assert api.post("/v1/suppressions", json={"address": who["phone"]}).status_code == 200
    newest = api.get("/v1/suppressions", params={"limit": 1}).json()["items"]
    assert [each["address"] for each in newest] == [who["phone"]]
    with stack.api("member@demo.example") as member:
        assert member.get("/v1/suppressions").status_code == 200
        assert member.post("/v1/suppressions", json={"address": "a@b.example"}).status_code == 403
        assert member.delete(f"/v1/suppressions/{who['phone']}").status_code == 403
    with stack.api("admin@other.example") as other:
        assert other.delete(f"/v1/suppressions/{who['phone']}").status_code == 404
    assert api.delete(f"/v1/suppressions/{who['phone']}").status_code == 204
    assert api.delete(f"/v1/suppressions/{who['phone']}").status_code == 404
    refused = api.post("/v1/suppressions", json={"address": "nobody"})
    assert refused.status_code == 422


def test_a_lost_answer_is_settled_by_the_providers_report(
    stack: Stack, api: httpx.Client, faults: str
) -> None:
    who = contact(api)
    fault = {"service": "ses", "operation": "SendEmail", "outcome": "LOSE", "match": who["email"]}
    assert httpx.post(faults, json=fault).status_code == 201
    (attempt,) = deliveries(stack, api, sending(api, "EMAIL"), who)
    assert attempt["status"] not in ("SENT", "DELIVERED")
    (message,) = sent_to(stack, who["email"])
    report(stack, attempt["id"], "DELIVERED")
    settled = settles(api, attempt["id"], "DELIVERED")
    assert settled["providerId"] == message["messageId"]
    assert len(sent_to(stack, who["email"])) == 1


def test_a_permanent_refusal_by_sms_continues_the_cascade_with_email(
    stack: Stack, api: httpx.Client, faults: str
) -> None:
    who = contact(api)
    fault = {
        "service": "sms-voice",
        "operation": "SendTextMessage",
        "code": "ConflictException",
        "match": who["phone"],
    }
    assert httpx.post(faults, json=fault).status_code == 201
    attempts = deliveries(stack, api, sending(api, "SMS", "EMAIL"), who)
    statuses = {each["channel"]: each["status"] for each in attempts}
    assert statuses == {"SMS": "FAILED", "EMAIL": "SENT"}
    assert sent_to(stack, who["phone"]) == []


def test_injected_faults_are_listed_used_up_and_deleted(stack: Stack, faults: str) -> None:
    bad = httpx.post(faults, json={"service": "ses", "operation": "SendEmail", "outcome": "BURN"})
    assert bad.status_code == 400
    fault = {"service": "dynamodb", "operation": "ListTables", "code": "Throttling", "times": 2}
    httpx.post(faults, json=fault).raise_for_status()
    dynamodb = stack.aws("dynamodb")
    # The client tries again by itself.
    assert stack.table_name in dynamodb.list_tables()["TableNames"]
    assert httpx.get(faults).json()["items"] == []
    httpx.post(faults, json=fault).raise_for_status()
    assert [each["times"] for each in httpx.get(faults).json()["items"]] == [2]
    httpx.delete(faults)
    assert httpx.get(faults).json()["items"] == []


@pytest.mark.deep
def test_a_call_can_be_left_hanging(stack: Stack, faults: str) -> None:
    fault = {
        "service": "dynamodb",
        "operation": "ListTables",
        "outcome": "HANG",
        "seconds": 0.5,
        "match": "hang here",
    }
    httpx.post(faults, json=fault).raise_for_status()
    begun = time.monotonic()
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}
    answer = httpx.post(stack.aws_endpoint, headers=headers, content='{"x": "hang here"}')
    assert (answer.status_code, time.monotonic() - begun >= 0.5) == (504, True)


@pytest.mark.parametrize("function", ["Query", "RunLogic", "DeliveryFeedback"])
def test_only_sending_functions_may_send(stack: Stack, function: str) -> None:
    name = stack.function_name(function)
    role_arn = stack.aws("lambda").get_function_configuration(FunctionName=name)["Role"]
    session = stack.aws("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]

    def client(service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=stack.aws_endpoint,
            region_name=stack.region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    who = person()
    text = {"DestinationPhoneNumber": who["phone"], "MessageBody": "Hi"}
    with pytest.raises(ClientError) as denied:
        client("pinpoint-sms-voice-v2").send_text_message(**text)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError) as denied:
        client("sesv2").send_email(
            FromEmailAddress="no-reply@demo.example",
            Destination={"ToAddresses": [who["email"]]},
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        )
    assert "AccessDenied" in denied.value.response["Error"]["Code"]
    assert sent_to(stack, who["phone"]) == sent_to(stack, who["email"]) == []
