"""Reads e-mail addresses, phone numbers and external ids as people enter them."""

import re

from runledger.errors import InvalidInputError
from runledger.models.addresses import (
    Address,
    external_kind,
    normalize_email,
    normalize_external_id,
    normalize_phone,
    phone_readings,
)
from runledger.models.contact import EXTERNAL_ID_NAME

_EXTERNAL_ID = rf"\s*({EXTERNAL_ID_NAME}):(.+)"


def pasted(text: str) -> str:
    """Removes the space around an address, and restores each + that arrived as a space because it
    was not escaped in a URL."""
    bare = text.strip()
    if "@" in bare:
        return bare.replace(" ", "+")
    if text.startswith(" ") and bare[:1].isdigit():
        return f"+{bare}"
    return bare


def external_id_in(text: str) -> Address | None:
    """Returns the external id that the text means, such as `stripe:cus_123`, or None if it means
    none. A text of a name, a colon and a value always means an external id, unless the name is
    `tel`. Raises InvalidInputError, which names the field `contact`, if the external id is not
    valid."""
    found = re.fullmatch(_EXTERNAL_ID, text, re.DOTALL)
    if found is None or found[1] == "tel":
        return None
    try:
        return Address(external_kind(found[1]), normalize_external_id(found[2]))
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not an external id: {error}", "contact") from error


def addresses_in(text: str) -> frozenset[str]:
    """Returns every address, in its stored form, that the text can mean. A phone number without its
    country code can mean several. Raises InvalidInputError for `address` if the text is neither an
    e-mail address nor a phone number."""
    address = pasted(text)
    try:
        if "@" in address:
            return frozenset({normalize_email(address)})
        return frozenset(phone_readings(address) or {normalize_phone(address)})
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is neither an e-mail address nor a phone number: {error}", field="address"
        ) from error
