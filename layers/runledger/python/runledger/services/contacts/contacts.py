"""Writes contacts, and finds or creates the contact of an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from runledger.api.documents import merge_patch, validated
from runledger.errors import ConflictError, InvalidInputError, NotFoundError
from runledger.ids import new_id
from runledger.models.addresses import (
    external_kind,
    normalize_email,
    normalize_external_id,
    normalize_phone,
    phone_readings,
)
from runledger.models.contact import (
    Consents,
    Contact,
    ContactDocument,
    ContactIdentity,
)
from runledger.models.validation_words import words
from runledger.nodes.dates import written_dates
from runledger.services.contacts.addresses import external_id_in, pasted
from runledger.services.contacts.contact_fields import filled
from runledger.services.editing import Editing
from runledger.services.revisions import ANY_REVISION
from runledger.store.contacts import CONTACT_PREFIX, MAX_LISTINGS, identity_of

if TYPE_CHECKING:
    from runledger.store.contacts import ContactStore

MAX_DATES = 40
_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})
EXTERNAL_ID = "externalId"


@dataclass(frozen=True, slots=True)
class Contacts(Editing[Contact, ContactDocument]):
    """Creates, edits and finds contacts. An edit replaces everything except consents that the
    document leaves out, so it never restores a consent that the person withdrew. Raises
    ConflictError if an address or external id belongs to another contact."""

    store: "ContactStore"

    def create(self, workspace_id: str, document: ContactDocument) -> Contact:
        """Creates a contact. Raises ConflictError, with the field, if its e-mail, phone or an
        external id belongs to another contact."""
        now = self.clock()
        contact = _contact(
            # The id carries the same time as `created_at`, because contacts are searched by either.
            workspace_id,
            new_id(CONTACT_PREFIX, now),
            document,
            consents=document.consents,
            created_at=now,
            now=now,
        )
        self.store.create(contact)
        return contact

    def _patched(self, before: Contact, changes: dict[str, Any]) -> ContactDocument:
        now = before.document().model_dump(mode="json", by_alias=True, exclude={"consents"})
        return validated(ContactDocument, merge_patch(now, changes))

    def _changed(self, before: Contact, document: ContactDocument, now: int) -> Contact:
        return _contact(
            before.workspace_id,
            before.id,
            document,
            consents=_changed_consents(before.consents, document),
            created_at=before.created_at,
            now=now,
        )

    def find(
        self, workspace_id: str, by: str, value: str, name: str | None = None
    ) -> Contact | None:
        """Returns the contact with this `email`, `phone`, `id` or `externalId`, as a person or a
        system would write it, or None. An external id also needs its `name`. Raises ValueError if
        the value is not valid."""
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
        ConflictError with the field if one belongs to another contact."""
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
            return identity_of(self.create(workspace_id, document)), True
        except ConflictError:
            # Another event created the same contact meanwhile.
            again = self.identify(workspace_id, by, value, name)
            if again is None:
                raise
            return again, False

    def fill(self, workspace_id: str, contact_id: str, fields: Mapping[str, Any]) -> Contact:
        """Sets the fields, as `filled` names them, of a contact, and returns it. Writes only if a
        value differs. Raises NotFoundError, and the other errors of `identify_or_create`."""

        def document(before: Contact) -> ContactDocument:
            now = before.document().model_dump(mode="json", by_alias=True, exclude={"consents"})
            return validated(ContactDocument, filled(now, fields))

        before = self.store.get(workspace_id, contact_id)
        if self._changed(before, document(before), before.updated_at) == before:
            return before
        return self._edit(workspace_id, contact_id, document, ANY_REVISION)

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
        """Returns the number that the text means, in E.164. If it can mean several, returns the one
        that a contact has, or None. Raises ValueError if several contacts have one of them: two
        contacts in different countries may have the same number without its country code."""
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


def _changed_consents(before: Consents, document: ContactDocument) -> Consents:
    """Returns the consents that the document sets, and the others unchanged."""
    if "consents" not in document.model_fields_set:
        return before
    sent = document.consents.model_dump(exclude_unset=True)
    return Consents(**{**before.model_dump(), **sent})


def _contact(
    workspace_id: str,
    contact_id: str,
    document: ContactDocument,
    *,
    consents: Consents,
    created_at: int,
    now: int,
) -> Contact:
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
            f"tags, external ids and dates in metadata may be at most {MAX_LISTINGS} together; "
            f"there are {len(tags)} tags, {len(external_ids)} external ids and {len(dates)} dates",
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
