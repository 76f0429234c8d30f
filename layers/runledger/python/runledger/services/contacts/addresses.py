"""Reads e-mail addresses and phone numbers as people paste them."""

from runledger.errors import InvalidInputError
from runledger.models.addresses import normalize_email, normalize_phone, phone_readings


def pasted(text: str) -> str:
    """Removes the space around an address, and restores each + that arrived as a space because it
    was not escaped in a URL."""
    bare = text.strip()
    if "@" in bare:
        return bare.replace(" ", "+")
    if text.startswith(" ") and bare[:1].isdigit():
        return f"+{bare}"
    return bare


def addresses_in(text: str) -> frozenset[str]:
    """Returns every address, in its stored form, that the text can mean: a phone number without its
    country code can be one of several. Raises InvalidInputError for `address` if it means none."""
    address = pasted(text)
    try:
        if "@" in address:
            return frozenset({normalize_email(address)})
        return frozenset(phone_readings(address) or {normalize_phone(address)})
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is neither an e-mail address nor a phone number: {error}", field="address"
        ) from error
