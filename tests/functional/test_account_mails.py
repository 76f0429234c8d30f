"""The mails of the user pool: their texts, and what happens if the console's address is unknown."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from runledger.composition import services
from runledger.errors import ServiceError
from runledger.models.invitation import INVITATION_LIFE_DAYS
from runledger.services.workspaces.account_mails import (
    FIRST_PASSWORD,
    FORGOTTEN_PASSWORD,
    AccountMail,
    AccountMails,
)
from runledger.services.workspaces.accounts import Accounts
from runledger.services.workspaces.console_address import ADDRESS_CACHED_SECONDS, ConsoleAddress

from tests.functional.test_api_handlers import CONTEXT, EVENTS
from tests.functional.test_invitations import Scripted, refused

CODE, NAME = "{####}", "{username}"
ADDRESS = "https://console.example.com"
# The longest that Cognito takes: EmailVerificationSubjectType and EmailVerificationMessageType.
MOST_SUBJECT, MOST_MESSAGE = 140, 20_000


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def parameter(address: str) -> dict[str, Any]:
    return {"Parameter": {"Name": "/console", "Value": address}}


def mails(*answers: Any) -> tuple[AccountMails, Scripted, Time]:
    ssm, time = Scripted(get_parameter=list(answers)), Time()
    client: Any = ssm
    return AccountMails(ConsoleAddress(client, "/console", time)), ssm, time


def written(service: AccountMails, occasion: str = FIRST_PASSWORD) -> AccountMail:
    mail = service.write(occasion, CODE, NAME)
    assert mail is not None
    return mail


@pytest.mark.parametrize("occasion", [FIRST_PASSWORD, FORGOTTEN_PASSWORD])
def test_a_mail_says_where_to_sign_in_and_has_a_place_for_the_code(occasion: str) -> None:
    service, _, _ = mails(parameter(ADDRESS))
    mail = written(service, occasion)
    assert f'<a href="{ADDRESS}">{ADDRESS}</a>' in mail.html
    # On a line of its own: a full stop behind it would be copied too.
    assert f": {CODE}</p>" in mail.html
    assert (f": {NAME}</p>" in mail.html) is (occasion == FIRST_PASSWORD)
    assert "Runledger" in mail.subject
    assert len(mail.subject) <= MOST_SUBJECT and len(mail.html) <= MOST_MESSAGE


def test_a_first_password_says_how_long_it_is_valid() -> None:
    service, _, _ = mails(parameter(ADDRESS))
    assert f"valid for {INVITATION_LIFE_DAYS} days" in written(service).html


@pytest.mark.parametrize(
    "occasion",
    [
        "CustomMessage_ResendCode",
        "CustomMessage_SignUp",
        "CustomMessage_UpdateUserAttribute",
        "CustomMessage_VerifyUserAttribute",
        "CustomMessage_Authentication",
    ],
)
def test_other_mails_keep_cognitos_text(occasion: str) -> None:
    service, ssm, _ = mails()
    assert service.write(occasion, CODE, "") is None
    assert ssm.asked == []


def test_the_address_is_read_again_after_some_time() -> None:
    service, ssm, time = mails(parameter(ADDRESS), parameter("https://moved.example.com"))
    assert ADDRESS in written(service).html
    time.now += ADDRESS_CACHED_SECONDS - 1
    assert ADDRESS in written(service).html
    time.now += 1
    assert "https://moved.example.com" in written(service).html
    assert [name for name, _ in ssm.asked] == ["get_parameter"] * 2
    assert ssm.asked[0][1] == {"Name": "/console"}


@pytest.mark.parametrize(
    "failure",
    [
        refused("ParameterNotFound"),
        refused("AccessDeniedException"),
        ReadTimeoutError(endpoint_url="https://ssm.example"),
    ],
    ids=["missing", "forbidden", "no answer"],
)
def test_without_an_address_the_mail_is_sent_all_the_same(failure: Exception) -> None:
    service, _, time = mails(failure, parameter(ADDRESS), failure)
    first = written(service)
    assert CODE in first.html and "href" not in first.html
    assert "Sign in with both" in first.html
    # It is tried again with the next mail, and the last known address is kept.
    assert ADDRESS in written(service).html
    time.now += ADDRESS_CACHED_SECONDS
    assert ADDRESS in written(service).html


def test_the_handler_answers_cognitos_event(monkeypatch: pytest.MonkeyPatch) -> None:
    from functions.account_mail.handler import handler

    ssm: Any = Scripted(get_parameter=parameter(ADDRESS))
    service = AccountMails(ConsoleAddress(ssm, "/console"))
    monkeypatch.setitem(vars(services()), "account_mails", service)
    event = json.loads((EVENTS / "account_mail.json").read_text())
    assert event["triggerSource"] == FIRST_PASSWORD
    answer = handler({**event, "response": dict(event["response"])}, CONTEXT)
    assert {**answer, "response": None} == {**event, "response": None}
    assert answer["response"]["emailSubject"] == "Your first password for Runledger"
    assert ADDRESS in answer["response"]["emailMessage"]
    assert answer["response"]["smsMessage"] is None
    # Another mail: Cognito's own text stays.
    other = {**event, "triggerSource": "CustomMessage_ResendCode"}
    other["request"] = {**event["request"], "usernameParameter": None}
    assert handler(other, CONTEXT)["response"] == event["response"]


def test_a_mail_that_the_trigger_did_not_write_counts_as_not_mailed() -> None:
    for code in (
        "UserLambdaValidationException",
        "UnexpectedLambdaException",
        "InvalidLambdaResponseException",
        "CodeDeliveryFailureException",
    ):
        cognito: Any = Scripted(admin_create_user=[refused(code)])
        assert Accounts(cognito, "pool").prepare("bob@example.com") is None
    strange: Any = Scripted(admin_create_user=[refused("NotAuthorizedException")])
    with pytest.raises(ServiceError, match="AWS refused"):
        Accounts(strange, "pool").prepare("bob@example.com")
