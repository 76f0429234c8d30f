"""Contacts: the people automations run for.

The libraries of addresses and phone numbers are imported when the first one is read: together they
take longer to load than all that most requests need.
"""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from runledger.models.base import Model, WireModel


def normalize_email(value: str) -> str:
    """Lower-cased, IDNA-normalised address; raises ValueError with the library's reason.

    The whole address is lower-cased: mail systems that tell `A@x` from `a@x` are not met in
    practice, while a person pasted twice in two cases is."""
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return checked.normalized.lower()


def normalize_phone(value: str, region: str | None = None) -> str:
    """E.164 form of a phone number as a person would paste it; `region` helps national formats."""
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"not a phone number: {error}") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a possible phone number; write it with its country code, e.g. +49…")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_readings(value: str) -> tuple[str, ...]:
    """The E.164 numbers that a phone number written without its country code can be: one for each
    country where it is valid, and one where only its + was forgotten."""
    import phonenumbers

    found = set()
    readings = [(value, region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    for text, region in [*readings, (f"+{value}", None)]:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            found.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return tuple(sorted(found))


METADATA_BYTES = 32_000


def _bounded(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise ValueError(f"metadata has more than {METADATA_BYTES} bytes as JSON")
    return metadata


Email = Annotated[str, AfterValidator(normalize_email)]
Phone = Annotated[str, AfterValidator(normalize_phone)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Consents(WireModel):
    """What a contact agreed to."""

    marketing: StrictBool = Field(
        default=False, description="Whether marketing messages may be sent."
    )
    transactional: StrictBool = Field(
        default=True,
        description="Whether transactional messages may be sent; they may unless withdrawn.",
    )


class ContactDocument(WireModel):
    """A contact as a client writes it."""

    email: Email | None = Field(
        default=None, description="An e-mail address. It is kept in lower case."
    )
    phone: Phone | None = Field(
        default=None, description="A phone number with its country code. It is kept as E.164."
    )
    first_name: ShortText | None = Field(default=None, description="The first name.")
    last_name: ShortText | None = Field(default=None, description="The last name.")
    tags: list[Tag] = Field(
        default_factory=list,
        max_length=100,
        description="Tags that segments and conditions ask for.",
    )
    consents: Consents = Field(default=Consents(), description="What the contact agreed to.")
    metadata: Annotated[dict[str, Any], AfterValidator(_bounded)] = Field(
        default_factory=dict, max_length=100, description="Your own fields, of any JSON type."
    )


class Contact(Model):
    """A stored contact; times are epoch milliseconds."""

    workspace_id: str
    id: str
    email: str | None
    phone: str | None
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

    def document(self) -> ContactDocument:
        """As a client would write it."""
        return ContactDocument(**self.model_dump(include=set(ContactDocument.model_fields)))
