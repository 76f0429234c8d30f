"""Contacts, with the items that reserve each e-mail, phone and external id for one contact, the
items that find contacts by tags and by dates in their metadata, and the record of their consents.
One transaction writes them all."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from runledger.errors import (
    ConditionFailedError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
)
from runledger.models.consent import ConsentChange
from runledger.models.contact import Contact, ContactIdentity
from runledger.models.run_keys import folded
from runledger.nodes.dates import doubtful_dates, written_dates
from runledger.store import keys
from runledger.store.contact_items import from_item, readable, record_item, record_of, to_item
from runledger.store.row_reads import RowRead
from runledger.store.table import (
    Change,
    Check,
    Delete,
    Modify,
    Put,
    SortRange,
    Write,
    key_attributes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runledger.models.addresses import Address
    from runledger.nodes.written_dates import Written
    from runledger.store.keys import Key
    from runledger.store.table import Page, Table
    from runledger.store.values import Item

CONTACT_PREFIX = "con"
_MAX_WRITES = 100
# Each tag, date and external id has its own item. Replacing a contact may delete and write all of
# them: 2 x 47, the old and the new e-mail and phone, the contact, and the record of its consents
# are 100 writes. A DynamoDB transaction takes 100. The items of the old and the new name are up to
# four more, so a change of everything at once is refused.
MAX_LISTINGS = 47
# How many characters of a name are searched. A sort key has at most 1,024 bytes.
NAME_CHARACTERS = 100


class ContactStore:
    def __init__(self, table: "Table") -> None:
        self._table = table

    def create(self, contact: Contact, record: tuple[ConsentChange, ...] = ()) -> None:
        """Writes a new contact with the record of its consents. Raises ConflictError, with the
        field, if the e-mail, the phone or an external id belongs to another contact."""
        is_new = Attr("pk").not_exists()
        listings = self._listings(contact)
        _require_few(contact, listings)
        listings |= _names(contact)
        writes: list[Write] = [Put(to_item(contact), is_new)]
        writes += [Put(_address_item(key, contact), is_new) for key in _addresses(contact)]
        writes += [Put(dict(key_attributes(key))) for key in sorted(listings)]
        writes += [Put(record_item(contact, record))] if record else []
        self._write(writes, contact)

    def replace(
        self, before: Contact, after: Contact, record: tuple[ConsentChange, ...] | None = None
    ) -> None:
        """Replaces a contact, and the record of its consents if `record` is given. Raises
        ConflictError if an address or external id belongs to another contact (with the field), or
        if the contact was changed since `before` was read.

        The caller must read the old record after `before`. Each change of a record also changes its
        contact, so the record is unchanged as long as the contact is.
        """
        is_unchanged = Attr("updatedAt").eq(before.updated_at)
        is_free = Attr("pk").not_exists()
        old, new = set(_addresses(before)), set(_addresses(after))
        writes: list[Write] = [Put(to_item(after), is_unchanged)]
        writes += [Delete(key) for key in sorted(old - new)]
        writes += [Put(_address_item(key, after), is_free) for key in sorted(new - old)]
        if (before.email, before.phone) != (after.email, after.phone):
            # What stays names the e-mail and the phone.
            is_own = Attr("contactId").eq(after.id)
            writes += [Put(_address_item(key, after), is_own) for key in sorted(new & old)]
        old_listings, new_listings = self._listings(before), self._listings(after)
        _require_few(after, new_listings)
        old_listings |= _names(before)
        new_listings |= _names(after)
        writes += [Delete(key) for key in sorted(old_listings - new_listings)]
        writes += [Put(dict(key_attributes(key))) for key in sorted(new_listings - old_listings)]
        writes += [] if record is None else [Put(record_item(after, record))]
        self._write(writes, after)

    def erase(self, contact: Contact, also: Write) -> None:
        """Deletes the contact and all items by which it is found, together with the write `also`.
        Raises ConflictError if the contact was changed since it was read, or the condition of
        `also` fails."""
        is_unchanged = Attr("updatedAt").eq(contact.updated_at)
        is_own = Attr("contactId").eq(contact.id)
        key = keys.contact(contact.workspace_id, contact.id)
        writes: list[Write] = [also, Delete(key, is_unchanged)]
        writes += [Delete(address, is_own) for address in _addresses(contact)]
        listings = self._listings(contact) | _names(contact)
        writes += [Delete(listing) for listing in sorted(listings)]
        writes.append(Delete(keys.consent_record(contact.workspace_id, contact.id)))
        self._write(writes, contact)

    def get(self, workspace_id: str, contact_id: str) -> Contact:
        """Returns a contact. The read is consistent, because a webhook may have just created it."""
        item = self._table.get(keys.contact(workspace_id, contact_id), consistent=True)
        if item is None:
            raise NotFoundError(f"there is no contact {contact_id}")
        return from_item(item)

    def consent_record(self, workspace_id: str, contact_id: str) -> tuple[ConsentChange, ...]:
        """Returns the recorded changes of a contact's consents, oldest first, from a consistent
        read."""
        return self.consent_records(workspace_id, [contact_id])[contact_id]

    def consent_records(
        self, workspace_id: str, contact_ids: "Iterable[str]"
    ) -> dict[str, tuple[ConsentChange, ...]]:
        """Returns the records of several contacts, by contact id."""
        wanted = {keys.consent_record(workspace_id, each): each for each in contact_ids}
        found = self._table.batch_get(wanted, consistent=True)
        return {
            contact_id: record_of(found[key]) if key in found else ()
            for key, contact_id in wanted.items()
        }

    def row_read(
        self, workspace_id: str, contact_id: str, take: "Callable[[Contact | None], None]"
    ) -> RowRead:
        """Returns a read of a contact. `take` gets the contact, or None if there is none."""

        def take_row(item: "Item | None") -> None:
            take(None if item is None else from_item(item))

        return RowRead(keys.contact(workspace_id, contact_id), take_row)

    def get_many(self, workspace_id: str, contact_ids: "Iterable[str]") -> dict[str, Contact]:
        """Returns the contacts that exist, by id, from a consistent read. Damaged ones are left
        out."""
        wanted = [keys.contact(workspace_id, contact_id) for contact_id in contact_ids]
        found = self._table.batch_get(wanted, consistent=True)
        return {contact.id: contact for contact in readable(found.values())}

    def oldest(self, workspace_id: str) -> Contact | None:
        """Returns the oldest contact that is not damaged."""
        found, after = self.in_order(workspace_id, 1, None)
        while not found and after is not None:
            found, after = self.in_order(workspace_id, 1, after)
        return found[0] if found else None

    def find_phones(self, workspace_id: str, phones: "Iterable[str]") -> dict[str, str]:
        """Returns the ids of the contacts with these E.164 phones, by phone."""
        wanted = {keys.contact_phone(workspace_id, phone): phone for phone in phones}
        found = self._table.batch_get(wanted)
        return {wanted[key]: str(item["contactId"]) for key, item in found.items()}

    def find_address(self, workspace_id: str, kind: str, address: str) -> str | None:
        """Returns the id of the contact with this normalised address. `kind` is that of an
        `Address`."""
        key = keys.contact_address(workspace_id, kind, address)
        item = self._table.get(key, consistent=True)
        return None if item is None else str(item["contactId"])

    def identify(self, workspace_id: str, kind: str, address: str) -> ContactIdentity | None:
        """Returns id and addresses of the contact with this normalised address, from one consistent
        read. `kind` is that of an `Address`."""
        item = self._table.get(keys.contact_address(workspace_id, kind, address), consistent=True)
        if item is None:
            return None
        is_of_old = kind in ("EMAIL", "PHONE") and "email" not in item and "phone" not in item
        if is_of_old:
            # Written before address items named both addresses.
            return self.identity(workspace_id, item["contactId"])
        return ContactIdentity(
            id=item["contactId"], email=item.get("email"), phone=item.get("phone")
        )

    def identity(self, workspace_id: str, contact_id: str) -> ContactIdentity | None:
        """Returns the id and addresses of a contact, or None if it does not exist."""
        try:
            contact = self.get(workspace_id, contact_id)
        except NotFoundError:
            return None
        return identity_of(contact)

    def newest(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Contact], str | None]:
        """Returns a page of contacts, newest first, after the contact with the given id. Also
        returns the id with which the page ends if more follow. Damaged contacts are left out."""
        key = keys.contact(workspace_id, after or "")
        start = dict(key_attributes(key)) if after else None
        return _page(self._table.query(key.pk, ascending=False, limit=limit, after=start))

    def tagged(
        self, workspace_id: str, tag: str, limit: int, after: str | None
    ) -> tuple[list[str], bool]:
        """Returns ids of contacts with the tag, oldest first, after the given id. Also returns
        whether more follow."""
        key = keys.contact_tag(workspace_id, tag, after or "")
        start = dict(key_attributes(key)) if after else None
        page = self._table.query(key.pk, limit=limit, after=start, consistent=True)
        return [item["sk"] for item in page.items], page.next is not None

    def in_order(
        self, workspace_id: str, limit: int, after: str | None
    ) -> tuple[list[Contact], str | None]:
        """Returns a page as `newest` does, but oldest first and from a consistent read."""
        key = keys.contact(workspace_id, after or "")
        start = dict(key_attributes(key)) if after else None
        return _page(self._table.query(key.pk, limit=limit, after=start, consistent=True))

    def date_fields(self, workspace_id: str) -> frozenset[str]:
        """Returns the metadata keys that date automations use."""
        item = self._table.get(keys.date_fields(workspace_id), consistent=True)
        return frozenset(item.get("fields", ())) if item is not None else frozenset()

    def index_date_field(self, workspace_id: str, field: str) -> Modify:
        """Records that a date automation uses a metadata key. From now on every contact with a
        value under this key is listed, in whatever form its date is written, and also if the value
        is not a date."""
        change = Change(add={"fields": {field}})
        return Modify(keys.date_fields(workspace_id), change)

    def list_doubtful(self, contact: Contact, field: str) -> None:
        """Adds the contact to the index of dates if its value under this metadata key is doubtful:
        not a date, or a date of digits only (20260301), which may mean something else. This is
        needed if the value was written before an automation used the key."""
        for key in _doubtful(contact, frozenset({field})):
            self._table.put(dict(key_attributes(key)))

    def owner_ids(self, workspace_id: str, addresses: "Iterable[Address]") -> "dict[Address, str]":
        """Returns the ids of the contacts that have these addresses and external ids now, from a
        consistent read."""
        wanted = {keys.contact_address(workspace_id, *each): each for each in addresses}
        found = self._table.batch_get(wanted, consistent=True) if wanted else {}
        return {wanted[key]: str(item["contactId"]) for key, item in found.items()}

    def owners(self, workspace_id: str, addresses: "Iterable[Address]") -> list[str]:
        """Returns the ids of the contacts with these addresses, in the order of the addresses."""
        wanted = [keys.contact_address(workspace_id, *each) for each in addresses]
        found = self._table.batch_get(wanted) if wanted else {}
        return [str(found[key]["contactId"]) for key in wanted if key in found]

    def named(self, workspace_id: str, beginning: str, limit: int) -> list[str]:
        """Returns ids of contacts whose first name, last name or whole name begins with the text,
        in the order of their names."""
        prefix = name_key(beginning)
        # A contact may have two names with this beginning.
        page = self._table.query(
            keys.contact_names(workspace_id), SortRange(prefix=prefix), limit=2 * limit
        )
        ids = (str(item["sk"]).rpartition("#")[2] for item in page.items)
        return list(dict.fromkeys(ids))[:limit]

    def list_names(self, contact: Contact) -> bool:
        """Adds the names of a contact to the index. This is needed for contacts that are older than
        the index. Returns False if the contact was changed or erased meanwhile."""
        names = [Put(dict(key_attributes(key))) for key in sorted(_names(contact))]
        if not names:
            return True
        is_unchanged = Attr("updatedAt").eq(contact.updated_at)
        check = Check(keys.contact(contact.workspace_id, contact.id), is_unchanged)
        try:
            self._table.transact([check, *names])
        except ConditionFailedError:
            return False
        return True

    def _listings(self, contact: Contact) -> "set[Key]":
        """Returns the keys of the items that list the contact, one per tag and date."""
        found = _dates(contact) | {
            keys.contact_tag(contact.workspace_id, tag, contact.id) for tag in contact.tags
        }
        if doubtful_dates(contact.metadata):
            found |= _doubtful(contact, self.date_fields(contact.workspace_id))
        return found

    def _write(self, writes: list[Write], contact: Contact) -> None:
        if len(writes) > _MAX_WRITES:
            raise InvalidInputError(
                "the request changes too many tags, or too many dates in the metadata; change "
                "fewer at once",
                field="tags",
            )
        try:
            self._table.transact(writes)
        except ConditionFailedError as error:
            field = self._taken(contact)
            if field is not None:
                raise ConflictError(belongs_to_another(field), field=field) from error
            raise ConflictError(
                "somebody else just changed the contact; reload it and try again"
            ) from error

    def _taken(self, contact: Contact) -> str | None:
        """Returns the first field, in wire names, whose value belongs to another contact."""
        fields = _addresses(contact)
        items = self._table.batch_get(fields, consistent=True)
        owners = {key: item["contactId"] for key, item in items.items()}
        taken = (
            field for key, field in fields.items() if owners.get(key, contact.id) != contact.id
        )
        return next(taken, None)


def _page(page: "Page") -> tuple[list[Contact], str | None]:
    last = str(page.items[-1]["sk"]) if page.next and page.items else None
    return readable(page.items), last


def identity_of(contact: Contact) -> ContactIdentity:
    return ContactIdentity(id=contact.id, email=contact.email, phone=contact.phone)


def _address_item(key: "Key", contact: Contact) -> "Item":
    """Returns the item that reserves an address or external id. It contains the contact's id,
    e-mail and phone. A run stores nothing else about its contact, so an event needs to read only
    this item."""
    return {
        **key_attributes(key),
        "contactId": contact.id,
        "email": contact.email,
        "phone": contact.phone,
    }


def _addresses(contact: Contact) -> "dict[Key, str]":
    """Returns the keys of the items for this contact's addresses and external ids, each with the
    field's name on the wire."""
    return {
        keys.contact_address(contact.workspace_id, *address): address.field
        for address in contact.addresses
    }


