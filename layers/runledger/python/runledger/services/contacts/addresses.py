"""E-mail addresses and phone numbers as people paste them."""

from runledger.errors import InvalidInputError
from runledger.models.addresses import normalize_email, normalize_phone, phone_readings


def pasted(text: str) -> str:
    """Without the space around it, and with each + that was not escaped in a web address, where it
    comes as a space."""
    bare = text.strip()
    if "@" in bare:
        return bare.replace(" ", "+")
    if text.startswith(" ") and bare[:1].isdigit():
        return f"+{bare}"
    return bare


def addresses_in(text: str) -> frozenset[str]:
    """Every address, in its stored form, that the text can be: a phone without its country code can
    be one of several. InvalidInputError names `address` where it is none."""
    address = pasted(text)
    try:
        if "@" in address:
            return frozenset({normalize_email(address)})
        return frozenset(phone_readings(address) or {normalize_phone(address)})
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is neither an e-mail nor a phone: {error}", field="address"
        ) from error
