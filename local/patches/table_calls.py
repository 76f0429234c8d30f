"""DynamoDB: the most common calls of the functions go straight to their operations.

For each request, the emulator finds out which of some hundred services it is for, in which of
several ways it is signed, and how it is encoded. Nine of ten requests of a run are alike: they call
one of seven operations of DynamoDB, are signed with the key of a function's session, and have the
headers that the AWS client sends. Such a request is recognized by all of its headers at once. Its
signature is compared here, the emulator's own code of IAM decides on it, and the operation answers
it.

The emulator itself handles every other request. It also handles a request that would be refused
here, because the signature is wrong or too old, the session token does not belong to the key, or no
policy allows the call. So all refusals have the emulator's words.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ministack import app as emulator
from ministack.core import iam_actions, iam_evaluator, responses, sigv4
from ministack.services import dynamodb, sts

from local.asgi import App, Receive, Scope, Send
from local.patches import guard, random_ids
from local.patches.plain_requests import date_of_now, is_plain

_PREFIX = "DynamoDB_20120810."
_OPERATIONS = frozenset(
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
_NEEDED = frozenset(
    {
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
    }
)
_ALLOWED = _NEEDED | {
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "connection",
    "user-agent",
    "x-amzn-trace-id",
    "x-ministack-invoke-depth",
}
_CONTENT_TYPE = "application/x-amz-json-1.0"
_SIGNATURE_DIGITS = 64
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/([0-9]{8})/([a-z0-9-]+)/dynamodb/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature="
)
# The emulator allows five minutes or more.
_LONGEST_SKEW_SECONDS = 240

# The caller of the request that is being answered, once its signature was compared here.
_checked: ContextVar[Any] = ContextVar("checked_caller", default=None)

Headers = Mapping[str, str]


class Signer(NamedTuple):
    """The values in an Authorization header that a function sends with all its requests of a day:
    everything but the signature."""

    key: str
    day: str
    region: str
    names: tuple[str, ...]


def apply() -> None:
    """Checks that the emulator still has the code that this module replaces. Lets IAM accept a
    caller whose signature was compared here."""
    guard.expect(emulator, "app", "ab1297bd6cd59811")
    guard.expect(emulator, "_read_request_body", "2b85f2bcd699594c")
    guard.expect(emulator, "_send_response", "316290fa1412913f")
    guard.wrap(iam_evaluator, "authenticate", "42c3660c401bdfa7", _unless_checked)
    guard.expect(iam_evaluator, "enforce", "cf64b1ee5b099c8f")
    guard.expect(sigv4, "header_signature_failure", "5661f4d2d78e43e6")
    guard.expect(sigv4, "header_signing_documents", "f180789cd913857f")
    guard.expect(sigv4, "build_canonical_headers", "1d032292f33750a1")
    guard.expect(iam_actions, "dynamodb_transaction_checks", "684e748338e8727f")


def _unless_checked(authenticate: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    def authenticate_unless_checked(key: str, account: str) -> Any:
        checked = _checked.get()
        if checked is not None and checked.access_key_id == key:
            return checked
        return authenticate(key, account)

    return authenticate_unless_checked


def with_table_calls(app: App) -> App:
    """Wraps the emulator's own app: this module answers the most common calls to DynamoDB without
    the app."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        headers = usual_headers(scope)
        if headers is None or _is_resetting():
            await app(scope, receive, send)
            return
        message = await receive()
        body: bytes = message.get("body", b"")
        is_whole = message["type"] == "http.request" and not message.get("more_body", False)
        if is_whole and is_allowed(scope, headers, body):
            await _answer(send, headers, body)
        else:
            await app(scope, _after(message, receive), send)

    return wrapped


def usual_headers(scope: Scope) -> dict[str, str] | None:
    """Returns the request's headers if the request looks like one of the most common calls to
    DynamoDB, which this module can answer. Returns None for any other request. Does not check the
    signature."""
    if scope["type"] != "http" or scope["query_string"]:
        return None
    try:
        headers = {name.decode("ascii"): value.decode("ascii") for name, value in scope["headers"]}
    except UnicodeDecodeError:
        return None
    if (
        not is_plain(scope["method"], scope["path"], headers)
        or scope.get("raw_path") != b"/"
        or len(headers) != len(scope["headers"])
        or not headers.keys() >= _NEEDED
        or not headers.keys() <= _ALLOWED
        or headers["content-type"] != _CONTENT_TYPE
    ):
        return None
    prefix, operation = headers["x-amz-target"][: len(_PREFIX)], operation_of(headers)
    return headers if prefix == _PREFIX and operation in _OPERATIONS else None


def operation_of(headers: Headers) -> str:
    return headers["x-amz-target"][len(_PREFIX) :]


