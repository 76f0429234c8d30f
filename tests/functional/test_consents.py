"""Changes of consents: their record, and withdrawals while others change the contact."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from runledger.errors import ConflictError, NotFoundError, RunledgerError
from runledger.models.consent import (
    ConsentChange,
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    Consents,
    ConsentSetting,
    ConsentSource,
)
from runledger.models.contact import Contact, ContactChange, ContactDocument
from runledger.store import keys
from runledger.store.table import Put, key_attributes

from tests.support.boundary import Call, straight
from tests.support.contact_book import ContactBook
from tests.support.depth import examples
from tests.support.scheduler import AtRandom, Chooser, Interleaving, Outcome, every_order

WORKSPACE = "ws_demo"
MARKETING, TRANSACTIONAL = ConsentPurpose.MARKETING, ConsentPurpose.TRANSACTIONAL
EMAIL, SMS = ConsentChannel.EMAIL, ConsentChannel.SMS
BY_ADA = ConsentSource(origin=ConsentOrigin.CONSOLE, by="ada@example.com")
IMPORT = ConsentSource(origin=ConsentOrigin.IMPORT, detail="imp_1")
UNSUBSCRIBE = ConsentSource(origin=ConsentOrigin.UNSUBSCRIBE, detail="dlv_1")


class Book(ContactBook):
    def create(self, **fields: Any) -> Contact:
        document = ContactDocument.model_validate({"email": "ada@example.com", **fields})
        return self.contacts.create(WORKSPACE, document, BY_ADA)

    def get(self, contact: Contact) -> Contact:
        return self.store.get(WORKSPACE, contact.id)

    def record(self, contact: Contact) -> tuple[ConsentChange, ...]:
        return self.store.consent_record(WORKSPACE, contact.id)

    def set(
        self,
        contact: Contact,
        purpose: ConsentPurpose,
        channel: ConsentChannel | None,
        is_given: bool,
        source: ConsentSource = UNSUBSCRIBE,
    ) -> Contact:
        return self.contacts.set_consent(WORKSPACE, contact.id, purpose, channel, is_given, source)


@pytest.fixture
def book() -> Book:
    return Book()


def summary(record: tuple[ConsentChange, ...]) -> list[tuple[str, str | None, bool, str]]:
    return [(each.purpose, each.channel, each.is_given, each.source.origin) for each in record]


# ── the record ──────────────────────────────────────────────────────────────────────────────────


def test_a_contact_without_consents_of_its_own_has_no_record(book: Book) -> None:
    contact = book.create(consents={"marketing": False})
    assert book.record(contact) == ()
    assert book.table.row(keys.consent_record(WORKSPACE, contact.id)) is None


def test_each_way_to_change_a_consent_is_recorded_with_time_person_and_place(book: Book) -> None:
    contact = book.create(consents={"marketing": True})
    sent = {"consents": {"channels": {"SMS": {"marketing": False}}}}
    book.contacts.patch(WORKSPACE, contact.id, sent, source=BY_ADA)
    document = ContactDocument(consents=Consents(transactional=False))
    replaced = book.contacts.replace(WORKSPACE, contact.id, document)
    changes = {"email": "ada@example.com", "consents": {"transactional": True}}
    book.contacts.patch(WORKSPACE, contact.id, {"email": "ada@example.com"})
    changed, is_new = book.contacts.upsert(WORKSPACE, "email", None, changes, IMPORT)
    last = book.set(contact, MARKETING, None, False)
    assert not is_new
    record = book.record(contact)
    assert summary(record) == [
        ("MARKETING", None, True, "CONSOLE"),
        ("MARKETING", "SMS", False, "CONSOLE"),
        ("TRANSACTIONAL", None, False, "API"),
        ("TRANSACTIONAL", None, True, "IMPORT"),
        ("MARKETING", None, False, "UNSUBSCRIBE"),
    ]
    assert record[0].source == BY_ADA
    assert record[3].source == IMPORT
    assert record[0].at == contact.created_at
    assert [each.at for each in record[2:]] == [
        replaced.updated_at,
        changed.updated_at,
        last.updated_at,
    ]
    assert book.get(contact) == last


def test_a_change_without_consents_reads_and_writes_no_record(book: Book) -> None:
    contact = book.create(consents={"marketing": True})
    with_record = book.table.row(keys.consent_record(WORKSPACE, contact.id))
    calls: list[str] = []

    def note(call: object, act: Callable[[], Any]) -> Any:
        calls.append(str(call))
        return act()

    book.boundary.around = note
    book.contacts.patch(WORKSPACE, contact.id, {"firstName": "Ada"}, source=BY_ADA)
    book.contacts.change(WORKSPACE, contact.id, ContactChange(added_tags=("vip",)))
    book.boundary.around = straight
    assert len(calls) == 4, calls
    assert book.table.row(keys.consent_record(WORKSPACE, contact.id)) == with_record


def test_setting_a_consent_again_writes_nothing(book: Book) -> None:
    contact = book.create(consents={"marketing": True})
    once = book.set(contact, MARKETING, SMS, False)
    before = book.table.items()
    assert book.set(contact, MARKETING, SMS, False) == once
    assert book.table.items() == before


@pytest.mark.parametrize("is_given_first", [True, False])
def test_a_contact_that_withdraws_again_is_recorded_once_for_each_message(
    book: Book, is_given_first: bool
) -> None:
    """A withdrawal is recorded again if it comes from another message. So the consent stays
    withdrawn if a file later brings a consent that was given between the two withdrawals."""
    contact = book.create(consents={"marketing": is_given_first})
    for detail in ("dlv_1", "dlv_1", "dlv_2", "dlv_2"):
        last = book.set(contact, MARKETING, None, False, UNSUBSCRIBE.changed(detail=detail))
    record = [each for each in book.record(contact) if not each.is_given]
    assert [each.source.detail for each in record] == ["dlv_1", "dlv_2"]
    between = (record[0].at + record[1].at + 1) // 2
    for given_at, is_restored in ((between, False), (last.updated_at + 1, True)):
        source = IMPORT.changed(given_at=given_at)
        after = book.set(contact, MARKETING, None, True, source)
        assert after.consents.marketing is is_restored


def test_a_consent_that_others_withdraw_again_writes_nothing(book: Book) -> None:
    contact = book.create(consents={"marketing": False})
    before = book.table.items()
    for source in (BY_ADA, IMPORT):
        book.set(contact, MARKETING, None, False, source)
    assert book.table.items() == before


def test_a_withdrawal_on_a_channel_outlasts_a_later_consent_for_all(book: Book) -> None:
    contact = book.create()
    book.set(contact, MARKETING, EMAIL, False)
    after = book.contacts.patch(WORKSPACE, contact.id, {"consents": {"marketing": True}})
    assert after.consents.allows(MARKETING, SMS)
    assert not after.consents.allows(MARKETING, EMAIL)


def test_the_record_is_erased_with_the_contact(book: Book) -> None:
    contact = book.create(consents={"marketing": True})
    erasure = Put(dict(key_attributes(keys.erasure(WORKSPACE, contact.id))))
    book.store.erase(contact, erasure)
    assert [row["pk"] for row in book.table.items()] == [erasure.item["pk"]]
    with pytest.raises(NotFoundError):
        book.set(contact, MARKETING, None, False)


# ── races ───────────────────────────────────────────────────────────────────────────────────────

Actors = dict[str, Callable[[Book, Contact], Any]]
STALE = {"marketing": True, "transactional": True}


def rename(book: Book, contact: Contact) -> Contact:
    return book.contacts.patch(WORKSPACE, contact.id, {"firstName": "Ada"}, source=BY_ADA)


def tag(book: Book, contact: Contact) -> Contact:
    change = ContactChange(added_tags=("vip",))
    return book.contacts.change(WORKSPACE, contact.id, change)


def replace_all_but_consents(book: Book, contact: Contact) -> Contact:
    document = ContactDocument(email="ada@example.com", first_name="A")
    return book.contacts.replace(WORKSPACE, contact.id, document)


def import_old_consent(book: Book, contact: Contact) -> Contact:
    """Updates the contact as an import does, with a consent. The consent is dated to the creation
    of the contact, which is before the unsubscription."""
    changes = {"email": "ada@example.com", "consents": {"marketing": True}}
    source = IMPORT.changed(given_at=contact.created_at)
    return book.contacts.upsert(WORKSPACE, "email", None, changes, source)[0]


def import_without_date(book: Book, contact: Contact) -> Contact:
    changes = {"email": "ada@example.com", "lastName": "L", "consents": STALE}
    source = IMPORT.changed(given_at=0)
    return book.contacts.upsert(WORKSPACE, "email", None, changes, source)[0]


def withdraw(
    channel: ConsentChannel | None, purpose: ConsentPurpose = MARKETING
) -> Callable[[Book, Contact], Contact]:
    return lambda book, contact: book.set(contact, purpose, channel, False)


def agree(channel: ConsentChannel | None) -> Callable[[Book, Contact], Contact]:
    return lambda book, contact: book.set(contact, TRANSACTIONAL, channel, True, BY_ADA)


RACES: dict[str, Actors] = {
    "a patch": {"patch": rename},
    "a node": {"node": tag},
    "a whole document without consents": {"put": replace_all_but_consents},
    "an import of an older consent": {"import": import_old_consent},
    "an import without a date": {"import": import_without_date},
    "a withdrawal on another channel": {"other": withdraw(SMS)},
    "the same withdrawal": {"again": withdraw(EMAIL)},
    "a withdrawal for all channels": {"all": withdraw(None)},
    "an import of a consent that was withdrawn before": {
        "all": withdraw(None),
        "import": import_old_consent,
    },
    "another purpose": {"other": agree(None), "one": withdraw(EMAIL, TRANSACTIONAL)},
}


def played(record: tuple[ConsentChange, ...]) -> Consents:
    consents = Consents()
    for each in record:
        consents = consents.with_setting(ConsentSetting(each.purpose, each.channel, each.is_given))
    return consents


def race(actors: Actors, chooser: Chooser) -> tuple[Book, Contact, dict[str, Outcome]]:
    book = Book()
    contact = book.create(consents={"marketing": True})
    outcomes = Interleaving(book.boundary, chooser).run(
        {name: lambda act=act: act(book, contact) for name, act in actors.items()}  # type: ignore[misc]
    )
    for name, outcome in outcomes.items():
        assert outcome.error is None, (name, outcome.error)
    return book, contact, outcomes


def check_record(book: Book, contact: Contact) -> None:
    """Checks that the recorded changes lead to the contact's consents, and are in order of time."""
    record = book.record(contact)
    assert played(record) == book.get(contact).consents
    times = [each.at for each in record]
    assert times == sorted(times)


