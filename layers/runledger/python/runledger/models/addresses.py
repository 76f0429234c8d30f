"""Normalizes e-mail addresses, phone numbers, external ids and texts.

The libraries for addresses and phone numbers are imported at their first use: they load slowly, and
most requests do not need them.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Patterns are compiled at their first use, because most requests need none.

# Characters that people put between the digits of a phone number.
_SEPARATORS = r"[\s().\-/\u00a0\u2010-\u2015]+"
_DIGITS = r"[+\uff0b]\d+"
_DIGITS_FOR_ONE_READING = 11
_NO_EMAIL = "not an e-mail address; write one such as ada@example.com"
_NO_PHONE = "not a phone number; write it with its country code, such as +49 1512 3456789"
_READINGS_CACHED = 256
EXTERNAL_ID_CHARACTERS = 200
_EXTERNAL = "EXTERNAL:"


class Address(NamedTuple):
    """A value that identifies one contact. `kind` is EMAIL, PHONE, or `EXTERNAL:` and the name of
    an external id. EMAIL and PHONE are also the `address_kind` of the channels."""

    kind: str
    value: str

    @property
    def field(self) -> str:
        """The name of the contact's field that contains it, in camelCase."""
        if self.is_external:
            return f"externalIds.{self.kind.removeprefix(_EXTERNAL)}"
        return self.kind.lower()

    @property
    def is_external(self) -> bool:
        """Whether it is an id in another system. No message can be sent to such an id."""
        return self.kind.startswith(_EXTERNAL)


def external_kind(name: str) -> str:
    """Returns the kind of an external id with this name."""
    return f"{_EXTERNAL}{name}"


def nfc(text: str) -> str:
    """Returns the text in Unicode's normalization form NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def normalize_external_id(value: str) -> str:
    """Returns an external id without surrounding spaces, in NFC. The case of letters is kept.
    Raises ValueError if it is empty or too long."""
    text = nfc(value.strip())
    if not 1 <= len(text) <= EXTERNAL_ID_CHARACTERS:
        raise ValueError(f"must have 1 to {EXTERNAL_ID_CHARACTERS} characters")
    return text


@lru_cache(maxsize=_READINGS_CACHED)
def normalize_email(value: str) -> str:
    """Returns the address in lower case, with its domain in Unicode. Raises ValueError if it is not
    an address.

    The whole address is lower-cased: in practice no mail system distinguishes `A@x` from `a@x`, but
    the same address is often written in both cases. A local part beyond ASCII needs SMTPUTF8, which
    SES does not support."""
    from email_validator import EmailNotValidError, validate_email

    text = value.strip()
    if not text.rpartition("@")[0].isascii():
        raise ValueError(
            "the part before the @ must be ASCII; addresses with other characters cannot "
            "be delivered"
        )
    try:
        checked = validate_email(
            text, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError as error:
        raise ValueError(_NO_EMAIL) from error
    return checked.normalized.lower()


def ascii_email(address: str) -> str:
    """Returns a normalized address as mail systems accept it, with its domain in punycode (RFC
    5891)."""
    if address.isascii():
        return address
    from email_validator import validate_email

    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return checked.ascii_email or address


def normalize_phone(value: str) -> str:
    """Returns the number in E.164 form. The number must begin with its country code, after `+` or
    `00`, or be valid in only one country. Raises ValueError for any other text.

    Old forms of Mexican and Brazilian mobile numbers are converted to the present form.
    """
    text = _international(value)
    if text is None:
        readings = phone_readings(value)
        if len(readings) != 1:
            raise ValueError(_NO_PHONE)
        return readings[0]
    import phonenumbers

    text = _present_form(re.sub(_SEPARATORS, "", text.removeprefix("tel:")))
    if not re.fullmatch(_DIGITS, text):
        # Letters would be dialled as digits, and an extension would be lost.
        raise ValueError(_NO_PHONE)

    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_NO_PHONE) from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(
            "not a possible phone number; check the number of digits and write it with its "
            "country code, such as +49 1512 3456789"
        )
    return _present_form(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def phone_readings(value: str) -> tuple[str, ...]:
    """Returns every E.164 number that a text can mean. A text with `+` or `00` means at most one
    number. Another text can mean one number in each country where it is valid, or an international
    number whose `+` was forgotten."""
    if _international(value) is None:
        return _national_readings(value)
    try:
        return (normalize_phone(value),)
    except ValueError:
        return ()


@lru_cache(maxsize=_READINGS_CACHED)
def _national_readings(value: str) -> tuple[str, ...]:
    import phonenumbers

    digits = re.sub(_SEPARATORS, "", value)
    forgotten = _valid(_present_form(f"+{digits}"), None)
    if forgotten is not None and len(digits) >= _DIGITS_FOR_ONE_READING:
        # Numbers that people dial within a country are shorter.
        return (forgotten,)
    found = {_valid(value, region) for region in phonenumbers.SUPPORTED_REGIONS} | {forgotten}
    return tuple(sorted(each for each in found if each is not None))


def _valid(text: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return _present_form(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _international(value: str) -> str | None:
    """Returns the number with a leading +, or None if it has no country code."""
    text = value.strip()
    if text.startswith(("+", "\uff0b", "tel:")):
        return text
    digits = re.sub(_SEPARATORS, "", text)
    return f"+{digits[2:]}" if digits.startswith("00") else None


# +52 1 and ten digits: mobile numbers lost the 1 in 2019, but messengers still show it.
_OLD_MEXICAN = r"\+521(\d{10})"
# +55, a two-digit area code and an eight-digit mobile number. By 2016 all had got a leading 9.
_OLD_BRAZILIAN = r"\+55(\d{2})([6-9]\d{7})"


def _present_form(number: str) -> str:
    if match := re.fullmatch(_OLD_MEXICAN, number):
        return f"+52{match[1]}"
    if match := re.fullmatch(_OLD_BRAZILIAN, number):
        return f"+55{match[1]}9{match[2]}"
    return number
