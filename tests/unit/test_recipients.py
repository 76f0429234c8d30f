"""The search for contacts by tags and by rules finds each once, in order, after every change."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.errors import InvalidInputError
from runledger.models.contact import Contact, ContactDocument
from runledger.nodes.recipients import Tagged
from runledger.nodes.segment_rules import SegmentRules
from runledger.nodes.tools import ContactQuery
from runledger.services.contacts import recipients
from runledger.services.contacts.recipients import Recipients
from runledger.store.contacts import MAX_LISTINGS

from tests.support.contact_book import ContactBook
from tests.support.depth import examples

WORKSPACE = "ws_1"
TAGS = ("a", "b", "c", "#d")


class Book(ContactBook):
    def __init__(self) -> None:
        super().__init__(now=1_700_000_000_000)
        self.finder = Recipients(self.store, WORKSPACE, {})

    def add(self, *tags: str, **metadata: object) -> Contact:
        document = ContactDocument(tags=list(tags), metadata=metadata)
        return self.contacts.create(WORKSPACE, document)

    def retag(self, contact: Contact, *tags: str) -> Contact:
        return self.contacts.replace(WORKSPACE, contact.id, ContactDocument(tags=list(tags)))

    def pages(self, query: ContactQuery) -> Iterator[tuple[str, ...]]:
        cursor: str | None = None
        while True:
            page = self.finder.page(query, cursor)
            yield page.ids
            cursor = page.cursor
            if cursor is None:
                return

    def found(self, query: ContactQuery) -> list[str]:
        return [each for page in self.pages(query) for each in page]

    def listings(self) -> set[tuple[str, str]]:
        rows = self.table.items()
        return {
            (row["pk"].partition("#TAG#")[2], row["sk"]) for row in rows if "#TAG#" in row["pk"]
        }


@settings(max_examples=examples(60), deadline=None)
@given(
    tagged=st.lists(st.sets(st.sampled_from(TAGS)), max_size=40),
    tags=st.lists(st.sampled_from(TAGS), min_size=1, max_size=4, unique=True),
    needs_all=st.booleans(),
    listed=st.integers(1, 5),
    page=st.integers(1, 7),
)
def test_the_pages_have_each_contact_once_and_in_order(
    tagged: list[set[str]], tags: list[str], needs_all: bool, listed: int, page: int
) -> None:
    book = Book()
    contacts = [book.add(*sorted(each)) for each in tagged]
    query = Tagged(tuple(tags), needs_all)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recipients, "_LISTED", listed)
        patched.setattr(recipients, "PAGE_CONTACTS", page)
        pages = list(book.pages(query))
    assert [each for ids in pages for each in ids] == [
        contact.id for contact in contacts if query.matches(contact)
    ]
    assert all(len(ids) <= page for ids in pages)


@pytest.mark.parametrize("seed", range(8))
def test_the_listings_follow_every_change(seed: int) -> None:
    rng = random.Random(seed)
    book = Book()
    contacts = [book.add() for _ in range(5)]
    for _ in range(40):
        place = rng.randrange(len(contacts))
        tags = rng.sample(TAGS, rng.randrange(len(TAGS) + 1))
        contacts[place] = book.retag(contacts[place], *tags)
        assert book.listings() == {(tag, each.id) for each in contacts for tag in each.tags}


def test_rules_without_a_tag_search_all_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "_LISTED", 2)
    monkeypatch.setattr(recipients, "_ROUNDS", 2)
    book = Book()
    contacts = [book.add(number=number) for number in range(23)]
    rules = SegmentRules.model_validate(
        {"rules": [{"kind": "METADATA", "key": "number", "operator": "EQUALS", "value": 20}]}
    )
    pages = list(book.pages(rules))
    # Few match: a page may be empty, so that no visit takes too long, and more come after it.
    assert () in pages
    assert [each for ids in pages for each in ids] == [contacts[20].id]


def test_a_tag_of_another_workspace_is_not_found() -> None:
    book = Book()
    book.contacts.create("ws_2", ContactDocument(tags=["a"]))
    assert book.found(Tagged(("a",), True)) == []


def test_tags_and_dates_share_a_limit_so_that_a_replace_always_fits() -> None:
    book = Book()
    dates = {f"date{n:02d}": "2026-01-01" for n in range(20)}
    others = {f"day{n:02d}": "2027-02-02" for n in range(20)}
    tags = [f"t{n}" for n in range(MAX_LISTINGS - 20)]
    full = ContactDocument(email="a@example.com", phone="+4930901820", tags=tags, metadata=dates)
    contact = book.contacts.create(WORKSPACE, full)
    changed = ContactDocument(
        email="b@example.com",
        phone="+4930901821",
        tags=[f"u{n}" for n in range(MAX_LISTINGS - 20)],
        metadata=others,
    )
    book.contacts.replace(WORKSPACE, contact.id, changed)
    with pytest.raises(InvalidInputError, match="at most 47 tags, external ids") as raised:
        book.contacts.create(WORKSPACE, ContactDocument(tags=[*tags, "more"], metadata=dates))
    assert raised.value.field == "tags"
