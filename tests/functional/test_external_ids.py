"""A contact has ids in other systems. Each id finds only this contact, as an address does."""

import json
from typing import Any

import pytest
from runledger.errors import ConflictError, InvalidInputError, NoContactError
from runledger.models.contact import ContactDocument

from tests.functional.test_api_handlers import call, deployed
from tests.functional.test_webhooks import event, hooked
from tests.support.engine import Engine

__all__ = ["deployed"]

STRIPE = {"by": "externalId", "name": "stripe", "path": "customer"}


def made(body: dict[str, Any]) -> dict[str, Any]:
    answer = call("POST", "/v1/contacts", body)
    assert answer["status"] == 201, answer
    return dict(answer["body"])


def lookup_items(engine: Engine) -> dict[str, str]:
    """The contact's id by each external id that is reserved."""
    return {
        row["sk"]: row["contactId"]
        for row in engine.rows()
        if row["pk"].endswith("#ADDRESS") and row["sk"].startswith("EXTERNAL:")
    }


def test_they_are_shown_as_written_and_found_as_pasted(deployed: Engine) -> None:
    ids = {"stripe": "  cus_9 ", "shop": "A:1 #7", "my-crm": "Zoe\u0308"}
    contact = made({"externalIds": ids})
    stored = {"stripe": "cus_9", "shop": "A:1 #7", "my-crm": "Zo\u00eb"}
    assert contact["externalIds"] == stored
    shown = call("GET", f"/v1/contacts/{contact['id']}")["body"]
    assert shown == contact
    for pasted in ("stripe:cus_9", " stripe: cus_9 ", "shop:A:1 #7", "my-crm:Zoë"):
        found = call("GET", "/v1/contacts", query=f"contact={pasted}")["body"]["items"]
        assert [each["id"] for each in found] == [contact["id"]], pasted
    for other in ("stripe:CUS_9", "shop:cus_9", "crm:cus_9"):
        assert call("GET", "/v1/contacts", query=f"contact={other}")["body"]["items"] == [], other


def test_a_phone_number_after_tel_is_no_external_id(deployed: Engine) -> None:
    contact = made({"phone": "+4915123456789"})
    found = call("GET", "/v1/contacts", query="contact=tel:+4915123456789")["body"]["items"]
    assert [each["id"] for each in found] == [contact["id"]]
    answer = call("POST", "/v1/contacts", {"externalIds": {"tel": "1"}})
    assert (answer["status"], answer["body"]["field"]) == (422, "externalIds.tel")


@pytest.mark.parametrize(
    ("ids", "field"),
    [
        ({"Stripe": "1"}, "externalIds.Stripe"),
        ({"a b": "1"}, "externalIds.a b"),
        ({"a#b": "1"}, "externalIds.a#b"),
        ({"": "1"}, "externalIds."),
        ({"a" * 41: "1"}, f"externalIds.{'a' * 41}"),
        ({"stripe": "  "}, "externalIds.stripe"),
        ({"stripe": "x" * 201}, "externalIds.stripe"),
        # In NFC it has two characters for each.
        ({"stripe": "\u0958" * 101}, "externalIds.stripe"),
        ({"stripe": 7}, "externalIds.stripe"),
        ({f"n{number}": "1" for number in range(11)}, "externalIds"),
    ],
)
def test_other_names_and_values_are_refused(
    deployed: Engine, ids: dict[str, Any], field: str
) -> None:
    answer = call("POST", "/v1/contacts", {"externalIds": ids})
    assert (answer["status"], answer["body"]["field"]) == (422, field)


def test_the_longest_are_stored(deployed: Engine) -> None:
    ids = {f"n{number}{'-' * 38}": "\U0001f600" * 200 for number in range(10)}
    contact = made({"externalIds": ids})
    assert len(lookup_items(deployed)) == 10
    name, value = next(iter(ids.items()))
    found = deployed.contacts.find(deployed.workspace_id, "externalId", value, name)
    assert found is not None and found.id == contact["id"]


