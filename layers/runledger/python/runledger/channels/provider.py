"""Sends one message through an AWS service, once, and interprets the answer.

There are three results. The message was accepted. Or it was refused, temporarily or permanently,
with a code that the service documents. Or the outcome is unknown; then the message is never
repeated automatically.

The history shows our own error messages. The service's messages contain names of its resources, so
they are only logged, without addresses and without signatures of links.
"""

import re
import ssl
from collections.abc import Callable
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from runledger.channels.base import ProviderAnswer, UnknownOutcomeError
from runledger.channels.link_signatures import without_link_signatures
from runledger.observability import logger

# The connection was never made, or the request could not be signed: nothing was sent.
_NOT_LEFT = (
    EndpointConnectionError,
    ConnectTimeoutError,
    ProxyConnectionError,
    NoCredentialsError,
    CredentialRetrievalError,
)
# These errors say that the message was not accepted but may be later. An internal failure does not:
# it may have come after the message was passed on. Common to AWS services:
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
COMMON_TRANSIENT = frozenset(
    {
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


_ADDRESS = re.compile(r"[^\s<>\"',;:()]+@[^\s<>\"',;:()]+|\+?\d{7,}")

_NOT_ALLOWED = "this installation has no permission to send as this sender"
_NOT_KNOWN = "the provider does not know the sender or another resource that this installation uses"
_NOT_READ = "the provider rejected the address or the text as invalid"
_TOO_MANY = "the provider accepts no more messages at the moment"
_WORDS = {
    "AccessDenied": _NOT_ALLOWED,
    "AccountSuspended": "the provider has suspended the account's sending",
    "BadRequest": _NOT_READ,
    "Conflict": "the provider cannot send to this number now",
    "InvalidParameters": _NOT_READ,
    "LimitExceeded": _TOO_MANY,
    "MailFromDomainNotVerified": "the sender's MAIL FROM domain is not verified",
    "MessageRejected": "the provider rejected the message, its sender or its recipient",
    "NotFound": _NOT_KNOWN,
    "ResourceNotFound": _NOT_KNOWN,
    "SendingPaused": "the provider has paused sending",
    "ServiceQuotaExceeded": _TOO_MANY,
    "ServiceUnavailable": "the provider is not available at the moment",
    "ThrottledRequest": _TOO_MANY,
    "Throttling": _TOO_MANY,
    "RequestLimitExceeded": _TOO_MANY,
    "TooManyRequests": _TOO_MANY,
    "Validation": _NOT_READ,
}
_REFUSED = "the provider refused the message"


def ask(
    send: Callable[[], dict[str, Any]], id_field: str, transient: frozenset[str]
) -> ProviderAnswer:
    """Calls `send` once and interprets the service's answer. `id_field` is the field of the answer
    that has the provider's id of the message. `transient` are the error codes that this operation
    documents as transient; those of every operation are in COMMON_TRANSIENT. The `code` of a
    refusal is the service's error code without the ending `Exception`, followed by the reason if
    the service names one.

    Raises UnknownOutcomeError if no answer came, or if the answer does not say whether the message
    was accepted.
    """
    try:
        answer = send()
    except ClientError as error:
        return _refusal(error, transient | COMMON_TRANSIENT)
    except ParamValidationError as error:
        _log("InvalidRequest", str(error))
        return ProviderAnswer(accepted=False, code="InvalidRequest", message=_NOT_READ)
    except _NOT_LEFT as error:
        return _unreachable(error)
    except SSLError as error:
        if _is_certificate_refused(error):
            return _unreachable(error)
        raise _unknown(
            error, "the connection to the provider broke, so the message may have been sent"
        ) from error
    except ReadTimeoutError as error:
        raise _unknown(
            error, "the provider did not answer in time, so the message may have been sent"
        ) from error
    except (BotoCoreError, ResponseParserError) as error:
        # The request was sent and no answer came back: the service may have accepted the message.
        raise _unknown(
            error, "the provider's answer was lost, so the message may have been sent"
        ) from error
    if not answer.get(id_field):
        raise UnknownOutcomeError(
            "the provider's answer has no message id, so it is unknown whether the message was sent"
        )
    return ProviderAnswer(accepted=True, provider_id=answer[id_field])


def not_set_up(channel: str) -> ProviderAnswer:
    """Returns the answer of a channel that has no sender on this stack."""
    return ProviderAnswer(
        accepted=False, code="NotSetUp", message=f"{channel} is not set up on this stack"
    )


def _refusal(error: ClientError, transient: frozenset[str]) -> ProviderAnswer:
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code") or "Unknown")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    _log(code, str(response.get("Error", {}).get("Message") or ""))
    if status >= 500 and code not in transient:
        # A gateway gave up, or the error is undocumented: the message may have been sent.
        raise UnknownOutcomeError(
            f"the provider failed with HTTP {status}, so the message may have been sent"
        ) from error
    short = code.removesuffix("Exception") or code
    # One code can have several reasons; a separate field names the reason.
    reason = response.get("Reason")
    return ProviderAnswer(
        accepted=False,
        code=f"{short}.{reason}" if reason else short,
        message=_WORDS.get(short, _REFUSED),
        is_transient=code in transient or status == 429,
    )


def _unreachable(error: Exception) -> ProviderAnswer:
    _log(type(error).__name__, str(error))
    return ProviderAnswer(
        accepted=False,
        code="Unreachable",
        message="the provider could not be reached",
        is_transient=True,
    )


def _is_certificate_refused(error: SSLError) -> bool:
    """Whether the provider's certificate was not accepted. In this case TLS ended before a byte of
    the request was sent. After any other TLS error, the request may have been sent."""
    found: BaseException | None = error.kwargs.get("error")
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return True
        inner = [each for each in found.args if isinstance(each, BaseException)]
        found = inner[0] if inner else found.__cause__
    return False


def _unknown(error: Exception, message: str) -> UnknownOutcomeError:
    _log(type(error).__name__, str(error))
    return UnknownOutcomeError(message)


def _log(code: str, said: str) -> None:
    said = _ADDRESS.sub("…", without_link_signatures(said))
    logger.warning("provider did not accept a message", extra={"code": code, "said": said})
