"""Consents through the API: who changed them, where and for which channel, and which messages they
stop."""

import json
from typing import Any

import pytest
from runledger.models.consent import (
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    ConsentSource,
)
from runledger.models.delivery import DeliveryStatus

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_delivery_life import ADA, attempts, mailing
from tests.support.engine import Engine

__all__ = ["deployed"]

CONSOLE = {"x-runledger-client": "console"}
ADA_AT = "ada@example.com"


def made(consents: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> str:
    body = {"email": ADA_AT, **({} if consents is None else {"consents": consents})}
    return str(call("POST", "/v1/contacts", body, headers=headers)["body"]["id"])


def consents_of(contact_id: str) -> dict[str, Any]:
    answer = call("GET", f"/v1/contacts/{contact_id}/consents", role="viewer")
    assert answer["status"] == 200, answer
    return dict(answer["body"])


def test_the_record_says_when_by_whom_and_from_where(deployed: Engine) -> None:
    contact_id = made({"marketing": True}, headers=CONSOLE)
    path = f"/v1/contacts/{contact_id}"
    sms = {"channels": {"SMS": {"marketing": False}}}
    patched = call("PATCH", path, {"consents": sms}, role="admin")["body"]
    call("PUT", path, {"email": ADA_AT, "consents": {"transactional": False}}, headers=CONSOLE)
    upserted = {"email": ADA_AT, "consents": {"transactional": True}}
    call("PATCH", "/v1/contacts", upserted, query="by=email", headers={"x-runledger-client": "x"})
    found = consents_of(contact_id)
    assert found["consents"] == {
        "marketing": True,
        "transactional": True,
        "channels": {"SMS": {"marketing": False, "transactional": None}},
    }
    assert found["consents"] == call("GET", path)["body"]["consents"]
    changes = found["changes"]
    shown = [
        (each["purpose"], each["channel"], each["isGiven"], each["origin"], each["by"])
        for each in changes
    ]
    owner, admin = "owner@example.com", "admin@example.com"
    assert shown == [
        ("TRANSACTIONAL", None, True, "API", owner),
        ("TRANSACTIONAL", None, False, "CONSOLE", owner),
        ("MARKETING", "SMS", False, "API", admin),
        ("MARKETING", None, True, "CONSOLE", owner),
    ]
    assert changes[2]["at"] == patched["updatedAt"]
    assert all(each["detail"] is None and each["givenAt"] is None for each in changes)


def test_a_document_that_was_read_can_be_sent_back(deployed: Engine) -> None:
    contact_id = made({"channels": {"EMAIL": {"marketing": True}}})
    path = f"/v1/contacts/{contact_id}"
    read = call("GET", path)["body"]
    before = consents_of(contact_id)
    assert call("PUT", path, read)["status"] == 200
    assert consents_of(contact_id) == before


@pytest.mark.parametrize(
    "channels",
    [
        {"FAX": {"marketing": True}},
        {"EMAIL": {"marketing": "yes"}},
        {"EMAIL": {"news": True}},
        {"EMAIL": None},
        None,
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_wrong_consent_of_a_channel_is_refused(
    deployed: Engine, method: str, channels: Any
) -> None:
    contact_id = made({"marketing": True})
    before = consents_of(contact_id)
    body = {"consents": {"channels": channels}}
    answer = call(method, f"/v1/contacts/{contact_id}", body)
    assert answer["status"] == 422
    assert consents_of(contact_id) == before


def test_a_member_cannot_change_a_consent_and_a_contact_without_changes_has_an_empty_record(
    deployed: Engine,
) -> None:
    contact_id = made()
    path = f"/v1/contacts/{contact_id}"
    answer = call("PATCH", path, {"consents": {"marketing": True}}, role="member")
    assert answer["status"] == 403
    assert consents_of(contact_id)["changes"] == []
    assert call("GET", "/v1/contacts/con_none/consents")["status"] == 404


def test_the_record_is_gone_with_the_contact(deployed: Engine) -> None:
    contact_id = made({"marketing": True})
    assert any(row["pk"].endswith("#CONSENT") for row in deployed.rows())
    assert call("POST", f"/v1/contacts/{contact_id}/erase", {})["status"] == 202
    assert call("GET", f"/v1/contacts/{contact_id}/consents")["status"] == 410
    assert not any(row["pk"].endswith("#CONSENT") for row in deployed.rows())


def test_an_import_shows_its_source_and_the_date_of_the_consent(deployed: Engine) -> None:
    contact_id = made()
    source = ConsentSource(
        origin=ConsentOrigin.IMPORT, by=ADA_AT, detail="imp_1", given_at=1_700_000_000_000
    )
    deployed.contacts.set_consent(
        "ws_demo", contact_id, ConsentPurpose.MARKETING, ConsentChannel.SMS, True, source
    )
    (change,) = consents_of(contact_id)["changes"]
    assert (change["origin"], change["detail"]) == ("IMPORT", "imp_1")
    assert change["givenAt"] == "2023-11-14T22:13:20.000Z"


def test_a_contact_of_an_event_has_no_record(deployed: Engine) -> None:
    """An event sets no consents, so the contact that it creates has only the defaults."""
    automation_id = deployed.activate(mailing(deployed.template()))
    deployed.fire(automation_id, {"email": ADA_AT})
    (contact,) = call("GET", "/v1/contacts")["body"]["items"]
    found = consents_of(contact["id"])
    assert found["consents"] == {"marketing": False, "transactional": True, "channels": {}}
    assert found["changes"] == []


# ── the gate of messages ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("consents", "consent", "is_sent"),
    [
        ({"marketing": True}, "MARKETING", True),
        ({"marketing": True, "channels": {"EMAIL": {"marketing": False}}}, "MARKETING", False),
        ({"marketing": True, "channels": {"SMS": {"marketing": False}}}, "MARKETING", True),
        ({"channels": {"EMAIL": {"marketing": True}}}, "MARKETING", True),
        ({"channels": {"SMS": {"marketing": True}}}, "MARKETING", False),
        ({"marketing": True, "channels": {"EMAIL": {"marketing": False}}}, "TRANSACTIONAL", True),
        ({"channels": {"EMAIL": {"transactional": False}}}, "TRANSACTIONAL", False),
    ],
    ids=json.dumps,
)
def test_a_message_asks_for_the_consent_of_its_channel(
    deployed: Engine, consents: dict[str, Any], consent: str, is_sent: bool
) -> None:
    made(consents)
    template = deployed.template("News. Stop: {{unsubscribeUrl}}")
    automation_id = deployed.activate(mailing(template, consent=consent))
    deployed.walk(deployed.fire(automation_id, ADA))
    (attempt,) = attempts(deployed)
    assert (attempt.status is not DeliveryStatus.SUPPRESSED) is is_sent
    (gate,) = (each for each in attempt.gates if each.name == "consent")
    assert gate.passed is is_sent
