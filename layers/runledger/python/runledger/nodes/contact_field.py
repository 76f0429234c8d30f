"""The fields of a contact that automations may set. Consents are not among them."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_FIELDS = ("email", "phone", "firstName", "lastName")
_METADATA = "metadata"
_GROUPS = (_METADATA, "externalIds")


def _check_contact_field(name: str) -> str:
    group, _, key = name.partition(".")
    if name in _FIELDS or (group in _GROUPS and key):
        return name
    raise ValueError(
        f"{name!r} is not a field of a contact; write one of {', '.join(_FIELDS)}, "
        "metadata.<name> or externalIds.<name>"
    )


ContactField = Annotated[
    str, StringConstraints(max_length=120), AfterValidator(_check_contact_field)
]


def is_metadata(field: str) -> bool:
    """Whether the field is one of the contact's custom fields, which take values of any type."""
    return field.partition(".")[0] == _METADATA
