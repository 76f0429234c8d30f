"""Each channel against its service's own model: the request, and the meaning of each answer."""

import base64
import json
import ssl
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from runledger.channels.base import Channel, ProviderAnswer, RenderedMessage, UnknownOutcomeError
from runledger.channels.registry import CHANNEL_NAMES, describe_channels, make_channels
from runledger.models.template import TemplateDocument
from runledger.settings import ChannelSettings
from urllib3.exceptions import SSLError as URLLib3SSLError

from tests.support.provider_stub import ProviderStub

POOL = "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-0123456789"
NUMBER = "arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/0123456789abcdef"
SETTINGS = ChannelSettings.model_validate(
    {
        "RUNLEDGER_SENDER_EMAIL": "no-reply@example.com",
        "RUNLEDGER_EMAIL_CONFIGURATION_SET": "emails",
        "RUNLEDGER_SMS_ORIGINATION_IDENTITY": POOL,
        "RUNLEDGER_SMS_CONFIGURATION_SET": "texts",
        "RUNLEDGER_WHATSAPP_PHONE_NUMBER_ID": NUMBER,
    }
)
ADDRESS = {"EMAIL": "ada@example.com", "SMS": "+491701234567", "WHATSAPP": "+491701234567"}
ID_FIELD = {"EMAIL": "MessageId", "SMS": "MessageId", "WHATSAPP": "messageId"}


def message(channel: str, **more: Any) -> RenderedMessage:
    subject = "Hello" if channel == "EMAIL" else None
    return RenderedMessage(
        **{
            "delivery_id": "dlv_1",
            "workspace_id": "ws_1",
            "address": ADDRESS[channel],
            "subject": subject,
            "body": "Grüße, Ada ☕",
            **more,
        }
    )


def channel_over(stub: ProviderStub, name: str, settings: ChannelSettings = SETTINGS) -> Channel:
    return make_channels(stub.client, settings)[name]


def send(stub: ProviderStub, name: str, **more: Any) -> ProviderAnswer:
    return channel_over(stub, name).send(message(name, **more))


def accepting(name: str) -> ProviderStub:
    return ProviderStub(document={ID_FIELD[name]: "provider-1"})


def refusing(name: str, code: str, status: int, **more: Any) -> ProviderStub:
    """Returns a provider that refuses every call with this error, in the form of the channel's
    protocol."""
    if name == "SMS":
        return ProviderStub(status, {"__type": code, "Message": "no", **more})
    return ProviderStub(status, {"message": "no", **more}, {"x-amzn-errortype": code})


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_an_accepted_message_has_the_providers_id(name: str) -> None:
    stub = accepting(name)
    assert send(stub, name) == ProviderAnswer(accepted=True, provider_id="provider-1")
    assert len(stub.requests) == 1


def test_an_email_carries_its_ids_as_tags_through_the_configuration_set() -> None:
    stub = accepting("EMAIL")
    send(stub, "EMAIL")
    sent = stub.sent()
    assert stub.requests[0].url.endswith("/v2/email/outbound-emails")
    assert sent["FromEmailAddress"] == "no-reply@example.com"
    assert sent["Destination"] == {"ToAddresses": ["ada@example.com"]}
    assert sent["ConfigurationSetName"] == "emails"
    assert {tag["Name"]: tag["Value"] for tag in sent["EmailTags"]} == {
        "deliveryId": "dlv_1",
        "workspaceId": "ws_1",
    }
    parts = sent["Content"]["Simple"]["Body"]
    assert parts["Text"] == {"Data": "Grüße, Ada ☕", "Charset": "UTF-8"}
    assert parts["Html"]["Charset"] == "UTF-8"
    assert "<p>Grüße, Ada ☕</p>" in parts["Html"]["Data"]


def test_an_email_carries_the_html_of_its_template() -> None:
    stub = accepting("EMAIL")
    send(stub, "EMAIL", html="<p>Grüße</p>")
    parts = stub.sent()["Content"]["Simple"]["Body"]
    assert {name: part["Data"] for name, part in parts.items()} == {
        "Text": "Grüße, Ada ☕",
        "Html": "<p>Grüße</p>",
    }


