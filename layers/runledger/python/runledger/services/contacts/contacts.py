"""Writes contacts, and finds or creates the contact of an event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from runledger.api.documents import merge_patch, validated
from runledger.clock import Clock
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.ids import new_id
from runledger.models.addresses import (
    external_kind,
    normalize_email,
    normalize_external_id,
    normalize_phone,
    phone_readings,
)
from runledger.models.consent import (
    ConsentChannel,
    ConsentOrigin,
    ConsentPurpose,
    Consents,
    ConsentSetting,
    ConsentSource,
)
from runledger.models.contact import (
    Contact,
    ContactChange,
    ContactDocument,
    ContactIdentity,
)
from runledger.models.validation_words import words
from runledger.nodes.dates import written_dates
from runledger.services.contacts.addresses import external_id_in, pasted
from runledger.services.contacts.consents import Record, changed_consents, set_consent
from runledger.services.contacts.contact_fields import changed, filled
from runledger.services.revisions import ANY_REVISION, ExpectedRevision, edit
from runledger.store.contacts import CONTACT_PREFIX, MAX_LISTINGS, identity_of

if TYPE_CHECKING:
    from runledger.store.contacts import ContactStore

MAX_DATES = 40
_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})
EXTERNAL_ID = "externalId"
# How often others may change a contact while one consent is being set. A withdrawal must not give
# up, because the person makes it once.
_CONSENT_TRIES = 50
# Who writes, if the caller does not say it.
BY_PROGRAM = ConsentSource(origin=ConsentOrigin.API)
_BY_EVENT = ConsentSource(origin=ConsentOrigin.WEBHOOK)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Creates, edits and finds contacts. An edit replaces everything except consents that the
    document leaves out. So a document without consents cannot restore a withdrawn one. Each change
    of a consent is recorded with its `source`, in the transaction that writes the contact.
    Raises ConflictError if an address or external id belongs to another contact."""

    store: "ContactStore"
    clock: Clock

    def create(
        self, workspace_id: str, document: ContactDocument, source: ConsentSource = BY_PROGRAM
    ) -> Contact:
        """Creates a contact. Raises ConflictError, with the field, if its e-mail, phone or an
        external id belongs to another contact."""
        now = self.clock()
        consents, record = changed_consents(
            Consents(), document.consents.sent(), source, now, read_record=tuple
        )
        contact = contact_of(
            # The id carries the same time as `created_at`, because contacts are searched by either.
            workspace_id,
            new_id(CONTACT_PREFIX, now),
            document,
            consents=consents,
            created_at=now,
            now=now,
        )
        self.store.create(contact, record or ())
        return contact

    def replace(
        self,
        workspace_id: str,
        contact_id: str,
        document: ContactDocument,
        expected: ExpectedRevision = ANY_REVISION,
        source: ConsentSource = BY_PROGRAM,
    ) -> Contact:
        """Replaces a contact. A stale edit fails as `ExpectedRevision` describes."""
        return self._edit(workspace_id, contact_id, lambda before: document, expected, source)

    def patch(
        self,
        workspace_id: str,
        contact_id: str,
        changes: dict[str, Any],
        expected: ExpectedRevision = ANY_REVISION,
        source: ConsentSource = BY_PROGRAM,
    ) -> Contact:
        """Applies `changes` to the current contact as a JSON merge patch, then works as
        `replace`."""
        return self._edit(
            workspace_id, contact_id, lambda before: _patched(before, changes), expected, source
        )

    def set_consent(
        self,
        workspace_id: str,
        contact_id: str,
        purpose: ConsentPurpose,
        channel: ConsentChannel | None,
        is_given: bool,
        source: ConsentSource,
    ) -> Contact:
        """Gives or withdraws one consent, for all channels if `channel` is None, and returns the
        contact. Writes only if something differs, or the contact withdraws a consent once more.
        Tries again and again if others change the contact meanwhile. Raises NotFoundError, or
        ConflictError after many tries."""
        setting = ConsentSetting(purpose, channel, is_given)

        def change(before: Contact) -> Contact:
            now = max(self.clock(), before.updated_at + 1)
            consents, record = set_consent(
                before.consents, setting, source, now, self._record_of(before)
            )
            if record is None:
                return before
            after = before.changed(consents=consents, updated_at=now)
            self.store.replace(before, after, record)
            return after

        read = partial(self.store.get, workspace_id, contact_id)
        return edit(read, change, attrgetter("revision"), ANY_REVISION, tries=_CONSENT_TRIES)

    def _edit(
        self,
        workspace_id: str,
        contact_id: str,
        document_of: Callable[[Contact], ContactDocument],
        expected: ExpectedRevision,
        source: ConsentSource,
        *,
        only_if_different: bool = False,
    ) -> Contact:
        """Writes the document, and the record if a consent differs. If `only_if_different`, a
        document that changes nothing is not written, and the stored contact is returned."""

        def change(before: Contact) -> Contact:
            # Two writes in one millisecond must differ, or the second would look like a write that
            # came in between.
            now = max(self.clock(), before.updated_at + 1)
            document = document_of(before)
            consents, record = changed_consents(
                before.consents, document.consents.sent(), source, now, self._record_of(before)
            )
            after = contact_of(
                before.workspace_id,
                before.id,
                document,
                consents=consents,
                created_at=before.created_at,
                now=now,
            )
            if only_if_different and after.changed(updated_at=before.updated_at) == before:
                return before
            self.store.replace(before, after, record)
            return after

        read = partial(self.store.get, workspace_id, contact_id)
        return edit(read, change, attrgetter("revision"), expected)

    def _record_of(self, contact: Contact) -> Callable[[], Record]:
        return partial(self.store.consent_record, contact.workspace_id, contact.id)

    def find(
        self, workspace_id: str, by: str, value: str, name: str | None = None
    ) -> Contact | None:
        """Returns the contact with this `email`, `phone`, `id` or `externalId`, or None. The value
        may be written in any common form. An external id also needs its `name`. Raises ValueError
        if the value is not valid."""
        if by != "id":
            known = self.identify(workspace_id, by, value, name)
            if known is None:
                return None
            value = known.id
        try:
            return self.store.get(workspace_id, value)
        except NotFoundError:
            return None

    def identify(
        self, workspace_id: str, by: str, value: str, name: str | None = None
    ) -> ContactIdentity | None:
        """Finds a contact as `find` does, but returns only what a run keeps of its contact."""
        if by == "id":
            return self.store.identity(workspace_id, value)
        if by == EXTERNAL_ID:
            kind = external_kind(_required(name))
            return self.store.identify(workspace_id, kind, normalize_external_id(value))
        if by == "email":
            return self.store.identify(workspace_id, "EMAIL", normalize_email(value))
        phone = self._phone_meant(workspace_id, value)
        return None if phone is None else self.store.identify(workspace_id, "PHONE", phone)

    def identify_or_create(
        self,
        workspace_id: str,
        by: str,
        value: str,
        name: str | None = None,
        fields: Mapping[str, Any] = _NO_FIELDS,
    ) -> tuple[ContactIdentity, bool]:
        """Returns the contact with this `email`, `phone` or `externalId`, and whether this call
        created it. A contact that is created gets this value and `fields`, which are named as in
        `filled`. Contacts are found by this value only, and are never merged.

        Raises ValueError if the value is not valid, InvalidInputError if a field is not, and
        ConflictError, with the field, if an address or external id belongs to another contact."""
        found = self.identify(workspace_id, by, value, name)
        if found is not None:
            return found, False
        given = {"externalIds": {_required(name): value}} if by == EXTERNAL_ID else {by: value}
        try:
            ContactDocument.model_validate(given)
        except ValidationError as error:
            raise ValueError(words(error.errors()[0])) from error
        others = {
            field: each
            for field, each in fields.items()
            if field not in (by, f"externalIds.{name}")
        }
        document = validated(ContactDocument, filled(given, others))
        try:
            return identity_of(self.create(workspace_id, document, _BY_EVENT)), True
        except ConflictError:
            # Another event created the same contact meanwhile.
            again = self.identify(workspace_id, by, value, name)
            if again is None:
                raise
            return again, False

    def upsert(
        self,
        workspace_id: str,
        by: str,
        name: str | None,
        changes: dict[str, Any],
        source: ConsentSource = BY_PROGRAM,
    ) -> tuple[Contact, bool]:
        """Changes a contact, or creates one. Returns the contact, and whether it was created.

        `by` says by which value in `changes` the contact is found: its `email`, its `phone`, or
        (`externalId`) the external id with this `name`. If a contact has this value, `changes` is
        applied to it as a JSON merge patch, and written only if something differs. Otherwise
        `changes` becomes a new contact. Contacts are never merged.

        Raises InvalidInputError if `changes` lacks this value or has an invalid field, and
        ConflictError, with the field, if an address or external id in `changes` belongs to another
        contact."""
        if by == EXTERNAL_ID:
            field = f"externalIds.{name}"
            value = (changes.get("externalIds") or {}).get(_required(name))
        else:
            field, value = by, changes.get(by)
        if value is None:
            raise InvalidInputError(
                f"{field} is missing; send the value by which the contact is found", field=field
            )
        found = self.identify(workspace_id, by, value, name)
        if found is None:
            try:
                document = validated(ContactDocument, merge_patch({}, changes))
                return self.create(workspace_id, document, source), True
            except ConflictError:
                # Another request may have created the same contact meanwhile.
                found = self.identify(workspace_id, by, value, name)
                if found is None:
                    raise
        return self._edit(
            workspace_id,
            found.id,
            lambda before: _patched(before, changes),
            ANY_REVISION,
            source,
            only_if_different=True,
        ), False

    def change(self, workspace_id: str, contact_id: str, change: ContactChange) -> Contact:
        """Changes a contact and returns it. Writes only if something differs, so a repeated change
        writes nothing. Raises NotFoundError, and the other errors of `identify_or_create`."""

        def document(before: Contact) -> ContactDocument:
            now = before.document().model_dump(mode="json", by_alias=True, exclude={"consents"})
            return validated(ContactDocument, changed(now, change))

        return self._edit(
            workspace_id, contact_id, document, ANY_REVISION, BY_PROGRAM, only_if_different=True
        )

    def look_up(self, workspace_id: str, text: str) -> str | None:
        """Returns the id of the contact with this id, e-mail, phone or external id (`name:id`), or
        None. The text may have any common format. Raises InvalidInputError if it is none of these.
        """
        external = external_id_in(text)
        if external is not None:
            return self.store.find_address(workspace_id, *external)
        written = pasted(text)
        if written.startswith("con_"):
            return written
        by = "email" if "@" in written else "phone"
        try:
            contact = self.find(workspace_id, by, written)
        except ValueError as error:
            raise InvalidInputError(
                f"{text!r} is not a contact's id, e-mail address, phone number or external id such "
                f"as stripe:cus_123: {error}",
                field="contact",
            ) from error
        return contact.id if contact else None

    def _phone_meant(self, workspace_id: str, text: str) -> str | None:
        """Returns the number that the text means, in E.164. If it can mean several numbers, returns
        the one that a contact has, or None if no contact has one. Raises ValueError if several
        contacts have such a number: in different countries, numbers may be the same except for
        their country codes."""
        readings = phone_readings(text)
        if not readings:
            # Called for its error message.
            normalize_phone(text)
        if len(readings) == 1:
            return readings[0]
        found = self.store.find_phones(workspace_id, readings)
        if len(set(found.values())) > 1:
            raise ValueError(
                "several contacts have this number, in different countries: "
                f"{', '.join(sorted(found))}; write it with its country code"
            )
        return next(iter(found), None)


