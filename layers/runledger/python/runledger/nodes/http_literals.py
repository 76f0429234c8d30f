"""The places in an INTEGRATION's config where a credential may be written instead of a secret's
name."""

from collections.abc import Mapping
from typing import Any

from runledger.nodes.literal_credentials import CredentialMasker
from runledger.redaction import is_credential_header, is_literal_credential_name

_AUTH_CREDENTIALS = ("token", "password", "value")


def with_call_masked(config: Mapping[str, Any], masker: CredentialMasker) -> dict[str, Any]:
    """Returns the config as a client wrote it, valid or not, without its credentials."""
    shown = dict(config)
    for name, value in config.items():
        match name, value:
            case "url", str():
                shown[name] = masker.url(value, (name,))
            case "auth", Mapping():
                shown[name] = _auth(value, masker)
            case "headers" | "query", Mapping():
                names = is_credential_header if name == "headers" else is_literal_credential_name
                shown[name] = {
                    key: masker.value(item, (name, str(key)), is_credential=names(str(key)))
                    for key, item in value.items()
                }
            case _:
                shown[name] = masker.value(value, (name,))
    return shown


def _auth(auth: Mapping[str, Any], masker: CredentialMasker) -> dict[str, Any]:
    password = auth.get("password")
    # Some services take a key as the user name, with any password or none.
    is_alone = auth.get("type") == "BASIC" and isinstance(password, str) and len(password) < 2
    return {
        key: masker.value(
            value,
            ("auth", str(key)),
            is_credential=key in _AUTH_CREDENTIALS or (is_alone and key == "username"),
        )
        for key, value in auth.items()
    }