@pytest.mark.parametrize("name", RACES)
def test_a_withdrawal_is_kept_in_every_order(name: str) -> None:
    actors = {"unsubscribe": withdraw(EMAIL), **RACES[name]}
    orders = 0
    for chooser in every_order():
        orders += 1
        book, contact, _ = race(actors, chooser)
        after = book.get(contact)
        assert not after.consents.allows(MARKETING, EMAIL)
        origins = [each.source.origin for each in book.record(contact)]
        assert ConsentOrigin.UNSUBSCRIBE in origins
        check_record(book, contact)
    assert orders > 1


def answered(is_given: bool, at: int) -> Callable[[Book, Contact], Contact]:
    source = ConsentSource(origin=ConsentOrigin.MESSAGE, detail="dlv_1", answered_at=at)
    return lambda book, contact: book.set(contact, MARKETING, SMS, is_given, source)


@pytest.mark.parametrize("is_given", [True, False])
def test_the_latest_answer_decides_in_every_order(is_given: bool) -> None:
    actors: Actors = {
        "early": answered(not is_given, 1_001),
        "late": answered(is_given, 1_002),
    }
    orders = 0
    for chooser in every_order():
        orders += 1
        book, contact, _ = race(actors, chooser)
        for act in (answered(is_given, 1_002), answered(not is_given, 1_001)):
            act(book, contact)
        after = book.get(contact)
        assert after.consents.allows(MARKETING, SMS) is is_given
        assert after.consents.allows(MARKETING, EMAIL)
        assert played(book.record(contact)) == after.consents
        times = [each.at for each in book.record(contact) if each.source.origin == "MESSAGE"]
        assert times in ([1_002], [1_001, 1_002])
    assert orders > 10