def _required(name: str | None) -> str:
    if name is None:
        raise ValueError("the name of the external id is missing")
    return name


def _patched(before: Contact, changes: dict[str, Any]) -> ContactDocument:
    now = before.document().model_dump(mode="json", by_alias=True, exclude={"consents"})
    return validated(ContactDocument, merge_patch(now, changes))


def contact_of(
    workspace_id: str,
    contact_id: str,
    document: ContactDocument,
    *,
    consents: Consents,
    created_at: int,
    now: int,
) -> Contact:
    """Returns the contact that a document describes. Raises InvalidInputError if it has too many
    dates, tags or external ids."""
    dates = list(written_dates(document.metadata))
    if len(dates) > MAX_DATES:
        raise InvalidInputError(
            f"metadata may have at most {MAX_DATES} dates; it has {len(dates)}",
            field=f"metadata.{dates[MAX_DATES]}",
        )
    tags = tuple(dict.fromkeys(document.tags))
    external_ids = document.external_ids
    if len(tags) + len(dates) + len(external_ids) > MAX_LISTINGS:
        raise InvalidInputError(
            f"a contact may have at most {MAX_LISTINGS} tags, external ids and dates in metadata "
            f"in total; this one has {len(tags)} tags, {len(external_ids)} external ids and "
            f"{len(dates)} dates",
            field="tags",
        )
    return Contact(
        workspace_id=workspace_id,
        id=contact_id,
        email=document.email,
        phone=document.phone,
        external_ids=external_ids,
        first_name=document.first_name,
        last_name=document.last_name,
        tags=tags,
        consents=consents,
        metadata=document.metadata,
        created_at=created_at,
        updated_at=now,
    )
