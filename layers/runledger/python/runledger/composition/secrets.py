"""Puts the services of `services/secrets/` together."""

from functools import cached_property
from typing import TYPE_CHECKING

from runledger.composition.workspaces import WorkspacesRoom
from runledger.settings import StoreSettings

if TYPE_CHECKING:
    from runledger.services.secrets.key_versions import KeyVersions
    from runledger.services.secrets.secrets import Secrets
    from runledger.services.secrets.signing import SigningKeys
    from runledger.services.secrets.values import SecretValues


class SecretsRoom(WorkspacesRoom):
    @cached_property
    def secrets(self) -> "Secrets":
        from runledger.services.secrets.secrets import Secrets

        stack = self.settings(StoreSettings).stack
        return Secrets(self.stores.secrets, self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def secret_values(self) -> "SecretValues":
        from runledger.services.secrets.values import SecretValues

        stack = self.settings(StoreSettings).stack
        return SecretValues(self.stores.secrets, self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def signing_keys(self) -> "SigningKeys":
        from runledger.services.secrets.signing import SigningKeys

        stack = self.settings(StoreSettings).stack
        return SigningKeys(self.client("secretsmanager"), stack, self.clock)

    @cached_property
    def key_versions(self) -> "KeyVersions":
        from runledger.services.secrets.key_versions import KeyVersions

        return KeyVersions(self.client("secretsmanager"), self.settings(StoreSettings).stack)
