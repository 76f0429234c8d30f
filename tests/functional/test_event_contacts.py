"""What an event does to its contact: `contactFields`, `createIfMissing` and `updateContact`."""

from collections.abc import Callable
from typing import Any

import pytest
from runledger.errors import InvalidInputError, NotFoundError, TransientError
from runledger.models.consent import Consents
from runledger.models.contact import Contact, ContactDocument

from tests.functional.test_webhooks import event, hooked
from tests.support.api_calls import wrap_calls
from tests.support.engine import Engine

STRIPE = {"by": "externalId", "name": "stripe", "path": "customer.id"}
FIELDS = {
    "email": "customer.email",
    "firstName": "customer.first",
    "metadata.plan": "plan",
    "metadata.address.city": "city",
    "externalIds.shop": "customer.shopId",
}


def customer(**more: Any) -> dict[str, Any]:
    return {
        "customer": {"id": "cus_1", "email": "Ada@Example.com", "first": "Ada", "shopId": 7},
        "plan": {"name": "pro", "seats": None},
        "city": "Ulm",
        **more,
    }


def contact_of(engine: Engine, token: str, body: dict[str, Any]) -> Contact:
    run = engine.webhooks.receive(event(token, body)).run
    assert run.contact_id is not None
    contact = engine.stores.contacts.get(engine.workspace_id, run.contact_id)
    assert (run.contact_email, run.contact_phone) == (contact.email, contact.phone)
    return contact


def refused(engine: Engine, token: str, body: dict[str, Any]) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        engine.webhooks.receive(event(token, body))
    return caught.value


def test_a_created_contact_gets_the_mapped_fields(engine: Engine) -> None:
    token = hooked(engine, contactLookup=STRIPE, createIfMissing=True, contactFields=FIELDS)
    contact = contact_of(engine, token, customer())
    assert contact.email == "ada@example.com"
    assert contact.first_name == "Ada"
    assert contact.metadata == {"plan": {"name": "pro", "seats": None}, "address": {"city": "Ulm"}}
    assert contact.external_ids == {"stripe": "cus_1", "shop": "7"}
    assert contact.consents == Consents()


def test_a_missing_or_empty_value_fills_no_field(engine: Engine) -> None:
    token = hooked(engine, contactLookup=STRIPE, createIfMissing=True, contactFields=FIELDS)
    contact = contact_of(engine, token, {"customer": {"id": "cus_1", "first": " "}, "plan": ""})
    assert (contact.email, contact.first_name) == (None, None)
    assert contact.metadata == {"plan": ""}


def test_an_existing_contact_is_changed_only_with_update_contact(engine: Engine) -> None:
    document = ContactDocument(
        external_ids={"stripe": "cus_1"},
        first_name="Augusta",
        last_name="King",
        tags=["vip"],
        consents=Consents(marketing=True, transactional=False),
        metadata={"plan": "free", "address": {"street": "Main"}, "age": 36},
    )
    before = engine.contacts.create(engine.workspace_id, document)
    given: dict[str, Any] = {"contactLookup": STRIPE, "contactFields": FIELDS}
    reading = hooked(engine, **given, createIfMissing=True)
    assert contact_of(engine, reading, customer()) == before
    writing = hooked(engine, **given, updateContact=True)
    after = contact_of(engine, writing, customer())
    assert (after.id, after.email, after.first_name) == (before.id, "ada@example.com", "Ada")
    assert (after.last_name, after.tags, after.consents) == ("King", ("vip",), before.consents)
    assert after.metadata == {
        "plan": {"name": "pro", "seats": None},
        "address": {"street": "Main", "city": "Ulm"},
        "age": 36,
    }


def test_an_event_that_changes_nothing_writes_no_contact(engine: Engine) -> None:
    token = hooked(
        engine,
        contactLookup=STRIPE,
        createIfMissing=True,
        updateContact=True,
        contactFields=FIELDS,
    )
    first = contact_of(engine, token, customer())
    assert contact_of(engine, token, customer(orderId=2)) == first
    assert contact_of(engine, token, customer(city="Bonn")).updated_at > first.updated_at


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (customer(customer={"id": "cus_1", "email": "no"}), "customer.email", "email"),
        (customer(customer={"id": "cus_1", "first": "A" * 201}), "customer.first", "firstName"),
        (customer(customer={"id": "cus_1", "first": [1]}), "customer.first", "firstName"),
        (customer(plan="x" * 40_000), "plan", "metadata.plan"),
        (customer(customer={"id": "cus_1", "shopId": "x" * 600}), "customer.shopId", "shop"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(
    engine: Engine, body: dict[str, Any], field: str, words: str
) -> None:
    token = hooked(engine, contactLookup=STRIPE, createIfMissing=True, contactFields=FIELDS)
    error = refused(engine, token, body)
    assert error.field == field
    assert words in error.kept
    assert "AAAA" not in error.kept


def test_an_address_of_another_contact_is_never_taken(engine: Engine) -> None:
    other = engine.contacts.create(engine.workspace_id, ContactDocument(email="ada@example.com"))
    token = hooked(
        engine,
        contactLookup=STRIPE,
        createIfMissing=True,
        updateContact=True,
        contactFields=FIELDS,
    )
    for _ in range(2):
        error = refused(engine, token, customer())
        assert error.field == "customer.email"
        assert "belongs to another contact" in error.kept
        # The second time, the contact with the external id exists.
        engine.contacts.identify_or_create(engine.workspace_id, "externalId", "cus_1", "stripe")
    assert engine.stores.contacts.get(engine.workspace_id, other.id) == other


def test_a_change_that_comes_in_between_is_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, contactLookup=STRIPE, updateContact=True, contactFields=FIELDS)
    document = ContactDocument(external_ids={"stripe": "cus_1"})
    before = engine.contacts.create(engine.workspace_id, document)
    changes = [{"lastName": "King"}]

    def around(operation: str, act: Callable[[], Any]) -> Any:
        if operation == "TransactWriteItems" and changes:
            engine.contacts.patch(engine.workspace_id, before.id, changes.pop())
        return act()

    wrap_calls(monkeypatch, engine.table, around)
    after = contact_of(engine, token, customer())
    assert (after.first_name, after.last_name) == ("Ada", "King")


def test_a_contact_that_is_erased_meanwhile_is_a_passing_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = hooked(engine, contactLookup=STRIPE, updateContact=True, contactFields=FIELDS)
    document = ContactDocument(external_ids={"stripe": "cus_1"})
    engine.contacts.create(engine.workspace_id, document)

    def gone(*_: Any) -> Contact:
        raise NotFoundError("there is no contact")

    monkeypatch.setattr(type(engine.stores.contacts), "get", gone)
    with pytest.raises(TransientError):
        engine.webhooks.receive(event(token, customer()))
