"""Contacts: the people that automations run for."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from runledger.models.addresses import (
    EXTERNAL_ID_CHARACTERS,
    Address,
    external_kind,
    nfc,
    normalize_email,
    normalize_external_id,
    normalize_phone,
)
from runledger.models.base import Model, WireModel
from runledger.models.consent import Consents

METADATA_BYTES = 32_000
MAX_EXTERNAL_IDS = 10
EXTERNAL_ID_NAME = r"[a-z][A-Za-z0-9_-]{0,39}"
# `tel:` begins a phone number, also where an external id is pasted as `name:value`.
_PHONE_SCHEME = "tel"


def _bounded(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise ValueError(
            f"metadata must be at most {METADATA_BYTES} bytes as JSON; remove or shorten values"
        )
    return metadata


def _external_id_name(name: str) -> str:
    if name == _PHONE_SCHEME:
        raise ValueError(
            f"an external id cannot have the name {_PHONE_SCHEME}, because `{_PHONE_SCHEME}:` "
            "begins a phone number; choose another name"
        )
    return name


Email = Annotated[str, AfterValidator(normalize_email)]
Phone = Annotated[str, AfterValidator(normalize_phone)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
# Unicode's NFC, so that a tag is found in any typed form.
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(nfc)
]

ExternalIdName = Annotated[
    str,
    StringConstraints(pattern=f"^{EXTERNAL_ID_NAME}$"),
    AfterValidator(_external_id_name),
]
ExternalId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=EXTERNAL_ID_CHARACTERS),
    AfterValidator(normalize_external_id),
]


class ContactDocument(WireModel):
    """A contact as a client writes it."""

    email: Email | None = Field(
        default=None, description="An e-mail address. It is stored in lower case."
    )
    phone: Phone | None = Field(
        default=None,
        description="A phone number with its country code. It is stored in E.164 format.",
    )
    external_ids: dict[ExternalIdName, ExternalId] = Field(
        default_factory=dict,
        max_length=MAX_EXTERNAL_IDS,
        description="The contact's ids in other systems, by a name for each system, such as "
        "`stripe`. An id of one name belongs to only one contact of the workspace.",
    )
    first_name: ShortText | None = Field(default=None, description="The first name.")
    last_name: ShortText | None = Field(default=None, description="The last name.")
    tags: list[Tag] = Field(
        default_factory=list,
        max_length=100,
        description="Tags, which segments and conditions can check.",
    )
    consents: Consents = Field(default=Consents(), description="What the contact consented to.")
    metadata: Annotated[dict[str, Any], AfterValidator(_bounded)] = Field(
        default_factory=dict, max_length=100, description="Custom fields, of any JSON type."
    )


class Contact(Model):
    """A stored contact; times are epoch milliseconds."""

    workspace_id: str
    id: str
    email: str | None
    phone: str | None
    external_ids: dict[str, str]
    first_name: str | None
    last_name: str | None
    tags: tuple[str, ...]
    consents: Consents
    metadata: dict[str, Any]
    created_at: int
    updated_at: int

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self.updated_at

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The values that identify this contact and no other: its e-mail, phone and external
        ids."""
        written = [("EMAIL", self.email), ("PHONE", self.phone)]
        written += [(external_kind(name), value) for name, value in self.external_ids.items()]
        return tuple(Address(kind, value) for kind, value in written if value)

    def document(self) -> ContactDocument:
        """Returns the contact as a client would write it."""
        return ContactDocument(**self.model_dump(include=set(ContactDocument.model_fields)))


class ContactChange(Model):
    """A change of a contact by an automation; it never changes consents.

    - `fields` are the fields to set, each named by its path: `firstName`, `externalIds.stripe`,
      `metadata.plan`.
    - `cleared` are the fields that the contact loses.
    - Tags are matched in the form in which contacts keep them (Unicode's NFC).
    """

    fields: dict[str, Any] = Field(default_factory=dict)
    cleared: tuple[str, ...] = ()
    added_tags: tuple[str, ...] = ()
    removed_tags: tuple[str, ...] = ()


class ContactIdentity(Model):
    """What a run keeps of its contact: the id and the addresses."""

    id: str
    email: str | None
    phone: str | None
