"""AWS clients with our retry manner, and the one place where a ClientError becomes ours."""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from runledger.errors import (
    ConditionFailedError,
    NotFoundError,
    RunledgerError,
    ServiceError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=2,
    read_timeout=10,
    tcp_keepalive=True,
)

# The table answers in milliseconds; a hung read is better asked again than waited for until the
# function's own time is up.
_READ_SECONDS = {"dynamodb": 2}

# Signed links need the newest signature, and the bucket's own host in its own region. Parts that
# have a checksum by default may have no gaps between their numbers.
_MORE: dict[str, dict[str, Any]] = {
    "s3": {
        "signature_version": "s3v4",
        "s3": {"addressing_style": "virtual"},
        "request_checksum_calculation": "when_required",
    }
}

# Codes that AWS documents as throttling or as a passing fault, over the services we call.
_TRANSIENT = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottledException",
        "Throttling",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "TransactionConflictException",
        "ReplicatedWriteConflictException",
        "ExecutionLimitExceeded",
        "InternalServerError",
        "InternalFailure",
        "InternalServiceError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "RequestTimeout",
    }
)
_NOT_FOUND = frozenset(
    {"ResourceNotFoundException", "NoSuchKey", "StateMachineDoesNotExist", "ExecutionDoesNotExist"}
)


@cache
def client(service: str) -> Any:
    """The process's one client of a service. Typed by its users, as boto3 has no types."""
    own = Config(read_timeout=_READ_SECONDS.get(service, 10), **_MORE.get(service, {}))
    return boto3.client(service, config=_CONFIG.merge(own))  # type: ignore[call-overload]


@cache
def effect_client(service: str) -> Any:
    """A client that makes one try a call, for calls which must not be repeated underneath."""
    config = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def read_secret(secrets: "SecretsManagerClient", secret_id: str) -> str:
    """The text of a secret; NotFoundError where there is none."""
    try:
        return secrets.get_secret_value(SecretId=secret_id)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise domain_error(error) from error


def domain_error(error: Exception) -> RunledgerError:
    """The domain error that a botocore exception stands for. A condition's old row is attached
    by the table, which knows how to read it."""
    if isinstance(error, (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError)):
        return TransientError(f"AWS did not answer: {error}")
    if not isinstance(error, ClientError):
        return ServiceError(str(error), type(error).__name__)
    code = error.response.get("Error", {}).get("Code", "Unknown")
    message = f"{error.operation_name}: {error.response.get('Error', {}).get('Message', code)}"
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError()
    if code == "TransactionCanceledException":
        reasons = [reason.get("Code", "") for reason in _cancellation_reasons(error)]
        if "ConditionalCheckFailed" in reasons:
            return ConditionFailedError()
        return TransientError(f"{message} ({', '.join(reasons)})")
    if code in _TRANSIENT:
        return TransientError(message)
    if code in _NOT_FOUND:
        return NotFoundError(message)
    return ServiceError(message, code)


def _cancellation_reasons(error: ClientError) -> "Iterator[dict[str, Any]]":
    response: dict[str, Any] = dict(error.response)
    yield from response.get("CancellationReasons", [])