def test_one_name_and_id_belong_to_one_contact(deployed: Engine) -> None:
    first = made({"email": "ada@x.example", "externalIds": {"stripe": "cus_1"}})
    taken = call("POST", "/v1/contacts", {"externalIds": {"shop": "1", "stripe": "cus_1"}})
    assert (taken["status"], taken["body"]["field"]) == (409, "externalIds.stripe")
    assert "this stripe id belongs to another contact" in taken["body"]["detail"]
    assert lookup_items(deployed) == {"EXTERNAL:stripe#cus_1": first["id"]}
    # The same id in another system, or in other letters, is another one.
    second = made({"externalIds": {"shop": "cus_1", "stripe": "CUS_1"}})
    path = f"/v1/contacts/{second['id']}"
    for method, body in (
        ("PATCH", {"externalIds": {"stripe": "cus_1"}}),
        ("PUT", {"externalIds": {"stripe": "cus_1"}}),
    ):
        answer = call(method, path, body)
        assert (answer["status"], answer["body"]["field"]) == (409, "externalIds.stripe")
    answer = call("PATCH", path, {"email": "ada@x.example"})
    assert (answer["status"], answer["body"]["field"]) == (409, "email")
    assert call("GET", path)["body"] == second


def test_patch_merges_by_name_and_put_replaces(deployed: Engine) -> None:
    contact = made({"externalIds": {"stripe": "cus_1", "shop": "1"}})
    path = f"/v1/contacts/{contact['id']}"
    changes = {"externalIds": {"stripe": None, "crm": "9", "never": None}}
    merged = call("PATCH", path, changes)["body"]
    assert merged["externalIds"] == {"shop": "1", "crm": "9"}
    # What was given up is free.
    other = made({"externalIds": {"stripe": "cus_1"}})
    assert call("PUT", path, merged)["body"]["externalIds"] == merged["externalIds"]
    replaced = call("PUT", path, {"externalIds": {"crm": "9"}})["body"]
    assert replaced["externalIds"] == {"crm": "9"}
    assert lookup_items(deployed) == {
        "EXTERNAL:crm#9": contact["id"],
        "EXTERNAL:stripe#cus_1": other["id"],
    }
    assert call("PATCH", path, {"externalIds": None})["body"]["externalIds"] == {}
    assert call("PUT", f"/v1/contacts/{other['id']}", {})["body"]["externalIds"] == {}
    assert lookup_items(deployed) == {}


def test_a_patch_may_name_more_than_a_contact_may_have(deployed: Engine) -> None:
    before = {f"old{number}": "1" for number in range(10)}
    after = {f"new{number}": "1" for number in range(10)}
    contact = made({"externalIds": before})
    path = f"/v1/contacts/{contact['id']}"
    answer = call("PATCH", path, {"externalIds": dict.fromkeys(before) | after})
    assert answer["body"]["externalIds"] == after
    answer = call("PATCH", path, {"externalIds": {"more": "1"}})
    assert (answer["status"], answer["body"]["field"]) == (422, "externalIds")


def test_the_lookup_key_alone_decides(engine: Engine) -> None:
    """An event finds the contact that its lookup key names, even if other values of the event
    belong to another contact. No contact takes an address from another one."""
    by_mail = engine.contacts.create("ws_demo", ContactDocument(email="ada@x.example"))
    by_id, _ = engine.contacts.identify_or_create("ws_demo", "externalId", "cus_1", "stripe")
    assert by_id.id != by_mail.id
    created = engine.stores.contacts.get("ws_demo", by_id.id)
    assert created.document() == ContactDocument(external_ids={"stripe": "cus_1"})
    again, _ = engine.contacts.identify_or_create("ws_demo", "externalId", " cus_1 ", "stripe")
    assert again == by_id
    with pytest.raises(ConflictError) as conflict:
        engine.contacts.patch("ws_demo", by_id.id, {"email": "ada@x.example"})
    assert conflict.value.field == "email"


def test_a_webhook_finds_or_creates_by_external_id(engine: Engine) -> None:
    token = hooked(engine, contactLookup=STRIPE, createIfMissing=True)
    first = engine.webhooks.receive(event(token, {"customer": "cus_1"})).run
    second = engine.webhooks.receive(event(token, {"customer": "cus_1"})).run
    assert first.contact_id is not None and first.contact_id == second.contact_id
    assert (first.contact_email, first.contact_phone) == (None, None)
    engine.contacts.patch("ws_demo", first.contact_id, {"email": "ada@x.example"})
    third = engine.webhooks.receive(event(token, {"customer": "cus_1"})).run
    assert (third.contact_id, third.contact_email) == (first.contact_id, "ada@x.example")
    # Many systems number their records.
    by_number = engine.webhooks.receive(event(token, {"customer": 207_119_551})).run
    found = engine.contacts.find("ws_demo", "externalId", "207119551", "stripe")
    assert found is not None and found.id == by_number.contact_id


