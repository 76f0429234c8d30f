"""PATCH /v1/contacts?by=…: changes the contact that the body names, or creates it."""

from typing import Any

import pytest

from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine

__all__ = ["deployed"]


def upsert(body: dict[str, Any], query: str = "by=email") -> dict[str, Any]:
    return dict(call("PATCH", "/v1/contacts", body, query=query))


def contact_rows(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in engine.rows() if row["pk"].endswith("#CONTACT")]


@pytest.mark.parametrize(
    ("query", "person"),
    [
        ("by=email", {"email": "Ada@Example.com"}),
        ("by=phone", {"phone": "+49 30 901820"}),
        ("by=externalId&name=stripe", {"externalIds": {"stripe": "cus_1"}}),
    ],
)
def test_the_first_request_creates_the_contact_and_the_second_changes_it(
    deployed: Engine, query: str, person: dict[str, Any]
) -> None:
    first = upsert({**person, "firstName": "Ada", "metadata": {"plan": "pro"}}, query)
    assert first["status"] == 201, first
    second = upsert({**person, "lastName": "L", "metadata": {"seats": 3}}, query)
    assert second["status"] == 200, second
    body = second["body"]
    assert body["id"] == first["body"]["id"]
    assert (body["firstName"], body["lastName"]) == ("Ada", "L")
    assert body["metadata"] == {"plan": "pro", "seats": 3}
    assert second["headers"]["ETag"] != first["headers"]["ETag"]
    assert len(contact_rows(deployed)) == 1


def test_a_repeated_request_writes_nothing(deployed: Engine) -> None:
    person = {"email": "ada@example.com", "tags": ["vip"], "consents": {"marketing": True}}
    first = upsert(person)
    before = deployed.rows()
    again = upsert(person)
    assert (again["status"], again["body"]) == (200, first["body"])
    assert deployed.rows() == before


def test_a_consent_changes_only_if_it_is_sent(deployed: Engine) -> None:
    upsert({"email": "ada@example.com", "consents": {"marketing": True, "transactional": False}})
    body = upsert({"email": "ada@example.com", "firstName": "Ada"})["body"]
    assert body["consents"] == {"marketing": True, "transactional": False, "channels": {}}
    body = upsert({"email": "ada@example.com", "consents": {"marketing": False}})["body"]
    assert body["consents"] == {"marketing": False, "transactional": False, "channels": {}}


def test_contacts_are_not_merged(deployed: Engine) -> None:
    upsert({"email": "ada@example.com"})
    upsert({"externalIds": {"stripe": "cus_1"}}, "by=externalId&name=stripe")
    before = deployed.rows()
    both = {"email": "ada@example.com", "externalIds": {"stripe": "cus_1"}}
    answer = upsert(both)
    assert answer["status"] == 409
    assert answer["body"]["field"] == "externalIds.stripe"
    assert deployed.rows() == before


def test_another_request_that_creates_the_contact_first_is_followed(
    deployed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = type(deployed.contacts)
    create = contacts.create

    def late(self: Any, workspace_id: str, document: Any, source: Any) -> Any:
        monkeypatch.setattr(contacts, "create", create)
        assert upsert({"email": "ada@example.com", "firstName": "Ada"})["status"] == 201
        return create(self, workspace_id, document, source)

    monkeypatch.setattr(contacts, "create", late)
    answer = upsert({"email": "ada@example.com", "lastName": "L"})
    assert answer["status"] == 200
    assert (answer["body"]["firstName"], answer["body"]["lastName"]) == ("Ada", "L")
    assert len(contact_rows(deployed)) == 1


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("by=email", {"firstName": "Ada"}, "email"),
        ("by=email", {"email": None}, "email"),
        ("by=phone", {"email": "ada@example.com"}, "phone"),
        ("by=externalId&name=stripe", {"externalIds": {"shop": "1"}}, "externalIds.stripe"),
        ("by=externalId", {"externalIds": {"shop": "1"}}, "name"),
        ("by=email&name=stripe", {"email": "ada@example.com"}, "name"),
        ("by=id", {"email": "ada@example.com"}, "by"),
        ("", {"email": "ada@example.com"}, "by"),
        ("by=email", {"email": "nobody"}, "email"),
        ("by=email", {"email": "ada@example.com", "tags": ["x" * 65]}, "tags.0"),
    ],
)
def test_a_bad_request_names_the_field_and_writes_nothing(
    deployed: Engine, query: str, body: dict[str, Any], field: str
) -> None:
    before = deployed.rows()
    answer = upsert(body, query)
    assert answer["status"] == 422, answer
    assert answer["body"]["field"] == field
    assert deployed.rows() == before