def test_a_domain_beyond_ascii_is_sent_in_punycode() -> None:
    stub = accepting("EMAIL")
    send(stub, "EMAIL", address="ada@münchen.example")
    assert stub.sent()["Destination"] == {"ToAddresses": ["ada@xn--mnchen-3ya.example"]}


@pytest.mark.parametrize(
    ("consent", "kind"), [("TRANSACTIONAL", "TRANSACTIONAL"), ("MARKETING", "PROMOTIONAL")]
)
def test_an_sms_carries_its_ids_as_context(consent: str, kind: str) -> None:
    stub = accepting("SMS")
    send(stub, "SMS", consent=consent)
    assert stub.requests[0].headers["X-Amz-Target"] == b"PinpointSMSVoiceV2.SendTextMessage"
    assert stub.sent() == {
        "DestinationPhoneNumber": "+491701234567",
        "OriginationIdentity": POOL,
        "MessageBody": "Grüße, Ada ☕",
        "MessageType": kind,
        "ConfigurationSetName": "texts",
        "TimeToLive": 14_400,
        "Context": {"deliveryId": "dlv_1", "workspaceId": "ws_1"},
    }


def test_a_whatsapp_message_is_a_text_for_one_person() -> None:
    stub = accepting("WHATSAPP")
    send(stub, "WHATSAPP")
    sent = stub.sent()
    assert stub.requests[0].url.endswith("/v1/whatsapp/send")
    assert (sent["originationPhoneNumberId"], sent["metaApiVersion"]) == (NUMBER, "v20.0")
    assert json.loads(base64.b64decode(sent["message"])) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+491701234567",
        "type": "text",
        "text": {"preview_url": False, "body": "Grüße, Ada ☕"},
    }


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("EMAIL", "TooManyRequestsException", 429),
        ("EMAIL", "LimitExceededException", 400),
        ("EMAIL", "SendingPausedException", 400),
        ("EMAIL", "ThrottlingException", 400),
        ("EMAIL", "ServiceUnavailable", 503),
        ("SMS", "ThrottlingException", 400),
        ("SMS", "ServiceQuotaExceededException", 400),
        ("WHATSAPP", "ThrottledRequestException", 429),
    ],
)
def test_a_passing_refusal_is_transient(name: str, code: str, status: int) -> None:
    answer = send(refusing(name, code, status), name)
    assert (answer.accepted, answer.is_transient) == (False, True)
    assert answer.code == code.removesuffix("Exception")
    assert "moment" in str(answer.message) or "paused" in str(answer.message)


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("EMAIL", "InternalFailure", 500),
        ("SMS", "InternalServerException", 500),
        ("WHATSAPP", "InternalServiceException", 500),
        ("WHATSAPP", "DependencyException", 502),
    ],
)
def test_an_internal_failure_leaves_the_outcome_unknown(name: str, code: str, status: int) -> None:
    with pytest.raises(UnknownOutcomeError):
        send(refusing(name, code, status), name)


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("EMAIL", "MessageRejected", 400),
        ("EMAIL", "AccountSuspendedException", 400),
        ("EMAIL", "MailFromDomainNotVerifiedException", 400),
        ("EMAIL", "NotFoundException", 404),
        ("EMAIL", "BadRequestException", 400),
        ("EMAIL", "AccessDeniedException", 403),
        ("SMS", "ValidationException", 400),
        ("SMS", "ResourceNotFoundException", 400),
        ("SMS", "AccessDeniedException", 400),
        ("WHATSAPP", "InvalidParametersException", 400),
        ("WHATSAPP", "ResourceNotFoundException", 404),
        ("WHATSAPP", "ValidationException", 400),
        ("WHATSAPP", "AccessDeniedException", 403),
    ],
)
def test_a_lasting_refusal_is_permanent(name: str, code: str, status: int) -> None:
    answer = send(refusing(name, code, status), name)
    assert (answer.accepted, answer.is_transient) == (False, False)
    assert answer.code == code.removesuffix("Exception")
    # In our words, which every code that is documented has.
    assert answer.message not in ("no", "the provider refused the message")


