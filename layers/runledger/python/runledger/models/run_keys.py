"""The keys of a run: values of its event, such as an order number, by which people find the run."""

import unicodedata
from typing import Any

from runledger.models.base import Model

MAX_KEYS = 5
MAX_NAME_CHARACTERS = 40
MAX_VALUE_CHARACTERS = 100


class RunKey(Model):
    """One key. `name` and `value` are shown as the trigger and the event wrote them; two keys are
    equal if their folded texts are."""

    name: str
    value: str


def folded(text: str) -> str:
    """Returns the text in the form in which names and values of keys are compared: in NFC,
    case-folded, and without spaces at its ends."""
    plain = unicodedata.normalize("NFC", text).strip()
    return unicodedata.normalize("NFC", plain.casefold())


def key_value(value: Any) -> str | None:
    """Returns a value of an event as a key shows it. Returns None if the value cannot be a key: if
    it is missing, empty, longer than MAX_VALUE_CHARACTERS, or neither a text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and value.is_integer():
        # 1 and 1.0 are the same number to their sender.
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).strip()
    return text if 0 < len(text) <= MAX_VALUE_CHARACTERS else None