def test_a_webhook_without_that_contact_is_refused(engine: Engine) -> None:
    token = hooked(engine, contactLookup=STRIPE)
    for body, kind in (
        ({"customer": "cus_404"}, NoContactError),
        ({"customer": True}, InvalidInputError),
        ({"customer": "x" * 201}, InvalidInputError),
        ({}, InvalidInputError),
    ):
        with pytest.raises(kind) as refused:
            engine.webhooks.receive(event(token, body))
        assert refused.value.field == "customer"
        # What is kept quotes nothing of the event.
        assert "cus_404" not in refused.value.kept
    kept = json.dumps([row for row in engine.rows() if row["sk"] == "REFUSAL"], default=str)
    assert "cus_404" not in kept


def test_texts_and_conditions_read_them(engine: Engine) -> None:
    automation_id = engine.activate(
        {
            "name": "Read",
            "nodes": [
                {
                    "id": "start",
                    "type": "TRIGGER",
                    "config": {
                        "triggerType": "WEBHOOK",
                        "contactLookup": STRIPE,
                        "createIfMissing": True,
                    },
                },
                {
                    "id": "same",
                    "type": "CONDITION",
                    "config": {
                        "kind": "EXTERNAL_ID_EQUALS",
                        "name": "stripe",
                        "value": "{{trigger.customer}}",
                    },
                },
                {
                    "id": "set",
                    "type": "SET",
                    "config": {
                        "assignments": [
                            {"target": "vars.who", "value": "{{contact.externalIds.stripe}}"}
                        ]
                    },
                },
                {"id": "done", "type": "END"},
                {"id": "wrong", "type": "STOP_ERROR", "config": {"message": "another id"}},
            ],
            "edges": [
                {"source": "start", "target": "same"},
                {"source": "same", "target": "set", "label": "true"},
                {"source": "same", "target": "wrong", "label": "false"},
                {"source": "set", "target": "done"},
            ],
        }
    )
    run_id = engine.fire(automation_id, {"customer": "cus_1"})
    engine.walk(run_id)
    steps = engine.stores.runs.history(run_id).steps
    assert steps["same"].outcome == "true"
    assert "cus_1" in json.dumps(steps["set"].output)


def test_a_run_by_hand_and_a_preview_name_the_contact_by_it(deployed: Engine) -> None:
    contact = made({"email": "ada@x.example", "externalIds": {"stripe": "cus_1"}})
    automation_id = deployed.activate(
        {
            "name": "By hand",
            "nodes": [
                {"id": "start", "type": "TRIGGER", "config": {"triggerType": "MANUAL"}},
                {"id": "done", "type": "END"},
            ],
            "edges": [{"source": "start", "target": "done"}],
        }
    )
    path = f"/v1/automations/{automation_id}/runs"
    by_stripe = {"externalId": {"name": "stripe", "value": " cus_1 "}}
    answer = call("POST", path, by_stripe)
    assert answer["status"] == 202
    run_id = answer["body"]["runId"]
    assert deployed.stores.runs.get(run_id).contact_id == contact["id"]
    listed = call("GET", "/v1/runs", query="contact=stripe:cus_1")["body"]["items"]
    assert [each["id"] for each in listed] == [run_id]
    assert call("GET", "/v1/runs", query="contact=stripe:cus_2")["body"]["items"] == []
    for body, field in (
        ({"externalId": {"name": "stripe", "value": "cus_2"}}, "externalId"),
        ({"externalId": {"name": "stripe", "value": " "}}, "externalId"),
        ({**by_stripe, "email": "ada@x.example"}, "contactId"),
        ({"externalId": {"name": "Stripe", "value": "1"}}, "externalId.name"),
    ):
        refused = call("POST", path, body)
        assert (refused["status"], refused["body"]["field"]) == (422, field), body
    text = "{{contact.externalIds.stripe}}{{contact.externalIds.shop | default: '!'}}"
    template = {"name": "M", "channel": "EMAIL", "subject": "Hi", "body": text}
    shown = call("POST", "/v1/templates/preview", {"template": template, **by_stripe})["body"]
    assert (shown["address"], shown["body"]) == ("ada@x.example", "cus_1!")
    template["body"] = "{{contact.externalIds.shop}}"
    shown = call("POST", "/v1/templates/preview", {"template": template, **by_stripe})["body"]
    assert [each["variable"] for each in shown["problems"]] == ["contact.externalIds.shop"]
