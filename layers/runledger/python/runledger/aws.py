"""AWS clients with our retry manner, and the one place where an error of AWS's becomes ours."""

import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    NotFoundError,
    RunledgerError,
    ServiceError,
    SetupError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

# Whatever a call of a client may raise. An answer that cannot be read is no BotoCoreError.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=2,
    read_timeout=10,
    tcp_keepalive=True,
)

# The table answers in milliseconds, a secret soon after; a hung read is better asked again than
# waited for until the function's own time is up.
_READ_SECONDS = {"dynamodb": 2, "secretsmanager": 3}

# Signed links need the newest signature, and the bucket's own host in its own region. Parts that
# have a checksum by default may have no gaps between their numbers.
_MORE: dict[str, dict[str, Any]] = {
    "s3": {
        "signature_version": "s3v4",
        "s3": {"addressing_style": "virtual"},
        "request_checksum_calculation": "when_required",
    }
}

# No answer came, or not all of it. Botocore names by the first two whatever went wrong with the
# connection: refused, reset, closed, timed out, no name found, TLS failed.
_UNANSWERED = (
    HTTPClientError,
    ConnectionError,
    IncompleteReadError,
    ChecksumError,
    FlexibleChecksumError,
    ResponseParserError,
    CredentialRetrievalError,
    NoCredentialsError,
)
# HTTP statuses of a passing fault, besides all from 500 on: Request Timeout, Too Many Requests.
_TRANSIENT_STATUSES = frozenset({408, 429})
_FIRST_SERVER_FAULT = 500
# Codes of a passing fault that come with another status (most with 400), over the services we
# call, from their API references and from the shapes that botocore's models mark as retryable;
# tests/unit/test_aws_errors.py compares. The credentials' own are those of a clock that was set
# and of a token that Lambda renews:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_troubleshoot_signing.html
_TRANSIENT = frozenset(
    {
        # DynamoDB
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
        "TransactionConflictException",
        "ReplicatedWriteConflictException",
        "InternalServerError",
        # Step Functions
        "ExecutionLimitExceeded",
        "KmsThrottlingException",
        "StateMachineDeleting",
        # S3
        "OperationAborted",
        "ConditionalRequestConflict",
        "RequestTimeout",
        "SlowDown",
        # Secrets Manager, EventBridge, Scheduler, Cognito, SES and the messaging services
        "InternalServiceError",
        "InternalException",
        "InternalServerException",
        "InternalErrorException",
        "ThrottledRequestException",
        "TooManyRequestsException",
        # Common to all
        "InternalFailure",
        "PriorRequestNotComplete",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottledException",
        "Throttling",
        # The credentials
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
    }
)
# The table or the bucket is not there (yet, or again: one is being restored or replaced). Both are
# the stack's own, so the fault is not with what was asked for.
_BUCKET_IS_MISSING = "NoSuchBucket"
_TABLE_IS_MISSING = "ResourceNotFoundException"
_TABLE_OPERATIONS = frozenset(
    {
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    }
)
_MISSING = frozenset(
    {
        "ExecutionDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)
_FORBIDDEN = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# Reasons for which a transaction would be canceled again.
_LASTING_REASONS = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})

_BUSY = "a service that is needed for this is busy or did not answer; try again"
_REFUSED = "a service that is needed for this refused the call"
_NOT_SET_UP = "something that is needed for this is not set up or not there; it is in the log"


# A call that has less time than this is not begun.
_SHORTEST_CALL = 0.05


class DeadlineError(BotoCoreError):
    """The time in which the process must answer is over before the call."""

    fmt = "the time for calls is over"


class _Deadline:
    """Until when this process answers; None where there is no hurry."""

    until: float | None = None


@contextmanager
def answer_within(seconds: float) -> "Iterator[None]":
    """Bounds all calls of this process's clients in the block to so much time together: what is
    left of it bounds the next call, and when it is over, calls raise what becomes a
    TransientError."""
    _Deadline.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _Deadline.until = None


