"""Secrets as the API shows them: never their values."""

from typing import TYPE_CHECKING

from runledger.api.secrets import SecretNameView
from runledger.clock import iso, optional_iso

if TYPE_CHECKING:
    from runledger.store.secrets import SecretName


def secret_name_view(secret: "SecretName") -> SecretNameView:
    return SecretNameView(
        name=secret.name,
        allowed_hosts=list(secret.allowed_hosts),
        updated_at=iso(secret.updated_at or 0),
        last_used_at=optional_iso(secret.last_used_at),
    )
