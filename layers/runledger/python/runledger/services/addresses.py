"""E-mail addresses and phone numbers as people paste them."""

from runledger.errors import InvalidInputError
from runledger.models.contact import national_readings, normalize_email, normalize_phone


def pasted(text: str) -> str:
    """Without the space around it."""
    bare = text.strip()
    if text.startswith(" ") and bare[:1].isdigit():
        # A + that was not escaped in an address comes as a space.
        return f"+{bare}"
    return bare


def addresses_meant(text: str) -> frozenset[str]:
    """Every address, in its stored form, that the text can be: a phone without its country code can
    be one of several. InvalidInputError names `address` where it is none."""
    address = pasted(text)
    is_email = "@" in address
    try:
        return frozenset({normalize_email(address) if is_email else normalize_phone(address)})
    except ValueError as error:
        readings = () if is_email else national_readings(address)
        if readings:
            return frozenset(readings)
        raise InvalidInputError(
            f"{text!r} is neither an e-mail nor a phone: {error}", field="address"
        ) from error