def name_key(text: str) -> str:
    """Returns a name in the form in which it is searched for."""
    return " ".join(folded(text).split())[:NAME_CHARACTERS]


def _names(contact: Contact) -> "set[Key]":
    """Returns the keys by which a search finds the contact: its name in both orders, so that the
    beginning of either part finds it."""
    parts = [part for part in (contact.first_name, contact.last_name) if part]
    names = {name_key(" ".join(parts)), name_key(" ".join(reversed(parts)))} - {""}
    return {keys.contact_name(contact.workspace_id, name, contact.id) for name in names}


def belongs_to_another(field: str) -> str:
    """Says that the value of a contact's field, named as on the wire, is already taken."""
    return f"this {_word(field)} belongs to another contact"


def _word(field: str) -> str:
    """Returns a contact's field as people call it, such as `stripe id`."""
    _, is_external, name = field.partition(".")
    return f"{name} id" if is_external else {"email": "e-mail"}.get(field, field)


def _require_few(contact: Contact, listings: "set[Key]") -> None:
    """Raises InvalidInputError if there are too many items for one transaction."""
    count = len(listings) + len(contact.external_ids)
    if count > MAX_LISTINGS:
        raise InvalidInputError(
            f"a contact may have at most {MAX_LISTINGS} tags, external ids and dates in its "
            f"metadata, all counted together; this one has {count}",
            field="tags",
        )


def _dates(contact: Contact) -> "set[Key]":
    """Returns the keys by which date automations find the contact, one per date in the metadata."""
    return {
        _date(contact, field, written) for field, written in written_dates(contact.metadata).items()
    }


def _doubtful(contact: Contact, fields: frozenset[str]) -> "set[Key]":
    """Returns the keys that list this contact's doubtful values under these metadata keys: values
    that are not dates, and dates of digits only (20260301), which may mean something else."""
    return {
        keys.unreadable_date(contact.workspace_id, field, contact.id)
        if written is None
        else _date(contact, field, written)
        for field, written in doubtful_dates(contact.metadata).items()
        if field in fields
    }


def _date(contact: Contact, field: str, written: "Written") -> "Key":
    kind = keys.DateKind.INSTANT if written.is_instant else keys.DateKind.DAY
    # Outside the years that Python can convert to UTC, use the day as written.
    day = written.day("UTC") or written.moment.date()
    return keys.contact_date(contact.workspace_id, kind, day, field, contact.id)