def is_allowed(scope: Scope, headers: Headers, body: bytes) -> bool:
    """Whether the request is signed as it should be, and IAM allows it. Sets the account,
    the region and the caller, which the emulator's code reads while it answers."""
    if headers["content-length"] != str(len(body)):
        return False
    signer = _signer(headers["authorization"][:-_SIGNATURE_DIGITS])
    # The emulator answers a key without a session, such as its root's, in other ways.
    if signer is None or signer.key not in sts._sessions:
        return False
    responses.set_request_client_ip(scope["client"][0])
    emulator.pin_request_origin(scope["client"][0], False)
    responses.set_request_account_id(signer.key)
    responses.set_request_region(signer.region)
    account = responses.get_account_id()
    credential = iam_evaluator.resolve_credential(
        signer.key, account, headers["x-amz-security-token"]
    )
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        return False
    if not is_signed(headers, body, signer, credential.secret_access_key):
        return False
    iam_evaluator._verified_key.set(signer.key)
    iam_evaluator._request_caller_arn.set(credential.principal_arn)
    token = _checked.set(credential)
    try:
        return all(
            iam_evaluator.enforce(
                signer.key,
                action,
                "dynamodb",
                signer.region,
                resource_arn=arn,
                service_context=context,
            )
            is None
            for action, arn, context in _checks(headers, body, signer.region, account)
        )
    finally:
        _checked.reset(token)


def _checks(
    headers: Headers, body: bytes, region: str, account: str
) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns each action, resource and context that the caller needs a permission for."""
    operation = operation_of(headers)
    context = iam_actions.dynamodb_service_context(body)
    parts = iam_actions.dynamodb_transaction_checks(f"dynamodb:{operation}", body, region, account)
    if parts:
        context["dynamodb:EnclosingOperation"] = [operation]
        return [(action, arn, context) for action, arn in parts]
    first = iam_actions.extract_resource_arn(
        "dynamodb", "POST", "/", headers, body, {}, region, account
    )
    others = iam_actions.dynamodb_resource_arns(body, region, account)[1:]
    return [(f"dynamodb:{operation}", arn, context) for arn in (first, *others)]


@lru_cache(1_024)
def _signer(common: str) -> Signer | None:
    found = _SIGNED.fullmatch(common)
    if found is None:
        return None
    key, day, region, names = found.groups()
    return Signer(key, day, region, tuple(names.split(";")))


def is_signed(headers: Headers, body: bytes, signer: Signer, secret: str) -> bool:
    """Whether the signature is that of this request, and was made just now."""
    date = headers["x-amz-date"]
    moment = _moment(date)
    if moment is None or date[:8] != signer.day:
        return False
    if abs(time.time() - moment) > _LONGEST_SKEW_SECONDS:
        return False
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signer.names]
    request = "\n".join(
        (
            "POST",
            "/",
            "",
            "".join(lines),
            ";".join(signer.names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            date,
            f"{signer.day}/{signer.region}/dynamodb/aws4_request",
            hashlib.sha256(request.encode()).hexdigest(),
        )
    )
    key = sigv4._cached_signing_key(secret, signer.day, signer.region, "dynamodb")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return hmac.compare_digest(signature, headers["authorization"][-_SIGNATURE_DIGITS:])


@lru_cache(64)
def _moment(date: str) -> float | None:
    """Returns the time in an X-Amz-Date in seconds since 1970; None if the header is invalid."""
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _is_resetting() -> bool:
    return emulator._reset_lock is not None and emulator._reset_lock.locked()


def _after(message: dict[str, Any], receive: Receive) -> Receive:
    """Returns a channel that gives this message first, and then those of `receive`."""
    waiting = [message]

    async def receive_again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receive_again


async def _answer(send: Send, headers: Headers, body: bytes) -> None:
    status, answered, content = await _operate(headers, body)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answered.items()]
    raw += [
        (b"x-amzn-requestid", str(random_ids.uuid4()).encode()),
        (b"Content-Length", str(len(content)).encode()),
        (b"date", date_of_now(usegmt=True).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _operate(headers: Headers, body: bytes) -> tuple[int, dict[str, str], bytes]:
    try:
        status, answered, content = await dynamodb.handle_request("POST", "/", headers, body, {})
    except Exception as error:
        # As the emulator does: a fault of its own is an answer, and its log has the trace.
        emulator.logger.exception("Error handling dynamodb request: %s", error)
        document = {"__type": "InternalError", "message": str(error)}
        return 500, {"Content-Type": "application/json"}, json.dumps(document).encode()
    responses.fix_error_content_type("dynamodb", status, answered)
    responses.fix_success_content_type("dynamodb", status, answered)
    return status, answered, content
