"""Removes credentials from everything that is stored."""

from runledger.redaction.names import (
    is_credential_header,
    is_credential_name,
    is_harmless_name,
    is_literal_credential_name,
)
from runledger.redaction.redactor import REDACTED, Redactor, placeholder
from runledger.redaction.secret_forms import MIN_SECRET_CHARACTERS

__all__ = [
    "MIN_SECRET_CHARACTERS",
    "REDACTED",
    "Redactor",
    "is_credential_header",
    "is_credential_name",
    "is_harmless_name",
    "is_literal_credential_name",
    "placeholder",
]
