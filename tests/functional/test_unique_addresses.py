"""An e-mail, a phone or an external id always leads to the one contact that has it: after any
earlier writes, in any order of concurrent calls, and even if calls fail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.errors import ConflictError, TransientError
from runledger.models.contact import Contact, ContactDocument, ContactIdentity
from runledger.store import keys
from runledger.store.contacts import MAX_LISTINGS, identity_of
from runledger.store.table import Put, key_attributes

from tests.support.boundary import Call, straight
from tests.support.contact_book import ContactBook
from tests.support.depth import examples
from tests.support.engine import Engine, open_engine
from tests.support.memory_table import MemoryTable
from tests.support.scheduler import Interleaving, every_order

WORKSPACE = "ws_demo"
EXTERNAL = "externalId"
TABLES: dict[str, Callable[[], MemoryTable | None]] = {
    "memory": MemoryTable,
    "DynamoDB on moto": lambda: None,
}


class Book(ContactBook):
    def all(self) -> list[Contact]:
        return self.store.in_order(WORKSPACE, 100, None)[0]

    def problems(self) -> list[str]:
        """Returns the contradictions between the contacts and the address items. An address item
        leads from an e-mail, a phone or an external id to its contact."""
        wanted = {
            keys.contact_address(WORKSPACE, *address): identity_of(contact)
            for contact in self.all()
            for address in contact.addresses
        }
        stored = {
            keys.Key(row["pk"], row["sk"]): ContactIdentity(
                id=row["contactId"], email=row.get("email"), phone=row.get("phone")
            )
            for row in self.table.items()
            if row["pk"].endswith("#ADDRESS")
        }
        return [
            f"{key.sk}: stored {stored.get(key)}, wanted {wanted.get(key)}"
            for key in sorted(stored.keys() | wanted.keys())
            if stored.get(key) != wanted.get(key)
        ]


def document(**fields: Any) -> ContactDocument:
    return ContactDocument.model_validate(fields)


# ── after any earlier writes ────────────────────────────────────────────────────────────────────

ids = st.dictionaries(st.sampled_from(["stripe", "shop"]), st.sampled_from(["1", "2"]))
emails = st.none() | st.sampled_from(["ada@x.example", "bob@x.example"])
fields_of = st.fixed_dictionaries({"email": emails, "externalIds": ids})
changes_of = st.dictionaries(
    st.sampled_from(["stripe", "shop"]), st.none() | st.sampled_from(["1", "2"])
)
steps = st.lists(
    st.tuples(st.just("create"), st.just(0), fields_of)
    | st.tuples(st.just("replace"), st.integers(0, 3), fields_of)
    | st.tuples(st.just("patch"), st.integers(0, 3), changes_of)
    | st.tuples(st.just("erase"), st.integers(0, 3), st.just({})),
    max_size=12,
)


@settings(max_examples=examples(400, quick=60), deadline=None)
@given(steps)
def test_a_write_is_refused_exactly_if_its_address_is_taken(
    steps: list[tuple[str, int, dict[str, Any]]],
) -> None:
    book = Book()
    for kind, number, fields in steps:
        before = book.all()
        which = before[number % len(before)] if before else None
        if which is None and kind != "create":
            continue
        others = [each for each in before if kind == "create" or each is not which]
        if kind == "erase":
            assert which is not None
            erasure = keys.erasure(WORKSPACE, which.id)
            book.store.erase(which, Put(dict(key_attributes(erasure))))
            assert book.problems() == []
            continue
        after = dict(fields)
        if kind == "patch":
            assert which is not None
            merged = {**which.external_ids, **fields}
            kept = {name: value for name, value in merged.items() if value is not None}
            after = {"email": which.email, "externalIds": kept}
        wanted = document(**after)
        taken = {address for each in others for address in each.addresses}
        own = [("email", wanted.email)] if wanted.email else []
        own += [(f"externalIds.{name}", value) for name, value in wanted.external_ids.items()]
        refused = {name for name, value in own if value in _values(taken, name)}
        try:
            if kind == "create":
                made = book.contacts.create(WORKSPACE, wanted)
            elif kind == "replace":
                assert which is not None
                made = book.contacts.replace(WORKSPACE, which.id, wanted)
            else:
                assert which is not None
                made = book.contacts.patch(WORKSPACE, which.id, {"externalIds": fields})
        except ConflictError as error:
            assert error.field in refused
            assert book.all() == before
        else:
            assert refused == set()
            assert made.external_ids == wanted.external_ids
        assert book.problems() == []


def _values(taken: set[Any], name: str) -> set[str]:
    return {address.value for address in taken if address.field == name}


@pytest.fixture(params=sorted(TABLES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with open_engine(1, TABLES[request.param]()) as made:
        yield made


def test_the_largest_contact_is_replaced_and_erased_in_one_transaction(engine: Engine) -> None:
    def largest(which: str) -> ContactDocument:
        return document(
            email=f"{which}@x.example",
            phone={"old": "+4930901820", "new": "+4930901821"}[which],
            externalIds={f"n{number}": which for number in range(10)},
            tags=[f"{which}{number}" for number in range(MAX_LISTINGS - 10)],
        )

    contact = engine.contacts.create(WORKSPACE, largest("old"))
    after = engine.contacts.replace(WORKSPACE, contact.id, largest("new"))
    found = engine.stores.contacts.identify(WORKSPACE, "EXTERNAL:n7", "new")
    assert found == identity_of(after)
    assert engine.stores.contacts.identify(WORKSPACE, "EXTERNAL:n7", "old") is None
    erasure = keys.erasure(WORKSPACE, contact.id)
    engine.stores.contacts.erase(after, Put(dict(key_attributes(erasure))))
    assert [row for row in engine.rows() if "#ADDRESS" in row["pk"] or "#TAG#" in row["pk"]] == []


def test_an_item_names_the_present_addresses(engine: Engine) -> None:
    contact = engine.contacts.create(WORKSPACE, document(externalIds={"stripe": "1"}))
    assert engine.contacts.identify(WORKSPACE, EXTERNAL, "1", "stripe") == identity_of(contact)
    changed = engine.contacts.patch(WORKSPACE, contact.id, {"email": "ada@x.example"})
    assert engine.contacts.identify(WORKSPACE, EXTERNAL, "1", "stripe") == identity_of(changed)
    with pytest.raises(ConflictError) as refused:
        engine.contacts.create(
            WORKSPACE, document(email="bob@x.example", externalIds={"stripe": "1"})
        )
    assert refused.value.field == "externalIds.stripe"
    assert engine.contacts.identify(WORKSPACE, "email", "bob@x.example") is None


def test_an_external_id_is_found_by_one_read() -> None:
    book = Book()
    book.contacts.create(WORKSPACE, document(externalIds={"stripe": "1"}))
    made: list[str] = []

    def note(call: Call, act: Callable[[], Any]) -> Any:
        made.append(call.operation)
        return act()

    book.boundary.around = note
    assert book.contacts.identify(WORKSPACE, EXTERNAL, "1", "stripe") is not None
    assert made == ["GetItem"]


# ── in any order of concurrent calls ────────────────────────────────────────────────────────────


def find_or_create(book: Book) -> str:
    contact, _ = book.contacts.identify_or_create(WORKSPACE, EXTERNAL, "1", "stripe")
    return contact.id


def create(email: str) -> Callable[[Book], str]:
    fields = {"email": email, "externalIds": {"stripe": "1"}}
    return lambda book: book.contacts.create(WORKSPACE, document(**fields)).id


def take(book: Book) -> str:
    (contact,) = (each for each in book.all() if each.email == "first@x.example")
    return book.contacts.patch(WORKSPACE, contact.id, {"externalIds": {"stripe": "1"}}).id


@pytest.mark.parametrize(
    ("one", "other", "may_conflict"),
    [
        (find_or_create, find_or_create, False),
        (find_or_create, create("ada@x.example"), True),
        (create("ada@x.example"), create("bob@x.example"), True),
        (find_or_create, take, True),
    ],
    ids=["two events", "an event and a request", "two requests", "an event and an edit"],
)
def test_one_contact_gets_the_id_in_every_order(
    one: Callable[[Book], str], other: Callable[[Book], str], may_conflict: bool
) -> None:
    played = 0
    for chooser in every_order():
        book = Book()
        book.contacts.create(WORKSPACE, document(email="first@x.example"))
        interleaving = Interleaving(book.boundary, chooser)
        outcomes = interleaving.run({"one": lambda: one(book), "other": lambda: other(book)})  # noqa: B023
        owners = [each.id for each in book.all() if each.external_ids]
        assert len(owners) == 1, interleaving.order
        for outcome in outcomes.values():
            if outcome.error is None:
                assert outcome.answer == owners[0], interleaving.order
            else:
                assert isinstance(outcome.error, ConflictError) and may_conflict
                assert outcome.error.field == "externalIds.stripe"
        assert book.problems() == []
        played += 1
    assert played >= 2


# ── even if calls fail ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_repeated_event_finds_the_contact_of_a_broken_one(takes_effect: bool) -> None:
    """Each call of AWS that creates the contact fails in turn, and the sender repeats its event."""
    broken = 0
    while True:
        book = Book()
        calls = 0

        def breaking(call: Call, act: Callable[[], Any]) -> Any:
            nonlocal calls
            calls += 1
            if calls - 1 != broken:  # noqa: B023
                return act()
            if takes_effect:
                act()
            raise TransientError("no answer came")

        book.boundary.around = breaking
        try:
            find_or_create(book)
        except TransientError:
            pass
        else:
            break
        book.boundary.around = straight
        contact_id = find_or_create(book)
        assert [each.id for each in book.all()] == [contact_id]
        assert book.problems() == []
        broken += 1
    # The lookup and the transaction.
    assert broken == 2
