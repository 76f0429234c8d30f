"""The domain error for each AWS error, by its code, its HTTP status, and the exception in
which it arrives."""

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import exceptions as botocore_exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from runledger.aws import AWS_ERRORS, DeadlineError, domain_error
from runledger.errors import (
    ConditionFailedError,
    MissingResourceError,
    NotFoundError,
    ServiceError,
    SetupError,
    TransientError,
)
from runledger.problem_details import answer_error

SERVICES = (
    "cognito-idp",
    "dynamodb",
    "events",
    "pinpoint-sms-voice-v2",
    "s3",
    "scheduler",
    "secretsmanager",
    "sesv2",
    "socialmessaging",
    "ssm",
    "stepfunctions",
)
WORDS_OF_AWS = re.compile(r"arn:|Exception|botocore|urllib3|An error occurred|runledger-table|HTTP")
SAID = "Requested resource arn:aws:dynamodb:eu:1:table/runledger-table (Request ID: 7)"


def refused(code: str, operation: str = "PutItem", status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": SAID},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)


def marked_as_passing() -> Iterator[str]:
    """Yields the codes that the services' models mark as retryable or as the service's fault, and
    those whose names say so."""
    for service in SERVICES:
        model = botocore.session.get_session().get_service_model(service)
        for shape in model.error_shapes:
            status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
            is_ours = not re.search("Signature|Activation|Tier", shape.name)
            named = re.search("Throttl|TooManyRequests|Internal|Unavailable", shape.name)
            if shape.metadata.get("retryable") or (named and is_ours and status < 500):
                yield f"{service} {shape.name} {status}"


@pytest.mark.parametrize("found", sorted(set(marked_as_passing())))
def test_a_code_that_a_model_marks_as_passing_is_transient(found: str) -> None:
    service, code, status = found.split()
    if code in ("PointInTimeRecoveryUnavailableException", "ContinuousBackupsUnavailableException"):
        pytest.skip(f"{service} answers that to no operation of ours")
    assert isinstance(domain_error(refused(code, status=int(status))), TransientError)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599, 408, 429])
@pytest.mark.parametrize("code", ["", "504", "Whatever", "DependencyException", "InternalError"])
def test_a_status_of_the_services_own_fault_is_transient(code: str, status: int) -> None:
    assert isinstance(domain_error(refused(code, status=status)), TransientError)


def broken_connections() -> Iterator[BotoCoreError]:
    arguments = {
        "endpoint_url": "https://dynamodb.eu.amazonaws.com",
        "error": OSError("reset"),
        "proxy_url": "http://proxy",
        "request": None,
        "actual_bytes": 1,
        "expected_bytes": 2,
        "checksum_type": "crc32",
        "expected_checksum": "1",
        "actual_checksum": "2",
        "provider": "env",
        "error_msg": "gone",
    }
    for name in (
        "ConnectionClosedError",
        "ReadTimeoutError",
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "SSLError",
        "ProxyConnectionError",
        "ResponseStreamingError",
        "HTTPClientError",
        "IncompleteReadError",
        "ChecksumError",
        "FlexibleChecksumError",
        "CredentialRetrievalError",
        "NoCredentialsError",
    ):
        yield getattr(botocore_exceptions, name)(**arguments)
    yield DeadlineError()


@pytest.mark.parametrize("error", [*broken_connections()], ids=lambda error: type(error).__name__)
def test_a_lost_answer_is_transient(error: BotoCoreError) -> None:
    assert isinstance(error, AWS_ERRORS)
    assert isinstance(domain_error(error), TransientError)


def test_an_unreadable_answer_is_transient() -> None:
    error = ResponseParserError("Unable to parse response (no element found), invalid XML received")
    assert isinstance(error, AWS_ERRORS)
    assert isinstance(domain_error(error), TransientError)


@pytest.mark.parametrize("operation", ["GetItem", "Query", "TransactWriteItems", "BatchGetItem"])
def test_a_missing_table_is_transient(operation: str) -> None:
    assert isinstance(domain_error(refused("ResourceNotFoundException", operation)), TransientError)


def test_a_missing_bucket_is_transient() -> None:
    for operation in ("GetObject", "PutObject", "ListObjectsV2"):
        assert isinstance(domain_error(refused("NoSuchBucket", operation, 404)), TransientError)


@pytest.mark.parametrize(
    ("code", "operation"),
    [
        ("ResourceNotFoundException", "GetSecretValue"),
        ("ResourceNotFoundException", "GetSchedule"),
        ("StateMachineDoesNotExist", "StartExecution"),
        ("ExecutionDoesNotExist", "StopExecution"),
    ],
)
def test_a_missing_aws_resource_is_never_reported_as_not_found(code: str, operation: str) -> None:
    error = domain_error(refused(code, operation))
    assert isinstance(error, MissingResourceError)
    assert not isinstance(error, NotFoundError)
    assert answer_error(error).status_code == 503


def test_a_deleted_object_is_not_found() -> None:
    assert isinstance(domain_error(refused("NoSuchKey", "GetObject", 404)), NotFoundError)


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
def test_a_missing_permission_is_a_setup_error(code: str) -> None:
    error = domain_error(refused(code))
    assert isinstance(error, SetupError)
    assert error.code == code
    assert answer_error(error).status_code == 503


def test_conditions_and_transactions() -> None:
    def canceled(*reasons: str) -> Exception:
        listed = [{"Code": reason} for reason in reasons]
        return domain_error(
            refused(
                "TransactionCanceledException", "TransactWriteItems", CancellationReasons=listed
            )
        )

    assert isinstance(
        domain_error(refused("ConditionalCheckFailedException")), ConditionFailedError
    )
    assert isinstance(canceled("None", "ConditionalCheckFailed"), ConditionFailedError)
    assert isinstance(canceled("None", "TransactionConflict"), TransientError)
    assert isinstance(canceled("ThrottlingError"), TransientError)
    lasting = canceled("None", "ValidationError")
    assert isinstance(lasting, ServiceError)
    assert not isinstance(lasting, TransientError)


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("", status=504),
        refused("ResourceNotFoundException", "GetItem"),
        refused("ResourceNotFoundException", "GetSecretValue"),
        refused("AccessDeniedException"),
        refused("ValidationException"),
        refused("NoSuchKey", "GetObject", 404),
        *broken_connections(),
        ResponseParserError(SAID),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:60],
)
def test_the_message_is_ours_and_the_details_go_to_the_log(error: Exception) -> None:
    ours = domain_error(error)
    assert not WORDS_OF_AWS.search(str(ours))
    answer = answer_error(ours)
    assert not WORDS_OF_AWS.search(str(answer.body))
    if isinstance(ours, (TransientError, ServiceError)):
        # A reader of the log learns what happened.
        assert ours.for_log() != str(ours)
    if answer.status_code == 503:
        assert int(str(answer.headers["Retry-After"])) > 0
        assert answer.content_type == "application/problem+json"