@cache
def client(service: str) -> Any:
    """The process's one client of a service. Typed by its users, as boto3 has no types."""
    own = Config(read_timeout=_READ_SECONDS.get(service, 10), **_MORE.get(service, {}))
    made = boto3.client(service, config=_CONFIG.merge(own))  # type: ignore[call-overload]
    made.meta.events.register("before-send", _keep_the_deadline)
    return made


def _keep_the_deadline(request: Any, **_: Any) -> None:
    if _Deadline.until is None:
        return
    left = _Deadline.until - time.monotonic()
    if left < _SHORTEST_CALL:
        raise DeadlineError
    # Botocore's own way to bound one request (URLLib3Session.send), below the client's setting.
    longest = request.context["client_config"].read_timeout
    request.context["read_timeout"] = min(left, longest)


@cache
def effect_client(service: str) -> Any:
    """A client for calls which must not be repeated underneath: it makes one try a call, over a
    connection that is opened for it.

    Lambda freezes an environment between its invocations, and what lies on the way purges
    connections meanwhile. Used again, such a connection fails with bytes sent and no answer, and
    then nobody can tell whether the call was made:
    https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html (function code: keep-alive)."""
    config = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
    made = boto3.client(service, config=config)  # type: ignore[call-overload]
    use_fresh_connections(made)
    return made


def use_fresh_connections(made: Any) -> None:
    """Closes what connections a client has before each of its calls."""

    # What a handler of this event returns would be taken for the answer.
    def close(**_: Any) -> None:
        made.close()

    made.meta.events.register_first("before-call", close)


def read_secret(secrets: "SecretsManagerClient", secret_id: str) -> str:
    """The text of a secret; MissingResourceError where there is none."""
    try:
        return secrets.get_secret_value(SecretId=secret_id)["SecretString"]
    except AWS_ERRORS as error:
        raise domain_error(error) from error


def domain_error(error: Exception) -> RunledgerError:
    """The domain error that an exception of AWS_ERRORS stands for. Its message is ours; AWS's own
    words are its `detail`. A condition's old row is attached by the table, which knows how to read
    it."""
    if not isinstance(error, ClientError):
        detail = f"{type(error).__name__}: {error}"
        if isinstance(error, (*_UNANSWERED, DeadlineError)):
            return TransientError(_BUSY, detail)
        return ServiceError(_REFUSED, type(error).__name__, detail)
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code") or "Unknown")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = response.get("Error", {}).get("Message") or ""
    detail = f"{error.operation_name}: HTTP {status} {code} {said}".rstrip()
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError()
    if code == "TransactionCanceledException":
        return _canceled(list(_reasons(response)), detail)
    if code in _TRANSIENT or status >= _FIRST_SERVER_FAULT or status in _TRANSIENT_STATUSES:
        return TransientError(_BUSY, detail)
    is_table = code == _TABLE_IS_MISSING and error.operation_name in _TABLE_OPERATIONS
    if is_table or code == _BUCKET_IS_MISSING:
        return TransientError(_BUSY, detail)
    if code == "NoSuchKey":
        return NotFoundError("what was kept of it is not there any more")
    if code in _MISSING:
        return MissingResourceError(_NOT_SET_UP, code, detail)
    if code in _FORBIDDEN:
        return SetupError(_NOT_SET_UP, code, detail)
    return ServiceError(_REFUSED, code, detail)


def _canceled(reasons: list[str], detail: str) -> RunledgerError:
    if "ConditionalCheckFailed" in reasons:
        return ConditionFailedError()
    detail = f"{detail} ({', '.join(reasons)})"
    if _LASTING_REASONS.intersection(reasons):
        return ServiceError(_REFUSED, "TransactionCanceledException", detail)
    return TransientError(_BUSY, detail)


def _reasons(response: dict[str, Any]) -> "Iterator[str]":
    for reason in response.get("CancellationReasons", []):
        yield str(reason.get("Code", ""))