@pytest.mark.parametrize("seed", range(examples(200, quick=25)))
def test_a_withdrawal_is_kept_in_a_crowd(seed: int) -> None:
    crowd: Actors = {
        "unsubscribe": withdraw(EMAIL),
        "stop": withdraw(SMS),
        "patch": rename,
        "node": tag,
        "import": import_without_date,
        "old import": import_old_consent,
    }
    book, contact, _ = race(crowd, AtRandom(seed))
    after = book.get(contact)
    assert not after.consents.allows(MARKETING, EMAIL)
    assert not after.consents.allows(MARKETING, SMS)
    assert (after.first_name, after.last_name, after.tags) == ("Ada", "L", ("vip",))
    check_record(book, contact)


def test_an_erasure_leaves_no_record_in_any_order() -> None:
    for chooser in every_order():
        book = Book()
        contact = book.create(consents={"marketing": True})
        erasure = Put(dict(key_attributes(keys.erasure(WORKSPACE, contact.id))))

        def erase(book: Book = book, contact: Contact = contact, also: Put = erasure) -> None:
            book.store.erase(book.get(contact), also)

        def unsubscribe(book: Book = book, contact: Contact = contact) -> None:
            book.set(contact, MARKETING, EMAIL, False)

        outcomes = Interleaving(book.boundary, chooser).run(
            {"erase": erase, "unsubscribe": unsubscribe}
        )
        error = outcomes["unsubscribe"].error
        assert error is None or isinstance(error, NotFoundError)
        if outcomes["erase"].error is None:
            assert [row["pk"] for row in book.table.items()] == [erasure.item["pk"]]
        else:
            assert isinstance(outcomes["erase"].error, ConflictError)
            assert error is None
            assert not book.get(contact).consents.allows(MARKETING, EMAIL)


@contextmanager
def hindered(book: Book, contact: Contact, times: int) -> Iterator[None]:
    """Changes the contact just before each of the first `times` transactions that the `with` block
    makes."""
    left = times

    def around(call: Call, act: Callable[[], Any]) -> Any:
        nonlocal left
        if call.operation == "TransactWriteItems" and left:
            left -= 1
            book.boundary.around = straight
            book.contacts.patch(WORKSPACE, contact.id, {"metadata": {"n": left}})
            book.boundary.around = around
        return act()

    book.boundary.around = around
    yield
    book.boundary.around = straight


@pytest.mark.parametrize(("times", "is_kept"), [(40, True), (60, False)])
def test_a_withdrawal_does_not_give_up_early(book: Book, times: int, is_kept: bool) -> None:
    contact = book.create(consents={"marketing": True})
    error: RunledgerError | None = None
    with hindered(book, contact, times):
        try:
            book.set(contact, MARKETING, EMAIL, False)
        except ConflictError as caught:
            error = caught
    assert (error is None) is is_kept
    after = book.get(contact)
    assert "n" in after.metadata
    assert after.consents.allows(MARKETING, EMAIL) is not is_kept
