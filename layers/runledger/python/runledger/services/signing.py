"""Signing secrets of webhooks: one an automation, shown once, when it is minted."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from runledger.aws import domain_error, read_secret
from runledger.errors import ServiceError
from runledger.ids import new_token
from runledger.services.secret_names import signing_secret_id

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_SECRET_CHARACTERS = 48


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    secrets: "SecretsManagerClient"
    stack: str

    def mint(self, automation_id: str) -> str | None:
        """A new secret for an automation that has none; None where it has one already."""
        value = new_token(_SECRET_CHARACTERS)
        try:
            self.secrets.create_secret(
                Name=signing_secret_id(self.stack, automation_id), SecretString=value
            )
        except (ClientError, BotoCoreError) as error:
            ours = domain_error(error)
            if isinstance(ours, ServiceError) and ours.code == "ResourceExistsException":
                return None
            raise ours from error
        return value

    def read(self, automation_id: str) -> str:
        return read_secret(self.secrets, signing_secret_id(self.stack, automation_id))
