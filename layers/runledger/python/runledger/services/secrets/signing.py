"""Signing secrets of webhooks: one for each automation, shown once, when it is created or
replaced.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runledger.aws import AWS_ERRORS, domain_error
from runledger.errors import ServiceError
from runledger.ids import new_token
from runledger.services.secrets.names import signing_secret_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient

_SECRET_CHARACTERS = 48
_CURRENT = "AWSCURRENT"


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    secrets: "SecretsManagerClient"
    stack: str

    def mint(self, automation_id: str) -> str | None:
        """Creates the secret of an automation that has none. Returns None if it has one already."""
        value = new_token(_SECRET_CHARACTERS)
        name = signing_secret_id(self.stack, automation_id)
        try:
            _called(lambda: self.secrets.create_secret(Name=name, SecretString=value))
        except ServiceError as error:
            if error.code == "ResourceExistsException":
                return None
            raise
        return value

    def read(self, automation_id: str, version: str | None = None) -> str:
        """Returns the current secret, or that of a version. Raises MissingResourceError if there is
        none. Reads Secrets Manager each time, because a cached secret would outlive its
        rotation."""
        name = signing_secret_id(self.stack, automation_id)
        which: Any = {"VersionId": version} if version else {"VersionStage": _CURRENT}
        answer = _called(lambda: self.secrets.get_secret_value(SecretId=name, **which))
        return str(answer["SecretString"])

    def current_version(self, automation_id: str) -> str:
        """Returns the id of the current secret's version, without reading its value. Raises
        MissingResourceError if there is none."""
        name = signing_secret_id(self.stack, automation_id)
        described = _called(lambda: self.secrets.describe_secret(SecretId=name))
        stages: dict[str, list[str]] = described["VersionIdsToStages"]
        return next(version for version, names in stages.items() if _CURRENT in names)

    def replace(self, automation_id: str) -> str:
        """Creates a new secret and makes it the current one."""
        value = new_token(_SECRET_CHARACTERS)
        name = signing_secret_id(self.stack, automation_id)
        _called(lambda: self.secrets.put_secret_value(SecretId=name, SecretString=value))
        return value


def _called(call: "Callable[[], Any]") -> Any:
    try:
        return call()
    except AWS_ERRORS as error:
        raise domain_error(error) from error
