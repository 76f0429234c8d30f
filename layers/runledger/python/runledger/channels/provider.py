"""Asking an AWS service to send, once, and reading what its answer means for the message.

Three things can come back: the message was taken; it was refused, for now or for good, by a code
that the service documents; or nobody can tell, and then it is never sent again by itself.
"""

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
)
from botocore.parsers import ResponseParserError

from runledger.channels.base import ProviderAnswer, UnknownOutcomeError

# The connection was never made, or the request could not be signed: nothing left.
_NOT_LEFT = (
    EndpointConnectionError,
    ConnectTimeoutError,
    ProxyConnectionError,
    NoCredentialsError,
    CredentialRetrievalError,
)
# What says that the message was not taken, and may be later. An internal failure says neither: it
# may have come after the message went on. Common to AWS services: https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
COMMON_TRANSIENT = frozenset(
    {
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def ask(
    send: Callable[[], dict[str, Any]], id_field: str, transient: frozenset[str]
) -> ProviderAnswer:
    """Sends by `send` and classes the answer. `transient` are the codes that the operation
    documents as passing, besides the common ones; `id_field` holds the provider's message id.

    UnknownOutcomeError where no answer came, or one that says neither yes nor no."""
    try:
        answer = send()
    except ClientError as error:
        return _refusal(error, transient | COMMON_TRANSIENT)
    except ParamValidationError as error:
        return ProviderAnswer(accepted=False, code="InvalidRequest", message=str(error))
    except _NOT_LEFT as error:
        return ProviderAnswer(
            accepted=False, code="Unreachable", message=str(error), is_transient=True
        )
    except (BotoCoreError, ResponseParserError) as error:
        # The request left and no answer came back: the service may have taken the message.
        raise UnknownOutcomeError(str(error)) from error
    if not answer.get(id_field):
        raise UnknownOutcomeError("the answer holds no message id")
    return ProviderAnswer(accepted=True, provider_id=answer[id_field])


def not_set_up(channel: str) -> ProviderAnswer:
    """The answer of a channel that this stack has no sender for."""
    return ProviderAnswer(
        accepted=False, code="NotSetUp", message=f"{channel} is not set up on this stack"
    )


def _refusal(error: ClientError, transient: frozenset[str]) -> ProviderAnswer:
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code", "Unknown"))
    message = str(response.get("Error", {}).get("Message") or code)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 and code not in transient:
        # A gateway gave up, or something nobody documents: what became of the message is open.
        raise UnknownOutcomeError(f"HTTP {status} {code}: {message}") from error
    # Several reasons go by one code; the service tells them apart in a field of its own.
    reason = response.get("Reason")
    return ProviderAnswer(
        accepted=False,
        code=f"{code}.{reason}" if reason else code,
        message=message,
        is_transient=code in transient or status == 429,
    )
