"""All spellings of an address lead to one contact: in webhooks, in searches, in manual runs."""

import pytest

from tests.functional.test_api_handlers import call, deployed
from tests.support.engine import Engine

__all__ = ["deployed"]

PHONE = "+4915123456789"
WAYS = [PHONE, "004915123456789", "4915123456789", "0049 1512 3456789", "49-1512-3456789"]
MEXICAN = ["+525512345678", "+5215512345678", "5215512345678", "00525512345678"]
BRAZILIAN = ["+5511987654321", "+551187654321", "551187654321"]


@pytest.mark.parametrize(
    ("stored", "written"),
    [(ways[0], way) for ways in (WAYS, MEXICAN, BRAZILIAN) for way in ways],
)
def test_every_spelling_of_a_phone_number_finds_its_contact(
    deployed: Engine, stored: str, written: str
) -> None:
    contact = call("POST", "/v1/contacts", {"phone": written})["body"]
    assert contact["phone"] == stored
    again = call("POST", "/v1/contacts", {"phone": stored})
    assert again["status"] == 409
    found = call("GET", "/v1/contacts", query=f"contact={written}")["body"]["items"]
    assert [each["id"] for each in found] == [contact["id"]]
    # As a webhook looks it up, and as a run by hand does.
    event, _ = deployed.contacts.identify_or_create(deployed.workspace_id, "phone", written)
    by_hand = deployed.contacts.find(deployed.workspace_id, "phone", written)
    assert by_hand is not None
    assert {event.id, by_hand.id} == {contact["id"]}


def test_an_unescaped_plus_in_a_query_finds_the_address(deployed: Engine) -> None:
    contact = call("POST", "/v1/contacts", {"email": "ada+news@x.example"})["body"]
    # What API Gateway makes of a raw + and of an escaped one.
    for written in ("ada news@x.example", "ada+news@x.example", "ADA+News@x.example"):
        found = call("GET", "/v1/contacts", query=f"contact={written}")["body"]["items"]
        assert [each["id"] for each in found] == [contact["id"]]


def test_an_ambiguous_national_number_is_refused_with_the_choices(deployed: Engine) -> None:
    for phone in ("+12025550123", "+492025550123"):
        call("POST", "/v1/contacts", {"phone": phone})
    answer = call("GET", "/v1/contacts", query="contact=2025550123")
    assert (answer["status"], answer["body"]["field"]) == (422, "contact")
    assert "+12025550123" in answer["body"]["detail"]


def test_a_domain_in_unicode_and_in_punycode_is_one_contact(deployed: Engine) -> None:
    contact = call("POST", "/v1/contacts", {"email": "ada@münchen.example"})["body"]
    again = call("POST", "/v1/contacts", {"email": "ada@xn--mnchen-3ya.example"})
    assert again["status"] == 409
    query = "contact=ada@xn--mnchen-3ya.example"
    found = call("GET", "/v1/contacts", query=query)["body"]["items"]
    assert [each["id"] for each in found] == [contact["id"]]


def test_a_non_ascii_local_part_is_refused(deployed: Engine) -> None:
    answer = call("POST", "/v1/contacts", {"email": "müller@example.com"})
    assert (answer["status"], answer["body"]["field"]) == (422, "email")
    assert "before the @" in answer["body"]["detail"]