def test_the_reason_within_a_code_is_shown() -> None:
    stub = refusing("SMS", "ConflictException", 400, Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT")
    answer = send(stub, "SMS")
    assert answer.code == "Conflict.DESTINATION_PHONE_NUMBER_OPTED_OUT"
    assert not answer.is_transient


@pytest.mark.parametrize("name", CHANNEL_NAMES)
@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://provider"),
        ConnectTimeoutError(endpoint_url="https://provider"),
        NoCredentialsError(),
    ],
)
def test_a_message_that_never_left_is_retried(name: str, error: Exception) -> None:
    answer = send(ProviderStub(error=error), name)
    assert (answer.accepted, answer.is_transient, answer.code) == (False, True, "Unreachable")


def tls(inner: Exception) -> SSLError:
    """Returns a TLS error as botocore raises it."""
    return SSLError(endpoint_url="https://provider", error=URLLib3SSLError(inner))


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_a_refused_certificate_means_that_nothing_was_sent(name: str) -> None:
    refused = tls(ssl.SSLCertVerificationError("self-signed certificate"))
    answer = send(ProviderStub(error=refused), name)
    assert (answer.accepted, answer.is_transient, answer.code) == (False, True, "Unreachable")


@pytest.mark.parametrize("name", CHANNEL_NAMES)
@pytest.mark.parametrize(
    "stub",
    [
        # TLS may break while the answer is read.
        ProviderStub(error=tls(ssl.SSLError("bad record mac"))),
        ProviderStub(error=ReadTimeoutError(endpoint_url="https://provider")),
        ProviderStub(error=ConnectionClosedError(endpoint_url="https://provider")),
        ProviderStub(504, body=b"<html>gateway timed out</html>"),
        ProviderStub(502, body=b""),
        ProviderStub(200, body=b"not json"),
    ],
)
def test_a_message_that_may_have_left_is_unknown_and_sent_once(
    name: str, stub: ProviderStub
) -> None:
    stub.requests.clear()
    with pytest.raises(UnknownOutcomeError):
        send(stub, name)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(("name", "called"), [("SMS", "SMS"), ("WHATSAPP", "WHATSAPP")])
def test_a_channel_without_a_sender_says_so(name: str, called: str) -> None:
    stub = ProviderStub()
    answer = channel_over(stub, name, ChannelSettings()).send(message(name))
    assert (answer.accepted, answer.is_transient) == (False, False)
    assert answer.message == f"{called} is not set up on this stack"
    assert stub.requests == []


@pytest.mark.parametrize(("name", "most"), [("SMS", 1_600), ("WHATSAPP", 4_096)])
def test_the_length_of_a_text_is_limited(name: str, most: int) -> None:
    assert send(accepting(name), name, body="x" * most).accepted
    answer = send(accepting(name), name, body="x" * (most + 1))
    assert (answer.code, answer.is_transient) == ("TooLong", False)
    assert f"{most:,}" in (answer.message or "")


@pytest.mark.parametrize(("name", "most"), [("SMS", 1_600), ("WHATSAPP", 4_096)])
def test_a_template_for_a_phone_has_only_a_body(name: str, most: int) -> None:
    channel = describe_channels()[name]

    def problem(body: str, subject: str | None = None) -> str | None:
        document = TemplateDocument(name="A", channel=name, subject=subject, body=body)
        found = channel.template_problem(document)
        return found[0] if found else None

    assert problem("x" * most) is None
    assert problem("x" * (most + 1)) == "body"
    assert problem("Hi", subject="Hello") == "subject"
    # How long it gets is known when it is rendered.
    assert problem("{{ contact.email }}" + "x" * most) is None


@pytest.mark.parametrize("name", ["SMS", "WHATSAPP"])
def test_a_phone_number_has_one_form(name: str) -> None:
    channel = describe_channels()[name]
    assert channel.normalize(" +49 170 1234567 ") == "+491701234567"
    with pytest.raises(ValueError, match="phone"):
        channel.normalize("0170")


@pytest.mark.parametrize("name", CHANNEL_NAMES)
def test_a_described_channel_cannot_send(name: str) -> None:
    channel = describe_channels()[name]
    if name == "EMAIL":
        with pytest.raises(RuntimeError, match="cannot send messages"):
            channel.send(message(name))
    else:
        assert not channel.send(message(name)).accepted
