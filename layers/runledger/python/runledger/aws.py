"""AWS clients with our retry settings, and the only code that turns AWS errors into our own."""

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
from botocore.handlers import add_retry_headers
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

# The errors that a client's call may raise. The one for an unreadable answer is not a
# BotoCoreError.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

# The second half spares processor time, a sixth of a call's: the stores' requests are valid or
# refused by AWS, no address contains an account id, no request is large enough to be compressed by
# the client, and a short user agent is cheap to build and to sign.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=2,
    read_timeout=10,
    tcp_keepalive=True,
    parameter_validation=False,
    account_id_endpoint_mode="disabled",
    disable_request_compression=True,
    user_agent="Runledger",
)

# The table answers in milliseconds, Secrets Manager almost as fast. It is better to repeat a hung
# read than to wait until the function's time is over.
_READ_SECONDS = {"dynamodb": 2, "secretsmanager": 3}

# Signed links need signature version 4, and the bucket's own host in its region. With default
# checksums, the numbers of parts may have no gaps.
_MORE: dict[str, dict[str, Any]] = {
    "s3": {
        "signature_version": "s3v4",
        "s3": {"addressing_style": "virtual"},
        "request_checksum_calculation": "when_required",
    }
}

# No answer came, or only a part. The first two are botocore's errors for all connection problems:
# refused, reset, closed, timed out, name not found, TLS failed.
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
# HTTP statuses of a passing fault, besides all from 500: Request Timeout, Too Many Requests.
_TRANSIENT_STATUSES = frozenset({408, 429})
_FIRST_SERVER_FAULT = 500
# Codes of passing faults that come with another status (mostly 400), for the services we call. They
# are from the API references and from the shapes that botocore's models mark as retryable;
# tests/unit/test_aws_errors.py compares them. The codes for credentials are for a clock that was
# set and for a token that Lambda renews:
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
# The table or the bucket is missing, because it is being created, restored or replaced. Both belong
# to the stack, so the request itself is not wrong.
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
# Reasons for which a repeated transaction would be canceled again.
_LASTING_REASONS = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})

_BUSY = "AWS is busy or did not answer; try again"
_REFUSED = "AWS refused the request; the log has the details"
_NOT_SET_UP = "a part of this installation is missing or not set up; the log has the details"


# In seconds. With less time left, a call is not made.
_SHORTEST_CALL = 0.05


class DeadlineError(BotoCoreError):
    """The deadline of this process passed before the call."""

    fmt = "no time is left for this call to AWS"


class _Deadline:
    """When this process must have answered; None for no limit."""

    until: float | None = None


@contextmanager
def answer_within(seconds: float) -> "Iterator[None]":
    """Limits the total time of all AWS calls in the block to `seconds`. The remaining time limits
    the next call. If no time is left, a call raises an error that becomes a TransientError."""
    _Deadline.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _Deadline.until = None


@cache
def client(service: str) -> Any:
    """Returns this process's client of a service. The caller declares the type, because boto3 has
    none."""
    own = Config(read_timeout=_READ_SECONDS.get(service, 10), **_MORE.get(service, {}))
    made = boto3.client(service, config=_CONFIG.merge(own))  # type: ignore[call-overload]
    made.meta.events.register("before-send", _keep_the_deadline)
    # Two headers that describe the SDK's own retries. They are optional: the signature leaves them
    # out, and AWS names each request in its answer.
    made.meta.events.unregister("request-created", add_retry_headers)
    return made


def _keep_the_deadline(request: Any, **_: Any) -> None:
    if _Deadline.until is None:
        return
    left = _Deadline.until - time.monotonic()
    if left < _SHORTEST_CALL:
        raise DeadlineError
    # Botocore's own way to shorten the timeout of one request (URLLib3Session.send).
    longest = request.context["client_config"].read_timeout
    request.context["read_timeout"] = min(left, longest)


@cache
def effect_client(service: str) -> Any:
    """Returns a client for calls that the SDK must not repeat: it tries each call once, over a new
    connection.

    Lambda freezes an environment between invocations, and idle connections may be closed meanwhile.
    A call over such a connection fails after bytes were sent, and nobody can say whether the call
    was made: https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html (function code:
    keep-alive).
    """
    # A message that a provider's API cannot take is found here, before anything is sent.
    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=True)
    config = _CONFIG.merge(once)
    made = boto3.client(service, config=config)  # type: ignore[call-overload]
    use_fresh_connections(made)
    return made


def use_fresh_connections(made: Any) -> None:
    """Makes a client use each connection for one call only. Before each call, the client closes its
    idle connections. This alone is not enough: the call of another thread may end at this moment
    and leave its connection idle. So each request also asks the server to close the connection
    after the answer: https://www.rfc-editor.org/rfc/rfc9112.html#section-9.6"""

    # The handlers must return None: botocore would use their result as the answer.
    def close(**_: Any) -> None:
        made.close()

    def ask_to_close(request: Any, **_: Any) -> None:
        request.headers["Connection"] = "close"

    made.meta.events.register_first("before-call", close)
    made.meta.events.register("before-send", ask_to_close)


def read_secret(secrets: "SecretsManagerClient", secret_id: str) -> str:
    """Returns the text of a secret. Raises MissingResourceError if it does not exist."""
    try:
        return secrets.get_secret_value(SecretId=secret_id)["SecretString"]
    except AWS_ERRORS as error:
        raise domain_error(error) from error


def domain_error(error: Exception) -> RunledgerError:
    """Returns our own error for an exception of AWS_ERRORS. Its message is ours; `detail` has AWS's
    message. A ConditionFailedError from here has no row: store/table.py adds the row that AWS
    returned."""
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
        return NotFoundError("the stored object no longer exists")
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
